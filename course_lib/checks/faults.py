"""Draw the cases of an exercise, and find the first thing that is wrong with one outcome."""

import re

import numpy as np

from course_lib.checks.call import Outcome
from course_lib.checks.exercise import Case, Exercise
from course_lib.checks.returns import Fault

PUBLIC_SEED = 2026
PRODUCTS = (
    re.compile(r"matmul: .*\(size (?P<rows>\d+) is different from (?P<columns>\d+)\)"),
    re.compile(r"not aligned: (?P<columns>\d+) \(dim \d+\) != (?P<rows>\d+) \(dim 0\)"),
)
"""What NumPy says of a product that does not fit: written with ``@``, and with ``np.dot``."""

ELEMENTWISE = re.compile(r"operands could not be broadcast together with shapes (\([\d,]*\)) (\([\d,]*\))")


def draw_cases(exercise: Exercise, part: str, seed: int, unseen: bool) -> list[Case]:
    """Draw the cases of a part: of the public sizes, or of larger ones."""
    return exercise.parts[part](np.random.default_rng(seed), unseen=unseen)


def find_fault(exercise: Exercise, case: Case, outcome: Outcome) -> Fault | None:
    """Return the first thing that is wrong with one outcome, or None."""
    if outcome.delegated:
        library = outcome.delegated.split(".")[0]
        return Fault("delegated", f"{outcome.delegated} did the work; write {exercise.name} without {library}")
    if outcome.error.startswith("NotImplementedError"):
        function = outcome.error_function or exercise.name
        return Fault("not written", f"replace `raise NotImplementedError` in {function} by your code")
    if outcome.error:
        where = f", at your line: {outcome.error_line}" if outcome.error_line else ""
        return Fault("error", f"{in_plain_words(outcome.error)}{where}")
    if outcome.modified:
        names = " and ".join(outcome.modified)
        return Fault("modified input", f"your code changes {names} in place; the caller still needs it unchanged")
    fault = (case.judged or exercise.returns).fault(outcome.value, exercise.oracle(**case.inputs))
    if fault and fault.kind == "value" and outcome.unused:
        names = " and ".join(outcome.unused)
        return Fault(fault.kind, f"{fault.sentence}. Your code never calls {names}, a right one that it is given")
    return fault


def in_plain_words(error: str) -> str:
    """Say what NumPy says about shapes that do not fit, for somebody who never saw its signatures."""
    for product in filter(None, (pattern.search(error) for pattern in PRODUCTS)):
        columns, rows = product["columns"], product["rows"]
        return f"a matrix product does not fit: the left side has {columns} columns, the right side {rows} rows"
    if shapes := ELEMENTWISE.search(error):
        return f"two arrays do not fit, element by element: one has shape {shapes[1]}, the other {shapes[2]}"
    return error
