import numpy as np
import pytest

from course_lib.checks.plain import Foreign
from course_lib.checks.returns import Array, Ids, Number, Rounded, Several, in_words

H_T = Array("h_t", "(B, H)", between=(-1, 1))
RIGHT = np.array([[0.5, -0.25, 0.125]])


def with_value(value, index=(0, 1)):
    array = RIGHT.copy()
    array[index] = value
    return array


@pytest.mark.parametrize(
    ("value", "kind", "sentence"),
    [
        (None, "type", "h_t must be a NumPy array of shape (B, H), got None (is a return missing?)"),
        ([[0.5, -0.25, 0.125]], "type", "h_t must be a NumPy array of shape (B, H), got a list of length 1"),
        (Foreign("a torch.Tensor"), "type", "h_t must be a NumPy array of shape (B, H), got a torch.Tensor"),
        ("hello", "type", "h_t must be a NumPy array of shape (B, H), got the string 'hello'"),
        (RIGHT.T, "shape", "h_t has shape (3, 1), wanted (B, H) = (1, 3)"),
        (RIGHT.astype(np.float32), "dtype", "h_t holds float32 numbers, wanted float64: look for float32 in your code"),
        (
            RIGHT.astype(complex),
            "dtype",
            "h_t holds complex128 numbers, wanted float64: look for complex128 in your code",
        ),
        (with_value(np.nan), "nan", "h_t[0, 1] is nan, expected -0.25"),
        (with_value(np.inf), "nan", "h_t[0, 1] is inf, expected -0.25"),
        (with_value(-0.5), "value", "h_t[0, 1]: yours -0.5, expected -0.25 (1 of 3 values differ)"),
        (
            RIGHT * 4,
            "value",
            "h_t[0, 0]: yours 2, expected 0.5 (3 of 3 values differ); all must lie between -1 and 1",
        ),
        (
            with_value(-0.25000001),
            "value",
            "h_t[0, 1]: yours -0.25000001, expected -0.25 (1 of 3 values differ); right to about 7 digits, wanted 9",
        ),
    ],
)
def test_an_array_is_told_its_first_fault(value, kind, sentence):
    fault = H_T.fault(value, RIGHT)
    assert (fault.kind, fault.sentence) == (kind, sentence)


def test_a_right_array_within_the_tolerance_has_no_fault():
    assert H_T.fault(RIGHT * (1 + 1e-10), RIGHT) is None


def test_a_right_number_has_no_fault():
    assert Number("loss").fault(0.5, 0.5) is None


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (True, "loss must be a number, got True"),
        (np.array([0.5]), "loss must be a number, got a float64 array of shape (1,)"),
        (float("nan"), "loss is nan, expected 0.5"),
        (0.6, "loss: yours 0.6, expected 0.5"),
    ],
)
def test_a_number_is_told_its_fault(value, sentence):
    assert Number("loss").fault(value, 0.5).sentence == sentence


HAND = Rounded(("h_1", "h_2"), decimals=4)


@pytest.mark.parametrize("value", [(0.1235, 0.5), [0.12346, 0.5], np.array([0.1235, 0.5])])
def test_numbers_by_hand_are_right_to_their_decimals(value):
    assert HAND.fault(value, (0.123456, 0.5)) is None


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (0.1, "return the 2 numbers (h_1, h_2), got 0.1"),
        ((0.1,), "return the 2 numbers (h_1, h_2), got a tuple of length 1"),
        ((0.1, "a"), "h_1: yours 0.1, not right to 4 decimals"),
        ((0.1235, "a"), "h_2 must be a number, got the string 'a'"),
        ((float("nan"), 0.5), "h_1: yours nan, not right to 4 decimals"),
    ],
)
def test_numbers_by_hand_are_never_given_away(value, sentence):
    fault = HAND.fault(value, (0.123456, 0.5))
    assert fault.sentence == sentence
    assert "0.1234" not in fault.sentence


@pytest.mark.parametrize("value", [[1, 2, 3], (1, 2, 3), np.array([1, 2, 3])])
def test_ids_may_come_as_list_tuple_or_array(value):
    assert Ids("symbols", "(n,)").fault(value, [1, 2, 3]) is None


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ([1, 2], "symbols has shape (2,), wanted (n,) = (3,)"),
        ([1, 2.0, 3], "symbols must be integers of shape (n,), got a list of length 3"),
        ([1, 5, 3], "symbols[1]: yours 5, expected 2"),
        (4, "symbols must be integers of shape (n,), got 4"),
        (np.array([1.0, 2.0, 3.0]), "symbols must be integers of shape (n,), got a float64 array of shape (3,)"),
    ],
)
def test_ids_are_told_their_fault(value, sentence):
    assert Ids("symbols", "(n,)").fault(value, [1, 2, 3]).sentence == sentence


def test_several_values_are_checked_in_order():
    two = Several((Number("a"), Number("b")))
    assert two.fault((1.0, 2.0), (1.0, 2.0)) is None
    assert two.fault(1.0, (1.0, 2.0)).sentence == "return the 2 values (a, b), got 1.0"
    assert two.fault((1.0, 3.0), (1.0, 2.0)).sentence == "b: yours 3, expected 2"


def test_long_values_are_shown_briefly():
    assert len(in_words("x" * 10_000)) < 60
    assert len(in_words(10**200)) < 60
