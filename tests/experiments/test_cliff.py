"""The unit at the cliff: its gradient is that of autograd, and clipping shortens a step without turning it."""

import dataclasses

import numpy as np
import torch

from course_lib.experiments.cliff import CliffSettings, descend, draw_starts, error_surface, slope

SETTINGS = CliffSettings(starts=30)


def test_the_gradient_equals_autograd():
    w, b = draw_starts(SETTINGS, seed=3)
    W, B = (torch.tensor(array, requires_grad=True) for array in (w, b))
    x = torch.full_like(W, 0.5)
    for _ in range(50):
        x = W * torch.sigmoid(x) + B
    error = (torch.sigmoid(x) - 0.7) ** 2
    error.sum().backward()
    got = slope(w, b, SETTINGS)
    np.testing.assert_allclose(got.error, error.detach(), rtol=1e-9)
    np.testing.assert_allclose(got.dw, W.grad, rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(got.db, B.grad, rtol=1e-7, atol=1e-12)
    np.testing.assert_array_equal(error_surface(w, b), got.error)


def test_the_surface_has_a_cliff_and_plains():
    w, b = np.meshgrid(np.linspace(4, 8, 81), np.linspace(-4, -1.5, 81))
    found = slope(w, b, SETTINGS)
    steepness = np.hypot(found.dw, found.db)
    assert steepness.max() > 100 * np.median(steepness)
    assert found.error.shape == (81, 81) and found.error.min() >= 0 and found.error.max() < 0.5


def test_no_clipped_step_is_longer_than_learning_rate_times_norm_and_none_turns():
    w, b = draw_starts(dataclasses.replace(SETTINGS, starts=2000), seed=0)
    free, clipped = (descend(w, b, norm, dataclasses.replace(SETTINGS, updates=1)) for norm in (np.inf, 0.1))
    steps = [np.stack([path.w[1] - path.w[0], path.b[1] - path.b[0]]) for path in (free, clipped)]
    lengths = [np.hypot(*step) for step in steps]
    assert lengths[0].max() > 1 and lengths[1].max() <= 0.05 * (1 + 1e-12)
    np.testing.assert_allclose(steps[0] * lengths[1], steps[1] * lengths[0], atol=1e-12)
    np.testing.assert_allclose(steps[1][:, lengths[0] < 0.05], steps[0][:, lengths[0] < 0.05])


def test_a_descent_starts_where_it_is_told_and_records_where_it_was():
    w, b = draw_starts(SETTINGS, seed=1)
    path = descend(w, b, 1.0, dataclasses.replace(SETTINGS, updates=4))
    np.testing.assert_array_equal(path.w[0], w)
    np.testing.assert_array_equal(path.b[0], b)
    assert path.error.shape == (5, 30)
    np.testing.assert_array_equal(path.error[-1], error_surface(path.w[-1], path.b[-1]))


def test_a_unit_without_a_gradient_stays_where_it_is():
    path = descend(np.array([1.0]), np.array([1e6]), 1.0, dataclasses.replace(SETTINGS, updates=2))
    np.testing.assert_array_equal(path.w, 1.0)
    np.testing.assert_array_equal(path.b, 1e6)
