"""Whatever became of a notebook, it is graded in the shape in which the course made it."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode, v3
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_lib.grading.released import grade_id, missing
from course_lib.grading.restore import restored
from course_lib.grading.unreadable import NOTE

Cells = list[NotebookNode]


def handed_in(released: NotebookNode, change: Callable[[Cells], Any] = lambda cells: None) -> NotebookNode:
    """Return a submission: the answer written, then changed."""
    work = deepcopy(released)
    work.cells[2].source = "def double(x):\n    return 2 * x"
    change(work.cells)
    return work


def course_names(notebook: NotebookNode) -> list[str]:
    return [grade_id(cell) for cell in notebook.cells if grade_id(cell)]


def note(notebook: NotebookNode) -> str:
    """Return what the student is told was done; nothing when nothing was."""
    return "".join(cell.source for cell in notebook.cells if cell.id == NOTE)


def swap(cells: Cells) -> None:
    cells[3], cells[6] = cells[6], cells[3]


def paste(cells: Cells) -> None:
    """Copy the first check and its unseen twin below themselves, with the ids they have."""
    cells[5:5] = deepcopy(cells[3:5])


DAMAGES: dict[str, Callable[[Cells], Any]] = {
    "nothing": lambda cells: None,
    "a check is deleted": lambda cells: cells.pop(3),
    "an unseen check is deleted": lambda cells: cells.pop(4),
    "everything is deleted": lambda cells: cells.clear(),
    "checks are copied": paste,
    "checks are swapped": swap,
    "a check becomes text": lambda cells: cells[3].update(cell_type="markdown"),
    "the metadata is a word": lambda cells: cells[3].metadata.update(nbgrader="none"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_each_cell_of_the_course_stands_there_once_and_in_order(released: NotebookNode, damage: str) -> None:
    whole = restored(released, handed_in(released, DAMAGES[damage]))
    nbformat.validate(whole)
    assert course_names(whole) == course_names(released)
    ours = [cell for cell in whole.cells if grade_id(cell)]
    assert [cell.cell_type for cell in ours] == [cell.cell_type for cell in released.cells]
    assert [cell.metadata for cell in ours] == [cell.metadata for cell in released.cells]


def test_an_answer_that_became_text_is_code_again(released: NotebookNode) -> None:
    work = handed_in(released, lambda cells: cells[2].update(cell_type="markdown"))
    (answer,) = [cell for cell in restored(released, work).cells if grade_id(cell) == "answer"]
    assert (answer.cell_type, answer.source) == ("code", "def double(x):\n    return 2 * x")


def test_every_copy_of_an_answer_runs_in_order_so_the_last_one_counts(released: NotebookNode) -> None:
    work = handed_in(released, lambda cells: cells.insert(3, deepcopy(cells[2])))
    work.cells[2].source, work.cells[3].source = "double = 1", "double = 2"
    whole = restored(released, work)
    space: dict[str, Any] = {}
    for cell in whole.cells[: [grade_id(cell) for cell in whole.cells].index("check-small")]:
        if cell.cell_type == "code" and grade_id(cell) != "imports":
            exec(cell.source, space)
    assert space["double"] == 2
    assert note(whole) == "- `answer` was there more than once: every copy ran, the last one counts."


def test_an_answer_that_is_gone_does_not_undo_a_definition_elsewhere(released: NotebookNode) -> None:
    work = handed_in(released, lambda cells: cells.__setitem__(2, new_code_cell("def double(x):\n    return 2 * x")))
    sources = [cell.source for cell in restored(released, work).cells]
    assert sources.index("def double(x):\n    return 2 * x") < sources.index(f"# {missing('answer')}")
    assert not any("NotImplementedError" in source for source in sources)


def test_cells_of_ones_own_stay_where_they_are(released: NotebookNode) -> None:
    own = [new_markdown_cell("A thought"), new_code_cell("factor = 2")]
    work = handed_in(released, lambda cells: cells.__setitem__(slice(2, 2), own))
    sources = [cell.source for cell in restored(released, work).cells]
    assert sources[2:4] == ["A thought", "factor = 2"]


def test_tags_and_other_metadata_of_a_submission_are_dropped(released: NotebookNode) -> None:
    work = handed_in(released, lambda cells: cells[4].metadata.update(tags=["skip-execution"], points=7))
    work.metadata.update(kernelspec={"name": "bash", "display_name": "sh"}, author="me")
    whole = restored(released, work)
    assert all(set(cell.metadata) <= {"nbgrader"} for cell in whole.cells)
    assert whole.metadata == {}


def test_a_changed_check_is_named(released: NotebookNode) -> None:
    from nbgrader.utils import compute_checksum

    for cell in released.cells:
        cell.metadata.nbgrader.checksum = compute_checksum(cell)
    assert note(restored(released, handed_in(released))) == ""
    for change in (
        lambda cells: cells[4].update(source="pass"),
        lambda cells: cells[4].metadata.nbgrader.update(points=9),
    ):
        told = note(restored(released, handed_in(released, change)))
        assert told == "- `unseen-small` was changed, though not yours to write in: put back as released."


def test_many_missing_cells_are_counted_not_listed(released: NotebookNode) -> None:
    told = note(restored(released, new_notebook()))
    assert told.splitlines() == [
        "- 6 cells were missing: put back as released.",
        "- `answer` was missing: nothing of yours stands in its place.",
    ]


def test_what_replaces_an_unreadable_file_tells_that_alone(released: NotebookNode) -> None:
    assert note(restored(released, new_notebook(metadata={NOTE: "It broke off."}))) == "- It broke off."


def test_a_notebook_of_an_older_format_is_graded_like_others(released: NotebookNode) -> None:
    old = nbformat.convert(handed_in(released), 3)
    work = nbformat.reads(v3.writes_json(old), as_version=4)
    assert [cell.source for cell in restored(released, work).cells] == [
        cell.source for cell in restored(released, handed_in(released)).cells
    ]


def test_a_notebook_of_another_assignment_leaves_every_answer_missing(released: NotebookNode) -> None:
    work = deepcopy(released)
    for cell in work.cells:
        cell.metadata.nbgrader.grade_id = f"other-{grade_id(cell)}"
    whole = restored(released, work)
    assert course_names(whole) == course_names(released)
    assert "`answer` was missing" in note(whole)


def test_a_student_s_own_note_beside_cells_tells_nothing(released: NotebookNode) -> None:
    work = handed_in(released, DAMAGES["a check is deleted"])
    work.metadata[NOTE] = "Everything earned all its points."
    assert note(restored(released, work)) == "- `check-small` was missing: put back as released."


def test_points_that_are_no_number_are_a_change(released: NotebookNode) -> None:
    def spoil(cells: Cells) -> None:
        cells[4].metadata.nbgrader |= {"points": "ten", "checksum": "0"}

    told = "- `unseen-small` was changed, though not yours to write in: put back as released."
    assert note(restored(released, handed_in(released, spoil))) == told
