"""Judge an answer: run its cases through a call, compare, and name the mistake.

Only ``call`` touches the student's code; everything here works on plain data.
"""

import numpy as np

from course_lib.checks.call import Call, Outcome
from course_lib.checks.exercise import Exercise
from course_lib.checks.faults import PUBLIC_SEED, draw_cases, find_fault
from course_lib.checks.suspects import suspect
from course_lib.checks.verdict import Verdict
from course_lib.checks.wording import failed, passed

SELF_EXPLAINING = {"delegated", "not written", "modified input"}
"""Kinds of fault whose sentence says it all, so that no misconception is looked for."""


@np.errstate(all="ignore")  # a comparison may overflow, and a notebook may have asked NumPy to raise
def judge(exercise: Exercise, part: str, call: Call, seed: int | None = None, hints: str = "") -> Verdict:
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
    hints : str
        Language of the first hint, "en" or "ko"; without it no misconception is looked for.

    Returns
    -------
    Verdict
    """
    cases = draw_cases(exercise, part, PUBLIC_SEED if seed is None else seed, unseen=seed is not None)
    outcomes: list[Outcome] = []
    for case in cases:
        outcomes.append(call(case.inputs))
        if fault := find_fault(exercise, case, outcomes[-1]):
            search = hints and fault.kind not in SELF_EXPLAINING
            suspects = suspect(exercise, part, call, cases[: len(outcomes)], outcomes) if search else []
            return failed(exercise, part, case, fault, suspects, hints)
    return passed(exercise, part, cases, unseen=seed is not None)
