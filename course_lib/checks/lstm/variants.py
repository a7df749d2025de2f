"""Exercises 4.7 and 4.8: a step with coupled gates, and one with peepholes."""

from typing import Any

import numpy as np
import torch

from course_lib.checks.exercise import Exercise, Inputs, Mistakes, judged_by, random_cases
from course_lib.checks.lent_lstm import torch_step
from course_lib.checks.lstm.hints import MISCONCEPTIONS
from course_lib.checks.lstm.steps import STATES, States, draw_lstm, draw_states, oracle_step, sigma
from course_lib.params import LSTMParams, PeepholeParams


def draw_coupled(rng: np.random.Generator, B: int, D: int, H: int) -> Inputs:
    """Draw one step of three blocks."""
    return {**draw_states(rng, B, D, H), "params": draw_lstm(rng, D, H, blocks=3)}


def oracle_coupled_step(x_t: np.ndarray, h_prev: np.ndarray, c_prev: np.ndarray, params: LSTMParams) -> States:
    """Give torch's plain cell an input gate that hears the opposite of what the forget gate hears."""
    H = len(params.W_h)
    four = LSTMParams(*(np.concatenate([-array[..., :H], array], axis=-1) for array in params))
    return oracle_step(x_t, h_prev, c_prev, four)


def wrong_coupled_step(
    mistakes: Mistakes, x_t: np.ndarray, h_prev: np.ndarray, c_prev: np.ndarray, params: LSTMParams
) -> tuple[Any, ...]:
    """Take one step with coupled gates, with switches."""
    a = x_t @ params.W_x + (0 if "ignores-h_prev" in mistakes else h_prev @ params.W_h)
    blocks = np.split(a if "omits-the-bias" in mistakes else a + params.b, 3, axis=1)
    if "takes-the-candidate-first" in mistakes:
        blocks = [blocks[k] for k in (1, 0, 2)]
    if "takes-the-candidate-last" in mistakes:
        blocks = [blocks[k] for k in (0, 2, 1)]
    f, o = sigma(blocks[0]), sigma(blocks[2])
    g = sigma(blocks[1]) if "squashes-g-with-sigma" in mistakes else np.tanh(blocks[1])
    i = f if "lets-in-with-f" in mistakes else 1 - f
    i = 1 - o if "couples-with-the-output-gate" in mistakes else i
    f, i = (1 - f, f) if "couples-the-other-way-round" in mistakes else (f, i)
    c_t = f * c_prev + (g if "leaves-the-input-gate-out" in mistakes else i * g)
    shown = c_t if "shows-c-without-tanh" in mistakes else np.tanh(c_t)
    h_t = shown if "leaves-the-output-gate-out" in mistakes else o * shown
    return (c_t, h_t) if "returns-c_t-first" in mistakes and len(mistakes) == 1 else (h_t, c_t)


def draw_peepholes(rng: np.random.Generator, B: int, D: int, H: int) -> Inputs:
    """Draw one step with peepholes."""
    peepholes = PeepholeParams(*rng.normal(0, 0.8, (3, H)))
    return {**draw_states(rng, B, D, H), "params": draw_lstm(rng, D, H), "peepholes": peepholes}


def oracle_peephole_step(
    x_t: np.ndarray, h_prev: np.ndarray, c_prev: np.ndarray, params: LSTMParams, peepholes: PeepholeParams
) -> States:
    """Feed the cells to torch's plain cell as further inputs: first those before the step, then those after it."""
    p_i, p_f, p_o = map(np.diag, peepholes)
    nothing = np.zeros_like(p_i)
    looks = np.block([[p_i, p_f, nothing, nothing], [nothing, nothing, nothing, p_o]])
    weights = tuple(map(torch.tensor, (np.concatenate([params.W_x, looks]), params.W_h, params.b)))
    h, c, before = map(torch.tensor, (h_prev, c_prev, np.concatenate([x_t, c_prev], axis=1)))
    _, c_t = torch_step(torch.cat([before, c], dim=1), h, c, weights)  # what o hears here does not reach c_t
    h_t, c_t = torch_step(torch.cat([before, c_t], dim=1), h, c, weights)
    return h_t.numpy(), c_t.numpy()


def wrong_peephole_step(
    mistakes: Mistakes,
    x_t: np.ndarray,
    h_prev: np.ndarray,
    c_prev: np.ndarray,
    params: LSTMParams,
    peepholes: PeepholeParams,
) -> tuple[Any, ...]:
    """Take one step with peepholes, with switches."""
    p_i, p_f, p_o = peepholes
    p_i, p_f = (p_f, p_i) if "swaps-p_i-and-p_f" in mistakes else (p_i, p_f)
    sums = x_t @ params.W_x + h_prev @ params.W_h + (0 if "omits-the-bias" in mistakes else params.b)
    a_i, a_f, a_g, a_o = np.split(sums, 4, axis=1)
    before = h_prev if "looks-at-h_prev" in mistakes else c_prev
    i, f = wrong_peephole(mistakes, a_i, before, p_i), wrong_peephole(mistakes, a_f, before, p_f)
    g = np.tanh(a_g + before * p_i if "lets-the-candidate-look" in mistakes else a_g)
    c_t = f * c_prev + i * g
    seen = c_prev if "lets-the-output-gate-see-the-cell-before" in mistakes else c_t
    seen = h_prev if "looks-at-h_prev" in mistakes else seen
    o = sigma(a_o) if "leaves-p_o-out" in mistakes else wrong_peephole(mistakes, a_o, seen, p_o)
    shown = c_t if "shows-c-without-tanh" in mistakes else np.tanh(c_t)
    return (c_t, o * shown) if "returns-c_t-first" in mistakes and len(mistakes) == 1 else (o * shown, c_t)


def wrong_peephole(mistakes: Mistakes, a: np.ndarray, cell: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Return a gate that looks at a cell, with switches."""
    cell = np.tanh(cell) if "looks-at-tanh-of-the-cell" in mistakes else cell
    look = cell * (1 if "looks-without-weights" in mistakes else p)
    if "adds-up-the-cells" in mistakes:
        look = look.sum(axis=1, keepdims=True)
    if "leaves-the-peepholes-out" in mistakes:
        look = np.zeros_like(look)
    return sigma(a) + look if "looks-after-sigma" in mistakes else sigma(a + look)


coupled_step = Exercise(
    number="4.7",
    call="coupled_step(x_t, h_prev, c_prev, params)",
    read="Variants, equation (4.14)",
    parts={
        name: judged_by(STATES.only(name), random_cases(draw_coupled, B=(1, 4), D=3, H=5)) for name in ("c_t", "h_t")
    },
    oracle=oracle_coupled_step,
    returns=STATES,
    wrong=wrong_coupled_step,
    misconceptions=MISCONCEPTIONS["coupled_step"],
    stretch=True,
)

peephole_step = Exercise(
    number="4.8",
    call="peephole_step(x_t, h_prev, c_prev, params, peepholes)",
    read="Variants, equation (4.13)",
    parts={
        name: judged_by(STATES.only(name), random_cases(draw_peepholes, B=(1, 4), D=3, H=5)) for name in ("c_t", "h_t")
    },
    oracle=oracle_peephole_step,
    returns=STATES,
    wrong=wrong_peephole_step,
    misconceptions=MISCONCEPTIONS["peephole_step"],
    stretch=True,
)
