import dataclasses
import math

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_info, threadpool_limits

from course_lib.nn import linear, linear_backward, mean_squared_error, mean_squared_error_backward, uniform_linear
from course_lib.params import LinearParams
from course_lib.training import TrainingSettings, train

SETTINGS = TrainingSettings(steps=300, batch_size=16, learning_rate=0.05, clip_norm=1.0, seed=0)
TRUE = LinearParams(np.array([[1.0], [-2.0], [0.5]]), np.array([0.3]))


def batches(rng):
    x = rng.normal(size=(SETTINGS.batch_size, 3))
    return x, linear(x, *TRUE)


def loss_and_gradients(params, batch):
    x, target = batch
    loss, cache = mean_squared_error(linear(x, *params), target)
    return loss, LinearParams(*linear_backward(mean_squared_error_backward(cache), x, params.W)[1:])


def start():
    params = uniform_linear(3, 1, np.random.default_rng(1))
    for array in params:
        array.flags.writeable = False
    return params


def test_a_linear_model_finds_the_weights_that_made_its_data():
    record = train(start(), loss_and_gradients, batches, SETTINGS)
    assert record.losses.shape == (300,)
    assert record.losses[0] > 1 and record.losses[-1] < 1e-3
    for got, want in zip(record.params, TRUE, strict=True):
        np.testing.assert_allclose(got, want, atol=0.05)
    assert 0 < record.seconds < 60


@pytest.mark.parametrize("clip_norm", [0.5, math.inf])
def test_every_update_equals_torch(clip_norm):
    record = train(start(), loss_and_gradients, batches, dataclasses.replace(SETTINGS, steps=10, clip_norm=clip_norm))
    W, b = (torch.tensor(array, requires_grad=True) for array in start())
    optimiser, rng, losses = torch.optim.Adam([W, b], lr=0.05), np.random.default_rng(0), []
    for _ in range(10):
        x, target = map(torch.tensor, batches(rng))
        loss = torch.nn.functional.mse_loss(x @ W + b, target)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_([W, b], clip_norm)
        optimiser.step()
        losses.append(loss.item())
    np.testing.assert_allclose(record.losses, losses, rtol=1e-5)
    np.testing.assert_allclose(record.params.W, W.detach().numpy(), rtol=1e-5)


def test_the_same_seed_gives_the_same_run_and_another_does_not():
    short = dataclasses.replace(SETTINGS, steps=5)
    first, again, other = (
        train(start(), loss_and_gradients, batches, dataclasses.replace(short, seed=seed)) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first.losses, again.losses)
    np.testing.assert_array_equal(first.params.W, again.params.W)
    assert not np.array_equal(first.losses, other.losses)


def test_blas_has_one_thread_inside_and_its_own_number_afterwards():
    def blas_threads():
        return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]

    inside = []

    def watch(params, batch):
        inside.append(blas_threads())
        return loss_and_gradients(params, batch)

    with threadpool_limits(limits=2, user_api="blas"):
        before = blas_threads()
        train(start(), watch, batches, dataclasses.replace(SETTINGS, steps=1))
        assert blas_threads() == before == [2] * len(before)
    assert before and inside == [[1] * len(before)]


def test_a_run_that_leaves_the_finite_numbers_says_so():
    def broken(params, batch):
        return math.nan, LinearParams(params.W * math.nan, params.b)

    with pytest.raises(ValueError, match="gradients must be finite"):
        train(start(), broken, batches, SETTINGS)


@pytest.mark.parametrize("name", ["steps", "batch_size"])
def test_settings_that_do_nothing_are_named(name):
    with pytest.raises(ValueError) as error:
        dataclasses.replace(SETTINGS, **{name: 0})
    assert str(error.value) == f"{name} must be at least 1, got 0"
