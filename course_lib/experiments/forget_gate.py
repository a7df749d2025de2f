"""Result 5: the forget gate and its first bias, on the adding problem, beside how much a cell keeps.

An LSTM without a forget gate and LSTMs with three first biases of the gate read the same sequences, from the same
other numbers. At rest a cell keeps the share sigma(b)^n after n steps. What a network keeps while it reads is measured,
before training and after it: the product of its forget gates, and the total effect of the first cell on a later one,
which also runs through the gates.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from course_lib.experiments.adding_gated import updates_until
from course_lib.experiments.cells import CELLS, TASKS, Cell, judge_all, together, train_cell, variant_cell
from course_lib.experiments.experiment import REPLAYED, Experiment, Figure, Outcome
from course_lib.experiments.fit import FitSettings
from course_lib.experiments.networks import as_float32, from_weights
from course_lib.nn import LSTMCache, LSTMVariant, init_lstm, lstm_forward
from course_lib.params import LSTMParams

BIASES = (0.0, 1.0, 2.0)
NO_GATE = "no forget gate"
LOOKED_AT = 100
"""Held-out sequences on which the forget gates are looked at."""


def _with_bias(bias: float) -> Cell:
    """Return an LSTM whose forget gates start from a bias."""
    return Cell(f"bias {bias:g}", partial(init_lstm, forget_bias=bias), CELLS["lstm"].recurrence)


GATES = {
    NO_GATE: variant_cell("no forget gate", LSTMVariant(forget_gate=False)),
    **{f"bias {bias:g}": _with_bias(bias) for bias in BIASES},
}


@dataclass(frozen=True, kw_only=True)
class ForgetGateSettings(FitSettings):
    """What decides a run.

    Attributes
    ----------
    solved_below : float
        The problem counts as solved once the mean of 100 losses is below it. Training goes on.
    """

    T: int = 50
    hidden: int = 32
    updates: int = 1200
    batch_size: int = 32
    learning_rate: float = 1e-2
    held_out: int = 5000
    solved_below: float = 0.005


def kept_by_gates(params: LSTMParams, x: np.ndarray) -> np.ndarray:
    """Return the product of the forget gates over the first n steps of x (B, T, D), for n = 1 ... T.

    It is the geometric mean over sequences and units, of shape (T,): of numbers so far apart, another mean would show
    the largest alone.
    """
    f = _states(params, x)[1].gates.f  # (T, B, H)
    with np.errstate(divide="ignore"):  # a gate that is 0 in float32 keeps nothing
        kept: np.ndarray = np.exp(np.log(f.astype(np.float64)).mean(axis=(1, 2)).cumsum())
    return kept


def kept_in_all(params: LSTMParams, x: np.ndarray, rng: np.random.Generator, step: float = 1e-4) -> np.ndarray:
    """Return how long a small change of the first cell is after n steps of x (B, T, D), for n = 1 ... T.

    The change has a random direction; its length is 1 at the start. All paths count, those through the gates too. The
    geometric mean over the sequences, of shape (T,). Below about 1e-11 it is rounding: a cell's last digit over `step`.
    """
    exact = LSTMParams(*(array.astype(np.float64) for array in params))
    direction = rng.normal(size=(len(x), len(exact.W_h)))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    up, down = (_states(exact, x, sign * step * direction)[1].c[1:] for sign in (1, -1))  # (T, B, H) each
    length = np.linalg.norm(up - down, axis=2) / (2 * step)  # (T, B)
    with np.errstate(divide="ignore"):  # a change that is lost in rounding has no length
        kept: np.ndarray = np.exp(np.log(length).mean(axis=1))
    return kept


def _states(params: LSTMParams, x: np.ndarray, c_0: np.ndarray | None = None) -> tuple[np.ndarray, LSTMCache]:
    """Run x (B, T, D) from a state of zeros and a cell c_0 (B, H), zeros if left out; return states and cache."""
    W_h = params.W_h
    h_0 = np.zeros((len(x), len(W_h)), W_h.dtype)
    h, _, cache = lstm_forward(x.astype(h_0.dtype), h_0, h_0 if c_0 is None else c_0, params)
    return h, cache


def retention(cell: Cell, trained: LSTMParams, settings: ForgetGateSettings, seed: int) -> dict[str, np.ndarray]:
    """Return what a network keeps over n steps at its start and after training, curves of shape (T,).

    Its start is drawn again, as :func:`course_lib.experiments.cells.train_cell` drew it.
    """
    task = TASKS["adding"]
    x = task.draw(np.random.default_rng(task.held_out_seed), LOOKED_AT, settings.T).x
    start = as_float32(cell.start(task.inputs, settings.hidden, np.random.default_rng([seed, 0])))
    found = {}
    for when, params in {"start": start, "trained": trained}.items():
        found[f"gates {when}"] = kept_by_gates(params, x)
        found[f"in all {when}"] = kept_in_all(params, x, np.random.default_rng(seed))
    return found


def run(settings: ForgetGateSettings, seed: int, progress: bool = False) -> Outcome:
    """Train all networks, judge them, and measure what they keep.

    Parameters
    ----------
    settings : ForgetGateSettings
    seed : int
        Of the first weights and, apart from them, of the training sequences.
    progress : bool

    Returns
    -------
    Outcome
        With the curves ``bias 1 gates start``, ``bias 1 in all start``, the same with ``trained``, and so for every
        bias: what is kept after 1 ... T steps. The figures ``bias 1 kept start`` and ``bias 1 kept trained`` are the
        mean share that a gate keeps at one step, to be read beside sigma(1).
    """
    trained = {name: train_cell(TASKS["adding"], cell, settings, seed, progress) for name, cell in GATES.items()}
    outcome = together(trained, settings)
    figures, curves = dict(outcome.figures), dict(outcome.curves)
    for name, cell in GATES.items():
        figures[f"{name} solved"] = float(updates_until(trained[name].losses, settings.solved_below))
        if name != NO_GATE:
            params = from_weights(trained[name].weights, cell.recurrence).rnn
            kept = retention(cell, params, settings, seed)
            curves |= {f"{name} {what}": curve for what, curve in kept.items()}
            for when in ("start", "trained"):
                figures[f"{name} kept {when}"] = float(kept[f"gates {when}"][-1] ** (1 / settings.T))
    return outcome._replace(figures=figures, curves=curves)


_PAPER = "no number for this task"
_TABLE_1 = {
    NO_GATE: "arithmetic (Table 1): 0.293 right, plain LSTM 0.892",
    "bias 1": "arithmetic (Table 1): 0.902 right, plain LSTM 0.892",
}

FORGET_GATE = Experiment(
    name="forget-gate",
    title="the forget gate and its first bias, on the adding problem over 50 steps",
    paper="jozefowicz2015",
    settings=ForgetGateSettings(),
    smoke={"T": 10, "hidden": 6, "updates": 10, "held_out": 20, "point": 5},
    first={"updates": REPLAYED, "held_out": 1},
    seeds=(0, 1, 2, 3, 4),
    run=run,
    figures=(
        *(
            Figure(f"{name} error", f"held-out squared error: {cell.label}", _TABLE_1.get(name, _PAPER))
            for name, cell in GATES.items()
        ),
        *(
            Figure(f"{name} solved", f"updates until the mean of 100 losses is below 0.005: {cell.label}", _PAPER)
            for name, cell in GATES.items()
        ),
        *(
            Figure(
                f"bias {bias:g} kept start",
                f"share that a forget gate keeps at one step, before training: bias {bias:g}",
                f"at rest σ({bias:g}) = {1 / (1 + np.exp(-bias)):.4f}",
            )
            for bias in BIASES
        ),
        *(
            Figure(
                f"bias {bias:g} kept trained",
                f"share that a forget gate keeps at one step, after training: bias {bias:g}",
                _PAPER,
            )
            for bias in BIASES
        ),
    ),
    tolerance=1e-2,  # a last digit changed in the first weights moves these losses by up to 2e-3
    figures_of=partial(judge_all, task=TASKS["adding"], cells=GATES),
)
