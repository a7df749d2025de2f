"""The copy problem: read ten symbols, wait, then write them down in order (chapter 03).

Ten symbols of eight kinds, T - 1 blanks, a delimiter, ten blanks: T + 20 steps in all. The target is blank for T + 10
steps and then the ten symbols.

References
----------
Arjovsky, Shah and Bengio (arjovsky2016).
"""

import math
from typing import NamedTuple

import numpy as np

LENGTH = 10
SYMBOLS = 8
BLANK, DELIMITER = 0, SYMBOLS + 1
INPUTS, CLASSES = SYMBOLS + 2, SYMBOLS + 1
"""A delimiter is read and never written."""


class CopyingBatch(NamedTuple):
    """What to read and what to write.

    Attributes
    ----------
    x : ndarray of shape (B, T + 20, 10)
        One-hot rows: 0 is blank, 1 ... 8 are symbols, 9 is the delimiter.
    y : ndarray of int of shape (B, T + 20), values in 0 ... 8
        The symbol to write at each step.
    """

    x: np.ndarray
    y: np.ndarray


class CopyingBaselines(NamedTuple):
    """What the best network without memory gets, exact: it writes blanks, then guesses evenly.

    Attributes
    ----------
    loss : float, in nats
        Mean over all steps, 10 ln 8 / (T + 20).
    loss_at_the_end : float, in nats
        Mean over the last ten steps, ln 8.
    accuracy : float
        Share of all steps, (T + 11.25) / (T + 20). It is high because blanks are easy: never report it alone.
    """

    loss: float
    loss_at_the_end: float
    accuracy: float


def copying_batch(rng: np.random.Generator, B: int, T: int) -> CopyingBatch:
    """Draw sequences of symbols to copy after a wait of T steps (chapter 03).

    Parameters
    ----------
    rng : numpy.random.Generator
    B : int, at least 1
        Sequences.
    T : int, at least 1
        From the last symbol to the delimiter.

    Returns
    -------
    CopyingBatch

    Raises
    ------
    ValueError
        If there is no sequence or no wait.
    """
    if B < 1:
        raise ValueError(f"B must be at least 1, got {B}")
    _require_wait(T)
    symbols = rng.integers(1, SYMBOLS + 1, (B, LENGTH))
    ids = np.full((B, T + 2 * LENGTH), BLANK)
    ids[:, :LENGTH] = symbols
    ids[:, LENGTH + T - 1] = DELIMITER
    y = np.full_like(ids, BLANK)
    y[:, -LENGTH:] = symbols
    return CopyingBatch(np.eye(INPUTS)[ids], y)


def baselines(T: int) -> CopyingBaselines:
    """Return what the best network without memory gets after a wait of T steps (chapter 03).

    Raises
    ------
    ValueError
        If `T` is below 1.
    """
    _require_wait(T)
    steps, nats = T + 2 * LENGTH, math.log(SYMBOLS)
    return CopyingBaselines(LENGTH * nats / steps, nats, (T + LENGTH + LENGTH / SYMBOLS) / steps)


def symbols_remembered(loss: float, T: int) -> float:
    """Read a mean loss over all T + 20 steps as a number of symbols remembered, at most 10 (chapter 03).

    Below 0 the network is worse than guessing.

    Parameters
    ----------
    loss : float, in nats
    T : int, at least 1

    Returns
    -------
    float
        10 - loss (T + 20) / ln 8.

    Raises
    ------
    ValueError
        If `T` is below 1.
    """
    _require_wait(T)
    return LENGTH - loss * (T + 2 * LENGTH) / math.log(SYMBOLS)


def _require_wait(T: int) -> None:
    """Raise a ValueError unless there is a step for the delimiter."""
    if T < 1:
        raise ValueError(f"T must be at least 1, got {T}")
