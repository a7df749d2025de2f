"""What happens as sequences grow longer: time and forgetting (chapter 01)."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from course_lib.plots.style import LINES, new_figure


def time_against_length(steps: np.ndarray, milliseconds: Mapping[str, Sequence[float]]) -> Figure:
    """Draw measured times (ms) of several ways to compute against the number of time steps, both axes logarithmic."""
    figure, (axes,) = new_figure()
    for (name, values), (colour, dash) in zip(milliseconds.items(), LINES, strict=False):
        axes.loglog(steps, values, color=colour, linestyle=dash, marker="o", label=name)
    axes.set(xlabel="sequence length T (steps)", ylabel="time (ms)")
    axes.legend(frameon=False)
    return figure


def forgetting(distance: np.ndarray, label: str) -> Figure:
    """Draw how far apart two runs are after each step, on a logarithmic axis.

    Parameters
    ----------
    distance : ndarray of shape (T,), above 0
    label : str
        Label of the vertical axis.
    """
    figure, (axes,) = new_figure()
    axes.semilogy(np.arange(1, len(distance) + 1), distance, color=LINES[0][0])
    axes.set(xlabel="steps since the changed input", ylabel=label)
    return figure
