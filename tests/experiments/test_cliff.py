"""The unit at the cliff: its gradient is that of autograd, and clipping shortens a step without turning it."""

import dataclasses

import numpy as np
import pytest
import torch

from course_lib.experiments.cliff import CliffSettings, descend, draw_starts, error_surface, run, slope

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


def test_whole_numbers_have_the_error_of_the_same_numbers_as_floats():
    w, b = np.array([4, 5, 6, 8]), np.array([-2, -2, -3, -4])
    wanted = error_surface(w.astype(float), b.astype(float))
    np.testing.assert_array_equal(error_surface(w, b), wanted)
    np.testing.assert_array_equal(descend(w, b, 1.0, dataclasses.replace(SETTINGS, updates=1)).error[0], wanted)


def test_shapes_that_do_not_fit_are_named():
    one = dataclasses.replace(SETTINGS, updates=1)
    for call in (lambda w, b: error_surface(w, b), lambda w, b: descend(w, b, 1.0, one)):
        with pytest.raises(ValueError) as error:
            call(np.full(3, 5.0), np.full((2, 3), -2.0))
        assert str(error.value) == "w and b must have one shape, got (3,) and (2, 3)"
    with pytest.raises(ValueError) as error:
        descend(np.full((2, 3), 5.0), np.full((2, 3), -2.0), 1.0, one)
    assert str(error.value) == "w must have the shape (starts,), got (2, 3)"


@pytest.mark.parametrize("clip_norm", [-1.0, 0.0, np.nan])
def test_a_norm_that_would_climb_or_stand_still_is_refused(clip_norm):
    with pytest.raises(ValueError) as error:
        descend(np.array([5.0]), np.array([-2.0]), clip_norm, SETTINGS)
    assert str(error.value) == f"clip_norm must be above 0, got {clip_norm}"


def test_figures_count_the_starts_below_the_error_and_those_more_than_50_away():
    settings = CliffSettings(starts=1000, updates=40, solved_below=0.01)
    path = descend(*draw_starts(settings, seed=5), np.inf, settings)
    far = [max(abs(w[-1] - w[0]), abs(b[-1] - b[0])) for w, b in zip(path.w.T, path.b.T, strict=True)]
    thrown, solved = sum(d > 50 for d in far), sum(error < 0.01 for error in path.error[-1])
    assert sum(d > 100 for d in far) < thrown < sum(d > 25 for d in far)
    assert sum(error < 0.001 for error in path.error[-1]) < solved
    figures = run(settings, 5).figures
    assert figures["unclipped thrown"] == pytest.approx(100 * thrown / 1000)
    assert figures["unclipped"] == pytest.approx(100 * solved / 1000)
