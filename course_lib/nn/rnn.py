"""The tanh recurrent network, forward beside backward (chapter 01; the backward pass is chapter 02).

Read :func:`rnn_step` and :func:`rnn_step_backward` first. :func:`rnn_forward` and :func:`rnn_backward` compute
the same over a whole sequence, faster: whatever does not wait for the step before is one product for all steps.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from course_lib.nn._shapes import require_axes, require_rnn_params, require_sequence, require_shape
from course_lib.params import RNNParams


class RNNStepGradients(NamedTuple):
    """What :func:`rnn_step_backward` returns.

    Attributes
    ----------
    dx_t : ndarray of shape (B, D)
    dh_prev : ndarray of shape (B, H)
    dparams : RNNParams
        The share of this one step.
    """

    dx_t: np.ndarray
    dh_prev: np.ndarray
    dparams: RNNParams


class RNNCache(NamedTuple):
    """What :func:`rnn_forward` keeps for :func:`rnn_backward`, time first.

    Attributes
    ----------
    x : ndarray of shape (T, B, D)
    h : ndarray of shape (T + 1, B, H)
        ``h[t]`` is h_t; ``h[0]`` is the initial state.
    params : RNNParams
    """

    x: np.ndarray
    h: np.ndarray
    params: RNNParams


class RNNGradients(NamedTuple):
    """What :func:`rnn_backward` returns, in the order of the arguments of :func:`rnn_forward`.

    Attributes
    ----------
    dx : ndarray of shape (B, T, D)
    dh_0 : ndarray of shape (B, H)
        Sum it over the batch when h_0 is one learned vector.
    dparams : RNNParams
        Summed over all time steps, which share the parameters.
    """

    dx: np.ndarray
    dh_0: np.ndarray
    dparams: RNNParams


def rnn_step(x_t: np.ndarray, h_prev: np.ndarray, params: RNNParams) -> np.ndarray:
    r"""Advance a tanh RNN by one time step (eq. 1.3, chapter 01).

    Parameters
    ----------
    x_t : ndarray of shape (B, D)
    h_prev : ndarray of shape (B, H)
        State before the step; zeros at the start of a sequence.
    params : RNNParams

    Returns
    -------
    ndarray of shape (B, H), values in [-1, 1]
        :math:`\tanh(x_t W_{xh} + h_{t-1} W_{hh} + b_h)`.

    Raises
    ------
    ValueError
        If a shape does not fit.
    """
    _require_step_shapes(x_t, h_prev, params)
    W_xh, W_hh, b_h = params  # input to hidden, hidden to hidden, bias
    a_t = x_t @ W_xh + h_prev @ W_hh + b_h  # (B, H), eq. 1.2
    h_t: np.ndarray = np.tanh(a_t)  # (B, H), eq. 1.3
    return h_t


def rnn_step_backward(
    dh_t: np.ndarray, x_t: np.ndarray, h_prev: np.ndarray, h_t: np.ndarray, params: RNNParams
) -> RNNStepGradients:
    r"""Carry the gradient at h_t back through one :func:`rnn_step` (chapter 02).

    Parameters
    ----------
    dh_t : ndarray of shape (B, H)
        Total derivative: what the loss at t and step t + 1 send back, added.
    x_t : ndarray of shape (B, D)
    h_prev : ndarray of shape (B, H)
    h_t : ndarray of shape (B, H)
        What :func:`rnn_step` returned.
    params : RNNParams

    Returns
    -------
    RNNStepGradients

    Raises
    ------
    ValueError
        If a shape does not fit.
    """
    _require_step_shapes(x_t, h_prev, params)
    require_shape("h_t", h_t, "batch, hidden", h_prev.shape)
    require_shape("dh_t", dh_t, "batch, hidden", h_prev.shape)
    W_xh, W_hh, _ = params
    da_t = dh_t * (1 - h_t**2)  # (B, H): tanh' is 1 - tanh squared, and h_t is that tanh
    dW_xh = x_t.T @ da_t  # (D, H)
    dW_hh = h_prev.T @ da_t  # (H, H)
    db_h = da_t.sum(axis=0)  # (H,)
    return RNNStepGradients(da_t @ W_xh.T, da_t @ W_hh.T, RNNParams(dW_xh, dW_hh, db_h))


def rnn_forward(x: np.ndarray, h_0: np.ndarray, params: RNNParams) -> tuple[np.ndarray, RNNCache]:
    """Run a tanh RNN over whole sequences: eq. 1.3 for t = 1 ... T (chapter 01).

    Parameters
    ----------
    x : ndarray of shape (B, T, D)
    h_0 : ndarray of shape (B, H)
    params : RNNParams

    Returns
    -------
    h : ndarray of shape (B, T, H), values in [-1, 1]
        ``h[:, t - 1]`` is h_t. Read-only, because the backward pass needs it: copy it to change it.
    cache : RNNCache
        For :func:`rnn_backward`.

    Raises
    ------
    ValueError
        If a shape does not fit.
    """
    B, T, H = require_sequence(x, h_0, params)  # batch, time steps, hidden size
    W_xh, W_hh, b_h = params  # input to hidden, hidden to hidden, bias
    x_rows = x.transpose(1, 0, 2).copy().reshape(T * B, len(W_xh))  # time first: step t is one block of memory
    h = np.empty((T + 1, B, H), np.result_type(x, h_0, *params, np.float32))
    h[0] = h_0
    np.matmul(x_rows, W_xh, out=h[1:].reshape(T * B, H))  # the share of a_t that needs no h, where h_t will stand
    recurrent = np.empty_like(h[0])  # (B, H), used again at every step
    bias = np.tile(b_h, (B, 1))  # (B, H): two arrays of one shape add up twice as fast as a row to an array
    for h_prev, h_t in pairwise(h):
        np.matmul(h_prev, W_hh, out=recurrent)
        recurrent += bias
        h_t += recurrent  # (B, H): now all of a_t, eq. 1.2
        np.tanh(h_t, out=h_t)  # eq. 1.3
    h.flags.writeable = False
    return h[1:].transpose(1, 0, 2), RNNCache(x_rows.reshape(T, B, len(W_xh)), h, params)


def rnn_backward(dh: np.ndarray, cache: RNNCache) -> RNNGradients:
    """Carry gradients at the states back through a whole :func:`rnn_forward` (chapter 02).

    Parameters
    ----------
    dh : ndarray of shape (B, T, H)
        What the loss at t alone sends to h_t. A loss on the last state has zeros everywhere else.
    cache : RNNCache

    Returns
    -------
    RNNGradients

    Raises
    ------
    ValueError
        If `dh` does not have the shape of the states.
    """
    x, h, (W_xh, W_hh, _) = cache
    T, B, D = x.shape  # time steps, batch, input size
    H = h.shape[-1]
    require_shape("dh", dh, "batch, time, hidden", (B, T, H))
    W_hh_T = W_hh.T.copy()  # contiguous, for the product that every step needs
    da = np.empty_like(h[1:])  # (T, B, H)
    dh_next = np.zeros_like(h[0])  # (B, H): nothing follows step T
    for t in reversed(range(T)):  # da[t] belongs to the step from h[t] to h[t + 1]
        dh_next += dh[:, t]  # the loss at that state and the step after it: now its total derivative
        np.multiply(h[t + 1], h[t + 1], out=da[t])
        np.subtract(1, da[t], out=da[t])  # tanh'
        da[t] *= dh_next
        np.matmul(da[t], W_hh_T, out=dh_next)
    da_rows = da.reshape(T * B, H)  # one row per sequence and time step
    dW_xh = x.reshape(T * B, D).T @ da_rows  # (D, H)
    dW_hh = h[:-1].reshape(T * B, H).T @ da_rows  # (H, H): h_{t-1} beside da_t
    dx = (da_rows @ W_xh.T).reshape(T, B, D).transpose(1, 0, 2)  # (B, T, D)
    db_h = np.ones(T * B, da.dtype) @ da_rows  # (H,): the sum over batch and time, as a product
    return RNNGradients(dx, dh_next, RNNParams(dW_xh, dW_hh, db_h))


def _require_step_shapes(x_t: np.ndarray, h_prev: np.ndarray, params: RNNParams) -> None:
    """Raise a ValueError if the inputs of one step do not fit each other."""
    require_axes("x_t", x_t, "batch, input", 2)
    B, D = x_t.shape  # batch, input size
    H = require_rnn_params(params, D)
    require_shape("h_prev", h_prev, "batch, hidden", (B, H))
