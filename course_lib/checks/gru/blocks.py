"""Judge some arrays, or some of the three blocks in them, apart from the rest."""

from dataclasses import dataclass

import numpy as np

from course_lib.checks.plain import Plain
from course_lib.checks.returns import Array, Fault, Several

BLOCKS = "rzn"
"""Names of the blocks, in their order from left to right."""


@dataclass(frozen=True)
class Blocks:
    """What a part is judged by: some of several arrays, and of these all blocks or some.

    Parameters
    ----------
    several : Several
        All that is returned.
    judged : dict of str to str
        By the name of an array the letters of its blocks that count; an empty string where it has no blocks.
    """

    several: Several
    judged: dict[str, str]

    def fault(self, value: Plain, expected: tuple[np.ndarray, ...]) -> Fault | None:
        """Look at the length of the tuple, then at each array and block that counts."""
        if fault := self.several.length_fault(value):
            return fault
        for name, letters in self.judged.items():
            position, item = self._item(name)
            for letter in letters or [""]:
                mine = with_others_right(value[position], expected[position], letter)
                if fault := item.fault(mine, expected[position]):
                    where = f"; this is in block {letter}" if letter and fault.kind in {"value", "nan"} else ""
                    return Fault(fault.kind, fault.sentence + where)
        return None

    def of(self, value: Plain) -> Plain:
        """Take what counts out of a tuple of the right length; mark anything else, for it is no such value."""
        if self.several.length_fault(value):
            return ("no such value", value)
        return tuple(only(value[self._item(name)[0]], letters) for name, letters in self.judged.items())

    def _item(self, name: str) -> tuple[int, Array]:
        (found,) = [(at, item) for at, item in enumerate(self.several.items) if item.name == name]
        position, item = found
        assert isinstance(item, Array)
        return position, item


def columns_of(letters: str, width: int) -> np.ndarray:
    """Mark the columns of these blocks among so many."""
    return np.isin(np.arange(width) // (width // len(BLOCKS)), [BLOCKS.index(letter) for letter in letters])


def with_others_right(mine: Plain, right: np.ndarray, letter: str) -> Plain:
    """Make the other blocks right, so that an element is named by its place in the whole array."""
    if not letter or not isinstance(mine, np.ndarray) or (mine.shape, mine.dtype) != (right.shape, right.dtype):
        return mine
    return np.where(columns_of(letter, right.shape[-1]), mine, right)


def only(mine: Plain, letters: str) -> Plain:
    """Return these blocks of an array; a value that has no three blocks as it is."""
    if not letters or not isinstance(mine, np.ndarray) or not mine.size or mine.shape[-1] % len(BLOCKS):
        return mine
    return mine[..., columns_of(letters, mine.shape[-1])]
