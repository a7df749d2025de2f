"""Hangul as it is typed: syllables, letters (jamo) and keystrokes (chapter 01).

A syllable block such as 각 is written with several keys (ㄱ, ㅏ, ㄱ). The keyboard does not say where a block
begins; the computer has to find out, and must wait for the next key to do so.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from course_lib.data.vocabulary import Vocabulary, pad

INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
CONSONANTS = INITIALS
FINALS = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
TWO_KEYS = {
    **dict(zip("ㅘㅙㅚㅝㅞㅟㅢ", ("ㅗㅏ", "ㅗㅐ", "ㅗㅣ", "ㅜㅓ", "ㅜㅔ", "ㅜㅣ", "ㅡㅣ"), strict=True)),
    **dict(zip("ㄳㄵㄶㄺㄻㄼ", ("ㄱㅅ", "ㄴㅈ", "ㄴㅎ", "ㄹㄱ", "ㄹㅁ", "ㄹㅂ"), strict=True)),
    **dict(zip("ㄽㄾㄿㅀㅄ", ("ㄹㅅ", "ㄹㅌ", "ㄹㅍ", "ㄹㅎ", "ㅂㅅ"), strict=True)),
}
SPACE = "␣"
# One key a letter; what takes two keys has none of its own. The space comes first, so that 0 is padding.
KEYS = Vocabulary((SPACE, *(letter for letter in INITIALS + VOWELS if letter not in TWO_KEYS)))
TYPED_LENGTH = 18
FIRST_SYLLABLE, LAST_SYLLABLE = 0xAC00, 0xD7A3
WORDS = tuple(
    [
        "가방",
        "가게",
        "가족",
        "감자",
        "강물",
        "거리",
        "거울",
        "건물",
        "겨울",
        "계단",
        "고기",
        "고향",
        "공기",
        "공책",
        "과일",
        "과자",
        "교실",
        "구두",
        "구름",
        "국수",
        "그림",
        "그릇",
        "극장",
        "기차",
        "기억",
        "나라",
        "나무",
        "날씨",
        "남쪽",
        "내일",
        "노래",
        "노트",
        "눈물",
        "다리",
        "달걀",
        "대문",
        "도시",
        "도로",
        "동생",
        "동네",
        "두부",
        "들판",
        "라면",
        "마음",
        "마을",
        "만두",
        "말씀",
        "머리",
        "모래",
        "모자",
        "문제",
        "물건",
        "미래",
        "바다",
        "바람",
        "바지",
        "박수",
        "발음",
        "밤길",
        "방학",
        "버스",
        "별명",
        "병원",
        "보리",
        "부엌",
        "봄날",
        "북쪽",
        "비누",
        "사과",
        "사람",
        "산길",
        "상자",
        "생각",
        "서울",
        "선물",
        "설탕",
        "소금",
        "손님",
        "수건",
        "수박",
        "숙제",
        "시간",
        "시장",
        "식당",
        "신발",
        "아침",
        "안경",
        "약속",
        "양말",
        "얼굴",
        "여름",
        "연필",
        "열쇠",
        "오늘",
        "옥수수",
        "옷장",
        "우산",
        "운동",
        "음식",
        "의자",
        "이름",
        "인사",
        "일기",
        "자리",
        "잠옷",
        "장미",
        "전화",
        "점심",
        "제목",
        "종이",
        "주말",
        "지갑",
        "책상",
        "친구",
        "칠판",
        "커피",
        "콩물",
        "택시",
        "토끼",
        "편지",
        "포도",
        "하늘",
        "학교",
        "한글",
        "할머니",
        "호박",
        "화분",
        "회사",
        "휴일",
        "닭장",
        "값어치",
        "흙길",
        "앉다",
        "읽기",
        "젊음",
        "없다",
        "넓이",
        "까치",
        "꽃밭",
        "떡국",
        "빵집",
    ]
)


def letters(syllable: str) -> str:
    """Take a syllable block apart; a character that is no block is returned as it is.

    >>> letters("값")
    'ㄱㅏㅄ'
    """
    if not FIRST_SYLLABLE <= ord(syllable) <= LAST_SYLLABLE:
        return syllable
    place = ord(syllable) - FIRST_SYLLABLE
    parts = (INITIALS[place // 588], VOWELS[place % 588 // 28], FINALS[place % 28])
    return "".join(parts).strip()


def keystrokes(text: str) -> list[str]:
    """List the keys that type ``text`` on a two-set keyboard; a doubled consonant is one key (with shift).

    >>> keystrokes("값이")
    ['ㄱ', 'ㅏ', 'ㅂ', 'ㅅ', 'ㅇ', 'ㅣ']
    """
    return [key for syllable in text for letter in letters(syllable) for key in TWO_KEYS.get(letter, letter)]


def begins_syllable(text: str) -> np.ndarray:
    """Say for every key of :func:`keystrokes` whether it begins a syllable (1) or not (0), shape (T,)."""
    lengths = [len(keystrokes(syllable)) for syllable in text]
    starts = np.zeros(sum(lengths), dtype=np.int64)
    starts[np.cumsum([0, *lengths[:-1]])] = 1
    return starts


def compose(jamo: str) -> str:
    """Join letters (no two-key letters taken apart) into syllable blocks: a consonant before a vowel begins one.

    >>> compose("ㄱㅏㅇㅇㅏㅈㅣ")
    '강아지'
    """
    starts = [i for i in range(len(jamo) - 1) if jamo[i] in INITIALS and jamo[i + 1] in VOWELS]
    if not starts or starts[0] != 0:
        return jamo
    blocks = [jamo[start:end] for start, end in zip(starts, [*starts[1:], len(jamo)], strict=True)]
    return "".join(_block(block) for block in blocks)


def _block(block: str) -> str:
    final = block[2:] or " "
    if len(final) > 1 or final not in FINALS:
        return block
    place = INITIALS.index(block[0]) * 588 + VOWELS.index(block[1]) * 28 + FINALS.index(final)
    return chr(FIRST_SYLLABLE + place)


def split_words(test_share: float, rng: np.random.Generator) -> tuple[list[str], list[str]]:
    """Split ``WORDS`` into training and test words, so that no test word was ever seen."""
    order = rng.permutation(len(WORDS))
    n_test = round(test_share * len(WORDS))
    return [WORDS[i] for i in order[n_test:]], [WORDS[i] for i in order[:n_test]]


class TypedData(NamedTuple):
    """Strings of keys and what each key does.

    Attributes
    ----------
    ids : ndarray of shape (N, T)
        Places in :data:`KEYS`; 0 is the space that ends a string.
    begins : ndarray of shape (N, T)
        1 where a key begins a syllable, 0 elsewhere (spaces included).
    mask : ndarray of shape (N, T)
        0 on spaces, 1 elsewhere.
    """

    ids: np.ndarray
    begins: np.ndarray
    mask: np.ndarray


def typed_data(words: Sequence[str], n: int, rng: np.random.Generator) -> TypedData:
    """Type ``n`` pairs of words without a space between them, then at least one space, 18 keys in all.

    Raises
    ------
    ValueError
        If a pair of words needs more than 17 keys.
    """
    texts = ["".join(rng.choice(words, size=2)) for _ in range(n)]
    typed = [keystrokes(text) for text in texts]
    longest = max(map(len, typed))
    if longest >= TYPED_LENGTH:
        raise ValueError(f"two words must need at most {TYPED_LENGTH - 1} keys, got {longest}")
    ids = pad([KEYS.ids(keys) for keys in typed], TYPED_LENGTH, 0)
    begins = pad([begins_syllable(text) for text in texts], TYPED_LENGTH, 0)
    return TypedData(ids, begins, (ids != 0).astype(np.int64))
