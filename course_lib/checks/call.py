"""Call an answer once: the only code that touches what a student wrote.

Inputs go in as plain data and an :class:`Outcome` of plain data comes out, whatever happens in between.
"""

import linecache
import signal
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from types import FrameType
from typing import Any

import numpy as np

from course_lib.checks.delegation import DelegationWatch
from course_lib.checks.lent import LENT
from course_lib.checks.plain import Lent, Plain, Seed, copied, map_leaves, same, to_plain

SECONDS_FOR_ONE_CALL = 10.0
REPEAT_SECONDS = 0.05


@dataclass(frozen=True)
class Outcome:
    """What came of one call, as plain data.

    Attributes
    ----------
    value : plain
        What was returned; None when something was raised.
    error : str
        ``"ValueError: shapes …"``, or empty when the call returned.
    error_line, error_function : str
        The student's own line on which it was raised, and the function that holds it; empty when unknown.
    modified : tuple of str
        Names of inputs that were changed in place.
    delegated : str
        Dotted name of a forbidden function that did the work, or empty.
    unused : tuple of str
        Names of lent functions that were never called.
    """

    value: Plain = None
    error: str = ""
    error_line: str = ""
    error_function: str = ""
    modified: tuple[str, ...] = ()
    delegated: str = ""
    unused: tuple[str, ...] = ()


Call = Callable[[dict[str, Plain]], Outcome]
"""Inputs by name in, outcome out. The answer may live in this process or in another one."""


class TookTooLong(BaseException):
    """The answer did not return in time; not an Exception, so a student's ``except Exception`` lets it pass."""


def call_here(
    answer: Callable[..., Any], forbidden: tuple[str, ...] = (), seconds: float = SECONDS_FOR_ONE_CALL
) -> Call:
    """Make a :data:`Call` of a function that lives in this process.

    Parameters
    ----------
    answer : callable
        What the student wrote; it gets the inputs by position, as copies.
    forbidden : tuple of str
        Modules that may not do the work.
    seconds : float
        After this time the call is given up, where the system has signals.
    """

    def call(inputs: dict[str, Plain]) -> Outcome:
        given = copied(inputs)
        watch = DelegationWatch(forbidden)
        called: set[str] = set()
        arguments = map_leaves(lambda leaf: _come_alive(leaf, watch, called), given)
        try:
            with warnings.catch_warnings(action="ignore"), np.errstate(), _time_limit(seconds), watch:
                returned = answer(*arguments.values())
        except KeyboardInterrupt:
            raise
        except TookTooLong:
            error = f"TookTooLong: no result after {seconds:g} s. Is there a loop that never ends?"
            return Outcome(error=error, delegated=watch.found)
        except BaseException as raised:  # a student may raise anything
            function, line = _place_of(raised)
            error = _describe_error(raised)
            return Outcome(error=error, error_line=line, error_function=function, delegated=watch.found)
        modified = tuple(name for name in inputs if not same(inputs[name], given[name], rtol=0, atol=0))
        unused = tuple(name for name, value in inputs.items() if isinstance(value, Lent) and value.name not in called)
        return Outcome(to_plain(returned), modified=modified, delegated=watch.found, unused=unused)

    return call


def _come_alive(leaf: Any, watch: DelegationWatch, called: set[str]) -> Any:
    if isinstance(leaf, Seed):
        return np.random.default_rng(leaf.value)
    if isinstance(leaf, Lent):
        return _unwatched(LENT[leaf.name], watch, called)
    return leaf


def _unwatched(function: Callable[..., Any], watch: DelegationWatch, called: set[str]) -> Callable[..., Any]:
    @wraps(function)
    def lent(*arguments: Any, **named: Any) -> Any:
        called.add(function.__name__)
        with watch.paused():
            return function(*arguments, **named)

    return lent


def _describe_error(raised: BaseException) -> str:
    try:
        text = str(raised).strip().splitlines()
        return f"{type(raised).__name__}: {text[0][:300]}" if text else type(raised).__name__
    except Exception:  # __str__ belongs to the student
        return type(raised).__name__


def _place_of(raised: BaseException) -> tuple[str, str]:
    """Return function and text of the deepest line that stands in a notebook cell or script, not in a library."""
    frames = traceback.extract_tb(raised.__traceback__)[1:]
    own = [frame for frame in frames if "site-packages" not in frame.filename and "course_lib" not in frame.filename]
    if not own:
        return "", ""
    line = own[-1].line or linecache.getline(own[-1].filename, own[-1].lineno or 0)
    return own[-1].name, line.strip()[:120]


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Raise TookTooLong after so many seconds, and again and again if a bare except caught it.

    Without signals (Windows, other threads) it does nothing.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def give_up(_signal: int, _frame: FrameType | None) -> None:
        raise TookTooLong

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds, REPEAT_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
