"""Numeric gradients, to check the ones written by hand (chapter 00).

Nothing here knows any layer, so an exercise may use it.

    dW = linear_backward(dy, x, W).dW
    n = numeric_gradient(lambda W: loss(linear(x, W, b)), W)
    relative_error(dW, n)  # about 1e-9 when right, above 1e-3 when wrong
"""

from collections.abc import Callable

import numpy as np


def numeric_gradient(f: Callable[[np.ndarray], float], x: np.ndarray, h: float = 1e-5) -> np.ndarray:
    r"""Gradient of a scalar function by central differences (chapter 00).

    Each element costs two calls of `f`. The error is about :math:`h^2 |f'''| / 6 + \varepsilon |f| / h`: too
    large an h bends the line, too small an h drowns in rounding.

    Parameters
    ----------
    f : callable
        Takes an array of the shape of `x` and returns one number.
    x : ndarray of any shape
        Where to take the gradient. It is not changed; `f` gets float64 copies.
    h : float, above 0
        Half the distance between the two points.

    Returns
    -------
    ndarray of float64 of the shape of x
        :math:`(f(x + h e_i) - f(x - h e_i)) / 2h` for every element i.

    Raises
    ------
    ValueError
        If `h` is not above 0 or `f` does not return one number.
    """
    if not h > 0:
        raise ValueError(f"h must be above 0, got {h}")
    gradient = np.zeros(np.shape(x))
    for index in np.ndindex(gradient.shape):
        above, below = np.array(x, np.float64), np.array(x, np.float64)
        above[index] += h
        below[index] -= h
        gradient[index] = (_number(f(above)) - _number(f(below))) / (2 * h)
    return gradient


def relative_error(a: np.ndarray, n: np.ndarray) -> float:
    r"""Distance between two gradients relative to their size (chapter 00).

    Parameters
    ----------
    a : ndarray of any shape
        Written by hand.
    n : ndarray of the same shape
        Numeric.

    Returns
    -------
    float, in [0, 1]
        :math:`\lVert a - n \rVert / (\lVert a \rVert + \lVert n \rVert)` over all elements; 0 if both are zero.
        Not a number if an element is.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    if np.shape(a) != np.shape(n):
        raise ValueError(f"n must have the shape of a, {np.shape(a)}, got {np.shape(n)}")
    difference, size = np.subtract(a, n, dtype=np.float64), np.linalg.norm(np.ravel(a)) + np.linalg.norm(np.ravel(n))
    return float(np.linalg.norm(difference.ravel()) / size) if size != 0 else 0.0


def _number(value: float) -> float:
    """Return `value` as a float, or raise a ValueError if it is not one number."""
    if np.size(value) != 1:
        raise ValueError(f"f must return one number, got shape {np.shape(value)}")
    return float(np.reshape(value, ()))
