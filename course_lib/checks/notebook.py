"""The ``check`` object of a notebook: counts failures, chooses the help, shows or raises the verdict."""

import hashlib
import importlib
import os
import secrets
from collections import Counter
from collections.abc import Callable
from typing import Any

from course_lib import __version__
from course_lib.checks.call import call_here
from course_lib.checks.exercise import Exercise
from course_lib.checks.hiding import hide_answers
from course_lib.checks.judge import judge
from course_lib.checks.plain import to_plain
from course_lib.checks.returns import in_words
from course_lib.checks.verdict import CheckFailed, Verdict

ASSIGNMENTS = {
    "00-refresher": "course_lib.checks.refresher",
    "01-rnn": "course_lib.checks.rnn",
    "02-bptt": "course_lib.checks.bptt",
    "03-vanishing-gradients": "course_lib.checks.vanishing_gradients",
    "04-lstm": "course_lib.checks.lstm",
    "05-gru": "course_lib.checks.gru",
}
"""Module of declared exercises for each notebook folder."""

LANGUAGES = ("en", "ko")

LANGUAGE_VARIABLE = "COURSE_LANGUAGE"
"""Names the language of hints for notebooks that name none, and for the score."""

FAILURES_BEFORE_EXAMPLE = 3
"""From this failure of the same kind on, a check gives the longer hint."""

SEED_VARIABLE = "COURSE_GRADING_SEED"
"""Set by the instructor's tools while a submission is graded; unseen cases derive from it."""


def exercises_of(assignment: str) -> dict[str, Exercise]:
    """Return the declared exercises of an assignment by name, in the notebook's order.

    Raises
    ------
    CannotOpen
        If there is no such assignment.
    """
    if assignment not in ASSIGNMENTS:
        raise CannotOpen(f"no checks for {assignment!r}; there are: {', '.join(ASSIGNMENTS)}")
    declared: tuple[Exercise, ...] = importlib.import_module(ASSIGNMENTS[assignment]).EXERCISES
    return {exercise.name: exercise for exercise in declared}


class _OneSentence(Exception):
    """In a notebook it renders as its message alone."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


class NoSuchCheck(_OneSentence, AttributeError):
    """A check was misspelt."""


class CannotOpen(_OneSentence, ValueError):
    """The checks of a notebook cannot be opened with these arguments."""


class Checks:
    """The checks of one notebook, one attribute an exercise.

    Parameters
    ----------
    assignment : str
        Folder name of the notebook: "01-rnn".
    notebook_version : str
        Version of the course the notebook was made for.
    language : str
        "en", or "ko" for Korean hints where there are some.

    Examples
    --------
    ``check.rnn_step(rnn_step)`` checks public cases, ``check.graded.rnn_step(rnn_step)`` unseen ones, and
    ``check.rnn_step(rnn_step, hint=2)`` asks for the longer hint at once. An exercise of several parts takes the name
    of one, ``check.rnn_forward(rnn_forward, "from any state")``, or else checks all of them.
    """

    def __init__(self, assignment: str, notebook_version: str, language: str = "en") -> None:
        self._exercises = exercises_of(assignment)
        self._notebook_version = notebook_version
        self._language = language
        self._failures: Counter[tuple[str, ...]] = Counter()
        self.graded = _Graded(self)

    def __dir__(self) -> list[str]:
        return [*self._exercises, "graded"]

    def __getattr__(self, name: str) -> Callable[..., None]:
        return self._bound(name, unseen=False)

    def _bound(self, name: str, unseen: bool) -> Callable[..., None]:
        exercises: dict[str, Exercise] = self.__dict__.get("_exercises", {})
        if name not in exercises:
            raise NoSuchCheck(f"there is no check named {name!r}; there are: {', '.join(exercises)}")
        exercise = exercises[name]

        def run(answer: object = None, part: str | None = None, *, hint: int | None = None) -> None:
            if misuse := _misuse(exercise, answer, part, hint):
                self._show(Verdict(name, False, "call", (("wrong", misuse),)))
            for chosen in exercise.parts if part is None else [part]:
                self._show(self._verdict(exercise, answer, chosen, hint, unseen))

        run.__name__ = run.__qualname__ = name
        run.__doc__ = f"Check exercise {exercise.number}: {exercise.call}."
        return run

    def _verdict(self, exercise: Exercise, answer: Any, part: str, hint: int | None, unseen: bool) -> Verdict:
        """Judge; from the third failure of the same kind on, choose the longer form."""
        seed = unseen_seed(exercise, part) if unseen else None
        verdict = judge(exercise, part, call_here(answer, exercise.forbidden), seed, self._language)
        if verdict.longer is None:
            return verdict
        key = (exercise.name, *(verdict.misconceptions or (verdict.kind,)))
        self._failures[key] += 1
        wants_longer = self._failures[key] >= FAILURES_BEFORE_EXAMPLE if hint is None else hint == 2
        return verdict.longer if wants_longer else verdict

    def _show(self, verdict: Verdict) -> None:
        verdict = self._with_version(verdict)
        if not verdict.passed:
            raise CheckFailed(verdict) from None
        display(verdict)

    def _with_version(self, verdict: Verdict) -> Verdict:
        if self._notebook_version == __version__:
            return verdict
        warning = f"this notebook is from version {self._notebook_version} of the course, the checks from {__version__}"
        lines = (*verdict.lines, ("version", warning))
        return Verdict(verdict.title, verdict.passed, verdict.kind, lines, verdict.misconceptions)


class _Graded:
    """The same checks on unseen cases: what a hidden cell calls."""

    def __init__(self, checks: Checks) -> None:
        self._checks = checks

    def __getattr__(self, name: str) -> Callable[..., None]:
        return self._checks._bound(name, unseen=True)


def _misuse(exercise: Exercise, answer: object, part: str | None, hint: int | None) -> str:
    """Return what is wrong with how a check was called, or nothing."""
    if not callable(answer):
        got = "" if answer is None else f", not its result; got {in_words(to_plain(answer))}"
        return f"give the function itself: check.{exercise.name}({exercise.name}){got}"
    if part is not None and not (isinstance(part, str) and part in exercise.parts):
        parts = ", ".join(map(repr, exercise.parts))
        return f"the parts of {exercise.name} are {parts}, got {in_words(to_plain(part))}"
    known = hint is None or (isinstance(hint, int) and hint in (1, 2))
    return "" if known else f"hint is 1 or 2, got {in_words(to_plain(hint))}"


def unseen_seed(exercise: Exercise, part: str) -> int:
    """Derive the seed of unseen cases from the grading seed, or draw a fresh one where nobody grades."""
    grading = os.environ.get(SEED_VARIABLE) or secrets.token_hex(16)
    digest = hashlib.sha256(f"{grading}|{exercise.number}|{exercise.name}|{part}".encode()).digest()
    return int.from_bytes(digest[:8], "big")


def display(verdict: Verdict) -> None:
    """Show a verdict: a panel in a notebook, plain text elsewhere."""
    try:
        from IPython import get_ipython
        from IPython.display import display as show
    except ImportError:
        print(verdict)
        return
    show(verdict) if get_ipython() is not None else print(verdict)


def open_checks(assignment: str, version: str, language: str = "") -> Checks:
    """Open the checks of a notebook; the notebook keeps the result under the name ``check``.

    Parameters
    ----------
    assignment : str
        "01-rnn", for example.
    version : str
        Version of the course this notebook belongs to; a verdict says so when the installed one differs.
    language : str
        "en" or "ko": language of the first hint. When empty, the environment's ``COURSE_LANGUAGE`` tells, else "en".

    Returns
    -------
    Checks

    Raises
    ------
    CannotOpen
        If there is no such assignment or no such language.
    """
    language = language or os.environ.get(LANGUAGE_VARIABLE) or "en"
    if language not in LANGUAGES:
        raise CannotOpen(f"hints come in {' or '.join(LANGUAGES)}, got {language!r}")
    if os.environ.get(SEED_VARIABLE):
        hide_answers()
    return Checks(assignment, version, language)
