"""How good an answer is, as one number a reader can judge (chapter 01)."""

import numpy as np


def accuracy(scores: np.ndarray, labels: np.ndarray, mask: np.ndarray | None = None) -> float:
    """Share of positions whose highest score is the right class.

    Parameters
    ----------
    scores : ndarray of shape (..., O)
    labels : ndarray of int of shape (...)
    mask : ndarray of shape (...), optional
        1 where a position counts.

    Raises
    ------
    ValueError
        If the labels do not have the shape of the scores without their last axis.
    """
    if scores.shape[:-1] != labels.shape:
        raise ValueError(f"labels must have shape {scores.shape[:-1]}, got {labels.shape}")
    right = scores.argmax(axis=-1) == labels
    return float(right.mean() if mask is None else right[mask.astype(bool)].mean())


def r_squared(prediction: np.ndarray, target: np.ndarray) -> float:
    """Share of the target's variance that is explained: 1 is perfect, 0 no better than the mean, below 0 worse.

    Raises
    ------
    ValueError
        If the two shapes differ.
    """
    if prediction.shape != target.shape:
        raise ValueError(f"prediction must have shape {target.shape}, got {prediction.shape}")
    return float(1 - np.mean((prediction - target) ** 2) / np.var(target))
