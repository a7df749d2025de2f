"""The temporal order problem: which of two marks came first, among distractors (chapter 03).

Every step shows one of six symbols. Four are distractors. Twice an X or a Y appears: first at one of the steps
T/10 + 1 ... T/5, then at one of T/2 + 1 ... 6T/10, all rounded down. The class is the pair, in order, and is asked for
after the last step. Papers differ in these places and in the symbols at both ends: compare levels, not digits.

References
----------
Hochreiter and Schmidhuber (hochreiter1997); Pascanu, Mikolov and Bengio (pascanu2013).
"""

import math
from typing import NamedTuple

import numpy as np

DISTRACTORS = 4
INPUTS = DISTRACTORS + 2
CLASSES = ("XX", "XY", "YX", "YY")


class TemporalOrderBatch(NamedTuple):
    """Sequences and the order of their two marks.

    Attributes
    ----------
    x : ndarray of shape (B, T, 6)
        One-hot rows: 0 ... 3 are distractors, 4 is X, 5 is Y.
    y : ndarray of int of shape (B,), values in 0 ... 3
        Places in ``CLASSES``.
    """

    x: np.ndarray
    y: np.ndarray


class TemporalOrderBaselines(NamedTuple):
    """What little memory gets, exact.

    Attributes
    ----------
    loss : float, in nats
        No memory, four classes alike: ln 4.
    wrong : float
        Share of wrong answers without memory: 3/4.
    loss_one_remembered : float, in nats
        One of the two symbols remembered: ln 2.
    wrong_one_remembered : float
        1/2.
    """

    loss: float
    wrong: float
    loss_one_remembered: float
    wrong_one_remembered: float


def temporal_order_batch(rng: np.random.Generator, B: int, T: int) -> TemporalOrderBatch:
    """Draw sequences with two marks among distractors (chapter 03).

    Parameters
    ----------
    rng : numpy.random.Generator
    B : int, at least 1
        Sequences.
    T : int, at least 10
        Steps.

    Returns
    -------
    TemporalOrderBatch

    Raises
    ------
    ValueError
        If there is no sequence or the steps leave no place for a mark.
    """
    if B < 1:
        raise ValueError(f"B must be at least 1, got {B}")
    if T < 10:
        raise ValueError(f"T must be at least 10, so that both marks have a place, got {T}")
    ids, rows = rng.integers(0, DISTRACTORS, (B, T)), np.arange(B)
    first, second = rng.integers(0, 2, (2, B))  # 0 is X, 1 is Y
    ids[rows, rng.integers(T // 10, T // 5, B)] = DISTRACTORS + first
    ids[rows, rng.integers(T // 2, 6 * T // 10, B)] = DISTRACTORS + second
    return TemporalOrderBatch(np.eye(INPUTS)[ids], 2 * first + second)


def baselines() -> TemporalOrderBaselines:
    """Return what answers with little memory get, whatever the length (chapter 03)."""
    return TemporalOrderBaselines(math.log(4), 3 / 4, math.log(2), 1 / 2)
