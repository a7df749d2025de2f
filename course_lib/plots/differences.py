"""How far differences of a function are from its slope (chapter 00)."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from course_lib.plots.style import FONT_SIZE, LINES, new_figure


def error_against_h(h: np.ndarray, errors: Mapping[str, np.ndarray]) -> Figure:
    """Draw the error of several estimates of a slope against the distance h, both axes logarithmic.

    Parameters
    ----------
    h : ndarray of shape (N,), above 0
    errors : mapping from a name to an ndarray of shape (N,)
        The lowest point of each is marked.
    """
    figure, (axes,) = new_figure(height=3.4)
    for (name, values), (colour, dash) in zip(errors.items(), LINES, strict=False):
        axes.loglog(h, values, color=colour, linestyle=dash, label=name)
        best = np.argmin(values)
        axes.plot(h[best], values[best], color=colour, marker="o", linestyle="none")
    axes.set(xlabel="h, distance of the points (number)", ylabel="mean error of the slope")
    figure.legend(frameon=False, fontsize=FONT_SIZE, loc="outside upper center")
    return figure
