"""A verdict's text is taken apart at its labels, and a long mistake is kept whole."""

from course_lib.grading.told import labelled, mistake_and_hint


def test_lines_stand_under_their_label_and_the_title_under_none() -> None:
    text = "double  ✗  value\nwrong      y is 2, and\n           must be 4\nread       Doubling"
    assert labelled(text) == {
        "": ["double  ✗  value"],
        "wrong": ["y is 2, and", "must be 4"],
        "read": ["Doubling"],
    }
    assert labelled("") == {"": [""]}


def test_a_mistake_goes_on_until_the_hint_begins() -> None:
    assert mistake_and_hint(["halves"]) == ("halves", "")
    assert mistake_and_hint(["halves, or", "doubles", "What is twice", "2?"]) == (
        "halves, or doubles",
        "What is twice 2?",
    )
    assert mistake_and_hint(["halves", "2의 두 배는", "얼마인가요?"]) == ("halves", "2의 두 배는 얼마인가요?")
