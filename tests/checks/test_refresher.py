"""What is new with chapter 00: cases that tell mistakes apart, oracles without answers, and credit for one value."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import gradcheck
from course_lib.checks import lent
from course_lib.checks.call import call_here
from course_lib.checks.faults import PUBLIC_SEED, draw_cases
from course_lib.checks.judge import judge
from course_lib.checks.notebook import exercises_of
from course_lib.checks.plain import Lent
from course_lib.checks.refresher.layers import embed_backward, linear_backward
from course_lib.checks.refresher.probabilities import cross_entropy, softmax
from course_lib.checks.refresher.steps import (
    SMOOTH,
    adam_step,
    largest_stable_step,
    numeric_gradient,
    oracle_largest_stable_step,
    oracle_numeric_gradient,
)
from course_lib.checks.wording import passed

SEEDS = st.integers(0, 2**32 - 1)


def both(exercise, part, seed):
    """Draw public and unseen cases."""
    return draw_cases(exercise, part, seed, unseen=False) + draw_cases(exercise, part, seed, unseen=True)


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_large_logits_allow_no_other_shift_than_the_largest_of_the_row(seed):
    for case in both(softmax, "large logits", seed):
        s = case.inputs["s"]
        with np.errstate(over="ignore"):
            assert np.isinf(np.exp(s)).any()
            assert np.isinf(np.exp(s - s.mean(axis=1, keepdims=True))).any()
            if len(s) > 1:
                assert (np.exp(s - s.max()).sum(axis=1) == 0).any()
        assert np.isfinite(softmax.oracle(s)).all()


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_large_targets_ask_for_the_logarithm_of_a_probability_that_is_0(seed):
    for case in both(cross_entropy, "large logits", seed):
        s, y = case.inputs.values()
        assert (softmax.oracle(s)[np.arange(len(y)), y] == 0).any()
        assert np.isfinite(cross_entropy.oracle(s, y)[0])


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_ids_come_once_or_again_in_a_sentence_and_at_a_time_step(seed):
    for case in both(embed_backward, "distinct ids", seed):
        ids = case.inputs["ids"]
        assert len(np.unique(ids)) == ids.size
    for case in both(embed_backward, "repeated ids", seed):
        ids = case.inputs["ids"]
        assert all(len(np.unique(sentence)) < len(sentence) for sentence in ids)
        assert len(ids) == 1 or any(len(np.unique(column)) < len(column) for column in ids.T)
        assert ids.max() < case.inputs["V"] - 1


@given(SEEDS, st.sampled_from(SMOOTH), st.lists(st.integers(1, 3), max_size=3), st.floats(1e-3, 0.3))
@settings(max_examples=30, deadline=None)
def test_averaged_slopes_are_central_differences(seed, name, shape, h):
    theta = np.random.default_rng(seed).uniform(-1, 1, tuple(shape))
    differences = gradcheck.numeric_gradient(lent.LENT[name], theta, h)
    slopes = oracle_numeric_gradient(Lent(name), theta, h)
    assert np.linalg.norm(differences - slopes) <= 1e-10 * (1 + np.linalg.norm(slopes))


@pytest.mark.parametrize("name", SMOOTH)
def test_a_lent_function_takes_any_array_and_leaves_it_unchanged(name):
    theta = np.linspace(-1, 1, 6).reshape(2, 3)
    before = theta.copy()
    value = lent.LENT[name](theta.T)
    assert isinstance(value, float)
    assert value == pytest.approx(float(lent.smooth(name, torch.tensor(theta.T))))
    assert value != pytest.approx(lent.LENT[name](theta))
    assert np.array_equal(theta, before)


def test_an_unknown_smooth_function_is_told():
    with pytest.raises(ValueError, match="no smooth function is named 'cliff'"):
        lent.smooth("cliff", torch.zeros(2))


@given(SEEDS)
@settings(max_examples=10, deadline=None)
def test_a_step_below_the_limit_converges_and_one_above_it_runs_away(seed):
    for case in both(largest_stable_step, "values", seed):
        A = case.inputs["A"]
        eta = oracle_largest_stable_step(A)
        below, above = (np.linalg.matrix_power(np.eye(len(A)) - factor * eta * A, 5000) for factor in (0.999, 1.001))
        assert np.linalg.norm(below) < 1
        assert np.linalg.norm(above) > 1e3


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_some_second_moments_are_as_small_as_epsilon_and_the_first_step_starts_from_zero(seed):
    for case in both(adam_step, "values", seed):
        _, _, v = adam_step.oracle(**case.inputs)
        corrected = np.sqrt(v / (1 - 0.999 ** case.inputs["t"]))
        assert corrected.min() < 1e-6 and corrected.max() > 1e-3
        assert (case.inputs["t"] == 1) == (not case.inputs["m"].any() and not case.inputs["v"].any())


def transposed_dW(dy, x, W):
    return dy @ W.T, dy.T @ x, dy.sum(axis=0)


def only_dx(dy, x, W):
    return dy @ W.T, None, None


@pytest.mark.parametrize("answer", [transposed_dW, only_dx])
def test_a_part_is_judged_by_its_own_value_alone(answer):
    assert judge(linear_backward, "dx", call_here(answer)).passed
    assert not judge(linear_backward, "dW", call_here(answer)).passed


def test_a_mistake_is_named_in_its_own_part_whatever_the_others_are():
    def two_mistakes(dy, x, W):
        return dy @ W.T, dy.T @ x, dy.mean(axis=0)

    names = {part: judge(linear_backward, part, call_here(two_mistakes), hints="en") for part in ("dW", "db")}
    assert names["dW"].misconceptions == ("transposes-dW",)
    assert names["db"].misconceptions == ("averages-db",)


def test_too_few_values_are_told_in_every_part():
    verdict = judge(linear_backward, "db", call_here(lambda dy, x, W: dy.sum(axis=0)))
    assert verdict.lines[1][1] == "return the 3 values (dx, dW, db), got a float64 array of shape (5,)"


def test_a_numeric_gradient_may_not_come_from_the_course():
    answer = call_here(gradcheck.numeric_gradient, numeric_gradient.forbidden)
    assert judge(numeric_gradient, "vector", answer).kind == "delegated"
    assert judge(numeric_gradient, "vector", call_here(gradcheck.numeric_gradient)).passed


def test_small_elements_may_carry_the_rounding_of_large_ones_and_no_more():
    right = np.array([1e-6, 1.0])
    off = np.array([1e-12, 0.0])
    assert numeric_gradient.returns.fault(right + off, right) is None
    assert numeric_gradient.returns.fault(right + 1000 * off, right).kind == "value"


@pytest.mark.parametrize("exercise", exercises_of("00-refresher").values(), ids=lambda exercise: exercise.name)
def test_only_a_graded_exercise_promises_unseen_cases(exercise):
    part = next(iter(exercise.parts))
    said = str(passed(exercise, part, draw_cases(exercise, part, PUBLIC_SEED, unseen=False), unseen=False))
    assert ("follow when your work is graded" in said) == (not exercise.stretch)
    assert ("worth no points" in said) == exercise.stretch == (exercise.number == "0.7")


def test_a_sum_that_loses_its_axis_is_told_the_two_shapes_and_named():
    def answer(s):
        weights = np.exp(s - s.max(axis=1, keepdims=True))
        return weights / weights.sum(axis=1)

    verdict = judge(softmax, "values", call_here(answer), hints="en")
    assert "two arrays do not fit, element by element: one has shape (4,7), the other (4,)" in str(verdict)
    assert verdict.misconceptions == ("drops-an-axis",)
