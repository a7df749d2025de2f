"""What experiments that train a network have in common: their settings, one loop, a curve short enough to store."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from course_lib.experiments.networks import Network
from course_lib.training import TrainingRecord, TrainingSettings, train

Batch = TypeVar("Batch")
Stop = Callable[[np.ndarray, Network[Any]], str]


@dataclass(frozen=True, kw_only=True)
class FitSettings:
    """What decides how a network is trained.

    Attributes
    ----------
    T : int
        Of the task.
    hidden : int
    updates : int
        At most.
    batch_size : int
    learning_rate, clip_norm : float
    held_out : int
        Sequences of the test, the same for every network and every seed.
    point : int
        Updates whose losses are averaged to one point of the stored curve.
    """

    T: int
    hidden: int
    updates: int
    batch_size: int
    learning_rate: float = 1e-3
    clip_norm: float = 1.0
    held_out: int
    point: int = 50


def fit(
    params: Network[Any],
    loss: Callable[[Network[Any], Batch], tuple[float, Network[Any]]],
    draw: Callable[[np.random.Generator, int, int], Batch],
    settings: FitSettings,
    seed: int,
    progress: bool,
    stop: Stop | None = None,
) -> TrainingRecord[Network[Any]]:
    """Train a network on sequences that are drawn afresh for every update.

    Parameters
    ----------
    params : Network[Any]
    loss : callable
        Takes parameters and a batch, returns the loss and the gradients.
    draw : callable
        Takes a generator, a batch size and T.
    settings : FitSettings
    seed : int
        Of the sequences.
    progress : bool
    stop : callable, optional
        As :func:`course_lib.training.train` takes it.

    Returns
    -------
    TrainingRecord
    """
    return train(
        params,
        loss,
        lambda rng: draw(rng, settings.batch_size, settings.T),
        TrainingSettings(settings.updates, settings.batch_size, settings.learning_rate, settings.clip_norm, seed),
        stop=stop,
        progress=progress,
    )


def points(losses: np.ndarray, settings: FitSettings) -> np.ndarray:
    """Average losses (updates,) over whole groups of `settings.point` updates; shape (groups,)."""
    groups = len(losses) // settings.point
    averages: np.ndarray = losses[: groups * settings.point].reshape(groups, settings.point).mean(axis=1)
    return averages
