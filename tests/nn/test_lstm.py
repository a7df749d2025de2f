from importlib import import_module

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.gradcheck import numeric_gradient, relative_error
from course_lib.nn import LSTMGates, lstm_backward, lstm_forward, lstm_step, lstm_step_backward
from course_lib.params import LSTMParams

SHAPES = [(B, T, D, H) for B in (1, 3) for T in (1, 2, 17) for D, H in ((4, 5), (6, 2))]
CLOSE = {"rtol": 1e-9, "atol": 1e-12}
EXACT = {"rtol": 1e-12, "atol": 1e-12}  # the sequence against its steps
SEEDS = st.integers(0, 2**32 - 1)
PROPERTY = settings(deadline=None, derandomize=True, max_examples=30)


def case(B, T, D, H, seed=0, dtype=np.float64):
    """Return x, h_0, c_0, params, dh and dc_T, all read-only: a function that writes into its inputs raises."""
    rng = np.random.default_rng(seed)

    def draw(*size):
        array = rng.normal(size=size).astype(dtype)
        array.flags.writeable = False
        return array

    params = LSTMParams(draw(D, 4 * H), draw(H, 4 * H), draw(4 * H))
    return draw(B, T, D), draw(B, H), draw(B, H), params, draw(B, T, H), draw(B, H)


def torch_lstm(x, h_0, c_0, params, dh, dc_T):
    """Return the states h and c_T and all gradients of torch.nn.LSTM with the same weights, in our order."""
    D, H = x.shape[-1], h_0.shape[-1]
    layer = torch.nn.LSTM(D, H, batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        layer.weight_ih_l0.copy_(torch.tensor(params.W_x.T))
        layer.weight_hh_l0.copy_(torch.tensor(params.W_h.T))
        layer.bias_ih_l0.copy_(torch.tensor(params.b))
        layer.bias_hh_l0.zero_()
    inputs = [torch.tensor(a, requires_grad=True) for a in (x, h_0[None], c_0[None])]
    h, (_, c_T) = layer(inputs[0], tuple(inputs[1:]))
    wanted = [*inputs, layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_ih_l0]
    grads = torch.autograd.grad([h, c_T], wanted, [torch.tensor(dh), torch.tensor(dc_T[None])])
    dx, dh_0, dc_0, dW_x, dW_h, db = (g.numpy() for g in grads)
    return h.detach().numpy(), c_T[0].detach().numpy(), (dx, dh_0[0], dc_0[0], dW_x.T, dW_h.T, db)


def flat(gradients):
    """Return the gradients of inputs, states and the three parameters as one tuple."""
    return (*gradients[:3], *gradients.dparams)


def assert_all_close(got, wanted, tolerance=CLOSE):
    for ours, theirs in zip(got, wanted, strict=True):
        np.testing.assert_allclose(ours, theirs, **tolerance)


def unrolled(x, h_0, c_0, params, dh, dc_T):
    """Return states, cells, gates and gradients of a sequence from its steps alone."""
    T, H = x.shape[1], h_0.shape[-1]
    h, c, gates = [h_0], [c_0], []
    for t in range(T):
        h_t, c_t, gates_t = lstm_step(x[:, t], h[-1], c[-1], params)
        h, c, gates = [*h, h_t], [*c, c_t], [*gates, gates_t]
    dx, dh_next, dc_next = np.empty_like(x), np.zeros((len(x), H)), dc_T
    sums = [np.zeros_like(array) for array in params]
    for t in reversed(range(T)):
        step = lstm_step_backward(dh[:, t] + dh_next, dc_next, x[:, t], h[t], c[t], c[t + 1], gates[t], params)
        dx[:, t], dh_next, dc_next = step[:3]
        sums = [total + share for total, share in zip(sums, step.dparams, strict=True)]
    return np.array(h), np.array(c), gates, (dx, dh_next, dc_next, *sums)


@pytest.mark.parametrize("shape", SHAPES)
def test_sequence_equals_torch(shape):
    x, h_0, c_0, params, dh, dc_T = case(*shape)
    h, c_T, cache = lstm_forward(x, h_0, c_0, params)
    h_torch, c_torch, wanted = torch_lstm(x, h_0, c_0, params, dh, dc_T)
    np.testing.assert_allclose(h, h_torch, **CLOSE)
    np.testing.assert_allclose(c_T, c_torch, **CLOSE)
    assert_all_close(flat(lstm_backward(dh, cache, dc_T)), wanted)


@pytest.mark.parametrize("shape", SHAPES)
def test_without_a_gradient_at_the_last_cell_the_sequence_equals_torch(shape):
    x, h_0, c_0, params, dh, dc_T = case(*shape)
    _, _, cache = lstm_forward(x, h_0, c_0, params)
    wanted = torch_lstm(x, h_0, c_0, params, dh, np.zeros_like(dc_T))[2]
    assert_all_close(flat(lstm_backward(dh, cache)), wanted)


@pytest.mark.parametrize(("B", "D", "H"), [(4, 3, 5), (1, 2, 4), (3, 6, 1)])
def test_step_equals_torch(B, D, H):
    x, h_0, c_0, params, dh, dc_T = case(B, 1, D, H)
    h_torch, c_torch, (dx, *others) = torch_lstm(x, h_0, c_0, params, dh, dc_T)
    h_t, c_t, gates = lstm_step(x[:, 0], h_0, c_0, params)
    np.testing.assert_allclose(h_t, h_torch[:, 0], **CLOSE)
    np.testing.assert_allclose(c_t, c_torch, **CLOSE)
    step = lstm_step_backward(dh[:, 0], dc_T, x[:, 0], h_0, c_0, c_t, gates, params)
    assert_all_close(flat(step), (dx[:, 0], *others))


@PROPERTY
@given(seed=SEEDS, B=st.integers(1, 4), T=st.integers(1, 8))
def test_sequence_equals_its_steps(seed, B, T):
    inputs = case(B, T, 3, 5, seed)
    x, h_0, c_0, params, dh, dc_T = inputs
    h, c_T, cache = lstm_forward(x, h_0, c_0, params)
    h_steps, c_steps, gates, wanted = unrolled(*inputs)
    np.testing.assert_allclose(h, h_steps[1:].transpose(1, 0, 2), **EXACT)
    np.testing.assert_allclose(c_T, c_steps[-1], **EXACT)
    np.testing.assert_allclose(cache.h, h_steps, **EXACT)
    np.testing.assert_allclose(cache.c, c_steps, **EXACT)
    assert_all_close(cache.gates, map(np.array, zip(*gates, strict=True)), EXACT)
    assert_all_close(flat(lstm_backward(dh, cache, dc_T)), wanted, EXACT)


@pytest.mark.parametrize("at_once", [1, 2, 5, 16, 17, 40])
def test_how_many_steps_are_prepared_at_once_does_not_matter(monkeypatch, at_once):
    inputs = case(3, 17, 4, 5)
    x, h_0, c_0, params, dh, dc_T = inputs
    cache = lstm_forward(x, h_0, c_0, params)[2]
    monkeypatch.setattr(import_module("course_lib.nn.lstm"), "IN_CACHE", at_once * 3 * 5)
    assert_all_close(flat(lstm_backward(dh, cache, dc_T)), unrolled(*inputs)[3], EXACT)


@pytest.mark.parametrize("name", ["x", "h_0", "c_0", "W_x", "W_h", "b"])
def test_sequence_gradients_equal_central_differences(name):
    x, h_0, c_0, params, dh, dc_T = case(3, 6, 2, 4)
    values = {"x": x, "h_0": h_0, "c_0": c_0, **params._asdict()}

    def loss(changed):
        x, h_0, c_0, *weights = (values | {name: changed}).values()
        h, c_T, _ = lstm_forward(x, h_0, c_0, LSTMParams(*weights))
        return np.sum(dh * h) + np.sum(dc_T * c_T)

    cache = lstm_forward(x, h_0, c_0, params)[2]
    gradients = dict(zip(values, flat(lstm_backward(dh, cache, dc_T)), strict=True))
    assert relative_error(gradients[name], numeric_gradient(loss, values[name])) < 1e-6


def test_with_the_forget_gate_open_and_the_input_gate_shut_the_cell_stays():
    x, h_0, c_0, params, dh, dc_T = case(3, 50, 2, 4)
    pushed = params.b + np.repeat([-300, 300, 0, 0], 4)  # i = 0, f = 1
    _, c_T, cache = lstm_forward(x, h_0, c_0, params._replace(b=pushed))
    np.testing.assert_array_equal(cache.c, np.broadcast_to(c_0, cache.c.shape))
    np.testing.assert_array_equal(c_T, c_0)
    np.testing.assert_allclose(lstm_backward(np.zeros_like(dh), cache, dc_T).dc_0, dc_T, **EXACT)


def test_the_worked_numbers_of_the_course():
    params = LSTMParams(np.array([[0.5, 0.1, 0.4, 0.3]]), np.array([[0.8, 0.2, 0.6, -0.5]]), np.array([0.1, 1, 0, 0.2]))
    h, c_T, _ = lstm_forward(np.array([[[1.0]]]), np.array([[0.2]]), np.array([[0.7]]), params)
    i, f, o = (1 / (1 + np.exp(-a)) for a in (0.5 + 0.16 + 0.1, 0.1 + 0.04 + 1, 0.3 - 0.1 + 0.2))
    wanted = f * 0.7 + i * np.tanh(0.4 + 0.12)
    np.testing.assert_allclose(c_T, [[wanted]], **CLOSE)
    np.testing.assert_allclose(h, [[[o * np.tanh(wanted)]]], **CLOSE)


@PROPERTY
@given(seed=SEEDS, cut=st.integers(1, 5))
def test_two_halves_equal_the_whole(seed, cut):
    x, h_0, c_0, params, dh, dc_T = case(2, 6, 3, 5, seed)
    h, _, whole = lstm_forward(x, h_0, c_0, params)
    h_1, c_1, first = lstm_forward(x[:, :cut], h_0, c_0, params)
    h_2, _, second = lstm_forward(x[:, cut:], h_1[:, -1], c_1, params)
    np.testing.assert_allclose(np.concatenate([h_1, h_2], axis=1), h, **EXACT)
    back_2 = lstm_backward(dh[:, cut:], second, dc_T)
    into_first = dh[:, :cut].copy()
    into_first[:, -1] += back_2.dh_0
    back_1 = lstm_backward(into_first, first, back_2.dc_0)
    got = lstm_backward(dh, whole, dc_T)
    assert_all_close(flat(back_1)[1:3], flat(got)[1:3])
    sums = [a + b for a, b in zip(back_1.dparams, back_2.dparams, strict=True)]
    assert_all_close(sums, got.dparams)


@PROPERTY
@given(seed=SEEDS, t=st.integers(0, 5))
def test_a_state_depends_on_no_later_input(seed, t):
    x, h_0, c_0, params, dh, _ = case(2, 6, 3, 5, seed)
    changed = x.copy()
    changed[:, t + 1 :] += 1
    h, _, cache = lstm_forward(x, h_0, c_0, params)
    np.testing.assert_array_equal(h[:, : t + 1], lstm_forward(changed, h_0, c_0, params)[0][:, : t + 1])
    only_t = np.zeros_like(dh)
    only_t[:, t] = dh[:, t]
    assert not lstm_backward(only_t, cache).dx[:, t + 1 :].any()


@pytest.mark.parametrize("B", [1, 4])
def test_changing_the_input_afterwards_does_not_change_the_gradients_and_the_states_cannot_be_changed(B):
    x, h_0, c_0, params, dh, dc_T = case(B, 6, 3, 5)
    wanted = lstm_backward(dh, lstm_forward(x, h_0, c_0, params)[2], dc_T)
    x = x.copy()
    h, c_T, cache = lstm_forward(x, h_0, c_0, params)
    x[:] = 9
    for state in (h, c_T, *cache.gates):
        with pytest.raises(ValueError, match="read-only"):
            state[:] = 9
    assert_all_close(flat(lstm_backward(dh, cache, dc_T)), flat(wanted), {"rtol": 0})


def test_the_backward_pass_can_run_twice():
    x, h_0, c_0, params, dh, dc_T = case(4, 6, 3, 5)
    cache = lstm_forward(x, h_0, c_0, params)[2]
    first, second = flat(lstm_backward(dh, cache, dc_T)), flat(lstm_backward(dh, cache, dc_T))
    assert_all_close(first, second, {"rtol": 0})


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_of_the_inputs_is_kept(dtype):
    x, h_0, c_0, params, dh, dc_T = case(4, 6, 3, 5, dtype=dtype)
    h, c_T, cache = lstm_forward(x, h_0, c_0, params)
    h_t, c_t, gates = lstm_step(x[:, 0], h_0, c_0, params)
    step = lstm_step_backward(dh[:, 0], dc_T, x[:, 0], h_0, c_0, c_t, gates, params)
    whole = lstm_backward(dh, cache, dc_T)
    arrays = [h, c_T, *cache.gates, h_t, c_t, *gates, *flat(whole), *flat(step)]
    assert {array.dtype for array in arrays} == {np.dtype(dtype)}


@pytest.mark.parametrize("wide", range(6))
def test_one_input_in_float64_is_enough_to_compute_in_it(wide):
    x, h_0, c_0, params, _, _ = case(4, 6, 3, 5, dtype=np.float32)
    arrays = [array.astype(np.float64) if k == wide else array for k, array in enumerate((x, h_0, c_0, *params))]
    h, c_T, cache = lstm_forward(*arrays[:3], LSTMParams(*arrays[3:]))
    assert {array.dtype for array in (h, c_T, *cache.gates)} == {np.dtype(np.float64)}


def test_whole_numbers_are_computed_with_as_the_same_numbers_in_float64():
    x, h_0, c_0, params, dh, dc_T = case(2, 4, 3, 5)
    whole = [np.rint(array).astype(int) for array in (x, h_0, c_0, *params)]
    exact = [array.astype(np.float64) for array in whole]
    got, wanted = (lstm_forward(*arrays[:3], LSTMParams(*arrays[3:]))[2] for arrays in (whole, exact))
    assert_all_close(flat(lstm_backward(dh, got, dc_T)), flat(lstm_backward(dh, wanted, dc_T)), EXACT)


def test_a_batch_of_no_sequences_has_no_gradients():
    x, h_0, c_0, params, dh, dc_T = case(0, 6, 3, 5)
    gradients = lstm_backward(dh, lstm_forward(x, h_0, c_0, params)[2], dc_T)
    assert gradients.dx.shape == (0, 6, 3)
    assert not any(array.any() for array in gradients.dparams)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_saturated_gates_overflow_nowhere(dtype):
    x, h_0, c_0, params, dh, dc_T = case(3, 4, 2, 5, dtype=dtype)
    h, _, cache = lstm_forward(x * dtype(1e4), h_0, c_0, params)
    gradients = lstm_backward(dh, cache, dc_T)
    step = lstm_step(x[:, 0] * dtype(1e4), h_0, c_0, params)
    assert all(np.isfinite(array).all() for array in (h, *flat(gradients), *step[:2], *step[2]))


def test_a_sequence_without_steps_returns_its_initial_states():
    x, h_0, c_0, params, dh, dc_T = case(3, 0, 2, 5)
    h, c_T, cache = lstm_forward(x, h_0, c_0, params)
    assert h.shape == (3, 0, 5)
    np.testing.assert_array_equal(c_T, c_0)
    gradients = lstm_backward(dh, cache, dc_T)
    np.testing.assert_array_equal(gradients.dc_0, dc_T)
    assert not any(array.any() for array in (gradients.dh_0, *gradients.dparams))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": (4, 3)}, "x must be (batch, time, input), got shape (4, 3)"),
        ({"h_0": (5, 4)}, "h_0 must be (batch, hidden) = (4, 5), got (5, 4)"),
        ({"c_0": (5,)}, "c_0 must be (batch, hidden) = (4, 5), got (5,)"),
        ({"W_x": (3, 5)}, "W_x must be (input, 4 hidden) = (3, 20), got (3, 5)"),
        ({"W_h": (5, 15)}, "W_h must be (hidden, 4 hidden) = (5, 20), got (5, 15)"),
        ({"W_h": (5,)}, "W_h must be (hidden, 4 hidden), got shape (5,)"),
        ({"b": (1,)}, "b must be (4 hidden,) = (20,), got (1,)"),
    ],
)
def test_a_wrong_shape_is_named_in_the_sequence(change, message):
    size = {"x": (4, 7, 3), "h_0": (4, 5), "c_0": (4, 5), "W_x": (3, 20), "W_h": (5, 20), "b": (20,)} | change
    x, h_0, c_0, *weights = map(np.zeros, size.values())
    with pytest.raises(ValueError) as error:
        lstm_forward(x, h_0, c_0, LSTMParams(*weights))
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x_t": (3,)}, "x_t must be (batch, input), got shape (3,)"),
        ({"x_t": (4, 2)}, "W_x must be (input, 4 hidden) = (2, 20), got (3, 20)"),
        ({"h_prev": (1, 5)}, "h_prev must be (batch, hidden) = (4, 5), got (1, 5)"),
        ({"c_prev": (1, 5)}, "c_prev must be (batch, hidden) = (4, 5), got (1, 5)"),
        ({"dc_next": (5,)}, "dc_next must be (batch, hidden) = (4, 5), got (5,)"),
        ({"dh_t": (5,)}, "dh_t must be (batch, hidden) = (4, 5), got (5,)"),
        ({"c_t": (5, 4)}, "c_t must be (batch, hidden) = (4, 5), got (5, 4)"),
    ],
)
def test_a_wrong_shape_is_named_in_the_step(change, message):
    states = dict.fromkeys(["dh_t", "dc_next"], (4, 5)) | {"x_t": (4, 3)} | dict.fromkeys(["h_prev", "c_prev"], (4, 5))
    size = states | {"c_t": (4, 5)} | change
    params = LSTMParams(np.zeros((3, 20)), np.zeros((5, 20)), np.zeros(20))
    a = {name: np.zeros(shape) for name, shape in size.items()}
    with pytest.raises(ValueError) as error:
        lstm_step_backward(*a.values(), LSTMGates(*np.zeros((4, 4, 5))), params)
    assert str(error.value) == message
    if change.keys() & {"x_t", "h_prev", "c_prev"}:
        with pytest.raises(ValueError) as error:
            lstm_step(a["x_t"], a["h_prev"], a["c_prev"], params)
        assert str(error.value) == message


def test_a_gate_of_the_wrong_shape_is_named():
    x, h_0, c_0, params, dh, dc_T = case(4, 1, 3, 5)
    _, c_t, gates = lstm_step(x[:, 0], h_0, c_0, params)
    with pytest.raises(ValueError) as error:
        lstm_step_backward(dh[:, 0], dc_T, x[:, 0], h_0, c_0, c_t, gates._replace(f=gates.f[0]), params)
    assert str(error.value) == "f must be (batch, hidden) = (4, 5), got (5,)"


def test_a_gradient_of_the_wrong_shape_is_named():
    x, h_0, c_0, params, dh, _ = case(4, 7, 3, 5)
    cache = lstm_forward(x, h_0, c_0, params)[2]
    with pytest.raises(ValueError) as error:
        lstm_backward(np.zeros((4, 5)), cache)
    assert str(error.value) == "dh must be (batch, time, hidden) = (4, 7, 5), got (4, 5)"
    with pytest.raises(ValueError) as error:
        lstm_backward(dh, cache, np.zeros(5))
    assert str(error.value) == "dc_T must be (batch, hidden) = (4, 5), got (5,)"
