"""How the course uses nbgrader: stock nbgrader with configuration and one small preprocessor."""

from traitlets.config import Config

SEED_VARIABLE = "COURSE_GRADING_SEED"
"""What the checks read their seed from; named here too, as importing the checks loads torch."""

SECONDS_A_CELL = 20
"""No right answer's cell takes longer; one that does is stopped and the next cells go on."""

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
    config.Execute.timeout = SECONDS_A_CELL
    config.ExecutePreprocessor.record_timing = False

    config.Autograde.autograde_preprocessors = [
        "course_lib.grading.seeds.SeedUnseenCases",
        "nbgrader.preprocessors.Execute",
        "nbgrader.preprocessors.IgnorePattern",
        "nbconvert.preprocessors.ClearMetadataPreprocessor",
        "nbgrader.preprocessors.LimitOutput",
        "nbgrader.preprocessors.SaveAutoGrades",
        "nbgrader.preprocessors.AssignLatePenalties",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]
