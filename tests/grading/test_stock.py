"""What stock nbgrader gets wrong on its own, and what it gets right with the course's configuration.

When a newer nbgrader mends one of these, its test here fails, and the course's own piece can go.
"""

import shutil
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_notebook

from course_lib.grading.command import nbgrader
from course_lib.grading.demo import read_marks
from course_lib.grading.released import GradingError, grade_id
from tests.grading.conftest import CHECKS, course_cell

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("class")]

STOCK = """
c = get_config()
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.Execute.timeout = 10
"""
OURS = """
from course_lib.grading.configuration import configure

configure(get_config())
"""
RIGHT = "def double(x):\n    return 2 * x"
WRONG = "def double(x):\n    return x"
Change = Callable[[list[NotebookNode]], Any]


def paste(cells: list[NotebookNode]) -> None:
    """Copy a hidden test below itself, as an editor does: a new id, the same metadata."""
    cells.insert(5, deepcopy(cells[4]))
    cells[5].id = "pasted"


SUBMISSIONS: dict[str, tuple[str, Change]] = {
    "right": (RIGHT, lambda cells: None),
    "copied": (RIGHT, paste),
    "deleted": (RIGHT, lambda cells: cells.pop(4)),
    "skipped": (WRONG, lambda cells: cells[4].metadata.update(tags=["skip-execution"])),
    "warned": ("import warnings\n\n\ndef double(x):\n    warnings.warn('old')\n    return 2 * x", lambda cells: None),
    "ended": (f"import os\n\nos._exit(1)\n{RIGHT}", lambda cells: None),
}


def source() -> NotebookNode:
    """Return the instructor's notebook: parts worth 3 and 2 points."""
    cells = [course_cell("imports", CHECKS), course_cell("task", "## 9.1 Double")]
    cells.append(course_cell("answer", f"### BEGIN SOLUTION\n{RIGHT}\n### END SOLUTION", solution=True))
    for part, points in (("small", 3), ("large", 2)):
        call = f'double(double, "{part}")'
        hidden = f"# Unseen\n### BEGIN HIDDEN TESTS\ncheck.graded.{call}\n### END HIDDEN TESTS"
        cells += [course_cell(f"check-{part}", f"check.{call}", 0), course_cell(f"unseen-{part}", hidden, points)]
    return new_notebook(cells=cells)


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a course with a gradebook and what each student handed in."""
    course = tmp_path_factory.mktemp("small") / "course"
    (course / "solutions" / "09-double").mkdir(parents=True)
    nbformat.write(source(), course / "solutions" / "09-double" / "double.ipynb")
    (course / "nbgrader_config.py").write_text(STOCK)
    nbgrader(course, "generate_assignment", "09-double")
    for name, (answer, change) in SUBMISSIONS.items():
        folder = Path(shutil.copytree(course / "exercises" / "09-double", course / "submitted" / name / "09-double"))
        notebook = nbformat.read(folder / "double.ipynb", as_version=4)
        next(cell for cell in notebook.cells if grade_id(cell) == "answer").source = answer
        change(notebook.cells)
        nbformat.write(notebook, folder / "double.ipynb")
    broken = course / "submitted" / "broken" / "09-double" / "double.ipynb"
    shutil.copytree(course / "submitted" / "right" / "09-double", broken.parent)
    broken.write_text(broken.read_text()[:500])
    return course


def graded(generated: Path, course: Path, configuration: str) -> tuple[dict[str, float], set[str], list[str]]:
    """Grade a copy of the course; return the marks, who has a graded notebook, and who stopped the class."""
    shutil.copytree(generated, course)
    (course / "nbgrader_config.py").write_text(configuration)
    stopped_by: list[str] = []
    while True:
        try:
            nbgrader(course, "autograde", "09-double", f"--CourseDirectory.student_id_exclude={','.join(stopped_by)}")
        except GradingError as error:
            if "nbgrader update" in str(error):  # the class is not graded on: leave this student out
                stopped_by.append("copied")
                continue
        break
    nbgrader(course, "export", "--to", "grades.csv")
    records = {path.parent.parent.name for path in (course / "autograded").glob("*/09-double/double.ipynb")}
    return read_marks(course / "grades.csv"), records, stopped_by


def test_stock_alone_gets_these_wrong(generated: Path, tmp_path: Path) -> None:
    marks, records, stopped_by = graded(generated, tmp_path / "course", STOCK)
    assert marks["right"] == 5
    assert stopped_by == ["copied"], "a copied test stopped the class"
    assert marks["deleted"] == 2, "a deleted test cost a right answer its points"
    assert marks["skipped"] == 3, "a test that did not run earned its points"
    assert marks["warned"] == 0, "a warning cost a right answer its points"
    assert records.isdisjoint({"ended", "broken"}), "these have no record"


def test_with_the_course_s_configuration_each_gets_the_mark_it_deserves(generated: Path, tmp_path: Path) -> None:
    marks, records, stopped_by = graded(generated, tmp_path / "course", OURS)
    assert marks == {"right": 5, "copied": 5, "deleted": 5, "skipped": 0, "warned": 5, "ended": 0, "broken": 0}
    assert records == set(marks)
    assert stopped_by == []


@pytest.mark.parametrize(
    ("without", "student", "wrong"),
    [("restore.RestoreCourseCells", "deleted", 2), ("fail_closed.ExecuteFailClosed", "warned", 0)],
)
def test_without_one_preprocessor_its_student_gets_a_wrong_mark(
    generated: Path, tmp_path: Path, without: str, student: str, wrong: float
) -> None:
    course = Path(shutil.copytree(generated, tmp_path / "course"))
    stock = {
        "restore.RestoreCourseCells": "nbgrader.preprocessors.DeduplicateIds",
        "fail_closed.ExecuteFailClosed": "nbgrader.preprocessors.Execute",
    }[without]
    swap = f"""
for chain in (c.Autograde.sanitize_preprocessors, c.Autograde.autograde_preprocessors):
    chain[:] = ["{stock}" if name.endswith("{without}") else name for name in chain]
"""
    (course / "nbgrader_config.py").write_text(f"{OURS}c = get_config()\n{swap}")
    nbgrader(course, "autograde", "09-double", "--student", student)
    nbgrader(course, "export", "--to", "grades.csv")
    assert read_marks(course / "grades.csv")[student] == wrong
