"""The form of every reproduced result: what is declared, what a run gives back, and how seeds are put together.

An experiment is declared, not programmed: settings, a function ``run(settings, seed, progress)``, and the figures that
stand beside the paper's. Listing, storing and replaying are the same for all of them.
"""

import dataclasses
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import process_time
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TextIO, TypeVar

import numpy as np
from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

REPLAYED = 20
"""Updates whose losses are stored one by one, and run again when a stored result is tested."""


S = TypeVar("S", bound="DataclassInstance")  # settings: a frozen dataclass, all that decides a run but its seed


class Outcome(NamedTuple):
    """What one seed gives.

    Attributes
    ----------
    figures : mapping of str to float
        The numbers that are compared with the paper's.
    curves : mapping of str to ndarray of shape (n,)
        What a page draws.
    losses : mapping of str to ndarray of shape (20,)
        The loss before each of the first updates, for each network; empty where nothing is trained.
    weights : mapping of str to ndarray of any shape
        What `figures` can be computed from again; empty where that takes no weights.
    """

    figures: Mapping[str, float]
    curves: Mapping[str, np.ndarray]
    losses: Mapping[str, np.ndarray]
    weights: Mapping[str, np.ndarray]


class Run(NamedTuple):
    """An outcome, its seed, and how long it took.

    Attributes
    ----------
    seed : int
    seconds : float
        Processor time, with one thread. Waiting is not in it, but another load makes it longer too: read seconds of one
        run against each other.
    outcome : Outcome
    """

    seed: int
    seconds: float
    outcome: Outcome


@dataclass(frozen=True)
class Figure:
    """A number of ours, and what the paper says about it.

    Attributes
    ----------
    name : str
        Its name among the figures of an outcome.
    what : str
        What it measures, with its unit.
    paper : str
        The paper's figure; a sentence where the paper draws or proves and gives no number.
    """

    name: str
    what: str
    paper: str


class Comparison(NamedTuple):
    """One line of the table of results: a figure, the paper's and ours over the seeds.

    Attributes
    ----------
    what, paper : str
        Of its :class:`Figure`.
    ours, lowest, highest : float
        Mean, smallest and largest over the seeds.
    """

    what: str
    paper: str
    ours: float
    lowest: float
    highest: float


@dataclass(frozen=True)
class Experiment(Generic[S]):
    """A result of a paper, and how it is run again.

    Attributes
    ----------
    name : str
        Of the command and of the stored files.
    title : str
    paper : str
        A key of ``book/references.bib``.
    settings : frozen dataclass
        Of the stored result.
    smoke : mapping of str to values
        The settings that a run of about a second has instead.
    first : mapping of str to values
        The settings that a run of the first updates alone has instead.
    seeds : tuple of int
    run : callable
        Takes settings, a seed, and whether to show a progress bar.
    figures : tuple of Figure
        The headline first.
    tolerance : float
        Relative difference that a replay on another machine may show: floating-point sums differ in their order.
    figures_of : callable, optional
        Takes settings and the weights of an outcome, computes figures from them alone.
    """

    name: str
    title: str
    paper: str
    settings: S
    smoke: Mapping[str, Any]
    first: Mapping[str, Any]
    seeds: tuple[int, ...]
    run: Callable[[S, int, bool], Outcome]
    figures: tuple[Figure, ...]
    tolerance: float
    figures_of: Callable[[S, Mapping[str, np.ndarray]], dict[str, float]] | None = None

    def short(self) -> S:
        """Return settings of about a second, which run the same code."""
        return dataclasses.replace(self.settings, **self.smoke)


def run_seeds(experiment: Experiment[S], settings: S, seeds: Sequence[int], stream: TextIO | None = None) -> list[Run]:
    """Run an experiment once for every seed, with one BLAS thread.

    Parameters
    ----------
    experiment : Experiment
    settings : frozen dataclass
    seeds : sequence of int
    stream : text file, optional
        Where to say which seed runs and what it gave; with a progress bar if it is a terminal.

    Returns
    -------
    list of Run
    """
    runs = []
    for seed in seeds:
        if stream is not None:
            print(f"{experiment.name}, seed {seed} …", file=stream, flush=True)
        started = process_time()
        with threadpool_limits(limits=1, user_api="blas"):  # the order of sums, and so the result, depends on it
            outcome = experiment.run(settings, seed, stream is not None and stream.isatty())
        runs.append(Run(seed, process_time() - started, outcome))
        if stream is not None:
            first = experiment.figures[0]
            said = f"{runs[-1].seconds:.1f} s, {first.what}: {outcome.figures[first.name]:.4g}"
            print(f"{experiment.name}, seed {seed}: {said}", file=stream, flush=True)
    return runs


def compare(figures: Sequence[Figure], runs: Sequence[Run]) -> list[Comparison]:
    """Put the paper's figures beside the mean and the extremes of ours."""
    rows = []
    for figure in figures:
        ours = [float(run.outcome.figures[figure.name]) for run in runs]
        rows.append(Comparison(figure.what, figure.paper, statistics.fmean(ours), min(ours), max(ours)))
    return rows
