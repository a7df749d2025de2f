"""A kernel's output stream that keeps the beginning of what a cell prints, so that nobody's memory is filled."""

from collections.abc import Callable

from ipykernel.iostream import OutStream

CHARACTERS_A_CELL = 20_000
"""A dozen screens; what comes after them is dropped where it is printed."""

CUT = f"\n[output cut after {CHARACTERS_A_CELL:,} characters]\n"


class BoundedStream(OutStream):
    """Pass on the first characters of each cell, then say once that the rest is dropped."""

    _cell: object = None
    _left = CHARACTERS_A_CELL

    @property
    def write(self) -> Callable[[str], int]:
        """Write what still fits; a program that prints too much is not stopped by it."""
        return self._write_what_fits

    @write.setter
    def write(self, _: object) -> None:
        """Refuse IPython's own ``write``, which would keep all that is printed in the history of the session."""

    def _write_what_fits(self, string: str) -> int:
        if not isinstance(string, str):
            raise TypeError(f"write() wants a str, got {type(string).__name__}")
        cell = self.parent_header.get("msg_id")
        if cell != self._cell:
            self._cell, self._left = cell, CHARACTERS_A_CELL
        if self._left >= 0:
            fits = len(string) <= self._left
            super().write(string if fits else string[: self._left] + CUT)
            self._left = self._left - len(string) if fits else -1
        return len(string)
