"""Every cell of a comparison starts and is trained as it says, and is judged on the same held-out sequences."""

import numpy as np
import pytest

from course_lib.data.adding import adding_batch, share_wrong_1997
from course_lib.data.copying import baselines, symbols_remembered
from course_lib.experiments.ablations import VARIANTS
from course_lib.experiments.cells import CELLS, TASKS, judge, judge_all, together, train_cell, variant_cell
from course_lib.experiments.fit import FitSettings
from course_lib.experiments.networks import Network, as_weights, from_weights, last_answers, states
from course_lib.nn import LSTMVariant, count_parameters
from course_lib.params import HeadParams

SETTINGS = FitSettings(T=5, hidden=4, updates=12, batch_size=3, held_out=30, point=4)


@pytest.mark.parametrize("name", ["tanh", "gru", "lstm"])
def test_the_recurrent_blocks_of_every_cell_start_orthogonal(name):
    W_h = CELLS[name].start(3, 8, np.random.default_rng(0))[1]
    for block in np.split(W_h, W_h.shape[1] // 8, axis=1):
        np.testing.assert_allclose(block.T @ block, np.eye(8), atol=1e-12)


def test_the_lstm_starts_with_forget_bias_1_and_no_other_bias():
    b = CELLS["lstm"].start(3, 5, np.random.default_rng(0)).b
    np.testing.assert_array_equal(b, np.repeat([0, 1, 0, 0], 5))


@pytest.mark.parametrize("name", ["tanh", "gru", "lstm"])
def test_a_sum_is_judged_by_its_squared_error_and_by_the_rule_of_1997(name):
    cell, rng = CELLS[name], np.random.default_rng(1)
    params = Network(cell.start(2, 4, rng), HeadParams(rng.normal(size=(4, 1)), np.ones(1)))
    batch = adding_batch(np.random.default_rng(1997), SETTINGS.held_out, SETTINGS.T)
    answers = last_answers(params, batch.x, cell.recurrence)[:, 0]
    assert judge(TASKS["adding"], params, cell.recurrence, SETTINGS) == {
        "error": pytest.approx(np.mean((answers - batch.y) ** 2), rel=1e-9),
        "wrong": 100 * share_wrong_1997(answers, batch.y),
    }


def test_a_copy_with_all_classes_alike_has_the_loss_ln_9():
    cell, task = CELLS["tanh"], TASKS["copying"]
    params = Network(cell.start(10, 4, np.random.default_rng(0)), HeadParams(np.zeros((4, 9)), np.zeros(9)))
    figures = judge(task, params, cell.recurrence, SETTINGS)
    assert figures["error"] == pytest.approx(np.log(9))  # all nine classes alike
    assert figures["symbols"] == pytest.approx(symbols_remembered(np.log(9), SETTINGS.T))
    assert figures["from baseline"] == pytest.approx(100 * (np.log(9) / baselines(SETTINGS.T).loss - 1))


@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_starts_from_the_same_numbers_with_peepholes_of_zeros(name):
    first, one = (VARIANTS[key].start(3, 6, np.random.default_rng(5)) for key in ("full", name))
    for wanted, got in zip(first.lstm, one.lstm, strict=True):
        np.testing.assert_array_equal(got, wanted)
    assert not np.any(np.concatenate(one.peepholes))


def test_a_variant_is_the_network_that_was_taken_apart():
    cell, rng = VARIANTS["full"], np.random.default_rng(5)
    params = Network(cell.start(3, 6, rng), HeadParams(rng.normal(size=(6, 1)), np.ones(1)))
    assert from_weights(as_weights(params), cell.recurrence) == params


def test_a_variant_without_any_switch_runs_as_the_lstm_does():
    x, rng = np.random.default_rng(6).normal(size=(2, 7, 3)), np.random.default_rng(5)
    head = HeadParams(np.ones((6, 1)), np.ones(1))
    plain = variant_cell("plain", LSTMVariant())
    params = plain.start(3, 6, rng)
    h, _ = states(Network(params, head), x, plain.recurrence)
    wanted, _ = states(Network(params.lstm, head), x, CELLS["lstm"].recurrence)
    np.testing.assert_allclose(h, wanted, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", VARIANTS)
def test_the_parameters_of_a_variant_are_those_that_training_changed(name):
    H, (D, O) = SETTINGS.hidden, (10, 9)
    blocks = 4 - (name.startswith("no ") and name.endswith(" gate")) - (name == "coupled")
    seen = {"no forget gate": 2, "no input gate": 2, "no output gate": 2, "coupled": 2, "no peepholes": 0}.get(name, 3)
    trained = train_cell(TASKS["copying"], VARIANTS[name], SETTINGS, 0, False)
    assert trained.figures["parameters"] == blocks * H * (D + H + 1) + seen * H + H * O + O


def test_one_seed_gives_every_cell_of_one_shape_the_same_sequences():
    full, plain = (
        train_cell(TASKS["copying"], VARIANTS[name], SETTINGS, 2, False) for name in ("full", "no peepholes")
    )
    assert full.losses[0] == plain.losses[0] and full.losses[-1] != plain.losses[-1]


@pytest.mark.parametrize("task", TASKS)
def test_several_networks_keep_their_names_and_are_judged_from_their_weights_alone(task):
    trained = {name: train_cell(TASKS[task], cell, SETTINGS, 1, False) for name, cell in CELLS.items()}
    outcome = together(trained, SETTINGS)
    judged = judge_all(SETTINGS, outcome.weights, TASKS[task], CELLS)
    assert judged and judged.items() <= outcome.figures.items()
    for place, (name, cell) in enumerate(CELLS.items()):
        assert outcome.figures[f"{name} sequences"] == 36 and outcome.curves[name].shape == (3,)
        assert outcome.curves["seconds"][place] == trained[name].seconds
        first = cell.start(TASKS[task].inputs, SETTINGS.hidden, np.random.default_rng(0))
        head = (SETTINGS.hidden + 1) * TASKS[task].outputs
        assert outcome.figures[f"{name} parameters"] == count_parameters(first) + head
