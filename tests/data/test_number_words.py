import numpy as np
import pytest

from course_lib.data import number_words


@pytest.mark.parametrize(
    ("n", "word"),
    [(1, "일"), (10, "십"), (23, "이십삼"), (100, "백"), (110, "백십"), (305, "삼백오"), (9999, "구천구백구십구")],
)
def test_number_words_by_hand(n, word):
    assert number_words.number_word(n) == word


def test_no_two_numbers_share_a_word():
    assert len({number_words.number_word(n) for n in range(1, 10_000)}) == 9999


@pytest.mark.parametrize("n", [0, 10_000, -3])
def test_numbers_outside_are_refused(n):
    with pytest.raises(ValueError, match=rf"1\.\.9999, got {n}"):
        number_words.number_word(n)


def test_numbers_are_split_without_overlap():
    training, test = number_words.split_numbers(999, 0.2, np.random.default_rng(0))
    assert len(test) == 200
    assert sorted([*training, *test]) == list(range(1, 1000))


def test_number_data_pads_words_in_front_and_digits_behind():
    data = number_words.number_data(np.array([7, 23]))
    digits, syllables = number_words.DIGIT_SYMBOLS, number_words.SYLLABLES
    assert syllables.tokens(data.source[0]) == ["␣", "␣", "칠"]
    assert syllables.tokens(data.source[1]) == ["이", "십", "삼"]
    assert digits.tokens(data.read[1]) == ["<", "2", "3"]
    assert digits.tokens(data.to_write[0]) == ["7", ">", ">"]
    np.testing.assert_array_equal(data.mask, [[1, 1, 0], [1, 1, 1]])
