"""Exercises 4.7 and 4.8: a step with coupled gates, and one with peepholes."""

from typing import Any

import numpy as np
import torch

from course_lib.checks.exercise import Exercise, Inputs, Mistakes, judged_by, random_cases
from course_lib.checks.lent_lstm import torch_step
from course_lib.checks.lstm.hints import MISCONCEPTIONS
from course_lib.checks.lstm.steps import STATES, States, draw_lstm, draw_states, oracle_step, sigma
from course_lib.checks.plain import Plain
from course_lib.checks.suspects import closest
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
    mistakes: Mistakes,
    x_t: np.ndarray,
    h_prev: np.ndarray,
    c_prev: np.ndarray,
    params: LSTMParams,
    mine: Plain = None,
) -> tuple[Any, ...]:
    """Take one step with coupled gates, with switches; of other orders of the blocks the one that leads to ``mine``."""
    orders = OTHER_ORDERS if "takes-another-order-of-blocks" in mistakes else (order_of_blocks(mistakes),)
    return closest([wrong_in_one_order(mistakes, x_t, h_prev, c_prev, params, order) for order in orders], mine)


OTHER_ORDERS = ((2, 1, 0), (1, 2, 0), (2, 0, 1))
"""The orders of three blocks that have no name of their own."""


def order_of_blocks(mistakes: Mistakes) -> tuple[int, ...]:
    """Return which block is taken for f, which for g and which for o, with switches."""
    if "takes-the-candidate-first" in mistakes:
        return 1, 0, 2
    return (0, 2, 1) if "takes-the-candidate-last" in mistakes else (0, 1, 2)


def wrong_in_one_order(
    mistakes: Mistakes,
    x_t: np.ndarray,
    h_prev: np.ndarray,
    c_prev: np.ndarray,
    params: LSTMParams,
    order: tuple[int, ...],
) -> tuple[Any, ...]:
    """Take one step with coupled gates and blocks in this order, with the other switches."""
    heard = c_prev if "reads-c_prev-for-h_prev" in mistakes else h_prev
    a = x_t @ params.W_x + (0 if "ignores-h_prev" in mistakes else heard @ params.W_h)
    a = a if "omits-the-bias" in mistakes else a + params.b
    if "cuts-four-blocks" in mistakes:
        blocks = np.split(a, 4, axis=1)[1:]
    elif "takes-every-third-column" in mistakes:
        blocks = [a[:, k::3] for k in order]
    else:
        blocks = [np.split(a, 3, axis=1)[k] for k in order]
    squash = np.tanh if "squashes-the-gates-with-tanh" in mistakes else sigma
    f, o = squash(blocks[0]), squash(blocks[2])
    i = squash(1 - blocks[0]) if "takes-1-minus-the-sum" in mistakes else 1 - f
    c_t = wrong_coupled_cell(mistakes, i, f, wrong_candidate(mistakes, blocks[1]), o, h_prev, c_prev)
    return wrong_shown(mistakes, c_prev, c_t, o)


def wrong_candidate(mistakes: Mistakes, a: np.ndarray) -> np.ndarray:
    """Turn a sum into the candidate, with switches."""
    if "does-not-squash-g" in mistakes:
        return a
    squashed = sigma(a) if {"squashes-g-with-sigma", "squashes-g-twice"} & mistakes else np.tanh(a)
    return np.tanh(squashed) if "squashes-g-twice" in mistakes else squashed


def wrong_coupled_cell(
    mistakes: Mistakes,
    i: np.ndarray,
    f: np.ndarray,
    g: np.ndarray,
    o: np.ndarray,
    h_prev: np.ndarray,
    c_prev: np.ndarray,
) -> np.ndarray:
    """Put the cell together, with switches."""
    i = f if "lets-in-with-f" in mistakes else i
    i = 1 - o if "couples-with-the-output-gate" in mistakes else i
    f, i = (1 - f, f) if "couples-the-other-way-round" in mistakes else (f, i)
    before = h_prev if "keeps-h_prev-in-the-cell" in mistakes else c_prev
    kept = before if "never-forgets" in mistakes else f * before
    if "misses-the-brackets" in mistakes:
        return kept + 1 - f * g
    c_t = kept + (g if "leaves-the-input-gate-out" in mistakes else i * g)
    return np.tanh(c_t) if "squashes-the-cell" in mistakes else c_t


def wrong_shown(mistakes: Mistakes, c_prev: np.ndarray, c_t: np.ndarray, o: np.ndarray) -> tuple[Any, ...]:
    """Return both states, with switches."""
    shown = c_prev if "shows-the-cell-before" in mistakes else c_t
    shown = shown if "shows-c-without-tanh" in mistakes else np.tanh(shown)
    h_t = shown if "leaves-the-output-gate-out" in mistakes else o * shown
    h_t = c_t if "returns-the-cell-twice" in mistakes else h_t
    # With another mistake it would explain one of the two results by what was never meant for it.
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
    sums = x_t @ params.W_x + (0 if "ignores-h_prev" in mistakes else h_prev @ params.W_h)
    a_i, a_f, a_g, a_o = np.split(sums if "omits-the-bias" in mistakes else sums + params.b, 4, axis=1)
    a_i, a_f = (a_f, a_i) if "swaps-forget-and-input" in mistakes else (a_i, a_f)
    a_g, a_o = (a_o, a_g) if "takes-the-candidate-last" in mistakes else (a_g, a_o)
    p_i, p_f = wrong_pair(mistakes, p_i, p_f)
    before = h_prev if "looks-at-h_prev" in mistakes else c_prev
    i, f = wrong_peephole(mistakes, a_i, before, p_i), wrong_peephole(mistakes, a_f, before, p_f)
    g = wrong_candidate(mistakes, a_g + before * p_i if "lets-the-candidate-look" in mistakes else a_g)
    c_t = f * c_prev + i * g
    seen = c_prev if "lets-the-output-gate-see-the-cell-before" in mistakes else c_t
    seen = h_prev if "looks-at-h_prev" in mistakes else seen
    o = sigma(a_o) if "leaves-p_o-out" in mistakes else wrong_peephole(mistakes, a_o, seen, p_o)
    return wrong_shown(mistakes, c_prev, c_t, o)


def wrong_pair(mistakes: Mistakes, p_i: np.ndarray, p_f: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the peepholes of input and forget gate, with switches."""
    if "swaps-p_i-and-p_f" in mistakes:
        return p_f, p_i
    p_i = 0 * p_i if "leaves-p_i-out" in mistakes else p_i
    return p_i, 0 * p_f if "leaves-p_f-out" in mistakes else p_f


def wrong_peephole(mistakes: Mistakes, a: np.ndarray, cell: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Return a gate that looks at a cell, with switches."""
    cell = np.tanh(cell) if "looks-at-tanh-of-the-cell" in mistakes else cell
    if "multiplies-by-the-whole-row" in mistakes:
        return sigma(a + cell @ p)
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
