"""The head of a feedback page names each part, its points and why points were lost."""

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_output

from course_lib.grading.execution import STOPPED
from course_lib.grading.fail_closed import error_output
from course_lib.grading.feedback import in_words, remarks, rows
from course_lib.grading.output import CHARACTERS_A_CELL, CUT
from course_lib.grading.restore import missing

VERDICT = """double (small)  ✗  value
called     double(x)
wrong      y[0]: yours 2, expected 4 (1 of 1 values differ); all must be
           even
likely     forgets to double
           What is twice 2?
read       Doubling, equation (9.1)"""


def graded(released: NotebookNode, small: float, large: float) -> NotebookNode:
    """Return the notebook as nbgrader hands it to the page, with a cell of the student's in the way."""
    released.cells[4].metadata.nbgrader.score, released.cells[6].metadata.nbgrader.score = small, large
    released.cells.insert(4, new_code_cell("mine = 1"))
    return released


def test_each_part_is_named_with_its_points_and_visible_checks_are_not_listed(released: NotebookNode) -> None:
    told = [(row.number, row.name, row.earned, row.points, row.reason) for row in rows(graded(released, 3, 2))]
    assert told == [("9.1", "double (small)", 3, 3, ""), ("9.1", "double (large)", 2, 2, "")]


def test_a_verdict_is_told_without_its_labels(released: NotebookNode) -> None:
    notebook = graded(released, 0, 2)
    notebook.cells[5].outputs = [new_output("error", ename="CheckFailed", evalue=VERDICT, traceback=[VERDICT])]
    assert [row.reason for row in rows(notebook)] == [
        "y[0]: yours 2, expected 4 (1 of 1 values differ); all must be even. "
        "Likely: forgets to double. What is twice 2?",
        "",
    ]


def test_a_verdict_without_details_is_told_as_it_is() -> None:
    error = new_output("error", ename="CheckFailed", evalue="double  ✗  not written", traceback=[])
    assert in_words(error) == "double  ✗  not written"


def test_what_stopped_the_answer_comes_before_what_the_check_says(released: NotebookNode) -> None:
    notebook = graded(released, 0, 0)
    notebook.cells[2].outputs = [error_output(STOPPED, "This cell took longer than 2 s.")]
    notebook.cells[5].outputs = [new_output("error", ename="NameError", evalue="double", traceback=[])]
    assert {row.reason for row in rows(notebook)} == {"answer: This cell took longer than 2 s."}


def test_a_verdict_comes_before_an_error_at_the_end_of_an_answer(released: NotebookNode) -> None:
    notebook = graded(released, 0, 2)
    notebook.cells[2].outputs = [new_output("error", ename="TypeError", evalue="in a try-out", traceback=[])]
    notebook.cells[5].outputs = [new_output("error", ename="CheckFailed", evalue=VERDICT, traceback=[VERDICT])]
    assert rows(notebook)[0].reason.startswith("y[0]: yours 2")


def test_an_answer_that_was_not_handed_in_is_named(released: NotebookNode) -> None:
    released.cells[2].source = f"# {missing('answer')}"
    assert rows(graded(released, 0, 0))[0].reason == "There is no cell answer in what was handed in."


def test_a_mark_changed_by_a_person_says_so(released: NotebookNode) -> None:
    assert [row.reason for row in rows(graded(released, 1, 2))] == ["Marked by a person.", ""]


def test_cut_output_and_warnings_are_remarked_on_and_ordinary_output_is_not(released: NotebookNode) -> None:
    assert remarks(released) == []
    released.cells[0].outputs = [new_output("stream", name="stdout", text="hello\n")]
    assert remarks(released) == []
    released.cells[2].outputs = [
        new_output("stream", name="stdout", text=f"hhh{CUT}"),
        new_output("stream", name="stderr", text="UserWarning: old"),
    ]
    assert remarks(released) == [
        f"answer printed more than {CHARACTERS_A_CELL:,} characters: the rest was dropped.",
        "answer wrote a warning, which you find below it.",
    ]


@pytest.mark.parametrize(
    ("traceback", "told"),
    [
        ([], "NameError: name 'h' is not defined"),
        (
            ["File x.py, line 7", "\x1b[36mCell\x1b[39m In[3]", "Cell \x1b[32mIn[4], line 12\x1b[0m"],
            "(line 12 of a cell)",
        ),
    ],
)
def test_an_exception_is_told_by_its_name_its_words_and_its_line(traceback: list[str], told: str) -> None:
    error = new_output("error", ename="NameError", evalue="name 'h' is not defined", traceback=traceback)
    assert in_words(error).endswith(told)
    assert in_words(error).startswith("NameError: name 'h' is not defined")


def test_a_message_as_long_as_a_book_is_shortened() -> None:
    error = new_output("error", ename="ValueError", evalue="h" * 10_000, traceback=[])
    assert len(in_words(error)) <= 300
