"""How well a model knows the next character (chapter 02)."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from course_lib.plots.style import FONT_SIZE, FORGET, HIDDEN, INPUT, QUIET, new_figure


def bits_curve(bits: np.ndarray, references: Mapping[str, float], window: int = 25) -> Figure:
    """Draw bits per character against the update, smoothed, over named horizontal lines.

    Parameters
    ----------
    bits : ndarray of shape (steps,)
        Of each batch.
    references : mapping from a name to a number of bits
        At most three.
    window : int, at least 1
        Updates in one mean.
    """
    mean = np.convolve(bits, np.full(window, 1 / window), mode="valid")  # (steps - window + 1,)
    figure, (axes,) = new_figure(height=3.4)
    axes.plot(np.arange(window, len(bits) + 1), mean, color=HIDDEN, linewidth=1.4, label="network")
    for (name, value), colour, dash in zip(references.items(), (QUIET, INPUT, FORGET), ("--", "-.", ":"), strict=False):
        axes.axhline(value, color=colour, linestyle=dash, linewidth=1.2, label=name)
    axes.set(xlabel="update (number)", ylabel="bits per character", ylim=(0, None))
    figure.legend(frameon=False, fontsize=FONT_SIZE, loc="outside upper center", ncols=2)
    return figure
