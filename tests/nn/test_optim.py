from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.nn import SGD, Adam, clip_by_global_norm
from course_lib.params import HeadParams, RNNParams

PROPERTY = settings(deadline=None, derandomize=True, max_examples=30)


class Model(NamedTuple):
    rnn: RNNParams
    head: HeadParams


def draw(rng, dtype=np.float64):
    """Return a nested model of read-only arrays: a function that writes into them raises."""

    def array(*size):
        values = rng.normal(size=size).astype(dtype)
        values.flags.writeable = False
        return values

    return Model(RNNParams(array(3, 5), array(5, 5), array(5)), HeadParams(array(5, 2), array(2)))


def leaves(model):
    return [*model[0], *model[1]]


OPTIMISERS = [
    (SGD(0.1), lambda p: torch.optim.SGD(p, lr=0.1)),
    (SGD(0.05, momentum=0.9), lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9)),
    (Adam(), lambda p: torch.optim.Adam(p)),
    (Adam(0.01, 0.8, 0.95, 1e-3), lambda p: torch.optim.Adam(p, lr=0.01, betas=(0.8, 0.95), eps=1e-3)),
]


@pytest.mark.parametrize(("ours", "theirs"), OPTIMISERS)
@pytest.mark.parametrize("container", [Model, lambda rnn, head: (rnn, head)])
def test_several_steps_equal_torch(ours, theirs, container):
    rng = np.random.default_rng(0)
    params = container(*draw(rng))
    tensors = [torch.tensor(array, requires_grad=True) for array in leaves(params)]
    optimiser, state = theirs(tensors), ours.init(params)
    for _ in range(6):
        gradients = container(*draw(rng))
        for tensor, gradient in zip(tensors, leaves(gradients), strict=True):
            tensor.grad = torch.tensor(gradient)
        optimiser.step()
        params, state = ours.step(params, gradients, state)
        for got, want in zip(leaves(params), tensors, strict=True):
            np.testing.assert_allclose(got, want.detach().numpy(), rtol=1e-9, atol=1e-12)


def test_a_new_learning_rate_meets_the_velocity_as_in_torch():
    rng = np.random.default_rng(0)
    params = draw(rng)
    tensors = [torch.tensor(array, requires_grad=True) for array in leaves(params)]
    optimiser, state = torch.optim.SGD(tensors, lr=0.1, momentum=0.9), SGD(0.1, 0.9).init(params)
    for learning_rate in (0.1, 0.01, 0.5):
        gradients = draw(rng)
        optimiser.param_groups[0]["lr"] = learning_rate
        for tensor, gradient in zip(tensors, leaves(gradients), strict=True):
            tensor.grad = torch.tensor(gradient)
        optimiser.step()
        params, state = SGD(learning_rate, 0.9).step(params, gradients, state)
    for got, want in zip(leaves(params), tensors, strict=True):
        np.testing.assert_allclose(got, want.detach().numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("optimiser", [SGD(0.1, 0.9), Adam(0.1)])
def test_structure_is_kept_and_nothing_is_changed_in_place(optimiser):
    rng = np.random.default_rng(0)
    params, gradients = draw(rng), draw(rng)
    state = optimiser.init(params)
    first, after_first = optimiser.step(params, gradients, state)
    again, _ = optimiser.step(params, gradients, state)
    assert isinstance(first, Model) and isinstance(first.rnn, RNNParams) and isinstance(first.head, HeadParams)
    for a, b in zip(leaves(first), leaves(again), strict=True):
        np.testing.assert_array_equal(a, b)
    second, _ = optimiser.step(first, gradients, after_first)
    assert not np.array_equal(second.rnn.W_xh - first.rnn.W_xh, first.rnn.W_xh - params.rnn.W_xh)


@pytest.mark.parametrize("optimiser", [SGD(np.float64(0.1), np.float64(0.9)), Adam(np.float64(0.1))])
def test_float32_stays_float32_whatever_the_type_of_the_learning_rate(optimiser):
    rng = np.random.default_rng(0)
    params, gradients = draw(rng, np.float32), draw(rng, np.float32)
    state = optimiser.init(params)
    for _ in range(2):
        params, state = optimiser.step(params, gradients, state)
    clipped, _ = clip_by_global_norm(gradients, np.float64(0.1))
    assert {a.dtype for a in leaves(params) + leaves(clipped)} == {np.dtype(np.float32)}


def test_a_quadratic_is_stable_below_two_over_its_curvature_and_not_above():
    def distance(learning_rate):
        x, optimiser = (np.array([1.0]),), SGD(learning_rate)
        state = optimiser.init(x)
        for _ in range(50):
            x, state = optimiser.step(x, (4.0 * x[0],), state)  # L = 2 x^2, curvature 4
        return abs(x[0].item())

    assert distance(0.49) < 1 < distance(0.51)


@PROPERTY
@given(seed=st.integers(0, 2**32 - 1), max_norm=st.floats(1e-3, 1e3))
def test_clipping_never_lengthens_and_keeps_the_direction(seed, max_norm):
    gradients = draw(np.random.default_rng(seed))
    clipped, norm = clip_by_global_norm(gradients, max_norm)
    before, after = (np.concatenate([a.ravel() for a in leaves(g)]) for g in (gradients, clipped))
    assert norm == pytest.approx(np.linalg.norm(before), rel=1e-12)
    assert np.linalg.norm(after) == pytest.approx(min(norm, max_norm), rel=1e-12)
    np.testing.assert_allclose(after * norm, before * min(norm, max_norm), rtol=1e-9)


def test_clipping_equals_torch_to_the_digit_where_its_formula_differs():
    gradients = draw(np.random.default_rng(0))
    tensors = [torch.zeros(a.shape, dtype=torch.float64, requires_grad=True) for a in leaves(gradients)]
    for tensor, gradient in zip(tensors, leaves(gradients), strict=True):
        tensor.grad = torch.tensor(gradient)
    wanted_norm = torch.nn.utils.clip_grad_norm_(tensors, 0.5)
    clipped, norm = clip_by_global_norm(gradients, 0.5)
    assert norm == pytest.approx(wanted_norm.item(), rel=1e-12)
    for got, want in zip(leaves(clipped), tensors, strict=True):
        np.testing.assert_allclose(got, want.grad.numpy(), rtol=1e-5)


def test_clipping_leaves_short_and_zero_gradients_as_they_are():
    for gradients in ((np.array([3.0]), np.array([4.0])), (np.zeros(2),)):
        clipped, _ = clip_by_global_norm(gradients, 5.0)
        for got, want in zip(clipped, gradients, strict=True):
            np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("optimiser", [SGD(0.1), Adam()])
def test_gradients_that_do_not_fit_are_named(optimiser):
    params = draw(np.random.default_rng(0))
    state = optimiser.init(params)
    transposed = params._replace(rnn=params.rnn._replace(W_xh=params.rnn.W_xh.T))
    with pytest.raises(ValueError) as error:
        optimiser.step(params, transposed, state)
    assert str(error.value) == "gradients.rnn.W_xh must have the shape of params.rnn.W_xh, (3, 5), got (5, 3)"
    with pytest.raises(ValueError) as error:
        optimiser.step(params.head, tuple(params.head), optimiser.init(params.head))
    assert str(error.value) == "gradients must have the arrays of params, ['.W_hy', '.b_y'], got ['[0]', '[1]']"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SGD(0.0), "learning_rate must be above 0, got 0.0"),
        (lambda: SGD(0.1, 1.0), "momentum must be in [0, 1), got 1.0"),
        (lambda: Adam(-1.0), "learning_rate must be above 0, got -1.0"),
        (lambda: Adam(beta1=1.0), "beta1 must be in [0, 1), got 1.0"),
        (lambda: Adam(beta2=-0.1), "beta2 must be in [0, 1), got -0.1"),
        (lambda: Adam(epsilon=0.0), "epsilon must be above 0, got 0.0"),
        (lambda: clip_by_global_norm((np.ones(2),), 0.0), "max_norm must be above 0, got 0.0"),
        (
            lambda: clip_by_global_norm((np.array([1.0, np.nan]),), 1.0),
            "gradients must be finite, and so must their global norm, got nan",
        ),
    ],
)
def test_settings_that_cannot_descend_are_named(make, message):
    with pytest.raises(ValueError) as error:
        make()
    assert str(error.value) == message
