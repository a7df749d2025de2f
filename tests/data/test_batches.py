import numpy as np
import pytest

from course_lib.data.batches import random_batches


def test_rows_of_all_arrays_stay_together():
    x, y = np.arange(10)[:, None], np.arange(10) * 100
    x_batch, y_batch = random_batches((x, y), size=25)(np.random.default_rng(0))
    assert x_batch.shape == (25, 1)
    np.testing.assert_array_equal(x_batch[:, 0] * 100, y_batch)


def test_a_batch_holds_rows_of_one_set_and_every_set_has_its_turn():
    draw = random_batches((np.zeros((4, 3)),), (np.ones((6, 5)),), size=2)
    rng = np.random.default_rng(0)
    assert {draw(rng)[0].shape for _ in range(20)} == {(2, 3), (2, 5)}


def test_sets_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="at least one set"):
        random_batches()
    with pytest.raises(ValueError, match=r"one length, got \[2, 3\]"):
        random_batches((np.zeros(2), np.zeros(3)))
