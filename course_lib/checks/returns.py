"""What an answer must return, and the first thing that is wrong with what it did return.

Each kind has ``fault(value, expected)``: None when the value is right, else a :class:`Fault` whose sentence
names what was wanted and what was got. ``expected`` comes from the oracle and carries the exact shape.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from course_lib.checks.plain import Foreign, Plain, with_article

RTOL, ATOL = 1e-9, 1e-12
DIGITS = (4, 8, 16)
NEAR = 1e-4
"""Part of the largest value by which numbers may differ and still be called nearly right."""


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: its kind and a sentence."""

    kind: str
    sentence: str


class Returns(Protocol):
    """A kind of return value."""

    def fault(self, value: Plain, expected: Plain) -> Fault | None:
        """Return the first fault of the value, or None."""


class Judge(Returns, Protocol):
    """Something that decides about a part of what is returned, or about its properties."""

    def of(self, value: Plain) -> Plain:
        """Reduce the value to what tells one mistake from another."""


@dataclass(frozen=True)
class Array:
    """A float64 NumPy array.

    Parameters
    ----------
    name : str
        What messages call it.
    shape : str
        Letters of the notation, such as ``"(B, T, H)"``.
    between : tuple of float, optional
        Open interval in which every value must lie.
    of_norm : float
        Every element may be off by this part of the array's norm: for numeric results, whose small elements carry the
        rounding of the large ones.
    """

    name: str
    shape: str
    between: tuple[float, float] | None = None
    of_norm: float = 0.0

    def fault(self, value: Plain, expected: np.ndarray) -> Fault | None:
        """Look at type, shape, dtype, NaN and values, in this order."""
        if not isinstance(value, np.ndarray):
            return Fault("type", f"{self.name} must be a NumPy array of shape {self.shape}, got {in_words(value)}")
        if value.shape != expected.shape:
            return Fault("shape", f"{self.name} has shape {value.shape}, wanted {self.shape} = {expected.shape}")
        if value.dtype != expected.dtype:
            found, wanted = value.dtype, expected.dtype
            return Fault("dtype", f"{self.name} holds {found} numbers, wanted {wanted}: look for {found} in your code")
        return self._value_fault(value, expected)

    def _value_fault(self, value: np.ndarray, expected: np.ndarray) -> Fault | None:
        if not np.isfinite(value).all():
            index = _index(~np.isfinite(value))
            return Fault("nan", f"{self.name}{_at(index)} is {value[index]}, expected {_digits(expected[index], 4)}")
        wrong = ~np.isclose(value, expected, rtol=RTOL, atol=ATOL + self.of_norm * np.linalg.norm(expected))
        if not wrong.any():
            return None
        sentence = _difference(self.name, _index(wrong), value, expected)
        sentence += f" ({wrong.sum()} of {wrong.size} values differ)" if wrong.size > 1 else ""
        sentence += _nearly(value, expected)
        if self.between and not ((value > self.between[0]) & (value < self.between[1])).all():
            sentence += f"; all must lie between {self.between[0]:g} and {self.between[1]:g}"
        return Fault("value", sentence)


@dataclass(frozen=True)
class Number:
    """One real number; NumPy scalars and arrays without axes come as Python numbers."""

    name: str

    def fault(self, value: Plain, expected: float) -> Fault | None:
        """Look at the type, NaN and the value."""
        if not isinstance(value, int | float) or isinstance(value, bool):
            return Fault("type", f"{self.name} must be a number, got {in_words(value)}")
        if not np.isfinite(value):
            return Fault("nan", f"{self.name} is {value}, expected {_digits(expected, 4)}")
        if not np.isclose(value, expected, rtol=RTOL, atol=ATOL):
            numbers = np.array(value), np.array(expected)
            return Fault("value", _difference(self.name, (), *numbers) + _nearly(*numbers))
        return None


@dataclass(frozen=True)
class Rounded:
    """Several numbers worked out by hand, right to so many decimals."""

    names: tuple[str, ...]
    decimals: int = 4

    def fault(self, value: Plain, expected: tuple[float, ...]) -> Fault | None:
        """Look at the number of values and at each of them, first the first."""
        wanted = f"({', '.join(self.names)})"
        if isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind in "iuf":
            value = tuple(value.astype(float).tolist())
        if not isinstance(value, tuple | list) or len(value) != len(self.names):
            return Fault("type", f"return the {len(self.names)} numbers {wanted}, got {in_words(value)}")
        for name, mine, right in zip(self.names, value, expected, strict=True):
            if not isinstance(mine, int | float) or isinstance(mine, bool):
                return Fault("type", f"{name} must be a number, got {in_words(mine)}")
            if not abs(mine - right) <= 0.6 * 10**-self.decimals:
                return Fault("value", f"{name}: yours {_digits(mine, 6)}, not right to {self.decimals} decimals")
        return None


@dataclass(frozen=True)
class Ids:
    """Integers, such as symbol ids: one of them, or a list, tuple or array of them.

    ``shape`` is ``"()"`` for a single integer.
    """

    name: str
    shape: str

    def fault(self, value: Plain, expected: Plain) -> Fault | None:
        """Look at the type, the length and the values."""
        target = np.asarray(expected)
        ids = np.asarray(value) if _holds_integers(value) else None
        if ids is None or (ids.ndim == 0) != (target.ndim == 0):
            wanted = "one integer" if target.ndim == 0 else f"integers of shape {self.shape}"
            return Fault("type", f"{self.name} must be {wanted}, got {in_words(value)}")
        if ids.shape != target.shape:
            return Fault("shape", f"{self.name} has shape {ids.shape}, wanted {self.shape} = {target.shape}")
        wrong = ids != target
        if not wrong.any():
            return None
        index = _index(wrong)
        return Fault("value", f"{self.name}{_at(index)}: yours {ids[index]}, expected {target[index]}")


@dataclass(frozen=True)
class Several:
    """A tuple of values, in order.

    Parameters
    ----------
    items : tuple
        Kinds of the values; one of them may be several values itself, such as the arrays of ``RNNParams``.
    name : str, optional
        What messages call it where it is one of several values.
    """

    items: tuple["Array | Number | Ids | Several", ...]
    name: str = ""

    def fault(self, value: Plain, expected: tuple[Plain, ...]) -> Fault | None:
        """Look at the length of the tuple, then at each item."""
        if fault := self.length_fault(value):
            return fault
        for item, mine, right in zip(self.items, value, expected, strict=True):
            if fault := item.fault(mine, right):
                return fault
        return None

    def only(self, name: str) -> "Only":
        """Return the judge of the one item of this name, which may be an item of an item."""
        (path,) = self._paths_to(name)
        return Only(path, self)

    def _paths_to(self, name: str) -> Iterator[tuple[int, ...]]:
        for position, item in enumerate(self.items):
            if item.name == name:
                yield (position,)
            elif isinstance(item, Several):
                yield from ((position, *path) for path in item._paths_to(name))

    def length_fault(self, value: Plain) -> Fault | None:
        """Look at whether so many values were returned."""
        if isinstance(value, tuple | list) and len(value) == len(self.items):
            return None
        names = ", ".join(item.name for item in self.items)
        wanted = f"{self.name} must hold" if self.name else "return"
        return Fault("type", f"{wanted} the {len(self.items)} values ({names}), got {in_words(value)}")


@dataclass(frozen=True)
class Only:
    """One of several values: what a part of an exercise is judged by, whatever the others are.

    Parameters
    ----------
    path : tuple of int
        Its position, after that of the item that holds it where it stands deeper.
    several : Several
    """

    path: tuple[int, ...]
    several: Several

    def fault(self, value: Plain, expected: Any) -> Fault | None:
        """Look at the length of the tuple, then at the one item."""
        item: Array | Number | Ids | Several = self.several
        for position in self.path:
            assert isinstance(item, Several)
            if fault := item.length_fault(value):
                return fault
            item, value, expected = item.items[position], value[position], expected[position]
        return item.fault(value, expected)

    def of(self, value: Plain) -> Plain:
        """Take the one value out of tuples of the right length; mark anything else, for it is no such value."""
        item: Array | Number | Ids | Several = self.several
        for position in self.path:
            if not isinstance(item, Several) or item.length_fault(value):
                return ("no such value", value)
            item, value = item.items[position], value[position]
        return value


def matching_tolerance(returns: Returns) -> float:
    """Return how far a value may lie from a misconception's and still be taken for it."""
    return 0.6 * 10**-returns.decimals if isinstance(returns, Rounded) else 1e-10


def in_words(value: Plain) -> str:
    """Describe a plain value briefly, for a message."""
    if value is None:
        return "None (is a return missing?)"
    if isinstance(value, Foreign):
        return value.what
    if isinstance(value, np.ndarray):
        return f"{with_article(value.dtype.name)} array of shape {value.shape}"
    if isinstance(value, tuple | list | dict):
        return f"{with_article(type(value).__name__)} of length {len(value)}"
    return f"the string {value[:40]!r}" if isinstance(value, str) else f"{value!r:.40}"


def _holds_integers(value: Plain) -> bool:
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "iu"
    items = value if isinstance(value, tuple | list) else [value]
    return all(isinstance(item, int) and not isinstance(item, bool) for item in items)


def _difference(name: str, index: tuple[int, ...], value: np.ndarray, expected: np.ndarray) -> str:
    """Show both numbers with as few digits as tell them apart."""
    for digits in DIGITS:
        mine, right = _digits(value[index], digits), _digits(expected[index], digits)
        if mine != right:
            break
    return f"{name}{_at(index)}: yours {mine}, expected {right}"


def _nearly(value: np.ndarray, expected: np.ndarray) -> str:
    """Say how many digits are right where a rounding or an added constant may be all that is wrong."""
    error = np.abs(value - expected).max() / max(np.abs(expected).max(), ATOL)
    if not error <= NEAR:
        return ""
    return f"; right to about {int(-np.log10(error))} digits, wanted {int(-np.log10(RTOL))}"


def _digits(number: float, digits: int) -> str:
    return f"{float(number):.{digits}g}"


def _index(mask: np.ndarray) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(mask)), mask.shape))


def _at(index: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, index))}]" if index else ""
