"""Curves of learning and of reading (chapter 01)."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from course_lib.plots.style import FONT_SIZE, LINES, QUIET, new_figure


def loss_curves(losses: Mapping[str, np.ndarray], reference: tuple[str, float] | None = None) -> Figure:
    """Draw the loss in nats of several runs against the update, and a named horizontal line.

    Parameters
    ----------
    losses : mapping from a name to an ndarray of shape (steps,)
    reference : (name, value in nats), optional
    """
    figure, (axes,) = new_figure()
    for (name, values), (colour, dash) in zip(losses.items(), LINES, strict=False):
        axes.plot(np.arange(1, len(values) + 1), values, color=colour, linestyle=dash, linewidth=1.4, label=name)
    if reference is not None:
        name, value = reference
        axes.axhline(value, color=QUIET, linewidth=0.8, label=name)
    axes.set(xlabel="update (number)", ylabel="loss (nats)", ylim=(0, None))
    axes.legend(frameon=False, fontsize=FONT_SIZE)
    return figure


def belief_curves(sentences: Mapping[str, np.ndarray], label: str) -> Figure:
    """Draw what a reader believes after each word, one sentence below the other.

    Parameters
    ----------
    sentences : mapping from a sentence, words separated by spaces, to an ndarray of shape (T,)
        Probabilities after each of its T words.
    label : str
        What the probability is of.
    """
    figure, panels = new_figure(4.8, 2.4 * len(sentences), n_rows=len(sentences))
    for axes, (sentence, belief) in zip(panels, sentences.items(), strict=True):
        words = sentence.split()
        _check_words(words, belief)
        axes.plot(range(1, len(words) + 1), belief, color=LINES[0][0], marker="o")
        axes.axhline(0.5, color=QUIET, linewidth=0.8)
        axes.set_xticks(range(1, len(words) + 1), words)
        axes.set(ylim=(-0.05, 1.05), xlim=(0.7, len(words) + 0.3), xlabel="word read", ylabel=label)
    return figure


def _check_words(words: Sequence[str], belief: np.ndarray) -> None:
    if len(words) != len(belief):
        raise ValueError(f"belief must have one value for each of {len(words)} words, got {len(belief)}")
