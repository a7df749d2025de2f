"""Results 2 and 3: the adding problem, where a tanh network learns nothing and an identity start solves it.

Two numbers of a hundred are marked, and the answer is their sum. Whoever always answers 1 has a squared error of 1/6.
Both networks are judged on the same held-out sequences.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from course_lib.data.adding import AddingBatch, adding_batch, baselines, share_wrong_1997
from course_lib.experiments.experiment import REPLAYED, Experiment, Figure, Outcome
from course_lib.experiments.fit import FitSettings, fit, points
from course_lib.experiments.networks import (
    RELU,
    TANH,
    Network,
    Recurrence,
    as_weights,
    from_weights,
    last_answers,
    squared_error,
    with_head,
)
from course_lib.nn.init import identity_rnn, uniform_rnn
from course_lib.params import RNNParams
from course_lib.training import LossBelow

HELD_OUT_SEED = 1997


@dataclass(frozen=True, kw_only=True)
class AddingSettings(FitSettings):
    """What decides a run.

    Attributes
    ----------
    stop_below : float
        A run ends once the mean of 100 losses is below it.
    """

    T: int = 100
    hidden: int = 64
    updates: int = 12_000
    batch_size: int = 32
    learning_rate: float = 2e-3
    held_out: int = 20_000  # the mean is then known to 0.8 % (one standard deviation) where the answer is 1
    stop_below: float = 0.005


def held_out(settings: AddingSettings) -> AddingBatch:
    """Return the sequences that no network has seen: x (held_out, T, 2) and y (held_out,)."""
    return adding_batch(np.random.default_rng(HELD_OUT_SEED), settings.held_out, settings.T)


def held_out_figures(
    settings: AddingSettings, weights: Mapping[str, np.ndarray], recurrence: Recurrence
) -> dict[str, float]:
    """Judge a network on the held-out sequences.

    Parameters
    ----------
    settings : AddingSettings
    weights : mapping of str to ndarray of any shape
        As :func:`course_lib.experiments.networks.as_weights` returns them.
    recurrence : Recurrence

    Returns
    -------
    dict
        The squared error, how far it is from 1/6 in percent, and the percentage that is wrong by the rule of 1997.
    """
    params, batch = from_weights(weights), held_out(settings)
    answers = last_answers(params, batch.x, recurrence)[:, 0].astype(np.float64)
    error = float(np.mean((answers - batch.y) ** 2))
    return {
        "error": error,
        "from 1/6": 100 * (error / baselines().predict_mean - 1),
        "wrong": 100 * share_wrong_1997(answers, batch.y),
    }


def run(
    settings: AddingSettings,
    seed: int,
    progress: bool = False,
    *,
    start: Callable[[int, int, np.random.Generator], RNNParams],
    recurrence: Recurrence,
) -> Outcome:
    """Train one network, then judge it.

    Parameters
    ----------
    settings : AddingSettings
    seed : int
        Of the first weights and, apart from them, of the training sequences.
    progress : bool
    start : callable
        Takes input size, hidden size and a generator; returns the first parameters of the recurrent layer.
    recurrence : Recurrence

    Returns
    -------
    Outcome
    """

    def loss(params: Network[Any], batch: AddingBatch) -> tuple[float, Network[Any]]:
        return squared_error(params, *batch, recurrence)

    rng = np.random.default_rng([seed, 0])
    first = with_head(start(2, settings.hidden, rng), settings.hidden, 1, rng)
    record = fit(first, loss, adding_batch, settings, seed, progress, LossBelow(settings.stop_below, window=100))
    weights = as_weights(record.params)
    figures = held_out_figures(settings, weights, recurrence)
    figures |= {"updates": float(record.steps), "sequences": float(record.steps * settings.batch_size)}
    losses = record.losses
    return Outcome(figures, {"loss": points(losses, settings)}, {"network": losses[:REPLAYED]}, weights)


_SMOKE = {"T": 10, "hidden": 8, "updates": 60, "held_out": 1500, "point": 20}
_FIRST = {"updates": REPLAYED, "held_out": 1}
_LSTM = "its LSTM: 74 000 (Table 7)"

ADDING = Experiment(
    name="adding",
    title="the adding problem over 100 steps, tanh network",
    paper="hochreiter1997",
    settings=AddingSettings(updates=5000),  # more than any identity start needs
    smoke=_SMOKE,
    first=_FIRST,
    seeds=(0, 1, 2),
    run=partial(run, start=uniform_rnn, recurrence=TANH),
    figures=(
        Figure("from 1/6", "held-out error above that of always answering 1 (%)", "no tanh network in the paper"),
        Figure("error", "held-out squared error", "answering 1: 1/6"),
        Figure("wrong", "held-out answers wrong by the rule of 1997 (%)", "no tanh network in the paper"),
        Figure("sequences", "training sequences, unsolved", _LSTM),
    ),
    tolerance=1e-4,  # a last digit changed in the first weights moves these losses by up to 1e-6
    figures_of=partial(held_out_figures, recurrence=TANH),
)

ADDING_IDENTITY = Experiment(
    name="adding-identity",
    title="the adding problem over 100 steps, ReLU network that starts from the identity",
    paper="le2015",
    settings=AddingSettings(),
    smoke=_SMOKE,
    first=_FIRST,
    seeds=(0, 1, 2),
    run=partial(run, start=identity_rnn, recurrence=RELU),
    figures=(
        Figure("error", "held-out squared error", "no number: it draws curves"),
        Figure("sequences", "training sequences until solved", f"{_LSTM}, by another rule"),
        Figure("updates", "updates until the mean of 100 losses is below 0.005", "no number: it draws curves"),
        Figure("wrong", "held-out answers wrong by the rule of 1997 (%)", "no number: it draws curves"),
    ),
    tolerance=1e-3,  # a last digit changed in the first weights moves these losses by up to 3e-5
    figures_of=partial(held_out_figures, recurrence=RELU),
)
