from importlib import import_module

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.gradcheck import numeric_gradient, relative_error
from course_lib.nn import GRUGates, gru_backward, gru_forward, gru_step, gru_step_backward, mirrored
from course_lib.params import GRUParams

SHAPES = [(B, T, D, H) for B in (1, 3) for T in (1, 2, 17) for D, H in ((4, 5), (6, 2))]
CLOSE = {"rtol": 1e-9, "atol": 1e-12}
EXACT = {"rtol": 1e-12, "atol": 1e-12}  # the sequence against its steps
SEEDS = st.integers(0, 2**32 - 1)
PROPERTY = settings(deadline=None, derandomize=True, max_examples=30)


def case(B, T, D, H, seed=0, dtype=np.float64):
    """Return x, h_0, params and dh, all read-only: a function that writes into its inputs raises."""
    rng = np.random.default_rng(seed)

    def draw(*size):
        array = rng.normal(size=size).astype(dtype)
        array.flags.writeable = False
        return array

    params = GRUParams(draw(D, 3 * H), draw(H, 3 * H), draw(3 * H), draw(H))
    return draw(B, T, D), draw(B, H), params, draw(B, T, H)


def torch_gru(x, h_0, params, dh):
    """Return the states and the gradients (dx, dh_0, dW_x, dW_h, db, db_hn) of torch.nn.GRU with the same weights."""
    D, H = x.shape[-1], h_0.shape[-1]
    layer = torch.nn.GRU(D, H, batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        layer.weight_ih_l0.copy_(torch.tensor(params.W_x.T))
        layer.weight_hh_l0.copy_(torch.tensor(params.W_h.T))
        layer.bias_ih_l0.copy_(torch.tensor(params.b))
        layer.bias_hh_l0.zero_()
        layer.bias_hh_l0[2 * H :] = torch.tensor(params.b_hn)
    inputs = [torch.tensor(x, requires_grad=True), torch.tensor(h_0[None], requires_grad=True)]
    h, _ = layer(*inputs)
    wanted = [*inputs, *layer.parameters()]
    dx, dh_0, dW_x, dW_h, db, db_h = (g.numpy() for g in torch.autograd.grad(h, wanted, torch.tensor(dh)))
    return h.detach().numpy(), (dx, dh_0[0], dW_x.T, dW_h.T, db, db_h[2 * H :])


def flat(gradients):
    """Return the gradients of inputs, state and the four parameters as one tuple."""
    return (*gradients[:2], *gradients.dparams)


def assert_all_close(got, wanted, tolerance=CLOSE):
    for ours, theirs in zip(got, wanted, strict=True):
        np.testing.assert_allclose(ours, theirs, **tolerance)


@pytest.mark.parametrize("shape", SHAPES)
def test_sequence_equals_torch(shape):
    x, h_0, params, dh = case(*shape)
    h, cache = gru_forward(x, h_0, params)
    h_torch, wanted = torch_gru(x, h_0, params, dh)
    np.testing.assert_allclose(h, h_torch, **CLOSE)
    assert_all_close(flat(gru_backward(dh, cache)), wanted)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_loss_on_the_last_state_alone_equals_torch(shape):
    x, h_0, params, dh = case(*shape)
    last = np.zeros_like(dh)
    last[:, -1] = dh[:, -1]
    _, cache = gru_forward(x, h_0, params)
    assert_all_close(flat(gru_backward(last, cache)), torch_gru(x, h_0, params, last)[1])


@pytest.mark.parametrize(("B", "D", "H"), [(4, 3, 5), (1, 2, 4), (3, 6, 1)])
def test_step_equals_torch(B, D, H):
    x, h_0, params, dh = case(B, 1, D, H)
    h_torch, (dx, *others) = torch_gru(x, h_0, params, dh)
    h_t, gates = gru_step(x[:, 0], h_0, params)
    np.testing.assert_allclose(h_t, h_torch[:, 0], **CLOSE)
    step = gru_step_backward(dh[:, 0], x[:, 0], h_0, gates, params)
    assert_all_close(flat(step), (dx[:, 0], *others))


@PROPERTY
@given(seed=SEEDS, B=st.integers(1, 4), T=st.integers(1, 8))
def test_sequence_equals_its_steps(seed, B, T):
    x, h_0, params, dh = case(B, T, 3, 5, seed)
    h, cache = gru_forward(x, h_0, params)
    states, gates = [h_0], []
    for t in range(T):
        h_t, gates_t = gru_step(x[:, t], states[-1], params)
        states, gates = [*states, h_t], [*gates, gates_t]
    np.testing.assert_allclose(h, np.array(states[1:]).transpose(1, 0, 2), **EXACT)
    np.testing.assert_allclose(cache.h, states, **EXACT)
    assert_all_close(cache.gates, map(np.array, zip(*gates, strict=True)), EXACT)

    got = gru_backward(dh, cache)
    dh_next, sums = np.zeros((B, 5)), [np.zeros_like(array) for array in params]
    for t in reversed(range(T)):
        step = gru_step_backward(dh[:, t] + dh_next, x[:, t], states[t], gates[t], params)
        np.testing.assert_allclose(got.dx[:, t], step.dx_t, **EXACT)
        dh_next = step.dh_prev
        sums = [total + share for total, share in zip(sums, step.dparams, strict=True)]
    assert_all_close((got.dh_0, *got.dparams), (dh_next, *sums), EXACT)


@pytest.mark.parametrize("at_once", [1, 2, 5, 16, 17, 40])
def test_how_many_steps_are_prepared_at_once_does_not_matter(monkeypatch, at_once):
    x, h_0, params, dh = case(3, 17, 4, 5)
    _, cache = gru_forward(x, h_0, params)
    monkeypatch.setattr(import_module("course_lib.nn.gru"), "IN_CACHE", at_once * 3 * 5)
    assert_all_close(flat(gru_backward(dh, cache)), torch_gru(x, h_0, params, dh)[1])


@pytest.mark.parametrize("name", ["x", "h_0", "W_x", "W_h", "b", "b_hn"])
def test_sequence_gradients_equal_central_differences(name):
    x, h_0, params, dh = case(3, 6, 2, 4)
    values = {"x": x, "h_0": h_0, **params._asdict()}

    def loss(changed):
        x, h_0, *weights = (values | {name: changed}).values()
        return np.sum(dh * gru_forward(x, h_0, GRUParams(*weights))[0])

    gradients = dict(zip(values, flat(gru_backward(dh, gru_forward(x, h_0, params)[1])), strict=True))
    assert relative_error(gradients[name], numeric_gradient(loss, values[name])) < 1e-6


def test_with_the_update_gate_open_the_state_stays():
    x, h_0, params, dh = case(3, 50, 2, 4)
    pushed = params.b + np.repeat([0, 300, 0], 4)  # z = 1
    _, cache = gru_forward(x, h_0, params._replace(b=pushed))
    np.testing.assert_array_equal(cache.h, np.broadcast_to(h_0, cache.h.shape))
    np.testing.assert_allclose(gru_backward(dh, cache).dh_0, dh.sum(axis=1), **EXACT)


def test_mirrored_parameters_give_the_same_network_in_the_other_convention():
    x, h_0, params, _ = case(3, 6, 2, 4)
    W_x, W_h, b, b_hn = mirrored(params)
    h_t = h_0
    for t in range(6):  # h_t = (1 - z) h_{t-1} + z n: here z stands for the new
        x_r, x_z, x_n = np.split(x[:, t] @ W_x + b, 3, axis=1)
        h_r, h_z, h_n = np.split(h_t @ W_h, 3, axis=1)
        r, z = 1 / (1 + np.exp(-x_r - h_r)), 1 / (1 + np.exp(-x_z - h_z))
        n = np.tanh(x_n + r * (h_n + b_hn))
        h_t = (1 - z) * h_t + z * n
    np.testing.assert_allclose(gru_forward(x, h_0, params)[0][:, -1], h_t, **CLOSE)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_mirroring_changes_the_z_blocks_alone_keeps_the_dtype_and_twice_is_nothing(dtype):
    params = case(1, 1, 2, 4, dtype=dtype)[2]
    for once, first in zip(mirrored(params), params, strict=True):
        changed = once != first
        assert once.dtype == dtype
        assert changed[..., 4:8].all() if first is not params.b_hn else not changed.any()
        assert not changed[..., :4].any() and not changed[..., 8:].any()
    for twice, first in zip(mirrored(mirrored(params)), params, strict=True):
        np.testing.assert_array_equal(twice, first)


@PROPERTY
@given(seed=SEEDS, cut=st.integers(1, 5))
def test_two_halves_equal_the_whole(seed, cut):
    x, h_0, params, dh = case(2, 6, 3, 5, seed)
    h, whole = gru_forward(x, h_0, params)
    h_1, first = gru_forward(x[:, :cut], h_0, params)
    h_2, second = gru_forward(x[:, cut:], h_1[:, -1], params)
    np.testing.assert_allclose(np.concatenate([h_1, h_2], axis=1), h, **EXACT)
    back_2 = gru_backward(dh[:, cut:], second)
    into_first = dh[:, :cut].copy()
    into_first[:, -1] += back_2.dh_0
    back_1, got = gru_backward(into_first, first), gru_backward(dh, whole)
    np.testing.assert_allclose(back_1.dh_0, got.dh_0, **CLOSE)
    assert_all_close([a + b for a, b in zip(back_1.dparams, back_2.dparams, strict=True)], got.dparams)


@PROPERTY
@given(seed=SEEDS, t=st.integers(0, 5))
def test_a_state_depends_on_no_later_input(seed, t):
    x, h_0, params, dh = case(2, 6, 3, 5, seed)
    changed = x.copy()
    changed[:, t + 1 :] += 1
    h, cache = gru_forward(x, h_0, params)
    np.testing.assert_array_equal(h[:, : t + 1], gru_forward(changed, h_0, params)[0][:, : t + 1])
    only_t = np.zeros_like(dh)
    only_t[:, t] = dh[:, t]
    assert not gru_backward(only_t, cache).dx[:, t + 1 :].any()


@pytest.mark.parametrize("B", [1, 4])
def test_changing_the_input_afterwards_does_not_change_the_gradients_and_the_states_cannot_be_changed(B):
    x, h_0, params, dh = case(B, 6, 3, 5)
    wanted = gru_backward(dh, gru_forward(x, h_0, params)[1])
    x = x.copy()
    h, cache = gru_forward(x, h_0, params)
    x[:] = 9
    for state in (h, *cache.gates):
        with pytest.raises(ValueError, match="read-only"):
            state[:] = 9
    assert_all_close(flat(gru_backward(dh, cache)), flat(wanted), {"rtol": 0})


def test_the_backward_pass_can_run_twice():
    x, h_0, params, dh = case(4, 6, 3, 5)
    _, cache = gru_forward(x, h_0, params)
    assert_all_close(flat(gru_backward(dh, cache)), flat(gru_backward(dh, cache)), {"rtol": 0})


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_of_the_inputs_is_kept(dtype):
    x, h_0, params, dh = case(4, 6, 3, 5, dtype=dtype)
    h, cache = gru_forward(x, h_0, params)
    h_t, gates = gru_step(x[:, 0], h_0, params)
    step = gru_step_backward(dh[:, 0], x[:, 0], h_0, gates, params)
    arrays = [h, *cache.gates, h_t, *gates, *flat(gru_backward(dh, cache)), *flat(step)]
    assert {array.dtype for array in arrays} == {np.dtype(dtype)}


@pytest.mark.parametrize("wide", range(6))
def test_one_input_in_float64_is_enough_to_compute_in_it(wide):
    x, h_0, params, _ = case(4, 6, 3, 5, dtype=np.float32)
    arrays = [array.astype(np.float64) if k == wide else array for k, array in enumerate((x, h_0, *params))]
    h, cache = gru_forward(*arrays[:2], GRUParams(*arrays[2:]))
    assert {array.dtype for array in (h, *cache.gates)} == {np.dtype(np.float64)}


def test_whole_numbers_are_computed_with_as_the_same_numbers_in_float64():
    x, h_0, params, dh = case(2, 4, 3, 5)
    whole = [np.rint(array).astype(int) for array in (x, h_0, *params)]
    exact = [array.astype(np.float64) for array in whole]
    got, wanted = (gru_forward(*arrays[:2], GRUParams(*arrays[2:]))[1] for arrays in (whole, exact))
    assert_all_close(flat(gru_backward(dh, got)), flat(gru_backward(dh, wanted)), EXACT)


def test_a_batch_of_no_sequences_has_no_gradients():
    x, h_0, params, dh = case(0, 6, 3, 5)
    gradients = gru_backward(dh, gru_forward(x, h_0, params)[1])
    assert gradients.dx.shape == (0, 6, 3)
    assert not any(array.any() for array in gradients.dparams)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_saturated_gates_overflow_nowhere(dtype):
    x, h_0, params, dh = case(3, 4, 2, 5, dtype=dtype)
    h, cache = gru_forward(x * dtype(1e4), h_0, params)
    h_t, gates = gru_step(x[:, 0] * dtype(1e4), h_0, params)
    assert all(np.isfinite(array).all() for array in (h, *flat(gru_backward(dh, cache)), h_t, *gates))


def test_a_sequence_without_steps_returns_its_initial_state():
    x, h_0, params, dh = case(3, 0, 2, 5)
    h, cache = gru_forward(x, h_0, params)
    assert h.shape == (3, 0, 5)
    assert not any(array.any() for array in flat(gru_backward(dh, cache)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": (4, 3)}, "x must be (batch, time, input), got shape (4, 3)"),
        ({"h_0": (5, 4)}, "h_0 must be (batch, hidden) = (4, 5), got (5, 4)"),
        ({"h_0": (5,)}, "h_0 must be (batch, hidden) = (4, 5), got (5,)"),
        ({"W_x": (3, 5)}, "W_x must be (input, 3 hidden) = (3, 15), got (3, 5)"),
        ({"W_h": (5, 20)}, "W_h must be (hidden, 3 hidden) = (5, 15), got (5, 20)"),
        ({"W_h": (5,)}, "W_h must be (hidden, 3 hidden), got shape (5,)"),
        ({"b": (1,)}, "b must be (3 hidden,) = (15,), got (1,)"),
        ({"b_hn": (1,)}, "b_hn must be (hidden,) = (5,), got (1,)"),
    ],
)
def test_a_wrong_shape_is_named_in_the_sequence(change, message):
    size = {"x": (4, 7, 3), "h_0": (4, 5), "W_x": (3, 15), "W_h": (5, 15), "b": (15,), "b_hn": (5,)} | change
    x, h_0, *weights = map(np.zeros, size.values())
    with pytest.raises(ValueError) as error:
        gru_forward(x, h_0, GRUParams(*weights))
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x_t": (3,)}, "x_t must be (batch, input), got shape (3,)"),
        ({"x_t": (4, 2)}, "W_x must be (input, 3 hidden) = (2, 15), got (3, 15)"),
        ({"h_prev": (1, 5)}, "h_prev must be (batch, hidden) = (4, 5), got (1, 5)"),
        ({"dh_t": (5,)}, "dh_t must be (batch, hidden) = (4, 5), got (5,)"),
        ({"z": (5, 4)}, "z must be (batch, hidden) = (4, 5), got (5, 4)"),
    ],
)
def test_a_wrong_shape_is_named_in_the_step(change, message):
    size = {"dh_t": (4, 5), "x_t": (4, 3), "h_prev": (4, 5)} | dict.fromkeys("rznq", (4, 5)) | change
    params = GRUParams(np.zeros((3, 15)), np.zeros((5, 15)), np.zeros(15), np.zeros(5))
    dh_t, x_t, h_prev, *gates = map(np.zeros, size.values())
    with pytest.raises(ValueError) as error:
        gru_step_backward(dh_t, x_t, h_prev, GRUGates(*gates), params)
    assert str(error.value) == message
    if change.keys() & {"x_t", "h_prev"}:
        with pytest.raises(ValueError) as error:
            gru_step(x_t, h_prev, params)
        assert str(error.value) == message


def test_a_gradient_of_the_wrong_shape_is_named():
    x, h_0, params, _ = case(4, 7, 3, 5)
    _, cache = gru_forward(x, h_0, params)
    with pytest.raises(ValueError) as error:
        gru_backward(np.zeros((4, 5)), cache)
    assert str(error.value) == "dh must be (batch, time, hidden) = (4, 7, 5), got (4, 5)"
