import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.data import hangul

SYLLABLES = st.text(st.characters(min_codepoint=hangul.FIRST_SYLLABLE, max_codepoint=hangul.LAST_SYLLABLE), min_size=1)
PROPERTY = settings(deadline=None, derandomize=True, max_examples=200)


@PROPERTY
@given(SYLLABLES)
def test_letters_compose_to_the_syllable_they_came_from(text):
    assert "".join(hangul.compose(hangul.letters(syllable)) for syllable in text) == text


@PROPERTY
@given(SYLLABLES)
def test_a_key_begins_a_syllable_exactly_if_it_is_a_consonant_before_a_vowel(text):
    keys = hangul.keystrokes(text)
    following = [*keys[1:], hangul.SPACE]
    rule = [a in hangul.CONSONANTS and b in hangul.VOWELS for a, b in zip(keys, following, strict=True)]
    np.testing.assert_array_equal(hangul.begins_syllable(text), rule)


@PROPERTY
@given(SYLLABLES)
def test_every_keystroke_is_a_single_key(text):
    assert len(hangul.KEYS.ids(hangul.keystrokes(text))) == len(hangul.keystrokes(text))


@pytest.mark.parametrize(
    ("text", "keys"), [("각", "ㄱㅏㄱ"), ("과", "ㄱㅗㅏ"), ("까", "ㄲㅏ"), ("값이", "ㄱㅏㅂㅅㅇㅣ"), ("의", "ㅇㅡㅣ")]
)
def test_keystrokes_by_hand(text, keys):
    assert hangul.keystrokes(text) == list(keys)


@pytest.mark.parametrize(
    ("jamo", "text"), [("ㄱㅗㅇㅑㅇㅇㅣ", "고양이"), ("ㄱㅏㅇㅇㅏㅈㅣ", "강아지"), ("ㅏㅏ", "ㅏㅏ"), ("", "")]
)
def test_compose_by_hand(jamo, text):
    assert hangul.compose(jamo) == text


@pytest.mark.parametrize("jamo", ["ㄱㅏㅏ", "ㄱㅗㅏㄱ<", "ㅇㅏㅇㅇㅇㅏ"])
def test_misspelt_letters_are_shown_and_not_lost(jamo):
    assert sum(len(hangul.letters(character)) for character in hangul.compose(jamo)) == len(jamo)


def test_words_are_split_without_overlap():
    training, test = hangul.split_words(0.25, np.random.default_rng(0))
    assert set(training) | set(test) == set(hangul.WORDS)
    assert not set(training) & set(test)


def test_typed_data_ends_with_a_space_and_masks_it():
    data = hangul.typed_data(hangul.WORDS, 400, np.random.default_rng(0))
    assert data.ids.shape == data.begins.shape == data.mask.shape == (400, hangul.TYPED_LENGTH)
    assert (data.ids[:, -1] == 0).all()
    np.testing.assert_array_equal(data.mask, data.ids != 0)
    assert (data.begins[:, 0] == 1).all()


def test_too_long_words_are_refused():
    with pytest.raises(ValueError, match="at most 17 keys"):
        hangul.typed_data(["가나다라마바사아자"], 1, np.random.default_rng(0))
