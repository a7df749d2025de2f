"""How much of a gradient comes from each time step (chapter 02)."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from course_lib.plots.style import FONT_SIZE, LINES, new_figure

MARKS = "os^D"


def shares_by_lag(norms: Mapping[str, np.ndarray]) -> Figure:
    """Draw the norm of each step's share of the gradient against its distance from the last step.

    Parameters
    ----------
    norms : mapping from a name to an ndarray of shape (T,), above 0
        In the order of the steps, so that the last number has lag 0. Time runs from left to right.
    """
    figure, (axes,) = new_figure(height=3.4)
    for (name, values), (colour, _), mark in zip(norms.items(), LINES, MARKS, strict=False):
        lags = np.arange(len(values))[::-1]
        axes.semilogy(lags, values, color=colour, linestyle="--", linewidth=1, marker=mark, markersize=4, label=name)
    axes.invert_xaxis()
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(xlabel="lag: steps before the last (number)", ylabel="norm of the share")
    figure.legend(frameon=False, fontsize=FONT_SIZE, loc="outside upper center", ncols=2)
    return figure
