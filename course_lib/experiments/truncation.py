r"""Result 12: what truncated backpropagation gets wrong, measured on a linear recurrence where it has a formula.

:math:`h_t = x_t + h_{t-1} W`, its gradients by the library's own truncated backward passes. "Truncated to K" means that
K steps share in the gradient of a loss: lags 0 to K - 1. The formulas are only compared with.
"""

from dataclasses import dataclass

import numpy as np

from course_lib.experiments.experiment import Experiment, Figure, Outcome
from course_lib.nn.bptt import chunked_backward, windowed_backward
from course_lib.nn.linear_recurrence import linear_recurrence, linear_slope
from course_lib.nn.rnn import RNNCache
from course_lib.params import RNNParams


@dataclass(frozen=True)
class TruncationSettings:
    """What decides the three curves.

    Attributes
    ----------
    lengths : tuple of int
        Truncation lengths K.
    memory_steps : int
        T of the pure memory.
    past_steps : int
        Steps before the losses of the unit at rest: w to the power of it must be nothing.
    w : float
        Recurrent weight of the one unit.
    units, matrix_steps : int
        Size and T of the matrix case.
    """

    lengths: tuple[int, ...] = (1, 2, 3, 5, 7, 10, 14, 20, 30, 40, 50, 70, 100)
    memory_steps: int = 100
    past_steps: int = 400
    w: float = 0.9
    units: int = 5
    matrix_steps: int = 30


def memory_error(K: int, w: float, T: int) -> float:
    """Return the relative error when one unit has to carry its first state to a loss at T: there is no input."""
    cache, dh = _unit(np.zeros(T), 1.0, w), _losses(T, at_last=1)
    return relative_error(_full(dh, cache), windowed_backward(dh, cache, K, linear_slope).dparams.W_hh)


def window_error(K: int, w: float, past: int) -> float:
    """Return the relative error of a loss that reaches back K steps, when a constant input holds the unit at rest."""
    T = past + K
    cache, dh = _unit(np.ones(T), 1 / (1 - w), w), _losses(T, at_last=1)
    return relative_error(_full(dh, cache), windowed_backward(dh, cache, K, linear_slope).dparams.W_hh)


def chunk_error(K: int, w: float, past: int) -> float:
    """Return the relative error of the last chunk of K steps with a loss at each, the unit held at rest."""
    T = (past // K + 2) * K  # whole chunks, and at least `past` steps before the last one
    cache, dh = _unit(np.ones(T), 1 / (1 - w), w), _losses(T, at_last=K)
    return relative_error(_full(dh, cache), chunked_backward(dh, cache, K, linear_slope).dparams.W_hh)


def relative_error(full: np.ndarray, truncated: np.ndarray) -> float:
    """Return the norm of the difference of two gradients (H, H), as a part of the norm of the full one."""
    return float(np.linalg.norm(full - truncated) / np.linalg.norm(full))


def matrix_difference(K: int, T: int, H: int, seed: int) -> float:
    r"""Return how far full minus truncated is from :math:`\sum_{k=1}^{T-K} h_{k-1}^\top g (W^\top)^{T-k}`.

    Parameters
    ----------
    K, T, H : int
        Truncation length, steps, units.
    seed : int
        Where the weights, the inputs and the gradient g of the loss at T start.

    Returns
    -------
    float
        As a part of the norm of the full gradient.
    """
    rng = np.random.default_rng(seed)
    W, x, h_0, g = (rng.normal(size=size) for size in ((H, H), (1, T, H), (1, H), H))
    W /= np.linalg.norm(W, 2)
    _, cache = linear_recurrence(x, h_0, RNNParams(np.eye(H), W, np.zeros(H)))
    dh = np.zeros((1, T, H))
    dh[0, -1] = g
    full, truncated = _full(dh, cache), windowed_backward(dh, cache, K, linear_slope).dparams.W_hh
    missing = np.zeros((H, H))
    for k in range(1, T - K + 1):
        missing += np.outer(cache.h[k - 1], g @ np.linalg.matrix_power(W.T, T - k))
    return float(np.linalg.norm(full - truncated - missing) / np.linalg.norm(full))


def run(settings: TruncationSettings, seed: int, progress: bool = False) -> Outcome:
    """Measure the three errors at every truncation length, and their largest distance from the formulas.

    Parameters
    ----------
    settings : TruncationSettings
    seed : int
        Only the matrix case is drawn.
    progress : bool
        There is nothing to show: it takes a moment.

    Returns
    -------
    Outcome
        Its curves are the three measured errors, and the lengths they belong to.
    """
    w, T = settings.w, settings.memory_steps
    K = np.array(settings.lengths)
    wanted = {"memory": 1 - K / T, "window": w**K, "chunks": w * (1 - w**K) / (K * (1 - w))}
    rows, matrix = [], [0.0]
    for length in settings.lengths:
        past = settings.past_steps
        rows.append((memory_error(length, w, T), window_error(length, w, past), chunk_error(length, w, past)))
        if length <= settings.matrix_steps:
            matrix.append(matrix_difference(length, settings.matrix_steps, settings.units, seed))
    curves = dict(zip(wanted, np.array(rows).T, strict=True))
    figures = {name: float(np.abs(curves[name] - wanted[name]).max()) for name in wanted} | {"matrix": max(matrix)}
    return Outcome(figures, curves | {"lengths": K}, {}, {})


def _unit(x: np.ndarray, h_0: float, w: float) -> RNNCache:
    """Run one linear unit over inputs x (T,)."""
    one = np.ones((1, 1))
    return linear_recurrence(x[None, :, None], h_0 * one, RNNParams(one, w * one, np.zeros(1)))[1]


def _losses(T: int, at_last: int) -> np.ndarray:
    """Return dh (1, T, 1) of one unit whose loss is the sum of its last states."""
    dh = np.zeros((1, T, 1))
    dh[:, -at_last:] = 1
    return dh


def _full(dh: np.ndarray, cache: RNNCache) -> np.ndarray:
    """Return dL/dW_hh (H, H), not truncated."""
    return chunked_backward(dh, cache, dh.shape[1], linear_slope).dparams.W_hh


_PAPER = "no number: truncation is shown to be biased"

TRUNCATION = Experiment(
    name="truncation",
    title="the bias of truncated backpropagation",
    paper="tallec2017",
    settings=TruncationSettings(),
    smoke={"lengths": (1, 5)},
    first={},
    seeds=(0, 1, 2),
    run=run,
    figures=(
        Figure("memory", "largest distance from 1 - K/T (pure memory)", _PAPER),
        Figure("window", "largest distance from w^K (window of K, at rest)", _PAPER),
        Figure("chunks", "largest distance from w(1 - w^K)/(K(1 - w)) (chunks of K, at rest)", _PAPER),
        Figure("matrix", "largest distance from the sum (5 units)", _PAPER),
    ),
    tolerance=1e-9,
)
