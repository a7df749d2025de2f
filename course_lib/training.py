"""One training loop for the NumPy models: Adam with gradients clipped by their global norm (chapter 01)."""

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
from threadpoolctl import threadpool_limits

from course_lib.nn.optim import Adam, clip_by_global_norm

P = TypeVar("P", bound=tuple[Any, ...])  # parameters: a NamedTuple or tuple of arrays, nested or not
Batch = TypeVar("Batch")  # whatever `batches` makes and `loss_and_gradients` takes


@dataclass(frozen=True)
class TrainingSettings:
    """What decides a training run, apart from the model and the data.

    Attributes
    ----------
    steps : int, at least 1
        Updates of the parameters.
    batch_size : int, at least 1
        Sequences in a batch. The function that makes batches reads it; the loop does not.
    learning_rate : float, above 0
    clip_norm : float, above 0
        Longest global norm of the gradients. ``math.inf`` turns clipping off.
    seed : int, at least 0
        Where the batches start.
    """

    steps: int
    batch_size: int = 32
    learning_rate: float = 1e-3
    clip_norm: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse a run that would do nothing; the optimiser checks its own settings."""
        for name in ("steps", "batch_size"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")


class TrainingRecord(NamedTuple, Generic[P]):
    """What :func:`train` returns.

    Attributes
    ----------
    params : NamedTuple or tuple of arrays
        After the last update.
    losses : ndarray of shape (steps,)
        The loss of each batch, before its update.
    seconds : float
        Wall time.
    """

    params: P
    losses: np.ndarray
    seconds: float


def train(
    params: P,
    loss_and_gradients: Callable[[P, Batch], tuple[float, P]],
    batches: Callable[[np.random.Generator], Batch],
    settings: TrainingSettings,
) -> TrainingRecord[P]:
    """Update `params` once for every batch. The same seed gives the same run.

    Parameters
    ----------
    params : NamedTuple or tuple of arrays, nested as you like
        Where to start. They are not changed.
    loss_and_gradients : callable
        Takes parameters and a batch, returns the loss and the gradients in the structure of the parameters.
    batches : callable
        Takes a random generator and returns the next batch.
    settings : TrainingSettings

    Returns
    -------
    TrainingRecord

    Raises
    ------
    ValueError
        If the gradients do not fit the parameters or stop being finite.
    """
    rng = np.random.default_rng(settings.seed)
    optimiser = Adam(settings.learning_rate)
    state, losses, start = optimiser.init(params), np.empty(settings.steps), perf_counter()
    with threadpool_limits(limits=1, user_api="blas"):  # more threads slow small products up to forty-fold
        for step in range(settings.steps):
            losses[step], gradients = loss_and_gradients(params, batches(rng))
            gradients, _ = clip_by_global_norm(gradients, settings.clip_norm)
            params, state = optimiser.step(params, gradients, state)
    return TrainingRecord(params, losses, perf_counter() - start)
