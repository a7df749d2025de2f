"""Exercises of chapter 01, the recurrent network.

An exercise is declared beside its ``wrong_…``: one implementation whose switches are the misconceptions on file.
What is said of each misconception stands in ``hints.toml``.
"""

from course_lib.checks.exercise import Exercise
from course_lib.checks.rnn.generation import generate, tempered_softmax
from course_lib.checks.rnn.reading import aligned, last_valid_state, many_to_one
from course_lib.checks.rnn.recurrence import rnn_forward, rnn_step, trace
from course_lib.checks.rnn.windows import make_windows, scale_by_the_past

EXERCISES: tuple[Exercise, ...] = (
    trace,
    rnn_step,
    rnn_forward,
    last_valid_state,
    many_to_one,
    aligned,
    tempered_softmax,
    generate,
    make_windows,
    scale_by_the_past,
)
