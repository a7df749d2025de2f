"""The GRU that resets after the matrix product, as PyTorch's does, forward beside backward (chapter 05).

Read :func:`gru_step` and :func:`gru_step_backward` first. :func:`gru_forward` and :func:`gru_backward` compute the
same over a whole sequence, faster. The form that resets before the product is :mod:`course_lib.nn.gru_before`.
"""

from typing import Generic, NamedTuple, TypeVar

import numpy as np

from course_lib.nn._shapes import require_axes, require_cell_inputs, require_shape
from course_lib.nn.logistic import logistic
from course_lib.params import GRUBeforeParams, GRUParams

AnyGRUParams = TypeVar("AnyGRUParams", GRUParams, GRUBeforeParams)
IN_CACHE = 12_000  # elements of one block of a few steps, so that all that they need fits in half a megabyte


class GRUGates(NamedTuple):
    """The blocks of a GRU after their activation: two gates, the candidate, and q.

    Each has the shape (B, H) in one step and (T, B, H) in the cache of a sequence.

    Attributes
    ----------
    r : ndarray, values in [0, 1]
        Reset gate: how much of the old state reaches the candidate.
    z : ndarray, values in [0, 1]
        Update gate: how much of the old state stays.
    n : ndarray, values in [-1, 1]
        Candidate.
    q : ndarray
        Reset-after: h_{t-1} W_hn + b_hn, which r multiplies. Reset-before: r times h_{t-1}, which W_hn multiplies.
    """

    r: np.ndarray
    z: np.ndarray
    n: np.ndarray
    q: np.ndarray


class GRUStepGradients(NamedTuple, Generic[AnyGRUParams]):
    """What :func:`gru_step_backward` returns.

    Attributes
    ----------
    dx_t : ndarray of shape (B, D)
    dh_prev : ndarray of shape (B, H)
    dparams : GRUParams or GRUBeforeParams
        The share of this one step.
    """

    dx_t: np.ndarray
    dh_prev: np.ndarray
    dparams: AnyGRUParams


class GRUCache(NamedTuple, Generic[AnyGRUParams]):
    """What :func:`gru_forward` keeps for :func:`gru_backward`, time first.

    Attributes
    ----------
    x : ndarray of shape (T, B, D)
    h : ndarray of shape (T + 1, B, H)
        ``h[t]`` is h_t; ``h[0]`` is the initial state.
    gates : GRUGates of ndarray of shape (T, B, H)
        ``gates.z[t - 1]`` is z_t, the one that led to ``h[t]``.
    params : GRUParams or GRUBeforeParams
    """

    x: np.ndarray
    h: np.ndarray
    gates: GRUGates
    params: AnyGRUParams


class GRUGradients(NamedTuple, Generic[AnyGRUParams]):
    """What :func:`gru_backward` returns, in the order of the arguments of :func:`gru_forward`.

    Attributes
    ----------
    dx : ndarray of shape (B, T, D)
    dh_0 : ndarray of shape (B, H)
    dparams : GRUParams or GRUBeforeParams
        Summed over all time steps, which share the parameters.
    """

    dx: np.ndarray
    dh_0: np.ndarray
    dparams: AnyGRUParams


def gru_step(x_t: np.ndarray, h_prev: np.ndarray, params: GRUParams) -> tuple[np.ndarray, GRUGates]:
    r"""Advance a GRU by one time step (chapter 05).

    Parameters
    ----------
    x_t : ndarray of shape (B, D)
    h_prev : ndarray of shape (B, H)
        State before the step; zeros at the start of a sequence.
    params : GRUParams

    Returns
    -------
    h_t : ndarray of shape (B, H)
        :math:`(1 - z_t) \odot n_t + z_t \odot h_{t-1}`.
    gates : GRUGates of ndarray of shape (B, H)
        What :func:`gru_step_backward` needs.

    Raises
    ------
    ValueError
        If a shape does not fit.
    """
    _require_step_shapes(x_t, h_prev, params)
    W_x, W_h, b, b_hn = params
    x_r, x_z, x_n = np.split(x_t @ W_x + b, 3, axis=1)  # (B, H) each
    h_r, h_z, h_n = np.split(h_prev @ W_h, 3, axis=1)  # (B, H) each
    r, z = logistic(x_r + h_r), logistic(x_z + h_z)
    q = h_n + b_hn
    n = np.tanh(x_n + r * q)  # the reset comes after the product with W_h
    h_t = (1 - z) * n + z * h_prev
    return h_t, GRUGates(r, z, n, q)


def gru_step_backward(
    dh_t: np.ndarray, x_t: np.ndarray, h_prev: np.ndarray, gates: GRUGates, params: GRUParams
) -> GRUStepGradients[GRUParams]:
    """Carry the gradient at h_t back through one :func:`gru_step` (chapter 05).

    Parameters
    ----------
    dh_t : ndarray of shape (B, H)
        Total derivative: what the loss at t and step t + 1 send to h_t, added.
    x_t : ndarray of shape (B, D)
    h_prev : ndarray of shape (B, H)
    gates : GRUGates of ndarray of shape (B, H)
        What :func:`gru_step` returned.
    params : GRUParams

    Returns
    -------
    GRUStepGradients

    Raises
    ------
    ValueError
        If a shape does not fit.
    """
    _require_step_shapes(x_t, h_prev, params)
    for name, array in {"dh_t": dh_t, **gates._asdict()}.items():
        require_shape(name, array, "batch, hidden", h_prev.shape)
    W_x, W_h, _, _ = params
    r, z, n, q = gates
    da_n = dh_t * (1 - z) * (1 - n**2)  # (B, H)
    da_z = dh_t * (h_prev - n) * z * (1 - z)
    dq = da_n * r
    da_r = da_n * q * r * (1 - r)
    da_x = np.concatenate([da_r, da_z, da_n], axis=1)  # (B, 3H): at the products with x_t
    da_h = np.concatenate([da_r, da_z, dq], axis=1)  # (B, 3H): at the products with h_{t-1}
    dh_prev = dh_t * z + da_h @ W_h.T  # four paths: past the candidate, and through r, z and q
    dparams = GRUParams(x_t.T @ da_x, h_prev.T @ da_h, da_x.sum(axis=0), dq.sum(axis=0))
    return GRUStepGradients(da_x @ W_x.T, dh_prev, dparams)


def gru_forward(x: np.ndarray, h_0: np.ndarray, params: GRUParams) -> tuple[np.ndarray, GRUCache[GRUParams]]:
    """Run a GRU over whole sequences: :func:`gru_step` for t = 1 ... T (chapter 05).

    Parameters
    ----------
    x : ndarray of shape (B, T, D)
    h_0 : ndarray of shape (B, H)
    params : GRUParams

    Returns
    -------
    h : ndarray of shape (B, T, H)
        ``h[:, t - 1]`` is h_t. Read-only, because the backward pass needs it: copy it to change it.
    cache : GRUCache
        For :func:`gru_backward`, and to look at the gates.

    Raises
    ------
    ValueError
        If a shape does not fit.
    """
    require_axes("x", x, "batch, time, input", 3)
    H = require_cell_inputs(x, {"h_0": h_0}, params, GRUParams)
    B, T, D = x.shape  # batch, time steps, input size
    dtype = np.result_type(x, h_0, *params, np.float32)
    x_one = np.ones((T, B, D + 1), dtype)  # time first; the bias is the weight of one more input, which is always 1
    x_one[..., :D] = x.transpose(1, 0, 2)
    h, kept = np.empty((T + 1, B, H), dtype), np.empty((T, 4, B, H), dtype)
    h[0] = h_0
    W_x_b, W_h = _ready_for_tanh(np.vstack([params.W_x, params.b])), _ready_for_tanh(params.W_h)
    np.matmul(x_one[:, None], W_x_b, out=kept[:, :3])  # the share of all pre-activations that needs no h
    b_hn = np.tile(params.b_hn, (B, 1))  # (B, H): two arrays of one shape add up faster than a row to an array
    recurrent, term = np.empty((3, B, H), dtype), np.empty((B, H), dtype)  # used again at every step
    for t in range(T):
        (r, z, n, q), gates, h_t = kept[t], kept[t, :2], h[t + 1]
        np.matmul(h[t], W_h, out=recurrent)
        gates += recurrent[:2]
        np.tanh(gates, out=gates)
        gates *= 0.5
        gates += 0.5  # sigma(a) = (1 + tanh(a / 2)) / 2
        np.add(recurrent[2], b_hn, out=q)
        np.multiply(r, q, out=term)
        n += term
        np.tanh(n, out=n)
        np.subtract(1, z, out=h_t)
        h_t *= n
        np.multiply(z, h[t], out=term)
        h_t += term
    h.flags.writeable = kept.flags.writeable = False
    return h[1:].transpose(1, 0, 2), GRUCache(x_one[..., :D], h, GRUGates(*kept.transpose(1, 0, 2, 3)), params)


def gru_backward(dh: np.ndarray, cache: GRUCache[GRUParams]) -> GRUGradients[GRUParams]:
    """Carry gradients at the states back through a whole :func:`gru_forward` (chapter 05).

    Parameters
    ----------
    dh : ndarray of shape (B, T, H)
        What the loss at t alone sends to h_t. A loss on the last state has zeros everywhere else.
    cache : GRUCache

    Returns
    -------
    GRUGradients

    Raises
    ------
    ValueError
        If `dh` does not have the shape of the states.
    """
    x, h, _, params = cache
    T, B, H = h[1:].shape  # time steps, batch, hidden size
    D = len(params.W_x)
    require_shape("dh", dh, "batch, time, hidden", (B, T, H))
    da, dh_0 = _through_time(dh.transpose(1, 0, 2), cache)
    da_rows = da.reshape(T * B, 4 * H)  # one row per sequence and time step: dq, da_r, da_z, da_n
    at_h, at_x = da_rows[:, : 3 * H], da_rows[:, H:]  # (T B, 3H): at the products with h_{t-1} and with x_t
    dW_h = np.roll(h[:-1].reshape(T * B, H).T @ at_h, -H, axis=1)  # (H, 3H): the candidate's block back to the end
    dW_x = x.reshape(T * B, D).T @ at_x  # (D, 3H)
    db = np.ones(T * B, da.dtype) @ da_rows  # (4H,): the sum over batch and time, as a product
    dx = (at_x @ params.W_x.T).reshape(T, B, D).transpose(1, 0, 2)  # (B, T, D)
    return GRUGradients(dx, dh_0, GRUParams(dW_x, dW_h, db[H:], db[:H]))


def mirrored(params: AnyGRUParams) -> AnyGRUParams:
    """Return the parameters of the same network in the other convention of z (chapter 05).

    In the other convention z stands for the new: h_t = (1 - z) h_{t-1} + z n. Because 1 - sigma(a) = sigma(-a), the
    z blocks of W_x, W_h and b change their sign and nothing else does. Mirroring twice gives the first parameters.

    Parameters
    ----------
    params : GRUParams or GRUBeforeParams

    Returns
    -------
    GRUParams or GRUBeforeParams
        New arrays; what is not in a z block is equal.
    """
    H = len(params.W_h)
    sign = np.repeat([1, -1, 1], H).astype(params.b.dtype)  # (3H,): blocks r, z, n
    return params._replace(W_x=params.W_x * sign, W_h=params.W_h * sign, b=params.b * sign)


def _through_time(dh: np.ndarray, cache: GRUCache[GRUParams]) -> tuple[np.ndarray, np.ndarray]:
    """Return dq, da_r, da_z and da_n side by side (T, B, 4H), and dh_0 (B, H), from dh, time first."""
    T, B, H = dh.shape
    h, z = cache.h, cache.gates.z
    W_h_T = np.roll(cache.params.W_h, H, axis=1).T.copy()  # (3H, H), contiguous; the candidate's block first, beside dq
    da = np.empty((T, B, 4, H), h.dtype)
    da_blocks = da.transpose(0, 2, 1, 3)  # (T, 4, B, H): a view in which each block stands alone
    dh_next, past_the_candidate = np.zeros_like(h[0]), np.empty_like(h[0])
    at_once = max(1, IN_CACHE // max(1, B * H))  # steps whose slopes stay in the processor's cache
    for first in reversed(range(0, T, at_once)):
        last = min(first + at_once, T)
        slopes = _slopes(h[first:last], GRUGates(*(gate[first:last] for gate in cache.gates)))
        for t in reversed(range(first, last)):
            dh_next += dh[t]  # the loss at h_t and step t + 1: now its total derivative
            np.multiply(dh_next, slopes[t - first], out=da_blocks[t])
            np.multiply(dh_next, z[t], out=past_the_candidate)
            np.matmul(da[t].reshape(B, 4 * H)[:, : 3 * H], W_h_T, out=dh_next)
            dh_next += past_the_candidate
    return da.reshape(T, B, 4 * H), dh_next


def _slopes(h_prev: np.ndarray, gates: GRUGates) -> np.ndarray:
    """Return the factors of dh_t in dq, da_r, da_z and da_n (steps, 4, B, H), from arrays (steps, B, H)."""
    r, z, n, q = gates
    slopes = np.empty((len(r), 4, *r.shape[1:]), r.dtype)
    dq, da_r, da_z, da_n = slopes.transpose(1, 0, 2, 3)
    np.subtract(1, z, out=da_n)
    np.subtract(h_prev, n, out=da_z)
    da_z *= z
    da_z *= da_n
    np.square(n, out=dq)
    np.subtract(1, dq, out=dq)  # tanh' at n
    da_n *= dq
    np.multiply(da_n, r, out=dq)
    np.subtract(1, r, out=da_r)
    da_r *= dq
    da_r *= q
    return slopes


def _ready_for_tanh(W: np.ndarray) -> np.ndarray:
    """Return weights (rows, 3H) as (3, rows, H), the blocks of both gates halved: sigma(a) needs tanh(a / 2)."""
    r, z, n = np.split(W, 3, axis=1)
    return np.stack([r / 2, z / 2, n])


def _require_step_shapes(x_t: np.ndarray, h_prev: np.ndarray, params: GRUParams) -> None:
    """Raise a ValueError if the inputs of one step do not fit each other."""
    require_axes("x_t", x_t, "batch, input", 2)
    require_cell_inputs(x_t, {"h_prev": h_prev}, params, GRUParams)
