"""Exercise 3.1: how the state of one unit depends on where it began."""

import numpy as np
import torch

from course_lib.checks.exercise import Exercise, Inputs, Mistakes, random_cases
from course_lib.checks.returns import Number
from course_lib.checks.vanishing_gradients.hints import MISCONCEPTIONS


def draw_unit(rng: np.random.Generator, T: int) -> Inputs:
    """Draw a weight and a start, each of either sign, whose gradient neither vanishes nor forgets a step."""
    sizes, signs = rng.uniform((0.6, 0.3), (1.6, 0.9)), rng.choice((-1, 1), 2)
    w, h_0 = map(float, sizes * signs)
    return {"w": w, "h_0": h_0, "T": T}


def oracle_unit_gradient(w: float, h_0: float, T: int) -> float:
    """Let autograd go back through T steps of torch."""
    start = h = torch.tensor(h_0, dtype=torch.float64, requires_grad=True)
    for _ in range(T):
        h = torch.tanh(w * h)
    (gradient,) = torch.autograd.grad(h, start)
    return float(gradient)


def wrong_unit_gradient(mistakes: Mistakes, w: float, h_0: float, T: int) -> float:
    """Multiply the factors of the steps, with switches."""
    steps = T + ("takes-one-factor-too-many" in mistakes) - ("takes-one-factor-too-few" in mistakes)
    h, by_w, slopes = h_0, 0.0, []
    for _ in range(max(steps, 1) if "takes-at-least-one-step" in mistakes else steps):
        a = h if "runs-without-w" in mistakes else w * h
        after = a if "runs-the-linear-unit" in mistakes else float(np.tanh(a))
        slopes.append(wrong_slope(mistakes, h, a, after))
        by_w = slopes[-1] * (h + w * by_w)
        h = after
    if "returns-the-state" in mistakes:
        return h
    if "differentiates-by-w" in mistakes:
        return by_w
    if "takes-the-last-slope-for-all" in mistakes:
        slopes = slopes[-1:] * len(slopes)
    return wrong_product(mistakes, w, slopes)


def wrong_slope(mistakes: Mistakes, h_prev: float, a: float, h: float) -> float:
    """Return the derivative of tanh, with switches."""
    if "forgets-tanh-prime" in mistakes:
        return 1.0
    if "squares-the-sum" in mistakes:
        return 1 - a**2
    if "takes-the-slope-of-sigma" in mistakes:
        return h * (1 - h)
    if "does-not-square" in mistakes:
        return 1 - h
    h = h_prev if "takes-the-state-before" in mistakes else h
    return 1 - (float(np.tanh(h)) if "squashes-the-state-again" in mistakes else h) ** 2


def wrong_product(mistakes: Mistakes, w: float, slopes: list[float]) -> float:
    """Put slopes and weights together, with switches."""
    if "counts-w-once" in mistakes:
        return w * float(np.prod(slopes))
    factors = [slope if "leaves-w-out" in mistakes else w * slope for slope in slopes]
    if "keeps-the-last-factor" in mistakes:
        return factors[-1] if factors else 1.0
    if "adds-the-factors" in mistakes:
        return float(np.sum(factors))
    return (0.0 if "starts-from-0" in mistakes else 1.0) * float(np.prod(factors))


unit_gradient = Exercise(
    number="3.1",
    call="unit_gradient(w, h_0, T)",
    read="One unit, equation (3.3)",
    parts={"steps": random_cases(draw_unit, T=(1, 5)), "no step": random_cases(draw_unit, T=0)},
    oracle=oracle_unit_gradient,
    returns=Number("gradient"),
    wrong=wrong_unit_gradient,
    misconceptions=MISCONCEPTIONS["unit_gradient"],
)
