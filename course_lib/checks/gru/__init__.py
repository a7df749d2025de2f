"""Exercises of chapter 05, the GRU.

An exercise is declared beside its ``wrong_…``: one implementation whose switches are the misconceptions on file.
What is said of each misconception stands in ``hints.toml``.
"""

from course_lib.checks.exercise import Exercise
from course_lib.checks.gru.backward import gru_step_backward
from course_lib.checks.gru.budgets import widths
from course_lib.checks.gru.conventions import mirrored
from course_lib.checks.gru.differing import differing_input
from course_lib.checks.gru.loading import from_torch
from course_lib.checks.gru.reversing import reverse_within_lengths
from course_lib.checks.gru.steps import gru_before_step, gru_step

EXERCISES: tuple[Exercise, ...] = (
    gru_step,
    mirrored,
    gru_before_step,
    differing_input,
    gru_step_backward,
    from_torch,
    widths,
    reverse_within_lengths,
)
