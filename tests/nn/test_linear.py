import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.gradcheck import numeric_gradient, relative_error
from course_lib.nn import linear, linear_backward

SHAPES = [((4,), 3, 5), ((2, 7), 5, 3), ((1, 1), 1, 2), ((), 3, 2), ((2, 3, 4), 2, 6)]  # leading axes, inputs, outputs


def case(leading, D, out, seed=0, dtype=np.float64):
    """Return x, W, b and dy, all read-only: a function that writes into its inputs raises."""
    rng = np.random.default_rng(seed)
    arrays = [rng.normal(size=size).astype(dtype) for size in ((*leading, D), (D, out), out, (*leading, out))]
    for array in arrays:
        array.flags.writeable = False
    return arrays


@pytest.mark.parametrize(("leading", "D", "out"), SHAPES)
def test_values_and_gradients_equal_torch(leading, D, out):
    x, W, b, dy = case(leading, D, out)
    tensors = [torch.tensor(array, requires_grad=True) for array in (x, W, b)]
    y = torch.nn.functional.linear(tensors[0], tensors[1].T, tensors[2])
    wanted = torch.autograd.grad(y, tensors, torch.tensor(dy))

    np.testing.assert_allclose(linear(x, W, b), y.detach().numpy(), rtol=1e-9, atol=1e-12)
    for got, want in zip(linear_backward(dy, x, W), wanted, strict=True):
        np.testing.assert_allclose(got, want.numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("argument", [0, 1, 2])
def test_gradients_equal_central_differences(argument):
    arguments = case((2, 3), 4, 5)
    dy = arguments.pop()

    def loss(changed):
        return np.sum(dy * np.tanh(linear(*arguments[:argument], changed, *arguments[argument + 1 :])))

    dy_total = dy * (1 - np.tanh(linear(*arguments)) ** 2)
    got = linear_backward(dy_total, *arguments[:2])[argument]
    assert relative_error(got, numeric_gradient(loss, arguments[argument])) < 1e-6


@settings(deadline=None, derandomize=True, max_examples=30)
@given(seed=st.integers(0, 2**32 - 1), scale=st.floats(-3, 3))
def test_is_linear_in_its_input(seed, scale):
    x, W, b, _ = case((4,), 3, 5, seed)
    other, *_ = case((4,), 3, 5, seed + 1)
    left = linear(x + scale * other, W, b)
    right = linear(x, W, b) + scale * linear(other, W, np.zeros(5))
    np.testing.assert_allclose(left, right, rtol=1e-9, atol=1e-12)


def test_weight_gradients_sum_over_every_leading_axis():
    x, W, _, dy = case((2, 7), 3, 5)
    whole = linear_backward(dy, x, W)
    parts = [linear_backward(dy[:, t], x[:, t], W) for t in range(7)]
    np.testing.assert_allclose(whole.dW, sum(part.dW for part in parts), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(whole.db, sum(part.db for part in parts), rtol=1e-9, atol=1e-12)


def test_float32_stays_float32():
    x, W, b, dy = case((4,), 3, 5, dtype=np.float32)
    assert linear(x, W, b).dtype == np.float32
    assert {gradient.dtype for gradient in linear_backward(dy, x, W)} == {np.dtype(np.float32)}


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        (((4, 2), (3, 5), (5,)), r"x must be (..., input) = (4, 3), got (4, 2)"),
        (((4, 3), (5,), (5,)), r"W must be (input, output), got shape (5,)"),
        (((4, 3), (3, 5), (1,)), r"b must be (output,) = (5,), got (1,)"),
        (((), (3, 5), (5,)), r"x must be (..., input) = (3,), got ()"),
    ],
)
def test_a_wrong_shape_is_named(sizes, message):
    with pytest.raises(ValueError) as error:
        linear(*map(np.zeros, sizes))
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        (((4, 3), (4, 3), (3, 5)), r"dy must be (..., output) = (4, 5), got (4, 3)"),
        (((4, 5), (4, 2), (3, 5)), r"x must be (..., input) = (4, 3), got (4, 2)"),
        (((4, 5), (4, 3), (3,)), r"W must be (input, output), got shape (3,)"),
    ],
)
def test_a_wrong_shape_is_named_in_the_backward_pass(sizes, message):
    with pytest.raises(ValueError) as error:
        linear_backward(*map(np.zeros, sizes))
    assert str(error.value) == message
