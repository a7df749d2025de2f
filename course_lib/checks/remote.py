"""Call an answer that lives in another process.

The other side executes the student's source and answers one line of JSON with one line of JSON; arrays travel as
``.npy`` without pickles. Nothing else crosses, so this side keeps the oracle, the cases and the verdict to itself.
"""

import os
import subprocess
import sys
from types import TracebackType
from typing import Any

from course_lib.checks.call import Call, Outcome, call_here
from course_lib.checks.plain import Plain, decode, encode

SERVE = "from course_lib.checks.remote import serve; serve()"


class RemoteAnswers:
    """A student's functions in a process of their own; use it as a context manager.

    Parameters
    ----------
    source : str
        Python source that defines them.
    """

    def __init__(self, source: str) -> None:
        self._source = source

    def __enter__(self) -> "RemoteAnswers":
        self._process = subprocess.Popen(
            [sys.executable, "-c", SERVE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._send(self._source)
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._process.communicate()

    def call(self, name: str, forbidden: tuple[str, ...] = ()) -> Call:
        """Make a :data:`~course_lib.checks.call.Call` of one of the functions.

        A process that died gives an outcome too: an error that says so.
        """

        def remote(inputs: dict[str, Plain]) -> Outcome:
            try:
                self._send([name, list(forbidden), inputs])
                assert self._process.stdout is not None
                line = self._process.stdout.readline()
            except BrokenPipeError:
                line = ""
            return Outcome(**decode(line)) if line else Outcome(error="ProcessDied: the process of the answer ended")

        return remote

    def _send(self, value: Plain) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(encode(value) + "\n")
        self._process.stdin.flush()


def serve() -> None:
    """Run in the other process: read the source, then answer calls until the input ends."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what the student prints must not mix with the replies
    namespace: dict[str, Any] = {"__name__": "submission"}
    exec(compile(decode(sys.stdin.readline()), "<submission>", "exec"), namespace)
    for line in sys.stdin:
        name, forbidden, inputs = decode(line)
        outcome = call_here(namespace[name], tuple(forbidden))(inputs)
        replies.write(encode(vars(outcome)) + "\n")
        replies.flush()
