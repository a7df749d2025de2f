"""Exercises of chapter 04, the LSTM.

An exercise is declared beside its ``wrong_…``: one implementation whose switches are the misconceptions on file.
What is said of each misconception stands in ``hints.toml``.
"""

from course_lib.checks.exercise import Exercise
from course_lib.checks.lstm.counting import counter
from course_lib.checks.lstm.half_lives import bias_for, half_life
from course_lib.checks.lstm.latching import latch
from course_lib.checks.lstm.sequence import lstm_backward
from course_lib.checks.lstm.step_backward import lstm_step_backward
from course_lib.checks.lstm.steps import lstm_step
from course_lib.checks.lstm.variants import coupled_step, peephole_step

EXERCISES: tuple[Exercise, ...] = (
    latch,
    lstm_step,
    lstm_step_backward,
    lstm_backward,
    half_life,
    bias_for,
    counter,
    coupled_step,
    peephole_step,
)
