"""Exercise 5.5: the weights of ``torch.nn.GRU`` as parameters of ours."""

import numpy as np
import torch

from course_lib.checks.exercise import Exercise, Inputs, Mistakes, judged_by, random_cases
from course_lib.checks.gru.blocks import Blocks
from course_lib.checks.gru.conventions import PARAMS
from course_lib.checks.gru.hints import MISCONCEPTIONS
from course_lib.params import GRUParams

Loaded = tuple[np.ndarray, ...]


def draw_torch_weights(rng: np.random.Generator, D: int, H: int) -> Inputs:
    """Draw the arrays of a network as torch does: evenly, the less far from 0 the more units there are."""
    shapes = {"weight_ih": (3 * H, D), "weight_hh": (3 * H, H), "bias_ih": (3 * H,), "bias_hh": (3 * H,)}
    return {name: rng.uniform(-1, 1, shape) / np.sqrt(H) for name, shape in shapes.items()}


def oracle_from_torch(
    weight_ih: np.ndarray, weight_hh: np.ndarray, bias_ih: np.ndarray, bias_hh: np.ndarray
) -> GRUParams:
    """See what the two products of torch's cell do with one number at a time."""
    H = weight_hh.shape[1]
    w_ih, w_hh, b_ih, b_hh = map(torch.tensor, (weight_ih, weight_hh, bias_ih, bias_hh))
    linear, nothing = torch.nn.functional.linear, torch.zeros(1, H, dtype=b_ih.dtype)
    at_rest = linear(nothing, w_hh, b_hh)[0]  # what the state's product gives to a state of 0
    within_r = torch.arange(3 * H) >= 2 * H
    b = b_ih + torch.where(within_r, torch.zeros_like(at_rest), at_rest)
    W_x, W_h = (linear(torch.eye(weight.shape[1], dtype=b.dtype), weight) for weight in (w_ih, w_hh))
    return GRUParams(W_x.numpy(), W_h.numpy(), b.numpy(), at_rest[within_r].numpy())


def wrong_from_torch(
    mistakes: Mistakes, weight_ih: np.ndarray, weight_hh: np.ndarray, bias_ih: np.ndarray, bias_hh: np.ndarray
) -> Loaded:
    """Load the weights, with switches."""
    H = weight_hh.shape[1]
    W_x, W_h = weight_ih.T, weight_hh.T
    if "does-not-transpose" in mistakes:
        W_x, W_h = weight_ih, weight_hh
    if "reshapes-instead-of-transposing" in mistakes:
        W_x, W_h = weight_ih.reshape(W_x.shape), weight_hh.reshape(W_h.shape)
    if "swaps-the-two-matrices" in mistakes:
        W_x, W_h = W_h, W_x
    if "turns-each-block-round" in mistakes:
        W_h = np.hstack(np.split(weight_hh, 3, axis=0))
    b, b_hn = wrong_biases(mistakes, bias_ih, bias_hh, H)
    if "moves-z-to-the-front" in mistakes:
        z_r_n = np.concatenate([np.arange(H, 2 * H), np.arange(H), np.arange(2 * H, 3 * H)])
        W_x, W_h, b = W_x[..., z_r_n], W_h[..., z_r_n], b[z_r_n]
    if "mirrors-z" in mistakes:
        sign = np.repeat([1, -1, 1], H)
        W_x, W_h, b = W_x * sign, W_h * sign, b * sign
    return GRUParams(W_x, W_h, b, b_hn)


def wrong_biases(mistakes: Mistakes, bias_ih: np.ndarray, bias_hh: np.ndarray, H: int) -> Loaded:
    """Make two biases of torch's two, with switches."""
    if "takes-3H-for-H" in mistakes:
        return bias_ih + bias_hh, bias_hh[2 * len(bias_hh) :]
    both, b_xn, b_hn = bias_ih + bias_hh, bias_ih[2 * H :], bias_hh[2 * H :]
    if {"merges-all-biases", "counts-b_hn-twice", "puts-the-sum-in-both-places"} & mistakes:
        b_xn = both[2 * H :]
    if "swaps-the-two-biases" in mistakes:
        b_xn, b_hn = b_hn, b_xn
    if "takes-b_hn-from-the-front" in mistakes:
        b_hn = bias_hh[:H]
    if "takes-b_hn-from-bias_ih" in mistakes:
        b_hn = bias_ih[2 * H :]
    if "keeps-bias_hh-whole" in mistakes:
        b_hn = bias_hh
    if {"merges-all-biases", "drops-b_hn"} & mistakes:
        b_hn = np.zeros(H)
    if "puts-the-sum-in-both-places" in mistakes:
        b_hn = both[2 * H :]
    gates = bias_ih if "leaves-bias_hh-out-of-the-gates" in mistakes else both
    return np.concatenate([gates[: 2 * H], b_xn]), b_hn


CASES = random_cases(draw_torch_weights, D=3, H=(1, 5))

from_torch = Exercise(
    number="5.5",
    call="from_torch(weight_ih, weight_hh, bias_ih, bias_hh)",
    read="The cell, equations (5.1) and (5.2)",
    parts={
        "matrices": judged_by(Blocks(PARAMS, {"W_x": "rzn", "W_h": "rzn"}), CASES),
        "biases": judged_by(Blocks(PARAMS, {"b": "rzn", "b_hn": ""}), CASES),
    },
    oracle=oracle_from_torch,
    returns=PARAMS,
    wrong=wrong_from_torch,
    misconceptions=MISCONCEPTIONS["from_torch"],
    forbidden=("course_lib",),
)
