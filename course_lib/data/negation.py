"""Twin sentences: the same words, another order, another meaning (chapter 01).

In Korean the small word 안 ("not") denies the verb after it: 안 자고 먹었다 is "did not sleep, but ate",
자고 안 먹었다 is "slept, but did not eat". The English twins move "not" in the same way: "not tired but
hungry" and "tired but not hungry". All sentences are generated.
"""

from collections.abc import Sequence
from itertools import permutations, product
from typing import NamedTuple

import numpy as np

from course_lib.data.vocabulary import Vocabulary

KOREAN_VERBS = (
    ("자고", "잤다"),
    ("먹고", "먹었다"),
    ("가고", "갔다"),
    ("보고", "봤다"),
    ("씻고", "씻었다"),
    ("쉬고", "쉬었다"),
    ("읽고", "읽었다"),
    ("걷고", "걸었다"),
    ("울고", "울었다"),
    ("웃고", "웃었다"),
    ("앉고", "앉았다"),
    ("놀고", "놀았다"),
)
ENGLISH_ADJECTIVES = (
    "tired",
    "hungry",
    "cold",
    "wet",
    "happy",
    "late",
    "rich",
    "young",
    "calm",
    "quick",
    "kind",
    "proud",
)
LEADING_WORDS = {
    "korean": (("어제", "오늘"), ("나는", "그는"), ("집에서", "밖에서")),
    "english": (("yesterday", "today"), ("indoors", "outside"), ("again", "still")),
}


class Twins(NamedTuple):
    """Two sentences with the same words.

    Attributes
    ----------
    true : tuple of str
        The sentence whose last word holds ("… ate").
    denied : tuple of str
        The sentence whose last word is denied ("… did not eat").
    """

    true: tuple[str, ...]
    denied: tuple[str, ...]


class NegationData(NamedTuple):
    """Sentences of one length as ids, with label 1 where the last word holds and 0 where it is denied.

    Attributes
    ----------
    words : Vocabulary
        The same for every length of one language.
    ids : ndarray of shape (N, T)
    labels : ndarray of shape (N,)
    test_ids : ndarray of shape (M, T)
    test_labels : ndarray of shape (M,)
    """

    words: Vocabulary
    ids: np.ndarray
    labels: np.ndarray
    test_ids: np.ndarray
    test_labels: np.ndarray


def sentence_data(language: str, n_leading: int = 0, seed: int = 0) -> NegationData:
    """Generate all sentences of one language and length, a quarter of the twins held out.

    The same seed holds out the same twins whatever ``n_leading`` is.

    Parameters
    ----------
    language : {"korean", "english"}
    n_leading : {0, 1, 2, 3}
        Words before the sentence that change nothing.
    seed : int
        Which twins are held out.
    """
    training, test = split_twins(twin_sentences(language), 0.25, np.random.default_rng(seed))
    words = vocabulary(language)
    return NegationData(
        words,
        *_encoded(lead(training, language, n_leading), words),
        *_encoded(lead(test, language, n_leading), words),
    )


def twin_sentences(language: str) -> list[Twins]:
    """List all 132 twins of one language, "korean" or "english".

    Raises
    ------
    ValueError
        If the language is neither.
    """
    if language not in LEADING_WORDS:
        raise ValueError(f"language must be one of {sorted(LEADING_WORDS)}, got {language!r}")
    return _korean_twins() if language == "korean" else _english_twins()


def lead(twins: Sequence[Twins], language: str, n_leading: int) -> list[Twins]:
    """Put every choice and order of ``n_leading`` words from different lists before both sentences.

    Raises
    ------
    ValueError
        If ``n_leading`` is not 0 to 3.
    """
    if n_leading not in range(4):
        raise ValueError(f"n_leading must be 0, 1, 2 or 3, got {n_leading}")
    openings = [words for lists in permutations(LEADING_WORDS[language], n_leading) for words in product(*lists)]
    return [Twins(words + pair.true, words + pair.denied) for pair in twins for words in openings]


def vocabulary(language: str) -> Vocabulary:
    """Collect every word of one language, leading words included."""
    sentences, _ = labelled(twin_sentences(language))
    return Vocabulary.of([*sentences, *LEADING_WORDS[language]])


def _korean_twins() -> list[Twins]:
    pairs = permutations(KOREAN_VERBS, 2)
    return [Twins(("안", first, last), (first, "안", last)) for (first, _), (_, last) in pairs]


def _english_twins() -> list[Twins]:
    pairs = permutations(ENGLISH_ADJECTIVES, 2)
    return [Twins(("not", first, "but", last), (first, "but", "not", last)) for first, last in pairs]


def split_twins(twins: Sequence[Twins], test_share: float, rng: np.random.Generator) -> tuple[list[Twins], list[Twins]]:
    """Split into training and test twins; both sentences of a pair stay on the same side."""
    order = rng.permutation(len(twins))
    n_test = round(test_share * len(twins))
    return [twins[i] for i in order[n_test:]], [twins[i] for i in order[:n_test]]


def labelled(twins: Sequence[Twins]) -> tuple[list[tuple[str, ...]], np.ndarray]:
    """Lay twins out as sentences and labels: 1 where the last word holds, 0 where it is denied.

    Returns
    -------
    sentences : list of 2 N tuples of str
    labels : ndarray of shape (2 N,)
    """
    sentences = [sentence for pair in twins for sentence in pair]
    return sentences, np.tile([1, 0], len(twins))


def _encoded(twins: Sequence[Twins], words: Vocabulary) -> tuple[np.ndarray, np.ndarray]:
    sentences, labels = labelled(twins)
    return np.stack([words.ids(sentence) for sentence in sentences]), labels
