"""The embedding, a table of rows that are looked up by number, forward beside backward (chapter 00)."""

import numpy as np

from course_lib.nn._shapes import require_axes, require_shape


def embed(ids: np.ndarray, E: np.ndarray) -> np.ndarray:
    r"""Look up one row of a table for every id: :math:`x = E[\text{ids}]` (chapter 00).

    The result equals the product of one-hot rows with `E`, without the rows and without the product.

    Parameters
    ----------
    ids : ndarray of int of shape (...), values in 0 ... V - 1
        Such as (batch, time).
    E : ndarray of shape (V, D)
        One row a symbol.

    Returns
    -------
    ndarray of shape (..., D)

    Raises
    ------
    ValueError
        If `E` is not a table or an id is not one of its rows.
    """
    require_axes("E", E, "vocabulary, input", 2)
    _require_ids(ids, len(E))
    x: np.ndarray = E[ids]  # (..., D), a copy
    return x


def embed_backward(dx: np.ndarray, ids: np.ndarray, V: int) -> np.ndarray:
    r"""Carry the gradient at the output of :func:`embed` back to its table (eq. 0.5).

    A row that was looked up several times gets the sum of what arrives at all its places: ``np.add.at`` adds place
    by place.

    Parameters
    ----------
    dx : ndarray of shape (..., D)
    ids : ndarray of int of shape (...), values in 0 ... V - 1
        What :func:`embed` was given.
    V : int
        Rows of the table.

    Returns
    -------
    ndarray of shape (V, D)
        Zeros in the rows that no id names.

    Raises
    ------
    ValueError
        If the shapes do not fit or an id is not in 0 ... V - 1.
    """
    _require_ids(ids, V)
    D = dx.shape[-1] if np.ndim(dx) else 0
    require_shape("dx", dx, "the shape of ids, input", (*ids.shape, D))
    dE = np.zeros((V, D), dx.dtype)
    np.add.at(dE, ids, dx)
    return dE


def _require_ids(ids: np.ndarray, V: int) -> None:
    """Raise a ValueError unless every id names one of `V` rows; NumPy would count negative ones from the end."""
    if not np.issubdtype(np.asarray(ids).dtype, np.integer):
        raise ValueError(f"ids must hold integers, got {np.asarray(ids).dtype}")
    outside = ids[(ids < 0) | (ids >= V)]
    if outside.size:
        raise ValueError(f"ids must be in 0 ... {V - 1}, got {outside[0]}")
