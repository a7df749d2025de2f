"""One module a result of a paper; ``python -m course_lib.experiments`` lists them and runs them again.

Their stored results lie in ``results/``: :func:`load` reads one.
"""

from typing import Any

from course_lib.experiments.ablations import ABLATIONS
from course_lib.experiments.adding import ADDING, ADDING_IDENTITY
from course_lib.experiments.adding_gated import ADDING_GATED
from course_lib.experiments.cliff import CLIFF
from course_lib.experiments.copying import COPYING
from course_lib.experiments.copying_gated import COPYING_GATED
from course_lib.experiments.cures import CURES_EXPERIMENT
from course_lib.experiments.equal_size import EQUAL_SIZE
from course_lib.experiments.experiment import Comparison, Experiment, Figure, Outcome, Run, compare, run_seeds
from course_lib.experiments.forget_gate import FORGET_GATE
from course_lib.experiments.storage import ResultError, Stored, load, save, settings_of
from course_lib.experiments.truncation import TRUNCATION

EXPERIMENTS: dict[str, Experiment[Any]] = {
    experiment.name: experiment
    for experiment in (
        CLIFF,
        ADDING,
        ADDING_IDENTITY,
        ADDING_GATED,
        COPYING,
        COPYING_GATED,
        FORGET_GATE,
        ABLATIONS,
        EQUAL_SIZE,
        CURES_EXPERIMENT,
        TRUNCATION,
    )
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
