"""One module a result of a paper; ``python -m course_lib.experiments`` lists them and runs them again.

Their stored results lie in ``results/``: :func:`load` reads one.
"""

from typing import Any

from course_lib.experiments.adding import ADDING, ADDING_IDENTITY
from course_lib.experiments.cliff import CLIFF
from course_lib.experiments.copying import COPYING
from course_lib.experiments.cures import CURES_EXPERIMENT
from course_lib.experiments.experiment import Comparison, Experiment, Figure, Outcome, Run, compare, run_seeds
from course_lib.experiments.storage import ResultError, Stored, load, save, settings_of
from course_lib.experiments.truncation import TRUNCATION

EXPERIMENTS: dict[str, Experiment[Any]] = {
    experiment.name: experiment
    for experiment in (CLIFF, ADDING, ADDING_IDENTITY, COPYING, CURES_EXPERIMENT, TRUNCATION)
}

__all__ = [
    "EXPERIMENTS",
    "Comparison",
    "Experiment",
    "Figure",
    "Outcome",
    "ResultError",
    "Run",
    "Stored",
    "compare",
    "load",
    "run_seeds",
    "save",
    "settings_of",
]
