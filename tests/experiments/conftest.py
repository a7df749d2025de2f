"""An experiment of a millisecond, for the tests of storage and command."""

import sys
from dataclasses import dataclass
from itertools import count

import numpy as np
import pytest

from course_lib.experiments import Experiment, Figure, Outcome
from course_lib.training import ProgressBar


@dataclass(frozen=True)
class ToySettings:
    """What decides it."""

    updates: int = 40
    sizes: tuple[int, ...] = (2, 3)


def run(settings, seed, progress):
    rng = np.random.default_rng(seed)
    losses = 1 / np.arange(1, settings.updates + 1) + rng.uniform(0, 1e-3)
    with ProgressBar(settings.updates, sys.stderr if progress else None, clock=count(1).__next__) as bar:
        for done, loss in enumerate(losses, start=1):
            bar.show(done, loss)
    weights = {"W": rng.normal(size=settings.sizes).astype(np.float32)}
    return Outcome({"last": losses[-1]}, {"loss": losses[::10]}, {"net": losses[:20]}, weights)


@pytest.fixture
def toy():
    """Return an experiment with curves, losses and weights."""
    return Experiment(
        name="toy",
        title="a toy",
        paper="elman1990",
        settings=ToySettings(),
        smoke={"updates": 2},
        first={"updates": 20},
        seeds=(0, 1, 2),
        run=run,
        figures=(Figure("last", "last loss", "0.025"),),
        tolerance=1e-9,
    )
