"""Plain data: the only thing that passes between a check and a student's code.

Arrays, numbers, strings, ``None``, and tuples, lists, dicts or registered NamedTuples of these. Because nothing else
crosses, a check runs the same way in one process for a student and across two processes for an instructor.
"""

import base64
import io
import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_lib import params

RECORDS: dict[str, type] = {
    name: value for name, value in vars(params).items() if isinstance(value, type) and hasattr(value, "_fields")
}
"""The NamedTuples that may cross, by name: all of :mod:`course_lib.params`."""

ATOMS = (type(None), bool, int, float, str)

NUMERIC = "biufc"
"""Kinds of dtype whose arrays may cross."""

HELD = {"O": "Python objects", "U": "strings", "T": "strings", "S": "bytes", "V": "records", "M": "dates", "m": "times"}
"""What arrays of other kinds hold."""

MOST_VALUES = 1_000_000
"""Values of arrays, lists, tuples and dicts together that are looked into; no right answer comes near."""

MOST_DEPTH = 20
MOST_BITS = 64
MOST_CHARACTERS = 10_000
MOST_OF_NAME = 60

SCALAR: Any = vars(np.generic)
"""What belongs to NumPy's scalars themselves: a subclass cannot answer in their place."""

TYPE: Any = vars(type)
"""The descriptors of types themselves: a metaclass cannot answer in their place."""

UNNAMED_PACKAGES = ("", "builtins", "__main__", "submission")
"""Where a type lies whose package tells nothing: Python itself, or a student's own code."""

Plain = Any
"""An array, a number, a string, None, or a tuple, list, dict or record of these."""


@dataclass(frozen=True)
class Seed:
    """An input that becomes ``np.random.default_rng(value)`` where the answer runs."""

    value: int


@dataclass(frozen=True)
class Lent:
    """An input that becomes the function of this name in :mod:`course_lib.checks.lent` where the answer runs."""

    name: str


@dataclass(frozen=True)
class Foreign:
    """What is left of a value that is not plain: the name of its type, and of a dtype where it has one."""

    what: str


def to_plain(value: object) -> Plain:
    """Reduce anything a student may return to plain data; never raises, and runs no code of the student.

    Arrays come back as copies. What cannot be represented, or is too large to look into, becomes :class:`Foreign`
    with a name for the message.
    """
    try:
        return _Reduction().of(value)
    except _TooMuch as limit:
        return Foreign(f"{_named(type(value))} {limit}")


class _TooMuch(Exception):
    """A value is too large or too deep; the text completes "a list …"."""


class _Reduction:
    """Reduce one value, counting on the way. Only methods of the built-in types are used: a subclass may lie."""

    def __init__(self) -> None:
        self._values_left = MOST_VALUES

    def of(self, value: Any, depth: int = 0) -> Plain:
        kind = type(value)
        if issubclass(kind, np.ndarray):
            return self._array(value)
        if issubclass(kind, tuple | list | dict):
            return self._items(value, depth)
        if _is_one_of(kind, ATOMS) or issubclass(kind, np.generic):
            return _atom(value)
        return Foreign(_named(kind))

    def _array(self, value: np.ndarray) -> Plain:
        if issubclass(type(value), np.ma.MaskedArray):
            return Foreign("a masked array")
        value = np.ndarray.view(value, np.ndarray)
        if value.dtype.kind not in NUMERIC:
            holds = HELD.get(value.dtype.kind, value.dtype.name)
            return Foreign(f"an array of {holds}, of shape {value.shape}")
        if value.size > MOST_VALUES:
            return Foreign(f"{with_article(value.dtype.name)} array of shape {value.shape}: {value.size:,} values")
        self._count(value.size)
        return _atom(value[()]) if value.ndim == 0 else np.array(value, value.dtype.newbyteorder("="))

    def _items(self, value: Any, depth: int) -> Plain:
        kind = type(value)
        base: Any = next(base for base in (tuple, list, dict) if issubclass(kind, base))
        length = base.__len__(value)
        if length > MOST_VALUES:
            return Foreign(f"{_named(kind)} of {length:,} items")
        if depth == MOST_DEPTH:
            raise _TooMuch(f"nested inside itself, or more than {MOST_DEPTH} levels deep")
        self._count(length)
        if base is dict:
            return {_key(key): self.of(item, depth + 1) for key, item in dict.items(value)}
        items = [self.of(item, depth + 1) for item in base.__iter__(value)]
        if _is_one_of(kind, RECORDS.values()) and len(items) == len(kind._fields):
            return kind(*items)
        return tuple(items) if base is tuple else items

    def _count(self, values: int) -> None:
        self._values_left -= values
        if self._values_left < 0:
            raise _TooMuch(f"that holds more than {MOST_VALUES:,} values")


def _atom(value: Any) -> Plain:
    """Reduce a number, a string or a NumPy scalar; one that no right answer holds becomes its description."""
    if isinstance(value, np.generic):
        dtype = SCALAR["dtype"].__get__(value)
        item = SCALAR["item"](value) if dtype.kind in "biufU" else None
        return _atom(item) if item is not None and type(item) in ATOMS else Foreign(f"a NumPy {dtype.name}")
    if type(value) is int and value.bit_length() >= MOST_BITS:
        return Foreign(f"an integer of about {round(value.bit_length() * np.log10(2))} digits")
    if type(value) is str and len(value) > MOST_CHARACTERS:
        return Foreign(f"a string of {len(value):,} characters")
    return value


def _key(key: object) -> str:
    """Write the key of a dict as a string."""
    plain = _atom(key) if _is_one_of(type(key), ATOMS) else Foreign(_named(type(key)))
    return plain.what if isinstance(plain, Foreign) else str(plain)


def _is_one_of(kind: type, known: Collection[type]) -> bool:
    """Tell whether a type is one of the known; one with a metaclass of its own is not asked, since it may lie."""
    return type(kind) is type and kind in known


def type_name(kind: type) -> str:
    """Return the beginning of a type's real name, whatever its metaclass says."""
    return str(TYPE["__name__"].__get__(kind))[:MOST_OF_NAME]


def _named(kind: type) -> str:
    """Name a type as messages do: "a generator", "a torch.Tensor", "a list"."""
    module = TYPE["__module__"].__get__(kind)
    package = module.split(".")[0][:MOST_OF_NAME] if type(module) is str else ""
    name = "class" if issubclass(kind, type) else type_name(kind)
    return with_article(name if package in UNNAMED_PACKAGES else f"{package}.{name}")


def with_article(name: str) -> str:
    """Put "a" or "an" before a name."""
    return f"{'an' if name[:1].lower() in 'aeio' else 'a'} {name}"  # a "u" is spoken as in uint8


def copied(value: Plain) -> Plain:
    """Copy plain data deeply, so that nobody can change the original."""
    return map_leaves(lambda leaf: leaf.copy() if isinstance(leaf, np.ndarray) else leaf, value)


def map_leaves(function: Callable[[Any], Any], value: Any) -> Any:
    """Apply a function to every leaf of nested tuples, lists, dicts and records."""
    if hasattr(value, "_fields"):
        return type(value)(*(map_leaves(function, item) for item in value))
    if isinstance(value, tuple | list):
        return type(value)(map_leaves(function, item) for item in value)
    if isinstance(value, dict):
        return {key: map_leaves(function, item) for key, item in value.items()}
    return function(value)


def same(left: Plain, right: Plain, rtol: float = 1e-9, atol: float = 1e-12) -> bool:
    """Tell whether two plain values agree: same structure and shapes, numbers within the tolerance.

    A tuple and a list agree when their items do.
    """
    if isinstance(left, tuple | list) and isinstance(right, tuple | list):
        return len(left) == len(right) and all(same(a, b, rtol, atol) for a, b in zip(left, right, strict=True))
    if isinstance(left, np.ndarray) or isinstance(right, np.ndarray):
        return _same_arrays(left, right, rtol, atol)
    if _is_number(left) and _is_number(right):
        return bool(np.isclose(left, right, rtol=rtol, atol=atol, equal_nan=True))
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key], rtol, atol) for key in left)
    return bool(left == right)


def _same_arrays(left: Plain, right: Plain, rtol: float, atol: float) -> bool:
    if not (isinstance(left, np.ndarray) and isinstance(right, np.ndarray)) or left.shape != right.shape:
        return False
    if left.dtype.kind not in "biufc" or right.dtype.kind not in "biufc":
        return left.dtype == right.dtype and bool(np.all(left == right))
    if left.dtype == right.dtype and left.tobytes() == right.tobytes():
        return True  # as most inputs are, and far faster than a tolerance
    return bool(np.allclose(left, right, rtol=rtol, atol=atol, equal_nan=True))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def encode(value: Plain) -> str:
    """Write plain data as one line of JSON, arrays as base64 ``.npy``."""
    return json.dumps(_encode(value))


def decode(line: str) -> Plain:
    """Read what :func:`encode` wrote; arrays are loaded with ``allow_pickle=False``."""
    return _decode(json.loads(line))


def _encode(value: Plain) -> Any:
    if isinstance(value, ATOMS):
        return value
    if isinstance(value, np.ndarray):
        buffer = io.BytesIO()
        np.save(buffer, value, allow_pickle=False)
        return {"array": base64.b64encode(buffer.getvalue()).decode("ascii")}
    if isinstance(value, Seed | Lent | Foreign):
        return {type(value).__name__.lower(): next(iter(vars(value).values()))}
    if hasattr(value, "_fields"):
        return {"record": [type(value).__name__, *map(_encode, value)]}
    if isinstance(value, dict):
        return {"dict": [[key, _encode(item)] for key, item in value.items()]}
    if isinstance(value, tuple | list):
        return {type(value).__name__: [_encode(item) for item in value]}
    raise TypeError(f"only plain data can cross, got {type(value).__name__}")


def _decode(value: Any) -> Plain:
    if not isinstance(value, dict):
        return value
    ((tag, content),) = value.items()
    match tag:
        case "array":
            return np.load(io.BytesIO(base64.b64decode(content)), allow_pickle=False)
        case "record":
            return RECORDS[content[0]](*map(_decode, content[1:]))
        case "dict":
            return {key: _decode(item) for key, item in content}
        case "tuple":
            return tuple(map(_decode, content))
        case "list":
            return list(map(_decode, content))
    return {"seed": Seed, "lent": Lent, "foreign": Foreign}[tag](content)
