"""``python -m course_lib.grading.demo``: play a whole class with stock nbgrader, from solution to marks.

Synthetic students (:mod:`course_lib.grading.students`, :mod:`course_lib.grading.accidents`) get an assignment, hand it
in and are graded, all in a temporary course. What each must earn is worked out before anything is graded, and on each
feedback page the reason is looked for.
"""

import argparse
import csv
import html
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import nbformat

from course_lib.grading.accidents import ACCIDENTS
from course_lib.grading.command import nbgrader
from course_lib.grading.configuration import POINTS_A_DAY_LATE
from course_lib.grading.released import GradingError, Part, only_notebook, parts_of, read_notebook
from course_lib.grading.students import EVERY_PART, STUDENTS, Student
from course_lib.grading.submissions import submission

ROOT = Path(__file__).resolve().parents[2]
ASSIGNMENT = "01-rnn"
CLASSES = {ASSIGNMENT: (*STUDENTS, *ACCIDENTS)}
"""Which students there are for each assignment."""

DUE = datetime(2026, 3, 2, 12, tzinfo=UTC)
TAG = re.compile(r"<[^>]+>")
BEGINS = re.compile(r"Autograding .*?autograded/([^/]+)/")

Marks = dict[str, float]


@dataclass(frozen=True)
class Round:
    """What came of a class: the marks it must get, those it got, and who is told the reason."""

    expected: Marks
    obtained: Marks
    told: frozenset[str]

    def is_right(self, name: str) -> bool:
        """Tell whether a student got the mark and the reason."""
        return self.obtained.get(name) == self.expected[name] and name in self.told


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
    """Work out each student's mark from the points of the parts, the parts that must be lost, and the days late.

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
        earned = sum(points.values()) - sum(points[name] for name in lost)
        marks[student.name] = max(0, earned - POINTS_A_DAY_LATE * student.days_late)
    return marks


def play(course: Path, students: Sequence[Student], solution: Path) -> Round:
    """Play the round in an empty folder."""
    stages, assignment = Stages(), solution.name
    shutil.copy(solution.parents[1] / "nbgrader_config.py", course)
    shutil.copytree(solution, course / "solutions" / assignment)
    with stages.stage("generate"):
        nbgrader(course, "generate_assignment", assignment)
        nbgrader(course, "db", "assignment", "add", assignment, f"--duedate={DUE:%Y-%m-%d %H:%M:%S} UTC")
    released = only_notebook(course / "exercises" / assignment)
    expected = expected_marks(students, parts_of(read_notebook(released)))
    with stages.stage(f"release to {len(students)} students, who write, and collect"):
        for student in students:
            hand_in(student, course, released, solution)
    autograde(course, assignment, students, stages)
    with stages.stage("feedback"):
        nbgrader(course, "generate_feedback", assignment)
    with stages.stage("export"):
        nbgrader(course, "export", "--to", "grades.csv")
    told = frozenset(student.name for student in students if is_told(student, feedback_of(course, student, released)))
    return Round(expected, read_marks(course / "grades.csv"), told)


def hand_in(student: Student, course: Path, released: Path, solution: Path) -> None:
    """Let a student write into a copy, and collect it as nbgrader does: the files and a time."""
    collected = Path(shutil.copytree(released.parent, course / "submitted" / student.name / solution.name))
    notebook = collected / released.name
    nbformat.write(submission(student, read_notebook(notebook), solution), notebook)
    if student.damages:
        notebook.write_text(student.damages(notebook.read_text(encoding="utf-8")), encoding="utf-8")
    time_of_day = DUE + timedelta(days=student.days_late, hours=-1)
    (collected / "timestamp.txt").write_text(time_of_day.strftime("%Y-%m-%d %H:%M:%S.%f UTC\n"))


def feedback_of(course: Path, student: Student, released: Path) -> Path:
    """Return where a student's feedback page lies."""
    return course / "feedback" / student.name / released.parent.name / f"{released.stem}.html"


def is_told(student: Student, page: Path) -> bool:
    """Look for the reason in the words of a student's page."""
    if not page.is_file():
        return False
    return student.reason in html.unescape(TAG.sub("", page.read_text(encoding="utf-8")))


def autograde(course: Path, assignment: str, students: Sequence[Student], stages: Stages) -> None:
    """Grade all that was collected, in two nbgraders that share no student: one waits while a loop is timed out."""
    print("autograde", flush=True)

    def grade(absent: Sequence[Student]) -> None:
        hear, end = stages.by_student()
        without = ",".join(student.name for student in absent)
        nbgrader(course, "autograde", assignment, f"--CourseDirectory.student_id_exclude={without}", hear=hear)
        end()

    halves = [students[1::2], students[::2]]
    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(grade, halves[: len(students)]))


def read_marks(exported: Path) -> Marks:
    """Read the total of each student from nbgrader's export."""
    with exported.open(newline="", encoding="utf-8") as file:
        return {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}


def table(students: Sequence[Student], played: Round) -> str:
    """Lay out a row for each student, with expected and obtained marks and whether the page tells the reason."""
    width = max(len(student.says) for student in students)
    lines = [f"{'student':<8} {'':<{width}} expected obtained  reason"]
    for student in students:
        got = played.obtained.get(student.name)
        mark, told = "none" if got is None else f"{got:g}", "told" if student.name in played.told else "missing"
        row = f"{student.name:<8} {student.says:<{width}} {played.expected[student.name]:8g} {mark:>8}  {told}"
        lines.append(row if played.is_right(student.name) else f"{row}  differs")
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


def _asked(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m course_lib.grading.demo", description="Play a whole class.")
    parser.add_argument("--assignment", default=ASSIGNMENT, choices=CLASSES, help="which one; default %(default)s")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="play in this new folder and leave it there")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None, students: Sequence[Student] | None = None, root: Path = ROOT) -> int:
    """Play the round and print the table; return 1 when a mark differs or a reason is missing."""
    asked, started = _asked(arguments), time.monotonic()
    students = CLASSES[asked.assignment] if students is None else students
    solution = root / "solutions" / asked.assignment
    try:
        if not solution.is_dir():
            raise GradingError(f"solutions/{asked.assignment} is not here: the demonstration needs the right answers.")
        with course_folder(asked.keep) as course:
            played = play(course.resolve(), students, solution)
    except GradingError as error:
        print(f"\n{error}", file=sys.stderr)
        return 2
    print(f"\n{table(students, played)}\n")
    if asked.keep is not None:
        print(f"Feedback: {asked.keep / 'feedback'}/STUDENT/{solution.name}/{only_notebook(solution).stem}.html")
    right = sum(played.is_right(student.name) for student in students)
    seconds = time.monotonic() - started
    print(f"{right} of {len(students)} students have the expected mark and its reason ({seconds:.1f} s)")
    return int(right < len(students))


if __name__ == "__main__":
    sys.exit(main())
