"""The linear layer, forward beside backward (chapter 00).

Every other backward pass of the course is these three products repeated.
"""

from typing import NamedTuple

import numpy as np

from course_lib.nn._shapes import require_axes, require_shape


class LinearGradients(NamedTuple):
    """What :func:`linear_backward` returns, in the order of the arguments of :func:`linear`.

    Attributes
    ----------
    dx : ndarray of shape (..., D)
    dW : ndarray of shape (D, O)
    db : ndarray of shape (O,)
    """

    dx: np.ndarray
    dW: np.ndarray
    db: np.ndarray


def linear(x: np.ndarray, W: np.ndarray, b: np.ndarray) -> np.ndarray:
    r"""Map every row of `x` from D numbers to O: :math:`y = x W + b` (chapter 00; eq. 1.4 is one).

    Parameters
    ----------
    x : ndarray of shape (..., D)
        Any number of leading axes, such as (batch, time, hidden).
    W : ndarray of shape (D, O)
    b : ndarray of shape (O,)

    Returns
    -------
    ndarray of shape (..., O)

    Raises
    ------
    ValueError
        If a shape does not fit.
    """
    require_axes("W", W, "input, output", 2)
    require_shape("x", x, "..., input", (*x.shape[:-1], W.shape[0]))
    require_shape("b", b, "output,", W.shape[1:])
    y: np.ndarray = x @ W + b  # (..., O)
    return y


def linear_backward(dy: np.ndarray, x: np.ndarray, W: np.ndarray) -> LinearGradients:
    r"""Carry the gradient at the output of :func:`linear` back to its arguments (chapter 00).

    :math:`\mathrm dx = \mathrm dy\,W^\top`, :math:`\mathrm dW = x^\top \mathrm dy` and
    :math:`\mathrm db = \sum \mathrm dy`, both summed over all rows: every row used the same W and b.

    Parameters
    ----------
    dy : ndarray of shape (..., O)
    x : ndarray of shape (..., D)
        The input that :func:`linear` was given.
    W : ndarray of shape (D, O)

    Returns
    -------
    LinearGradients

    Raises
    ------
    ValueError
        If a shape does not fit.
    """
    require_axes("W", W, "input, output", 2)
    require_shape("x", x, "..., input", (*x.shape[:-1], W.shape[0]))
    require_shape("dy", dy, "..., output", (*x.shape[:-1], W.shape[1]))
    x_rows, dy_rows = x.reshape(-1, W.shape[0]), dy.reshape(-1, W.shape[1])  # (N, D), (N, O)
    dx = dy @ W.T  # (..., D)
    dW = x_rows.T @ dy_rows  # (D, O)
    db = dy_rows.sum(axis=0)  # (O,)
    return LinearGradients(dx, dW, db)
