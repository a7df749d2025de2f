import math

import numpy as np
import pytest

from course_lib.data import copying
from course_lib.nn import cross_entropy


@pytest.mark.parametrize("T", [1, 2, 20])
def test_symbols_blanks_delimiter_blanks_and_the_symbols_again_at_the_end(T):
    x, y = copying.copying_batch(np.random.default_rng(0), 32, T)
    assert x.shape == (32, T + 20, 10) and y.shape == (32, T + 20)
    np.testing.assert_array_equal(x.sum(axis=2), 1)
    ids = x.argmax(axis=2)
    symbols = ids[:, :10]
    assert set(np.unique(symbols)) == set(range(1, 9))
    np.testing.assert_array_equal(ids[:, 10 : 9 + T], 0)  # T - 1 blanks
    np.testing.assert_array_equal(ids[:, 9 + T], 9)
    np.testing.assert_array_equal(ids[:, 10 + T :], 0)
    np.testing.assert_array_equal(y[:, : T + 10], 0)
    np.testing.assert_array_equal(y[:, T + 10 :], symbols)


def test_a_batch_is_reproducible_and_another_seed_gives_another():
    first, again, other = (copying.copying_batch(np.random.default_rng(seed), 5, 10) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.x, again.x)
    assert not np.array_equal(first.y, other.y)


@pytest.mark.parametrize("T", [1, 20, 100])
def test_the_baselines_are_what_the_memoryless_answer_gets(T):
    _, y = copying.copying_batch(np.random.default_rng(0), 4000, T)
    p = np.zeros((*y.shape, copying.CLASSES))
    p[:, : T + 10, 0] = 1
    p[:, T + 10 :, 1:] = 1 / 8
    s = np.log(np.maximum(p, 1e-300))
    wanted = copying.baselines(T)
    assert cross_entropy(s, y)[0] == pytest.approx(wanted.loss, rel=1e-9)
    assert cross_entropy(s[:, -10:], y[:, -10:])[0] == pytest.approx(wanted.loss_at_the_end, rel=1e-9)
    right = s.argmax(axis=2) == y  # at the end it names symbol 1 each time
    assert right.mean() == pytest.approx(wanted.accuracy, abs=0.003)


def test_the_figures_of_the_table():
    assert copying.baselines(20).loss == pytest.approx(10 * math.log(8) / 40)
    assert copying.baselines(20).loss_at_the_end == pytest.approx(math.log(8))
    assert copying.baselines(100).accuracy == pytest.approx((100 + 11.25) / 120)


@pytest.mark.parametrize("T", [1, 20, 100])
def test_a_loss_reads_as_symbols_remembered(T):
    assert copying.symbols_remembered(copying.baselines(T).loss, T) == pytest.approx(0, abs=1e-12)
    assert copying.symbols_remembered(0.0, T) == 10
    seven_guessed = 7 * math.log(8) / (T + 20)
    assert copying.symbols_remembered(seven_guessed, T) == pytest.approx(3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda rng: copying.copying_batch(rng, 0, 5), "B must be at least 1, got 0"),
        (lambda rng: copying.copying_batch(rng, 3, 0), "T must be at least 1, got 0"),
        (lambda rng: copying.baselines(0), "T must be at least 1, got 0"),
        (lambda rng: copying.symbols_remembered(0.5, 0), "T must be at least 1, got 0"),
    ],
)
def test_a_size_that_leaves_no_place_is_named(call, message):
    with pytest.raises(ValueError) as error:
        call(np.random.default_rng(0))
    assert str(error.value) == message


def test_one_sequence_is_a_batch():
    assert copying.copying_batch(np.random.default_rng(0), 1, 5).y.shape == (1, 25)
