"""Exercises of chapter 00, the refresher.

An exercise is declared beside its ``wrong_…``: one implementation whose switches are the misconceptions on file.
What is said of each misconception stands in ``hints.toml``.
"""

from course_lib.checks.exercise import Exercise
from course_lib.checks.refresher.layers import embed, embed_backward, linear_backward
from course_lib.checks.refresher.probabilities import cross_entropy, softmax
from course_lib.checks.refresher.steps import adam_step, largest_stable_step, numeric_gradient

EXERCISES: tuple[Exercise, ...] = (
    softmax,
    cross_entropy,
    linear_backward,
    embed,
    embed_backward,
    numeric_gradient,
    largest_stable_step,
    adam_step,
)
