"""What the gates of one LSTM cell do while it reads a sequence (chapter 04)."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from course_lib.plots.style import CELL, FONT_SIZE, FORGET, HIDDEN, INPUT_GATE, OUTPUT_GATE, QUIET, new_figure

PANELS = (("i", INPUT_GATE, "input gate"), ("f", FORGET, "forget gate"), ("o", OUTPUT_GATE, "output gate"))


def gates_over_steps(
    gates: Mapping[str, np.ndarray], c: np.ndarray, events: Mapping[str, tuple[str, np.ndarray]]
) -> Figure:
    """Draw the three gates of one unit and its cell state, one panel below the other, step by step.

    Parameters
    ----------
    gates : mapping from "i", "f" and "o" to an ndarray of shape (T,), values in [0, 1]
    c : ndarray of shape (T,)
        The cell state after each step.
    events : mapping from "i", "f" and "o" to a name and an ndarray of bool of shape (T,)
        Something in the input that the gate could listen to. A triangle stands over each step where it is true.
    """
    figure, axes_of = new_figure(4.8, 6.0, n_rows=4)
    steps = np.arange(1, len(c) + 1)
    for axes, (gate, colour, name) in zip(axes_of, PANELS, strict=False):
        event, happens = events[gate]
        axes.bar(steps, gates[gate], color=colour, width=0.7)
        axes.plot(steps[happens], np.full(np.count_nonzero(happens), 1.16), "v", color=HIDDEN, markersize=5)
        axes.set(title=f"{name} (▼ {event})", ylabel="open (share)", ylim=(0, 1.3), yticks=(0, 0.5, 1))
    axes_of[3].step(steps, c, color=CELL, where="mid", linewidth=2.5)
    axes_of[3].axhline(0, color=QUIET, linewidth=0.8)
    axes_of[3].set(title="cell state", ylabel="value")
    for axes in axes_of:
        axes.title.set_fontsize(FONT_SIZE)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set(xlim=(0.3, len(c) + 0.7), xlabel="step (number)")
    return figure
