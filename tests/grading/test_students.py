"""What the synthetic students write and must lose is declared, and fits what is released."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from nbformat import NotebookNode

from course_lib.grading.demo import expected_marks, table
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


def test_the_class_has_the_six_kinds_of_student() -> None:
    assert [student.begins_with for student in STUDENTS] == ["solution", "other", "stubs", *["solution"] * 3]
    assert len({student.name for student in STUDENTS}) == 6


def test_expected_marks_follow_from_points_and_lost_parts(parts: tuple[Part, ...]) -> None:
    points = {part.name: part.points for part in parts}
    marks = expected_marks(STUDENTS, parts)
    assert (marks["ada"], marks["ben"], marks["chae"]) == (100, 100, 0)
    assert marks["dana"] == 100 - points["rnn_step"] - points["rnn_forward (from any state)"]


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


def test_the_table_names_the_mark_that_differs() -> None:
    lines = table([ADA, DANA], {"ada": 100, "dana": 77}, {"ada": 100, "dana": 62.5}).splitlines()
    assert re.search(r"100 +100$", lines[1])
    assert re.search(r"77 +62\.5  differs$", lines[2])
    assert re.search(r"77 +none  differs$", table([DANA], {"dana": 77}, {}))
