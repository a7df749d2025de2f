r"""Numbers that say whether gradients vanish or explode (chapter 03).

Row convention: a small change d of :math:`h_{t-1}` becomes :math:`d J_t` at :math:`h_t`, and a gradient goes back as
:math:`\delta_t J_t^\top`, with :math:`J_t = W_{hh}\,\mathrm{diag}(1 - h_t^2)`.
"""

import numpy as np

from course_lib.nn._shapes import require_axes, require_shape


def spectral_radius(W: np.ndarray) -> float:
    r"""Largest absolute value of an eigenvalue, :math:`\rho(W)` (chapter 03).

    It decides what :math:`\lVert W^n \rVert` does in the end, and nothing before.

    Parameters
    ----------
    W : ndarray of shape (H, H)

    Returns
    -------
    float, at least 0 and at most :func:`largest_singular_value`

    Raises
    ------
    ValueError
        If `W` is not square.
    """
    _require_square("W", W)
    return float(np.abs(np.linalg.eigvals(W)).max())


def largest_singular_value(W: np.ndarray) -> float:
    r"""Largest factor by which one product with `W` can lengthen a row, :math:`\sigma_{\max}(W)` (chapter 03).

    Parameters
    ----------
    W : ndarray of shape (H, O)

    Returns
    -------
    float, at least 0

    Raises
    ------
    ValueError
        If `W` is not a matrix.
    """
    require_axes("W", W, "rows, columns", 2)
    return float(np.linalg.norm(W, 2))


def rescale_to_radius(W: np.ndarray, rho: float) -> np.ndarray:
    r"""Multiply `W` by the number that gives it the spectral radius `rho` (chapter 03).

    Parameters
    ----------
    W : ndarray of shape (H, H)
        With an eigenvalue that is not 0 up to rounding.
    rho : float, at least 0

    Returns
    -------
    ndarray of shape (H, H)
        :math:`W \rho / \rho(W)`.

    Raises
    ------
    ValueError
        If `W` is not square, its spectral radius is 0 up to rounding, or `rho` is negative or not finite.
    """
    if not 0 <= rho < np.inf:
        raise ValueError(f"rho must be finite and at least 0, got {rho}")
    radius = spectral_radius(W)
    rounding = len(W) * np.finfo(np.result_type(W, np.float32)).eps * largest_singular_value(W)
    if radius <= rounding:
        raise ValueError(f"W must have a spectral radius above {rounding:.2g}, its rounding error, got {radius:.2g}")
    return W * (rho / radius)


def jacobian(h_t: np.ndarray, W_hh: np.ndarray) -> np.ndarray:
    r"""Jacobian of one step of a tanh RNN, one for each sequence (chapter 03).

    Parameters
    ----------
    h_t : ndarray of shape (B, H)
        The state after the step: tanh' is taken there, not at the state before it.
    W_hh : ndarray of shape (H, H)

    Returns
    -------
    ndarray of shape (B, H, H)
        :math:`J_t = W_{hh}\,\mathrm{diag}(1 - h_t^2)`; element (b, i, j) is
        :math:`\partial h_{t,j} / \partial h_{t-1,i}`.

    Raises
    ------
    ValueError
        If a shape does not fit.
    """
    _require_square("W_hh", W_hh)
    require_axes("h_t", h_t, "batch, hidden", 2)
    require_shape("h_t", h_t, "batch, hidden", (len(h_t), len(W_hh)))
    J: np.ndarray = W_hh * (1 - h_t**2)[:, None, :]  # (B, H, H): column j times the slope of unit j
    return J


def jacobian_product(h: np.ndarray, W_hh: np.ndarray, k: int, t: int) -> np.ndarray:
    r"""Differentiate a late state of a tanh RNN by an early one, once for each sequence (chapter 03).

    Parameters
    ----------
    h : ndarray of shape (B, T, H)
        What :func:`course_lib.nn.rnn.rnn_forward` returned.
    W_hh : ndarray of shape (H, H)
    k, t : int, 0 <= k <= t <= T
        From h_k to h_t; k = 0 is the initial state.

    Returns
    -------
    ndarray of shape (B, H, H)
        :math:`\partial h_t / \partial h_k = J_{k+1} J_{k+2} \cdots J_t`: t - k factors, the identity if k = t.

    Raises
    ------
    ValueError
        If a shape does not fit or the steps are not in order.
    """
    _require_square("W_hh", W_hh)
    require_axes("h", h, "batch, time, hidden", 3)
    B, T, H = h.shape  # batch, time steps, hidden size
    require_shape("h", h, "batch, time, hidden", (B, T, len(W_hh)))
    if not 0 <= k <= t <= T:
        raise ValueError(f"k and t must satisfy 0 <= k <= t <= {T}, got k = {k} and t = {t}")
    product = np.tile(np.eye(H, dtype=h.dtype), (B, 1, 1))  # (B, H, H)
    for step in range(k + 1, t + 1):
        product = product @ jacobian(h[:, step - 1], W_hh)
    return product


def growth(W: np.ndarray, n: int) -> np.ndarray:
    r"""Largest singular values of the first `n` powers of `W` (chapter 03).

    What a linear network does to the most lengthened gradient over 1 ... n steps.

    Parameters
    ----------
    W : ndarray of shape (H, H)
    n : int, at least 1

    Returns
    -------
    ndarray of shape (n,)
        :math:`\lVert W \rVert, \lVert W^2 \rVert, \ldots, \lVert W^n \rVert`.

    Raises
    ------
    ValueError
        If `W` is not square or `n` is below 1.
    """
    _require_square("W", W)
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    power, norms = np.eye(len(W)), np.empty(n)
    for i in range(n):
        power = power @ W
        norms[i] = largest_singular_value(power)
    return norms


def _require_square(name: str, W: np.ndarray) -> None:
    """Raise a ValueError unless `W` is a matrix with as many rows as columns, and at least one."""
    require_axes(name, W, "hidden, hidden", 2)
    H = max(W.shape[0], 1)
    require_shape(name, W, "hidden, hidden", (H, H))
