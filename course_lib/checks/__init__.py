"""What an exercise cell calls.

A notebook opens its checks once and then asks about one function at a time::

    from course_lib.checks import open_checks

    check = open_checks("01-rnn", version="0.1.0")
    check.rnn_step(rnn_step)

One module an assignment declares its exercises (:mod:`course_lib.checks.rnn`); the other modules are the engine.
``python -m course_lib.checks --prove`` proves every declared exercise.
"""

from course_lib.checks.notebook import Checks, exercises_of, open_checks
from course_lib.checks.verdict import CheckFailed, Verdict

__all__ = ["CheckFailed", "Checks", "Verdict", "exercises_of", "open_checks"]
