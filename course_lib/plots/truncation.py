"""What truncation saves and what it costs (chapter 02)."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from course_lib.plots.style import FONT_SIZE, LINES, new_figure

MARKS = "os^D"


def memory_against_length(steps: np.ndarray, megabytes: Mapping[str, np.ndarray]) -> Figure:
    """Draw the largest memory in use against the number of time steps.

    Parameters
    ----------
    steps : ndarray of shape (N,)
    megabytes : mapping from a name to an ndarray of shape (N,)
    """
    figure, (axes,) = new_figure()
    for (name, values), (colour, dash), mark in zip(megabytes.items(), LINES, MARKS, strict=False):
        axes.plot(steps, values, color=colour, linestyle=dash, marker=mark, label=name)
    axes.set(xlabel="sequence length T (steps)", ylabel="memory (MB)", ylim=(0, None), xlim=(0, None))
    axes.legend(frameon=False, fontsize=FONT_SIZE)
    return figure


def error_against_truncation(
    K: np.ndarray, measured: Mapping[str, np.ndarray], formulas: Mapping[str, np.ndarray]
) -> Figure:
    """Draw the relative error of truncated gradients against K: marks where it was measured, lines for formulas.

    Parameters
    ----------
    K : ndarray of int of shape (N,), at least 1
    measured : mapping from a name to an ndarray of shape (N,)
    formulas : mapping with the names of `measured`, each an ndarray of shape (N,)
        What mathematics says.

    Raises
    ------
    ValueError
        If the names differ.
    """
    if set(measured) != set(formulas):
        raise ValueError(f"formulas must have the names {sorted(measured)}, got {sorted(formulas)}")
    figure, (axes,) = new_figure(height=3.8)
    for (name, values), (colour, dash), mark in zip(measured.items(), LINES, MARKS, strict=False):
        axes.plot(K, 100 * formulas[name], color=colour, linestyle=dash, linewidth=1.2)
        axes.plot(K, 100 * values, color=colour, linestyle="none", marker=mark, label=name)
    axes.set(xlabel="truncation length K (steps)", ylabel="error of the gradient (%)", ylim=(0, 105), xscale="log")
    axes.set_xticks(K, [str(k) for k in K], minor=False)
    axes.minorticks_off()
    figure.legend(frameon=False, fontsize=FONT_SIZE, loc="outside upper left")
    return figure
