"""One training loop for the NumPy models: Adam with gradients clipped by their global norm (chapter 01).

A run can stop early and can show how far it is (chapter 02):

    record = train(start, loss, batches, settings, stop=LossBelow(0.1, window=20), progress=True)
    print(record.steps, "updates:", record.stopped)
"""

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Generic, NamedTuple, TextIO, TypeVar

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
        Updates of the parameters, at most.
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


@dataclass(frozen=True)
class LossBelow:
    """A rule for :func:`train`: stop when the mean of the last losses falls below a number.

    Attributes
    ----------
    loss : float
        In the units of the loss.
    window : int, at least 1
        How many losses make the mean. One batch alone may be low by luck.
    """

    loss: float
    window: int = 50

    def __post_init__(self) -> None:
        """Refuse a mean of nothing and a number that nothing is below."""
        if self.window < 1:
            raise ValueError(f"window must be at least 1, got {self.window}")
        if math.isnan(self.loss):
            raise ValueError("loss must be a number, got nan")

    def __call__(self, losses: np.ndarray, _: Any) -> str:
        """Return why to stop after these losses (steps,), or an empty string."""
        if len(losses) < self.window or not losses[-self.window :].mean() < self.loss:  # a mean of nan is not below
            return ""
        return f"the mean of the last {self.window} losses fell below {self.loss:g}"


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
    gradient_norms : ndarray of shape (steps,)
        The global norm of each gradient, before clipping.
    stopped : str
        Why the run ended, in words.
    settings : TrainingSettings
        As they were given, the seed among them.
    """

    params: P
    losses: np.ndarray
    seconds: float
    gradient_norms: np.ndarray
    stopped: str
    settings: TrainingSettings

    @property
    def steps(self) -> int:
        """Updates that were made."""
        return len(self.losses)


class ProgressBar:
    """One line that says how far a run is, and is gone at the end.

    Use it around a loop, and call :meth:`show` after every step; it draws at most ten times a second.

        with ProgressBar(steps, sys.stderr) as bar:
            for step in range(steps):
                loss = ...
                bar.show(step + 1, loss)

    Parameters
    ----------
    steps : int, at least 1
        Steps of the whole run.
    stream : file open for text, optional
        Where to draw. Without one nothing is drawn.
    clock : callable
        Returns the time in seconds.
    """

    WIDTH = 24
    SECONDS_BETWEEN = 0.1

    def __init__(self, steps: int, stream: TextIO | None, clock: Callable[[], float] = perf_counter) -> None:
        self._steps, self._stream, self._clock = steps, stream, clock
        self._start = self._drawn = clock()
        self._length = 0

    def __enter__(self) -> "ProgressBar":
        return self

    def __exit__(self, *_: object) -> None:
        if self._length:
            self._write("")  # spaces over the line
            self._write("")  # and the cursor back to its start

    def show(self, step: int, loss: float) -> None:
        """Draw the line for `step` steps done and the loss of the last one, unless it was drawn a moment ago."""
        now = self._clock()
        if self._stream is None or now - self._drawn < self.SECONDS_BETWEEN:
            return
        self._drawn, speed = now, step / (now - self._start)
        done = self.WIDTH * step // self._steps
        bar = "#" * done + "-" * (self.WIDTH - done)
        left = (self._steps - step) / speed
        self._write(f"[{bar}] {step}/{self._steps}  loss {loss:.4g}  {speed:.3g} steps/s  {left:.0f} s left")

    def _write(self, line: str) -> None:
        """Put `line` in the place of the one before, with spaces over what that one had more."""
        if self._stream is not None:
            self._stream.write("\r" + line.ljust(self._length))
            self._stream.flush()
        self._length = len(line)


def train(
    params: P,
    loss_and_gradients: Callable[[P, Batch], tuple[float, P]],
    batches: Callable[[np.random.Generator], Batch],
    settings: TrainingSettings,
    stop: Callable[[np.ndarray, P], str] | None = None,
    progress: bool = False,
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
    stop : callable, optional
        Asked after every update: takes the losses so far, an ndarray of shape (steps,), and the parameters. It
        returns why to stop, or an empty string to go on. :class:`LossBelow` is one.
    progress : bool
        Show a :class:`ProgressBar` on the standard error stream.

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
    state, start, steps, stopped = optimiser.init(params), perf_counter(), 0, ""
    losses, norms = np.empty((2, settings.steps))
    with (
        threadpool_limits(limits=1, user_api="blas"),  # more threads slow small products up to forty-fold
        ProgressBar(settings.steps, sys.stderr if progress else None) as bar,
    ):
        while not stopped:
            losses[steps], gradients = loss_and_gradients(params, batches(rng))
            gradients, norms[steps] = clip_by_global_norm(gradients, settings.clip_norm)
            params, state = optimiser.step(params, gradients, state)
            steps += 1
            bar.show(steps, losses[steps - 1])
            stopped = stop(losses[:steps], params) if stop is not None else ""
            if not stopped and steps == settings.steps:
                stopped = f"all {steps} updates were made"
    seconds = perf_counter() - start
    return TrainingRecord(params, losses[:steps].copy(), seconds, norms[:steps].copy(), stopped, settings)
