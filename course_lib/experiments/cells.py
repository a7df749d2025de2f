"""The cells that are compared, the tasks they are compared on, and one training of one of them."""

from collections.abc import Callable, Mapping
from time import process_time
from typing import Any, NamedTuple

import numpy as np

from course_lib.data import adding, copying
from course_lib.experiments.experiment import REPLAYED, Outcome
from course_lib.experiments.fit import FitSettings, Stop, fit, points
from course_lib.experiments.networks import (
    GRU,
    LSTM,
    TANH,
    Network,
    Recurrence,
    as_weights,
    from_weights,
    last_answers,
    squared_error,
    step_loss,
    step_losses,
    weights_of,
    with_head,
)
from course_lib.nn import LSTMVariant, LSTMVariantCache, init_gru, init_lstm, variant_backward, variant_forward
from course_lib.nn.init import orthogonal_rnn
from course_lib.params import LSTMParams, LSTMVariantParams, PeepholeParams


class Cell(NamedTuple):
    """A recurrent layer by its name in a table, its first parameters and its passes.

    Attributes
    ----------
    label : str
    start : callable
        Takes input size, hidden size and a generator; returns the first parameters.
    recurrence : Recurrence
    """

    label: str
    start: Callable[[int, int, np.random.Generator], Any]
    recurrence: Recurrence


CELLS = {
    "tanh": Cell("tanh", orthogonal_rnn, TANH),
    "gru": Cell("GRU", init_gru, GRU),
    "lstm": Cell("LSTM", init_lstm, LSTM),
}
"""All with orthogonal recurrent blocks; the LSTM with forget bias 1."""


def variant_cell(label: str, variant: LSTMVariant, forget_bias: float = 1.0) -> Cell:
    """Return a variant of the LSTM as a cell.

    Its peepholes start at 0, so all variants start from the same numbers. What a variant has no use for is kept, and
    never trained.
    """

    def start(D: int, H: int, rng: np.random.Generator) -> LSTMVariantParams:
        return LSTMVariantParams(init_lstm(D, H, rng, forget_bias), PeepholeParams(*np.zeros((3, H))))

    def forward(x: np.ndarray, h_0: np.ndarray, params: LSTMVariantParams) -> tuple[np.ndarray, LSTMVariantCache]:
        h, _, cache = variant_forward(x, h_0, np.zeros_like(h_0), params, variant)
        return h, cache

    def kind(W_x: np.ndarray, W_h: np.ndarray, b: np.ndarray, *peepholes: np.ndarray) -> LSTMVariantParams:
        return LSTMVariantParams(LSTMParams(W_x, W_h, b), PeepholeParams(*peepholes))

    return Cell(
        label, start, Recurrence(forward, variant_backward, kind, (*LSTMParams._fields, *PeepholeParams._fields))
    )


class Task(NamedTuple):
    """What a network is trained to do.

    Attributes
    ----------
    inputs, outputs : int
        Sizes of a step and of an answer.
    draw : callable
        Takes a generator, a batch size and T; returns a batch of x and y.
    loss : callable
        Takes a network, x, y and a recurrence; returns the loss and its gradients.
    judge : callable
        Takes a network, x, y, a recurrence and T; returns the figures of held-out sequences, ``error`` first.
    held_out_seed : int
    """

    inputs: int
    outputs: int
    draw: Callable[[np.random.Generator, int, int], Any]
    loss: Callable[[Network[Any], np.ndarray, np.ndarray, Recurrence], tuple[float, Network[Any]]]
    judge: Callable[[Network[Any], np.ndarray, np.ndarray, Recurrence, int], dict[str, float]]
    held_out_seed: int


def _judge_sums(params: Network[Any], x: np.ndarray, y: np.ndarray, recurrence: Recurrence, _: int) -> dict[str, float]:
    """Return the squared error on x (B, T, 2) and y (B,), and the percentage that is wrong by the rule of 1997."""
    answers = last_answers(params, x, recurrence)[:, 0].astype(np.float64)
    return {"error": float(np.mean((answers - y) ** 2)), "wrong": 100 * adding.share_wrong_1997(answers, y)}


def _judge_copies(
    params: Network[Any], x: np.ndarray, y: np.ndarray, recurrence: Recurrence, T: int
) -> dict[str, float]:
    """Return the loss on x (B, T + 20, 10) and y (B, T + 20) in nats a step, and what that means."""
    error = step_loss(params, x, y, recurrence)
    return {
        "error": error,
        "symbols": copying.symbols_remembered(error, T),
        "from baseline": 100 * (error / copying.baselines(T).loss - 1),
    }


TASKS = {
    "adding": Task(2, 1, adding.adding_batch, squared_error, _judge_sums, 1997),
    "copying": Task(copying.INPUTS, copying.CLASSES, copying.copying_batch, step_losses, _judge_copies, 2016),
}


class Trained(NamedTuple):
    """What one training of one network gives; its parts become those of an outcome, with a name before them.

    Attributes
    ----------
    figures : mapping of str to float
    losses : ndarray of shape (updates,)
    weights : mapping of str to ndarray of any shape
    seconds : float
        Processor time of the training alone.
    """

    figures: Mapping[str, float]
    losses: np.ndarray
    weights: Mapping[str, np.ndarray]
    seconds: float


def train_cell(
    task: Task,
    cell: Cell,
    settings: FitSettings,
    seed: int,
    progress: bool,
    stop: Stop | None = None,
    loss: Callable[[Network[Any], Any], tuple[float, Network[Any]]] | None = None,
) -> Trained:
    """Train one network from its first weights, and judge it on the held-out sequences.

    Parameters
    ----------
    task : Task
    cell : Cell
    settings : FitSettings
    seed : int
        Of the first weights and, apart from them, of the training sequences.
    progress : bool
    stop : callable, optional
        As :func:`course_lib.training.train` takes it.
    loss : callable, optional
        Takes a network and a batch; in place of the loss of the task.

    Returns
    -------
    Trained
        With the figures of the task, ``updates``, ``sequences`` and ``parameters``: the numbers that training changed.
    """
    rng = np.random.default_rng([seed, 0])
    rnn = cell.start(task.inputs, settings.hidden, rng)
    first = with_head(rnn, settings.hidden, task.outputs, rng)
    started = process_time()
    record = fit(
        first,
        loss or (lambda params, batch: task.loss(params, batch.x, batch.y, cell.recurrence)),
        task.draw,
        settings,
        seed,
        progress,
        stop,
    )
    seconds, before, weights = process_time() - started, as_weights(first), as_weights(record.params)
    figures = judge(task, record.params, cell.recurrence, settings) | {
        "updates": float(record.steps),
        "sequences": float(record.steps * settings.batch_size),
        "parameters": float(sum((array != before[name]).sum() for name, array in weights.items())),
    }
    return Trained(figures, record.losses, weights, seconds)


def judge(task: Task, params: Network[Any], recurrence: Recurrence, settings: FitSettings) -> dict[str, float]:
    """Return the figures of a network on the held-out sequences, the same for every network and every seed."""
    batch = task.draw(np.random.default_rng(task.held_out_seed), settings.held_out, settings.T)
    return task.judge(params, batch.x, batch.y, recurrence, settings.T)


def judge_all(
    settings: FitSettings, weights: Mapping[str, np.ndarray], task: Task, cells: Mapping[str, Cell]
) -> dict[str, float]:
    """Judge several networks from their weights alone.

    Parameters
    ----------
    settings : FitSettings
    weights : mapping of str to ndarray of any shape
        Of a network ``NAME.W_x`` and so on, as :func:`together` names them.
    task : Task
    cells : mapping of str to Cell
        By the names of the networks.

    Returns
    -------
    dict
        The figures of the task for each network, behind its name.
    """
    figures: dict[str, float] = {}
    for name, cell in cells.items():
        params = from_weights(weights_of(name, weights), cell.recurrence)
        own = judge(task, params, cell.recurrence, settings)
        figures |= {f"{name} {what}": value for what, value in own.items()}
    return figures


def together(trained: Mapping[str, Trained], settings: FitSettings) -> Outcome:
    """Put several networks into one outcome: the figures, curves, losses and weights of each behind its name.

    The curve ``seconds`` has one point for each, in their order. Seconds are no figure, for the same seed gives the
    same figures.
    """
    figures = {f"{name} {what}": value for name, one in trained.items() for what, value in one.figures.items()}
    curves = {name: points(one.losses, settings) for name, one in trained.items()}
    curves["seconds"] = np.array([one.seconds for one in trained.values()])
    losses = {name: one.losses[:REPLAYED] for name, one in trained.items()}
    weights = {f"{name}.{key}": array for name, one in trained.items() for key, array in one.weights.items()}
    return Outcome(figures, curves, losses, weights)
