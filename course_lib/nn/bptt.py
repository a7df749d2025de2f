r"""Backpropagation through time, looked at step by step and cut short (chapter 02).

:func:`course_lib.nn.rnn.rnn_backward` gives one gradient for the one matrix W_hh. Here the same chain is kept apart by
step (:func:`gradient_flow`) and truncated in two ways (:func:`chunked_backward`, :func:`windowed_backward`).
"Truncated to K" always means the lags 0 ... K - 1: K immediate partials, hence at most K - 1 Jacobians.

All three work for every recurrence whose step is :math:`h_t = \phi(x_t W_{xh} + h_{t-1} W_{hh} + b_h)`. `slope` is
:math:`\phi'` written in terms of h_t: :func:`tanh_slope` by default,
:func:`course_lib.nn.linear_recurrence.linear_slope` for a linear network, :func:`course_lib.nn.irnn.relu_slope` for a
ReLU network. With K = T both truncations give the whole gradient.
"""

from collections.abc import Callable
from numbers import Integral
from typing import NamedTuple

import numpy as np

from course_lib.nn._shapes import require_shape
from course_lib.nn.rnn import RNNCache, RNNGradients
from course_lib.params import RNNParams

Slope = Callable[[np.ndarray], np.ndarray]
"""Takes states of any shape, returns the derivative of the activation there, in the same shape."""


class GradientFlow(NamedTuple):
    """What :func:`gradient_flow` returns.

    Attributes
    ----------
    delta : ndarray of shape (B, T, H)
        ``delta[:, t - 1]`` is the total derivative of the loss with respect to h_t.
    dW_hh_steps : ndarray of shape (T, H, H)
        ``dW_hh_steps[t - 1]`` is the share of step t, as if W_hh had one copy a step. The shares add up to dW_hh.
    """

    delta: np.ndarray
    dW_hh_steps: np.ndarray

    @property
    def share_norms(self) -> np.ndarray:
        """Norm of each step's share of the one gradient dW_hh, of shape (T,)."""
        norms: np.ndarray = np.linalg.norm(self.dW_hh_steps, axis=(1, 2))
        return norms


def tanh_slope(h: np.ndarray) -> np.ndarray:
    r"""Return the derivative of tanh from the state h (...), in the shape of `h`: :math:`1 - h^2`."""
    slope: np.ndarray = 1 - h**2
    return slope


def gradient_flow(dh: np.ndarray, cache: RNNCache, slope: Slope = tanh_slope) -> GradientFlow:
    r"""Keep what :func:`course_lib.nn.rnn.rnn_backward` adds up: one share of dW_hh a step (chapter 02).

    :math:`\delta_t = v_t + (\delta_{t+1} \odot \phi'_{t+1}) W_{hh}^\top`, and the share of step t is
    :math:`h_{t-1}^\top (\delta_t \odot \phi'_t)`.

    Parameters
    ----------
    dh : ndarray of shape (B, T, H)
        What the loss at t alone sends to h_t.
    cache : RNNCache
        From the forward pass.
    slope : callable
        Derivative of the activation, from the state.

    Returns
    -------
    GradientFlow

    Raises
    ------
    ValueError
        If `dh` does not have the shape of the states.
    """
    T, slopes = _require_dh(dh, cache), slope(cache.h[1:])  # (T, B, H)
    delta = np.empty_like(slopes)  # (T, B, H)
    dh_next = np.zeros_like(cache.h[0])  # (B, H): nothing follows step T
    for t in reversed(range(T)):
        delta[t] = dh[:, t] + dh_next
        dh_next = (delta[t] * slopes[t]) @ cache.params.W_hh.T
    da = delta * slopes  # (T, B, H)
    shares = cache.h[:-1].transpose(0, 2, 1) @ da  # (T, H, H): h_{t-1} beside da_t, summed over the batch
    return GradientFlow(delta.transpose(1, 0, 2), shares)


def chunked_backward(dh: np.ndarray, cache: RNNCache, K: int, slope: Slope = tanh_slope) -> RNNGradients:
    """Cut the gradient, not the state, after every K steps (chapter 02).

    The chunks are the steps 1 ... K, K + 1 ... 2K and so on. The loss at place j of a chunk reaches back j steps.

    Parameters
    ----------
    dh : ndarray of shape (B, T, H)
        What the loss at t alone sends to h_t.
    cache : RNNCache
        From the forward pass over all T steps, which is not truncated.
    K : int, at least 1
        Steps in a chunk. From T on the gradient is whole.
    slope : callable
        Derivative of the activation, from the state.

    Returns
    -------
    RNNGradients

    Raises
    ------
    ValueError
        If `dh` does not have the shape of the states or `K` is no integer from 1 on.
    """
    _require_length(K)
    T, da = _require_dh(dh, cache), slope(cache.h[1:])  # (T, B, H)
    dh_next, W_hh_T = np.zeros_like(cache.h[0]), cache.params.W_hh.T.copy()  # (B, H), (H, H): a copy is faster
    for t in reversed(range(T)):
        if (t + 1) % K == 0:
            dh_next = np.zeros_like(dh_next)  # a chunk ends here: the next one sends nothing back
        da[t] *= dh[:, t] + dh_next
        dh_next = da[t] @ W_hh_T
    return _gradients(da, cache)


def windowed_backward(dh: np.ndarray, cache: RNNCache, K: int, slope: Slope = tanh_slope) -> RNNGradients:
    """Let the loss of every step reach back through K steps, no more (chapter 02).

    Back-propagating K steps after every single step, TBPTT(1, K), gives this sum. It costs K times as many products
    as :func:`chunked_backward`; the loop runs over lags, with all losses side by side.

    Parameters
    ----------
    dh : ndarray of shape (B, T, H)
        What the loss at t alone sends to h_t.
    cache : RNNCache
        From the forward pass over all T steps, which is not truncated.
    K : int, at least 1
        Steps that each loss reaches, its own included: the lags 0 ... K - 1. From T on the gradient is whole.
    slope : callable
        Derivative of the activation, from the state.

    Returns
    -------
    RNNGradients

    Raises
    ------
    ValueError
        If `dh` does not have the shape of the states or `K` is no integer from 1 on.
    """
    _require_length(K)
    T, slopes = _require_dh(dh, cache), slope(cache.h[1:])  # (T, B, H)
    da = np.zeros_like(slopes)  # (T, B, H)
    arrived = dh.transpose(1, 0, 2)  # (T - lag, B, H): at step t stands the gradient of the loss at t + lag
    for lag in range(min(K, T)):
        share = arrived * slopes[: T - lag]
        da[: T - lag] += share
        arrived = share[1:] @ cache.params.W_hh.T  # one step earlier; what leaves step 1 has arrived at h_0
    return _gradients(da, cache)


def _gradients(da: np.ndarray, cache: RNNCache) -> RNNGradients:
    """Collect all gradients from those at the pre-activations, `da` (T, B, H)."""
    x, h, (W_xh, W_hh, _) = cache
    dW_xh = np.tensordot(x, da, axes=((0, 1), (0, 1)))  # (D, H): summed over time and batch
    dW_hh = np.tensordot(h[:-1], da, axes=((0, 1), (0, 1)))  # (H, H): h_{t-1} beside da_t
    dx = (da @ W_xh.T).transpose(1, 0, 2)  # (B, T, D)
    dh_0 = da[:1].sum(axis=0) @ W_hh.T  # (B, H): what leaves step 1, if there is a step
    return RNNGradients(dx, dh_0, RNNParams(dW_xh, dW_hh, da.sum(axis=(0, 1))))


def _require_dh(dh: np.ndarray, cache: RNNCache) -> int:
    """Return the number of steps T, or raise a ValueError if `dh` is not (B, T, H)."""
    T, B, H = cache.h[1:].shape  # time steps, batch, hidden size
    require_shape("dh", dh, "batch, time, hidden", (B, T, H))
    return T


def _require_length(K: int) -> None:
    """Raise a ValueError unless the gradient may reach a whole number of steps, at least its own."""
    if not isinstance(K, Integral):
        raise ValueError(f"K must be an integer, got {K}")
    if K < 1:
        raise ValueError(f"K must be at least 1, got {K}")
