"""Batches of rows drawn at random, in the form :func:`course_lib.training.train` takes (chapter 01)."""

from collections.abc import Callable, Sequence

import numpy as np

Arrays = tuple[np.ndarray, ...]


def random_batches(*sets: Sequence[np.ndarray], size: int = 32) -> Callable[[np.random.Generator], Arrays]:
    """Return a function that picks one of ``sets`` and draws ``size`` of its rows, with repetition.

    Several sets let every batch hold sequences of one length, so that nothing has to be padded.

    Parameters
    ----------
    *sets : sequences of ndarrays of equal first axis
        Such as ``(x, y)`` with x (N, T, D) and y (N,).
    size : int

    Returns
    -------
    callable
        Takes a random generator, returns one array of ``size`` rows for each array of the set.

    Raises
    ------
    ValueError
        If no set is given or the arrays of a set differ in their first axis.
    """
    if not sets:
        raise ValueError("sets must hold at least one set of arrays, got none")
    for arrays in sets:
        lengths = {len(array) for array in arrays}
        if len(lengths) != 1:
            raise ValueError(f"arrays of a set must have one length, got {sorted(lengths)}")

    def draw(rng: np.random.Generator) -> Arrays:
        arrays = sets[rng.integers(len(sets))]
        rows = rng.integers(len(arrays[0]), size=size)
        return tuple(array[rows] for array in arrays)

    return draw
