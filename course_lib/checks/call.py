"""Call an answer once: the only code that touches what a student wrote.

Inputs go in as plain data and an :class:`Outcome` of plain data comes out, whatever happens in between.
"""

import linecache
import re
import sysconfig
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, TypeVar

import numpy as np

from course_lib.checks.delegation import DelegationWatch
from course_lib.checks.lent import LENT
from course_lib.checks.limits import StoppedByHand, TookTooLong, settings_kept, time_limit
from course_lib.checks.plain import Lent, Plain, Seed, copied, map_leaves, same, to_plain, type_name

SECONDS_FOR_ALL_CALLS = 10.0
"""Time for the calls of one check together."""

MOST_READ, MOST_SHOWN, MOST_OF_LINE = 2_000, 300, 120
"""Characters: of an exception's text that are looked at, of its first line that are shown, of a source line."""

ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
"""Where an object lies in memory: it tells a student nothing, and is another one in every run."""

STANDARD_LIBRARY = (sysconfig.get_path("stdlib"), "<frozen ")

T = TypeVar("T")


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


def call_here(
    answer: Callable[..., Any], forbidden: tuple[str, ...] = (), seconds: float = SECONDS_FOR_ALL_CALLS
) -> Call:
    """Make a :data:`Call` of a function that lives in this process.

    Parameters
    ----------
    answer : callable
        What the student wrote; it gets the inputs by position, as copies.
    forbidden : tuple of str
        Modules that may not do the work.
    seconds : float
        When all calls together have taken this time, the answer is given up, where the system has signals.
    """
    clock = Clock(seconds)

    def call(inputs: dict[str, Plain]) -> Outcome:
        given = copied(inputs)
        watch = DelegationWatch(forbidden)
        called: set[str] = set()
        arguments = map_leaves(lambda leaf: _come_alive(leaf, watch, called), given)
        with settings_kept(), clock.running():
            try:
                with watch, time_limit(clock.left):
                    outcome = _attempt(answer, *arguments.values())
            except TookTooLong:
                outcome = Outcome(error=too_long(seconds))
            outcome = replace(outcome, value=to_plain(outcome.value), delegated=watch.found)
        if outcome.error:
            return outcome
        modified = tuple(name for name in inputs if _is_changed(inputs[name], given[name], arguments[name]))
        unused = tuple(name for name, value in inputs.items() if isinstance(value, Lent) and value.name not in called)
        return replace(outcome, modified=modified, unused=unused)

    return call


def _is_changed(before: Plain, given: Plain, argument: Any) -> bool:
    """Tell whether an answer changed what it got: an array of ``given``, or what a list or dict itself holds."""
    after = to_plain(argument) if isinstance(before, list | dict) else given
    return not same(before, after, rtol=0, atol=0)


class Clock:
    """Add up the seconds of several calls.

    Attributes
    ----------
    left : float
        Seconds that the next call may take; never quite 0, which would mean no limit.
    """

    def __init__(self, seconds: float) -> None:
        self.left = seconds

    @contextmanager
    def running(self) -> Iterator[None]:
        """Take off the time that is spent inside."""
        start = time.monotonic()
        try:
            yield
        finally:
            self.left = max(self.left - (time.monotonic() - start), 0.001)


def too_long(seconds: float) -> str:
    """Say that an answer was given up."""
    return f"TookTooLong: no result after {seconds:g} s. Is there a loop that never ends?"


def _attempt(answer: Callable[..., Any], *arguments: Any) -> Outcome:
    """Return what the answer returns, not yet plain, or what it raises, as text."""
    try:
        return Outcome(answer(*arguments))
    except (TookTooLong, StoppedByHand):
        raise
    except BaseException as raised:  # a student may raise anything
        function, line = _safely(_place_of, raised) or ("", "")
        return Outcome(error=describe_error(raised), error_line=line, error_function=function)


def _safely(ask: Callable[[BaseException], T], raised: BaseException) -> T | None:
    """Ask an exception of the student's, which may answer with another one."""
    try:
        return ask(raised)
    except (TookTooLong, StoppedByHand):
        raise
    except BaseException:
        return None


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


def describe_error(raised: BaseException) -> str:
    """Name an exception and give the beginning of its text, whatever its own methods do."""
    text, name = _safely(_first_line, raised), type_name(type(raised))
    return f"{name}: {text}" if text else name


def _first_line(raised: BaseException) -> str:
    lines = str.__getitem__(str(raised), slice(MOST_READ)).strip().splitlines()
    return ADDRESS.sub("", lines[0])[:MOST_SHOWN] if lines else ""


def _place_of(raised: BaseException) -> tuple[str, str]:
    """Return function and text of the deepest line that stands in a notebook cell or script, not in a library."""
    frames = [place for place in traceback.walk_tb(raised.__traceback__) if _is_own(place[0].f_code.co_filename)]
    if not frames:
        return "", ""
    frame, number = frames[-1]
    line = linecache.getline(frame.f_code.co_filename, number, frame.f_globals)
    return frame.f_code.co_name[:MOST_OF_LINE], line.strip()[:MOST_OF_LINE]


def _is_own(filename: str) -> bool:
    """Tell a student's own file or cell from Python's, an installed package's and the course's."""
    return not (filename.startswith(STANDARD_LIBRARY) or "site-packages" in filename or "course_lib" in filename)
