import subprocess
import sys

import numpy as np
import pytest

from course_lib import __version__
from course_lib.checks import CheckFailed, open_checks
from course_lib.checks.notebook import ASSIGNMENTS, SEED_VARIABLE, exercises_of, unseen_seed


@pytest.fixture
def check():
    return open_checks("01-rnn", version=__version__)


def failure(check_one, *arguments, **options):
    with pytest.raises(CheckFailed) as failed:
        check_one(*arguments, **options)
    return str(failed.value)


def test_a_passing_check_shows_its_verdict_and_returns_nothing(check, steps, capsys):
    assert check.rnn_step(steps.right) is None
    assert "rnn_step  ✓" in capsys.readouterr().out


def test_a_hidden_cell_calls_the_same_check_on_unseen_cases(check, steps, capsys):
    assert check.graded.rnn_step(steps.right) is None
    assert "unseen cases passed" in capsys.readouterr().out
    assert "likely     leaves out the bias" in failure(check.graded.rnn_step, steps.no_bias)


def test_the_third_failure_of_one_kind_gets_the_longer_hint(check, steps):
    texts = [failure(check.rnn_step, steps.no_bias) for _ in range(3)]
    assert texts[0] == texts[1]
    assert "Equation (1.3)" not in texts[0]
    assert "Equation (1.3)" in texts[2]


def test_failures_of_another_kind_do_not_count(check, steps):
    failure(check.rnn_step, steps.no_bias)
    failure(check.rnn_step, steps.squashes_each_term)
    assert "Equation (1.3) adds" not in failure(check.rnn_step, steps.no_bias)


def test_the_longer_hint_can_be_asked_for(check, steps):
    assert "Equation (1.3) adds" in failure(check.rnn_step, steps.no_bias, hint=2)


def test_hints_come_in_korean_when_the_notebook_asks_for_it(steps):
    check = open_checks("01-rnn", version=__version__, language="ko")
    assert "영향을 주어야 할" in failure(check.rnn_step, steps.no_bias)


def test_a_notebook_of_another_version_is_told(steps):
    check = open_checks("01-rnn", version="0.0.1")
    assert "this notebook is from version 0.0.1 of the course" in failure(check.rnn_step, steps.no_bias)


def test_giving_a_result_instead_of_the_function_is_told(check):
    asked = "give the function itself: check.rnn_step(rnn_step)"
    said = " ".join(failure(check.rnn_step, np.zeros(2)).split())
    assert f"{asked}, not its result; got a float64 array of shape (2,)" in said
    assert asked in failure(check.rnn_step)


def test_an_unknown_hint_is_told(check, steps):
    assert "hint is 1 or 2, got the string '2'" in failure(check.rnn_step, steps.right, hint="2")


def test_an_exercise_of_several_parts_is_checked_whole_unless_one_is_named(check, capsys):
    def from_zero(x, h_0, params, step):
        states = []
        for t in range(x.shape[1]):
            states.append(step(x[:, t], states[-1] if states else 0 * h_0, params))
        return np.stack(states, axis=1)

    assert check.rnn_forward(from_zero, "from a zero state") is None
    assert "rnn_forward (from any state)  ✗" in failure(check.rnn_forward, from_zero)
    assert capsys.readouterr().out.count("rnn_forward (from a zero state)  ✓") == 2


def test_an_unknown_mistake_gets_advice_at_the_third_time(check, steps):
    texts = [failure(check.rnn_step, steps.strange) for _ in range(3)]
    assert "no mistake on file" not in texts[1]
    assert "no mistake on file" in texts[2]


def test_an_unknown_check_lists_those_that_exist(check):
    with pytest.raises(AttributeError, match="no check named 'lstm_step'; there are: trace, rnn_step") as raised:
        check.lstm_step  # noqa: B018
    assert raised.value._render_traceback_() == [str(raised.value)]


def test_an_unknown_part_lists_those_that_exist(check, steps):
    said = "the parts of rnn_forward are 'from a zero state', 'from any state', got the string 'x'"
    assert said in " ".join(failure(check.rnn_forward, steps.right, "x").split())


def test_an_unknown_assignment_lists_those_that_exist():
    with pytest.raises(ValueError, match=f"no checks for '99'; there are: {', '.join(ASSIGNMENTS)}"):
        open_checks("99", version=__version__)


def test_the_environment_names_the_language_for_notebooks_that_name_none(monkeypatch):
    monkeypatch.setenv("COURSE_LANGUAGE", "ko")
    wrong = lambda x_t, h_prev, params: np.tanh(x_t @ params.W_xh) + np.tanh(h_prev @ params.W_hh) + np.tanh(params.b_h)  # noqa: E731
    said = {}
    for language in ("", "en"):
        with pytest.raises(CheckFailed) as failed:
            open_checks("01-rnn", __version__, language).rnn_step(wrong)
        said[language] = str(failed.value)
    assert "무엇" in said[""] or "인가요" in said[""]
    assert said["en"].isascii() or "인가요" not in said["en"]


def test_an_unknown_language_is_told():
    with pytest.raises(ValueError, match="hints come in en or ko, got 'fr'") as raised:
        open_checks("01-rnn", version=__version__, language="fr")
    assert raised.value._render_traceback_() == [str(raised.value)]


def test_completion_offers_the_checks_of_this_notebook(check):
    assert {"rnn_step", "graded"} <= set(dir(check))


def test_unseen_seeds_differ_by_grading_seed_exercise_and_part(monkeypatch):
    step, forward = exercises_of("01-rnn")["rnn_step"], exercises_of("01-rnn")["rnn_forward"]
    monkeypatch.setenv(SEED_VARIABLE, "a")
    seeds = [
        unseen_seed(step, "values"),
        unseen_seed(forward, "from a zero state"),
        unseen_seed(forward, "from any state"),
    ]
    assert seeds[0] == unseen_seed(step, "values")
    monkeypatch.setenv(SEED_VARIABLE, "b")
    seeds.append(unseen_seed(step, "values"))
    monkeypatch.delenv(SEED_VARIABLE)
    seeds += [unseen_seed(step, "values"), unseen_seed(step, "values")]
    assert len(set(seeds)) == len(seeds)


GRADED = """
import course_lib.nn
from course_lib.checks import open_checks
check = open_checks("01-rnn", version="0.1.0")
import course_lib.params, course_lib.gradcheck
for name in ("course_lib.nn", "course_lib.nn.rnn", "course_lib.models", "course_lib.data.windows"):
    try:
        __import__(name)
    except ImportError as refused:
        print(refused)
"""


def test_modules_with_answers_are_hidden_while_a_notebook_is_graded(monkeypatch):
    monkeypatch.setenv(SEED_VARIABLE, "secret")
    done = subprocess.run([sys.executable, "-c", GRADED], capture_output=True, text=True, check=True)
    assert done.stdout.count("holds answers and cannot be imported while a notebook is graded") == 4
