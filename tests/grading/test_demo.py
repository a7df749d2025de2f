"""A whole class is played with stock nbgrader, and a wrong expectation is noticed."""

import os
import re
import resource
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from course_lib.grading.demo import CLASSES, main
from course_lib.grading.execution import error_of
from course_lib.grading.released import grade_id, parts_of, read_notebook
from course_lib.grading.students import STUDENTS

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("class")]
DANA, EVERYBODY = STUDENTS[3], CLASSES["01-rnn"]


@pytest.fixture(scope="module")
def played(root: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Return the folder of a round that went well, and what was printed."""
    course = tmp_path_factory.mktemp("round") / "course"
    command = [sys.executable, "-m", "course_lib.grading.demo", "--keep", course]
    status = ["git", "status", "--porcelain"]  # what git ignores may change: other tests leave caches meanwhile
    before = subprocess.run(status, cwd=root, capture_output=True, text=True).stdout
    used = cpu_seconds()
    ran = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert subprocess.run(status, cwd=root, capture_output=True, text=True).stdout == before
    assert cpu_seconds() - used < 2 * 100, "two cores that do nothing else need more than 100 s"
    return course, ran.stdout


def cpu_seconds() -> float:
    """Return what finished child processes have used: other than seconds on the clock, the same on a busy machine."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def graded_message(course: Path, student: str, hidden: str) -> str:
    """Return what a hidden check said to a student."""
    notebook = read_notebook(course / "autograded" / student / "01-rnn" / "rnn.ipynb")
    (cell,) = [cell for cell in notebook.cells if grade_id(cell) == hidden]
    error = error_of(cell)
    assert error is not None
    return str(error.evalue)


def test_every_student_gets_the_expected_mark_and_its_reason(played: tuple[Path, str]) -> None:
    _, printed = played
    assert printed.splitlines()[-1].startswith("14 of 14 students have the expected mark and its reason (")
    for student in EVERYBODY:
        row = re.search(rf"^{student.name} .* ([\d.]+) +([\d.]+)  told$", printed, re.MULTILINE)
        assert row, student.name
        assert row[1] == row[2]


def test_each_stage_and_each_student_is_seen_with_its_seconds(played: tuple[Path, str]) -> None:
    _, printed = played
    for stage in ("generate", "feedback", "export", r"release to 14 students, who write, and collect"):
        assert re.search(rf"^{stage} … [\d.]+ s$", printed, re.MULTILINE), stage
    for student in EVERYBODY:
        assert re.search(rf"^  {student.name} +[\d.]+ s$", printed, re.MULTILINE), student.name


def test_what_is_generated_with_a_gradebook_is_what_is_committed(played: tuple[Path, str], root: Path) -> None:
    released = Path("exercises", "01-rnn", "rnn.ipynb")
    assert (played[0] / released).read_bytes() == (root / released).read_bytes()


def test_the_file_with_other_answers_reaches_nobody(played: tuple[Path, str]) -> None:
    course, _ = played
    assert [path.relative_to(course).as_posix() for path in course.rglob("answers.py")] == [
        "solutions/01-rnn/answers.py"
    ]


def feedback(course: Path, student: str) -> str:
    """Return a student's page."""
    return (course / "feedback" / student / "01-rnn" / "rnn.html").read_text(encoding="utf-8")


def test_feedback_shows_the_verdict_and_no_library_frames(played: tuple[Path, str]) -> None:
    page = feedback(played[0], "dana")
    assert "<h1>01-rnn: 77 of 100 points</h1>" in page
    assert "squashes each term by itself" in page


def test_no_page_shows_a_stack_or_asks_for_anything(played: tuple[Path, str]) -> None:
    for student in EVERYBODY:
        page = feedback(played[0], student.name)
        assert "Traceback (most recent call last)" not in page and "site-packages" not in page, student.name
        assert re.findall(r"<(?:script|link|iframe|object)\b|\bsrc=(?!\"data:)|@import|url\(", page) == [], student.name


def test_the_head_lists_the_parts_that_are_worth_points_and_no_others(played: tuple[Path, str], root: Path) -> None:
    parts = parts_of(read_notebook(root / "exercises" / "01-rnn" / "rnn.ipynb"))
    head = feedback(played[0], "ada").partition("</table>")[0]
    assert re.findall(r'<a href="#[^"]*">([^<]*)</a>', head) == [f"{part.number} {part.name}" for part in parts]


def test_a_file_that_broke_off_is_kept_whole_beside_the_record(played: tuple[Path, str]) -> None:
    course, _ = played
    for room in ("submitted", "feedback"):
        text = (course / room / "lea" / "01-rnn" / "rnn.ipynb.unreadable").read_text(encoding="utf-8")
        assert text.startswith("{") and not text.rstrip().endswith("}"), room


def test_what_is_printed_without_end_leaves_small_files(played: tuple[Path, str]) -> None:
    course, _ = played
    sizes = {name: (course / "autograded" / name / "01-rnn" / "rnn.ipynb").stat().st_size for name in ("ada", "jin")}
    assert sizes["jin"] < sizes["ada"] + 50_000


def test_a_wrong_expectation_is_noticed_and_unseen_cases_belong_to_the_student(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    course = tmp_path / "course"
    assert main(["--keep", str(course)], [DANA, replace(DANA, name="twin", loses=("rnn_step",))]) == 1
    printed = capsys.readouterr().out
    assert re.search(r"^dana .* 77 +77  told$", printed, re.MULTILINE)
    assert re.search(r"^twin .* 85 +77  told  differs$", printed, re.MULTILINE)
    messages = [graded_message(course, name, "unseen-rnn-step") for name in ("dana", "twin")]
    assert messages[0] != messages[1]
    assert all("squashes each term by itself" in message for message in messages)


def test_a_folder_in_use_is_not_played_into(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "marks.csv").write_text("last year's")
    assert main(["--keep", str(tmp_path)]) == 2
    assert capsys.readouterr().err.strip() == f"{tmp_path} is there and not empty: name a new folder for --keep."
    assert os.listdir(tmp_path) == ["marks.csv"]


def test_without_solutions_it_says_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([], root=tmp_path) == 2
    assert capsys.readouterr().err.strip() == (
        "solutions/01-rnn is not here: the demonstration needs the right answers."
    )
