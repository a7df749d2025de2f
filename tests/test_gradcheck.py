import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.gradcheck import numeric_gradient, relative_error


@settings(deadline=None, derandomize=True, max_examples=30)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_cubic_is_differentiated(seed):
    rng = np.random.default_rng(seed)
    x, weight = rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 3, 4))
    assert relative_error(3 * weight * x**2, numeric_gradient(lambda x: np.sum(weight * x**3), x)) < 1e-8


def test_the_error_is_large_at_both_ends_of_the_step_size():
    x = np.array([0.7])
    errors = [relative_error(np.cos(x), numeric_gradient(lambda x: np.sin(x).item(), x, h)) for h in (1, 1e-5, 1e-14)]
    assert errors[1] < 1e-9 < 1e-4 < min(errors[0], errors[2])


def test_the_error_falls_with_the_square_of_the_step():
    x = np.array([0.7])
    coarse, fine = (abs(numeric_gradient(lambda x: np.sin(x).item(), x, h) - np.cos(x)).item() for h in (1e-2, 1e-3))
    assert coarse / fine == pytest.approx(100, rel=1e-2)


@pytest.mark.parametrize("x", [np.float64(3.0), np.array([3]), np.array([[3.0]], np.float32)])
def test_scalars_integers_and_float32_are_computed_in_float64(x):
    gradient = numeric_gradient(lambda x: np.sum(x**2), x)
    assert gradient.shape == np.shape(x) and gradient.dtype == np.float64
    np.testing.assert_allclose(gradient, 6, rtol=1e-9)


def test_the_input_is_not_changed_even_by_a_function_that_writes():
    x = np.array([1.0, 2.0])

    def writes(x):
        x *= 2
        return x.sum()

    np.testing.assert_allclose(numeric_gradient(writes, x), 2, rtol=1e-9)
    np.testing.assert_array_equal(x, [1, 2])


def test_a_function_or_step_that_does_not_fit_is_named():
    with pytest.raises(ValueError) as error:
        numeric_gradient(lambda x: x, np.zeros((2, 3)))
    assert str(error.value) == "f must return one number, got shape (2, 3)"
    with pytest.raises(ValueError) as error:
        numeric_gradient(np.sum, np.zeros(2), h=0)
    assert str(error.value) == "h must be above 0, got 0"


def test_relative_error_compares_norms():
    assert relative_error(np.array([3.0, 4.0]), np.array([0.0, 0.0])) == 1
    assert relative_error(np.array([[2.0]]), np.array([[1.0]])) == pytest.approx(1 / 3)
    assert relative_error(np.array([1.0, -1.0]), np.array([1.0, -1.0])) == 0
    assert relative_error(np.zeros(3), np.zeros(3)) == 0
    assert np.isnan(relative_error(np.array([np.nan]), np.array([1.0])))


def test_relative_error_of_float32_is_computed_in_float64():
    a = np.array([1.0, 1e-7], np.float32)
    assert 0 < relative_error(a, np.array([1.0, 0.0])) < 1e-7


def test_relative_error_refuses_to_broadcast():
    with pytest.raises(ValueError) as error:
        relative_error(np.zeros((4, 1)), np.zeros(4))
    assert str(error.value) == "n must have the shape of a, (4, 1), got (4,)"
