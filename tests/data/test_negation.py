from collections import Counter

import numpy as np
import pytest

from course_lib.data import negation

LANGUAGES = ("korean", "english")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("n_leading", [0, 1, 2, 3])
def test_twins_have_the_same_words_in_another_order(language, n_leading):
    for pair in negation.lead(negation.twin_sentences(language)[:5], language, n_leading):
        assert Counter(pair.true) == Counter(pair.denied)
        assert pair.true != pair.denied
        assert pair.true[-1] == pair.denied[-1]


@pytest.mark.parametrize(("language", "word"), [("korean", "안"), ("english", "not")])
def test_the_last_word_is_denied_exactly_where_not_stands_before_it(language, word):
    for pair in negation.twin_sentences(language):
        assert pair.denied[-2] == word
        assert pair.true[-2] != word


def test_the_sentences_of_the_book_are_among_them():
    assert (("안", "자고", "먹었다"), ("자고", "안", "먹었다")) in negation.twin_sentences("korean")
    assert (("not", "tired", "but", "hungry"), ("tired", "but", "not", "hungry")) in negation.twin_sentences("english")


@pytest.mark.parametrize("language", LANGUAGES)
def test_held_out_twins_are_never_trained_on_whatever_the_length(language):
    bare = 3 if language == "korean" else 4
    training, test = set(), set()
    for n_leading in range(4):
        data = negation.sentence_data(language, n_leading)
        training |= {tuple(row[-bare:]) for row in data.ids.tolist()}
        test |= {tuple(row[-bare:]) for row in data.test_ids.tolist()}
    assert len(test) == 2 * 33
    assert not training & test


def test_half_of_the_labels_are_one():
    data = negation.sentence_data("korean")
    assert data.labels.mean() == data.test_labels.mean() == 0.5
    assert data.ids.shape == (2 * 99, 3)


def test_another_seed_holds_out_other_twins():
    a, b = (negation.sentence_data("korean", seed=seed).test_ids for seed in (0, 1))
    assert not np.array_equal(a, b)


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="language must be one of"):
        negation.twin_sentences("latin")
    with pytest.raises(ValueError, match="n_leading must be 0, 1, 2 or 3, got 4"):
        negation.lead([], "korean", 4)
