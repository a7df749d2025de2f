"""Errors that pause at known heights while a network learns (chapter 03)."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from course_lib.plots.style import FONT_SIZE, LINES, QUIET, new_figure


def means_of(losses: np.ndarray, window: int) -> np.ndarray:
    """Average a loss over windows of updates; a last window that is not full is left out.

    Parameters
    ----------
    losses : ndarray of shape (steps,)
    window : int, at least 1

    Returns
    -------
    ndarray of shape (steps // window,)
    """
    full = len(losses) // window * window
    means: np.ndarray = losses[:full].reshape(-1, window).mean(axis=1)
    return means


def errors_with_plateaus(errors: Mapping[str, np.ndarray], every: int, plateaus: Mapping[str, float]) -> Figure:
    """Draw squared errors against the update, with a named line at each height where they may pause.

    Parameters
    ----------
    errors : mapping from a name to an ndarray of shape (points,)
        The mean over each `every` updates.
    every : int, at least 1
    plateaus : mapping from a name to a squared error, above 0
    """
    figure, (axes,) = new_figure(height=3.6)
    for (name, values), (colour, dash) in zip(errors.items(), LINES, strict=False):
        axes.plot(every * np.arange(1, len(values) + 1), values, color=colour, linestyle=dash, label=name)
    for name, height in plateaus.items():
        axes.axhline(height, color=QUIET, linewidth=0.8)
        axes.text(
            1.02, height, name, transform=axes.get_yaxis_transform(), va="center", color=QUIET, fontsize=FONT_SIZE
        )
    top = 1.5 * max(plateaus.values())
    axes.set(xlabel="update (number)", ylabel="squared error", ylim=(0, top), xlim=(0, None))
    figure.legend(frameon=False, fontsize=FONT_SIZE, loc="outside upper center", ncols=2)
    return figure
