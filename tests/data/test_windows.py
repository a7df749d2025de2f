import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.data.windows import Scale, windows


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.integers(2, 12), st.integers(1, 4), st.data())
def test_no_window_reaches_the_row_of_its_target(n, d, data):
    length = data.draw(st.integers(1, n - 1))
    rows = np.repeat(np.arange(n), d).reshape(n, d)  # every value is the number of its row
    x, y = windows(rows, np.arange(n), length)
    assert x.shape == (n - length, length, d)
    np.testing.assert_array_equal(x[:, -1, 0] + 1, y)
    np.testing.assert_array_equal(x[:, 0, 0], np.arange(n - length))


def test_changing_the_future_changes_no_window_before_it():
    rng = np.random.default_rng(0)
    features, target = rng.normal(size=(20, 3)), rng.normal(size=20)
    x, y = windows(features, target, 5)
    features[12:], target[12:] = 99, 99
    x_changed, y_changed = windows(features, target, 5)
    np.testing.assert_array_equal(x[:8], x_changed[:8])  # windows that end before row 12
    np.testing.assert_array_equal(y[:7], y_changed[:7])
    assert (y_changed[7:] == 99).all()


def test_windows_do_not_share_memory_with_the_series():
    features, target = np.zeros((6, 2)), np.zeros(6)
    x, y = windows(features, target, 2)
    x += 1
    y += 1
    assert not features.any()
    assert not target.any()


@pytest.mark.parametrize("length", [0, 6])
def test_lengths_without_a_window_are_refused(length):
    with pytest.raises(ValueError, match=rf"1\.\.5, got {length}"):
        windows(np.zeros((6, 2)), np.zeros(6), length)


def test_unequal_series_are_refused():
    with pytest.raises(ValueError, match="each of 6 rows, got 5"):
        windows(np.zeros((6, 2)), np.zeros(5), 2)


def test_training_rows_have_mean_0_and_sd_1_after_scaling():
    rows = np.random.default_rng(0).normal(3, 2, size=(40, 2))
    scaled = Scale.of(rows[:30]).apply(rows)
    np.testing.assert_allclose(scaled[:30].mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(scaled[:30].std(axis=0), 1)
    assert abs(scaled.mean()) > 1e-3  # all rows together do not: the others were not looked at
