"""Call an answer that lives in another process.

The other side executes the student's source and answers one line of JSON with one line of JSON; arrays travel as
``.npy`` without pickles. Nothing else crosses, so this side keeps the oracle, the cases and the verdict to itself.
"""

import linecache
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from course_lib.checks.call import SECONDS_FOR_ALL_CALLS, Call, Clock, Outcome, call_here, describe_error, too_long
from course_lib.checks.plain import Plain, decode, encode

SERVE = "from course_lib.checks.remote import serve; serve()"

GRACE_SECONDS = 5.0
"""Time for starting up and for giving up by itself, before the other process is ended."""


class RemoteAnswers:
    """A student's functions in a process of their own; use it as a context manager.

    Parameters
    ----------
    source : str
        Python source that defines them.
    grace : float
        Seconds beyond its limit after which the process is ended.
    """

    def __init__(self, source: str, grace: float = GRACE_SECONDS) -> None:
        self._source = source
        self._grace = grace

    def __enter__(self) -> "RemoteAnswers":
        self._process = subprocess.Popen(
            [sys.executable, "-c", SERVE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._send(self._source)
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with self._ended_after(self._grace):
            self._process.communicate()

    def call(self, name: str, forbidden: tuple[str, ...] = (), seconds: float = SECONDS_FOR_ALL_CALLS) -> Call:
        """Make a :data:`~course_lib.checks.call.Call` of one of the functions.

        A process that died, or that sends something else than an outcome, gives an outcome too: an error that says so.
        """
        clock = Clock(seconds)

        def remote(inputs: dict[str, Plain]) -> Outcome:
            with clock.running(), self._ended_after(clock.left + self._grace) as ended:
                line = self._ask([name, list(forbidden), clock.left, inputs])
            if ended.is_set():
                return Outcome(error=too_long(seconds))
            return _read(line) if line else Outcome(error="ProcessDied: the process of the answer ended")

        return remote

    @contextmanager
    def _ended_after(self, seconds: float) -> Iterator[threading.Event]:
        """End the process if the block inside takes longer: an answer may ignore its own limit."""
        ended = threading.Event()

        def end() -> None:
            ended.set()
            self._process.kill()

        timer = threading.Timer(seconds, end)
        timer.start()
        try:
            yield ended
        finally:
            timer.cancel()

    def _ask(self, request: Plain) -> str:
        try:
            self._send(request)
            assert self._process.stdout is not None
            return self._process.stdout.readline()
        except (BrokenPipeError, UnicodeDecodeError):
            return ""

    def _send(self, value: Plain) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(encode(value) + "\n")
        self._process.stdin.flush()


def _read(line: str) -> Outcome:
    """Read an outcome; the other process is the student's and may have written anything."""
    try:
        outcome = Outcome(**decode(line))
    except Exception:
        return Outcome(error="ProcessDied: the process of the answer sent no outcome")
    texts = (outcome.error, outcome.error_line, outcome.error_function, outcome.delegated)
    names = (outcome.modified, outcome.unused)
    if all(isinstance(text, str) for text in texts) and all(
        isinstance(items, tuple) and all(isinstance(item, str) for item in items) for items in names
    ):
        return outcome
    return Outcome(error="ProcessDied: the process of the answer sent no outcome")


def serve() -> None:
    """Run in the other process: read the source, then answer calls until the input ends."""
    requests, replies = os.fdopen(os.dup(0), encoding="utf-8"), os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # what the student reads must not be a request,
    os.dup2(2, 1)  # and what the student prints must not mix with the replies
    namespace, failure = _execute(decode(requests.readline()))
    for line in requests:
        name, forbidden, seconds, inputs = decode(line)
        if name in namespace:
            outcome = call_here(namespace[name], tuple(forbidden), seconds)(inputs)
        else:
            outcome = Outcome(error=failure or f"NameError: name {name!r} is not defined")
        replies.write(encode(vars(outcome)) + "\n")
        replies.flush()


def _execute(source: str) -> tuple[dict[str, Any], str]:
    """Execute the student's source; return what it defines, and the error that ended it."""
    namespace: dict[str, Any] = {"__name__": "submission"}
    linecache.cache["<submission>"] = (len(source), None, source.splitlines(True), "<submission>")
    try:
        exec(compile(source, "<submission>", "exec"), namespace)
    except BaseException as raised:  # what was defined before it may still be right
        return namespace, describe_error(raised)
    return namespace, ""
