"""What the synthetic students write and must lose is declared, and fits what is released."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from nbformat import NotebookNode

from course_lib.grading.accidents import ACCIDENTS
from course_lib.grading.configuration import POINTS_A_DAY_LATE
from course_lib.grading.demo import CLASSES, Round, expected_marks, is_told, table
from course_lib.grading.released import Part, grade_id, is_answer, parts_of, read_notebook
from course_lib.grading.students import EVERY_PART, STUDENTS, Student
from course_lib.grading.submissions import submission

ADA, BEN, CHAE, DANA, *_ = STUDENTS


@pytest.fixture(scope="module")
def released(root: Path) -> NotebookNode:
    return read_notebook(root / "exercises" / "01-rnn" / "rnn.ipynb")


@pytest.fixture(scope="module")
def parts(released: NotebookNode) -> tuple[Part, ...]:
    return parts_of(released)


def answers(student: Student, released: NotebookNode, root: Path) -> dict[str, str]:
    """Return what a student hands in, by answer cell."""
    notebook = submission(student, released, root / "solutions" / "01-rnn")
    return {grade_id(cell): cell.source for cell in notebook.cells if is_answer(cell)}


def test_the_class_has_six_kinds_of_answer_and_eight_accidents() -> None:
    assert [student.begins_with for student in STUDENTS] == ["solution", "other", "stubs", *["solution"] * 3]
    assert len(ACCIDENTS) == 8
    assert len({student.name for student in CLASSES["01-rnn"]}) == 14


def test_expected_marks_follow_from_points_lost_parts_and_days(parts: tuple[Part, ...]) -> None:
    points = {part.name: part.points for part in parts}
    marks = expected_marks(
        [*STUDENTS, replace(ADA, name="late", days_late=2), replace(CHAE, name="both", days_late=1)], parts
    )
    assert (marks["ada"], marks["ben"], marks["chae"]) == (100, 100, 0)
    assert marks["dana"] == 100 - points["rnn_step"] - points["rnn_forward (from any state)"]
    assert (marks["late"], marks["both"]) == (100 - 2 * POINTS_A_DAY_LATE, 0)


def test_each_accident_changes_what_is_handed_in(released: NotebookNode, root: Path) -> None:
    def handed_in(student: Student) -> object:
        cells = submission(student, released, root / "solutions" / "01-rnn").cells
        text = str(cells)
        return (student.damages(text) if student.damages else text), student.days_late

    unharmed = handed_in(ADA)
    assert [student.name for student in ACCIDENTS if handed_in(student) == unharmed] == []


def test_a_part_that_does_not_exist_cannot_be_lost(parts: tuple[Part, ...]) -> None:
    with pytest.raises(ValueError, match=r"ada loses \['lstm_step'\], the parts are \['trace'"):
        expected_marks([replace(ADA, loses=("lstm_step",))], parts)


def test_a_cell_that_does_not_exist_cannot_be_written(released: NotebookNode, root: Path) -> None:
    with pytest.raises(ValueError, match=r"ada writes into \['answer-lstm'\], the answer cells are"):
        answers(replace(ADA, writes={"answer-lstm": "pass"}), released, root)


def test_the_perfect_student_writes_the_solution_without_its_markers(released: NotebookNode, root: Path) -> None:
    written = answers(ADA, released, root)
    assert "return np.tanh(a_t)" in written["answer-rnn-step"]
    assert not any("SOLUTION" in source or "NotImplementedError" in source for source in written.values())


def test_the_other_perfect_student_defines_the_same_functions_with_other_code(
    released: NotebookNode, root: Path
) -> None:
    first, second = answers(ADA, released, root), answers(BEN, released, root)
    for name, source in first.items():
        functions = re.findall(r"^def (\w+)", source, re.MULTILINE)
        assert re.findall(r"^def (\w+)", second[name], re.MULTILINE) == functions
        assert second[name] != source


def test_a_blank_copy_is_what_was_released(released: NotebookNode, root: Path) -> None:
    assert CHAE.loses == EVERY_PART
    handed_in = submission(CHAE, released, root / "solutions" / "01-rnn")
    assert [cell.source for cell in handed_in.cells] == [cell.source for cell in released.cells]


def test_the_table_names_the_mark_that_differs_and_the_reason_that_is_missing() -> None:
    def row(mark: float | None, told: bool) -> str:
        obtained = {} if mark is None else {"dana": mark}
        return table([DANA], Round({"dana": 77}, obtained, frozenset({"dana"} if told else ()))).splitlines()[1]

    assert re.search(r"77 +77  told$", row(77, told=True))
    assert re.search(r"77 +62\.5  told  differs$", row(62.5, told=True))
    assert re.search(r"77 +none  told  differs$", row(None, told=True))
    assert re.search(r"77 +77  missing  differs$", row(77, told=False))


def test_a_reason_is_looked_for_in_the_words_of_the_page(tmp_path: Path) -> None:
    page, student = tmp_path / "rnn.html", replace(ADA, reason="it's a loop: x < 1")
    assert not is_told(student, page)
    page.write_text("<p>it&#39;s a <b>loop</b>: x &lt; 1</p>", encoding="utf-8")
    assert is_told(student, page)
    page.write_text("<p>it&#39;s a loop</p>", encoding="utf-8")
    assert not is_told(student, page)
