"""The networks that experiments train have the gradients of autograd, and come back from storage as they were."""

import dataclasses

import numpy as np
import pytest
import torch

from course_lib.experiments.fit import FitSettings, fit, points
from course_lib.experiments.networks import (
    AT_ONCE,
    GRU,
    LSTM,
    RELU,
    TANH,
    Network,
    as_weights,
    from_weights,
    last_answers,
    squared_error,
    step_loss,
    step_losses,
    with_head,
)
from course_lib.nn import init_gru, init_lstm
from course_lib.params import HeadParams, RNNParams

B, T, D, H, O = 3, 5, 4, 6, 2
PHI = {TANH: torch.tanh, RELU: torch.relu}


def network(outputs):
    """Return a network in float64, so that it can be held against torch."""
    rng = np.random.default_rng(1)
    draw = lambda *size: rng.normal(size=size)  # noqa: E731
    return Network(RNNParams(draw(D, H), draw(H, H) / 3, draw(H)), HeadParams(draw(H, outputs), draw(outputs))), draw(
        B, T, D
    )


def torch_states(params, x, phi):
    """Return the leaves of a network and its states, by autograd's own arithmetic."""
    leaves = [torch.tensor(array, requires_grad=True) for array in (*params.rnn, *params.head)]
    W_xh, W_hh, b_h, _, _ = leaves
    h, states = torch.zeros(B, H, dtype=torch.float64), []
    for t in range(T):
        h = phi(torch.tensor(x[:, t]) @ W_xh + h @ W_hh + b_h)
        states.append(h)
    return leaves, torch.stack(states, dim=1)


@pytest.mark.parametrize("recurrence", PHI, ids=["tanh", "relu"])
def test_the_squared_error_of_the_last_answer_equals_autograd(recurrence):
    params, x = network(1)
    y = np.arange(B) / 2
    leaves, h = torch_states(params, x, PHI[recurrence])
    wanted = torch.mean(((h[:, -1] @ leaves[3] + leaves[4])[:, 0] - torch.tensor(y)) ** 2)
    wanted.backward()
    loss, gradients = squared_error(params, x, y, recurrence)
    assert loss == pytest.approx(wanted.item(), rel=1e-9)
    assert np.mean((last_answers(params, x, recurrence)[:, 0] - y) ** 2) == pytest.approx(loss, rel=1e-9)
    for got, leaf in zip((*gradients.rnn, *gradients.head), leaves, strict=True):
        np.testing.assert_allclose(got, leaf.grad, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("recurrence", PHI, ids=["tanh", "relu"])
def test_the_cross_entropy_of_every_step_equals_autograd(recurrence):
    params, x = network(O)
    y = np.arange(B * T).reshape(B, T) % O
    leaves, h = torch_states(params, x, PHI[recurrence])
    wanted = torch.nn.functional.cross_entropy((h @ leaves[3] + leaves[4]).reshape(-1, O), torch.tensor(y).reshape(-1))
    wanted.backward()
    loss, gradients = step_losses(params, x, y, recurrence)
    assert loss == pytest.approx(wanted.item(), rel=1e-9)
    for got, leaf in zip((*gradients.rnn, *gradients.head), leaves, strict=True):
        np.testing.assert_allclose(got, leaf.grad, rtol=1e-9, atol=1e-12)


def test_answers_to_many_sequences_are_those_to_each():
    params, _ = network(O)
    x = np.random.default_rng(2).normal(size=(2 * AT_ONCE + 3, T, D))
    wanted = np.concatenate([last_answers(params, one[None], TANH) for one in x])
    np.testing.assert_allclose(last_answers(params, x, TANH), wanted, rtol=1e-9, atol=1e-12)


def test_a_network_with_a_head_computes_in_float32():
    params, x = network(O)
    small = with_head(params.rnn, H, O, np.random.default_rng(0))
    assert {array.dtype for array in as_weights(small).values()} == {np.dtype(np.float32)}
    _, gradients = step_losses(small, x, np.zeros((B, T), int), TANH)
    assert {array.dtype for array in (*gradients.rnn, *gradients.head)} == {np.dtype(np.float32)}


def test_a_network_is_the_one_that_was_taken_apart():
    params, _ = network(O)
    weights = as_weights(params)
    assert list(weights) == ["W_xh", "W_hh", "b_h", "W_hy", "b_y"]
    assert from_weights(dict(reversed(weights.items()))) == params


def gated(name, outputs):
    """Return an LSTM or a GRU with a head, float64, no number 0; and the same layer of torch."""
    rng = np.random.default_rng(3)
    recurrence, start, kind = {"lstm": (LSTM, init_lstm, torch.nn.LSTM), "gru": (GRU, init_gru, torch.nn.GRU)}[name]
    rnn = type(start(D, H, rng))(*(rng.normal(0, 0.4, array.shape) for array in start(D, H, rng)))
    layer = kind(D, H, batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        layer.weight_ih_l0.copy_(torch.tensor(rnn.W_x.T))
        layer.weight_hh_l0.copy_(torch.tensor(rnn.W_h.T))
        layer.bias_ih_l0.copy_(torch.tensor(rnn.b))
        layer.bias_hh_l0.zero_()
        if name == "gru":
            layer.bias_hh_l0[2 * H :] = torch.tensor(rnn.b_hn)
    return Network(rnn, HeadParams(rng.normal(size=(H, outputs)), rng.normal(size=outputs))), recurrence, layer


@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_a_gated_network_has_the_loss_and_the_gradients_of_torch(name):
    params, recurrence, layer = gated(name, O)
    x, y = np.random.default_rng(4).normal(size=(B, T, D)), np.arange(B * T).reshape(B, T) % O
    head = [torch.tensor(array, requires_grad=True) for array in params.head]
    s = (layer(torch.tensor(x))[0] @ head[0] + head[1]).reshape(-1, O)
    wanted = torch.nn.functional.cross_entropy(s, torch.tensor(y).reshape(-1))
    wanted.backward()
    loss, gradients = step_losses(params, x, y, recurrence)
    assert loss == pytest.approx(wanted.item(), rel=1e-9)
    torch_gradients = [layer.weight_ih_l0.grad.T, layer.weight_hh_l0.grad.T, layer.bias_ih_l0.grad]
    if name == "gru":
        torch_gradients.append(layer.bias_hh_l0.grad[2 * H :])
    torch_gradients += [leaf.grad for leaf in head]
    for got, leaf in zip((*gradients.rnn, *gradients.head), torch_gradients, strict=True):
        np.testing.assert_allclose(got, leaf, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_a_gated_network_is_the_one_that_was_taken_apart(name):
    params, recurrence, _ = gated(name, O)
    assert from_weights(dict(reversed(as_weights(params).items())), recurrence) == params


def test_the_loss_of_many_sequences_is_the_mean_of_those_of_each():
    params, _ = network(O)
    x = np.random.default_rng(2).normal(size=(AT_ONCE + 3, T, D))
    y = np.arange(len(x) * T).reshape(-1, T) % O
    wanted = np.mean([step_losses(params, x[one : one + 1], y[one : one + 1], TANH)[0] for one in range(len(x))])
    assert step_loss(params, x, y, TANH) == pytest.approx(wanted, rel=1e-9)


def test_who_watches_sees_the_answers_that_the_loss_is_of():
    params, x = network(1)
    seen = []
    loss, _ = squared_error(params, x, np.zeros(B), TANH, seen.append)
    assert np.mean(seen[0] ** 2) == pytest.approx(loss, rel=1e-9) and seen[0].shape == (B,)


def test_a_fit_draws_what_its_settings_say_and_clips_at_their_norm():
    params, _ = network(1)
    settings, drawn = FitSettings(T=4, hidden=H, updates=3, batch_size=2, held_out=1), []

    def draw(rng, sequences, steps):
        drawn.append((sequences, steps))
        return rng.normal(size=(sequences, steps, D)), np.zeros(sequences)

    def moved(clip_norm):
        own = dataclasses.replace(settings, clip_norm=clip_norm)
        record = fit(params, lambda params, batch: squared_error(params, *batch, TANH), draw, own, 0, False)
        return np.abs(record.params.rnn.W_hh - params.rnn.W_hh).max()

    assert moved(1e-13) < 1e-6 < 1e-4 < moved(1.0)
    assert drawn == [(2, 4)] * 6


def test_points_of_a_curve_are_means_over_whole_groups():
    settings = FitSettings(T=1, hidden=1, updates=7, batch_size=1, held_out=1, point=3)
    np.testing.assert_allclose(points(np.array([1.0, 2, 3, 6, 6, 6, 100]), settings), [2, 6])
