"""Exercise 4.2: one step of an LSTM."""

from typing import Any

import numpy as np
import torch

from course_lib.checks.exercise import Exercise, Inputs, Mistakes, judged_by, random_cases
from course_lib.checks.lent_lstm import torch_step
from course_lib.checks.lstm.hints import MISCONCEPTIONS
from course_lib.checks.returns import Array, Several
from course_lib.params import LSTMParams

States = tuple[np.ndarray, np.ndarray]
NEAR_ZERO = 0.4


def sigma(a: np.ndarray) -> np.ndarray:
    """Squash into (0, 1)."""
    return 1 / (1 + np.exp(-a))


def draw_lstm(rng: np.random.Generator, D: int, H: int, blocks: int = 4) -> LSTMParams:
    """Draw parameters of so many blocks; no bias is near zero."""
    b = rng.choice((-1, 1), blocks * H) * rng.uniform(0.3, 1, blocks * H)
    return LSTMParams(rng.normal(0, 0.7, (D, blocks * H)), rng.normal(0, 0.7, (H, blocks * H)), b)


def draw_states(rng: np.random.Generator, B: int, D: int, H: int) -> Inputs:
    """Draw what a step reads: a hidden state in (-1, 1), and a cell state that need not be there."""
    return {
        "x_t": rng.normal(size=(B, D)),
        "h_prev": rng.uniform(-0.9, 0.9, (B, H)),
        "c_prev": rng.normal(0, 1.2, (B, H)),
    }


def draw_step(rng: np.random.Generator, B: int, D: int, H: int) -> Inputs:
    """Draw one step of an LSTM. The first number of c_t is quoted, and near 0 its tanh would look like rounding."""
    while True:
        inputs = {**draw_states(rng, B, D, H), "params": draw_lstm(rng, D, H)}
        if abs(oracle_step(**inputs)[1][0, 0]) > NEAR_ZERO:
            return inputs


def oracle_step(x_t: np.ndarray, h_prev: np.ndarray, c_prev: np.ndarray, params: LSTMParams) -> States:
    """Let torch's own cell take the step."""
    x, h, c, *weights = map(torch.tensor, (x_t, h_prev, c_prev, *params))
    h_t, c_t = torch_step(x, h, c, tuple(weights))
    return h_t.numpy(), c_t.numpy()


def wrong_step(
    mistakes: Mistakes, x_t: np.ndarray, h_prev: np.ndarray, c_prev: np.ndarray, params: LSTMParams
) -> tuple[Any, ...]:
    """Take one step, with switches."""
    heard = c_prev if "reads-c_prev-for-h_prev" in mistakes else h_prev
    a = x_t @ params.W_x + (0 if "ignores-h_prev" in mistakes else heard @ params.W_h)
    i, f, g, o = wrong_gates(mistakes, a if "omits-the-bias" in mistakes else a + params.b)
    c_t = wrong_cell(mistakes, i, f, g, h_prev if "keeps-h_prev-in-the-cell" in mistakes else c_prev)
    c_t = o * c_t if "multiplies-the-cell-by-the-output-gate" in mistakes else c_t
    shown = c_prev if "shows-the-cell-before" in mistakes else c_t
    shown = shown if "shows-c-without-tanh" in mistakes else np.tanh(shown)
    h_t = shown if "leaves-the-output-gate-out" in mistakes else o * shown
    h_t = c_t if "returns-the-cell-twice" in mistakes else h_t
    c_t = c_prev if "returns-the-cell-before" in mistakes else c_t
    # With another mistake it would explain one of the two results by what was never meant for it.
    return (c_t, h_t) if "returns-c_t-first" in mistakes and len(mistakes) == 1 else (h_t, c_t)


def wrong_gates(mistakes: Mistakes, a: np.ndarray) -> tuple[np.ndarray, ...]:
    """Cut the sums into blocks and squash them, with switches."""
    i, f, g, o = wrong_blocks(mistakes, a)
    if "swaps-sigma-and-tanh" in mistakes:
        return np.tanh(i), np.tanh(f), sigma(g), np.tanh(o)
    squash = np.tanh if "squashes-the-gates-with-tanh" in mistakes else sigma
    squash = sigma_turned if "turns-the-sign-in-sigma" in mistakes else squash
    squashed = sigma(g) if "squashes-g-with-sigma" in mistakes else np.tanh(g)
    squashed = np.tanh(sigma(g)) if "squashes-g-twice" in mistakes else squashed
    squashed = g if "does-not-squash-g" in mistakes else squashed
    i = i if "does-not-squash-i" in mistakes else squash(i)
    return i, squash(f), squashed, o if "does-not-squash-o" in mistakes else squash(o)


def sigma_turned(a: np.ndarray) -> np.ndarray:
    """Squash as somebody does who loses the minus in the exponent."""
    return sigma(-a)


def wrong_blocks(mistakes: Mistakes, a: np.ndarray) -> list[np.ndarray]:
    """Cut the sums into blocks, with switches."""
    B, H = len(a), a.shape[1] // 4
    blocks = [a[:, k::4] if "takes-every-fourth-column" in mistakes else a[:, k * H : (k + 1) * H] for k in range(4)]
    blocks = list(a.reshape(4, B, H)) if "reshapes-the-batch-into-blocks" in mistakes else blocks
    if "swaps-forget-and-input" in mistakes:
        blocks = [blocks[k] for k in (1, 0, 2, 3)]
    if "takes-the-candidate-second" in mistakes:
        blocks = [blocks[k] for k in (0, 2, 1, 3)]
    if "takes-the-candidate-last" in mistakes:
        blocks = [blocks[k] for k in (0, 1, 3, 2)]
    if "exchanges-forget-and-output" in mistakes:
        blocks = [blocks[k] for k in (0, 3, 2, 1)]
    return blocks


def wrong_cell(mistakes: Mistakes, i: np.ndarray, f: np.ndarray, g: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Put the cell together, with switches."""
    i = 1 - f if "couples-the-gates" in mistakes else i
    f = 1 - f if "takes-f-for-what-is-lost" in mistakes else f
    c_t = (kept if "never-forgets" in mistakes else f * kept) + (
        g if "leaves-the-input-gate-out" in mistakes else i * g
    )
    return np.tanh(c_t) if "squashes-the-cell" in mistakes else c_t


STATES = Several((Array("h_t", "(B, H)", between=(-1, 1)), Array("c_t", "(B, H)")))

lstm_step = Exercise(
    number="4.2",
    call="lstm_step(x_t, h_prev, c_prev, params)",
    read="The cell, equations (4.2) to (4.5)",
    parts={name: judged_by(STATES.only(name), random_cases(draw_step, B=(1, 4), D=3, H=5)) for name in ("c_t", "h_t")},
    oracle=oracle_step,
    returns=STATES,
    wrong=wrong_step,
    misconceptions=MISCONCEPTIONS["lstm_step"],
)
