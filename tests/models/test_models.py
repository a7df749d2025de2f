import numpy as np
import pytest

from course_lib.data.vocabulary import one_hot
from course_lib.models import aligned, encoder_decoder, many_to_one, one_to_many, one_to_one
from course_lib.models.scores import accuracy, r_squared
from course_lib.nn import linear, rnn_step

RNG = np.random.default_rng(0)
X = RNG.normal(size=(2, 6, 5))
READER = many_to_one.uniform_many_to_one(5, 4, 3, RNG)
WRITER = one_to_many.uniform_one_to_many(5, 4, 6, RNG)
H_0 = np.tanh(RNG.normal(size=(2, 4)))


def test_many_to_one_is_the_last_answer_of_the_aligned_network():
    np.testing.assert_allclose(many_to_one.many_to_one(READER, X), aligned.aligned(READER, X)[:, -1])


def test_one_direction_cannot_see_the_future():
    changed = X.copy()
    changed[:, 4:] += 1
    before, after = aligned.aligned(READER, X), aligned.aligned(READER, changed)
    np.testing.assert_array_equal(before[:, :4], after[:, :4])
    assert not np.allclose(before[:, 4:], after[:, 4:])


def test_both_directions_see_the_future_and_the_past():
    params = aligned.uniform_bidirectional(5, 4, 3, np.random.default_rng(1))
    for changed_step in (0, 5):
        changed = X.copy()
        changed[:, changed_step] += 1
        moved = np.abs(aligned.bidirectional(params, X) - aligned.bidirectional(params, changed)).max(axis=(0, 2))
        assert (moved > 0).all()


def test_rows_of_a_feed_forward_network_do_not_know_each_other():
    params = one_to_one.uniform_one_to_one(5, 4, 3, RNG)
    rows, order = X[:, 0], [1, 0]
    np.testing.assert_allclose(one_to_one.one_to_one(params, rows)[order], one_to_one.one_to_one(params, rows[order]))


def test_writing_takes_the_likeliest_symbol_and_reads_it_back():
    written = one_to_many.write(WRITER.rnn, WRITER.head, H_0, first=0, last=-1, max_length=5)
    for row, h in zip(written, H_0, strict=True):
        symbol, state = 0, h[None]
        for got in row:
            state = rnn_step(one_hot(np.array([symbol]), 6), state, WRITER.rnn)
            symbol = int(linear(state, *WRITER.head).argmax())
            assert got == symbol


def test_writing_ends_before_the_stop_symbol():
    free = one_to_many.write(WRITER.rnn, WRITER.head, H_0, first=0, last=-1, max_length=8)
    stop = free[0][3]
    (stopped, _) = one_to_many.write(WRITER.rnn, WRITER.head, H_0, first=0, last=stop, max_length=8)
    assert stopped == free[0][: free[0].index(stop)]


def test_a_cold_sample_is_what_writing_gives():
    (greedy, _) = one_to_many.write(WRITER.rnn, WRITER.head, H_0, first=0, last=-1, max_length=6)
    cold = one_to_many.sample(WRITER.rnn, WRITER.head, H_0[:1], 0, 6, temperature=1e-4, seed=0)
    assert cold.tolist() == greedy


def test_a_hot_sample_is_nearly_uniform():
    hot = one_to_many.sample(WRITER.rnn, WRITER.head, H_0[:1], 0, 3000, temperature=1e6, seed=0)
    assert np.bincount(hot, minlength=6).min() > 400


@pytest.mark.parametrize("temperature", [0, -1])
def test_temperatures_that_mean_nothing_are_refused(temperature):
    with pytest.raises(ValueError, match=f"above 0, got {temperature}"):
        one_to_many.sample(WRITER.rnn, WRITER.head, H_0[:1], 0, 1, temperature, seed=0)


def test_translation_depends_on_the_source_through_the_last_state_alone():
    params = encoder_decoder.uniform_encoder_decoder(7, 4, 6, RNG)
    source = RNG.integers(7, size=(3, 5))
    h = encoder_decoder.encode(params, source)
    written = one_to_many.write(params.decoder, params.head, h, 0, 1)
    assert encoder_decoder.translate(params, source, 0, 1) == written


def test_accuracy_counts_unmasked_positions():
    scores = np.array([[[2.0, 1.0], [0.0, 1.0]], [[0.0, 1.0], [0.0, 1.0]]])
    labels = np.array([[0, 0], [1, 0]])
    assert accuracy(scores, labels) == 0.5
    assert accuracy(scores, labels, np.array([[1, 0], [1, 0]])) == 1.0
    with pytest.raises(ValueError, match=r"shape \(2, 2\), got \(2,\)"):
        accuracy(scores, labels[0])


def test_r_squared_is_1_for_the_truth_0_for_the_mean_and_refuses_broadcasting():
    target = np.array([1.0, 2.0, 6.0])
    assert r_squared(target, target) == 1
    assert r_squared(np.full(3, 3.0), target) == 0
    with pytest.raises(ValueError, match=r"shape \(3,\), got \(3, 1\)"):
        r_squared(target[:, None], target)
