"""What a cell keeps is measured as the formulas say, and the stored result says what the forget gate did."""

import dataclasses

import numpy as np
import pytest

from course_lib.experiments import EXPERIMENTS, load
from course_lib.experiments.forget_gate import BIASES, GATES, NO_GATE, kept_by_gates, kept_in_all
from course_lib.nn import init_lstm, logistic, lstm_backward, lstm_forward
from course_lib.params import LSTMParams

B, T, D, H = 3, 6, 2, 4


def at_rest(bias):
    """Return an LSTM whose gates depend on nothing but their bias."""
    return LSTMParams(np.zeros((D, 4 * H)), np.zeros((H, 4 * H)), np.repeat([0.0, bias, 0.0, 0.0], H))


@pytest.mark.parametrize("bias", BIASES)
def test_at_rest_gates_and_cells_keep_the_share_of_the_closed_form(bias):
    x, wanted = np.ones((B, T, D)), logistic(np.array(bias)) ** np.arange(1, T + 1)
    np.testing.assert_allclose(kept_by_gates(at_rest(bias), x), wanted, rtol=1e-9)
    np.testing.assert_allclose(kept_in_all(at_rest(bias), x, np.random.default_rng(0)), wanted, rtol=1e-6)


def test_all_that_is_kept_is_the_product_of_the_total_derivative_with_the_direction():
    rng = np.random.default_rng(1)
    params = LSTMParams(*(rng.normal(size=array.shape) for array in init_lstm(D, H, rng)))
    x = rng.normal(size=(1, T, D))
    direction = np.random.default_rng(2).normal(size=(1, H))
    direction /= np.linalg.norm(direction)
    h, _, cache = lstm_forward(x, np.zeros((1, H)), np.zeros((1, H)), params)
    rows = [lstm_backward(np.zeros_like(h), cache, one[None]).dc_0[0] for one in np.eye(H)]  # the Jacobian's
    wanted = np.linalg.norm(np.array(rows) @ direction[0])
    assert kept_in_all(params, x, np.random.default_rng(2))[-1] == pytest.approx(wanted, rel=1e-5)


def test_the_biases_start_from_the_same_other_numbers_as_the_cell_without_a_gate():
    without = GATES[NO_GATE].start(D, H, np.random.default_rng(0)).lstm
    for bias in BIASES:
        own = GATES[f"bias {bias:g}"].start(D, H, np.random.default_rng(0))
        np.testing.assert_array_equal(own.W_x, without.W_x)
        np.testing.assert_array_equal(own.W_h, without.W_h)
        np.testing.assert_array_equal(own.b, np.repeat([0, bias, 0, 0], H))


def test_a_run_measures_the_networks_that_it_started_and_those_that_it_trained():
    experiment = EXPERIMENTS["forget-gate"]
    still = dataclasses.replace(experiment.short(), updates=1, learning_rate=1e-30)
    moved = dataclasses.replace(experiment.short(), updates=110, solved_below=1e9)
    first, last = experiment.run(still, 3, False), experiment.run(moved, 3, False)
    for bias in BIASES:
        for what in ("gates", "in all"):
            start, trained = (first.curves[f"bias {bias:g} {what} {when}"] for when in ("start", "trained"))
            np.testing.assert_array_equal(trained, start)  # no update moved a number
            np.testing.assert_array_equal(last.curves[f"bias {bias:g} {what} start"], start)
            assert not np.allclose(last.curves[f"bias {bias:g} {what} trained"], start, rtol=1e-3)
        kept = last.curves[f"bias {bias:g} gates trained"][-1] ** (1 / moved.T)
        assert last.figures[f"bias {bias:g} kept trained"] == pytest.approx(kept, rel=1e-12)
        assert last.figures[f"bias {bias:g} solved"] == 100  # the first mean of 100 losses


def test_a_gate_that_is_never_open_keeps_nothing():
    np.testing.assert_array_equal(
        kept_in_all(at_rest(-1e4), np.zeros((B, T, D)), np.random.default_rng(0)), np.zeros(T)
    )
    np.testing.assert_array_equal(kept_by_gates(at_rest(-1e4), np.zeros((B, T, D))), np.zeros(T))


@pytest.mark.parametrize("bias", BIASES)
def test_before_training_the_gates_keep_nearly_what_their_bias_says(bias):
    for run in load("forget-gate").runs:
        kept, figures = run.outcome.curves[f"bias {bias:g} gates start"], run.outcome.figures
        assert figures[f"bias {bias:g} kept start"] == pytest.approx(logistic(np.array(bias)), abs=0.05)
        assert figures[f"bias {bias:g} kept start"] == pytest.approx(kept[-1] ** (1 / len(kept)), rel=1e-4)
        assert kept.shape == (EXPERIMENTS["forget-gate"].settings.T,) and (np.diff(kept) < 0).all()


def test_the_total_effect_of_a_cell_is_larger_than_the_product_of_its_forget_gates():
    for run in load("forget-gate").runs:
        for bias in BIASES:
            gates, total = (run.outcome.curves[f"bias {bias:g} {what} start"] for what in ("gates", "in all"))
            assert total[-1] > 2 * gates[-1]
