"""What a student is given: every exercise in its form, no answer, no hidden call, 100 points."""

import ast
import re
from pathlib import Path

import pytest
from nbformat import NotebookNode

from course_lib import __version__
from course_lib.checks import exercises_of
from course_lib.checks.notebook import ASSIGNMENTS
from course_lib.grading.released import grade_id, is_answer, only_notebook, parts_of, points_of, read_notebook

HIDDEN = "# Unseen cases run here when graded\n### BEGIN HIDDEN TESTS\n{call}\n### END HIDDEN TESTS"
ANSWER = re.compile(r"### BEGIN SOLUTION\n(.*?) *### END SOLUTION", re.DOTALL)
Pair = tuple[NotebookNode, NotebookNode]


@pytest.fixture(params=sorted(ASSIGNMENTS))
def assignment(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def solution(root: Path, assignment: str) -> NotebookNode:
    return read_notebook(only_notebook(root / "solutions" / assignment))


@pytest.fixture
def exercise(root: Path, assignment: str) -> NotebookNode:
    return read_notebook(only_notebook(root / "exercises" / assignment))


def by_id(notebook: NotebookNode) -> dict[str, NotebookNode]:
    """Return the cells by what nbgrader calls them."""
    return {grade_id(cell): cell for cell in notebook.cells}


def test_every_folder_of_solutions_has_checks_and_an_exercise(root: Path) -> None:
    for room in ("solutions", "exercises"):
        folders = [path.name for path in (root / room).iterdir() if path.is_dir() and not path.name.startswith(".")]
        assert sorted(folders) == sorted(ASSIGNMENTS), room


def test_no_line_of_an_answer_reaches_the_student(
    assignment: str, solution: NotebookNode, exercise: NotebookNode
) -> None:
    bodies = [body for cell in solution.cells if is_answer(cell) for body in ANSWER.findall(cell.source)]
    lines = [line.strip() for body in bodies for line in body.splitlines() if line.strip()]
    assert len(bodies) == len(exercises_of(assignment)) and len(lines) > len(bodies)
    given = {line.strip() for cell in exercise.cells for line in cell.source.splitlines()}
    assert given.isdisjoint(lines)


def test_no_hidden_call_and_no_marker_reaches_the_student(exercise: NotebookNode) -> None:
    text = "\n".join(cell.source for cell in exercise.cells)
    for word in ("check.graded", "HIDDEN", "### BEGIN", "### END"):
        assert word not in text


def test_signature_and_docstring_stay_and_the_body_asks_for_code(
    solution: NotebookNode, exercise: NotebookNode
) -> None:
    answers = {name: cell for name, cell in by_id(solution).items() if is_answer(cell)}
    for name, cell in answers.items():
        kept = [function_head(node) for node in ast.parse(cell.source).body]
        stubs = ast.parse(by_id(exercise)[name].source).body
        assert [function_head(node) for node in stubs] == kept
        assert all(ast.unparse(node.body[-1]) == "raise NotImplementedError" for node in stubs)


def function_head(node: ast.stmt) -> tuple[str, str, str | None]:
    """Return a function's name, arguments and docstring."""
    assert isinstance(node, ast.FunctionDef)
    return node.name, ast.unparse(node.args), ast.get_docstring(node)


def test_every_hidden_cell_is_the_visible_one_on_unseen_cases(solution: NotebookNode, exercise: NotebookNode) -> None:
    for part in parts_of(exercise):
        visible, hidden = by_id(solution)[part.visible], by_id(solution)[part.hidden]
        assert visible.source == part.call
        assert hidden.source == HIDDEN.format(call=part.graded_call)
        assert by_id(exercise)[part.hidden].source == "# Unseen cases run here when graded"


def test_only_hidden_cells_have_points_and_they_sum_to_100(solution: NotebookNode, exercise: NotebookNode) -> None:
    parts = parts_of(exercise)
    assert sum(part.points for part in parts) == sum(map(points_of, solution.cells)) == 100
    assert all(points_of(by_id(exercise)[part.visible]) == 0 for part in parts)
    assert all(by_id(exercise)[part.visible].metadata.nbgrader.grade for part in parts)


def test_points_in_the_text_are_those_of_the_cells(exercise: NotebookNode) -> None:
    points: dict[str, float] = {}
    for part in parts_of(exercise):
        points[part.number] = points.get(part.number, 0) + part.points
    text = "\n".join(cell.source for cell in exercise.cells if cell.cell_type == "markdown")
    written = re.findall(r"^## (\d+\.\d+) .*\n\n\*(\d+) points", text, re.MULTILINE)
    assert {number: float(value) for number, value in written} == points


def test_every_declared_exercise_has_its_parts_in_order(assignment: str, exercise: NotebookNode) -> None:
    declared = [
        (task.number, name if len(task.parts) == 1 else f"{name} ({part})")
        for name, task in exercises_of(assignment).items()
        for part in task.parts
        if not task.stretch
    ]
    assert [(part.number, part.name) for part in parts_of(exercise)] == declared


def test_every_part_has_its_visible_check_and_a_stretch_exercise_no_more(
    assignment: str, exercise: NotebookNode
) -> None:
    declared = [
        f"check.{name}({name})" if len(task.parts) == 1 else f'check.{name}({name}, "{part}")'
        for name, task in exercises_of(assignment).items()
        for part in task.parts
    ]
    assert [cell.source for cell in exercise.cells if kind(cell) == "c"] == declared
    tasks = "\n".join(cell.source for cell in exercise.cells if cell.cell_type == "markdown")
    stretch = dict.fromkeys(task.number for task in exercises_of(assignment).values() if task.stretch)
    assert re.findall(r"^## (\d+\.\d+) Stretch: .*\n\n\*Stretch: no points", tasks, re.MULTILINE) == list(stretch)


def test_a_task_an_answer_and_its_checks_follow_each_other(exercise: NotebookNode) -> None:
    kinds = "".join(kind(cell) for cell in exercise.cells)
    assert re.fullmatch(r"ti(ta(cu)+t?)+(tac+t?)*t", kinds), kinds


def kind(cell: NotebookNode) -> str:
    """Return one letter for what a cell is: text, imports, answer, check, unseen."""
    if cell.cell_type == "markdown":
        return "t"
    return "a" if is_answer(cell) else {"check": "c", "unseen": "u"}.get(grade_id(cell).split("-")[0], "i")


def test_cells_keep_their_ids_and_carry_no_times(solution: NotebookNode, exercise: NotebookNode) -> None:
    for notebook in (solution, exercise):
        assert all(cell.id == grade_id(cell) and set(cell.metadata) <= KEYS for cell in notebook.cells)
        assert notebook.metadata.language_info == {"name": "python"}


KEYS = {"nbgrader", "deletable", "editable"}


def test_the_solution_was_run_from_top_to_bottom_and_the_exercise_never(
    solution: NotebookNode, exercise: NotebookNode
) -> None:
    counts = [cell.execution_count for cell in solution.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))
    assert all(cell.outputs for cell in solution.cells if kind(cell) in "cu")
    assert not any(cell.outputs or cell.execution_count for cell in exercise.cells if cell.cell_type == "code")


def test_students_cannot_edit_what_is_not_theirs(exercise: NotebookNode) -> None:
    assert all(is_answer(cell) or cell.metadata.editable is False for cell in exercise.cells)
    assert all(cell.metadata.deletable is False for cell in exercise.cells)


def test_the_notebook_opens_its_checks_for_this_version(assignment: str, exercise: NotebookNode) -> None:
    source = by_id(exercise)["imports"].source
    assert f'check = open_checks("{assignment}", version="{__version__}")' in source
