import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.gradcheck import numeric_gradient, relative_error
from course_lib.nn import rnn_backward, rnn_forward, rnn_step, rnn_step_backward
from course_lib.params import RNNParams

SHAPES = [(4, 7, 3, 5), (1, 1, 3, 5), (3, 1, 2, 4), (2, 9, 6, 4), (1, 17, 1, 1)]  # B, T, D, H
CLOSE = {"rtol": 1e-9, "atol": 1e-12}
SEEDS = st.integers(0, 2**32 - 1)
PROPERTY = settings(deadline=None, derandomize=True, max_examples=30)


def case(B, T, D, H, seed=0, dtype=np.float64):
    """Return x, h_0, params and dh, all read-only: a function that writes into its inputs raises."""
    rng = np.random.default_rng(seed)

    def draw(*size):
        array = rng.normal(size=size).astype(dtype)
        array.flags.writeable = False
        return array

    params = RNNParams(draw(D, H), draw(H, H), draw(H))
    return draw(B, T, D), draw(B, H), params, draw(B, T, H)


def torch_rnn(x, h_0, params, dh):
    """Return the states and the gradients (dx, dh_0, dW_xh, dW_hh, db_h) of torch.nn.RNN with the same weights."""
    layer = torch.nn.RNN(*params.W_xh.shape, batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        layer.weight_ih_l0.copy_(torch.tensor(params.W_xh.T))
        layer.weight_hh_l0.copy_(torch.tensor(params.W_hh.T))
        layer.bias_ih_l0.copy_(torch.tensor(params.b_h))
        layer.bias_hh_l0.zero_()
    inputs = [torch.tensor(x, requires_grad=True), torch.tensor(h_0[None], requires_grad=True)]
    h, _ = layer(*inputs)
    wanted = [*inputs, layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_ih_l0]
    dx, dh_0, dW_ih, dW_hh, db = (g.numpy() for g in torch.autograd.grad(h, wanted, torch.tensor(dh)))
    return h.detach().numpy(), (dx, dh_0[0], dW_ih.T, dW_hh.T, db)


def flat(gradients):
    """Return dx, dh and the three parameter gradients as one tuple."""
    return (*gradients[:2], *gradients.dparams)


@pytest.mark.parametrize("shape", SHAPES)
def test_sequence_equals_torch(shape):
    x, h_0, params, dh = case(*shape)
    h, cache = rnn_forward(x, h_0, params)
    h_torch, wanted = torch_rnn(x, h_0, params, dh)
    np.testing.assert_allclose(h, h_torch, **CLOSE)
    for got, want in zip(flat(rnn_backward(dh, cache)), wanted, strict=True):
        np.testing.assert_allclose(got, want, **CLOSE)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_loss_on_the_last_state_alone_equals_torch(shape):
    x, h_0, params, dh = case(*shape)
    last = np.zeros_like(dh)
    last[:, -1] = dh[:, -1]
    _, cache = rnn_forward(x, h_0, params)
    for got, want in zip(flat(rnn_backward(last, cache)), torch_rnn(x, h_0, params, last)[1], strict=True):
        np.testing.assert_allclose(got, want, **CLOSE)


@pytest.mark.parametrize(("B", "D", "H"), [(4, 3, 5), (1, 2, 4), (3, 6, 1)])
def test_step_equals_torch(B, D, H):
    x, h_0, params, dh = case(B, 1, D, H)
    h_torch, wanted = torch_rnn(x, h_0, params, dh)
    h_t = rnn_step(x[:, 0], h_0, params)
    np.testing.assert_allclose(h_t, h_torch[:, 0], **CLOSE)
    dx, *others = wanted
    for got, want in zip(
        flat(rnn_step_backward(dh[:, 0], x[:, 0], h_0, h_t, params)), (dx[:, 0], *others), strict=True
    ):
        np.testing.assert_allclose(got, want, **CLOSE)


@pytest.mark.parametrize("name", ["x", "h_0", "W_xh", "W_hh", "b_h"])
def test_sequence_gradients_equal_central_differences(name):
    x, h_0, params, dh = case(3, 6, 2, 4)
    params = RNNParams(*(array / 2 for array in params))
    values = {"x": x, "h_0": h_0, **params._asdict()}

    def loss(changed):
        a = values | {name: changed}
        return np.sum(dh * rnn_forward(a["x"], a["h_0"], RNNParams(a["W_xh"], a["W_hh"], a["b_h"]))[0])

    gradients = dict(zip(values, flat(rnn_backward(dh, rnn_forward(x, h_0, params)[1])), strict=True))
    assert relative_error(gradients[name], numeric_gradient(loss, values[name])) < 1e-6


@pytest.mark.parametrize("name", ["x_t", "h_prev", "W_xh", "W_hh", "b_h"])
def test_step_gradients_equal_central_differences(name):
    x, h_prev, params, dh = case(3, 1, 2, 4)
    x_t, dh_t = x[:, 0], dh[:, 0]
    values = {"x_t": x_t, "h_prev": h_prev, **params._asdict()}

    def loss(changed):
        a = values | {name: changed}
        return np.sum(dh_t * rnn_step(a["x_t"], a["h_prev"], RNNParams(a["W_xh"], a["W_hh"], a["b_h"])))

    h_t = rnn_step(x_t, h_prev, params)
    gradients = dict(zip(values, flat(rnn_step_backward(dh_t, x_t, h_prev, h_t, params)), strict=True))
    assert relative_error(gradients[name], numeric_gradient(loss, values[name])) < 1e-6


def test_the_worked_numbers_of_the_course():
    params = RNNParams(np.array([[0.5]]), np.array([[0.8]]), np.array([0.1]))
    h, _ = rnn_forward(np.array([[[1], [-1]]]), np.array([[0.2]]), params)
    h_1 = np.tanh(0.5 * 1 + 0.8 * 0.2 + 0.1)
    h_2 = np.tanh(0.5 * -1 + 0.8 * h_1 + 0.1)
    np.testing.assert_allclose(h, [[[h_1], [h_2]]], **CLOSE)


@PROPERTY
@given(seed=SEEDS, B=st.integers(1, 4), T=st.integers(1, 8))
def test_sequence_equals_its_steps(seed, B, T):
    x, h_t, params, dh = case(B, T, 3, 5, seed)
    h, cache = rnn_forward(x, h_t, params)
    states = [h_t]
    for t in range(T):
        states.append(rnn_step(x[:, t], states[-1], params))
        np.testing.assert_allclose(h[:, t], states[-1], **CLOSE)

    got = rnn_backward(dh, cache)
    dh_next, sums = np.zeros((B, 5)), [0.0, 0.0, 0.0]
    for t in reversed(range(T)):
        step = rnn_step_backward(dh[:, t] + dh_next, x[:, t], states[t], states[t + 1], params)
        dh_next, sums = step.dh_prev, [a + b for a, b in zip(sums, step.dparams, strict=True)]
        np.testing.assert_allclose(got.dx[:, t], step.dx_t, **CLOSE)
    np.testing.assert_allclose(got.dh_0, dh_next, **CLOSE)
    for a, b in zip(got.dparams, sums, strict=True):
        np.testing.assert_allclose(a, b, **CLOSE)


@PROPERTY
@given(seed=SEEDS, T=st.integers(2, 9), data=st.data())
def test_two_halves_with_the_state_carried_equal_the_whole(seed, T, data):
    cut = data.draw(st.integers(1, T - 1))
    x, h_0, params, dh = case(3, T, 2, 4, seed)
    h, cache = rnn_forward(x, h_0, params)
    first, first_cache = rnn_forward(x[:, :cut], h_0, params)
    second, second_cache = rnn_forward(x[:, cut:], first[:, -1], params)
    np.testing.assert_allclose(h, np.concatenate([first, second], axis=1), **CLOSE)

    whole, late = rnn_backward(dh, cache), rnn_backward(dh[:, cut:], second_cache)
    dh_first = dh[:, :cut].copy()
    dh_first[:, -1] += late.dh_0
    early = rnn_backward(dh_first, first_cache)
    np.testing.assert_allclose(whole.dh_0, early.dh_0, **CLOSE)
    np.testing.assert_allclose(whole.dx, np.concatenate([early.dx, late.dx], axis=1), **CLOSE)
    for a, b, c in zip(whole.dparams, early.dparams, late.dparams, strict=True):
        np.testing.assert_allclose(a, b + c, **CLOSE)


@PROPERTY
@given(seed=SEEDS, row=st.integers(0, 3))
def test_batch_rows_are_independent(seed, row):
    x, h_0, params, dh = case(4, 6, 3, 5, seed)
    one = slice(row, row + 1)
    h, cache = rnn_forward(x, h_0, params)
    h_alone, cache_alone = rnn_forward(x[one], h_0[one], params)
    np.testing.assert_allclose(h[one], h_alone, **CLOSE)
    together, alone = rnn_backward(dh, cache), rnn_backward(dh[one], cache_alone)
    np.testing.assert_allclose(together.dx[one], alone.dx, **CLOSE)
    np.testing.assert_allclose(together.dh_0[one], alone.dh_0, **CLOSE)


@PROPERTY
@given(seed=SEEDS, t=st.integers(0, 5))
def test_a_state_depends_on_no_later_input(seed, t):
    x, h_0, params, dh = case(2, 6, 3, 5, seed)
    changed = x.copy()
    changed[:, t + 1 :] += 1
    np.testing.assert_array_equal(
        rnn_forward(x, h_0, params)[0][:, : t + 1], rnn_forward(changed, h_0, params)[0][:, : t + 1]
    )
    only_t = np.zeros_like(dh)
    only_t[:, t] = dh[:, t]
    assert not rnn_backward(only_t, rnn_forward(x, h_0, params)[1]).dx[:, t + 1 :].any()


def test_h_t_feeds_both_the_loss_and_the_next_step():
    x, h_0, params, dh = case(2, 2, 3, 5)
    _, cache = rnn_forward(x, h_0, params)
    first, second = dh.copy(), dh.copy()
    first[:, 1] = 0
    second[:, 0] = 0
    parts = rnn_backward(first, cache).dh_0, rnn_backward(second, cache).dh_0
    assert all(np.abs(part).max() > 1e-3 for part in parts)
    np.testing.assert_allclose(rnn_backward(dh, cache).dh_0, sum(parts), **CLOSE)


@pytest.mark.parametrize("B", [1, 4])
def test_changing_the_input_afterwards_does_not_change_the_gradients_and_the_states_cannot_be_changed(B):
    x, h_0, params, dh = case(B, 6, 3, 5)
    wanted = rnn_backward(dh, rnn_forward(x, h_0, params)[1])
    x = x.copy()
    h, cache = rnn_forward(x, h_0, params)
    x[:] = 9
    with pytest.raises(ValueError, match="read-only"):
        h[:] = 9
    for got, want in zip(flat(rnn_backward(dh, cache)), flat(wanted), strict=True):
        np.testing.assert_array_equal(got, want)


def test_the_backward_pass_can_run_twice():
    x, h_0, params, dh = case(4, 6, 3, 5)
    _, cache = rnn_forward(x, h_0, params)
    for first, second in zip(flat(rnn_backward(dh, cache)), flat(rnn_backward(dh, cache)), strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_of_the_inputs_is_kept(dtype):
    x, h_0, params, dh = case(4, 6, 3, 5, dtype=dtype)
    h, cache = rnn_forward(x, h_0, params)
    h_t = rnn_step(x[:, 0], h_0, params)
    step = rnn_step_backward(dh[:, 0], x[:, 0], h_0, h_t, params)
    arrays = [h, h_t, *flat(rnn_backward(dh, cache)), *flat(step)]
    assert {array.dtype for array in arrays} == {np.dtype(dtype)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": (4, 3)}, "x must be (batch, time, input), got shape (4, 3)"),
        ({"h_0": (5, 4)}, "h_0 must be (batch, hidden) = (4, 5), got (5, 4)"),
        ({"h_0": (5,)}, "h_0 must be (batch, hidden) = (4, 5), got (5,)"),
        ({"W_xh": (5, 3)}, "W_xh must be (input, hidden) = (3, 5), got (5, 3)"),
        ({"W_hh": (4, 5)}, "W_hh must be (hidden, hidden) = (5, 5), got (4, 5)"),
        ({"W_hh": (5,)}, "W_hh must be (hidden, hidden), got shape (5,)"),
        ({"b_h": (1,)}, "b_h must be (hidden,) = (5,), got (1,)"),
    ],
)
def test_a_wrong_shape_is_named_in_the_sequence(change, message):
    size = {"x": (4, 7, 3), "h_0": (4, 5), "W_xh": (3, 5), "W_hh": (5, 5), "b_h": (5,)} | change
    a = {name: np.zeros(shape) for name, shape in size.items()}
    with pytest.raises(ValueError) as error:
        rnn_forward(a["x"], a["h_0"], RNNParams(a["W_xh"], a["W_hh"], a["b_h"]))
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x_t": (3,)}, "x_t must be (batch, input), got shape (3,)"),
        ({"x_t": (4, 2)}, "W_xh must be (input, hidden) = (2, 5), got (3, 5)"),
        ({"h_prev": (1, 5)}, "h_prev must be (batch, hidden) = (4, 5), got (1, 5)"),
        ({"h_t": (5, 4)}, "h_t must be (batch, hidden) = (4, 5), got (5, 4)"),
        ({"dh_t": (5,)}, "dh_t must be (batch, hidden) = (4, 5), got (5,)"),
    ],
)
def test_a_wrong_shape_is_named_in_the_step(change, message):
    size = {"dh_t": (4, 5), "x_t": (4, 3), "h_prev": (4, 5), "h_t": (4, 5)} | change
    params = RNNParams(np.zeros((3, 5)), np.zeros((5, 5)), np.zeros(5))
    with pytest.raises(ValueError) as error:
        rnn_step_backward(*(np.zeros(shape) for shape in size.values()), params)
    assert str(error.value) == message
    if change.keys() & {"x_t", "h_prev"}:
        with pytest.raises(ValueError) as error:
            rnn_step(np.zeros(size["x_t"]), np.zeros(size["h_prev"]), params)
        assert str(error.value) == message


def test_a_gradient_of_the_wrong_shape_is_named():
    x, h_0, params, _ = case(4, 7, 3, 5)
    _, cache = rnn_forward(x, h_0, params)
    with pytest.raises(ValueError) as error:
        rnn_backward(np.zeros((4, 5)), cache)
    assert str(error.value) == "dh must be (batch, time, hidden) = (4, 7, 5), got (4, 5)"
