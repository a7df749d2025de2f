"""Exercise 5.2: the same network in the other convention of z."""

import numpy as np
import torch

from course_lib.checks.exercise import Exercise, Inputs, Mistakes, judged_by, random_cases
from course_lib.checks.gru.blocks import Blocks
from course_lib.checks.gru.hints import MISCONCEPTIONS
from course_lib.checks.gru.steps import draw_gru
from course_lib.checks.plain import Plain, same
from course_lib.checks.returns import Array, Several
from course_lib.params import GRUParams

PARAMS = Several((Array("W_x", "(D, 3H)"), Array("W_h", "(H, 3H)"), Array("b", "(3H,)"), Array("b_hn", "(H,)")))


def draw_params(rng: np.random.Generator, D: int, H: int) -> Inputs:
    """Draw the parameters of a network."""
    return {"params": draw_gru(rng, D, H)}


def oracle_mirrored(params: GRUParams) -> GRUParams:
    """Ask for 1 - z where one number at a time goes in, and find the weights that give it."""
    W_x, W_h, b = map(torch.tensor, params[:3])
    (D, _), H = W_x.shape, len(W_h)
    one_at_a_time = torch.cat([torch.zeros(1, D + H, dtype=b.dtype), torch.eye(D + H, dtype=b.dtype)])
    a = torch.addmm(b, one_at_a_time, torch.cat([W_x, W_h]))
    z = slice(H, 2 * H)
    a[:, z] = torch.logit(1 - torch.sigmoid(a[:, z]))
    weights = (a[1:] - a[0]).numpy()
    return GRUParams(weights[:D], weights[D:], a[0].numpy(), params.b_hn)


def wrong_mirrored(mistakes: Mistakes, params: GRUParams, mine: Plain = None) -> GRUParams:
    """Turn the z blocks round, with switches; where ``mine`` has a changed array, nothing was not what was changed."""
    if mine is not None and not same(mine, tuple(params)):
        mistakes = mistakes - {"changes-nothing"}
    W_x, W_h, b, b_hn = (np.array(array) for array in params)
    H = len(W_h)
    block = slice(0, H) if "negates-r" in mistakes else slice(H, 2 * H)
    block = slice(H, H + 1) if "negates-one-column" in mistakes else block
    block = slice(2 * H, 3 * H) if "negates-n" in mistakes else block
    block = slice(0, 3 * H) if "negates-every-block" in mistakes else block
    block = slice(H, 3 * H) if "negates-z-and-n" in mistakes else block
    block = slice(0, 2 * H) if "negates-both-gates" in mistakes else block
    if not {"negates-the-bias-only", "leaves-W_x-as-it-is", "changes-nothing"} & mistakes:
        negate(W_x, block, "negates-rows" in mistakes)
    if not {"negates-the-bias-only", "leaves-W_h-as-it-is", "changes-nothing"} & mistakes:
        negate(W_h, block, "negates-rows" in mistakes)
    if not {"leaves-b-as-it-is", "changes-nothing"} & mistakes:
        b[block] *= -1
    if "negates-b_hn-too" in mistakes:
        b_hn = -b_hn
    if "takes-1-minus-the-weights" in mistakes:
        for array in (W_x, W_h, b):
            array[..., block] += 1  # they are negative by now
    if "swaps-r-and-z" in mistakes:
        W_x, W_h, b = (in_order(array, (1, 0, 2)) for array in params[:3])
    if "swaps-z-and-n" in mistakes:
        W_x, W_h, b = (in_order(array, (0, 2, 1)) for array in params[:3])
    return GRUParams(W_x, W_h, b, b_hn)


def negate(weights: np.ndarray, block: slice, rows: bool) -> None:
    """Turn the sign of columns, or of the rows that have their numbers, if there are any."""
    weights[block if rows else (slice(None), block)] *= -1


def in_order(array: np.ndarray, order: tuple[int, ...]) -> np.ndarray:
    """Put the three blocks into another order."""
    blocks = np.split(array, 3, axis=-1)
    return np.concatenate([blocks[k] for k in order], axis=-1)


CASES = random_cases(draw_params, D=3, H=(1, 5))

mirrored = Exercise(
    number="5.2",
    call="mirrored(params)",
    read="Two conventions, one network, equation (5.5)",
    parts={
        "matrices": judged_by(Blocks(PARAMS, {"W_x": "rzn", "W_h": "rzn"}), CASES),
        "biases": judged_by(Blocks(PARAMS, {"b": "rzn", "b_hn": ""}), CASES),
    },
    oracle=oracle_mirrored,
    returns=PARAMS,
    wrong=wrong_mirrored,
    misconceptions=MISCONCEPTIONS["mirrored"],
)
