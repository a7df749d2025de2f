"""The penalty of Pascanu, Mikolov and Bengio: gradients should keep their length (chapter 03).

The course uses the formula of the paper, with norms that are not squared, on states after tanh. The authors' program
squares both norms. Steps at which no gradient arrives are left out, for the ratio is undefined there.

References
----------
Pascanu, Mikolov and Bengio (pascanu2013).
"""

import numpy as np

from course_lib.nn._shapes import require_axes, require_shape


def omega(delta: np.ndarray, h: np.ndarray, W_hh: np.ndarray) -> float:
    r"""Say how far gradients are from keeping their length over one step (chapter 03).

    :math:`\Omega = \sum_t (q_t - 1)^2` with :math:`q_t = \lVert u_t \rVert / \lVert \delta_t \rVert` and
    :math:`u_t = (\delta_t \odot (1 - h_t^2)) W_{hh}^\top`, for each sequence; then the mean over the batch.

    Parameters
    ----------
    delta : ndarray of shape (B, T, H)
        Total derivatives, from :func:`course_lib.nn.bptt.gradient_flow`. A step where all of them are 0 is left out.
    h : ndarray of shape (B, T, H)
        States h_1 ... h_T of a tanh network.
    W_hh : ndarray of shape (H, H)

    Returns
    -------
    float, at least 0

    Raises
    ------
    ValueError
        If a shape does not fit.
    """
    _require_shapes(delta, h, W_hh)
    delta = _lengthened(delta)
    u = (delta * (1 - h**2)) @ W_hh.T  # (B, T, H)
    size, size_before = np.linalg.norm(delta, axis=-1), np.linalg.norm(u, axis=-1)  # (B, T)
    counts = size > 0
    q = size_before[counts] / size[counts]
    return float(np.sum((q - 1) ** 2) / len(delta))


def omega_immediate_gradient(delta: np.ndarray, h: np.ndarray, W_hh: np.ndarray) -> np.ndarray:
    r"""Gradient of :func:`omega` with respect to W_hh, with `delta` and `h` held fixed (chapter 03).

    :math:`\partial^+ \Omega / \partial W_{hh} = \sum_t 2 (q_t - 1)\, (u_t / \lVert u_t \rVert)^\top
    (\delta_t \odot (1 - h_t^2)) / \lVert \delta_t \rVert`. The paper uses this immediate partial in place of the total
    derivative. A step whose :math:`u_t` is zero gives no direction and adds nothing.

    Parameters
    ----------
    delta : ndarray of shape (B, T, H)
        Total derivatives, from :func:`course_lib.nn.bptt.gradient_flow`.
    h : ndarray of shape (B, T, H)
        States h_1 ... h_T of a tanh network.
    W_hh : ndarray of shape (H, H)

    Returns
    -------
    ndarray of shape (H, H)

    Raises
    ------
    ValueError
        If a shape does not fit.
    """
    _require_shapes(delta, h, W_hh)
    delta = _lengthened(delta)
    da = delta * (1 - h**2)  # (B, T, H)
    u = da @ W_hh.T  # (B, T, H)
    size, size_before = np.linalg.norm(delta, axis=-1), np.linalg.norm(u, axis=-1)  # (B, T)
    counts = (size > 0) & (size_before > 0)
    size, size_before = size[counts, None], size_before[counts, None]  # (N, 1): one row for each step that counts
    direction = u[counts] / size_before  # (N, H)
    gradient: np.ndarray = (2 * (size_before / size - 1) * direction).T @ (da[counts] / size) / len(delta)  # (H, H)
    return gradient


def _lengthened(delta: np.ndarray) -> np.ndarray:
    """Give the largest entry of every step of `delta` (B, T, H) a size from 1/2 to 1; a step of zeros stays.

    Ratios of lengths stay as they are, and the square of a short entry does not become 0. Powers of two round nothing.
    """
    _, exponent = np.frexp(np.abs(delta).max(axis=-1, keepdims=True, initial=0))  # (B, T, 1)
    lengthened: np.ndarray = np.ldexp(delta, -exponent)
    return lengthened


def _require_shapes(delta: np.ndarray, h: np.ndarray, W_hh: np.ndarray) -> None:
    """Raise a ValueError unless all three arrays fit each other."""
    require_axes("h", h, "batch, time, hidden", 3)
    H = h.shape[-1]
    require_shape("delta", delta, "batch, time, hidden", h.shape)
    require_shape("W_hh", W_hh, "hidden, hidden", (H, H))
