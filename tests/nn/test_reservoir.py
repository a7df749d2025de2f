import numpy as np
import pytest
import torch

from course_lib.nn import (
    Reservoir,
    largest_singular_value,
    linear,
    new_reservoir,
    ridge_readout,
    rnn_forward,
    run_reservoir,
    spectral_radius,
)
from course_lib.params import RNNParams

CLOSE = {"rtol": 1e-9, "atol": 1e-12}


def test_a_new_reservoir_has_the_radius_and_scales_that_were_asked_for():
    reservoir = new_reservoir(3, 200, 0.9, np.random.default_rng(0), input_scale=0.2, bias_scale=0.05)
    assert [array.shape for array in reservoir] == [(3, 200), (200, 200), (200,)]
    assert spectral_radius(reservoir.W) == pytest.approx(0.9, rel=1e-9)
    for array, bound in ((reservoir.W_in, 0.2), (reservoir.b, 0.05)):
        assert 0.95 * bound < array.max() <= bound and -bound <= array.min() < -0.95 * bound
    assert reservoir.W.max() == pytest.approx(-reservoir.W.min(), rel=1e-3)
    assert abs(reservoir.W.mean()) < 0.02 * reservoir.W.std()
    assert not new_reservoir(3, 200, 0.9, np.random.default_rng(0)).b.any()


def test_without_scales_inputs_count_fully_and_there_is_no_bias():
    reservoir = new_reservoir(3, 200, 0.9, np.random.default_rng(0))
    assert 0.95 < reservoir.W_in.max() <= 1 and not reservoir.b.any()


def test_the_same_generator_gives_the_same_reservoir_and_another_does_not():
    first, again, other = (new_reservoir(2, 5, 0.8, np.random.default_rng(seed)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.W, again.W)
    np.testing.assert_array_equal(first.W_in, again.W_in)
    assert not np.array_equal(first.W, other.W)


def drive(seed, leak, sd=1.0, rho=0.9, T=20):
    rng = np.random.default_rng(seed)
    reservoir = new_reservoir(2, 6, rho, rng, bias_scale=0.1)
    return rng.normal(0, sd, (3, T, 2)), rng.normal(size=(3, 6)), reservoir, leak


def test_without_a_leak_it_is_the_tanh_network():
    x, h_0, reservoir, _ = drive(0, 1.0)
    np.testing.assert_allclose(run_reservoir(x, h_0, reservoir), rnn_forward(x, h_0, RNNParams(*reservoir))[0], **CLOSE)


@pytest.mark.parametrize("leak", [0.1, 0.5, 1.0])
def test_every_state_follows_from_the_one_before(leak):
    x, h_0, reservoir, leak = drive(0, leak)
    h = run_reservoir(x, h_0, reservoir, leak)
    W_in, W, b = map(torch.tensor, reservoir)
    before = torch.tensor(np.concatenate([h_0[:, None], h[:, :-1]], axis=1))
    wanted = (1 - leak) * before + leak * torch.tanh(torch.tensor(x) @ W_in + before @ W + b)
    np.testing.assert_allclose(h, wanted, **CLOSE)


@pytest.mark.parametrize("leak", [0.3, 1.0])
def test_below_a_singular_value_of_one_the_start_is_forgotten_at_least_that_fast(leak):
    x, h_0, reservoir, leak = drive(0, leak, T=200)
    sigma = 0.9
    reservoir = reservoir._replace(W=reservoir.W * sigma / largest_singular_value(reservoir.W))
    apart = np.linalg.norm(run_reservoir(x, h_0, reservoir, leak) - run_reservoir(x, -h_0, reservoir, leak), axis=2)
    bound = np.linalg.norm(2 * h_0, axis=1)[:, None] * (1 - leak + leak * sigma) ** np.arange(1, 201)
    assert (apart <= bound * (1 + 1e-9) + 1e-12).all()


def test_a_radius_below_one_is_not_enough_to_forget_the_start():
    W = np.array([[-2.4, 0.6], [-8.0, 2.2]])
    assert spectral_radius(W) == pytest.approx(0.8)
    starts = np.array([[1e-3, 0.0], [1.0, -0.9], [-1.0, 0.9]])
    ends = run_reservoir(np.zeros((3, 500, 1)), starts, Reservoir(np.zeros((1, 2)), W, np.zeros(2)))[:, -1]
    np.testing.assert_allclose(ends, [[0, 0], [0.9997, -0.8593], [-0.9997, 0.8593]], atol=5e-5)


def test_a_strong_input_makes_a_radius_above_one_forget_its_start():
    x, h_0, reservoir, _ = drive(1, 1.0, sd=2.0, rho=1.25, T=300)
    apart = np.abs(run_reservoir(x, h_0, reservoir) - run_reservoir(x, -h_0, reservoir))
    assert apart[:, -1].max() < 1e-9


@pytest.mark.parametrize("lam", [1e-6, 0.1, 10.0])
def test_the_readout_solves_the_normal_equations_with_a_bias_that_is_not_penalised(lam):
    rng = np.random.default_rng(0)
    S, Y = rng.normal(2, 1, (40, 5)), rng.normal(-3, 1, (40, 2))
    rows = np.concatenate([S, np.ones((40, 1))], axis=1)
    penalty = np.diag([lam] * 5 + [0])
    wanted = np.linalg.inv(rows.T @ rows + penalty) @ rows.T @ Y
    W_hy, b_y = ridge_readout(S, Y, lam)
    np.testing.assert_allclose(W_hy, wanted[:5], rtol=1e-8)
    np.testing.assert_allclose(b_y, wanted[5], rtol=1e-8)


def test_the_gradient_of_the_penalised_error_is_zero_at_the_readout():
    rng = np.random.default_rng(0)
    S, Y = rng.normal(2, 1, (40, 5)), rng.normal(-3, 1, (40, 2))
    W_hy, b_y = (torch.tensor(array, requires_grad=True) for array in ridge_readout(S, Y, 0.7))
    loss = ((torch.tensor(S) @ W_hy + b_y - torch.tensor(Y)) ** 2).sum() + 0.7 * (W_hy**2).sum()
    for gradient in torch.autograd.grad(loss, [W_hy, b_y]):
        np.testing.assert_allclose(gradient, 0, atol=1e-10)


def test_a_large_penalty_leaves_the_mean_of_the_targets():
    rng = np.random.default_rng(0)
    Y = rng.normal(5, 1, (40, 2))
    W_hy, b_y = ridge_readout(rng.normal(size=(40, 3)), Y, 1e12)
    np.testing.assert_allclose(W_hy, 0, atol=1e-9)
    np.testing.assert_allclose(b_y, Y.mean(axis=0), rtol=1e-9)


def test_the_readout_recalls_an_input_of_three_steps_before():
    rng = np.random.default_rng(0)
    x = rng.uniform(-0.5, 0.5, (1, 600, 1))
    h = run_reservoir(x, np.zeros((1, 50)), new_reservoir(1, 50, 0.9, rng))
    y = np.concatenate([np.zeros((1, 3, 1)), x[:, :-3]], axis=1)
    head = ridge_readout(h[0, 50:400], y[0, 50:400], 1e-6)
    error = linear(h[0, 400:], *head) - y[0, 400:]
    assert np.mean(error**2) < 0.05 * y[0, 400:].var()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda rng: new_reservoir(0, 5, 0.9, rng), "D must be at least 1, got 0"),
        (lambda rng: new_reservoir(1, 0, 0.9, rng), "H must be at least 1, got 0"),
        (lambda rng: new_reservoir(1, 5, -0.9, rng), "rho must be finite and at least 0, got -0.9"),
        (
            lambda rng: new_reservoir(1, 5, 0.9, rng, input_scale=-1),
            "input_scale must be finite and at least 0, got -1",
        ),
        (lambda rng: new_reservoir(1, 5, 0.9, rng, bias_scale=-1), "bias_scale must be finite and at least 0, got -1"),
        (
            lambda rng: new_reservoir(1, 5, 0.9, rng, bias_scale=np.inf),
            "bias_scale must be finite and at least 0, got inf",
        ),
        (lambda rng: new_reservoir(1, 5, np.inf, rng), "rho must be finite and at least 0, got inf"),
        (lambda rng: run_reservoir(*drive(0, 0.0)), "leak must be in (0, 1], got 0.0"),
        (lambda rng: run_reservoir(*drive(0, 1.1)), "leak must be in (0, 1], got 1.1"),
        (lambda rng: ridge_readout(np.zeros(4), np.zeros((4, 1)), 1), "S must be (rows, units), got shape (4,)"),
        (lambda rng: ridge_readout(np.zeros((4, 2)), np.zeros(4), 1), "Y must be (rows, outputs), got shape (4,)"),
        (
            lambda rng: ridge_readout(np.zeros((4, 2)), np.zeros((3, 1)), 1),
            "Y must be (rows, outputs) = (4, 1), got (3, 1)",
        ),
        (
            lambda rng: ridge_readout(np.zeros((0, 2)), np.zeros((0, 1)), 1),
            "S must have at least one row, got shape (0, 2)",
        ),
        *(
            (
                lambda rng, lam=lam: ridge_readout(np.zeros((4, 2)), np.zeros((4, 1)), lam),
                f"lam must be finite and above 0, got {lam}",
            )
            for lam in (0, -1, np.inf, np.nan)
        ),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError) as error:
        call(np.random.default_rng(0))
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": (3, 4)}, "x must be (batch, time, input), got shape (3, 4)"),
        ({"h_0": (3, 5)}, "h_0 must be (batch, hidden) = (3, 6), got (3, 5)"),
        ({"W_in": (6, 2)}, "W_in must be (input, hidden) = (2, 6), got (6, 2)"),
        ({"W": (5, 6)}, "W must be (hidden, hidden) = (6, 6), got (5, 6)"),
        ({"W": (6,)}, "W must be (hidden, hidden), got shape (6,)"),
        ({"b": (1,)}, "b must be (hidden,) = (6,), got (1,)"),
    ],
)
def test_a_wrong_shape_is_named(change, message):
    size = {"x": (3, 4, 2), "h_0": (3, 6), "W_in": (2, 6), "W": (6, 6), "b": (6,)} | change
    a = {name: np.zeros(shape) for name, shape in size.items()}
    with pytest.raises(ValueError) as error:
        run_reservoir(a["x"], a["h_0"], Reservoir(a["W_in"], a["W"], a["b"]))
    assert str(error.value) == message


@pytest.mark.parametrize("leak", [0.3, 1.0])
def test_single_precision_is_kept_until_one_input_is_double(leak):
    x, h_0, reservoir, _ = drive(0, leak)
    arrays = [array.astype(np.float32) for array in (x, h_0, *reservoir)]
    assert run_reservoir(*arrays[:2], Reservoir(*arrays[2:]), leak).dtype == np.float32
    for place in range(5):
        mixed = [array.astype(float) if place == index else array for index, array in enumerate(arrays)]
        assert run_reservoir(*mixed[:2], Reservoir(*mixed[2:]), leak).dtype == np.float64
