import numpy as np
import pytest
import torch

from course_lib.nn import gradient_flow, omega, omega_immediate_gradient, orthogonal, rnn_forward
from course_lib.params import RNNParams

CLOSE = {"rtol": 1e-9, "atol": 1e-12}


def case(B=3, T=6, H=5):
    """Return delta of a loss at every step, the states and W_hh, all read-only."""
    rng = np.random.default_rng(0)
    params = RNNParams(rng.normal(size=(2, H)), rng.normal(size=(H, H)), rng.normal(size=H))
    h, cache = rnn_forward(rng.normal(size=(B, T, 2)), rng.normal(size=(B, H)), params)
    delta = gradient_flow(rng.normal(size=(B, T, H)), cache).delta
    for array in (delta, params.W_hh):
        array.flags.writeable = False
    return delta, h, params.W_hh


def torch_omega(delta, h, W_hh):
    """Sum over steps with delta other than 0, mean over sequences, from the definition: one norm at a time."""
    total = torch.zeros((), dtype=torch.float64)
    for sequence, states in zip(torch.tensor(delta), torch.tensor(h), strict=True):
        for delta_t, h_t in zip(sequence, states, strict=True):
            if delta_t.any():
                J_t = W_hh * (1 - h_t**2)  # column j times the slope of unit j
                total = total + ((J_t @ delta_t).norm() / delta_t.norm() - 1) ** 2
    return total / len(delta)


@pytest.mark.parametrize(("B", "T"), [(1, 1), (1, 2), (3, 17)])
@pytest.mark.parametrize("silent", [False, True])
def test_value_and_immediate_gradient_equal_autograd(B, T, silent):
    delta, h, W_hh = case(B, T)
    if silent:
        delta = delta * (np.arange(T) % 2 == 1)[:, None]
    W = torch.tensor(W_hh, requires_grad=True)
    wanted = torch_omega(delta, h, W)
    assert omega(delta, h, W_hh) == pytest.approx(wanted.item(), rel=1e-9, abs=1e-12)
    gradient = torch.autograd.grad(wanted, W)[0] if wanted.requires_grad else torch.zeros_like(W)
    np.testing.assert_allclose(omega_immediate_gradient(delta, h, W_hh), gradient, **CLOSE)


def test_steps_that_no_gradient_reaches_are_left_out():
    delta, h, W_hh = case(1, 6)
    half = delta.copy()
    half[:, 3:] = 0
    assert omega(half, h, W_hh) == pytest.approx(omega(delta[:, :3], h[:, :3], W_hh), rel=1e-12)
    nothing = np.zeros_like(delta)
    assert omega(nothing, h, W_hh) == 0
    np.testing.assert_array_equal(omega_immediate_gradient(nothing, h, W_hh), np.zeros((5, 5)))


def test_the_norms_are_not_squared():
    h, W_hh = np.zeros((1, 1, 2)), np.diag([3.0, 1.0])
    assert omega(np.array([[[1.0, 0.0]]]), h, W_hh) == pytest.approx((3 - 1) ** 2)


def test_the_length_of_delta_does_not_matter_however_small():
    delta, h, W_hh = case()
    assert omega(delta * 1e-100, h, W_hh) == pytest.approx(omega(delta, h, W_hh), rel=1e-9)
    wanted = omega_immediate_gradient(delta, h, W_hh)
    np.testing.assert_allclose(omega_immediate_gradient(delta * 1e-100, h, W_hh), wanted, **CLOSE)


@pytest.mark.parametrize(("dtype", "length"), [(np.float32, 1e-22), (np.float32, 1e-40), (np.float64, 1e-163)])
def test_a_gradient_whose_square_underflows_still_counts(dtype, length):
    direction, h, W_hh = case()[0].astype(dtype), np.zeros((3, 6, 5), dtype), 2 * np.eye(5, dtype=dtype)
    delta = direction * dtype(length)
    short = delta / np.abs(delta).max(axis=-1, keepdims=True)  # rounded as delta is
    assert omega(delta, h, W_hh) == pytest.approx(6, rel=1e-5)  # each of 6 steps doubles the length
    wanted = omega_immediate_gradient(short, h, W_hh)
    assert np.abs(wanted).max() > 0.1
    np.testing.assert_allclose(omega_immediate_gradient(delta, h, W_hh), wanted, rtol=1e-4, atol=1e-5)
    assert omega_immediate_gradient(delta, h, W_hh).dtype == dtype


def test_orthogonal_weights_at_a_zero_state_cost_nothing():
    delta, _, _ = case()
    W_hh = orthogonal(5, np.random.default_rng(1))
    assert omega(delta, np.zeros_like(delta), W_hh) == pytest.approx(0, abs=1e-24)


def test_a_gradient_that_is_stopped_altogether_costs_one_and_gives_no_direction():
    delta = np.ones((1, 1, 3))
    assert omega(delta, np.ones((1, 1, 3)), np.eye(3)) == 1
    np.testing.assert_array_equal(omega_immediate_gradient(delta, np.ones((1, 1, 3)), np.eye(3)), np.zeros((3, 3)))


def test_a_small_step_against_the_gradient_lowers_the_penalty():
    delta, h, W_hh = case()
    gradient = omega_immediate_gradient(delta, h, W_hh)
    assert omega(delta, h, W_hh - 1e-3 * gradient) < omega(delta, h, W_hh)


@pytest.mark.parametrize("call", [omega, omega_immediate_gradient])
def test_a_wrong_shape_is_named(call):
    delta, h, W_hh = case(3, 6, 5)
    with pytest.raises(ValueError) as error:
        call(delta[:, :5], h, W_hh)
    assert str(error.value) == "delta must be (batch, time, hidden) = (3, 6, 5), got (3, 5, 5)"
    with pytest.raises(ValueError) as error:
        call(delta[0], h[0], W_hh)
    assert str(error.value) == "h must be (batch, time, hidden), got shape (6, 5)"
    with pytest.raises(ValueError) as error:
        call(delta, h, W_hh[:4])
    assert str(error.value) == "W_hh must be (hidden, hidden) = (5, 5), got (4, 5)"
