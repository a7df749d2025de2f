"""Every check runs the same when the answer lives in another process."""

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
    imports = "import numpy as np\nfrom course_lib.params import HeadParams, RNNParams\n\n"
    return imports + "\n\n".join(answers.functions.values())


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_every_check_passes_with_the_answers_in_another_process(assignment):
    with RemoteAnswers(submission(assignment)) as answers:
        for exercise in exercises_of(assignment).values():
            call = answers.call(exercise.name, exercise.forbidden)
            for part in exercise.parts:
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
