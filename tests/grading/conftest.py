"""A course small enough to be graded in a second: one function, two parts, checks that need no library."""

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

CHECKS = """
class Checks:
    def double(self, answer, part):
        assert answer(2) == 4, f"{part}: wanted 4, got {answer(2)}"


check = Checks()
check.graded = Checks()
"""


def course_cell(grade_id: str, source: str, points: float | None = None, solution: bool = False) -> NotebookNode:
    """Return a cell as nbgrader releases it."""
    metadata: dict[str, Any] = {"grade": points is not None, "grade_id": grade_id, "solution": solution}
    metadata |= {"locked": not solution, "schema_version": 3, "task": False}
    metadata |= {} if points is None else {"points": points}
    make = new_markdown_cell if source.startswith("## ") else new_code_cell
    return make(source, id=grade_id, metadata={"nbgrader": metadata})


@pytest.fixture
def released() -> NotebookNode:
    """Return a released notebook with the parts "double (small)", 3 points, and "double (large)", 2 points."""
    cells = [
        course_cell("imports", CHECKS),
        course_cell("task", "## 9.1 Double"),
        course_cell("answer", "def double(x):\n    raise NotImplementedError", solution=True),
    ]
    for part, points in (("small", 3), ("large", 2)):
        cells.append(course_cell(f"check-{part}", f'check.double(double, "{part}")', 0))
        cells.append(course_cell(f"unseen-{part}", "# Unseen cases run here when graded", points))
    return new_notebook(cells=cells)


@pytest.fixture
def course(tmp_path: Path, released: NotebookNode) -> Path:
    """Return a repository with the released notebook as exercise 09 and a right copy of it in ``work/``."""
    for room in ("exercises", "work"):
        (tmp_path / room / "09-double").mkdir(parents=True)
        nbformat.write(released, tmp_path / room / "09-double" / "double.ipynb")
    write_answer(tmp_path, "def double(x):\n    return 2 * x")
    return tmp_path


def copy_in_work(course: Path) -> Path:
    """Return where the student's copy lies."""
    return course / "work" / "09-double" / "double.ipynb"


def edit_copy(course: Path, change: Any) -> None:
    """Let ``change(cells)`` change the list of cells in the student's copy."""
    path = copy_in_work(course)
    notebook = json.loads(path.read_text(encoding="utf-8"))
    change(notebook["cells"])
    path.write_text(json.dumps(notebook), encoding="utf-8")


def write_answer(course: Path, source: str) -> None:
    """Replace the answer in the student's copy."""
    edit_copy(course, lambda cells: cells[2].update(source=source))
