import math

import numpy as np
import pytest

from course_lib.data import temporal_order


@pytest.mark.parametrize("T", [10, 11, 19, 50])
def test_two_marks_stand_in_their_places_and_the_class_is_their_order(T):
    x, y = temporal_order.temporal_order_batch(np.random.default_rng(0), 400, T)
    assert x.shape == (400, T, 6) and y.shape == (400,)
    np.testing.assert_array_equal(x.sum(axis=2), 1)
    ids = x.argmax(axis=2)
    rows, steps = np.nonzero(ids >= 4)
    np.testing.assert_array_equal(rows, np.repeat(np.arange(400), 2))
    first, second = steps.reshape(400, 2).T
    assert (first.min(), first.max()) == (T // 10, T // 5 - 1)
    assert (second.min(), second.max()) == (T // 2, 6 * T // 10 - 1)
    pairs = ["XY"[a - 4] + "XY"[b - 4] for a, b in ids[rows, steps].reshape(400, 2)]
    assert pairs == [temporal_order.CLASSES[label] for label in y]


def test_all_distractors_places_and_classes_come_alike():
    x, y = temporal_order.temporal_order_batch(np.random.default_rng(0), 20_000, 50)
    np.testing.assert_allclose(np.bincount(y) / 20_000, 0.25, atol=0.02)
    np.testing.assert_allclose(x[:, :, :4].mean(axis=(0, 1)), 0.96 / 4, rtol=0.01)
    np.testing.assert_allclose(x[:, :, 4:].sum(axis=2).mean(axis=0)[[*range(5, 10), *range(25, 30)]], 0.2, atol=0.02)


def test_a_batch_is_reproducible_and_another_seed_gives_another():
    first, again, other = (temporal_order.temporal_order_batch(np.random.default_rng(s), 5, 10) for s in (0, 0, 1))
    np.testing.assert_array_equal(first.x, again.x)
    assert not np.array_equal(first.x, other.x)


def test_the_baselines_are_counted_over_the_four_classes():
    loss, wrong, loss_one, wrong_one = temporal_order.baselines()
    blind, knows_first = np.full((4, 4), 1 / 4), np.kron(np.eye(2), np.full((2, 2), 1 / 2))  # class by answer
    for p, nats, share in ((blind, loss, wrong), (knows_first, loss_one, wrong_one)):
        assert -np.mean(np.log(np.diag(p))) == pytest.approx(nats, rel=1e-12)
        assert np.mean(p.argmax(axis=1) != np.arange(4)) == share
    assert loss == pytest.approx(math.log(4))


@pytest.mark.parametrize(
    ("B", "T", "message"),
    [
        (0, 50, "B must be at least 1, got 0"),
        (3, 9, "T must be at least 10, so that both marks have a place, got 9"),
    ],
)
def test_a_size_that_leaves_no_place_is_named(B, T, message):
    with pytest.raises(ValueError) as error:
        temporal_order.temporal_order_batch(np.random.default_rng(0), B, T)
    assert str(error.value) == message


def test_one_sequence_is_a_batch():
    assert temporal_order.temporal_order_batch(np.random.default_rng(0), 1, 10).x.shape == (1, 10, 6)
