"""How the course uses nbgrader: stock, with configuration, three small preprocessors and a page for feedback."""

from pathlib import Path

from traitlets.config import Config

SEED_VARIABLE = "COURSE_GRADING_SEED"
"""What the checks read their seed from; named here too, as importing the checks loads torch."""

SECONDS_A_CELL = 20
"""No right answer's cell takes longer; one that does is stopped and the next cells go on."""

SECONDS_A_NOTEBOOK = 120
"""When they are used up, no cell that is left earns anything."""

POINTS_A_DAY_LATE = 10.0
"""Taken off for each day begun after the due date, where an assignment has one; 0 accepts late work as it is."""

BOUNDED_OUTPUT = "--IPKernelApp.outstream_class=course_lib.grading.output.BoundedStream"
"""Starts a kernel that keeps the beginning of what a cell prints."""

EXIT_DOES_NOTHING = "--IPKernelApp.exec_lines=get_ipython().ask_exit = lambda: None"
"""``exit()`` would end the process one cell later, in a cell that has no part in it."""

NOT_FOR_STUDENTS = ["answers.py"]
"""Files beside a solution notebook that are neither released nor copied to a submission."""


def configure(config: Config) -> None:
    """Fill in nbgrader's configuration.

    Parameters
    ----------
    config : traitlets.config.Config
        What ``get_config()`` returns in ``nbgrader_config.py``.
    """
    config.CourseDirectory.course_id = "recurrent-networks"
    config.CourseDirectory.source_directory = "solutions"
    config.CourseDirectory.release_directory = "exercises"
    config.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", *NOT_FOR_STUDENTS]

    config.ClearSolutions.code_stub = {"python": "raise NotImplementedError"}
    config.ExecutePreprocessor.record_timing = False
    configure_grading(config)
    configure_feedback(config)


def configure_grading(config: Config) -> None:
    """Say what happens to a submission: it is made whole, run, and marked."""
    config.Execute.timeout = SECONDS_A_CELL
    config.Execute.extra_arguments = [BOUNDED_OUTPUT, EXIT_DOES_NOTHING]
    config.Execute.shutdown_kernel = "immediate"
    config.LimitOutput.max_lines = -1  # what is printed is cut where it is printed, and says so
    config.ExecuteFailClosed.seconds_a_notebook = SECONDS_A_NOTEBOOK
    config.AssignLatePenalties.plugin_class = "course_lib.grading.late.PointsADay"
    config.PointsADay.points_a_day = POINTS_A_DAY_LATE

    config.Autograde.pre_convert_hook = "course_lib.grading.unreadable.keep_unreadable"
    config.Autograde.sanitize_preprocessors = [
        "course_lib.grading.restore.RestoreCourseCells",
        "nbgrader.preprocessors.OverwriteKernelspec",
        "nbgrader.preprocessors.OverwriteCells",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]
    config.Autograde.autograde_preprocessors = [
        "course_lib.grading.seeds.SeedUnseenCases",
        "course_lib.grading.fail_closed.ExecuteFailClosed",
        "nbgrader.preprocessors.LimitOutput",
        "nbgrader.preprocessors.SaveAutoGrades",
        "nbgrader.preprocessors.AssignLatePenalties",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]


def configure_feedback(config: Config) -> None:
    """Say which page a student gets; nbgrader's other pages stay as they are."""
    page = config.GenerateFeedback.HTMLExporter
    page.template_name = "course-feedback"
    page.extra_template_basedirs = [str(Path(__file__).parent / "templates")]
    page.filters = {
        "rows": "course_lib.grading.feedback.rows",
        "remarks": "course_lib.grading.feedback.remarks",
        "error_in_words": "course_lib.grading.feedback.in_words",
    }
