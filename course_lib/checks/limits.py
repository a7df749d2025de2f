"""What surrounds a call of an answer: a limit of time, a limit of output, and settings that are put back."""

import signal
import sys
import threading
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from types import FrameType
from typing import Any

import numpy as np

REPEAT_SECONDS = 0.05

MOST_PRINTED = 5_000
"""Characters of output that one call may show."""


class TookTooLong(BaseException):
    """The answer did not return in time; not an Exception, so a student's ``except Exception`` lets it pass."""


class StoppedByHand(KeyboardInterrupt):
    """Somebody interrupts the check; a KeyboardInterrupt that the answer raises itself is none of this kind."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TookTooLong after so many seconds, and again and again if a bare except caught it.

    Without signals (Windows, other threads) it does nothing. A single call into compiled code is not interrupted.
    """
    if not hasattr(signal, "setitimer") or not _in_main_thread():
        yield
        return

    def give_up(_signal: int, _frame: FrameType | None) -> None:
        raise TookTooLong

    before = signal.signal(signal.SIGALRM, give_up)
    try:
        try:
            signal.setitimer(signal.ITIMER_REAL, seconds, REPEAT_SECONDS)
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    finally:  # reached also when the limit strikes in the line above
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def settings_kept() -> Iterator[None]:
    """Put back what an answer may change and what checks rely on; show no warnings.

    These are the streams, the warning filters, NumPy's reaction to floating point errors, the recursion limit and
    what an interruption does.
    """
    recursion = sys.getrecursionlimit()
    with _interruptions_marked(), warnings.catch_warnings(action="ignore"), np.errstate(), _little_output():
        try:
            yield
        finally:
            sys.setrecursionlimit(recursion)


@contextmanager
def _interruptions_marked() -> Iterator[None]:
    if not _in_main_thread():
        yield
        return

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise StoppedByHand

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler if before is None else before)


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


@contextmanager
def _little_output() -> Iterator[None]:
    out: Any = _Brief(sys.stdout)
    err: Any = _Brief(sys.stderr)
    with redirect_stdout(out), redirect_stderr(err):
        yield


class _Brief:
    """A stream that lets so many characters through, says once that the rest is left out, and cannot be closed."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._left = MOST_PRINTED

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        if self._left >= 0:
            self._stream.write(text[: self._left])
            self._left -= len(text)
            if self._left < 0:
                self._stream.write(f"\n(what this call prints beyond {MOST_PRINTED} characters is left out)\n")
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write one after the other, as :meth:`write` does."""
        for line in lines:
            self.write(line)

    def __enter__(self) -> "_Brief":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stay open: the verdict needs the stream."""
