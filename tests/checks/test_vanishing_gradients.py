"""What is new with chapter 03: answers that are judged by a property, and the cases and oracles of 3.1 and 3.2."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from course_lib import gradcheck
from course_lib.checks.call import call_here
from course_lib.checks.faults import draw_cases
from course_lib.checks.judge import judge
from course_lib.checks.suspects import call_wrong
from course_lib.checks.vanishing_gradients.counterexamples import Measured, large_but_vanishing, small_but_growing
from course_lib.checks.vanishing_gradients.jacobians import jacobian_product
from course_lib.checks.vanishing_gradients.unit import unit_gradient

SEEDS = st.integers(0, 2**32 - 1)
UNITS = st.integers(2, 10)


def both(exercise, part, seed):
    """Draw public and unseen cases."""
    return draw_cases(exercise, part, seed, unseen=False) + draw_cases(exercise, part, seed, unseen=True)


def verdict_on(exercise, W):
    return judge(exercise, "properties", call_here(lambda: W), hints="en")


def turned(W, rng):
    """Write a matrix in other orthogonal coordinates: its norms and eigenvalues stay."""
    Q, _ = np.linalg.qr(rng.normal(size=W.shape))
    return Q @ W @ Q.T


@given(SEEDS, UNITS, st.floats(3.1, 50))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_any_shift_is_large_and_vanishes_in_whatever_coordinates(seed, H, weight):
    W = weight * np.eye(H, k=1)
    assert verdict_on(large_but_vanishing, W).passed
    if H <= 5 and weight < 10:  # rounding makes something else of a long shift of large numbers
        assert verdict_on(large_but_vanishing, turned(W, np.random.default_rng(seed))).passed


@given(SEEDS, st.integers(3, 10), st.just(10.0) | st.floats(10, 50))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_any_shift_over_three_places_is_small_and_grows_in_whatever_coordinates(seed, H, weight):
    W = np.diag([weight, weight], 1)
    W = np.pad(W, (0, H - 3))
    assert verdict_on(small_but_growing, W).passed
    assert verdict_on(small_but_growing, turned(W, np.random.default_rng(seed))).passed


@pytest.mark.parametrize(
    "W",
    [
        np.array([[0, 10], [0, 0]]),
        np.array([[0, 4], [0, 0]], dtype=np.uint8),
        np.array([[0, 0], [7.5, 0]], dtype=np.float32),
        np.array([[0.5, 4.0], [0.0, -0.5]]),
        np.diag([1e29] * 9, 1),
    ],
    ids=["integers", "small integers", "single precision", "eigenvalues", "huge numbers"],
)
def test_a_right_matrix_of_any_kind_of_real_numbers_passes(W):
    assert verdict_on(large_but_vanishing, W).passed


@pytest.mark.parametrize(
    "W",
    [
        np.array([[0, 10, 0], [0, 0, 10], [0, 0, 0]]),
        np.array([[0.9999, 0.02], [0.0, 0.9999]]),
        np.diag([1e29] * 9, 1),
    ],
    ids=["tenfold to the last digit", "after 500 powers", "powers that overflow"],
)
def test_growth_is_found_when_it_is_just_enough_late_or_beyond_the_largest_number(W):
    assert verdict_on(small_but_growing, W).passed


ENTRIES = st.one_of(st.floats(-4, 4), st.sampled_from([0.0, 0.0, 0.0, 20.0, -20.0, 1.0, 1e29]))
MATRICES = UNITS.flatmap(lambda H: npst.arrays(float, (H, H), elements=ENTRIES))


@np.errstate(all="ignore")
def norms_one_by_one(W, n):
    """Multiply by W again and again, without doubling; infinity from where a power cannot be computed."""
    power, found = np.eye(len(W)), []
    for _ in range(n):
        power = power @ W
        found.append(np.linalg.norm(power, 2) if np.isfinite(power).all() else np.inf)
    return np.array(found)


@given(MATRICES)
@settings(max_examples=30, deadline=None, derandomize=True)
def test_a_matrix_passes_when_it_has_both_properties_and_is_named_when_it_lacks_one(W):
    norms, rho = norms_one_by_one(W, 50), np.abs(np.linalg.eigvals(W)).max()
    large, small = verdict_on(large_but_vanishing, W), verdict_on(small_but_growing, W)
    assert large.passed == bool(norms[0] > 3 and norms[-1] < 1e-6)
    grows = bool(norms.max() > 10.001 * norms[0])
    assert small.passed or not (rho < 1 and grows)
    assert not small.passed or (rho < 1 and norms_one_by_one(W, 1000).max() > 9.999 * norms[0])
    assert all(verdict.passed or len(verdict.misconceptions) == 1 for verdict in (large, small))


@given(MATRICES)
@settings(max_examples=20, deadline=None, derandomize=True)
def test_powers_made_by_doubling_are_those_made_one_by_one(W):
    W = W / max(np.abs(W).sum(axis=1).max(), 1)
    measured = Measured(W)
    assert len(measured.norms) == 1000
    assert np.allclose(measured.norms[:50], norms_one_by_one(W, 50), rtol=1e-6, atol=1e-7)


CORNER = np.array([[0.0, 1.0], [0.0, 0.0]])
EYE = np.eye(2)


def with_figures(sentence, W):
    """Fill in what is measured here, apart from the check."""
    norms = norms_one_by_one(W, 1000)
    n = norms.argmax() + 1
    rho = np.abs(np.linalg.eigvals(W)).max()
    times = norms[n - 1] / norms[0] if norms[0] else 0
    return sentence.format(sigma=norms[0], fifty=norms[49], rho=rho, peak=norms[n - 1], n=n, times=times)


SIGMA, FIFTY = "sigma_max is {sigma:.4g}, wanted above 3", "the norm of W^50 is {fifty:.4g}, wanted below 1e-06"
RHO = "rho is {rho:.4g}, wanted below 1"
PEAK = "the largest norm of its first 1000 powers is {peak:.4g}, that of W^{n}: {times:.4g} times the norm of W, "
PEAK += "which is {sigma:.4g}; wanted at least 10 times"


@pytest.mark.parametrize(
    ("W", "sentence", "named"),
    [
        (0.5 * EYE + 0.1 * CORNER, SIGMA, "keeps-sigma-max-small"),
        (2.1 * CORNER, SIGMA, "keeps-sigma-max-small"),
        (3.0 * CORNER, SIGMA, "keeps-sigma-max-small"),
        (np.diag([2.9, 2.9], 1), SIGMA, "takes-the-frobenius-norm"),
        (np.diag([5.0, -5.0, 0.0]), FIFTY, "is-diagonal"),
        (np.array([[1.0, 5.0], [5.0, -1.0]]), FIFTY, "is-symmetric"),
        (np.roll(5 * np.eye(3), 1, axis=1), FIFTY, "is-normal"),
        (0.95 * EYE + 4 * CORNER, FIFTY, "vanishes-too-late"),
        (EYE + 4 * CORNER, FIFTY, "keeps-an-eigenvalue-of-1"),
        (5.0 * EYE + CORNER, FIFTY, "makes-rho-large"),
        (1.2 * EYE + 0.5 * CORNER, f"{SIGMA}; {FIFTY}", "makes-rho-large"),
        (1e20 * (EYE + CORNER), FIFTY, "makes-rho-large"),
        (np.array([[0.1, 9.0], [9.5, 0.2]]), FIFTY, "reads-rho-off-the-diagonal"),
        (np.full((10, 10), 0.7) - 0.2 * np.eye(10, k=1), FIFTY, "takes-powers-of-the-entries"),
    ],
)
def test_a_matrix_that_is_not_large_or_does_not_vanish_is_told_its_numbers_and_named(W, sentence, named):
    verdict = verdict_on(large_but_vanishing, W)
    assert verdict.lines[1][1] == with_figures(sentence, W)
    assert verdict.misconceptions == (named,)


@pytest.mark.parametrize(
    ("W", "sentence", "named"),
    [
        (1.5 * EYE + CORNER, RHO, "makes-rho-large"),
        (1.0 * EYE + 20 * CORNER, RHO, "keeps-an-eigenvalue-of-1"),
        (np.full((4, 4), 0.5) + 0.1 * np.eye(4, k=1), RHO, "reads-rho-off-the-entries"),
        (np.array([[0.1, 9.0], [9.5, 0.2]]), RHO, "reads-rho-off-the-diagonal"),
        (np.diag([0.99, -0.5]), PEAK, "is-diagonal"),
        (np.zeros((2, 2)), PEAK, "is-diagonal"),
        (0.9 * EYE + 20 * CORNER, PEAK, "compares-with-1"),
        (0.9 * EYE + 2 * CORNER, PEAK, "grows-too-little"),
        (0.99999 * EYE + 0.005 * CORNER, PEAK, "grows-too-little"),
        (2.0 * np.eye(4, k=1), PEAK, "grows-too-little"),
        (3.0 * np.eye(4, k=1), PEAK, "grows-too-little"),
        (np.array([[0.0, 2.0], [0.5, 0.0]]), f"{RHO}; {PEAK}", "neither-grows-nor-vanishes"),
        (0.5 * EYE + 20 * CORNER, PEAK, "counts-the-first-power"),
        (0.5 * EYE + 0.2 * CORNER, PEAK, "keeps-sigma-max-below-1"),
        (np.array([[0.3, 0.6], [-0.6, 0.3]]), PEAK, "is-normal"),
    ],
)
def test_a_matrix_that_is_not_small_or_does_not_grow_is_told_its_numbers_and_named(W, sentence, named):
    verdict = verdict_on(small_but_growing, W)
    assert verdict.lines[1][1] == with_figures(sentence, W)
    assert verdict.misconceptions == (named,)


def test_a_growth_that_is_nearly_tenfold_is_not_told_to_be_tenfold():
    assert "9.99999 times the norm of W" in verdict_on(small_but_growing, 9.99999 * np.eye(3, k=1)).lines[1][1]


@pytest.mark.parametrize(
    ("value", "kind", "said", "named"),
    [
        ([[0, 10], [0, 0]], "type", "W must be a NumPy array of shape (H, H), got a list of length 2", ()),
        ("W", "type", "got the string 'W'", ()),
        (None, "type", "got None (is a return missing?)", ()),
        (5.0, "type", "got 5.0", ("is-one-unit",)),
        (np.array([[5.0]]), "shape", "W has shape (1, 1), wanted (H, H) with H from 2 to 10", ("is-one-unit",)),
        (np.zeros((2, 3)), "shape", "W has shape (2, 3)", ()),
        (np.zeros(4), "shape", "W has shape (4,)", ()),
        (np.zeros((2, 2, 2)), "shape", "W has shape (2, 2, 2)", ()),
        (np.zeros((0, 0)), "shape", "W has shape (0, 0)", ()),
        (5 * np.eye(11, k=1), "shape", "W has shape (11, 11), wanted (H, H) with H from 2 to 10", ()),
        (5j * CORNER, "dtype", "W holds complex128 numbers, wanted float64 or integers", ()),
        (np.where(CORNER, np.nan, 0), "nan", "W[0, 1] is nan, wanted a number below 1e+30", ("overflows",)),
        (np.where(CORNER, -np.inf, 0), "nan", "W[0, 1] is -inf, wanted a number below 1e+30", ("overflows",)),
        (1e40 * CORNER, "value", "W[0, 1] is 1e+40, wanted a number below 1e+30", ("overflows",)),
    ],
)
def test_what_is_no_matrix_of_the_task_is_told(value, kind, said, named):
    for exercise in (large_but_vanishing, small_but_growing):
        verdict = verdict_on(exercise, value)
        assert verdict.kind == kind
        assert said in verdict.lines[1][1]
        assert verdict.misconceptions == named


@given(SEEDS)
@settings(max_examples=20, deadline=None, derandomize=True)
def test_the_gradient_of_one_unit_is_the_slope_of_the_run(seed):
    for case in both(unit_gradient, "steps", seed):
        w, h_0, T = case.inputs.values()

        def run(start, w=w, T=T):
            h = float(start[0])
            for _ in range(T):
                h = np.tanh(w * h)
            return h

        slope = gradcheck.numeric_gradient(run, np.array([h_0]))
        found = unit_gradient.oracle(w, h_0, T)
        assert found == pytest.approx(slope[0], rel=1e-6)
        assert abs(found) > 1e-4  # far above the tolerance of a check
    assert all(unit_gradient.oracle(**case.inputs) == 1 for case in both(unit_gradient, "no step", seed))


def test_a_wrong_answer_without_steps_does_not_cost_the_part_with_steps():
    def answer(w, h_0, T):
        gradient, h = None, h_0
        for _ in range(T):
            h = np.tanh(w * h)
            gradient = w * (1 - h**2) * (1 if gradient is None else gradient)
        return gradient

    assert judge(unit_gradient, "steps", call_here(answer)).passed
    verdict = judge(unit_gradient, "no step", call_here(answer))
    assert verdict.lines[1][1] == "gradient must be a number, got None (is a return missing?)"


@given(SEEDS)
@settings(max_examples=5, deadline=None, derandomize=True)
def test_the_jacobian_of_a_sequence_says_what_its_inputs_carry_to_the_end(seed):
    for case in both(jacobian_product, "J", seed):
        h, W_hh = case.inputs.values()
        h_0 = np.random.default_rng(seed).uniform(-0.9, 0.9, h.shape[1])
        inputs = np.arctanh(h) - np.concatenate([h_0[None], h[:-1]]) @ W_hh

        def end(start, unit, inputs=inputs, W_hh=W_hh):
            for x_t in inputs:
                start = np.tanh(start @ W_hh + x_t)
            return start[unit]

        columns = [
            gradcheck.numeric_gradient(lambda start, j=j, end=end: float(end(start, j)), h_0) for j in range(len(h_0))
        ]
        J, norm = jacobian_product.oracle(h, W_hh)
        assert gradcheck.relative_error(J, np.stack(columns, axis=1)) < 1e-6
        assert norm == pytest.approx(np.sqrt(np.linalg.eigvalsh(J.T @ J)[-1]), rel=1e-9)


@given(SEEDS)
@settings(max_examples=5, deadline=None, derandomize=True)
@pytest.mark.parametrize("unseen", [False, True])
def test_there_is_a_sequence_of_one_step_and_one_whose_order_counts(unseen, seed):
    for part in jacobian_product.parts:
        lengths = [len(case.inputs["h"]) for case in draw_cases(jacobian_product, part, seed, unseen)]
        assert min(lengths) == 1 and max(lengths) > 2


def test_the_norm_of_a_transposed_product_is_right_and_earns_its_part():
    wrong = call_wrong(jacobian_product, frozenset({"transposes-the-product"}))
    assert judge(jacobian_product, "norm", wrong).passed
    assert judge(jacobian_product, "J", wrong, hints="en").misconceptions == ("transposes-the-product",)


@given(st.sampled_from([unit_gradient, jacobian_product]), st.data())
@settings(max_examples=8, deadline=None, derandomize=True)
def test_two_mistakes_at_once_are_recognised(exercise, data):
    ids = st.sampled_from([item.id for item in exercise.misconceptions])
    pair = data.draw(st.lists(ids, min_size=2, max_size=2, unique=True))
    call = call_wrong(exercise, frozenset(pair))
    verdicts = [judge(exercise, part, call, hints="en") for part in exercise.parts]
    assert all(verdict.passed or verdict.misconceptions for verdict in verdicts)
