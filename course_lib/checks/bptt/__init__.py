"""Exercises of chapter 02, backpropagation through time.

An exercise is declared beside its ``wrong_…``: one implementation whose switches are the misconceptions on file.
What is said of each misconception stands in ``hints.toml``.
"""

from course_lib.checks.bptt.padding import masked_cross_entropy
from course_lib.checks.bptt.passes import wrong_passes
from course_lib.checks.bptt.steps import rnn_backward, rnn_step_backward, two_steps
from course_lib.checks.bptt.training import train_loop
from course_lib.checks.bptt.truncation import truncated_bptt, windowed_bptt
from course_lib.checks.exercise import Exercise

EXERCISES: tuple[Exercise, ...] = (
    two_steps,
    rnn_step_backward,
    rnn_backward,
    masked_cross_entropy,
    wrong_passes,
    truncated_bptt,
    train_loop,
    windowed_bptt,
)
