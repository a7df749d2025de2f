"""Plain data: the only thing that passes between a check and a student's code.

Arrays, numbers, strings, ``None``, and tuples, lists, dicts or registered NamedTuples of these. Because nothing else
crosses, a check runs the same way in one process for a student and across two processes for an instructor.
"""

import base64
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_lib import params

RECORDS: dict[str, type] = {
    name: value for name, value in vars(params).items() if isinstance(value, type) and hasattr(value, "_fields")
}
"""The NamedTuples that may cross, by name: all of :mod:`course_lib.params`."""

ATOMS = (type(None), bool, int, float, str)

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
    """Reduce anything a student may return to plain data; never raises on the student's account.

    Arrays come back as copies. What cannot be represented becomes :class:`Foreign` with a name for the message.
    """
    try:
        return _to_plain(value)
    except RecursionError:
        return Foreign("a value nested inside itself")
    except Exception:  # a student's object may raise from any method
        return Foreign(f"a {type(value).__name__}")


def _to_plain(value: Any) -> Plain:
    kind = type(value)
    if kind in ATOMS:
        return value
    if isinstance(value, np.ndarray):
        if value.dtype.hasobject:
            return Foreign("an array of Python objects")
        return value.item() if value.ndim == 0 else np.array(value, value.dtype.newbyteorder("="), subok=False)
    if isinstance(value, np.bool_ | np.integer | np.floating):
        return value.item()
    if RECORDS.get(kind.__name__) is kind:
        return kind(*map(_to_plain, value))
    if isinstance(value, tuple | list):
        return (tuple if isinstance(value, tuple) else list)(_to_plain(item) for item in value)
    if kind is dict:
        return {str(key): _to_plain(item) for key, item in value.items()}
    return Foreign(
        f"a {kind.__module__.split('.')[0]}.{kind.__name__}" if kind.__module__ != "builtins" else _named(kind)
    )


def _named(kind: type) -> str:
    article = "an" if kind.__name__[0] in "aeiou" else "a"
    return f"{article} {kind.__name__}"


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
    if left.dtype.kind not in "biuf" or right.dtype.kind not in "biuf":
        return left.dtype == right.dtype and bool(np.all(left == right))
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
