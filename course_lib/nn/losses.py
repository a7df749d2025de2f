"""Losses and their gradients: cross-entropy over a softmax, and the mean squared error (chapter 00)."""

from typing import NamedTuple

import numpy as np

from course_lib.nn._shapes import require_shape


class CrossEntropyCache(NamedTuple):
    """What :func:`cross_entropy` keeps for :func:`cross_entropy_backward`.

    Attributes
    ----------
    p : ndarray of shape (..., O)
        Probabilities.
    y : ndarray of int of shape (...)
        Targets; 0 where the mask is 0.
    keep : ndarray of bool of shape (...)
        The positions that count.
    """

    p: np.ndarray
    y: np.ndarray
    keep: np.ndarray


class MeanSquaredErrorCache(NamedTuple):
    """What :func:`mean_squared_error` keeps for :func:`mean_squared_error_backward`.

    Attributes
    ----------
    difference : ndarray
        Prediction minus target.
    """

    difference: np.ndarray


def softmax(s: np.ndarray) -> np.ndarray:
    r"""Turn logits into probabilities along the last axis (chapter 00).

    Parameters
    ----------
    s : ndarray of shape (..., O)
        Logits: any real numbers.

    Returns
    -------
    ndarray of shape (..., O), values in [0, 1], each row summing to 1
        :math:`p_k = e^{s_k} / \sum_j e^{s_j}`.
    """
    p: np.ndarray = np.exp(_log_softmax(s))
    return p


def cross_entropy(s: np.ndarray, y: np.ndarray, mask: np.ndarray | None = None) -> tuple[float, CrossEntropyCache]:
    r"""Mean of :math:`-\ln p_y`, with p the softmax of `s`, over the positions that count (chapter 00).

    Parameters
    ----------
    s : ndarray of shape (..., O)
        Logits.
    y : ndarray of int of shape (...), values in 0 ... O - 1
        The right class at every position. Where the mask is 0 it is not read.
    mask : ndarray of shape (...), values 0 or 1, optional
        1 where a position counts, 0 on padding. Without it every position counts.

    Returns
    -------
    loss : float, at least 0, in nats
    cache : CrossEntropyCache
        For :func:`cross_entropy_backward`.

    Raises
    ------
    ValueError
        If a shape does not fit, a target is no class, or the mask keeps nothing.
    """
    log_p = _log_softmax(s)  # (..., O)
    y, keep = _require_targets(s, y, mask)
    log_p_y = np.take_along_axis(log_p, y[..., None], axis=-1)[..., 0]  # (...): that of the right class
    loss = -float(log_p_y[keep].mean())
    return loss, CrossEntropyCache(np.exp(log_p), y, keep)


def cross_entropy_backward(cache: CrossEntropyCache) -> np.ndarray:
    r"""Return the gradient of :func:`cross_entropy` with respect to the logits (chapter 00).

    Parameters
    ----------
    cache : CrossEntropyCache

    Returns
    -------
    ndarray of shape (..., O)
        :math:`(p - \mathrm{onehot}(y)) / N`, with N the number of positions that count; zero on the others.
    """
    p, y, keep = cache
    one_hot = y[..., None] == np.arange(p.shape[-1])  # (..., O)
    ds: np.ndarray = (p - one_hot) / int(keep.sum())  # (..., O)
    ds[~keep] = 0
    return ds


def mean_squared_error(prediction: np.ndarray, target: np.ndarray) -> tuple[float, MeanSquaredErrorCache]:
    r"""Mean of :math:`(\hat y - y)^2` over all elements (chapter 00).

    Parameters
    ----------
    prediction : ndarray of any shape
    target : ndarray of the same shape

    Returns
    -------
    loss : float, at least 0, in squared units of the target
    cache : MeanSquaredErrorCache
        For :func:`mean_squared_error_backward`.

    Raises
    ------
    ValueError
        If the shapes differ or there is no element.
    """
    require_shape("target", target, "the shape of the prediction", prediction.shape)
    if prediction.size == 0:
        raise ValueError(f"prediction must have at least one element, got shape {prediction.shape}")
    difference = prediction - target
    return float(np.mean(difference**2)), MeanSquaredErrorCache(difference)


def mean_squared_error_backward(cache: MeanSquaredErrorCache) -> np.ndarray:
    r"""Return the gradient of :func:`mean_squared_error` with respect to the prediction (chapter 00).

    Parameters
    ----------
    cache : MeanSquaredErrorCache

    Returns
    -------
    ndarray of the shape of the prediction
        :math:`2 (\hat y - y) / N`, with N the number of elements.
    """
    dprediction: np.ndarray = 2 * cache.difference / cache.difference.size
    return dprediction


def _log_softmax(s: np.ndarray) -> np.ndarray:
    """Return ln softmax(s) along the last axis; a shift changes nothing, so subtract the largest logit first."""
    if np.ndim(s) == 0 or s.shape[-1] == 0:
        raise ValueError(f"s must be (..., classes) with at least one class, got shape {np.shape(s)}")
    shifted = s - s.max(axis=-1, keepdims=True)  # (..., O), at most 0: exp cannot overflow
    log_p: np.ndarray = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return log_p


def _require_targets(s: np.ndarray, y: np.ndarray, mask: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Return targets that are safe to index with and the positions that count, or raise a ValueError."""
    require_shape("y", y, "the shape of s without its last axis", s.shape[:-1])
    require_shape("mask", y if mask is None else mask, "the shape of y", s.shape[:-1])
    if not np.issubdtype(np.asarray(y).dtype, np.integer):
        raise ValueError(f"y must hold integers, got {np.asarray(y).dtype}")
    keep = np.ones(s.shape[:-1], bool) if mask is None else np.asarray(mask) == 1
    if mask is not None and not np.isin(mask, (0, 1)).all():
        raise ValueError(f"mask must hold 0 and 1 only, got {np.setdiff1d(mask, (0, 1))[0]}")
    if not keep.any():
        raise ValueError("mask must keep at least one position, got none")
    safe_y = np.where(keep, y, 0)
    outside = safe_y[(safe_y < 0) | (safe_y >= s.shape[-1])]
    if outside.size:
        raise ValueError(f"y must be in 0 ... {s.shape[-1] - 1}, got {outside[0]}")
    return safe_y, keep
