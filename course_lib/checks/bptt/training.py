"""Exercise 2.7: a training loop over chunks, up to a loss that is asked for."""

from typing import Any

import numpy as np
import torch

from course_lib.checks.bptt.hints import MISCONCEPTIONS
from course_lib.checks.bptt.truncation import torch_leaves
from course_lib.checks.exercise import Exercise, Inputs, Mistakes, judged_by, random_cases
from course_lib.checks.lent_backward import rnn_forward, states_of
from course_lib.checks.plain import Lent
from course_lib.checks.returns import Array, Several
from course_lib.checks.rnn.recurrence import draw_rnn
from course_lib.params import RNNParams

MOST = 4
"""Most passes over the sequence."""


def draw_training(rng: np.random.Generator, B: int, K: int, D: int, H: int) -> Inputs:
    """Draw a sequence whose targets another network gave, and a loss that descent reaches before it must stop."""
    T = 2 * K + 1
    x, h_0 = rng.normal(size=(B, T, D)), rng.uniform(-0.9, 0.9, (B, H))
    y = rnn_forward(x, h_0, draw_rnn(rng, D, H))
    inputs: Inputs = {"x": x, "y": y, "h_0": h_0, "params": draw_rnn(rng, D, H), "K": K, "eta": 0.3, "max_norm": 0.3}
    inputs |= {"target": 0.0, "most": MOST, "chunk_gradients": Lent("chunk_gradients"), "clip": Lent("clip")}
    _, losses = oracle_train_loop(**inputs)
    last = int(rng.integers(2, MOST)) - 1  # the pass that reaches the target, unless an earlier one did
    return {**inputs, "target": float((losses[last] + losses[:last].min()) / 2)}


def draw_training_without_end(rng: np.random.Generator, B: int, K: int, D: int, H: int) -> Inputs:
    """Draw a loss that is not reached: the loop ends after the most passes."""
    return {**draw_training(rng, B, K, D, H), "target": 0.0}


def oracle_train_loop(
    x: np.ndarray,
    y: np.ndarray,
    h_0: np.ndarray,
    params: RNNParams,
    K: int,
    eta: float,
    max_norm: float,
    target: float,
    most: int,
    chunk_gradients: Lent,
    clip: Lent,
) -> tuple[RNNParams, np.ndarray]:
    """Train in torch: autograd over each chunk, its norm over all parameters, plain descent."""
    leaves, losses = torch_leaves(params), [np.inf]
    inputs, targets = torch.tensor(x).split(K, dim=1), torch.tensor(y).split(K, dim=1)
    while losses[-1] > target and len(losses) <= most:
        h, reached = torch.tensor(h_0), list[float]()
        for x_chunk, y_chunk in zip(inputs, targets, strict=True):
            states = states_of(x_chunk, h.detach(), leaves)
            loss = torch.nn.functional.mse_loss(states, y_chunk)
            gradients = torch.autograd.grad(loss, leaves)
            norm = torch.linalg.vector_norm(torch.cat([gradient.ravel() for gradient in gradients]))
            scale = eta * min(1.0, max_norm / float(norm))
            with torch.no_grad():
                for leaf, gradient in zip(leaves, gradients, strict=True):
                    leaf -= scale * gradient
            h, reached = states[:, -1], [*reached, loss.item()]
        losses.append(float(np.mean(reached)))
    return RNNParams(*(leaf.detach().numpy() for leaf in leaves)), np.array(losses[1:])


def wrong_train_loop(
    mistakes: Mistakes,
    x: np.ndarray,
    y: np.ndarray,
    h_0: np.ndarray,
    params: RNNParams,
    K: int,
    eta: float,
    max_norm: float,
    target: float,
    most: int,
    chunk_gradients: Any,
    clip: Any,
) -> tuple[RNNParams, np.ndarray]:
    """Train, with switches."""
    start_params, h, losses, in_all = params, h_0, list[float](), list[float]()
    parts = range(0, x.shape[1] - (K - 1 if "drops-the-short-chunk" in mistakes else 0), K)
    chunks = [(x[:, first : first + K], y[:, first : first + K]) for first in parts]
    for _ in range(most):
        h = h if "carries-over-the-passes" in mistakes else h_0
        params, reached, h = wrong_pass(mistakes, chunks, h_0, h, params, eta, max_norm, chunk_gradients, clip)
        in_all += reached
        losses.append(wrong_loss(mistakes, in_all if "averages-over-all-passes" in mistakes else reached))
        if wrong_stop(mistakes, losses, target):
            break
    return start_params if "returns-the-first-params" in mistakes else params, np.array(losses)


def wrong_pass(
    mistakes: Mistakes,
    chunks: list[tuple[np.ndarray, np.ndarray]],
    h_0: np.ndarray,
    h: np.ndarray,
    params: RNNParams,
    eta: float,
    max_norm: float,
    chunk_gradients: Any,
    clip: Any,
) -> tuple[RNNParams, list[float], np.ndarray]:
    """Read the sequence once, with switches; return the parameters, the losses of the chunks and the last state."""
    at_end = {"updates-once-a-pass", "adds-clipped-gradients-up"} & mistakes
    h_start, reached, sent = h, list[float](), list[RNNParams]()
    for x, y in chunks:
        h = h_0 if "resets-the-state" in mistakes else h
        loss, gradients, h_end = chunk_gradients(x, y, h, params)
        clipped = wrong_clip(mistakes, gradients, max_norm, clip)
        sent.append(clipped if "adds-clipped-gradients-up" in mistakes else gradients)
        params = params if at_end else wrong_update(mistakes, params, clipped, eta)
        if "takes-the-loss-after-the-update" in mistakes:
            loss = chunk_gradients(x, y, h, params)[0]
        h = chunk_gradients(x, y, h, params)[2] if "carries-the-state-after-the-update" in mistakes else h_end
        reached.append(loss)
    if at_end:
        summed = RNNParams(*(np.sum(arrays, axis=0) for arrays in zip(*sent, strict=True)))
        clipped = summed if "adds-clipped-gradients-up" in mistakes else wrong_clip(mistakes, summed, max_norm, clip)
        params = wrong_update(mistakes, params, clipped, eta)
    if "reads-again-for-the-loss" in mistakes:
        reached = read_again(chunks, h_start, params, chunk_gradients)
    return params, reached, h


def read_again(
    chunks: list[tuple[np.ndarray, np.ndarray]], h: np.ndarray, params: RNNParams, chunk_gradients: Any
) -> list[float]:
    """Return the losses of the chunks with parameters that stay as they are."""
    reached = []
    for x, y in chunks:
        loss, _, h = chunk_gradients(x, y, h, params)
        reached.append(loss)
    return reached


def wrong_stop(mistakes: Mistakes, losses: list[float], target: float) -> bool:
    """Tell whether this was the last pass, with switches."""
    judged = losses[:-1] if "stops-one-pass-late" in mistakes else losses
    if not judged or "never-stops" in mistakes:
        return False
    return judged[-1] >= target if "stops-above-the-target" in mistakes else judged[-1] <= target


def wrong_update(mistakes: Mistakes, params: RNNParams, gradients: RNNParams, eta: float) -> RNNParams:
    """Take a step, with switches."""
    eta = -eta if "climbs" in mistakes else eta
    return RNNParams(*(array - eta * gradient for array, gradient in zip(params, gradients, strict=True)))


def wrong_clip(mistakes: Mistakes, gradients: RNNParams, max_norm: float, clip: Any) -> RNNParams:
    """Shorten the gradients, with switches."""
    if "does-not-clip" in mistakes:
        return gradients
    if "clips-each-array-alone" in mistakes:
        return RNNParams(*(array * min(1.0, max_norm / np.linalg.norm(array)) for array in gradients))
    if "always-has-the-largest-norm" in mistakes:
        norm = np.sqrt(sum(float((array**2).sum()) for array in gradients))
        return RNNParams(*(array * max_norm / norm for array in gradients))
    return clip(gradients, max_norm)


def wrong_loss(mistakes: Mistakes, reached: list[float]) -> float:
    """Return the loss of a pass, with switches."""
    if "adds-the-losses" in mistakes:
        return float(np.sum(reached))
    return reached[-1] if "keeps-the-last-loss" in mistakes else float(np.mean(reached))


PARAMS = Several((Array("W_xh", "(D, H)"), Array("W_hh", "(H, H)"), Array("b_h", "(H,)")), "params")
TRAINED = Several((PARAMS, Array("losses", "(passes,)")))
REACHED, ENDED = (random_cases(draw, B=4, K=(1, 3), D=2, H=5) for draw in (draw_training, draw_training_without_end))

train_loop = Exercise(
    number="2.7",
    call="train_loop(x, y, h_0, params, K, eta, max_norm, target, most, chunk_gradients, clip)",
    read="Train a character model",
    parts={
        "parameters": judged_by(TRAINED.only("params"), ENDED),
        "stops at the loss": REACHED,
    },
    oracle=oracle_train_loop,
    returns=TRAINED,
    wrong=wrong_train_loop,
    misconceptions=MISCONCEPTIONS["train_loop"],
)
