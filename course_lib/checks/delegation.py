"""Notice when an answer hands its work to a library that already holds it.

This is help for somebody who reached for the wrong import, not security: a thread, ``sys.setprofile(None)`` or a copy
of the source passes unseen, and ``tests/checks/test_delegation.py`` lists what is caught and what is not.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

PERMITTED = (
    "course_lib.params",
    "course_lib.gradcheck",
    "course_lib.checks.call",
    "course_lib.checks.delegation",
    "course_lib.checks.limits",
    "course_lib.checks.plain",
    "course_lib.grading.output",
)
"""Modules that hold no answers: an answer may use the first two, unless its exercise forbids one by its own name; the
others surround every call, and the last one passes on what an answer prints when it is graded."""


class DelegationWatch:
    """Record the first call into a forbidden module while it is switched on.

    Parameters
    ----------
    forbidden : tuple of str
        Module names; their submodules are forbidden too.

    Attributes
    ----------
    found : str
        Dotted name of the first forbidden function that was called, or an empty string.
    """

    def __init__(self, forbidden: tuple[str, ...]) -> None:
        self.forbidden = forbidden
        self.found = ""

    def __enter__(self) -> "DelegationWatch":
        self._before = sys.getprofile()
        sys.setprofile(self._profile)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(self._before)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Switch the watch off while a lent function runs, which may be long after the check."""
        now = sys.getprofile()
        sys.setprofile(self._before)
        try:
            yield
        finally:
            sys.setprofile(now)

    def _profile(self, frame: FrameType, event: str, argument: Any) -> None:
        if self.found:
            return
        if event == "call":
            self._note(frame.f_globals.get("__name__"), frame.f_code.co_name)
        elif event == "c_call":
            owner = getattr(argument, "__self__", None)
            self._note(_module_of(argument) or _module_of(type(owner)), argument.__name__)

    def _note(self, module: object, function: str) -> None:
        if not isinstance(module, str) or not _lies_in(module, self.forbidden):
            return
        if module in self.forbidden or not _lies_in(module, PERMITTED):
            self.found = f"{module}.{function}"


def _lies_in(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def _module_of(thing: object) -> str:
    name = getattr(thing, "__module__", None)
    return name if isinstance(name, str) else ""
