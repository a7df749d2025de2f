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
from course_lib.checks.suspects import differs_in_numbers
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


def named(exercise, part, answer):
    return judge(exercise, part, call_here(answer), hints="en").misconceptions


@pytest.mark.parametrize("product", [np.dot, np.matmul, lambda left, right: left @ right])
def test_a_product_that_does_not_fit_is_named_however_it_is_written(product):
    def untransposed_W(dy, x, W):
        return product(dy, W), x.T @ dy, dy.sum(axis=0)

    def untransposed_x(dy, x, W):
        return dy @ W.T, product(x, dy), dy.sum(axis=0)

    assert named(linear_backward, "dx", untransposed_W) == ("does-not-transpose-W",)
    assert named(linear_backward, "dW", untransposed_x) == ("does-not-transpose-x",)
    said = str(judge(linear_backward, "dx", call_here(untransposed_W)))
    assert "a matrix product does not fit: the left side has 5 columns, the right side 3 rows" in said


def floored_cross_entropy(floor, floored_gradient):
    """Write the usual cross-entropy that keeps probabilities away from 0."""

    def answer(s, y):
        weights = np.exp(s - s.max(axis=1, keepdims=True))
        p = weights / weights.sum(axis=1, keepdims=True)
        rows, floored = np.arange(len(y)), floor(p)
        ds = floored.copy() if floored_gradient else p.copy()
        ds[rows, y] -= 1
        return -np.log(floored[rows, y]).mean(), ds / len(y)

    return answer


@pytest.mark.parametrize("floored_gradient", [False, True])
@pytest.mark.parametrize("small", [1e-5, 1e-7, 1e-8, 1e-10, 1e-12, 1e-15, np.finfo(float).eps])
@pytest.mark.parametrize("way", ["added", "clipped", "clipped on both sides"])
def test_any_small_number_that_hides_a_zero_is_named(small, floored_gradient, way):
    floor = {
        "added": lambda p: p + small,
        "clipped": lambda p: np.maximum(p, small),
        "clipped on both sides": lambda p: np.clip(p, small, 1 - small),
    }[way]
    answer = floored_cross_entropy(floor, floored_gradient)
    assert named(cross_entropy, "large logits", answer) == ("hides-the-zero",)


def test_a_small_number_is_named_in_the_loss_of_ordinary_logits_too_and_single_precision_is_not_taken_for_one():
    assert named(cross_entropy, "loss", floored_cross_entropy(lambda p: p + 1e-8, False)) == ("hides-the-zero",)

    def single(s, y):
        loss, ds = floored_cross_entropy(lambda p: p, False)(s.astype(np.float32), y)
        return float(loss), ds.astype(float)

    assert named(cross_entropy, "loss", single) == ()


def probabilities_by_a_shift_for_all(s, y):
    weights = np.exp(s - s.max())
    p, rows = weights / weights.sum(axis=1, keepdims=True), np.arange(len(y))
    ds = p - np.eye(s.shape[1])[y]
    return -np.log(p[rows, y]).mean(), ds / len(y)


def logarithms_by_a_shift_for_all(s, y):
    shifted = s - s.max()
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    ds = np.exp(log_p) - np.eye(s.shape[1])[y]
    return -log_p[np.arange(len(y)), y].mean(), ds / len(y)


@pytest.mark.parametrize("answer", [probabilities_by_a_shift_for_all, logarithms_by_a_shift_for_all])
def test_one_shift_for_the_whole_batch_is_wrong_where_it_underflows_and_named_there(answer):
    assert judge(cross_entropy, "loss", call_here(answer)).passed
    assert judge(cross_entropy, "gradient", call_here(answer)).passed
    assert named(cross_entropy, "large logits", answer) == ("shifts-by-the-largest-of-all",)


@pytest.mark.parametrize("part", ["loss", "gradient"])
def test_loss_and_gradient_in_the_wrong_order_are_named(part):
    right = floored_cross_entropy(lambda p: p, False)
    assert named(cross_entropy, part, lambda s, y: right(s, y)[::-1]) == ("returns-ds-first",)


@pytest.mark.parametrize("part", ["values", "large logits"])
def test_a_shift_of_the_rows_with_sums_of_the_columns_is_named(part):
    def answer(s):
        weights = np.exp(s - s.max(axis=1, keepdims=True))
        return weights / weights.sum(axis=0)

    assert named(softmax, part, answer) == ("shifts-rows-and-adds-up-columns",)


def test_no_pair_of_mistakes_is_named_for_what_became_nan_and_zeros():
    def answer(s):
        weights = np.exp(s)
        return weights / (weights.sum(axis=0) + 1e-8)

    verdict = judge(softmax, "large logits", call_here(answer), hints="en")
    assert verdict.kind == "nan"
    assert verdict.misconceptions == ()


def test_a_single_mistake_is_still_named_for_what_became_nan():
    def overflowing(s):
        return np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)

    assert named(softmax, "large logits", overflowing) == ("overflows",)


def test_a_pair_is_named_however_small_its_difference_and_beside_a_nan_too():
    right = np.array([0.25, 0.75])
    assert differs_in_numbers(right + 1e-8, right)
    assert differs_in_numbers(np.array([np.nan, 0.5]), right)
    assert differs_in_numbers(np.zeros(2), right)
    assert not differs_in_numbers(np.array([np.nan, 0]), right)
    assert not differs_in_numbers((np.nan, right), (0.5, right))
    assert differs_in_numbers(None, right) and differs_in_numbers(right[:1], right)


def test_the_last_example_of_a_loop_that_adds_nothing_up_is_named():
    def answer(dy, x, W):
        for dy_b, x_b in zip(dy, x, strict=True):
            dW, db = np.outer(x_b, dy_b), dy_b
        return dy @ W.T, dW, db

    assert judge(linear_backward, "dx", call_here(answer)).passed
    assert named(linear_backward, "dW", answer) == ("keeps-the-last-example-in-dW",)
    assert named(linear_backward, "db", answer) == ("keeps-the-last-example-in-db",)


@pytest.mark.parametrize("part", numeric_gradient.parts)
def test_one_slope_for_all_elements_is_named_though_it_is_no_array(part):
    def both_sides(f, theta, h):
        return (f(theta + h) - f(theta - h)) / (2 * h)

    def one_side(f, theta, h):
        return (f(theta + h) - f(theta)) / h

    assert named(numeric_gradient, part, both_sides) == ("returns-one-number",)
    assert named(numeric_gradient, part, one_side) == ("forward-difference+returns-one-number",)


@pytest.mark.parametrize("part", numeric_gradient.parts)
def test_a_difference_to_one_side_over_the_distance_of_both_is_named(part):
    def answer(f, theta, h):
        gradient = np.zeros(theta.shape)
        for index in np.ndindex(theta.shape):
            above = theta.copy()
            above[index] += h
            gradient[index] = (f(above) - f(theta)) / (2 * h)
        return gradient

    assert named(numeric_gradient, part, answer) == ("halves-a-forward-difference",)


@pytest.mark.parametrize(
    ("answer", "mistake"),
    [
        (lambda A: 2 / np.linalg.eig(A)[0][0], "takes-the-first-eigenvalue"),
        (lambda A: 2 * np.linalg.eigvalsh(A).max(), "multiplies-by-the-eigenvalue"),
        (lambda A: 2 / np.linalg.eigvalsh(A)[0], "uses-the-smallest-eigenvalue"),
    ],
)
def test_an_eigenvalue_that_is_not_the_largest_or_stands_on_the_wrong_side_is_named(answer, mistake):
    assert named(largest_stable_step, "values", answer) == (mistake,)


def test_no_hint_in_korean_writes_shape_in_english():
    items = [item for exercise in exercises_of("00-refresher").values() for item in exercise.misconceptions]
    assert not [item.id for item in items if "shape" in item.hint_ko]
