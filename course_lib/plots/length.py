"""What happens as sequences grow longer: time and forgetting (chapter 01)."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from course_lib.plots.style import FONT_SIZE, LINES, new_figure


def time_against_length(steps: np.ndarray, milliseconds: Mapping[str, Sequence[float]]) -> Figure:
    """Draw measured times of several ways to compute against the number of time steps, both axes logarithmic.

    Parameters
    ----------
    steps : ndarray of shape (N,)
    milliseconds : dict of str to N numbers
        By the name of the way.
    """
    figure, (axes,) = new_figure()
    for (name, values), (colour, dash) in zip(milliseconds.items(), LINES, strict=False):
        axes.loglog(steps, values, color=colour, linestyle=dash, marker="o", label=name)
    axes.set(xlabel="sequence length T (steps)", ylabel="time (ms)")
    axes.legend(frameon=False, fontsize=FONT_SIZE)
    return figure


def forgetting(distances: Mapping[str, np.ndarray], label: str) -> Figure:
    """Draw how far apart two runs of each network are after each step, on a logarithmic axis.

    Parameters
    ----------
    distances : mapping from a name to an ndarray of shape (T,), above 0
    label : str
        Label of the vertical axis.
    """
    figure, (axes,) = new_figure()
    for (name, values), (colour, dash) in zip(distances.items(), LINES, strict=False):
        axes.semilogy(np.arange(1, len(values) + 1), values, color=colour, linestyle=dash, label=name)
    axes.set(xlabel="steps since the changed input", ylabel=label)
    axes.legend(frameon=False, fontsize=FONT_SIZE)
    return figure
