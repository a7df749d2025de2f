import numpy as np
import pytest

from course_lib.data import adding


@pytest.mark.parametrize("T", [2, 3, 7, 50])
def test_there_is_one_mark_in_each_half_and_the_target_is_their_sum(T):
    x, y = adding.adding_batch(np.random.default_rng(0), 64, T)
    assert x.shape == (64, T, 2) and y.shape == (64,)
    numbers, marks = x[:, :, 0], x[:, :, 1]
    assert set(np.unique(marks)) <= {0, 1}
    np.testing.assert_array_equal(marks[:, : T // 2].sum(axis=1), 1)
    np.testing.assert_array_equal(marks[:, T // 2 :].sum(axis=1), 1)
    assert numbers.min() >= 0 and numbers.max() < 1
    np.testing.assert_allclose((numbers * marks).sum(axis=1), y, rtol=1e-15)


def test_every_step_of_a_half_is_marked_alike_and_numbers_are_uniform():
    x, _ = adding.adding_batch(np.random.default_rng(0), 20_000, 10)
    np.testing.assert_allclose(x[:, :, 1].mean(axis=0), 0.2, atol=0.02)
    assert x[:, :, 0].mean() == pytest.approx(0.5, abs=0.01)
    assert x[:, :, 0].var() == pytest.approx(1 / 12, rel=0.02)


def test_a_batch_is_reproducible_and_another_seed_gives_another():
    first, again, other = (adding.adding_batch(np.random.default_rng(seed), 5, 10) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.x, again.x)
    assert not np.array_equal(first.x, other.x)


def test_the_baselines_are_the_integrals_over_two_uniform_numbers():
    nodes, weights = np.polynomial.legendre.leggauss(5)  # exact for polynomials up to degree 9
    a, b = np.meshgrid((nodes + 1) / 2, (nodes + 1) / 2)
    area = np.outer(weights, weights) / 4
    predict_mean, remember_one = adding.baselines()
    assert predict_mean == pytest.approx(np.sum(area * (a + b - 1) ** 2), rel=1e-12)
    assert remember_one == pytest.approx(np.sum(area * (a + b - (a + 0.5)) ** 2), rel=1e-12)


def test_batches_measure_the_baselines():
    x, y = adding.adding_batch(np.random.default_rng(0), 60_000, 6)
    first = (x[:, :3, 0] * x[:, :3, 1]).sum(axis=1)
    predict_mean, remember_one = adding.baselines()
    assert np.mean((y - 1) ** 2) == pytest.approx(predict_mean, rel=0.02)
    assert np.mean((y - first - 0.5) ** 2) == pytest.approx(remember_one, rel=0.02)


def test_the_criterion_of_1997_says_the_same_on_both_scales():
    rng = np.random.default_rng(0)
    _, y = adding.adding_batch(rng, 1000, 10)
    prediction = y + rng.normal(0, 0.1, 1000)
    theirs = np.abs(prediction / 2 - y / 2) >= 0.04  # 1/2 + (X1 + X2) / 4 with X = 2x - 1 is half the sum
    assert 0.2 < adding.share_wrong_1997(prediction, y) == theirs.mean() < 0.8


def test_always_answering_the_mean_is_right_by_the_criterion_of_1997_in_one_case_of_six_or_seven():
    _, y = adding.adding_batch(np.random.default_rng(0), 60_000, 4)
    right = 1 - adding.share_wrong_1997(np.ones_like(y), y)
    assert right == pytest.approx(1 - (1 - adding.TOLERANCE_1997) ** 2, abs=0.006)


@pytest.mark.parametrize(
    ("B", "T", "message"),
    [(0, 5, "B must be at least 1, got 0"), (3, 1, "T must be at least 2, a step for each mark, got 1")],
)
def test_a_size_that_leaves_no_place_is_named(B, T, message):
    with pytest.raises(ValueError) as error:
        adding.adding_batch(np.random.default_rng(0), B, T)
    assert str(error.value) == message


def test_predictions_of_another_shape_are_refused():
    with pytest.raises(ValueError) as error:
        adding.share_wrong_1997(np.zeros((3, 1)), np.zeros(3))
    assert str(error.value) == "prediction must have the shape of y, (3,), got (3, 1)"


def test_one_sequence_is_a_batch_and_an_error_of_just_the_tolerance_is_wrong():
    assert adding.adding_batch(np.random.default_rng(0), 1, 5).x.shape == (1, 5, 2)
    assert adding.share_wrong_1997(np.array([adding.TOLERANCE_1997, 0.07]), np.zeros(2)) == 0.5


def test_a_prediction_of_nan_is_wrong_and_no_prediction_is_refused():
    assert adding.share_wrong_1997(np.array([np.nan, 0.0, 0.0, 1.0]), np.zeros(4)) == 0.5
    with pytest.raises(ValueError) as error:
        adding.share_wrong_1997(np.zeros(0), np.zeros(0))
    assert str(error.value) == "prediction must hold at least one number, got none"
