"""Every submission has unseen cases of its own, the same ones each time it is graded."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from course_lib.checks import exercises_of
from course_lib.checks.faults import draw_cases
from course_lib.checks.notebook import SEED_VARIABLE, unseen_seed
from course_lib.grading import configuration

GRADE = """
import json, os, sys
from pathlib import Path
from types import SimpleNamespace as Names
from course_lib.grading.configuration import SEED_VARIABLE
from course_lib.grading.seeds import SeedUnseenCases

course, seeds = Path(sys.argv[1]), []
for student in sys.argv[2:]:
    within_nbgrader = Names(parent=Names(parent=Names(coursedir=Names(root=str(course)))))
    SeedUnseenCases.preprocess(within_nbgrader, None, {"nbgrader": {"student": student, "assignment": "01-rnn"}})
    seeds.append(os.environ[SEED_VARIABLE])
print(json.dumps(seeds))
"""


def seeds_of(course: Path, *students: str) -> list[str]:
    """Return the grading seed of each student; nbgrader is imported in a process of its own."""
    ran = subprocess.run([sys.executable, "-c", GRADE, course, *students], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def first_input(monkeypatch: pytest.MonkeyPatch, seed: str) -> np.ndarray:
    """Return x_t of the first unseen case of rnn_step under a grading seed."""
    monkeypatch.setenv(SEED_VARIABLE, seed)
    exercise = exercises_of("01-rnn")["rnn_step"]
    return draw_cases(exercise, "values", unseen_seed(exercise, "values"), unseen=True)[0].inputs["x_t"]


def test_two_students_get_different_unseen_cases_and_one_always_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, ben, ada_again = seeds_of(tmp_path, "ada", "ben", "ada")
    cases = [first_input(monkeypatch, seed) for seed in (ada, ben, ada_again)]
    assert not np.array_equal(cases[0], cases[1])
    np.testing.assert_array_equal(cases[0], cases[2])
    assert seeds_of(tmp_path, "ada") == [ada]


def test_another_course_has_another_secret(tmp_path: Path) -> None:
    (tmp_path / "spring").mkdir()
    (tmp_path / "autumn").mkdir()
    assert seeds_of(tmp_path / "spring", "ada") != seeds_of(tmp_path / "autumn", "ada")


def test_the_secret_is_for_its_owner_alone_and_nothing_else_is_left(tmp_path: Path) -> None:
    seeds_of(tmp_path, "ada")
    (secret,) = tmp_path.iterdir()
    assert secret.name == ".grading-secret"
    assert secret.stat().st_mode & 0o077 == 0
    assert len(secret.read_text()) == 64


def test_checks_and_grading_mean_the_same_variable() -> None:
    assert configuration.SEED_VARIABLE == SEED_VARIABLE
