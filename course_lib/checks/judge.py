"""Judge an answer: run its cases through a call, compare, and name the mistake.

Only ``call`` touches the student's code; everything here works on plain data.
"""

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from course_lib.checks.call import Call, Outcome, call_here
from course_lib.checks.exercise import Case, Exercise, Inputs, Misconception, Mistakes
from course_lib.checks.plain import Plain, same
from course_lib.checks.returns import Fault, matching_tolerance
from course_lib.checks.verdict import Verdict

PUBLIC_SEED = 2026
EXTRA_DRAWS = 3
FAILURES_BEFORE_EXAMPLE = 3
MOST_SUSPECTS = 2

Suspects = list[tuple[Misconception, ...]]
"""Explanations of a fault; each is one misconception or a pair made together."""


@dataclass(frozen=True)
class Help:
    """How much a failing check tells, and in which language."""

    level: int = 1
    language: str = "en"


def judge(exercise: Exercise, part: str, call: Call, seed: int | None = None, help: Help | None = None) -> Verdict:
    """Check one part of an exercise.

    Parameters
    ----------
    exercise : Exercise
    part : str
        Key of ``exercise.parts``.
    call : Call
        Reaches the answer, here or in another process.
    seed : int, optional
        Draws unseen cases; without it the public ones are used.
    help : Help, optional
        What to tell of a mistake; without it no misconception is looked for.

    Returns
    -------
    Verdict
    """
    cases = draw_cases(exercise, part, seed)
    outcomes: list[Outcome] = []
    for case in cases:
        outcomes.append(call(case.inputs))
        if fault := find_fault(exercise, case, outcomes[-1]):
            suspects = suspect(exercise, part, call, fault, cases[: len(outcomes)], outcomes) if help else []
            return _failed(exercise, part, case, fault, suspects, help or Help())
    return _passed(exercise, part, cases, unseen=seed is not None)


def draw_cases(exercise: Exercise, part: str, seed: int | None) -> list[Case]:
    """Draw the public cases of a part, or unseen ones from a seed."""
    rng = np.random.default_rng(PUBLIC_SEED if seed is None else seed)
    return exercise.parts[part](rng, unseen=seed is not None)


def find_fault(exercise: Exercise, case: Case, outcome: Outcome) -> Fault | None:
    """Return the first thing that is wrong with one outcome, or None."""
    if outcome.delegated:
        library = outcome.delegated.split(".")[0]
        return Fault("delegated", f"{outcome.delegated} did the work; write {exercise.name} without {library}")
    if outcome.error.startswith("NotImplementedError"):
        return Fault("not written", f"replace `raise NotImplementedError` in {exercise.name} by your code")
    if outcome.error:
        where = f", at your line: {outcome.error_line}" if outcome.error_line else ""
        return Fault("error", f"{outcome.error}{where}")
    if outcome.modified:
        names = " and ".join(outcome.modified)
        return Fault("modified input", f"your code changes {names} in place; the caller still needs it unchanged")
    return exercise.returns.fault(outcome.value, exercise.oracle(**case.inputs))


def suspect(
    exercise: Exercise, part: str, call: Call, fault: Fault, cases: list[Case], outcomes: list[Outcome]
) -> Suspects:
    """Find what produces the very same outcomes: single misconceptions first, then pairs of them.

    When several do, further cases are drawn until one is left or the draws are used up.
    """
    if fault.kind in {"delegated", "not written", "modified input"}:
        return []
    for size in (1, 2):
        candidates = list(itertools.combinations(exercise.misconceptions, size))
        candidates = _explaining(exercise, candidates, cases, outcomes)
        for draw in range(EXTRA_DRAWS):
            if len(candidates) < 2:
                break
            more = draw_cases(exercise, part, PUBLIC_SEED + 1 + draw)
            candidates = _explaining(exercise, candidates, more, [call(case.inputs) for case in more])
        if candidates:
            return candidates[:MOST_SUSPECTS]
    return []


def _explaining(
    exercise: Exercise, candidates: Suspects, cases: Iterable[Case], outcomes: Iterable[Outcome]
) -> Suspects:
    pairs = list(zip(cases, outcomes, strict=True))
    atol = matching_tolerance(exercise.returns)

    def explains(candidate: tuple[Misconception, ...]) -> bool:
        wrong = call_wrong(exercise, frozenset(item.id for item in candidate))
        return all(_same_outcome(wrong(case.inputs), outcome, atol) for case, outcome in pairs)

    return [candidate for candidate in candidates if explains(candidate)]


def call_wrong(exercise: Exercise, mistakes: Mistakes) -> Call:
    """Make a call of the exercise's wrong implementation with some switches on."""
    names = [name.strip() for name in exercise.call.split("(")[1].rstrip(")").split(",") if name.strip()]

    def wrong(*values: Plain) -> Plain:
        with np.errstate(all="ignore"):
            return exercise.wrong(mistakes, **dict(zip(names, values, strict=True)))

    return call_here(wrong)


def _same_outcome(wrong: Outcome, mine: Outcome, atol: float) -> bool:
    if wrong.error or mine.error:
        return _error_signature(wrong.error) == _error_signature(mine.error)
    return same(wrong.value, mine.value, rtol=1e-7, atol=atol)


def _error_signature(error: str) -> tuple[str, list[str]]:
    """Reduce an error to its class and the numbers in it, whichever of two products came first."""
    return error.split(":")[0], sorted(re.findall(r"\d+", error))


def _failed(exercise: Exercise, part: str, case: Case, fault: Fault, suspects: Suspects, help: Help) -> Verdict:
    lines = [("called", describe_call(exercise, case.inputs)), ("wrong", fault.sentence)]
    if suspects:
        names = ", or ".join(" and ".join(item.name for item in candidate) for candidate in suspects)
        lines.append(("likely", f"{names}\n{_hint(suspects[0][0], help)}"))
    lines.append(("read", exercise.read))
    ids = tuple("+".join(item.id for item in candidate) for candidate in suspects)
    return Verdict(_title(exercise, part), False, fault.kind, tuple(lines), ids)


def _hint(misconception: Misconception, help: Help) -> str:
    if help.level >= 2:
        return misconception.example
    return misconception.hint_ko if help.language == "ko" and misconception.hint_ko else misconception.hint


def _passed(exercise: Exercise, part: str, cases: list[Case], unseen: bool) -> Verdict:
    if unseen:
        lines = (("unseen", f"{_count(len(cases), 'unseen case')} passed."),)
    elif not exercise.has_inputs:
        lines = (("public", "the values are right."),)
    else:
        sizes = _sizes_in_words(cases)
        text = f"shapes and values on {_count(len(cases), 'case')}{sizes}; inputs left unchanged."
        lines = (("public", f"{text}\nUnseen cases of the same kind follow when your work is graded."),)
    return Verdict(_title(exercise, part), True, "", lines)


def _title(exercise: Exercise, part: str) -> str:
    return exercise.name if len(exercise.parts) == 1 else f"{exercise.name} ({part})"


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _sizes_in_words(cases: list[Case]) -> str:
    """Name the sizes that vary from case to case: "B = 1 and 4"."""
    letters = list(cases[0].sizes)
    seen = {letter: sorted({case.sizes[letter] for case in cases}) for letter in letters}
    varying = [f"{letter} = {' and '.join(map(str, values))}" for letter, values in seen.items() if len(values) > 1]
    return f" ({', '.join(varying)})" if varying else ""


def describe_call(exercise: Exercise, inputs: Inputs) -> str:
    """Write the call with shapes: ``rnn_step(x_t (4, 3), h_prev (4, 5), params)``."""
    return f"{exercise.name}({', '.join(_describe_argument(name, value) for name, value in inputs.items())})"


def _describe_argument(name: str, value: Plain) -> str:
    if isinstance(value, np.ndarray):
        return f"{name} {value.shape}"
    if isinstance(value, int | float | str):
        return f"{name}={value:.4g}" if isinstance(value, float) else f"{name}={value!r}"
    return f"{name}={list(value)}" if isinstance(value, list) and len(value) <= 8 else name
