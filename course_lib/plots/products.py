"""How large a product of Jacobians becomes with the number of its factors (chapter 03)."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from course_lib.plots.style import FONT_SIZE, LINES, QUIET, new_figure


def products_by_steps(panels: Mapping[str, Mapping[str, np.ndarray]], smallest: float = 1e-20) -> Figure:
    """Draw the size of products against the number of factors, one panel below the other on the same axes.

    Parameters
    ----------
    panels : mapping from a title to a mapping from a name to an ndarray of shape (n,), above 0
        The products of 1 ... n factors. All panels have the same names.
    smallest : float, above 0
        Where the vertical axis ends. Smaller products leave the panel.
    """
    figure, axes_of = new_figure(4.8, 2.6 * len(panels), n_rows=len(panels))
    largest = max(float(values.max()) for products in panels.values() for values in products.values())
    for axes, (title, products) in zip(axes_of, panels.items(), strict=True):
        for (name, values), (colour, dash) in zip(products.items(), LINES, strict=False):
            axes.semilogy(np.arange(1, len(values) + 1), values, color=colour, linestyle=dash, label=name)
        axes.axhline(1, color=QUIET, linewidth=0.8)
        axes.set(title=title, xlabel="steps (number)", ylabel="size of the product", ylim=(smallest, 10 * largest))
    handles, names = axes_of[0].get_legend_handles_labels()
    figure.legend(handles, names, frameon=False, fontsize=FONT_SIZE, loc="outside upper center", ncols=2)
    return figure
