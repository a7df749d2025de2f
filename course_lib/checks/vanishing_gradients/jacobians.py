"""Exercise 3.2: the product of the Jacobians of a sequence, and its norm."""

from functools import reduce

import numpy as np
import torch

from course_lib.checks.exercise import Exercise, Inputs, Mistakes, judged_by, random_cases
from course_lib.checks.plain import Plain
from course_lib.checks.returns import Array, Number, Several
from course_lib.checks.vanishing_gradients.hints import MISCONCEPTIONS


def draw_states(rng: np.random.Generator, T: int, H: int) -> Inputs:
    """Draw the states of one sequence and a recurrent matrix; some input leads through any states."""
    return {"h": rng.uniform(-0.9, 0.9, (T, H)), "W_hh": rng.normal(0, 0.7, (H, H))}


def oracle_jacobian_product(h: np.ndarray, W_hh: np.ndarray) -> tuple[np.ndarray, float]:
    """Find the inputs that lead from zero through these states, and let autograd go back through the sequence.

    It runs as many copies as there are units, and goes back from another unit of each: one pass gives all columns.
    """
    before = np.concatenate([np.zeros_like(h[:1]), h[:-1]])
    inputs, W = torch.tensor(np.arctanh(h) - before @ W_hh), torch.tensor(W_hh)
    start = states = torch.zeros_like(W, requires_grad=True)
    for x_t in inputs:
        states = torch.tanh(states @ W + x_t)
    (columns,) = torch.autograd.grad(states.trace(), start)
    return columns.T.numpy(), float(torch.linalg.svdvals(columns)[0])


def wrong_jacobian_product(mistakes: Mistakes, h: np.ndarray, W_hh: np.ndarray) -> tuple[Plain, Plain]:
    """Multiply Jacobians, with switches."""
    W = W_hh.T if "transposes-W_hh" in mistakes else W_hh
    factors = [wrong_jacobian(mistakes, slopes, W) for slopes in wrong_slopes(mistakes, h)]
    J = wrong_product(mistakes, factors, W)
    J = J.T if "transposes-the-product" in mistakes else J
    norm = wrong_norm(mistakes, J)
    if "multiplies-the-norms" in mistakes:
        norm = float(np.prod([np.linalg.norm(factor, 2) for factor in factors]))
    return (norm, J) if "returns-the-norm-first" in mistakes else (J, norm)


def wrong_slopes(mistakes: Mistakes, h: np.ndarray) -> np.ndarray:
    """Return the derivative of tanh at every step (T, H), with switches."""
    if "leaves-the-slope-out" in mistakes:
        return np.ones_like(h)
    if "does-not-square" in mistakes:
        return 1 - h
    h = np.roll(h, 1, axis=0) if "takes-the-state-before" in mistakes else h
    return 1 - (np.tanh(h) if "squashes-the-state-again" in mistakes else h) ** 2


def wrong_jacobian(mistakes: Mistakes, slopes: np.ndarray, W: np.ndarray) -> np.ndarray:
    """Return the Jacobian of one step, with switches."""
    return slopes[:, None] * W if "scales-the-rows" in mistakes else W * slopes


def wrong_product(mistakes: Mistakes, factors: list[np.ndarray], W: np.ndarray) -> np.ndarray:
    """Put the Jacobians of the steps together, with switches."""
    start = np.ones_like(W) if "starts-from-ones" in mistakes else np.eye(len(W))
    start = W if "starts-from-W_hh" in mistakes else start
    start = np.zeros_like(W) if "starts-from-0" in mistakes else start
    if "adds-the-jacobians" in mistakes:
        return np.sum(factors, axis=0)
    if "multiplies-elementwise" in mistakes:
        return np.prod(factors, axis=0)
    if "keeps-the-diagonal" in mistakes:
        return np.prod([start, *factors], axis=0)
    if "keeps-the-last-jacobian" in mistakes:
        return factors[-1]
    factors = factors[1:] if "leaves-the-first-step-out" in mistakes else factors
    factors = factors[:-1] if "leaves-the-last-step-out" in mistakes else factors
    factors = factors[::-1] if "turns-the-order-round" in mistakes else factors
    return reduce(np.matmul, factors, start)


def wrong_norm(mistakes: Mistakes, J: np.ndarray) -> float:
    """Measure the product, with switches."""
    singular_values = np.linalg.svd(J, compute_uv=False)
    if "takes-the-frobenius-norm" in mistakes:
        return float(np.sqrt((J**2).sum()))
    if "takes-the-spectral-radius" in mistakes:
        return float(np.abs(np.linalg.eigvals(J)).max())
    if "takes-the-largest-column-sum" in mistakes:
        return float(np.abs(J).sum(axis=0).max())
    if "takes-the-largest-row-sum" in mistakes:
        return float(np.abs(J).sum(axis=1).max())
    if "takes-the-largest-entry" in mistakes:
        return float(np.abs(J).max())
    if "takes-the-smallest-singular-value" in mistakes:
        return float(singular_values[-1])
    return float(singular_values[0]) ** (2 if "squares-the-norm" in mistakes else 1)


RETURNS = Several((Array("J", "(H, H)"), Number("norm")))

jacobian_product = Exercise(
    number="3.2",
    call="jacobian_product(h, W_hh)",
    read="Many units, equation (3.4)",
    parts={name: judged_by(RETURNS.only(name), random_cases(draw_states, T=(1, 4), H=5)) for name in ("J", "norm")},
    oracle=oracle_jacobian_product,
    returns=RETURNS,
    wrong=wrong_jacobian_product,
    misconceptions=MISCONCEPTIONS["jacobian_product"],
)
