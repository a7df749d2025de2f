"""Windows over a series, cut so that no window looks past its own end (chapter 01)."""

from typing import NamedTuple

import numpy as np


def windows(features: np.ndarray, target: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Cut every window of ``length`` rows and pair it with the target of the row that follows.

    Parameters
    ----------
    features : ndarray of shape (N, D)
        Row n holds what is known at the end of day n.
    target : ndarray of shape (N,)
    length : int
        Rows in a window, 1 to N - 1.

    Returns
    -------
    x : ndarray of shape (N - length, length, D)
        Window i holds rows i to i + length - 1.
    y : ndarray of shape (N - length,)
        Target of row i + length.

    Raises
    ------
    ValueError
        If the two arrays differ in length or ``length`` leaves no window.
    """
    if len(features) != len(target):
        raise ValueError(f"target must have a value for each of {len(features)} rows, got {len(target)}")
    if not 1 <= length < len(features):
        raise ValueError(f"length must lie in 1..{len(features) - 1}, got {length}")
    x = np.lib.stride_tricks.sliding_window_view(features, length, axis=0)[:-1]
    return np.ascontiguousarray(np.moveaxis(x, -1, 1)), target[length:].copy()


class Scale(NamedTuple):
    """Mean and standard deviation of training rows, applied to any rows.

    Attributes
    ----------
    mean : ndarray of shape (D,)
    sd : ndarray of shape (D,)
    """

    mean: np.ndarray
    sd: np.ndarray

    @classmethod
    def of(cls, training_rows: np.ndarray) -> "Scale":
        """Measure rows of shape (N, D); give training rows only, or the test set leaks into the model."""
        return cls(training_rows.mean(axis=0), training_rows.std(axis=0))

    def apply(self, rows: np.ndarray) -> np.ndarray:
        """Return (rows - mean) / sd, in the shape of ``rows`` (..., D)."""
        return (rows - self.mean) / self.sd
