from collections import namedtuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from course_lib.checks.plain import Foreign, Lent, Seed, copied, decode, encode, same, to_plain
from course_lib.params import HeadParams, RNNParams

ARRAYS = npst.arrays(
    dtype=st.sampled_from([np.float64, np.float32, np.int64, np.bool_]), shape=npst.array_shapes(min_side=0, max_side=3)
)
ATOMS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
RECORDS = st.builds(HeadParams, ARRAYS, ARRAYS)
PLAIN = st.recursive(
    ATOMS | ARRAYS | RECORDS | st.builds(Seed, st.integers(0, 9)) | st.builds(Lent, st.text(max_size=5)),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


def identical(left, right):
    """Equality with types: what crossing to another process must keep."""
    if isinstance(left, np.ndarray):
        return (
            left.dtype == right.dtype
            and left.shape == right.shape
            and np.array_equal(left, right, equal_nan=left.dtype.kind == "f")
        )
    if isinstance(left, tuple | list):
        return type(left) is type(right) and len(left) == len(right) and all(map(identical, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(identical(left[key], right[key]) for key in left)
    return type(left) is type(right) and left == right


@given(PLAIN)
def test_plain_data_survives_the_crossing_unchanged(value):
    assert identical(decode(encode(value)), value)


def test_what_crosses_is_one_line():
    assert "\n" not in encode({"text": "a\nb", "array": np.zeros((2, 3))})


def test_only_plain_data_can_be_sent():
    with pytest.raises(TypeError, match="only plain data can cross, got object"):
        encode(object())


class Hostile:
    def __getattribute__(self, name):
        raise RuntimeError("no attribute of mine is safe")

    def __array__(self, *_):
        raise RuntimeError("not an array")

    __repr__ = __eq__ = __array__
    __hash__ = None


class Subclass(np.ndarray):
    pass


ENDLESS: list = []
ENDLESS.append(ENDLESS)


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (Hostile, "Hostile"),
        (lambda: (n for n in range(3)), "a generator"),
        (lambda: np.array([object()]), "array of Python objects"),
        (lambda: ENDLESS, "nested inside itself"),
        (lambda: {1, 2}, "a set"),
        (lambda: np.random.default_rng(0), "numpy.Generator"),
    ],
)
def test_what_is_not_plain_is_named_and_never_raises(make, what):
    plain = to_plain(make())
    assert isinstance(plain, Foreign)
    assert what in plain.what


def test_numpy_scalars_become_numbers_and_subclasses_plain_arrays():
    assert type(to_plain(np.float64(0.5))) is float
    assert type(to_plain(np.int64(3))) is int
    assert type(to_plain(np.zeros(2).view(Subclass))) is np.ndarray
    assert to_plain(np.array(0.5)) == 0.5
    assert to_plain([np.array(1), np.array(2)]) == [1, 2]


def test_a_named_tuple_of_the_students_own_is_a_tuple_and_byte_order_does_not_matter():
    pair = namedtuple("pair", "x y")
    assert to_plain(pair(1, 2)) == (1, 2)
    assert to_plain(np.zeros(2, ">f8")).dtype == np.float64


def test_a_record_of_the_course_keeps_its_names():
    params = RNNParams(np.ones((1, 2)), np.ones((2, 2)), np.ones(2))
    assert type(to_plain(params)) is RNNParams
    assert identical(decode(encode(params)), params)


def test_copies_share_nothing_with_the_original():
    original = {"a": np.zeros(2), "b": (np.zeros(2),)}
    copy = copied(original)
    copy["a"][0] = copy["b"][0][0] = 1
    assert original["a"][0] == original["b"][0][0] == 0


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        (np.zeros(2), np.zeros(2) + 1e-13, True),
        (np.zeros(2), np.zeros((2, 1)), False),
        (np.zeros(2), [0, 0], False),
        ((1, 2), [1, 2], True),
        ((1, 2), (1, 2, 3), False),
        (True, 1, False),
        (float("nan"), float("nan"), True),
        ("a", "a", True),
        (np.array(["a"]), np.array(["a"]), True),
        ({"a": 1}, {"a": 2}, False),
        (None, 0, False),
    ],
)
def test_same_compares_structure_and_numbers(left, right, equal):
    assert same(left, right) is equal
