import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.gradcheck import numeric_gradient, relative_error
from course_lib.nn import (
    cross_entropy,
    cross_entropy_backward,
    mean_squared_error,
    mean_squared_error_backward,
    softmax,
)

SHAPES = [(4, 7, 5), (1, 1, 3), (6, 2), (3,), (2, 3, 4, 5)]  # the last axis is the classes
CLOSE = {"rtol": 1e-9, "atol": 1e-12}
SEEDS = st.integers(0, 2**32 - 1)
PROPERTY = settings(deadline=None, derandomize=True, max_examples=30)


def case(shape, masked=True, seed=0, dtype=np.float64):
    """Return logits, targets and a mask (or None), all read-only: a function that writes into them raises."""
    rng = np.random.default_rng(seed)
    s = rng.normal(scale=3, size=shape).astype(dtype)
    y = np.asarray(rng.integers(shape[-1], size=shape[:-1]))
    mask = np.asarray(rng.integers(2, size=shape[:-1]))
    mask.flat[0] = 1
    for array in (s, y, mask):
        array.flags.writeable = False
    return s, y, mask if masked else None


def torch_cross_entropy(s, y, mask):
    """Return loss and gradient of torch.nn.functional.cross_entropy, averaged over the positions the mask keeps."""
    logits = torch.tensor(s, requires_grad=True)
    targets = torch.tensor(y if mask is None else np.where(mask, y, -100)).reshape(-1)
    loss = torch.nn.functional.cross_entropy(logits.reshape(-1, s.shape[-1]), targets, ignore_index=-100)
    return loss.item(), torch.autograd.grad(loss, logits)[0].numpy()


@pytest.mark.parametrize("shape", SHAPES)
def test_softmax_equals_torch(shape):
    s, _, _ = case(shape)
    np.testing.assert_allclose(softmax(s), torch.softmax(torch.tensor(s), -1).numpy(), **CLOSE)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_cross_entropy_equals_torch(shape, masked):
    s, y, mask = case(shape, masked)
    loss, cache = cross_entropy(s, y, mask)
    wanted_loss, wanted = torch_cross_entropy(s, y, mask)
    np.testing.assert_allclose(loss, wanted_loss, **CLOSE)
    np.testing.assert_allclose(cross_entropy_backward(cache), wanted, **CLOSE)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("shape", SHAPES[:3])
def test_cross_entropy_gradient_equals_central_differences(shape, masked):
    s, y, mask = case(shape, masked)
    got = cross_entropy_backward(cross_entropy(s, y, mask)[1])
    assert relative_error(got, numeric_gradient(lambda s: cross_entropy(s, y, mask)[0], s)) < 1e-6


@pytest.mark.parametrize("shape", [(4, 7, 5), (1, 1), (6,)])
def test_mean_squared_error_equals_torch_and_central_differences(shape):
    prediction, _, _ = case(shape)
    target, _, _ = case(shape, seed=1)
    tensor = torch.tensor(prediction, requires_grad=True)
    wanted = torch.nn.functional.mse_loss(tensor, torch.tensor(target))
    loss, cache = mean_squared_error(prediction, target)
    got = mean_squared_error_backward(cache)
    np.testing.assert_allclose(loss, wanted.item(), **CLOSE)
    np.testing.assert_allclose(got, torch.autograd.grad(wanted, tensor)[0].numpy(), **CLOSE)
    assert relative_error(got, numeric_gradient(lambda p: mean_squared_error(p, target)[0], prediction)) < 1e-6


@PROPERTY
@given(seed=SEEDS, shift=st.floats(-1e3, 1e3))
def test_a_shift_of_all_logits_changes_nothing(seed, shift):
    s, y, mask = case((4, 7, 5), seed=seed)
    np.testing.assert_allclose(softmax(s + shift), softmax(s), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(cross_entropy(s + shift, y, mask)[0], cross_entropy(s, y, mask)[0], rtol=1e-9)


@PROPERTY
@given(seed=SEEDS)
def test_probabilities_sum_to_one_and_gradients_to_zero(seed):
    s, y, mask = case((4, 7, 5), seed=seed)
    np.testing.assert_allclose(softmax(s).sum(axis=-1), 1, **CLOSE)
    ds = cross_entropy_backward(cross_entropy(s, y, mask)[1])
    np.testing.assert_allclose(ds.sum(axis=-1), 0, atol=1e-12)


@PROPERTY
@given(seed=SEEDS)
def test_masked_positions_are_not_read_and_get_zero_gradient(seed):
    s, y, mask = case((4, 7, 5), seed=seed)
    loss, cache = cross_entropy(s, y, mask)
    padded_s = np.where(mask[..., None] == 1, s, 1e6)
    padded_y = np.where(mask == 1, y, -1)
    padded_loss, padded_cache = cross_entropy(padded_s, padded_y, mask)
    ds = cross_entropy_backward(padded_cache)
    assert padded_loss == loss
    np.testing.assert_array_equal(ds, cross_entropy_backward(cache))
    assert not ds[mask == 0].any()
    assert (np.abs(ds[mask == 1]).max(axis=-1) > 0).all()


@pytest.mark.parametrize("dtype", [bool, np.float32, np.int8])
def test_a_mask_may_have_any_dtype(dtype):
    s, y, mask = case((4, 7, 5))
    assert cross_entropy(s, y, mask.astype(dtype))[0] == cross_entropy(s, y, mask)[0]


def test_logits_far_apart_neither_overflow_nor_warn():
    s = np.array([[1000.0, 0.0, -1000.0]])
    np.testing.assert_array_equal(softmax(s), [[1, 0, 0]])
    loss, cache = cross_entropy(s, np.array([2]))
    assert loss == 2000
    np.testing.assert_array_equal(cross_entropy_backward(cache), [[1, 0, -1]])


def test_equal_logits_cost_the_logarithm_of_the_number_of_classes():
    assert cross_entropy(np.zeros((3, 8)), np.array([0, 4, 7]))[0] == pytest.approx(np.log(8), rel=1e-12)


def test_float32_stays_float32():
    s, y, mask = case((4, 7, 5), dtype=np.float32)
    target, _, _ = case((4, 7, 5), seed=1, dtype=np.float32)
    gradients = (
        softmax(s),
        cross_entropy_backward(cross_entropy(s, y, mask)[1]),
        mean_squared_error_backward(mean_squared_error(s, target)[1]),
    )
    assert {gradient.dtype for gradient in gradients} == {np.dtype(np.float32)}


@pytest.mark.parametrize(
    ("y", "mask", "message"),
    [
        (np.zeros(4, int), None, "y must be (the shape of s without its last axis) = (2, 3), got (4,)"),
        (np.full((2, 3), 5), None, "y must be in 0 ... 4, got 5"),
        (np.full((2, 3), -1), None, "y must be in 0 ... 4, got -1"),
        (np.zeros((2, 3)), None, "y must hold integers, got float64"),
        (np.zeros((2, 3), int), np.ones((3, 2)), "mask must be (the shape of y) = (2, 3), got (3, 2)"),
        (np.zeros((2, 3), int), np.zeros((2, 3)), "mask must keep at least one position, got none"),
        (np.zeros((2, 3), int), np.full((2, 3), 0.5), "mask must hold 0 and 1 only, got 0.5"),
    ],
)
def test_targets_that_do_not_fit_are_named(y, mask, message):
    with pytest.raises(ValueError) as error:
        cross_entropy(np.zeros((2, 3, 5)), y, mask)
    assert str(error.value) == message


def test_a_wrong_shape_is_named():
    with pytest.raises(ValueError) as error:
        mean_squared_error(np.zeros((4, 1)), np.zeros(4))
    assert str(error.value) == "target must be (the shape of the prediction) = (4, 1), got (4,)"
    with pytest.raises(ValueError, match="prediction must have at least one element"):
        mean_squared_error(np.zeros(0), np.zeros(0))
    with pytest.raises(ValueError, match=r"s must be \(..., classes\) with at least one class, got shape \(3, 0\)"):
        softmax(np.zeros((3, 0)))
    with pytest.raises(ValueError, match=r"s must be \(..., classes\) with at least one class, got shape \(\)"):
        cross_entropy(np.zeros(()), np.zeros((), int))
