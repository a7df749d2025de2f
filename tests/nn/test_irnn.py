import numpy as np
import pytest
import torch

from course_lib.nn import identity_rnn, irnn_backward, irnn_forward, relu_slope
from course_lib.params import RNNParams

CLOSE = {"rtol": 1e-9, "atol": 1e-12}


def case(B, T, D, H, dtype=np.float64):
    rng = np.random.default_rng(0)

    def draw(*size):
        array = rng.normal(size=size).astype(dtype)
        array.flags.writeable = False
        return array

    return draw(B, T, D), draw(B, H), RNNParams(draw(D, H), draw(H, H), draw(H)), draw(B, T, H)


def flat(gradients):
    return (*gradients[:2], *gradients.dparams)


@pytest.mark.parametrize(("B", "T"), [(B, T) for B in (1, 3) for T in (1, 2, 17)])
def test_states_and_gradients_equal_torch(B, T):
    x, h_0, params, dh = case(B, T, 4, 5)
    layer = torch.nn.RNN(4, 5, nonlinearity="relu", batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        layer.weight_ih_l0.copy_(torch.tensor(params.W_xh.T))
        layer.weight_hh_l0.copy_(torch.tensor(params.W_hh.T))
        layer.bias_ih_l0.copy_(torch.tensor(params.b_h))
        layer.bias_hh_l0.zero_()
    inputs = [torch.tensor(x, requires_grad=True), torch.tensor(h_0[None], requires_grad=True)]
    wanted, _ = layer(*inputs)
    h, cache = irnn_forward(x, h_0, params)
    np.testing.assert_allclose(h, wanted.detach(), **CLOSE)
    leaves = [*inputs, layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_ih_l0]
    dx, dh_0, dW_ih, dW_hh, db = (g.numpy() for g in torch.autograd.grad(wanted, leaves, torch.tensor(dh)))
    for got, want in zip(flat(irnn_backward(dh, cache)), (dx, dh_0[0], dW_ih.T, dW_hh.T, db), strict=True):
        np.testing.assert_allclose(got, want, **CLOSE)


def test_identity_weights_keep_a_positive_state_and_its_gradient_for_ever():
    params = identity_rnn(2, 4, np.random.default_rng(0))
    h_0 = np.random.default_rng(1).uniform(0.1, 1, (3, 4))
    h, cache = irnn_forward(np.zeros((3, 200, 2)), h_0, params)
    dh = np.zeros_like(h)
    dh[:, -1] = np.random.default_rng(2).normal(size=(3, 4))
    np.testing.assert_array_equal(h[:, -1], h_0)
    np.testing.assert_array_equal(irnn_backward(dh, cache).dh_0, dh[:, -1])


def test_the_slope_is_one_above_zero_and_zero_elsewhere():
    np.testing.assert_array_equal(relu_slope(np.array([0.0, 1e-300, 2.0])), [0, 1, 1])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_of_the_inputs_is_kept(dtype):
    x, h_0, params, dh = case(3, 4, 2, 5, dtype)
    h, cache = irnn_forward(x, h_0, params)
    assert {array.dtype for array in (h, *flat(irnn_backward(dh, cache)))} == {np.dtype(dtype)}


@pytest.mark.parametrize("place", range(5))
def test_one_input_in_double_precision_makes_the_states_double(place):
    x, h_0, params, _ = case(3, 4, 2, 5, np.float32)
    arrays = [x, h_0, *params]
    arrays[place] = arrays[place].astype(np.float64)
    assert irnn_forward(*arrays[:2], RNNParams(*arrays[2:]))[0].dtype == np.float64


def test_half_precision_becomes_single():
    x, h_0, params, dh = case(3, 4, 2, 5, np.float16)
    h, cache = irnn_forward(x, h_0, params)
    assert h.dtype == irnn_backward(dh, cache).dh_0.dtype == np.float32


def test_changing_the_input_afterwards_does_not_change_the_gradients():
    x, h_0, params, dh = case(3, 4, 2, 5)
    x = x.copy()
    _, cache = irnn_forward(x, h_0, params)
    before = flat(irnn_backward(dh, cache))
    x[:] = 9
    for got, want in zip(flat(irnn_backward(dh, cache)), before, strict=True):
        np.testing.assert_array_equal(got, want)


def test_a_sequence_without_a_step_has_no_gradient():
    x, h_0, params, dh = case(3, 0, 2, 5)
    for got, want in zip(flat(irnn_backward(dh, irnn_forward(x, h_0, params)[1])), (x, h_0, *params), strict=True):
        np.testing.assert_array_equal(got, np.zeros_like(want))


def test_the_states_cannot_be_changed_and_the_backward_pass_can_run_twice():
    x, h_0, params, dh = case(3, 4, 2, 5)
    h, cache = irnn_forward(x, h_0, params)
    with pytest.raises(ValueError, match="read-only"):
        h[:] = 9
    for first, second in zip(flat(irnn_backward(dh, cache)), flat(irnn_backward(dh, cache)), strict=True):
        np.testing.assert_array_equal(first, second)


def test_a_wrong_shape_is_named():
    x, h_0, params, _ = case(3, 4, 2, 5)
    with pytest.raises(ValueError) as error:
        irnn_forward(x, h_0.T, params)
    assert str(error.value) == "h_0 must be (batch, hidden) = (3, 5), got (5, 3)"
    with pytest.raises(ValueError) as error:
        irnn_backward(np.zeros((4, 3, 5)), irnn_forward(x, h_0, params)[1])
    assert str(error.value) == "dh must be (batch, time, hidden) = (3, 4, 5), got (4, 3, 5)"
