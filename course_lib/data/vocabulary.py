"""From text to numbers: tokens to ids, ids to one-hot rows (chapter 01)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class Vocabulary:
    """A fixed list of symbols and the way back and forth between a symbol and its place in the list.

    Examples
    --------
    >>> words = Vocabulary(("not", "tired", "hungry"))
    >>> words.ids(["tired", "not"])
    array([1, 0])
    >>> words.tokens([2, 0])
    ['hungry', 'not']
    """

    symbols: tuple[str, ...]

    @classmethod
    def of(cls, sequences: Iterable[Sequence[str]], first: Sequence[str] = ()) -> "Vocabulary":
        """Collect every token of ``sequences`` in sorted order, after the symbols in ``first``."""
        found = {token for sequence in sequences for token in sequence}
        return cls((*first, *sorted(found.difference(first))))

    def __len__(self) -> int:
        return len(self.symbols)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {symbol: place for place, symbol in enumerate(self.symbols)}

    def ids(self, tokens: Sequence[str]) -> np.ndarray:
        """Return the place of every token, an integer array of shape (T,).

        Raises
        ------
        ValueError
            If a token is not in the vocabulary.
        """
        unknown = [token for token in tokens if token not in self._places]
        if unknown:
            raise ValueError(f"token must be one of the {len(self)} symbols, got {unknown[0]!r}")
        return np.array([self._places[token] for token in tokens], dtype=np.int64)

    def tokens(self, ids: Sequence[int] | np.ndarray) -> list[str]:
        """Return the symbols at the places ``ids`` of shape (T,)."""
        return [self.symbols[place] for place in ids]


def one_hot(ids: np.ndarray, size: int) -> np.ndarray:
    """Turn ids of shape (...) into rows of zeros with a single 1, shape (..., size).

    Raises
    ------
    ValueError
        If an id lies outside 0 to ``size`` - 1.

    Examples
    --------
    >>> one_hot(np.array([2, 0]), 3)
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    ids = np.asarray(ids)
    if ids.size and not 0 <= ids.min() <= ids.max() < size:
        raise ValueError(f"ids must lie in 0..{size - 1}, got {ids.min()}..{ids.max()}")
    return np.eye(size)[ids]


def bag_of_words(ids: np.ndarray, size: int) -> np.ndarray:
    """Count every symbol of ids (B, T) and forget the order, shape (B, size)."""
    return one_hot(ids, size).sum(axis=-2)


def pad(sequences: Sequence[np.ndarray], length: int, fill: int, side: str = "right") -> np.ndarray:
    """Bring id sequences of different lengths to one array of shape (B, length).

    Parameters
    ----------
    sequences : sequence of ndarrays of shape (T_b,), each T_b at most ``length``
    length : int
    fill : int
        The id that stands where nothing is.
    side : {"right", "left"}
        Where ``fill`` goes: behind the sequence or in front of it.

    Raises
    ------
    ValueError
        If a sequence is longer than ``length`` or ``side`` is neither name.
    """
    if side not in ("right", "left"):
        raise ValueError(f"side must be 'right' or 'left', got {side!r}")
    longest = max(map(len, sequences))
    if longest > length:
        raise ValueError(f"sequences must be at most {length} long, got {longest}")
    padded = np.full((len(sequences), length), fill, dtype=np.int64)
    for row, ids in zip(padded, sequences, strict=True):
        row[slice(0, len(ids)) if side == "right" else slice(length - len(ids), length)] = ids
    return padded
