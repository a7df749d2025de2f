"""Name the mistake: find the misconceptions whose outcomes are the student's own."""

import inspect
import itertools
import re
from collections.abc import Sequence

import numpy as np

from course_lib.checks.call import Call, Outcome, call_here
from course_lib.checks.exercise import Case, Exercise, Misconception, Mistakes
from course_lib.checks.faults import draw_cases, find_fault, in_plain_words
from course_lib.checks.plain import Plain, same
from course_lib.checks.returns import ATOL, RTOL, Judge, matching_tolerance

EXTRA_SEED = 2027
EXTRA_DRAWS = 3
MOST_SUSPECTS = 2

Suspects = list[tuple[Misconception, ...]]
"""Explanations of a fault; each is one misconception or a pair made together."""


def suspect(exercise: Exercise, part: str, call: Call, cases: list[Case], outcomes: list[Outcome]) -> Suspects:
    """Find what produces the very same outcomes: single misconceptions first, then pairs of them.

    An error, or values that became NaN, are explained by one misconception only, since they say little. Further cases
    as far as the first fault must be explained too, for a few numbers can agree by chance; when several explain them,
    more are drawn until one is left or the draws are used up. At most two explanations are returned.
    """
    for size in (1, 2) if _says_enough_for_two(exercise, cases[-1], outcomes[-1]) else (1,):
        candidates: Suspects = list(itertools.combinations(exercise.misconceptions, size))
        candidates = _explaining(exercise, candidates, cases, outcomes)
        for draw in range(EXTRA_DRAWS):
            if len(candidates) <= (1 if draw else 0):
                break
            more = draw_cases(exercise, part, EXTRA_SEED + draw, unseen=False)
            called = _called_to_a_fault(exercise, call, more, all_of_them=len(candidates) > 1)
            candidates = _explaining(exercise, candidates, more[: len(called)], called)
        if candidates:
            return _at_most_two(exercise, part, call, candidates)
    return []


def _called_to_a_fault(exercise: Exercise, call: Call, cases: list[Case], all_of_them: bool) -> list[Outcome]:
    """Call case after case as a check does, which stops at the first fault, or call all of them."""
    outcomes: list[Outcome] = []
    for case in cases:
        outcomes.append(call(case.inputs))
        if not all_of_them and find_fault(exercise, case, outcomes[-1]):
            break
    return outcomes


def _at_most_two(exercise: Exercise, part: str, call: Call, candidates: Suspects) -> Suspects:
    """Leave out those that the other parts of the exercise refute, unless they refute all: a part may hold its own."""
    for other in exercise.parts:
        if other != part and len(candidates) > 1:
            cases = draw_cases(exercise, other, EXTRA_SEED, unseen=False)
            candidates = _matching(exercise, candidates, cases, [call(case.inputs) for case in cases]) or candidates
    return candidates[:MOST_SUSPECTS]


def call_wrong(exercise: Exercise, mistakes: Mistakes, mine: Plain = None) -> Call:
    """Make a call of the exercise's wrong implementation with some switches on.

    One that has a parameter ``mine`` is given the value to be explained, and picks by it among :func:`closest` ways.
    """
    names = [name.strip() for name in exercise.call.split("(")[1].rstrip(")").split(",") if name.strip()]

    def wrong(*values: Plain) -> Plain:
        with np.errstate(all="ignore"):
            return exercise.wrong(mistakes, **dict(zip(names, values, strict=True)), **known)

    known = {"mine": mine} if "mine" in inspect.signature(exercise.wrong).parameters else {}
    return call_here(wrong)


def closest(ways: Sequence[tuple[Plain, ...]], mine: Plain) -> tuple[Plain, ...]:
    """Of the ways to make one mistake, return the one that has most values in common with ``mine``, or the first."""
    values = mine if isinstance(mine, tuple | list) else ()
    return max(ways, key=lambda way: sum(same(a, b) for a, b in zip(way, values, strict=False)))


def _says_enough_for_two(exercise: Exercise, case: Case, outcome: Outcome) -> bool:
    """Tell whether an outcome shows more than an overflow or a missing value, which many pairs of mistakes do alike."""
    if outcome.error:
        return False
    right = exercise.oracle(**case.inputs)
    fault = (case.judged or exercise.returns).fault(outcome.value, right)
    if isinstance(right, tuple) and fault and fault.kind == "type":
        return False  # not as many values as were asked for
    mine, right = (case.judged.of(value) if case.judged else value for value in (outcome.value, right))
    return differs_in_numbers(mine, right)


def differs_in_numbers(mine: Plain, right: Plain) -> bool:
    """Tell whether two values differ by more than NaN and the zeros and infinities beside it."""
    if isinstance(mine, tuple | list) and isinstance(right, tuple | list) and len(mine) == len(right):
        return any(map(differs_in_numbers, mine, right))
    if not all(isinstance(value, np.ndarray | float) for value in (mine, right)) or np.shape(mine) != np.shape(right):
        return True
    left = np.asarray(mine)
    if left.dtype.kind != "f":
        return True
    wrong = left[~np.isclose(left, right, rtol=RTOL, atol=ATOL)]
    return bool(wrong.size) and bool(not np.isnan(wrong).any() or (np.isfinite(wrong) & (wrong != 0)).any())


def _explaining(exercise: Exercise, candidates: Suspects, cases: list[Case], outcomes: list[Outcome]) -> Suspects:
    def is_wrong(candidate: tuple[Misconception, ...]) -> bool:
        # Two mistakes may cancel, and one may not show on these cases: what is right explains no fault.
        return any(
            find_fault(exercise, case, _made_by(exercise, candidate, case, outcome))
            for case, outcome in zip(cases, outcomes, strict=True)
        )

    return list(filter(is_wrong, _matching(exercise, candidates, cases, outcomes)))


def _matching(exercise: Exercise, candidates: Suspects, cases: list[Case], outcomes: list[Outcome]) -> Suspects:
    """Keep the candidates that produce all the outcomes."""
    atol = matching_tolerance(exercise.returns)

    def matches(candidate: tuple[Misconception, ...]) -> bool:
        return all(
            _same_outcome(_made_by(exercise, candidate, case, outcome), outcome, case.judged, atol)
            for case, outcome in zip(cases, outcomes, strict=True)
        )

    return list(filter(matches, candidates))


def _made_by(exercise: Exercise, candidate: tuple[Misconception, ...], case: Case, mine: Outcome) -> Outcome:
    """Return what the exercise's wrong implementation makes of a case with the candidate's switches on."""
    return call_wrong(exercise, frozenset(item.id for item in candidate), mine.value)(case.inputs)


def _same_outcome(wrong: Outcome, mine: Outcome, judged: Judge | None, atol: float) -> bool:
    if wrong.error or mine.error:
        return _error_signature(wrong.error) == _error_signature(mine.error)
    left, right = (judged.of(outcome.value) if judged else outcome.value for outcome in (wrong, mine))
    return same(left, right, rtol=1e-7, atol=atol)


def _error_signature(error: str) -> tuple[str, list[str]]:
    """Reduce an error to its class and the numbers in it, whichever of two products came first; or else to its text."""
    error = in_plain_words(error)
    return error.split(":")[0], sorted(re.findall(r"\d+", error)) or [error]
