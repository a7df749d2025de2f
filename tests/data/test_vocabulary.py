import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.data.vocabulary import Vocabulary, bag_of_words, one_hot, pad

WORDS = Vocabulary(("not", "tired", "but", "hungry"))


def test_ids_and_tokens_are_inverse():
    tokens = ["tired", "but", "not", "hungry"]
    assert WORDS.tokens(WORDS.ids(tokens)) == tokens


def test_a_vocabulary_puts_the_given_symbols_first_and_sorts_the_rest():
    assert Vocabulary.of(["cat", "act"], first=("<",)).symbols == ("<", "a", "c", "t")


def test_an_unknown_token_is_named():
    with pytest.raises(ValueError, match="must be one of the 4 symbols, got 'sleepy'"):
        WORDS.ids(["not", "sleepy"])


def test_one_hot_times_a_matrix_looks_up_rows():
    W = np.random.default_rng(0).normal(size=(4, 3))
    ids = np.array([[1, 3], [0, 0]])
    np.testing.assert_array_equal(one_hot(ids, 4) @ W, W[ids])


@pytest.mark.parametrize("ids", [[4], [-1]])
def test_one_hot_refuses_ids_outside(ids):
    with pytest.raises(ValueError, match=r"ids must lie in 0\.\.3"):
        one_hot(np.array(ids), 4)


@settings(deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_a_bag_of_words_does_not_know_the_order(ids, random):
    shuffled = random.sample(ids, len(ids))
    np.testing.assert_array_equal(bag_of_words(np.array([ids]), 4), bag_of_words(np.array([shuffled]), 4))


def test_padding_goes_to_the_side_asked_for():
    rows = [np.array([1, 2]), np.array([3])]
    np.testing.assert_array_equal(pad(rows, 3, 0), [[1, 2, 0], [3, 0, 0]])
    np.testing.assert_array_equal(pad(rows, 3, 0, side="left"), [[0, 1, 2], [0, 0, 3]])


def test_padding_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match="at most 1 long, got 2"):
        pad([np.array([1, 2])], 1, 0)
    with pytest.raises(ValueError, match="side must be"):
        pad([np.array([1])], 1, 0, side="top")
