"""nbgrader is configured, not changed: what is released, what is kept back, when a cell is stopped."""

from pathlib import Path

import pytest
from traitlets.config import Config

from course_lib.grading.configuration import SECONDS_A_CELL, configure


@pytest.fixture
def config() -> Config:
    config = Config()
    configure(config)
    return config


def test_solutions_become_exercises(config: Config) -> None:
    assert config.CourseDirectory.source_directory == "solutions"
    assert config.CourseDirectory.release_directory == "exercises"


def test_the_other_answers_are_kept_back(config: Config, root: Path) -> None:
    assert "answers.py" in config.CourseDirectory.ignore
    assert (root / "solutions" / "01-rnn" / "answers.py").is_file()
    assert list((root / "exercises").rglob("answers.py")) == []


def test_a_cell_is_stopped_after_as_long_as_a_right_one_may_take(config: Config) -> None:
    assert config.Execute.timeout == SECONDS_A_CELL == 20


def test_seeds_are_set_before_the_notebook_runs(config: Config) -> None:
    names = [name.rsplit(".", 1)[-1] for name in config.Autograde.autograde_preprocessors]
    assert names.index("SeedUnseenCases") < names.index("Execute") < names.index("SaveAutoGrades")


def test_the_configuration_file_calls_it(root: Path) -> None:
    config = Config()
    exec((root / "nbgrader_config.py").read_text(encoding="utf-8"), {"get_config": lambda: config})
    assert config.CourseDirectory.source_directory == "solutions"
