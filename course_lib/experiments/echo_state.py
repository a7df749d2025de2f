"""An echo state network for the temporal order problem: settings are tried, and validation data chooses."""

import itertools
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from course_lib.data.temporal_order import CLASSES, INPUTS, temporal_order_batch
from course_lib.nn import linear
from course_lib.nn.reservoir import Reservoir, new_reservoir, ridge_readout, run_reservoir
from course_lib.params import HeadParams

AT_ONCE = 1000
"""Sequences that a reservoir reads together."""


@dataclass(frozen=True, kw_only=True)
class EchoSettings:
    """What decides the choice.

    Attributes
    ----------
    scales, radii, leaks, lams : tuple of float
        Input scales, spectral radii, leaks and ridge penalties to try, each with each.
    solved_for, validated_on : int
        Sequences that a readout is solved for and chosen on.
    """

    scales: tuple[float, ...] = (0.1, 1.0)
    radii: tuple[float, ...] = (0.9, 1.1)
    leaks: tuple[float, ...] = (1.0, 0.3, 0.1)
    lams: tuple[float, ...] = (1e-6, 1e-4, 1e-2)
    solved_for: int = 4000
    validated_on: int = 1000


class EchoState(NamedTuple):
    """A reservoir, its readout, and with what they were made.

    Attributes
    ----------
    reservoir : Reservoir
    head : HeadParams
    scale, radius, leak, lam : float
    tried : int
        Combinations that it was chosen from.
    """

    reservoir: Reservoir
    head: HeadParams
    scale: float
    radius: float
    leak: float
    lam: float
    tried: int


def choose_echo_state(settings: EchoSettings, T: int, H: int, seed: int) -> EchoState:
    """Solve for a readout with every combination of settings; keep the first with the fewest wrong on validation data.

    Parameters
    ----------
    settings : EchoSettings
    T, H : int
        Steps and units.
    seed : int
        Of the reservoirs and, apart from them, of the sequences.

    Returns
    -------
    EchoState
    """
    rng = np.random.default_rng(seed)
    seen, unseen = (temporal_order_batch(rng, n, T) for n in (settings.solved_for, settings.validated_on))
    targets, found = np.eye(len(CLASSES))[seen.y], []
    for scale, radius, leak in itertools.product(settings.scales, settings.radii, settings.leaks):
        reservoir = new_reservoir(INPUTS, H, radius, np.random.default_rng([seed, 0]), scale)
        S, S_unseen = (last_states(reservoir, batch.x, leak) for batch in (seen, unseen))
        for lam in settings.lams:
            head = ridge_readout(S, targets, lam)
            wrong = share_wrong(linear(S_unseen, *head), unseen.y)
            found.append((wrong, EchoState(reservoir, head, scale, radius, leak, lam, tried=0)))
    _, best = min(found, key=lambda pair: pair[0])
    return best._replace(tried=len(found))


def last_states(reservoir: Reservoir, x: np.ndarray, leak: float) -> np.ndarray:
    """Return the states (B, H) in which sequences x (B, T, 6) leave a reservoir that starts from zeros."""
    parts = np.split(x, range(AT_ONCE, len(x), AT_ONCE))
    h_0 = np.zeros((AT_ONCE, len(reservoir.b)))
    return np.concatenate([run_reservoir(part, h_0[: len(part)], reservoir, leak)[:, -1] for part in parts])


def share_wrong(s: np.ndarray, y: np.ndarray) -> float:
    """Return the share of wrong answers of logits s (B, 4) for classes y (B,)."""
    return float(np.mean(s.argmax(axis=1) != y))
