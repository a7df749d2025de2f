"""The LSTM, forward beside backward (chapter 04).

Read :func:`lstm_step` and :func:`lstm_step_backward` first. :func:`lstm_forward` and :func:`lstm_backward` compute
the same over a whole sequence, faster.
"""

from typing import NamedTuple

import numpy as np

from course_lib.nn._shapes import require_axes, require_cell_inputs, require_shape
from course_lib.nn.logistic import logistic
from course_lib.params import LSTMParams

I, F, O, G, C, TANH_C = range(6)  # where they stand in LSTMCache.kept
IN_CACHE = 12_000  # elements of one block of a few steps, so that all that they need fits in half a megabyte


class LSTMGates(NamedTuple):
    """The four blocks of an LSTM after their activation: three gates and the candidate.

    Each has the shape (B, H) in one step and (T, B, H) in the cache of a sequence.

    Attributes
    ----------
    i : ndarray, values in [0, 1]
        Input gate: how much of the candidate enters the cell.
    f : ndarray, values in [0, 1]
        Forget gate: how much of the cell stays.
    g : ndarray, values in [-1, 1]
        Candidate: what would enter the cell.
    o : ndarray, values in [0, 1]
        Output gate: how much of the cell is shown.
    """

    i: np.ndarray
    f: np.ndarray
    g: np.ndarray
    o: np.ndarray


class LSTMStepGradients(NamedTuple):
    """What :func:`lstm_step_backward` returns.

    Attributes
    ----------
    dx_t : ndarray of shape (B, D)
    dh_prev : ndarray of shape (B, H)
    dc_prev : ndarray of shape (B, H)
    dparams : LSTMParams
        The share of this one step.
    """

    dx_t: np.ndarray
    dh_prev: np.ndarray
    dc_prev: np.ndarray
    dparams: LSTMParams


class LSTMCache(NamedTuple):
    """What :func:`lstm_forward` keeps for :func:`lstm_backward`, time first. Read x, c and gates, not kept.

    Attributes
    ----------
    x_one : ndarray of shape (T, B, D + 1)
        The input, and a column of ones for the bias.
    h : ndarray of shape (T + 1, B, H)
        ``h[t]`` is h_t; ``h[0]`` is the initial state.
    kept : ndarray of shape (T + 1, 6, B, H)
        Of each step i, f, o, and beside them what they multiply: g, c_{t-1}, tanh c_t. After the last only c_T.
    params : LSTMParams
    """

    x_one: np.ndarray
    h: np.ndarray
    kept: np.ndarray
    params: LSTMParams

    @property
    def x(self) -> np.ndarray:
        """The input, of shape (T, B, D)."""
        return self.x_one[..., :-1]

    @property
    def c(self) -> np.ndarray:
        """All cell states, of shape (T + 1, B, H): ``c[t]`` is c_t, ``c[0]`` the initial one."""
        return self.kept[:, C]

    @property
    def gates(self) -> LSTMGates:
        """All gates and candidates, of shape (T, B, H) each: ``gates.f[t - 1]`` is f_t, which led to ``c[t]``."""
        steps = self.kept[:-1]
        return LSTMGates(steps[:, I], steps[:, F], steps[:, G], steps[:, O])


class LSTMGradients(NamedTuple):
    """What :func:`lstm_backward` returns, in the order of the arguments of :func:`lstm_forward`.

    Attributes
    ----------
    dx : ndarray of shape (B, T, D)
    dh_0 : ndarray of shape (B, H)
    dc_0 : ndarray of shape (B, H)
    dparams : LSTMParams
        Summed over all time steps, which share the parameters.
    """

    dx: np.ndarray
    dh_0: np.ndarray
    dc_0: np.ndarray
    dparams: LSTMParams


def lstm_step(
    x_t: np.ndarray, h_prev: np.ndarray, c_prev: np.ndarray, params: LSTMParams
) -> tuple[np.ndarray, np.ndarray, LSTMGates]:
    r"""Advance an LSTM by one time step (chapter 04).

    Parameters
    ----------
    x_t : ndarray of shape (B, D)
    h_prev : ndarray of shape (B, H)
    c_prev : ndarray of shape (B, H)
        Both states are zeros at the start of a sequence.
    params : LSTMParams

    Returns
    -------
    h_t : ndarray of shape (B, H), values in [-1, 1]
        :math:`o_t \odot \tanh c_t`.
    c_t : ndarray of shape (B, H)
        :math:`f_t \odot c_{t-1} + i_t \odot g_t`.
    gates : LSTMGates of ndarray of shape (B, H)
        What :func:`lstm_step_backward` needs.

    Raises
    ------
    ValueError
        If a shape does not fit.
    """
    _require_step_shapes(x_t, h_prev, c_prev, params)
    W_x, W_h, b = params
    a_t = x_t @ W_x + h_prev @ W_h + b  # (B, 4H): the pre-activations of all four blocks
    a_i, a_f, a_g, a_o = np.split(a_t, 4, axis=1)  # (B, H) each
    i, f, g, o = logistic(a_i), logistic(a_f), np.tanh(a_g), logistic(a_o)
    c_t = f * c_prev + i * g  # keep a share of the old, add a share of the new
    h_t = o * np.tanh(c_t)
    return h_t, c_t, LSTMGates(i, f, g, o)


def lstm_step_backward(
    dh_t: np.ndarray,
    dc_next: np.ndarray,
    x_t: np.ndarray,
    h_prev: np.ndarray,
    c_prev: np.ndarray,
    c_t: np.ndarray,
    gates: LSTMGates,
    params: LSTMParams,
) -> LSTMStepGradients:
    r"""Carry what arrives at h_t and c_t back through one :func:`lstm_step` (chapter 04).

    Parameters
    ----------
    dh_t : ndarray of shape (B, H)
        Total derivative: what the loss at t and step t + 1 send to h_t, added.
    dc_next : ndarray of shape (B, H)
        What step t + 1 sent to c_t. What comes through h_t is added here.
    x_t : ndarray of shape (B, D)
    h_prev, c_prev : ndarray of shape (B, H)
    c_t : ndarray of shape (B, H)
        What :func:`lstm_step` returned.
    gates : LSTMGates of ndarray of shape (B, H)
        What :func:`lstm_step` returned.
    params : LSTMParams

    Returns
    -------
    LSTMStepGradients

    Raises
    ------
    ValueError
        If a shape does not fit.
    """
    _require_step_shapes(x_t, h_prev, c_prev, params)
    for name, array in {"dh_t": dh_t, "dc_next": dc_next, "c_t": c_t, **gates._asdict()}.items():
        require_shape(name, array, "batch, hidden", h_prev.shape)
    W_x, W_h, _ = params
    i, f, g, o = gates
    tanh_c = np.tanh(c_t)
    da_o = dh_t * tanh_c * o * (1 - o)  # (B, H)
    dc = dc_next + dh_t * o * (1 - tanh_c**2)  # now the total derivative at c_t
    da_g = dc * i * (1 - g**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_t = np.concatenate([da_i, da_f, da_g, da_o], axis=1)  # (B, 4H)
    dparams = LSTMParams(x_t.T @ da_t, h_prev.T @ da_t, da_t.sum(axis=0))
    return LSTMStepGradients(da_t @ W_x.T, da_t @ W_h.T, dc * f, dparams)


def lstm_forward(
    x: np.ndarray, h_0: np.ndarray, c_0: np.ndarray, params: LSTMParams
) -> tuple[np.ndarray, np.ndarray, LSTMCache]:
    """Run an LSTM over whole sequences: :func:`lstm_step` for t = 1 ... T (chapter 04).

    Parameters
    ----------
    x : ndarray of shape (B, T, D)
    h_0 : ndarray of shape (B, H)
    c_0 : ndarray of shape (B, H)
    params : LSTMParams

    Returns
    -------
    h : ndarray of shape (B, T, H), values in [-1, 1]
        ``h[:, t - 1]`` is h_t. Read-only, because the backward pass needs it: copy it to change it.
    c_T : ndarray of shape (B, H)
        The last cell state, read-only too. All of them are in ``cache.c``.
    cache : LSTMCache
        For :func:`lstm_backward`, and to look at gates and cells.

    Raises
    ------
    ValueError
        If a shape does not fit.
    """
    require_axes("x", x, "batch, time, input", 3)
    H = require_cell_inputs(x, {"h_0": h_0, "c_0": c_0}, params, LSTMParams)
    B, T, D = x.shape  # batch, time steps, input size
    dtype = np.result_type(x, h_0, c_0, *params, np.float32)
    x_one = np.ones((T, B, D + 1), dtype)  # time first; the bias is the weight of one more input, which is always 1
    x_one[..., :D] = x.transpose(1, 0, 2)
    h, kept = np.empty((T + 1, B, H), dtype), np.empty((T + 1, 6, B, H), dtype)
    h[0], kept[0, C] = h_0, c_0
    W_x_b, W_h = _ready_for_tanh(np.vstack([params.W_x, params.b])), _ready_for_tanh(params.W_h)
    np.matmul(x_one[:, None], W_x_b, out=kept[:-1, :4])  # the share of all a_t that needs no h
    recurrent, terms = np.empty((4, B, H), dtype), np.empty((2, B, H), dtype)  # used again at every step
    for t in range(T):
        now, blocks, gates, c_t = kept[t], kept[t, :4], kept[t, :3], kept[t + 1, C]
        np.matmul(h[t], W_h, out=recurrent)
        blocks += recurrent  # now all of a_t
        np.tanh(blocks, out=blocks)
        gates *= 0.5
        gates += 0.5  # sigma(a) = (1 + tanh(a / 2)) / 2
        np.multiply(now[:2], now[3:5], out=terms)  # i g and f c_{t-1}
        np.add(terms[0], terms[1], out=c_t)
        np.tanh(c_t, out=now[TANH_C])
        np.multiply(now[O], now[TANH_C], out=h[t + 1])
    h.flags.writeable = kept.flags.writeable = False
    return h[1:].transpose(1, 0, 2), kept[T, C], LSTMCache(x_one, h, kept, params)


def lstm_backward(dh: np.ndarray, cache: LSTMCache, dc_T: np.ndarray | None = None) -> LSTMGradients:
    """Carry gradients at the states back through a whole :func:`lstm_forward` (chapter 04).

    Parameters
    ----------
    dh : ndarray of shape (B, T, H)
        What the loss at t alone sends to h_t. A loss on the last state has zeros everywhere else.
    cache : LSTMCache
    dc_T : ndarray of shape (B, H), optional
        What the loss sends to the last cell state; nothing if it is left out.

    Returns
    -------
    LSTMGradients

    Raises
    ------
    ValueError
        If `dh` or `dc_T` does not have the shape of the states.
    """
    x_one, h, _, params = cache
    T, B, H = h[1:].shape  # time steps, batch, hidden size
    D = len(params.W_x)
    require_shape("dh", dh, "batch, time, hidden", (B, T, H))
    dc = np.zeros_like(h[0])  # (B, H): nothing follows step T
    if dc_T is not None:
        require_shape("dc_T", dc_T, "batch, hidden", (B, H))
        dc += dc_T
    da, dh_0 = _through_time(dh.transpose(1, 0, 2), dc, cache)
    da_rows = da.reshape(T * B, 4 * H)  # one row per sequence and time step
    dW_x_b = x_one.reshape(T * B, D + 1).T @ da_rows  # (D + 1, 4H): the last row belongs to the bias
    dW_h = h[:-1].reshape(T * B, H).T @ da_rows  # (H, 4H): h_{t-1} beside da_t
    dx = (da_rows @ params.W_x.T).reshape(T, B, D).transpose(1, 0, 2)  # (B, T, D)
    return LSTMGradients(dx, dh_0, dc, LSTMParams(dW_x_b[:D], dW_h, dW_x_b[D]))


def _through_time(dh: np.ndarray, dc: np.ndarray, cache: LSTMCache) -> tuple[np.ndarray, np.ndarray]:
    """Return da (T, B, 4H) and dh_0 (B, H) from dh, time first; turn dc at c_T into dc at c_0, in place."""
    T, B, H = dh.shape
    kept = cache.kept
    W_h_T = cache.params.W_h.T.copy()  # contiguous, for the product that every step needs
    da = np.empty((T, B, 4, H), kept.dtype)
    da_blocks = da.transpose(0, 2, 1, 3)  # (T, 4, B, H): a view in which each block stands alone
    dh_next, through_h = np.zeros_like(dc), np.empty_like(dc)
    at_once = max(1, IN_CACHE // max(1, B * H))  # steps whose slopes stay in the processor's cache
    for first in reversed(range(0, T, at_once)):
        last = min(first + at_once, T)
        slopes = _slopes(kept[first:last])
        for t in reversed(range(first, last)):
            slope = slopes[t - first]
            dh_next += dh[t]  # the loss at h_t and step t + 1: now its total derivative
            np.multiply(dh_next, slope[4], out=through_h)
            dc += through_h  # now the total derivative at c_t
            np.multiply(dh_next, slope[O], out=da_blocks[t, 3])
            np.multiply(dc, slope[:2], out=da_blocks[t, :2])  # i and f
            np.multiply(dc, slope[G], out=da_blocks[t, 2])
            dc *= kept[t, F]
            np.matmul(da[t].reshape(B, 4 * H), W_h_T, out=dh_next)
    return da.reshape(T, B, 4 * H), dh_next


def _slopes(kept: np.ndarray) -> np.ndarray:
    """Return what waits for no gradient (steps, 5, B, H): the factors of da_i, da_f, da_o, da_g, and of dh in dc."""
    slopes = np.empty((len(kept), 5, *kept.shape[2:]), kept.dtype)
    gates, activated = slopes[:, :3], slopes[:, 3:]
    np.subtract(1, kept[:, :3], out=gates)
    gates *= kept[:, :3]  # sigma' of i, f and o
    gates *= kept[:, 3:]  # times g, c_{t-1} and tanh c_t, which they multiply
    np.square(kept[:, 3::2], out=activated)
    np.subtract(1, activated, out=activated)  # tanh' at g and at c_t
    activated *= kept[:, :3:2]  # times i and o, which multiply them
    return slopes


def _ready_for_tanh(W: np.ndarray) -> np.ndarray:
    """Return weights (rows, 4H) as (4, rows, H), blocks i, f, o, g, the gates' halved: sigma(a) needs tanh(a / 2)."""
    i, f, g, o = np.split(W, 4, axis=1)
    return np.stack([i / 2, f / 2, o / 2, g])


def _require_step_shapes(x_t: np.ndarray, h_prev: np.ndarray, c_prev: np.ndarray, params: LSTMParams) -> None:
    """Raise a ValueError if the inputs of one step do not fit each other."""
    require_axes("x_t", x_t, "batch, input", 2)
    require_cell_inputs(x_t, {"h_prev": h_prev, "c_prev": c_prev}, params, LSTMParams)
