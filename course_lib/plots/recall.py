"""How much of an earlier input a state still holds (chapter 03)."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from course_lib.plots.style import FONT_SIZE, LINES, new_figure


def recall_by_lag(lags: np.ndarray, shares: Mapping[str, np.ndarray]) -> Figure:
    """Draw the share of an input's variance that can be read from the state some steps later.

    Parameters
    ----------
    lags : ndarray of int of shape (N,)
    shares : mapping from a name to an ndarray of shape (N,), at most 1
        One R squared for each lag.
    """
    figure, (axes,) = new_figure(height=3.4)
    for (name, values), (colour, dash) in zip(shares.items(), LINES, strict=False):
        axes.plot(lags, values, color=colour, linestyle=dash, label=name)
    axes.set(xlabel="lag: steps since the input (number)", ylabel="recalled (share of variance)", ylim=(-0.1, 1.1))
    figure.legend(frameon=False, fontsize=FONT_SIZE, loc="outside upper center", ncols=2)
    return figure
