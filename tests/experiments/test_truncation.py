"""Truncation has a price that is known: three formulas for one unit, a sum for a matrix."""

import numpy as np
import pytest

from course_lib.experiments.truncation import chunk_error, matrix_difference, memory_error, relative_error, window_error


@pytest.mark.parametrize("w", [0.5, 0.99, 1.0])
@pytest.mark.parametrize("K", [1, 30, 100])
def test_pure_memory_loses_what_lies_before_the_last_K_steps_whatever_w_is(K, w):
    assert memory_error(K, w, 100) == pytest.approx(1 - K / 100, abs=1e-12)


@pytest.mark.parametrize(("w", "past"), [(0.5, 100), (0.9, 400), (0.99, 3000)])
@pytest.mark.parametrize("K", [1, 5, 20])
def test_a_window_and_chunks_at_rest_have_the_errors_of_their_formulas(K, w, past):
    assert window_error(K, w, past) == pytest.approx(w**K, abs=1e-9)
    assert chunk_error(K, w, past) == pytest.approx(w * (1 - w**K) / (K * (1 - w)), abs=1e-9)


def test_chunks_of_20_cost_three_times_the_window_of_20():
    assert window_error(5, 0.9, 400) == pytest.approx(0.59, abs=0.005)
    assert window_error(20, 0.9, 400) == pytest.approx(0.12, abs=0.005)
    assert chunk_error(20, 0.9, 400) == pytest.approx(0.40, abs=0.005)


def test_too_short_a_past_is_not_at_rest():
    assert abs(window_error(5, 0.9, 20) - 0.9**5) > 1e-3


@pytest.mark.parametrize("K", [1, 4, 9])
def test_a_matrix_loses_the_sum_over_the_steps_before(K):
    assert matrix_difference(K, T=9, H=4, seed=5) < 1e-12


def test_the_relative_error_is_a_part_of_the_full_gradient():
    assert relative_error(np.array([[3.0, 4.0]]), np.zeros((1, 2))) == 1
    assert relative_error(np.array([[3.0, 4.0]]), np.array([[3.0, 3.0]])) == pytest.approx(0.2)
