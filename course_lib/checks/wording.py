"""Put a result into words: the lines of a verdict."""

from dataclasses import replace

import numpy as np

from course_lib.checks.exercise import Case, Exercise, Inputs, Misconception
from course_lib.checks.plain import Plain
from course_lib.checks.returns import Fault
from course_lib.checks.suspects import Suspects
from course_lib.checks.verdict import Verdict

TWO_AT_ONCE = {
    "en": "Two mistakes at once. Mend one of them and check again; the other then gets a hint of its own.",
    "ko": "두 가지 실수가 함께 있습니다. 하나를 먼저 고치고 다시 확인하세요. 나머지 하나에는 따로 힌트가 나옵니다.",
}
ADVISED = {"value", "shape", "nan", "error"}
"""Kinds of fault for which the longer form says what to do when no misconception fits."""
UNSEEN_FOLLOW = "Unseen cases of the same kind follow when your work is graded."
NOTHING_FITS = (
    "no mistake on file gives these values. Take an input so small that you can work it by hand, print shape and "
    "values after each of your lines, and find the first that differs."
)
NO_VALUE_FITS = (
    "no mistake on file gives these values. Work them again from the equation named below, one term a line, and "
    "compare each with yours."
)
NO_ERROR_FITS = (
    "no mistake on file gives this error. Call your function in a cell of its own{on_inputs}; where a line is named, "
    "print what goes into it just before."
)
ON_INPUTS = " on an input with the shapes above"


def failed(exercise: Exercise, part: str, case: Case, fault: Fault, suspects: Suspects, language: str) -> Verdict:
    """Tell what was called, what is wrong, which mistake it looks like, and where to read; the longer form with it."""
    longer = Verdict(title(exercise, part), False, fault.kind, _lines(exercise, case, fault, suspects, "longer"))
    ids = tuple("+".join(item.id for item in candidate) for candidate in suspects)
    lines = _lines(exercise, case, fault, suspects, language)
    return Verdict(longer.title, False, fault.kind, lines, ids, replace(longer, misconceptions=ids))


def _lines(exercise: Exercise, case: Case, fault: Fault, suspects: Suspects, form: str) -> tuple[tuple[str, str], ...]:
    lines = [("called", describe_call(exercise, case.inputs)), ("wrong", fault.sentence)]
    if suspects:
        names = ", or ".join("; and ".join(item.name for item in candidate) for candidate in suspects)
        hints = "\n".join(dict.fromkeys(_hint(candidate, form) for candidate in suspects))
        lines.append(("likely", f"{names}\n{hints}"))
    elif form == "longer" and fault.kind in ADVISED and (exercise.has_inputs or fault.kind != "shape"):
        lines.append(("next", _advice(exercise, fault)))
    return (*lines, ("read", exercise.read))


def _advice(exercise: Exercise, fault: Fault) -> str:
    """Return what to do about a fault that no misconception explains."""
    if fault.kind == "error":
        return NO_ERROR_FITS.format(on_inputs=ON_INPUTS if exercise.has_inputs else "")
    text = NOTHING_FITS if exercise.has_inputs else NO_VALUE_FITS
    return text.replace("these values", "this shape") if fault.kind == "shape" else text


def _hint(candidate: tuple[Misconception, ...], form: str) -> str:
    """Return the text of a single misconception, in a language or in the longer form; of a pair, what to do first."""
    if len(candidate) > 1:
        return TWO_AT_ONCE.get(form, TWO_AT_ONCE["en"])
    (item,) = candidate
    if form == "longer":
        return item.example
    return item.hint_ko if form == "ko" and item.hint_ko else item.hint


def passed(exercise: Exercise, part: str, cases: list[Case], unseen: bool) -> Verdict:
    """Tell what was verified, and no more."""
    if not exercise.has_inputs:
        lines = (("values", "all are right."),)
    elif unseen:
        lines = (("unseen", f"{_count(len(cases), 'unseen case')} passed."),)
    else:
        text = f"shapes and values on {_count(len(cases), 'case')}{_varying_sizes(cases)}; inputs left unchanged."
        follows = "This exercise is worth no points." if exercise.stretch else UNSEEN_FOLLOW
        lines = (("public", f"{text}\n{follows}"),)
    return Verdict(title(exercise, part), True, "", lines)


def title(exercise: Exercise, part: str) -> str:
    """Name the exercise, and the part where it has several."""
    return exercise.name if len(exercise.parts) == 1 else f"{exercise.name} ({part})"


def describe_call(exercise: Exercise, inputs: Inputs) -> str:
    """Write the call with shapes: ``rnn_step(x_t (4, 3), h_prev (4, 5), params)``."""
    return f"{exercise.name}({', '.join(_describe_argument(name, value) for name, value in inputs.items())})"


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _varying_sizes(cases: list[Case]) -> str:
    """Name the sizes that vary from case to case: " (B = 1 and 4)"."""
    seen = {letter: sorted({case.sizes[letter] for case in cases}) for letter in cases[0].sizes}
    varying = [f"{letter} = {' and '.join(map(str, values))}" for letter, values in seen.items() if len(values) > 1]
    return f" ({', '.join(varying)})" if varying else ""


def _describe_argument(name: str, value: Plain) -> str:
    if isinstance(value, np.ndarray):
        return f"{name} {value.shape}"
    if isinstance(value, int | float):
        return f"{name}={value}" if isinstance(value, int) else f"{name}={value:.4g}"
    return name
