"""The LSTM with peepholes, with coupled gates, or with a part left out (chapter 04).

This is the readable form, for the experiment that takes the cell apart: every switch of :class:`LSTMVariant` is one
line here. Without any switch the results are those of :mod:`course_lib.nn.lstm`, which is faster.

    no_forget = LSTMVariant(forget_gate=False)
    h, c_T, cache = variant_forward(x, h_0, c_0, LSTMVariantParams(params), no_forget)
    gradients = variant_backward(dh, cache)
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from course_lib.nn._shapes import require_axes, require_cell_inputs, require_shape
from course_lib.nn.logistic import logistic
from course_lib.nn.lstm import LSTMGates
from course_lib.params import LSTMParams, LSTMVariantParams, PeepholeParams


@dataclass(frozen=True)
class LSTMVariant:
    """Which parts the cell has; without arguments it is the plain LSTM.

    A gate that is left out is always open: 1. Its block of the parameters stays where it is, with gradient 0.

    Attributes
    ----------
    peepholes : bool
        The gates see the cell state: i and f the one before the step, o the one after it.
    coupled : bool
        i = 1 - f: what is forgotten makes room for what enters. The input gate's own block is not used.
    forget_gate : bool
    input_gate : bool
    output_gate : bool
    output_activation : bool
        h = o tanh(c); without it h = o c.

    Raises
    ------
    ValueError
        If `coupled` meets a gate that is left out: both gates are needed to couple them.
    """

    peepholes: bool = False
    coupled: bool = False
    forget_gate: bool = True
    input_gate: bool = True
    output_gate: bool = True
    output_activation: bool = True

    def __post_init__(self) -> None:
        """Refuse to couple a gate with one that is not there."""
        if self.coupled and not (self.forget_gate and self.input_gate):
            missing = "forget_gate" if not self.forget_gate else "input_gate"
            raise ValueError(f"coupled needs the input gate and the forget gate, got {missing}=False")


class LSTMVariantCache(NamedTuple):
    """What :func:`variant_forward` keeps for :func:`variant_backward`, time first.

    Attributes
    ----------
    x : ndarray of shape (T, B, D)
    h : ndarray of shape (T + 1, B, H)
        ``h[t]`` is h_t; ``h[0]`` is the initial state.
    c : ndarray of shape (T + 1, B, H)
        ``c[t]`` is c_t; ``c[0]`` is the initial cell state.
    gates : LSTMGates of ndarray of shape (T, B, H)
    params : LSTMVariantParams
    variant : LSTMVariant
    """

    x: np.ndarray
    h: np.ndarray
    c: np.ndarray
    gates: LSTMGates
    params: LSTMVariantParams
    variant: LSTMVariant


class LSTMVariantGradients(NamedTuple):
    """What :func:`variant_backward` returns, in the order of the arguments of :func:`variant_forward`.

    Attributes
    ----------
    dx : ndarray of shape (B, T, D)
    dh_0 : ndarray of shape (B, H)
    dc_0 : ndarray of shape (B, H)
    dparams : LSTMVariantParams
        0 for every parameter that the variant does not use; no peepholes where none were given.
    """

    dx: np.ndarray
    dh_0: np.ndarray
    dc_0: np.ndarray
    dparams: LSTMVariantParams


def variant_step(
    x_t: np.ndarray, h_prev: np.ndarray, c_prev: np.ndarray, params: LSTMVariantParams, variant: LSTMVariant
) -> tuple[np.ndarray, np.ndarray, LSTMGates]:
    """Advance a variant of the LSTM by one time step (chapter 04).

    Parameters
    ----------
    x_t : ndarray of shape (B, D)
    h_prev : ndarray of shape (B, H)
    c_prev : ndarray of shape (B, H)
    params : LSTMVariantParams
    variant : LSTMVariant

    Returns
    -------
    h_t : ndarray of shape (B, H)
    c_t : ndarray of shape (B, H)
    gates : LSTMGates of ndarray of shape (B, H)
        Ones for a gate that is left out.

    Raises
    ------
    ValueError
        If a shape does not fit, or peepholes are wanted and not given.
    """
    require_axes("x_t", x_t, "batch, input", 2)
    H = require_cell_inputs(x_t, {"h_prev": h_prev, "c_prev": c_prev}, params.lstm, LSTMParams)
    _require_peepholes(params, variant, H)
    return _advance(x_t @ params.lstm.W_x + params.lstm.b, h_prev, c_prev, params, variant)


def variant_forward(
    x: np.ndarray, h_0: np.ndarray, c_0: np.ndarray, params: LSTMVariantParams, variant: LSTMVariant
) -> tuple[np.ndarray, np.ndarray, LSTMVariantCache]:
    """Run a variant of the LSTM over whole sequences: :func:`variant_step` for t = 1 ... T (chapter 04).

    Parameters
    ----------
    x : ndarray of shape (B, T, D)
    h_0 : ndarray of shape (B, H)
    c_0 : ndarray of shape (B, H)
    params : LSTMVariantParams
    variant : LSTMVariant

    Returns
    -------
    h : ndarray of shape (B, T, H)
        Read-only, because the backward pass needs it: copy it to change it.
    c_T : ndarray of shape (B, H)
        Read-only too.
    cache : LSTMVariantCache
        For :func:`variant_backward`, and to look at gates and cells.

    Raises
    ------
    ValueError
        If a shape does not fit, or peepholes are wanted and not given.
    """
    require_axes("x", x, "batch, time, input", 3)
    H = require_cell_inputs(x, {"h_0": h_0, "c_0": c_0}, params.lstm, LSTMParams)
    _require_peepholes(params, variant, H)
    B, T, _ = x.shape
    dtype = np.result_type(x, h_0, c_0, *params.lstm, *_peepholes(params, variant), np.float32)
    x_steps = x.transpose(1, 0, 2).astype(dtype)  # (T, B, D)
    a_x = x_steps @ params.lstm.W_x + params.lstm.b  # (T, B, 4H): the share of the pre-activations that needs no h
    h, c, kept = np.empty((T + 1, B, H), dtype), np.empty((T + 1, B, H), dtype), np.empty((4, T, B, H), dtype)
    h[0], c[0] = h_0, c_0
    for t in range(T):
        h[t + 1], c[t + 1], kept[:, t] = _advance(a_x[t], h[t], c[t], params, variant)
    for array in (h, c, kept):
        array.flags.writeable = False
    return h[1:].transpose(1, 0, 2), c[-1], LSTMVariantCache(x_steps, h, c, LSTMGates(*kept), params, variant)


def variant_backward(dh: np.ndarray, cache: LSTMVariantCache, dc_T: np.ndarray | None = None) -> LSTMVariantGradients:
    """Carry gradients at the states back through a whole :func:`variant_forward` (chapter 04).

    Parameters
    ----------
    dh : ndarray of shape (B, T, H)
        What the loss at t alone sends to h_t. A loss on the last state has zeros everywhere else.
    cache : LSTMVariantCache
    dc_T : ndarray of shape (B, H), optional
        What the loss sends to the last cell state; nothing if it is left out.

    Returns
    -------
    LSTMVariantGradients

    Raises
    ------
    ValueError
        If `dh` or `dc_T` does not have the shape of the states.
    """
    x, h, gates, params = cache.x, cache.h, cache.gates, cache.params
    T, B, H = gates.i.shape
    require_shape("dh", dh, "batch, time, hidden", (B, T, H))
    dh_next, dc_next = np.zeros_like(h[0]), np.zeros_like(h[0]) if dc_T is None else dc_T  # (B, H) each
    require_shape("dc_T", dc_next, "batch, hidden", (B, H))
    da = np.empty((T, B, 4 * H), h.dtype)
    for t in reversed(range(T)):
        da[t], dc_next = _go_back(dh[:, t] + dh_next, dc_next, t, cache)
        dh_next = da[t] @ params.lstm.W_h.T
    summed = ((0, 1), (0, 1))  # over time and batch
    dW_x, dW_h = np.tensordot(x, da, summed), np.tensordot(h[:-1], da, summed)  # (D, 4H), (H, 4H)
    dlstm = LSTMParams(dW_x, dW_h, da.sum(axis=(0, 1)))
    dx = (da @ params.lstm.W_x.T).transpose(1, 0, 2)
    return LSTMVariantGradients(dx, dh_next, dc_next, LSTMVariantParams(dlstm, _peephole_gradients(da, cache)))


def _advance(
    a_x: np.ndarray, h_prev: np.ndarray, c_prev: np.ndarray, params: LSTMVariantParams, variant: LSTMVariant
) -> tuple[np.ndarray, np.ndarray, LSTMGates]:
    """Return h_t and c_t (B, H) and the gates, from what the input sends (B, 4H) and the states before the step."""
    a_i, a_f, a_g, a_o = np.split(a_x + h_prev @ params.lstm.W_h, 4, axis=1)  # (B, H) each
    p_i, p_f, p_o = _peepholes(params, variant)
    f = logistic(a_f + p_f * c_prev) if variant.forget_gate else np.ones_like(a_f)
    i = logistic(a_i + p_i * c_prev) if variant.input_gate else np.ones_like(a_i)
    if variant.coupled:
        i = 1 - f
    g = np.tanh(a_g)
    c_t = f * c_prev + i * g
    o = logistic(a_o + p_o * c_t) if variant.output_gate else np.ones_like(a_o)  # this peephole sees the new cell
    h_t = o * np.tanh(c_t) if variant.output_activation else o * c_t
    return h_t, c_t, LSTMGates(i, f, g, o)


def _go_back(dh_t: np.ndarray, dc_next: np.ndarray, t: int, cache: LSTMVariantCache) -> tuple[np.ndarray, np.ndarray]:
    """Return the gradients at the pre-activations of step t + 1 (B, 4H) and at the cell before it (B, H).

    A gate that is left out is 1, so its s (1 - s) is 0 and nothing reaches its parameters.
    """
    variant, c_prev, c_t = cache.variant, cache.c[t], cache.c[t + 1]
    i, f, g, o = (gate[t] for gate in cache.gates)
    p_i, p_f, p_o = _peepholes(cache.params, variant)
    shown, slope = (np.tanh(c_t), 1 - np.tanh(c_t) ** 2) if variant.output_activation else (c_t, np.ones_like(c_t))
    da_o = dh_t * shown * o * (1 - o)
    dc = dc_next + dh_t * o * slope + da_o * p_o  # now the total derivative at c_t
    da_g = dc * i * (1 - g**2)
    if variant.coupled:
        da_i, da_f = np.zeros_like(dc), dc * (c_prev - g) * f * (1 - f)
    else:
        da_i, da_f = dc * g * i * (1 - i), dc * c_prev * f * (1 - f)
    dc_prev = dc * f + da_f * p_f + da_i * p_i
    return np.concatenate([da_i, da_f, da_g, da_o], axis=1), dc_prev


def _peepholes(params: LSTMVariantParams, variant: LSTMVariant) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return p_i, p_f and p_o (H,); zeros where the variant has no peepholes."""
    if variant.peepholes and params.peepholes is not None:
        return params.peepholes
    none = np.zeros_like(params.lstm.W_h[:, 0])
    return none, none, none


def _peephole_gradients(da: np.ndarray, cache: LSTMVariantCache) -> PeepholeParams | None:
    """Return what reaches the peepholes from all steps, da (T, B, 4H); None if there are none."""
    if cache.params.peepholes is None:
        return None
    if not cache.variant.peepholes:
        return PeepholeParams(*map(np.zeros_like, cache.params.peepholes))
    da_i, da_f, _, da_o = np.split(da, 4, axis=2)  # (T, B, H) each
    seen = (da_i * cache.c[:-1], da_f * cache.c[:-1], da_o * cache.c[1:])
    return PeepholeParams(*(share.sum(axis=(0, 1)) for share in seen))


def _require_peepholes(params: LSTMVariantParams, variant: LSTMVariant, H: int) -> None:
    """Raise a ValueError if peepholes are wanted and not given, or have another size than the cell."""
    if params.peepholes is None:
        if variant.peepholes:
            raise ValueError("a variant with peepholes needs PeepholeParams, got None")
        return
    for name, array in params.peepholes._asdict().items():
        require_shape(name, array, "hidden,", (H,))
