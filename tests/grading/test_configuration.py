"""nbgrader is configured, not changed: what is released, what is kept back, when a cell is stopped."""

from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_output
from nbgrader.preprocessors import LimitOutput
from traitlets import import_item
from traitlets.config import Config

from course_lib.grading.configuration import BOUNDED_OUTPUT, SECONDS_A_CELL, configure
from course_lib.grading.output import CHARACTERS_A_CELL, CUT


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


def test_seeds_are_set_before_the_notebook_runs_and_marks_are_read_after(config: Config) -> None:
    names = [name.rsplit(".", 1)[-1] for name in config.Autograde.autograde_preprocessors]
    assert names.index("SeedUnseenCases") < names.index("ExecuteFailClosed") < names.index("SaveAutoGrades")


def test_a_submission_is_in_the_course_s_shape_before_nbgrader_compares_it(config: Config) -> None:
    names = [name.rsplit(".", 1)[-1] for name in config.Autograde.sanitize_preprocessors]
    assert names[0] == "RestoreCourseCells"
    assert "OverwriteCells" in names


def test_three_preprocessors_are_the_course_s_and_the_others_nbgrader_s(config: Config) -> None:
    names = [*config.Autograde.sanitize_preprocessors, *config.Autograde.autograde_preprocessors]
    assert len([name for name in names if name.startswith("course_lib.")]) == 3
    assert all(name.startswith(("course_lib.", "nbgrader.")) for name in names)


def test_what_is_named_in_the_configuration_exists(config: Config) -> None:
    chains = [*config.Autograde.sanitize_preprocessors, *config.Autograde.autograde_preprocessors]
    page = config.GenerateFeedback.HTMLExporter
    hooks = [config.Autograde.pre_convert_hook, config.AssignLatePenalties.plugin_class, *page.filters.values()]
    assert all(callable(import_item(name)) for name in [*chains, *hooks])
    assert Path(page.extra_template_basedirs[0], page.template_name, "index.html.j2").is_file()
    assert import_item(BOUNDED_OUTPUT.partition("=")[2]).__name__ == "BoundedStream"


def test_the_sentence_that_says_where_output_was_cut_is_not_cut_itself(config: Config) -> None:
    text = "1\n" * (CHARACTERS_A_CELL // 2) + CUT
    cell = new_code_cell(outputs=[new_output("stream", name="stdout", text=text)])
    LimitOutput(config=config).preprocess_cell(cell, {}, 0)
    assert cell.outputs[0].text == text


def test_nbgrader_s_other_pages_keep_their_template(config: Config) -> None:
    assert "template_name" not in config.HTMLExporter


def test_the_configuration_file_calls_it(root: Path) -> None:
    config = Config()
    exec((root / "nbgrader_config.py").read_text(encoding="utf-8"), {"get_config": lambda: config})
    assert config.CourseDirectory.source_directory == "solutions"
