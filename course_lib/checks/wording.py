"""Put a result into words: the lines of a verdict."""

from dataclasses import dataclass

import numpy as np

from course_lib.checks.exercise import Case, Exercise, Inputs
from course_lib.checks.plain import Plain
from course_lib.checks.returns import Fault
from course_lib.checks.suspects import Suspects
from course_lib.checks.verdict import Verdict

TWO_AT_ONCE = "Two mistakes at once. Mend one of them and check again; the other then gets a hint of its own."
NOTHING_FITS = (
    "no mistake on file gives these values. Work the tiny case of the task by hand, print shape and values after each "
    "of your lines, and find the first that differs."
)


@dataclass(frozen=True)
class Help:
    """How much a failing check tells, and in which language.

    Attributes
    ----------
    level : int
        1 asks a question; 2 names the equation and shows the mistake in one unit.
    language : str
        "en" or "ko".
    """

    level: int = 1
    language: str = "en"


def failed(exercise: Exercise, part: str, case: Case, fault: Fault, suspects: Suspects, help: Help) -> Verdict:
    """Tell what was called, what is wrong, which mistake it looks like, and where to read."""
    lines = [("called", describe_call(exercise, case.inputs)), ("wrong", fault.sentence)]
    if suspects:
        names = ", or ".join(" and ".join(item.name for item in candidate) for candidate in suspects)
        lines.append(("likely", f"{names}\n{_hint(suspects, help)}"))
    elif help.level >= 2 and fault.kind in {"value", "shape", "nan", "error"}:
        lines.append(("next", NOTHING_FITS))
    lines.append(("read", exercise.read))
    ids = tuple("+".join(item.id for item in candidate) for candidate in suspects)
    return Verdict(title(exercise, part), False, fault.kind, tuple(lines), ids)


def passed(exercise: Exercise, part: str, cases: list[Case], unseen: bool) -> Verdict:
    """Tell what was verified, and no more."""
    if unseen:
        lines = (("unseen", f"{_count(len(cases), 'unseen case')} passed."),)
    elif not exercise.has_inputs:
        lines = (("public", "the values are right."),)
    else:
        text = f"shapes and values on {_count(len(cases), 'case')}{_varying_sizes(cases)}; inputs left unchanged."
        lines = (("public", f"{text}\nUnseen cases of the same kind follow when your work is graded."),)
    return Verdict(title(exercise, part), True, "", lines)


def title(exercise: Exercise, part: str) -> str:
    """Name the exercise, and the part where it has several."""
    return exercise.name if len(exercise.parts) == 1 else f"{exercise.name} ({part})"


def describe_call(exercise: Exercise, inputs: Inputs) -> str:
    """Write the call with shapes: ``rnn_step(x_t (4, 3), h_prev (4, 5), params)``."""
    return f"{exercise.name}({', '.join(_describe_argument(name, value) for name, value in inputs.items())})"


def _hint(suspects: Suspects, help: Help) -> str:
    first = suspects[0]
    if len(first) > 1:
        return TWO_AT_ONCE
    if help.level >= 2:
        return first[0].example
    return first[0].hint_ko if help.language == "ko" and first[0].hint_ko else first[0].hint


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
        return f"{name}={value:.4g}"
    return name
