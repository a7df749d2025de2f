"""Every check runs the same when the answer lives in another process."""

import ast
from pathlib import Path

import pytest

from course_lib.checks.call import Outcome
from course_lib.checks.judge import judge
from course_lib.checks.notebook import ASSIGNMENTS, exercises_of
from course_lib.checks.prove import load_answers
from course_lib.checks.remote import RemoteAnswers

SOLUTIONS = Path(__file__).parents[2] / "solutions"


def submission(assignment):
    """Answers alone, without the notebook's checks: what the other process executes."""
    answers = load_answers(SOLUTIONS / assignment)
    lines = ast.parse(answers.source).body
    imports = [ast.unparse(line) for line in lines if isinstance(line, ast.Import | ast.ImportFrom)]
    return "\n".join([*imports, *answers.functions.values()])


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_every_check_passes_with_the_answers_in_another_process(assignment):
    with RemoteAnswers(submission(assignment)) as answers:
        for exercise in exercises_of(assignment).values():
            for part in exercise.parts:
                call = answers.call(exercise.name, exercise.forbidden)  # each check has its own time
                assert judge(exercise, part, call, hints="en").passed
                assert judge(exercise, part, call, seed=5, hints="en").passed


WRONG = "import numpy as np\ndef rnn_step(x_t, h_prev, params):\n    return np.tanh(x_t @ params.W_xh + params.b_h)"


def test_a_misconception_is_named_across_processes():
    exercise = exercises_of("01-rnn")["rnn_step"]
    with RemoteAnswers(WRONG) as answers:
        verdict = judge(exercise, "values", answers.call("rnn_step", exercise.forbidden), hints="en")
    assert verdict.misconceptions == ("ignores-the-past",)


def test_what_the_answer_prints_does_not_mix_with_the_replies():
    with RemoteAnswers("def f(x):\n    print('{}')\n    return x") as answers:
        assert answers.call("f")({"x": 1}) == Outcome(value=1)


def test_a_process_that_ends_is_an_outcome():
    with RemoteAnswers("import os\ndef f():\n    os._exit(1)") as answers:
        call = answers.call("f")
        assert call({}).error.startswith("ProcessDied")
        assert call({}).error.startswith("ProcessDied")


def remote_error(source, seconds=0.2, grace=8.0):
    with RemoteAnswers(source, grace) as answers:
        call = answers.call("f", seconds=seconds)
        return call({"x": 1}).error


SURVIVING = """
import os
def reads(x): return input()
def writes(x):
    for n in range(3, 9):
        try: os.write(n, b'{}\\n')
        except OSError: pass
"""


@pytest.mark.slow
def test_another_process_that_goes_on_after_a_failure_tells_each():
    with RemoteAnswers(SURVIVING) as answers:  # the last leaves a line too many, so it comes last
        errors = [answers.call(name)({"x": 1}).error for name in ("absent", "reads", "writes")]
    assert errors == [
        "NameError: name 'absent' is not defined",
        "EOFError: EOF when reading a line",
        "ProcessDied: the process of the answer sent no outcome",
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("def f(x) return", "SyntaxError: expected ':' (<submission>, line 1)"),
        ("import sys\nsys.exit(3)", "SystemExit: 3"),
        ("import os\ndef f(x): os.closerange(3, 50)", "ProcessDied: the process of the answer ended"),
        ("import ctypes\ndef f(x): ctypes.string_at(0)", "ProcessDied: the process of the answer ended"),
        (
            "import os\ndef f(x):\n for n in range(3, 9):\n  try: os.write(n, b'\\xff\\n')\n  except OSError: pass",
            "ProcessDied: the process of the answer ended",
        ),
    ],
)
def test_another_process_that_fails_is_told(source, error):
    assert remote_error(source, seconds=20.0).startswith(error)


@pytest.mark.slow
@pytest.mark.parametrize(
    "body",
    [
        "import itertools\ndef f(x): return sum(itertools.count())",
        "import signal\ndef f(x):\n signal.signal(signal.SIGALRM, signal.SIG_IGN)\n while True: pass",
        "import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()\ndef f(x):\n while True: pass",
    ],
)
def test_another_process_that_ignores_its_limit_is_ended(body):
    assert remote_error(body, grace=2.0) == "TookTooLong: no result after 0.2 s. Is there a loop that never ends?"
