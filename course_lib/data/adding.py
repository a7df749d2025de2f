"""The adding problem: remember two marked numbers of a long sequence, answer with their sum (chapter 03).

The numbers lie in [0, 1] and the target is their sum, the form of later papers. In 1997 the numbers lay in [-1, 1], the
marks lay elsewhere, the target was 1/2 + (X1 + X2) / 4 and an answer was right within 0.04;
:func:`share_wrong_1997` carries that rule over.

References
----------
Hochreiter and Schmidhuber (hochreiter1997); Le, Jaitly and Hinton (le2015).
"""

from typing import NamedTuple

import numpy as np

TOLERANCE_1997 = 0.08
"""0.04 on the target of 1997, which is half of ours when X = 2x - 1."""


class AddingBatch(NamedTuple):
    """Sequences and their sums.

    Attributes
    ----------
    x : ndarray of shape (B, T, 2)
        A number in [0, 1) and its mark: 1 at two steps, 0 elsewhere.
    y : ndarray of shape (B,)
        The sum of the two marked numbers.
    """

    x: np.ndarray
    y: np.ndarray


class AddingBaselines(NamedTuple):
    """Mean squared errors of answers that need little or no memory, exact.

    Attributes
    ----------
    predict_mean : float
        Always answer 1, the mean of the target: 1/6, twice the variance of one number.
    remember_one : float
        Add 1/2, the mean of the other number, to one marked number: 1/12. A pause of the curve near it means that the
        problem is half solved.
    """

    predict_mean: float
    remember_one: float


def adding_batch(rng: np.random.Generator, B: int, T: int) -> AddingBatch:
    """Draw sequences with one mark in each half (chapter 03).

    Parameters
    ----------
    rng : numpy.random.Generator
    B : int, at least 1
        Sequences.
    T : int, at least 2
        Steps. The first half has T // 2 of them.

    Returns
    -------
    AddingBatch

    Raises
    ------
    ValueError
        If there is no sequence or no step for each mark.
    """
    if B < 1:
        raise ValueError(f"B must be at least 1, got {B}")
    if T < 2:
        raise ValueError(f"T must be at least 2, a step for each mark, got {T}")
    x = np.zeros((B, T, 2))
    x[:, :, 0] = rng.uniform(0, 1, (B, T))
    rows = np.arange(B)
    first, second = rng.integers(0, T // 2, B), rng.integers(T // 2, T, B)  # one mark in each half
    x[rows, first, 1] = x[rows, second, 1] = 1
    return AddingBatch(x, x[rows, first, 0] + x[rows, second, 0])


def baselines() -> AddingBaselines:
    """Return what answers without much memory cost: 1/6 and 1/12, whatever the length (chapter 03)."""
    return AddingBaselines(predict_mean=1 / 6, remember_one=1 / 12)


def share_wrong_1997(prediction: np.ndarray, y: np.ndarray) -> float:
    """Return the share of predictions (B,) that lie 0.08 or more from the target y (B,): the criterion of 1997.

    A prediction of nan is wrong.

    Raises
    ------
    ValueError
        If the shapes differ or there is no prediction.
    """
    if prediction.shape != y.shape:
        raise ValueError(f"prediction must have the shape of y, {y.shape}, got {prediction.shape}")
    if prediction.size == 0:
        raise ValueError("prediction must hold at least one number, got none")
    return float(np.mean(~(np.abs(prediction - y) < TOLERANCE_1997)))
