"""Name the mistake: find the misconceptions whose outcomes are the student's own."""

import itertools
import re
from collections.abc import Iterable

import numpy as np

from course_lib.checks.call import Call, Outcome, call_here
from course_lib.checks.exercise import Case, Exercise, Misconception, Mistakes
from course_lib.checks.faults import draw_cases, find_fault
from course_lib.checks.plain import Plain, same
from course_lib.checks.returns import Only, matching_tolerance

EXTRA_SEED = 2027
EXTRA_DRAWS = 3
MOST_SUSPECTS = 2

Suspects = list[tuple[Misconception, ...]]
"""Explanations of a fault; each is one misconception or a pair made together."""


def suspect(exercise: Exercise, part: str, call: Call, cases: list[Case], outcomes: list[Outcome]) -> Suspects:
    """Find what produces the very same outcomes: single misconceptions first, then pairs of them.

    An error is explained by one misconception only, since its text says little. When several explain the outcomes,
    further cases are drawn until one is left or the draws are used up. At most two are returned.
    """
    for size in (1,) if outcomes[-1].error else (1, 2):
        candidates: Suspects = list(itertools.combinations(exercise.misconceptions, size))
        candidates = _explaining(exercise, candidates, cases, outcomes)
        for draw in range(EXTRA_DRAWS):
            if len(candidates) < 2:
                break
            more = draw_cases(exercise, part, EXTRA_SEED + draw, unseen=False)
            candidates = _explaining(exercise, candidates, more, [call(case.inputs) for case in more])
        if candidates:
            return candidates[:MOST_SUSPECTS]
    return []


def call_wrong(exercise: Exercise, mistakes: Mistakes) -> Call:
    """Make a call of the exercise's wrong implementation with some switches on."""
    names = [name.strip() for name in exercise.call.split("(")[1].rstrip(")").split(",") if name.strip()]

    def wrong(*values: Plain) -> Plain:
        with np.errstate(all="ignore"):
            return exercise.wrong(mistakes, **dict(zip(names, values, strict=True)))

    return call_here(wrong)


def _explaining(
    exercise: Exercise, candidates: Suspects, cases: Iterable[Case], outcomes: Iterable[Outcome]
) -> Suspects:
    pairs = list(zip(cases, outcomes, strict=True))
    atol = matching_tolerance(exercise.returns)

    def explains(candidate: tuple[Misconception, ...]) -> bool:
        wrong = call_wrong(exercise, frozenset(item.id for item in candidate))
        if not all(_same_outcome(wrong(case.inputs), outcome, case.judged, atol) for case, outcome in pairs):
            return False
        # Two mistakes may cancel, and one may not show on these cases: what is right explains no fault.
        return any(find_fault(exercise, case, wrong(case.inputs)) for case, _ in pairs)

    return [candidate for candidate in candidates if explains(candidate)]


def _same_outcome(wrong: Outcome, mine: Outcome, judged: Only | None, atol: float) -> bool:
    if wrong.error or mine.error:
        return _error_signature(wrong.error) == _error_signature(mine.error)
    left, right = (judged.of(outcome.value) if judged else outcome.value for outcome in (wrong, mine))
    return same(left, right, rtol=1e-7, atol=atol)


def _error_signature(error: str) -> tuple[str, list[str]]:
    """Reduce an error to its class and the numbers in it, whichever of two products came first; or else to its text."""
    return error.split(":")[0], sorted(re.findall(r"\d+", error)) or [error]
