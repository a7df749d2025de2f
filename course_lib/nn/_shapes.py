"""Refuse arrays of the wrong shape before broadcasting hides the mistake."""

import numpy as np


def require_shape(name: str, array: np.ndarray, axes: str, wanted: tuple[int, ...]) -> None:
    """Raise a ValueError unless `array` has exactly the shape `wanted`.

    Parameters
    ----------
    name : str
        What the caller calls the array.
    array : ndarray of any shape
    axes : str
        The meaning of the axes, such as ``"batch, hidden"``.
    wanted : tuple of int

    Raises
    ------
    ValueError
        With both shapes: ``h_0 must be (batch, hidden) = (4, 5), got (5, 4)``.
    """
    if np.shape(array) != wanted:
        raise ValueError(f"{name} must be ({axes}) = {wanted}, got {np.shape(array)}")


def require_axes(name: str, array: np.ndarray, axes: str, count: int) -> None:
    """Raise a ValueError unless `array` has `count` axes, whatever their lengths.

    Parameters
    ----------
    name : str
        What the caller calls the array.
    array : ndarray of any shape
    axes : str
        The meaning of the axes, such as ``"batch, time, input"``.
    count : int

    Raises
    ------
    ValueError
        With the axes and the shape: ``x must be (batch, time, input), got shape (4, 3)``.
    """
    if np.ndim(array) != count:
        raise ValueError(f"{name} must be ({axes}), got shape {np.shape(array)}")
