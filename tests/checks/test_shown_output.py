"""What the pages show as the output of a check is what the engine says today."""

import re
from pathlib import Path

import pytest

from course_lib.checks.call import call_here
from course_lib.checks.judge import judge
from course_lib.checks.rnn.recurrence import rnn_step

PAGE = Path(__file__).parents[2] / "book" / "how-to-use.md"


def shown_blocks():
    return re.findall(r"```text\n(rnn_step .*?)```", PAGE.read_text(), re.S)


@pytest.mark.parametrize(("position", "answer"), [(0, "squashes_each_term"), (1, "right")])
def test_how_to_use_shows_real_output(position, answer, steps):
    verdict = judge(rnn_step, "values", call_here(getattr(steps, answer)), hints="en")
    assert shown_blocks()[position].split() == str(verdict).split()
