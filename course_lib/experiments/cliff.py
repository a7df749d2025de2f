r"""Result 1: a cliff in the error surface of a two-parameter recurrent unit, and what clipping does at it.

:math:`x_t = w\,\sigma(x_{t-1}) + b` from :math:`x_0 = 0.5`, with the error :math:`(\sigma(x_{50}) - 0.7)^2` at the
end. Thousands of starts descend at once: each is one entry of `w` and of `b`.
"""

import sys
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from course_lib.experiments.experiment import REPLAYED, Experiment, Figure, Outcome
from course_lib.nn.logistic import logistic
from course_lib.training import ProgressBar


@dataclass(frozen=True)
class CliffSettings:
    """What decides the descent.

    Attributes
    ----------
    starts : int
        Drawn evenly from `w_range` and `b_range`.
    updates : int
    learning_rate : float
    clip_norm : float
        Longest gradient (dE/dw, dE/db) of the clipped descent.
    steps : int
        Time steps of the unit.
    target : float
        What the unit's last output should be.
    solved_below : float
        Error under which a start counts as solved.
    w_range, b_range : pair of float
    """

    starts: int = 5000
    updates: int = 500
    learning_rate: float = 0.5
    clip_norm: float = 1.0
    steps: int = 50
    target: float = 0.7
    solved_below: float = 1e-3
    w_range: tuple[float, float] = (4.0, 8.0)
    b_range: tuple[float, float] = (-4.0, -1.5)


class Slope(NamedTuple):
    """The error of a unit and its gradient.

    Attributes
    ----------
    error : ndarray of the shape of w and b
    dw, db : ndarray of the same shape
    """

    error: np.ndarray
    dw: np.ndarray
    db: np.ndarray


class Descent(NamedTuple):
    """Where the starts of a descent were, update by update.

    Attributes
    ----------
    w, b : ndarray of shape (updates + 1, starts)
    error : ndarray of shape (updates + 1, starts)
    """

    w: np.ndarray
    b: np.ndarray
    error: np.ndarray


def error_surface(w: np.ndarray, b: np.ndarray, settings: CliffSettings | None = None) -> np.ndarray:
    """Return the error of every unit.

    Parameters
    ----------
    w, b : ndarray of one shape
        Any number of units, for example a grid.
    settings : CliffSettings, optional

    Returns
    -------
    ndarray of the shape of w and b, in [0, 1]

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    return slope(w, b, settings or CliffSettings()).error


def slope(w: np.ndarray, b: np.ndarray, settings: CliffSettings) -> Slope:
    r"""Return error and gradient, with the derivatives carried forward beside the state.

    :math:`\mathrm dx_t/\mathrm dw = \sigma(x_{t-1}) + w\,\sigma'(x_{t-1})\,\mathrm dx_{t-1}/\mathrm dw`, and the same
    with 1 in place of the first term for b.

    Parameters
    ----------
    w, b : ndarray of one shape
    settings : CliffSettings

    Returns
    -------
    Slope of arrays of the same shape

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    w, b = np.asarray(w, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if w.shape != b.shape:
        raise ValueError(f"w and b must have one shape, got {w.shape} and {b.shape}")
    x, dx_dw, dx_db = np.full_like(w, 0.5), np.zeros_like(w), np.zeros_like(w)
    for _ in range(settings.steps):
        output = logistic(x)
        growth = w * output * (1 - output)  # above 1 only where w is above 4
        dx_dw = output + growth * dx_dw
        dx_db = 1 + growth * dx_db
        x = w * output + b
    output = logistic(x)
    off = output - settings.target
    dx = 2 * off * output * (1 - output)
    return Slope(off**2, dx * dx_dw, dx * dx_db)


def descend(w: np.ndarray, b: np.ndarray, clip_norm: float, settings: CliffSettings, progress: bool = False) -> Descent:
    """Follow the gradient from every start.

    Parameters
    ----------
    w, b : ndarray of shape (starts,)
    clip_norm : float, above 0
        Longest gradient of a start; ``inf`` turns clipping off.
    settings : CliffSettings
    progress : bool
        Show a bar on the standard error stream.

    Returns
    -------
    Descent

    Raises
    ------
    ValueError
        If `clip_norm` is not above 0, or if w and b are not of one shape (starts,).
    """
    if not clip_norm > 0:  # nan is not above 0 either
        raise ValueError(f"clip_norm must be above 0, got {clip_norm}")
    if np.ndim(w) != 1:
        raise ValueError(f"w must have the shape (starts,), got {np.shape(w)}")
    updates = settings.updates
    path = Descent(*(np.empty((updates + 1, len(w))) for _ in range(3)))
    with ProgressBar(updates + 1, sys.stderr if progress else None) as bar:
        for update in range(updates + 1):
            error, dw, db = slope(w, b, settings)
            path.w[update], path.b[update], path.error[update] = w, b, error
            bar.show(update + 1, float(error.mean()))
            with np.errstate(divide="ignore"):  # no gradient, no scale: a step of nothing
                step = settings.learning_rate * np.minimum(1, clip_norm / np.hypot(dw, db))
            w, b = w - step * dw, b - step * db
    return path


def draw_starts(settings: CliffSettings, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return w and b, each of shape (starts,), drawn evenly from their ranges."""
    rng = np.random.default_rng(seed)
    return rng.uniform(*settings.w_range, settings.starts), rng.uniform(*settings.b_range, settings.starts)


def run(settings: CliffSettings, seed: int, progress: bool = False) -> Outcome:
    """Descend from the same starts without and with clipping, and count those that arrive.

    Parameters
    ----------
    settings : CliffSettings
    seed : int
    progress : bool

    Returns
    -------
    Outcome
        Its curves are the shares solved after each update, in percent; its losses are means over the starts.
    """
    w, b = draw_starts(settings, seed)
    figures: dict[str, float] = {}
    curves, losses = {}, {}
    for name, clip_norm in {"unclipped": np.inf, "clipped": settings.clip_norm}.items():
        path = descend(w, b, clip_norm, settings, progress)
        thrown = np.maximum(abs(path.w[-1] - w), abs(path.b[-1] - b)) > 50
        solved = 100 * np.mean(path.error < settings.solved_below, axis=1)
        figures |= {name: float(solved[-1]), f"{name} thrown": float(100 * thrown.mean())}
        curves[name], losses[name] = solved, path.error[:REPLAYED].mean(axis=1)
    return Outcome(figures, curves, losses, {})


CLIFF = Experiment(
    name="cliff",
    title="a cliff in the error surface",
    paper="pascanu2013",
    settings=CliffSettings(),
    smoke={"starts": 200, "updates": 60},
    first={"updates": REPLAYED},
    seeds=(0, 1, 2),
    run=run,
    figures=(
        Figure("clipped", "starts solved with the norm clipped at 1 (%)", "no number: Fig. 6 draws paths"),
        Figure("unclipped", "starts solved without clipping (%)", "no number: Fig. 6 draws paths"),
        Figure("unclipped thrown", "starts thrown more than 50 away without clipping (%)", "no number"),
        Figure("clipped thrown", "starts thrown more than 50 away with clipping (%)", "no number"),
    ),
    tolerance=1e-6,  # a last digit changed in every start moves these means by up to 2e-11
)
