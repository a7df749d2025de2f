"""Numbers in Korean words: 23 is 이십삼, "two ten three" (chapter 01)."""

from typing import NamedTuple

import numpy as np

from course_lib.data.vocabulary import Vocabulary, pad

DIGITS = " 일이삼사오육칠팔구"
UNITS = ("", "십", "백", "천")
START, STOP = "<", ">"
DIGIT_SYMBOLS = Vocabulary((START, STOP, *"0123456789"))
SYLLABLES = Vocabulary(("␣", *DIGITS[1:], *UNITS[1:]))


def number_word(n: int) -> str:
    """Spell ``n`` in Sino-Korean, one syllable a unit.

    Raises
    ------
    ValueError
        If ``n`` is not in 1 to 9999.

    Examples
    --------
    >>> number_word(23), number_word(110)
    ('이십삼', '백십')
    """
    if not 1 <= n <= 9999:
        raise ValueError(f"n must lie in 1..9999, got {n}")
    digits = [int(digit) for digit in str(n)]
    return "".join(_part(digit, place) for digit, place in zip(digits, range(len(digits) - 1, -1, -1), strict=True))


def _part(digit: int, place: int) -> str:
    if digit == 0:
        return ""
    # A one is silent before a unit: 십, not 일십.
    return ("" if digit == 1 and place else DIGITS[digit]) + UNITS[place]


def split_numbers(highest: int, test_share: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Split 1 to ``highest`` into training and test numbers, in random order, each of shape (N,)."""
    numbers = rng.permutation(np.arange(1, highest + 1))
    n_test = round(test_share * highest)
    return numbers[n_test:], numbers[:n_test]


class NumberData(NamedTuple):
    """Number words and digits as ids; words are padded in front, digits behind.

    Attributes
    ----------
    numbers : ndarray of int of shape (N,)
    source : ndarray of shape (N, S)
        Syllables.
    read : ndarray of shape (N, T)
        What the writer reads: the start symbol, then the digits.
    to_write : ndarray of shape (N, T)
        The digits, then the stop symbol.
    mask : ndarray of shape (N, T)
        1 where ``to_write`` counts.
    """

    numbers: np.ndarray
    source: np.ndarray
    read: np.ndarray
    to_write: np.ndarray
    mask: np.ndarray


def number_data(numbers: np.ndarray) -> NumberData:
    """Encode numbers from 1 to 9999, of shape (N,), with :data:`SYLLABLES` and :data:`DIGIT_SYMBOLS`."""
    words = [SYLLABLES.ids(list(number_word(int(n)))) for n in numbers]
    digits = [list(str(n)) for n in numbers]
    length = 1 + max(map(len, digits))
    stop = int(DIGIT_SYMBOLS.ids([STOP])[0])
    return NumberData(
        np.asarray(numbers),
        pad(words, max(map(len, words)), 0, side="left"),
        pad([DIGIT_SYMBOLS.ids([START, *d]) for d in digits], length, stop),
        pad([DIGIT_SYMBOLS.ids([*d, STOP]) for d in digits], length, stop),
        (np.arange(length) <= np.array([[len(d)] for d in digits])).astype(np.int64),
    )
