"""What chapter 01 says in words about its experiments, asserted loosely on seeds the page does not use."""

import numpy as np
import pytest

from course_lib.data import hangul, negation
from course_lib.data.batches import random_batches
from course_lib.data.vocabulary import bag_of_words, one_hot
from course_lib.models import aligned, many_to_one, one_to_one
from course_lib.models.scores import accuracy
from course_lib.nn import linear, rnn_forward, uniform_linear, uniform_rnn
from course_lib.training import TrainingSettings, train


@pytest.mark.parametrize("language", ["korean", "english"])
def test_a_bag_of_words_is_right_once_in_every_pair_of_twins(language):
    data = negation.sentence_data(language, seed=7)
    V = len(data.words)
    batches = random_batches((bag_of_words(data.ids, V), data.labels))
    settings = TrainingSettings(steps=150, learning_rate=0.05, seed=7)
    start = uniform_linear(V, 2, np.random.default_rng(7))
    params = train(start, one_to_one.linear_classifier_loss, batches, settings).params
    assert accuracy(linear(bag_of_words(data.test_ids, V), *params), data.test_labels) == 0.5


@pytest.mark.parametrize("language", ["korean", "english"])
def test_a_recurrent_network_reads_unseen_twins_longer_than_any_it_has_seen(language):
    lengths = [negation.sentence_data(language, n, seed=7) for n in range(4)]
    V = len(lengths[0].words)
    batches = random_batches(*[(one_hot(data.ids, V), data.labels) for data in lengths[:3]])
    settings = TrainingSettings(steps=400, learning_rate=0.01, seed=7)
    start = many_to_one.uniform_many_to_one(V, 16, 2, np.random.default_rng(7))
    params = train(start, many_to_one.many_to_one_loss, batches, settings).params
    longest = many_to_one.many_to_one(params, one_hot(lengths[3].test_ids, V))
    assert accuracy(longest, lengths[3].test_labels) > 0.95
    if language == "korean":
        assert accuracy_after_one_padding(params, lengths[0]) < 0.2
        assert distance_after_twenty_words(params, V) > 100 * distance_after_twenty_words(start, V)


def accuracy_after_one_padding(params, data):
    """Fill the sentences up with one row of zeros and ask after it: every step since 안 is one too many."""
    padded = np.pad(one_hot(data.test_ids, len(data.words)), ((0, 0), (0, 1), (0, 0)))
    return accuracy(many_to_one.many_to_one(params, padded), data.test_labels)


def distance_after_twenty_words(params, V):
    """Measure how far apart the states are, on average, 20 random words after one word was changed."""
    rng = np.random.default_rng(7)
    ids = rng.integers(V, size=(100, 21))
    changed = np.column_stack([(ids[:, 0] + 1) % V, ids[:, 1:]])
    h, other = (many_to_one.states(params, one_hot(words, V))[:, -1] for words in (ids, changed))
    return np.linalg.norm(h - other, axis=-1).mean()


def test_on_the_keyboard_the_future_is_worth_one_key():
    rng = np.random.default_rng(7)
    words, unseen = hangul.split_words(0.25, rng)
    typed, test = hangul.typed_data(words, 400, rng), hangul.typed_data(unseen, 200, rng)
    K = len(hangul.KEYS)
    consonants = np.isin(test.ids, hangul.KEYS.ids(hangul.CONSONANTS))
    x, settings = one_hot(typed.ids, K), TrainingSettings(steps=300, learning_rate=0.01, seed=7)
    right = {}
    for later in (0, 1):
        shift = [np.roll(rows, later, axis=1) for rows in (typed.begins, typed.mask, test.begins, consonants)]
        start = many_to_one.uniform_many_to_one(K, 24, 2, np.random.default_rng(7))
        params = train(start, aligned.aligned_loss, random_batches((x, *shift[:2])), settings).params
        right[later] = accuracy(aligned.aligned(params, one_hot(test.ids, K)), *shift[2:])
    assert test.begins[consonants].mean() + 0.05 < right[0] < table_of_two_keys(typed, test, consonants)
    assert right[1] > 0.97


def table_of_two_keys(typed, test, consonants):
    """Share of consonants that a count over this key and the one before it gets right."""
    before, before_test = (np.roll(data.ids, 1, axis=1) for data in (typed, test))  # a string ends with a space
    counts = np.full((len(hangul.KEYS), len(hangul.KEYS), 2), [0, 0.5])
    np.add.at(counts, (before, typed.ids, typed.begins), 1)
    return accuracy(counts[before_test, test.ids], test.begins, consonants)


def test_an_untrained_network_has_forgotten_its_first_input_after_thirty_steps():
    rng = np.random.default_rng(7)
    params, x = uniform_rnn(8, 32, rng), rng.normal(size=(1, 31, 8))
    changed = x.copy()
    changed[:, 0] *= -1
    h, other = (rnn_forward(inputs, np.zeros((1, 32)), params)[0] for inputs in (x, changed))
    distance = np.linalg.norm(h - other, axis=-1)[0]
    assert distance[-1] < 1e-6 * distance[0]
