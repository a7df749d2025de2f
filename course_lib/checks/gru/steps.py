"""Exercises 5.1 and 5.3: one step of a GRU that resets after the matrix product, and of one that resets before it."""

from typing import Any

import numpy as np
import torch

from course_lib.checks.exercise import Exercise, Inputs, Mistakes, random_cases
from course_lib.checks.gru.hints import MISCONCEPTIONS
from course_lib.checks.returns import Array
from course_lib.params import GRUBeforeParams, GRUParams

Blocks = tuple[Any, Any, Any]
"""Three blocks (B, H): r, z, n."""


def draw_gru(rng: np.random.Generator, D: int, H: int) -> GRUParams:
    """Draw parameters that leave all gates half open and none of their terms out."""
    W_x, W_h, b = rng.normal(0, 0.7, (D, 3 * H)), rng.normal(0, 0.7, (H, 3 * H)), rng.normal(0, 0.7, 3 * H)
    return GRUParams(W_x, W_h, b, rng.normal(0, 0.7, H))


def draw_step(rng: np.random.Generator, B: int, D: int, H: int) -> Inputs:
    """Draw the inputs of one step."""
    return {"x_t": rng.normal(size=(B, D)), "h_prev": rng.uniform(-0.9, 0.9, (B, H)), "params": draw_gru(rng, D, H)}


def draw_before_step(rng: np.random.Generator, B: int, D: int, H: int) -> Inputs:
    """Draw the inputs of one step of the form that has no second bias."""
    drawn = draw_step(rng, B, D, H)
    return {**drawn, "params": GRUBeforeParams(*drawn["params"][:3])}


def torch_weights(params: GRUParams) -> tuple[torch.Tensor, ...]:
    """Arrange our parameters as torch does: (w_ih, w_hh, b_ih, b_hh)."""
    W_x, W_h, b, b_hn = (torch.as_tensor(array) for array in params)
    return W_x.T, W_h.T, b, torch.cat([torch.zeros_like(b[: -len(b_hn)]), b_hn])


def oracle_step(x_t: np.ndarray, h_prev: np.ndarray, params: GRUParams) -> np.ndarray:
    """Let torch's own cell take the step."""
    return torch.gru_cell(torch.tensor(x_t), torch.tensor(h_prev), *torch_weights(params)).numpy()


def oracle_before_step(x_t: np.ndarray, h_prev: np.ndarray, params: GRUBeforeParams) -> np.ndarray:
    """Let torch's own cell take the step, which reads the state after its reset as if that were an input."""
    H = len(params.W_h)
    x, h, W_x, W_h, b = map(torch.tensor, (x_t, h_prev, *params))
    r = torch.sigmoid(torch.addmm(b, torch.cat([x, h], dim=1), torch.cat([W_x, W_h])))[:, :H]
    W_gates, W_candidate = W_h.clone(), W_h.clone()
    W_gates[:, 2 * H :], W_candidate[:, : 2 * H] = 0, 0
    w_ih, w_hh = torch.cat([W_x, W_candidate]).T, W_gates.T
    return torch.gru_cell(torch.cat([x, r * h], dim=1), h, w_ih, w_hh, b, torch.zeros_like(b)).numpy()


def sigma(a: Any) -> Any:
    """Compute the logistic function."""
    return 1 / (1 + np.exp(-a))


def wrong_thirds(mistakes: Mistakes, a: np.ndarray) -> Blocks:
    """Take three blocks apart, with switches."""
    if "takes-every-third-column" in mistakes:
        return a[:, 0::3], a[:, 1::3], a[:, 2::3]
    r, z, n = np.split(a, 3, axis=1)
    if "takes-the-candidate-first" in mistakes:
        return z, n, r
    return (z, r, n) if "orders-the-blocks-z-r-n" in mistakes else (r, z, n)


def transposed_blocks(W_h: np.ndarray) -> np.ndarray:
    """Transpose each H × H block where it stands."""
    return np.hstack([block.T for block in np.split(W_h, 3, axis=1)])


def wrong_mix(mistakes: Mistakes, z: Any, n: Any, h_prev: np.ndarray) -> np.ndarray:
    """Put the new and the old together, with switches."""
    if "takes-the-other-convention" in mistakes:
        z = 1 - z
    new, old = (1 - z) * n, z * h_prev
    if "takes-the-candidate-whole" in mistakes:
        new = n
    if "keeps-the-state-whole" in mistakes:
        old = h_prev
    if "drops-the-old-state" in mistakes:
        old = np.zeros_like(old)
    if "takes-z-for-both" in mistakes:
        new = z * n
    if "squashes-the-new-state-too" in mistakes:
        return np.asarray(np.tanh(new + old))
    return np.asarray(n if "returns-the-candidate" in mistakes else new + old)


def wrong_step(mistakes: Mistakes, x_t: np.ndarray, h_prev: np.ndarray, params: GRUParams) -> np.ndarray:
    """Take one step of the form that resets after the product, with switches."""
    W_x, W_h, b, b_hn = params
    W_x, W_h = (W_x.T, W_h.T) if "transposes-the-matrices" in mistakes else (W_x, W_h)
    W_h = transposed_blocks(W_h) if "transposes-the-recurrent-blocks" in mistakes else W_h
    b = np.zeros_like(b) if "omits-b" in mistakes else b
    b_hn = np.zeros_like(b_hn) if "omits-b_hn" in mistakes else b_hn
    x_r, x_z, x_n = wrong_thirds(mistakes, x_t @ W_x + b)
    h_r, h_z, h_n = wrong_thirds(mistakes, h_prev @ W_h + (b if "adds-b-to-both-products" in mistakes else 0))
    h_r, h_z = (0 * h_r, 0 * h_z) if "leaves-the-state-out-of-the-gates" in mistakes else (h_r, h_z)
    r, z = wrong_gates(mistakes, (x_r, h_r), (x_z, h_z))
    r = z if "resets-by-z" in mistakes else r
    q = h_n + b_hn
    if "resets-before-the-product" in mistakes:
        a_n = x_n + wrong_thirds(mistakes, (r * h_prev) @ W_h)[2] + b_hn
    elif "merges-the-candidate-biases" in mistakes:
        a_n = x_n + b_hn + r * h_n
    elif "resets-b_xn-too" in mistakes:
        b_xn = wrong_thirds(mistakes, b[None])[2]
        a_n = x_n - b_xn + r * (q + b_xn)
    elif "resets-the-input" in mistakes:
        a_n = r * x_n + q
    elif "resets-the-whole-sum" in mistakes:
        a_n = r * (x_n + q)
    elif "resets-by-1-minus-r" in mistakes:
        a_n = x_n + (1 - r) * q
    elif "adds-r" in mistakes:
        a_n = x_n + r + q
    else:
        a_n = x_n + (q if "resets-nothing" in mistakes else r * q)
    return wrong_mix(mistakes, z, wrong_squash(mistakes, a_n), h_prev)


def wrong_gates(mistakes: Mistakes, *shares: tuple[Any, Any]) -> list[Any]:
    """Open the gates, with switches."""
    squash = np.tanh if "squashes-the-gates-with-tanh" in mistakes else sigma
    if "squashes-each-share" in mistakes:
        return [squash(from_x) + squash(from_h) for from_x, from_h in shares]
    if "leaves-the-gates-unsquashed" in mistakes:
        return [from_x + from_h for from_x, from_h in shares]
    return [squash(from_x + from_h) for from_x, from_h in shares]


def wrong_squash(mistakes: Mistakes, a_n: Any) -> Any:
    """Turn a sum into the candidate, with switches."""
    if "leaves-the-candidate-unsquashed" in mistakes:
        return a_n
    return sigma(a_n) if "squashes-the-candidate-with-sigma" in mistakes else np.tanh(a_n)


gru_step = Exercise(
    number="5.1",
    call="gru_step(x_t, h_prev, params)",
    read="The cell, equations (5.1) to (5.3)",
    parts={"values": random_cases(draw_step, B=(1, 4), D=3, H=5)},
    oracle=oracle_step,
    returns=Array("h_t", "(B, H)", between=(-1, 1)),
    wrong=wrong_step,
    misconceptions=MISCONCEPTIONS["gru_step"],
)


def wrong_before_step(mistakes: Mistakes, x_t: np.ndarray, h_prev: np.ndarray, params: GRUBeforeParams) -> np.ndarray:
    """Take one step of the form that resets before the product, with switches."""
    W_x, W_h, b = params
    W_h = transposed_blocks(W_h) if "transposes-the-recurrent-blocks" in mistakes else W_h
    b = np.zeros_like(b) if "omits-b" in mistakes else b
    x_r, x_z, x_n = wrong_thirds(mistakes, x_t @ W_x)
    h_r, h_z, h_n = wrong_thirds(mistakes, h_prev @ W_h)
    b_r, b_z, b_n = wrong_thirds(mistakes, b[None])
    b_n = 0 * b_n if "omits-b_n" in mistakes else b_n
    b_n = 2 * b_n if "adds-b_n-twice" in mistakes else b_n
    r, z = wrong_gates(mistakes, (x_r + b_r, h_r), (x_z + b_z, h_z))
    if "resets-the-state-of-z-too" in mistakes:
        z = wrong_gates(mistakes, (x_z + b_z, wrong_thirds(mistakes, (r * h_prev) @ W_h)[1]))[0]
    gate = z if "resets-by-z" in mistakes else r
    gate = 1 - gate if "resets-by-1-minus-r" in mistakes else gate
    W_hn = wrong_thirds(mistakes, W_h)[2]
    q = (gate * h_prev) @ (W_hn.T if "transposes-W_hn" in mistakes else W_hn)
    q = h_n if "resets-nothing" in mistakes else q
    if "resets-after-the-product" in mistakes:
        q = gate * h_n
    if "resets-the-bias-too" in mistakes:
        q = gate * (h_n + b_n) - b_n
    if "resets-twice" in mistakes:
        q = gate * q
    if "hears-the-state-twice" in mistakes:
        q = q + h_n
    x_n = gate * x_n if "resets-the-input" in mistakes else x_n
    old = gate * h_prev if "keeps-what-was-reset" in mistakes else h_prev
    return wrong_mix(mistakes, z, wrong_squash(mistakes, x_n + b_n + q), old)


gru_before_step = Exercise(
    number="5.3",
    call="gru_before_step(x_t, h_prev, params)",
    read="Reset after or before, equation (5.4)",
    parts={"values": random_cases(draw_before_step, B=(1, 4), D=3, H=5)},
    oracle=oracle_before_step,
    returns=Array("h_t", "(B, H)", between=(-1, 1)),
    wrong=wrong_before_step,
    misconceptions=MISCONCEPTIONS["gru_before_step"],
)
