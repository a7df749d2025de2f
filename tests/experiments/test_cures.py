"""Every cure is trained as it says, all are judged alike, and the stored result says what each costs."""

import dataclasses

import numpy as np
import pytest
import torch

from course_lib.data.temporal_order import baselines, temporal_order_batch
from course_lib.experiments import EXPERIMENTS, Outcome, Run, load
from course_lib.experiments.cures import (
    CURES,
    TRAINED,
    CuresSettings,
    held_out_figures,
    loss,
    prices,
    run,
    train_network,
)
from course_lib.experiments.echo_state import EchoSettings, choose_echo_state, last_states, share_wrong
from course_lib.models.many_to_one import ManyToOneParams
from course_lib.nn.bptt import gradient_flow
from course_lib.nn.omega import omega_immediate_gradient
from course_lib.nn.rnn import rnn_forward
from course_lib.params import HeadParams, RNNParams

SETTINGS = CuresSettings()
B, H = 3, 7


@pytest.fixture
def params():
    """Return a network in float64."""
    rng = np.random.default_rng(1)
    draw = lambda *size: rng.normal(0, 0.4, size)  # noqa: E731
    return ManyToOneParams(RNNParams(draw(6, H), draw(H, H), draw(H)), HeadParams(draw(H, 4), draw(4)))


def batch_of(T):
    return temporal_order_batch(np.random.default_rng(2), B, T)


@pytest.mark.parametrize("name", ["plain", "identity"])
def test_the_loss_of_the_last_answer_equals_autograd(params, name):
    batch = batch_of(12)
    leaves = [torch.tensor(array, requires_grad=True) for array in (*params.rnn, *params.head)]
    h, phi = torch.zeros(B, H, dtype=torch.float64), torch.tanh if name == "plain" else torch.relu
    for x_t in torch.tensor(batch.x).transpose(0, 1):
        h = phi(x_t @ leaves[0] + h @ leaves[1] + leaves[2])
    wanted = torch.nn.functional.cross_entropy(h @ leaves[3] + leaves[4], torch.tensor(batch.y))
    wanted.backward()
    error, gradients = loss(params, batch, SETTINGS, CURES[name])
    assert error == pytest.approx(wanted.item(), rel=1e-9)
    for got, leaf in zip((*gradients.rnn, *gradients.head), leaves, strict=True):
        np.testing.assert_allclose(got, leaf.grad, rtol=1e-9, atol=1e-12)


def test_the_penalty_adds_its_immediate_gradient_to_that_of_the_recurrent_matrix_alone(params):
    batch, settings = batch_of(12), dataclasses.replace(SETTINGS, omega_weight=0.3)
    error, plain = loss(params, batch, settings, CURES["plain"])
    same_error, penalised = loss(params, batch, settings, CURES["omega"])
    assert same_error == error
    h, cache = rnn_forward(batch.x, np.zeros((B, H)), params.rnn)
    s = torch.tensor(h[:, -1], requires_grad=True)
    weights = torch.tensor(params.head.W_hy), torch.tensor(params.head.b_y)
    torch.nn.functional.cross_entropy(s @ weights[0] + weights[1], torch.tensor(batch.y)).backward()
    dh = np.zeros_like(h)
    dh[:, -1] = s.grad
    wanted = 0.3 * omega_immediate_gradient(gradient_flow(dh, cache).delta, h, params.rnn.W_hh)
    np.testing.assert_allclose(penalised.rnn.W_hh - plain.rnn.W_hh, wanted, rtol=1e-9, atol=1e-15)
    assert np.abs(wanted).max() > 0.01
    for name in ("W_xh", "b_h"):
        np.testing.assert_array_equal(getattr(penalised.rnn, name), getattr(plain.rnn, name))


def test_a_gradient_of_20_steps_never_meets_a_mark_and_one_of_all_steps_is_whole(params):
    batch = batch_of(SETTINGS.T)
    _, short = loss(params, batch, SETTINGS, CURES["truncated"])
    _, whole = loss(params, batch, dataclasses.replace(SETTINGS, window=SETTINGS.T), CURES["truncated"])
    _, plain = loss(params, batch, SETTINGS, CURES["plain"])
    np.testing.assert_array_equal(short.rnn.W_xh[4:], 0)  # the weights of X and Y
    assert np.abs(short.rnn.W_xh[:4]).min() > 0
    np.testing.assert_allclose(whole.rnn.W_xh, plain.rnn.W_xh, rtol=1e-9, atol=1e-15)
    assert np.abs(plain.rnn.W_xh[4:]).min() > 0


def test_one_seed_gives_every_cure_the_same_sequences_and_every_pair_the_same_start():
    settings = EXPERIMENTS["cures"].short()
    outcome = run(settings, 3)
    for name in ("plain", "omega", "orthogonal", "identity"):
        assert outcome.losses[name][0] == outcome.losses[f"{name} unclipped"][0]
    assert outcome.losses["plain"][0] == outcome.losses["truncated"][0] == outcome.losses["omega"][0]
    assert outcome.losses["plain"][0] != outcome.losses["orthogonal"][0] != outcome.losses["identity"][0]


def test_clipping_is_what_its_name_says():
    for name, cure in TRAINED.items():
        assert cure.clipped is not name.endswith(" unclipped")
        assert ("clip norm" in cure.chosen) is cure.clipped
        assert "learning rate" in cure.chosen and len({cure.label for cure in CURES.values()}) == len(CURES)


def test_an_untrained_network_is_judged_as_guessing():
    settings = dataclasses.replace(SETTINGS, held_out=2000)
    weights = run(dataclasses.replace(EXPERIMENTS["cures"].short(), updates=20), 0).weights
    figures = held_out_figures(settings, weights)
    assert figures["plain unclipped wrong"] == pytest.approx(100 * baselines().wrong, abs=3)
    assert {f"{name} wrong" for name in CURES} <= figures.keys()


ECHO = EchoSettings(scales=(0.1,), radii=(0.9,), leaks=(1.0, 0.1), lams=(1e9, 1e-6), solved_for=300, validated_on=200)


def test_validation_data_chooses_the_reservoir_whatever_the_order():
    found = choose_echo_state(ECHO, 20, 30, seed=4)
    turned = dataclasses.replace(ECHO, leaks=ECHO.leaks[::-1], lams=ECHO.lams[::-1])
    again = choose_echo_state(turned, 20, 30, seed=4)
    assert (found.leak, found.lam, found.tried) == (again.leak, again.lam, again.tried) == (0.1, 1e-6, 4)
    assert (found.scale, found.radius) == (0.1, 0.9)
    assert np.abs(np.linalg.eigvals(found.reservoir.W)).max() == pytest.approx(0.9)


def test_a_readout_is_solved_for_from_the_states_it_is_used_on():
    found = choose_echo_state(ECHO, 20, 30, seed=4)
    batch = temporal_order_batch(np.random.default_rng(9), 500, 20)
    s = last_states(found.reservoir, batch.x, found.leak) @ found.head.W_hy + found.head.b_y
    assert share_wrong(s, batch.y) < 0.2


def test_last_states_of_many_sequences_are_those_of_each():
    found = choose_echo_state(ECHO, 20, 30, seed=4)
    x = temporal_order_batch(np.random.default_rng(9), 1003, 10).x
    together = last_states(found.reservoir, x, 0.3)
    assert together.shape == (1003, 30)
    np.testing.assert_allclose(together[1000:], last_states(found.reservoir, x[1000:], 0.3), rtol=1e-12)


def test_a_price_is_the_mean_over_the_seeds_with_both_ends():
    runs = []
    for seed, (wrong, seconds) in enumerate([(0.5, 10.0), (75.0, 20.0)]):
        figures = {f"{name} wrong": wrong for name in CURES} | {f"{name} parameters": 9.0 for name in CURES}
        figures |= {f"{name} updates": 100.0 * (seed + 1) for name in TRAINED}
        curves = {"seconds": np.full(len(CURES), seconds)}
        runs.append(Run(seed, 0.0, Outcome(figures, curves, {}, {})))
    lines = prices(runs)
    assert [line.label for line in lines] == [cure.label for cure in CURES.values()]
    assert lines[0][1:] == (37.75, 0.5, 75.0, 1, 15.0, 150.0, 9, ("learning rate",))
    assert lines[-1].updates == 0 and "leak" in lines[-1].chosen


@pytest.fixture(scope="module")
def stored():
    """Return the lines of the stored result by the names of the cures."""
    return dict(zip(CURES, prices(load("cures").runs), strict=True))


def test_clipping_and_truncation_leave_a_plain_network_at_what_takes_no_memory(stored):
    for name in ("plain", "plain unclipped", "truncated"):
        assert stored[name].solved == 0
        assert stored[name].lowest == pytest.approx(stored[name].highest, abs=2)
        assert stored[name].wrong == pytest.approx(100 * baselines().wrong, abs=2)
        assert stored[name].updates == SETTINGS.updates


@pytest.mark.parametrize("name", ["orthogonal", "orthogonal unclipped", "identity", "reservoir"])
def test_a_better_start_or_no_training_solves_the_task_for_every_seed(stored, name):
    assert stored[name].solved == 3 and stored[name].highest < 1


def test_the_identity_start_needs_clipping_on_this_task(stored):
    assert stored["identity unclipped"].solved < 3 and stored["identity unclipped"].highest > 50


def test_the_penalty_leaves_the_baseline_and_each_of_its_updates_costs_more_seconds_than_a_plain_one(stored):
    assert stored["omega"].highest < 25 and stored["omega"].solved >= 2
    plain, omega = (list(CURES).index(name) for name in ("plain", "omega"))
    for one in load("cures").runs:
        seconds, figures = one.outcome.curves["seconds"], one.outcome.figures
        ratio = seconds[omega] / figures["omega updates"] / (seconds[plain] / figures["plain updates"])
        assert 1.3 < ratio < 5


def test_the_reservoir_trains_the_fewest_numbers_and_asks_for_the_most_settings(stored):
    others = [line for name, line in stored.items() if name != "reservoir"]
    assert stored["reservoir"].parameters == 65 * 4 < min(line.parameters for line in others)
    assert {line.parameters for line in others} == {6 * 64 + 64 * 64 + 64 + 65 * 4}
    assert len(stored["reservoir"].chosen) > max(len(line.chosen) for line in others)
    assert {run.outcome.figures["reservoir tried"] for run in load("cures").runs} == {36}


def test_the_stored_seconds_of_a_run_are_those_of_its_cures():
    for one in load("cures").runs:
        seconds = one.outcome.curves["seconds"]
        assert seconds.shape == (len(CURES),) and (seconds > 0).all()
        assert 0.8 * one.seconds < seconds.sum() <= one.seconds + 0.05  # the rest judges the networks


def test_the_stored_readouts_follow_from_their_seeds():
    for one in load("cures").runs:
        chosen = {name: one.outcome.figures[f"reservoir {name}"] for name in ("scale", "radius", "leak", "lam")}
        scale, radius, leak, lam = ((value,) for value in chosen.values())
        chosen_alone = dataclasses.replace(SETTINGS, scales=scale, radii=radius, leaks=leak, lams=lam)
        found = choose_echo_state(chosen_alone, SETTINGS.T, SETTINGS.hidden, one.seed)
        kept = one.outcome.weights
        np.testing.assert_allclose(found.reservoir.W, kept["reservoir.W"], rtol=1e-6, atol=1e-9)
        for got, name in zip(found.head, ("W_hy", "b_y"), strict=True):
            wanted = kept[f"reservoir.{name}"]
            np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-4 * np.abs(wanted).max())


def test_a_cure_stops_at_the_mean_of_100_losses_and_counts_what_it_read():
    settings = dataclasses.replace(EXPERIMENTS["cures"].short(), updates=110, stop_below=1e9)
    for name in ("plain", "identity unclipped"):
        figures, losses, _ = train_network(name, settings, 0, False)
        assert figures["updates"] == len(losses) == 100
        assert figures["sequences"] == 100 * settings.batch_size


def test_every_cure_has_its_own_seconds():
    seconds = run(EXPERIMENTS["cures"].short(), 0).curves["seconds"]
    assert seconds.shape == (len(CURES),) and (seconds > 0).all()
