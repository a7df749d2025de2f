"""How long a cell at rest keeps what it holds (chapter 04)."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from course_lib.plots.style import FONT_SIZE, LINES, QUIET, new_figure


def share_kept(shares: Mapping[str, np.ndarray]) -> Figure:
    """Draw the share of a cell that is left after each step, with a line at one half.

    Parameters
    ----------
    shares : mapping from a name to an ndarray of shape (n,), values in [0, 1]
        After 1 ... n steps.
    """
    figure, (axes,) = new_figure(height=3.4)
    for (name, values), (colour, dash) in zip(shares.items(), LINES, strict=False):
        axes.plot(np.arange(len(values) + 1), np.append(1.0, values), color=colour, linestyle=dash, label=name)
    axes.axhline(0.5, color=QUIET, linewidth=0.8)
    axes.set(xlabel="steps (number)", ylabel="kept (share)", ylim=(0, 1.05), xlim=(0, None))
    figure.legend(frameon=False, fontsize=FONT_SIZE, loc="outside upper center", ncols=2)
    return figure
