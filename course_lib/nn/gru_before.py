"""The GRU that resets before the matrix product, forward beside backward (chapter 05).

The candidate is tanh(x_t W_xn + (r_t h_{t-1}) W_hn + b_n): the reset gate works on the state itself, so a step needs a
second product that waits for the first. Everything else is as in :mod:`course_lib.nn.gru`; ``gates.q`` is r_t h_{t-1}.
"""

import numpy as np

from course_lib.nn._shapes import require_axes, require_cell_inputs, require_shape
from course_lib.nn.gru import GRUCache, GRUGates, GRUGradients, GRUStepGradients
from course_lib.nn.logistic import logistic
from course_lib.params import GRUBeforeParams


def gru_before_step(x_t: np.ndarray, h_prev: np.ndarray, params: GRUBeforeParams) -> tuple[np.ndarray, GRUGates]:
    r"""Advance a reset-before GRU by one time step (chapter 05).

    Parameters
    ----------
    x_t : ndarray of shape (B, D)
    h_prev : ndarray of shape (B, H)
        State before the step; zeros at the start of a sequence.
    params : GRUBeforeParams

    Returns
    -------
    h_t : ndarray of shape (B, H)
        :math:`(1 - z_t) \odot n_t + z_t \odot h_{t-1}`.
    gates : GRUGates of ndarray of shape (B, H)
        What :func:`gru_before_step_backward` needs.

    Raises
    ------
    ValueError
        If a shape does not fit.
    """
    _require_step_shapes(x_t, h_prev, params)
    return _advance(x_t @ params.W_x + params.b, h_prev, params.W_h)


def gru_before_step_backward(
    dh_t: np.ndarray, x_t: np.ndarray, h_prev: np.ndarray, gates: GRUGates, params: GRUBeforeParams
) -> GRUStepGradients[GRUBeforeParams]:
    """Carry the gradient at h_t back through one :func:`gru_before_step` (chapter 05).

    Parameters
    ----------
    dh_t : ndarray of shape (B, H)
        Total derivative: what the loss at t and step t + 1 send to h_t, added.
    x_t : ndarray of shape (B, D)
    h_prev : ndarray of shape (B, H)
    gates : GRUGates of ndarray of shape (B, H)
        What :func:`gru_before_step` returned.
    params : GRUBeforeParams

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
    W_x, W_h, _ = params
    H = len(W_h)
    da_t, dh_prev = _go_back(dh_t, h_prev, gates, W_h)  # (B, 3H), (B, H)
    dW_h = np.concatenate([h_prev.T @ da_t[:, : 2 * H], gates.q.T @ da_t[:, 2 * H :]], axis=1)  # q is what W_hn met
    dparams = GRUBeforeParams(x_t.T @ da_t, dW_h, da_t.sum(axis=0))
    return GRUStepGradients(da_t @ W_x.T, dh_prev, dparams)


def gru_before_forward(
    x: np.ndarray, h_0: np.ndarray, params: GRUBeforeParams
) -> tuple[np.ndarray, GRUCache[GRUBeforeParams]]:
    """Run a reset-before GRU over whole sequences: :func:`gru_before_step` for t = 1 ... T (chapter 05).

    Parameters
    ----------
    x : ndarray of shape (B, T, D)
    h_0 : ndarray of shape (B, H)
    params : GRUBeforeParams

    Returns
    -------
    h : ndarray of shape (B, T, H)
        ``h[:, t - 1]`` is h_t. Read-only, because the backward pass needs it: copy it to change it.
    cache : GRUCache
        For :func:`gru_before_backward`, and to look at the gates.

    Raises
    ------
    ValueError
        If a shape does not fit.
    """
    require_axes("x", x, "batch, time, input", 3)
    H = require_cell_inputs(x, {"h_0": h_0}, params, GRUBeforeParams)
    B, T, _ = x.shape
    dtype = np.result_type(x, h_0, *params, np.float32)
    x_steps = x.transpose(1, 0, 2).astype(dtype)  # (T, B, D)
    a_x = x_steps @ params.W_x + params.b  # (T, B, 3H): the share of the pre-activations that needs no h
    h, kept = np.empty((T + 1, B, H), dtype), np.empty((4, T, B, H), dtype)
    h[0] = h_0
    for t in range(T):
        h[t + 1], kept[:, t] = _advance(a_x[t], h[t], params.W_h)
    h.flags.writeable = kept.flags.writeable = False
    return h[1:].transpose(1, 0, 2), GRUCache(x_steps, h, GRUGates(*kept), params)


def gru_before_backward(dh: np.ndarray, cache: GRUCache[GRUBeforeParams]) -> GRUGradients[GRUBeforeParams]:
    """Carry gradients at the states back through a whole :func:`gru_before_forward` (chapter 05).

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
    x, h, gates, (W_x, W_h, _) = cache
    T, B, H = gates.r.shape
    require_shape("dh", dh, "batch, time, hidden", (B, T, H))
    da = np.empty((T, B, 3 * H), h.dtype)
    dh_next = np.zeros_like(h[0])  # (B, H): nothing follows step T
    for t in reversed(range(T)):
        da[t], dh_next = _go_back(dh[:, t] + dh_next, h[t], GRUGates(*(gate[t] for gate in gates)), W_h)
    summed = ((0, 1), (0, 1))  # over time and batch
    dW_h_rz = np.tensordot(h[:-1], da[..., : 2 * H], summed)  # (H, 2H)
    dW_hn = np.tensordot(gates.q, da[..., 2 * H :], summed)  # (H, H): q is what W_hn met
    dparams = GRUBeforeParams(
        np.tensordot(x, da, summed), np.concatenate([dW_h_rz, dW_hn], axis=1), da.sum(axis=(0, 1))
    )
    return GRUGradients((da @ W_x.T).transpose(1, 0, 2), dh_next, dparams)


def _advance(a_x: np.ndarray, h_prev: np.ndarray, W_h: np.ndarray) -> tuple[np.ndarray, GRUGates]:
    """Return h_t (B, H) and the gates, from what the input sends (B, 3H) and the state before the step (B, H)."""
    H = len(W_h)
    a_r, a_z = np.split(a_x[:, : 2 * H] + h_prev @ W_h[:, : 2 * H], 2, axis=1)  # (B, H) each
    r, z = logistic(a_r), logistic(a_z)
    q = r * h_prev  # the reset comes before the product with W_h
    n = np.tanh(a_x[:, 2 * H :] + q @ W_h[:, 2 * H :])
    return (1 - z) * n + z * h_prev, GRUGates(r, z, n, q)


def _go_back(dh_t: np.ndarray, h_prev: np.ndarray, gates: GRUGates, W_h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the gradients at the pre-activations (B, 3H) and at the state before the step (B, H)."""
    r, z, n, _ = gates
    H = len(W_h)
    da_n = dh_t * (1 - z) * (1 - n**2)  # (B, H)
    da_z = dh_t * (h_prev - n) * z * (1 - z)
    dq = da_n @ W_h[:, 2 * H :].T
    da_r = dq * h_prev * r * (1 - r)
    da_rz = np.concatenate([da_r, da_z], axis=1)  # (B, 2H)
    dh_prev = dh_t * z + da_rz @ W_h[:, : 2 * H].T + dq * r  # four paths: past the candidate, z, r and q
    return np.concatenate([da_rz, da_n], axis=1), dh_prev


def _require_step_shapes(x_t: np.ndarray, h_prev: np.ndarray, params: GRUBeforeParams) -> None:
    """Raise a ValueError if the inputs of one step do not fit each other."""
    require_axes("x_t", x_t, "batch, input", 2)
    require_cell_inputs(x_t, {"h_prev": h_prev}, params, GRUBeforeParams)
