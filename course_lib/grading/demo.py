"""``python -m course_lib.grading.demo``: play a whole class with stock nbgrader, from solution to marks.

Six synthetic students (:mod:`course_lib.grading.students`) get the first assignment, hand it in and are graded, all in
a temporary course. What each must earn is worked out before anything is graded.
"""

import argparse
import csv
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import nbformat

from course_lib.grading.command import nbgrader
from course_lib.grading.released import GradingError, Part, only_notebook, parts_of, read_notebook
from course_lib.grading.students import EVERY_PART, STUDENTS, Student
from course_lib.grading.submissions import submission

ROOT = Path(__file__).resolve().parents[2]
ASSIGNMENT = "01-rnn"
BEGINS = re.compile(r"Autograding .*?autograded/([^/]+)/")

Marks = dict[str, float]


class Stages:
    """Print each stage and each student with the seconds it took, while the round is played."""

    @contextmanager
    def stage(self, what: str) -> Iterator[None]:
        """Print what is done now, and how long it took afterwards."""
        print(f"{what} … ", end="", flush=True)
        started = time.monotonic()
        yield
        print(f"{time.monotonic() - started:.1f} s", flush=True)

    def by_student(self) -> tuple[Callable[[str], None], Callable[[], None]]:
        """Return what follows nbgrader's log, and what ends the last student's line."""
        current: list[tuple[str, float]] = []

        def end() -> None:
            for name, started in current:
                print(f"  {name:<8} {time.monotonic() - started:.1f} s", flush=True)
            current.clear()

        def hear(line: str) -> None:
            if begun := BEGINS.search(line.replace("\\", "/")):
                end()
                current.append((begun[1], time.monotonic()))

        return hear, end


def expected_marks(students: Sequence[Student], parts: Sequence[Part]) -> Marks:
    """Work out each student's mark from the points of the parts and the parts that must be lost.

    Raises
    ------
    ValueError
        When a student is to lose a part that does not exist.
    """
    points = {part.name: part.points for part in parts}
    marks = {}
    for student in students:
        lost = tuple(points) if student.loses == EVERY_PART else student.loses
        if unknown := set(lost) - points.keys():
            raise ValueError(f"{student.name} loses {sorted(unknown)}, the parts are {list(points)}")
        marks[student.name] = sum(points.values()) - sum(points[name] for name in lost)
    return marks


def play(course: Path, students: Sequence[Student], solution: Path) -> tuple[Marks, Marks]:
    """Play the round in an empty folder; return expected and obtained marks."""
    stages = Stages()
    shutil.copy(solution.parents[1] / "nbgrader_config.py", course)
    shutil.copytree(solution, course / "solutions" / ASSIGNMENT)
    with stages.stage("generate"):
        nbgrader(course, "generate_assignment", ASSIGNMENT)
    released = course / "exercises" / ASSIGNMENT
    expected = expected_marks(students, parts_of(read_notebook(only_notebook(released))))
    with stages.stage(f"release to {len(students)} students, who write, and collect"):
        for student in students:
            hand_in(student, course, _handed_out(student, released, course), solution)
    autograde(course, students, stages)
    with stages.stage("feedback"):
        nbgrader(course, "generate_feedback", ASSIGNMENT)
    with stages.stage("export"):
        nbgrader(course, "export", "--to", "grades.csv")
    return expected, read_marks(course / "grades.csv")


def _handed_out(student: Student, released: Path, course: Path) -> Path:
    return Path(shutil.copytree(released, course / "homes" / student.name / ASSIGNMENT))


def hand_in(student: Student, course: Path, home: Path, solution: Path) -> None:
    """Let a student write into the copy at home, and collect it as nbgrader does: the files and a time."""
    notebook = only_notebook(home)
    nbformat.write(submission(student, read_notebook(notebook), solution), notebook)
    collected = shutil.copytree(home, course / "submitted" / student.name / ASSIGNMENT)
    (collected / "timestamp.txt").write_text(datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f UTC\n"))


def autograde(course: Path, students: Sequence[Student], stages: Stages) -> None:
    """Grade all that was collected, in two nbgraders that share no student: one waits while a loop is timed out."""
    print("autograde", flush=True)

    def grade(absent: Sequence[Student]) -> None:
        hear, end = stages.by_student()
        without = ",".join(student.name for student in absent)
        nbgrader(course, "autograde", ASSIGNMENT, f"--CourseDirectory.student_id_exclude={without}", hear=hear)
        end()

    halves = [students[1::2], students[::2]]
    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(grade, halves[: len(students)]))


def read_marks(exported: Path) -> Marks:
    """Read the total of each student from nbgrader's export."""
    with exported.open(newline="", encoding="utf-8") as file:
        return {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}


def table(students: Sequence[Student], expected: Marks, obtained: Marks) -> str:
    """Lay out a row for each student, with expected and obtained marks."""
    width = max(len(student.says) for student in students)
    lines = [f"{'student':<8} {'':<{width}} expected obtained"]
    for student in students:
        want, got = expected[student.name], obtained.get(student.name)
        mark = "none" if got is None else f"{got:g}"
        verdict = "" if got == want else "  differs"
        lines.append(f"{student.name:<8} {student.says:<{width}} {want:8g} {mark:>8}{verdict}")
    return "\n".join(lines)


@contextmanager
def course_folder(keep: Path | None) -> Iterator[Path]:
    """Make an empty folder for the course: a temporary one, or the one that is to be kept.

    Raises
    ------
    GradingError
        When the folder to keep is not empty.
    """
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="course-") as temporary:
            yield Path(temporary)
        return
    if keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
        raise GradingError(f"{keep} is there and not empty: name a new folder for --keep.")
    keep.mkdir(parents=True, exist_ok=True)
    yield keep


def main(arguments: list[str] | None = None, students: Sequence[Student] = STUDENTS, root: Path = ROOT) -> int:
    """Play the round and print the table; return 1 when a mark differs."""
    parser = argparse.ArgumentParser(prog="python -m course_lib.grading.demo", description="Play a whole class.")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="play in this new folder and leave it there")
    keep = parser.parse_args(arguments).keep
    started = time.monotonic()
    solution = root / "solutions" / ASSIGNMENT
    try:
        if not solution.is_dir():
            raise GradingError(f"solutions/{ASSIGNMENT} is not here: the demonstration needs the right answers.")
        with course_folder(keep) as course:
            expected, obtained = play(course.resolve(), students, solution)
    except GradingError as error:
        print(f"\n{error}", file=sys.stderr)
        return 2
    print(f"\n{table(students, expected, obtained)}\n")
    if keep is not None:
        print(f"Feedback: {keep / 'feedback'}/STUDENT/{ASSIGNMENT}/{only_notebook(solution).stem}.html")
    differ = [name for name in expected if obtained.get(name) != expected[name]]
    print(f"{len(differ)} of {len(students)} marks differ ({time.monotonic() - started:.1f} s)")
    return min(len(differ), 1)


if __name__ == "__main__":
    sys.exit(main())
