"""A feedback page names each part, its points and why points were lost; below stands what the student did."""

import re

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from course_lib.grading.execution import STOPPED
from course_lib.grading.fail_closed import error_output
from course_lib.grading.feedback import in_words, remarks, rows
from course_lib.grading.output import CHARACTERS_A_CELL, CUT
from course_lib.grading.restore import missing
from course_lib.grading.unreadable import NOTE
from tests.grading.conftest import course_cell
from tests.grading.feedback_page import page_of

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


def without_answer(released: NotebookNode, note: str) -> NotebookNode:
    """Return the notebook in which nothing was found to grade, with what the student is told of that at its end."""
    released.cells[2].source = f"# {missing('answer')}"
    released.cells.append(new_markdown_cell(f"- {note}", id=NOTE))
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


def test_a_verdict_of_a_student_s_own_making_without_words_is_told_too() -> None:
    assert in_words(new_output("error", ename="CheckFailed", evalue="", traceback=[])) == "CheckFailed"


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


def test_why_a_file_could_not_be_read_is_told_once(released: NotebookNode) -> None:
    why = "The file double.ipynb cannot be read as a notebook (it is not whole)."
    told = [(row.name, row.earned, row.points, row.reason) for row in rows(without_answer(released, why))]
    assert told == [("double (small)", 0, 3, ""), ("double (large)", 0, 2, "")]
    head = page_of(released, 0).partition("</table>")[0]
    assert head.count(why) == 1
    assert "There is no cell" not in head


def test_who_lost_every_answer_cell_but_wrote_cells_of_their_own_is_told_in_each_row(released: NotebookNode) -> None:
    notebook = graded(without_answer(released, "`answer` was missing: nothing of yours stands in its place."), 0, 0)
    assert {row.reason for row in rows(notebook)} == {"There is no cell answer in what was handed in."}


def test_a_cell_without_a_mark_earned_nothing(released: NotebookNode) -> None:
    notebook = graded(released, 3, 2)
    notebook.cells[5].metadata.nbgrader.score = None
    assert [row.earned for row in rows(notebook)] == [0, 2]


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


@pytest.mark.parametrize(
    ("evalue", "told"),
    [
        ("invalid syntax (3718424676.py, line 1)", "SyntaxError: invalid syntax (line 1 of a cell)"),
        ("'(' was never closed (helper.py, line 2)", "SyntaxError: '(' was never closed (helper.py, line 2)"),
    ],
)
def test_the_number_a_cell_has_for_a_file_name_is_left_out(evalue: str, told: str) -> None:
    cell = ["Cell In[4], line 1"] if told.endswith("of a cell)") else []
    assert in_words(new_output("error", ename="SyntaxError", evalue=evalue, traceback=cell)) == told


def test_a_message_as_long_as_a_book_is_shortened() -> None:
    error = new_output("error", ename="ValueError", evalue="h" * 10_000, traceback=[])
    assert len(in_words(error)) <= 300


def test_of_the_course_s_texts_only_the_headings_of_tasks_stay_and_all_of_the_student_s_own(
    released: NotebookNode,
) -> None:
    released.cells[1].source = "## 9.1 Double <one> ★\n\nWrite $$y = 2 x$$\n\n| | shape |\n|---|---|\n| `x` | (B,) |"
    released.cells.insert(0, course_cell("end", "## Before you hand it in\n\nRun every cell."))
    released.cells.append(new_markdown_cell("### My notes\n\nTwice is *more*:\n\n```\n2 * x\n```"))
    page = page_of(released, 0)
    assert "<h3>9.1 Double &lt;one&gt; ★</h3>" in page
    assert [gone for gone in ("y = 2 x", "shape", "Before you hand it in", "Run every cell") if gone in page] == []
    assert "My notes" in page and "<em>more</em>" in page


def test_the_lines_that_hide_a_test_are_left_out_and_the_test_stays(released: NotebookNode) -> None:
    call = 'check.graded.double(double, "small")'
    released.cells[4].source = f"### BEGIN HIDDEN TESTS\n{call}\n### END HIDDEN TESTS"
    page = page_of(released, 0)
    assert "HIDDEN" not in page
    assert call in re.sub("<[^>]+>", "", page).replace("&quot;", '"')


@pytest.mark.parametrize(("score", "told"), [(5, "5 of 5 points"), (4.5, "4.5 of 5 points")])
def test_title_and_heading_give_the_same_points(released: NotebookNode, score: float, told: str) -> None:
    page = page_of(released, score)
    assert f"<title>09-double: {told}</title>" in page and f"<h1>09-double: {told}</h1>" in page


def test_whatever_may_be_scrolled_can_be_reached_with_the_keyboard(released: NotebookNode) -> None:
    released.cells[2].outputs = [
        new_output("stream", name="stdout", text="printed"),
        new_output("execute_result", data={"text/plain": "shown"}),
        new_output("error", ename="NameError", evalue="x", traceback=[]),
    ]
    released.cells.append(new_markdown_cell("```\n2 * x\n```"))
    assert set(re.findall("<pre[^>]*>", page_of(released, 0))) == {'<pre tabindex="0">'}
