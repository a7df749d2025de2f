"""Result 7: tanh network, GRU and LSTM at equal width and at equal numbers of parameters, with time and memory.

Chung et al. compare the three at equal numbers of parameters, on music and speech. Here the tasks are the adding and
the copy problem, at lengths on which minutes are enough. At equal width an LSTM has four times the parameters of a tanh
network, and a GRU three times. At equal parameters the others are made wider, to the most units whose parameters are
no more than the LSTM's. All have the same settings, the same number of updates, and read the same sequences.

A page reads the result as a table: :func:`sizes`.
"""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count, takewhile
from time import process_time
from typing import Any, NamedTuple

import numpy as np

from course_lib.experiments.cells import CELLS, TASKS, Cell, Task, Trained, judge, together, train_cell
from course_lib.experiments.experiment import REPLAYED, Experiment, Figure, Outcome, Run
from course_lib.experiments.fit import FitSettings
from course_lib.experiments.networks import from_weights, states, weights_of
from course_lib.nn import count_parameters

REPEATS = 15
"""Times that one pass is timed; the shortest counts."""


@dataclass(frozen=True, kw_only=True)
class EqualSizeSettings(FitSettings):
    """What decides a run.

    Attributes
    ----------
    T : int
        Steps of the adding problem.
    wait : int
        Of the copy problem.
    hidden : int
        Units of the LSTM, and of the others at equal width.
    """

    T: int = 50
    wait: int = 10
    hidden: int = 32
    updates: int = 1200
    batch_size: int = 32
    learning_rate: float = 5e-3
    held_out: int = 2000

    def of(self, task: str) -> FitSettings:
        """Return the settings of one task."""
        return self if task == "adding" else replace(self, T=self.wait)


class Contender(NamedTuple):
    """A network of one task.

    Attributes
    ----------
    task, cell : str
    hidden : int
    """

    task: str
    cell: str
    hidden: int


class Size(NamedTuple):
    """One network over all seeds.

    Attributes
    ----------
    task, label : str
    hidden : int
    parameters : int
        Of the recurrent layer and its head.
    error, lowest, highest : float
        On held-out sequences: mean, smallest and largest; squared error, or nats a step of the copy problem.
    milliseconds : float
        Processor time of one forward and backward pass over a batch: the shortest of all repeats.
    kilobytes : float
        What the forward pass keeps for the backward pass, of 1000 bytes.
    """

    task: str
    label: str
    hidden: int
    parameters: int
    error: float
    lowest: float
    highest: float
    milliseconds: float
    kilobytes: float


def most_units(cell: Cell, inputs: int, parameters: int) -> int:
    """Return the most units with which a layer of this cell has no more than so many parameters."""
    rng = np.random.default_rng(0)
    fitting = takewhile(lambda H: count_parameters(cell.start(inputs, H, rng)) <= parameters, count(1))
    return max(fitting)


def contenders(settings: EqualSizeSettings) -> dict[str, Contender]:
    """Return all networks by their names: three of equal width a task, and two made as large as the LSTM."""
    found = {}
    for name, task in TASKS.items():
        lstm = CELLS["lstm"].start(task.inputs, settings.hidden, np.random.default_rng(0))
        for kind, cell in CELLS.items():
            found[f"{name} {kind}"] = Contender(name, kind, settings.hidden)
            if kind != "lstm":
                wide = most_units(cell, task.inputs, count_parameters(lstm))
                found[f"{name} {kind} wide"] = Contender(name, kind, wide)
    return found


def sizes(runs: Sequence[Run], settings: EqualSizeSettings) -> list[Size]:
    """Put the seeds together: one line for each network."""
    lines = []
    for place, (name, one) in enumerate(contenders(settings).items()):
        errors = [run.outcome.figures[f"{name} error"] for run in runs]
        lines.append(
            Size(
                one.task,
                CELLS[one.cell].label,
                one.hidden,
                int(runs[0].outcome.figures[f"{name} parameters"]),
                statistics.fmean(errors),
                min(errors),
                max(errors),
                1000 * min(float(run.outcome.curves["seconds a pass"][place]) for run in runs),
                runs[0].outcome.figures[f"{name} kilobytes"],
            )
        )
    return lines


def held_out_figures(settings: EqualSizeSettings, weights: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Judge all networks from their weights alone, ``adding lstm.W_x`` and so on of any shape."""
    figures: dict[str, float] = {}
    for name, one in contenders(settings).items():
        recurrence = CELLS[one.cell].recurrence
        params = from_weights(weights_of(name, weights), recurrence)
        own = judge(TASKS[one.task], params, recurrence, settings.of(one.task))
        figures |= {f"{name} {what}": value for what, value in own.items()}
    return figures


def kept_bytes(params: Any, x: np.ndarray, cell: Cell) -> int:
    """Return what the forward pass over x (B, T, D) keeps for the backward pass, its inputs too, not its parameters."""
    _, cache = states(params, x, cell.recurrence)
    known = {id(array) for array in _arrays(params)}
    kept = {id(array): array for array in map(_owner, _arrays(cache)) if id(array) not in known}
    return sum(array.nbytes for array in kept.values())


def seconds_a_pass(task: Task, cell: Cell, params: Any, batch: Any) -> float:
    """Return the processor time of one forward and backward pass over a batch: the shortest of some."""
    times = []
    for _ in range(REPEATS):
        started = process_time()
        task.loss(params, batch.x, batch.y, cell.recurrence)
        times.append(process_time() - started)
    return min(times)


def train_and_weigh(one: Contender, settings: EqualSizeSettings, seed: int, progress: bool) -> tuple[Trained, float]:
    """Train one network; return what it gives and the seconds of a pass."""
    task, cell, own = TASKS[one.task], CELLS[one.cell], replace(settings.of(one.task), hidden=one.hidden)
    trained = train_cell(task, cell, own, seed, progress)
    params = from_weights(trained.weights, cell.recurrence)
    batch = task.draw(np.random.default_rng(0), own.batch_size, own.T)
    kilobytes = kept_bytes(params, batch.x, cell) / 1000
    seconds = seconds_a_pass(task, cell, params, batch)
    return trained._replace(figures={**trained.figures, "kilobytes": kilobytes}), seconds


def run(settings: EqualSizeSettings, seed: int, progress: bool = False) -> Outcome:
    """Train all networks, then judge and weigh them.

    Parameters
    ----------
    settings : EqualSizeSettings
    seed : int
        Of the first weights and, apart from them, of the training sequences.
    progress : bool

    Returns
    -------
    Outcome
        The curve ``seconds a pass`` has one point for each network.
    """
    found = {name: train_and_weigh(one, settings, seed, progress) for name, one in contenders(settings).items()}
    outcome = together({name: trained for name, (trained, _) in found.items()}, settings)
    seconds = np.array([seconds for _, seconds in found.values()])
    return outcome._replace(curves={**outcome.curves, "seconds a pass": seconds})


def _arrays(part: Any) -> Iterator[np.ndarray]:
    """Yield every array of a tuple, nested or not, of any shape."""
    if isinstance(part, tuple):
        for inner in part:
            yield from _arrays(inner)
    elif isinstance(part, np.ndarray):
        yield part


def _owner(array: np.ndarray) -> np.ndarray:
    """Return the array whose memory this one, of any shape, is a part of."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def _figures() -> tuple[Figure, ...]:
    """Return the error of every network, the LSTM of the adding problem first."""
    units = {"adding": "squared error", "copying": "nats a step"}
    named = contenders(EqualSizeSettings())
    ordered = sorted(named, key=lambda name: (named[name].task, named[name].cell != "lstm"))
    return tuple(
        Figure(
            f"{name} error",
            f"held-out {units[named[name].task]}, {named[name].task}: {CELLS[named[name].cell].label}, "
            f"{named[name].hidden} units",
            "gated units better, GRU comparable to LSTM",
        )
        for name in ordered
    )


EQUAL_SIZE = Experiment(
    name="equal-size",
    title="adding over 50 steps and copy after 10, three cells at equal width and at equal parameters",
    paper="chung2014",
    settings=EqualSizeSettings(),
    smoke={"T": 6, "wait": 2, "hidden": 4, "updates": 10, "held_out": 20, "point": 5},
    first={"updates": REPLAYED, "held_out": 1},
    seeds=(0, 1, 2),
    run=run,
    figures=_figures(),
    tolerance=5e-3,  # a last digit changed in the first weights moves these losses by up to 5e-4
    figures_of=held_out_figures,
)
