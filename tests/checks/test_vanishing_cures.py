"""What is new with exercises 3.4 to 3.8: batches judged by what holds of them, and cases that tell cures apart."""

import itertools
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import gradcheck
from course_lib.checks import lent_backward
from course_lib.checks.call import call_here
from course_lib.checks.faults import draw_cases
from course_lib.checks.judge import judge
from course_lib.checks.suspects import call_wrong
from course_lib.checks.vanishing_gradients.adding import (
    BY_LUCK,
    MANY,
    MORE,
    adding_batch,
    baselines,
    departures,
    surprise,
    tolerance,
    wrong_adding_batch,
)
from course_lib.checks.vanishing_gradients.clipping import clip
from course_lib.checks.vanishing_gradients.initialisation import orthogonal_blocks, rescale_to_radius
from course_lib.checks.vanishing_gradients.penalty import omega, omega_gradient
from course_lib.checks.vanishing_gradients.reservoir import ridge_readout, run_reservoir
from course_lib.params import RNNParams

SEEDS = st.integers(0, 2**32 - 1)
CURES = (clip, rescale_to_radius, orthogonal_blocks, adding_batch, run_reservoir, ridge_readout, omega, omega_gradient)


def both(exercise, part, seed):
    """Draw public and unseen cases."""
    return draw_cases(exercise, part, seed, unseen=False) + draw_cases(exercise, part, seed, unseen=True)


# 3.4 ------------------------------------------------------------------------------------------------------------------


@given(SEEDS)
@settings(max_examples=20, deadline=None, derandomize=True)
def test_long_gradients_have_elements_above_the_largest_norm_and_short_ones_are_shorter_or_0(seed):
    for case in both(clip, "long gradients", seed):
        gradients, max_norm = case.inputs.values()
        assert max(np.abs(array).max() for array in gradients) > max_norm
        assert np.hypot.reduce([np.linalg.norm(array) for array in gradients]) < 1  # 1 is no limit of anything
    norms = []
    for case in both(clip, "short gradients", seed):
        gradients, max_norm = case.inputs.values()
        norms.append(np.hypot.reduce([np.linalg.norm(array) for array in gradients]))
        assert norms[-1] < max_norm
    assert min(norms) == 0


def right_clip(gradients, max_norm):
    norm = np.sqrt(sum((array**2).sum() for array in gradients))
    return [array * max_norm / max(norm, max_norm) for array in gradients], norm


def test_a_record_of_clipped_gradients_passes_too():
    def answer(gradients, max_norm):
        clipped, norm = right_clip(gradients, max_norm)
        return RNNParams(*clipped), norm

    assert all(judge(clip, part, call_here(answer, clip.forbidden)).passed for part in clip.parts)


def test_clipping_in_place_is_told():
    def in_place(gradients, max_norm):
        norm = right_clip(gradients, max_norm)[1]
        for array in gradients:
            array *= min(1.0, max_norm / norm)
        return gradients, norm

    verdict = judge(clip, "long gradients", call_here(in_place), hints="en")
    assert verdict.kind == "modified input"
    assert "your code changes gradients in place" in str(verdict)


def test_a_wrong_norm_costs_the_norm_alone_when_the_gradients_are_right():
    def answer(gradients, max_norm):
        clipped, norm = right_clip(gradients, max_norm)
        return clipped, min(norm, max_norm)

    verdicts = {part: judge(clip, part, call_here(answer), hints="en") for part in clip.parts}
    assert [part for part, verdict in verdicts.items() if not verdict.passed] == ["norm"]
    assert verdicts["norm"].misconceptions == ("returns-the-norm-after",)


# 3.5 ------------------------------------------------------------------------------------------------------------------


@given(SEEDS)
@settings(max_examples=20, deadline=None, derandomize=True)
def test_a_matrix_to_rescale_tells_its_radius_from_every_other_size(seed):
    for case in both(rescale_to_radius, "values", seed):
        W, rho = case.inputs.values()
        values = np.linalg.eigvals(W)
        radius = np.abs(values).max()
        assert abs(np.log(rho / radius)) > 0.05
        assert values.real.max() < 0.99 * radius
        if len(W) > 1:
            others = (np.linalg.norm(W, 2), np.linalg.norm(W), abs(values[0]), abs(values.max()))
            others += (np.abs(values.real).max(),)
            assert all(abs(np.log(other / radius)) > 0.01 for other in others)


@given(SEEDS)
@settings(max_examples=10, deadline=None, derandomize=True)
def test_expected_blocks_are_orthogonal_and_leave_each_draw_a_triangle_with_a_positive_diagonal(seed):
    for case in both(orthogonal_blocks, "values", seed):
        H, n, rng = case.inputs.values()
        blocks = np.split(orthogonal_blocks.oracle(H, n, rng), n, axis=1)
        drawn = np.random.default_rng(rng.value)
        for block in blocks:
            R = block.T @ drawn.normal(size=(H, H))
            assert np.allclose(block.T @ block, np.eye(H), atol=1e-12)
            assert np.allclose(np.tril(R, -1), 0, atol=1e-12)
            assert (np.diag(R) > 0).all()


# 3.6 ------------------------------------------------------------------------------------------------------------------


def batch_of_rows(rng, B, T):
    """Draw sequence by sequence, the places first."""
    x = np.zeros((B, T, 2))
    for row in x:
        row[[rng.integers(T // 2), T // 2 + rng.integers(T - T // 2)], 1] = 1
        row[:, 0] = rng.uniform(size=T)
    return x, (x[:, :, 0] * x[:, :, 1]).sum(axis=1)


def batch_by_rejection(rng, B, T):
    """Draw two places again until they lie in different halves; the numbers come time first."""
    marks = np.zeros((B, T))
    for row in marks:
        while row[: T // 2].sum() != 1 or row[T // 2 :].sum() != 1:
            row[:] = 0
            row[rng.choice(T, 2, replace=False)] = 1
    numbers = rng.random((T, B)).T
    return np.stack([numbers, marks], axis=2), np.einsum("bt,bt->b", numbers, marks)


def batch_of_complements(rng, B, T):
    """Take what is left of each draw to 1."""
    x, _ = batch_of_rows(rng, B, T)
    numbers = 1 - x[:, :, 0]
    return pair(numbers, x[:, :, 1]), (numbers * x[:, :, 1]).sum(axis=1)


@given(SEEDS)
@settings(max_examples=3, deadline=None, derandomize=True)
@pytest.mark.parametrize("answer", [batch_of_rows, batch_by_rejection, batch_of_complements])
def test_any_right_generator_passes_whatever_its_order_of_draws(answer, seed):
    assert judge(adding_batch, "batch", call_here(answer), seed).passed


def twisted(twist):
    """Make a generator that draws in an order of its own and then spoils the batch."""

    def answer(rng, B, T):
        x, y = batch_of_rows(rng, B, T)
        return twist(x[:, :, 0], x[:, :, 1], y)

    return answer


def pair(numbers, marks):
    return np.stack([numbers, marks], axis=2)


TWISTS = {
    "averages-the-two": lambda numbers, marks, y: (pair(numbers, marks), y / 2),
    "adds-every-number": lambda numbers, marks, y: (pair(numbers, marks), numbers.sum(axis=1)),
    "asks-as-in-1997": lambda numbers, marks, y: (pair(numbers, marks), (2 + y) / 4),
    "draws-from-minus-1": lambda numbers, marks, y: (pair(2 * numbers - 1, marks), 2 * y - 2),
    "swaps-the-columns": lambda numbers, marks, y: (pair(marks, numbers), y),
    "puts-time-first": lambda numbers, marks, y: (pair(numbers, marks).swapaxes(0, 1), y),
    "marks-with-0": lambda numbers, marks, y: (pair(numbers, 1 - marks), y),
    "marks-every-sequence-at-every-place": lambda numbers, marks, y: (
        pair(numbers, 0 * marks + marks.any(axis=0)),
        numbers @ marks.any(axis=0),
    ),
    "wipes-the-rest-out": lambda numbers, marks, y: (pair(numbers * marks, marks), y),
    "writes-the-numbers-as-marks": lambda numbers, marks, y: (pair(numbers, numbers * marks), y),
    "marks-the-same-two-steps": lambda numbers, marks, y: (pair(numbers, 0 * marks + marks[0]), numbers @ marks[0]),
}


@pytest.mark.parametrize("mistake", TWISTS)
def test_a_mistake_is_named_though_the_draws_are_others(mistake):
    verdict = judge(adding_batch, "batch", call_here(twisted(TWISTS[mistake])), hints="en")
    assert verdict.misconceptions == (mistake,)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda numbers, marks: (numbers, marks * np.arange(marks.shape[1])), "must hold 0 and 1 alone"),
        (lambda numbers, marks: (numbers, np.maximum(marks, np.eye(1, marks.shape[1], 0))), "must have 2 marks, got 3"),
        (lambda numbers, marks: (numbers, marks[:, ::-1]), ""),
        (lambda numbers, marks: (numbers**2, marks), "the numbers are not spread evenly"),
        (lambda numbers, marks: (np.round(numbers, 1) + 0.01, marks), "yours reach from"),
        (lambda numbers, marks: (np.round(0.9 * numbers, 1) + 0.05, marks), "come again and again"),
        (lambda numbers, marks: (np.where(marks, numbers**2, numbers), marks), "marked numbers are not spread"),
        (lambda numbers, marks: (1 + numbers, marks), "must lie between 0 and 1"),
    ],
)
def test_what_does_not_hold_of_a_batch_is_said(spoil, said):
    x, _ = batch_of_rows(np.random.default_rng(0), MANY, 10)
    numbers, marks = spoil(x[:, :, 0], x[:, :, 1])
    found = departures(pair(numbers, marks), (numbers * (marks != 0)).sum(axis=1))
    assert said in found[0].sentence if said else not found


def places(first, second):
    """Make a batch of 10 steps with marks at given places."""
    rng = np.random.default_rng(0)
    numbers, marks = rng.random((MANY, 10)), np.zeros((MANY, 10))
    marks[np.arange(MANY), first(rng)] = marks[np.arange(MANY), second(rng)] = 1
    return departures(pair(numbers, marks), (numbers * marks).sum(axis=1))


@pytest.mark.parametrize(
    ("first", "second", "name"),
    [
        (lambda rng: rng.integers(0, 5, MANY), lambda rng: rng.integers(5, 10, MANY), None),
        (lambda rng: rng.integers(1, 5, MANY), lambda rng: rng.integers(5, 10, MANY), "never the first step"),
        (
            lambda rng: rng.integers(0, 4, MANY),
            lambda rng: rng.integers(5, 10, MANY),
            "never the last step of the first half",
        ),
        (
            lambda rng: rng.integers(0, 5, MANY),
            lambda rng: rng.integers(6, 10, MANY),
            "never the step where the second half begins",
        ),
        (lambda rng: rng.integers(0, 5, MANY), lambda rng: rng.integers(5, 9, MANY), "never the last step"),
        (
            lambda rng: rng.choice([0, 1, 3, 4], MANY),
            lambda rng: rng.integers(5, 10, MANY),
            "never a step of the first half",
        ),
        (lambda rng: rng.binomial(4, 0.3, MANY), lambda rng: rng.integers(5, 10, MANY), "uneven first"),
        (lambda rng: np.zeros(MANY, int), lambda rng: np.full(MANY, 7), "the same places"),
        (lambda rng: np.arange(MANY) % 5, lambda rng: 9 - np.arange(MANY) % 5, "tied places"),
    ],
)
def test_where_the_marks_stand_is_looked_at(first, second, name):
    assert [departure.name for departure in places(first, second)][:1] == ([name] if name else [])


@pytest.mark.parametrize("own", [lambda: np.random.default_rng(3), lambda: np.random.RandomState(3)])
def test_numbers_of_another_generator_are_told(own):
    def answer(rng, B, T):
        x, _ = batch_of_rows(rng, B, T)
        numbers = own().uniform(size=(B, T))
        return pair(numbers, x[:, :, 1]), (numbers * x[:, :, 1]).sum(axis=1)

    verdict = judge(adding_batch, "batch", call_here(answer), hints="en")
    assert "do not come from rng" in str(verdict)
    assert verdict.misconceptions == ("makes-a-generator-of-its-own",)


def trace(mistake, seed):
    """Return what shows of a mistake in each case of a draw, down to what two steps leave room for."""
    call = call_wrong(adding_batch, frozenset({mistake}))
    cases = [case for case in draw_cases(adding_batch, "batch", seed, unseen=True) if case.inputs["T"] > 2]
    return tuple(case.judged.of(call(case.inputs).value) for case in cases if case.inputs["B"] > 1)


def test_mistakes_leave_different_traces_and_the_same_ones_for_every_seed():
    traces = {}
    for item in adding_batch.misconceptions:
        seen = [[name for name in trace(item.id, seed) if name and isinstance(name[0], str)] for seed in range(3)]
        assert seen[0] == seen[1] == seen[2], item.id
        traces[item.id] = str(seen[0])
    time_first = traces.pop("puts-time-first")  # is no batch: its shape alone shows it
    assert time_first == str([]) and len(set(traces.values())) == len(traces)


PLACES = {
    "draws-the-places-elsewhere": lambda rng: np.random.default_rng(),
    "gives-the-places-a-seed-of-their-own": lambda rng: np.random.RandomState(3),
}


@pytest.mark.parametrize(("mistake", "said"), zip(PLACES, ["with one seed", "with different seeds"], strict=True))
def test_places_of_another_generator_are_told_though_the_numbers_are_right(mistake, said):
    def answer(rng, B, T):
        numbers, marks, rows, other = rng.random((B, T)), np.zeros((B, T)), np.arange(B), PLACES[mistake](rng)
        marks[rows, (other.uniform(size=B) * (T // 2)).astype(int)] = 1
        marks[rows, T // 2 + (other.uniform(size=B) * (T - T // 2)).astype(int)] = 1
        return pair(numbers, marks), (numbers * marks).sum(axis=1)

    verdict = judge(adding_batch, "batch", call_here(answer), hints="en")
    assert said in verdict.lines[1][1] and "marks" in verdict.lines[1][1]
    assert verdict.misconceptions == (mistake,)


@given(SEEDS)
@settings(max_examples=8, deadline=None, derandomize=True)
def test_rounded_places_never_pass_and_are_named(seed):
    wrong = call_wrong(adding_batch, frozenset({"rounds-the-places"}))
    verdict = judge(adding_batch, "batch", wrong, seed, hints="en")
    assert "steps must be equally likely" in verdict.lines[1][1]
    assert verdict.misconceptions == ("rounds-the-places",)


def test_a_half_that_prefers_other_steps_is_not_taken_for_a_rounded_one():
    rng = np.random.default_rng(0)
    marks = np.zeros((MORE, 10))
    marks[np.arange(MORE), rng.choice(5, MORE, p=[0.3, 0.2, 0.2, 0.2, 0.1])] = 1
    marks[np.arange(MORE), rng.integers(5, 10, MORE)] = 1
    numbers = rng.random((MORE, 10))
    found = departures(pair(numbers, marks), (numbers * marks).sum(axis=1))
    assert [departure.name for departure in found] == ["uneven first"]


@pytest.mark.parametrize("n", [2, 3, 7])
@pytest.mark.parametrize("N", [MANY, MORE])
def test_a_right_count_is_refused_as_rarely_as_stated(N, n):
    refused = [k for k in range(N + 1) if surprise(np.array([k, N - k]), np.array([1 / n, 1 - 1 / n]))[0] > 1]
    by_luck = sum(comb(N, k) * (n - 1) ** (N - k) for k in refused) / n**N
    assert 0 < by_luck <= BY_LUCK
    assert len(refused) > N / 2


@pytest.mark.parametrize("n", [1, 30, 300, 3000])
def test_the_tolerance_is_missed_as_rarely_as_stated(n):
    assert 2 * np.exp(-2 * n * tolerance(n) ** 2) == pytest.approx(BY_LUCK)


@given(SEEDS)
@settings(max_examples=5, deadline=None, derandomize=True)
def test_the_baselines_are_the_errors_that_a_large_batch_has(seed):
    x, y = wrong_adding_batch(frozenset(), np.random.default_rng(seed), 40_000, 2)
    for error, expected in zip(((y - 1) ** 2, (y - x[:, 0, 0] - 0.5) ** 2), baselines.oracle(), strict=True):
        assert abs(error.mean() - expected) < 6 * error.std() / np.sqrt(len(y))


# 3.7 ------------------------------------------------------------------------------------------------------------------


def test_without_a_leak_a_reservoir_is_the_network_of_chapter_01():
    x, h_0, W_in, W, b, _ = draw_cases(run_reservoir, "values", 0, unseen=False)[0].inputs.values()
    expected = lent_backward.rnn_forward(x, h_0, RNNParams(W_in, W, b))
    assert np.allclose(run_reservoir.oracle(x, h_0, W_in, W, b, 1.0), expected, rtol=1e-12)


@given(SEEDS)
@settings(max_examples=5, deadline=None, derandomize=True)
def test_the_expected_readout_is_where_the_penalised_error_is_flat(seed):
    for case in both(ridge_readout, "values", seed)[:4]:
        S, Y, lam = case.inputs.values()
        W_hy, b_y = ridge_readout.oracle(S, Y, lam)
        by_weights = gradcheck.numeric_gradient(
            lambda W, S=S, Y=Y, b_y=b_y, lam=lam: ((S @ W + b_y - Y) ** 2).sum() + lam * (W**2).sum(), W_hy
        )
        by_bias = gradcheck.numeric_gradient(lambda b, S=S, Y=Y, W_hy=W_hy: ((S @ W_hy + b - Y) ** 2).sum(), b_y)
        assert np.abs(by_weights).max() < 1e-6 and np.abs(by_bias).max() < 1e-6
        assert lam not in (1.0, lam**2)


@given(SEEDS)
@settings(max_examples=100, deadline=None, derandomize=True)
def test_states_and_targets_of_a_readout_have_means_that_are_not_0(seed):
    for case in both(ridge_readout, "values", seed):
        assert case.inputs["S"].mean(axis=0).min() > 0.25
        assert case.inputs["Y"].mean(axis=0).min() > 0.9


@given(SEEDS)
@settings(max_examples=20, deadline=None, derandomize=True)
def test_a_reservoir_starts_away_from_0_and_keeps_more_than_it_takes(seed):
    for case in both(run_reservoir, "values", seed):
        assert np.abs(case.inputs["h_0"]).max(axis=1).min() > 0.01
        assert 0.1 < case.inputs["a"] < 0.45


# 3.8 ------------------------------------------------------------------------------------------------------------------


@given(SEEDS)
@settings(max_examples=5, deadline=None, derandomize=True)
def test_the_expected_gradient_is_the_slope_of_the_expected_penalty(seed):
    for part in omega_gradient.parts:
        delta, h, W_hh = both(omega_gradient, part, seed)[0].inputs.values()
        numeric = gradcheck.numeric_gradient(lambda W, delta=delta, h=h: omega.oracle(delta, h, W), W_hh)
        assert gradcheck.relative_error(omega_gradient.oracle(delta, h, W_hh), numeric) < 1e-6


@given(SEEDS)
@settings(max_examples=20, deadline=None, derandomize=True)
def test_every_sequence_has_a_gradient_first_and_in_one_part_none_at_last(seed):
    for case in both(omega, "steps without a gradient", seed):
        sizes = np.linalg.norm(case.inputs["delta"], axis=-1)
        assert (sizes[:, 0] > 0).all() and (sizes[:, -1] == 0).all()
    for case in both(omega, "every step", seed):
        assert (np.linalg.norm(case.inputs["delta"], axis=-1) > 0).all()


def test_orthogonal_weights_and_states_of_0_cost_nothing():
    rng = np.random.default_rng(0)
    Q, _ = np.linalg.qr(rng.normal(size=(5, 5)))
    assert omega.oracle(rng.normal(size=(4, 3, 5)), np.zeros((4, 3, 5)), Q) == pytest.approx(0, abs=1e-20)


# all ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("exercise", CURES, ids=lambda exercise: exercise.name)
def test_two_mistakes_at_once_are_named_where_they_do_not_cancel(exercise):
    pairs = list(itertools.combinations(exercise.misconceptions, 2))
    for index in np.random.default_rng(0).choice(len(pairs), 3, replace=False):
        call = call_wrong(exercise, frozenset(item.id for item in pairs[index]))
        failed = [v for part in exercise.parts if not (v := judge(exercise, part, call, hints="en")).passed]
        assert not failed or any(verdict.misconceptions for verdict in failed), pairs[index]
