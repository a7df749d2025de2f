"""Exercises 0.1 and 0.2: logits become probabilities, and probabilities a loss."""

import numpy as np
import torch

from course_lib.checks.exercise import Exercise, Inputs, Mistakes, judged_by, random_cases
from course_lib.checks.plain import Plain
from course_lib.checks.refresher.hints import MISCONCEPTIONS
from course_lib.checks.returns import Array, Number, Several
from course_lib.checks.suspects import closest


def draw_logits(rng: np.random.Generator, B: int, O: int) -> Inputs:
    """Draw logits that exp can hold."""
    return {"s": rng.normal(0, 2, (B, O))}


def draw_large_logits(rng: np.random.Generator, B: int, O: int) -> Inputs:
    """Draw logits beyond what exp can hold in float64.

    Two logits of the first row lie around 1500, all others around -1500, so that only the largest of a row is a safe
    shift: its mean is not, and neither is the largest of the batch.
    """
    s = rng.normal(0, 2, (B, O)) - 1500
    s[0, rng.permutation(O)[:2]] += 3000
    return {"s": s}


def oracle_softmax(s: np.ndarray) -> np.ndarray:
    """Let torch normalise each row."""
    return torch.softmax(torch.tensor(s), dim=1).numpy()


def wrong_softmax(mistakes: Mistakes, s: np.ndarray) -> np.ndarray:
    """Turn logits into probabilities, with switches."""
    axis = 0 if "normalises-over-the-batch" in mistakes else 1
    axes = None if "normalises-over-everything" in mistakes else axis
    s = np.clip(s, -100, 100) if "clips-the-logits" in mistakes else s
    if "squashes-each-logit" in mistakes:
        return 1 / (1 + np.exp(-s))
    if "forgets-exp" in mistakes:
        return s / s.sum(axis=axes, keepdims=True)
    largest = s.max(axis=None if "shifts-by-the-largest-of-all" in mistakes else axes, keepdims=True)
    largest = s.mean(axis=1, keepdims=True) if "shifts-by-the-mean" in mistakes else largest
    shifted = s if {"overflows", "forgets-to-normalise"} & mistakes else s - largest
    weights = 2.0**shifted if "uses-powers-of-two" in mistakes else np.exp(shifted)
    if {"divides-by-the-largest", "forgets-to-normalise"} & mistakes:
        return weights
    axes = 0 if "shifts-rows-and-adds-up-columns" in mistakes else axes
    p = weights / weights.sum(axis=axes, keepdims="drops-an-axis" not in mistakes)
    return np.log(p) if "returns-logarithms" in mistakes else p


softmax = Exercise(
    number="0.1",
    call="softmax(s)",
    read="Softmax and cross-entropy, equation (0.1)",
    parts={
        "values": random_cases(draw_logits, B=(1, 4), O=(3, 7)),
        "large logits": random_cases(draw_large_logits, B=(1, 4), O=(3, 7)),
    },
    oracle=oracle_softmax,
    returns=Array("p", "(B, O)"),
    wrong=wrong_softmax,
    misconceptions=MISCONCEPTIONS["softmax"],
)


def draw_targets(rng: np.random.Generator, B: int, O: int) -> Inputs:
    """Draw logits and the classes that came true."""
    return {**draw_logits(rng, B, O), "y": rng.integers(O, size=B)}


def draw_large_targets(rng: np.random.Generator, B: int, O: int) -> Inputs:
    """Draw large logits; the class of the first row is the one whose probability is 0 in float64."""
    s = draw_large_logits(rng, B, O)["s"]
    y = rng.integers(O, size=B)
    y[0] = s[0].argmin()
    return {"s": s, "y": y}


def oracle_cross_entropy(s: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """Take torch's loss, and its gradient by autograd."""
    logits = torch.tensor(s, requires_grad=True)
    loss = torch.nn.functional.cross_entropy(logits, torch.tensor(y))
    (ds,) = torch.autograd.grad(loss, logits)
    return loss.item(), ds.numpy()


FLOORS = (1e-12, *(10.0**-k for k in range(3, 21)), 1e-30, 1e-100, 1e-300, *np.finfo(float).eps * np.array((1, 0.5)))
"""Small numbers that people add to a probability before its logarithm, or do not let it fall below; first the usual."""


def wrong_cross_entropy(mistakes: Mistakes, s: np.ndarray, y: np.ndarray, mine: Plain = None) -> tuple[Plain, ...]:
    """Compute loss and gradient, with switches; of several ways to make a mistake, take the one closest to mine."""
    ways = [
        (wrong_loss(mistakes, log_p, y), wrong_logit_gradient(mistakes, p, y))
        for log_p, p in wrong_probabilities(mistakes, s)
    ]
    return closest([way[::-1] for way in ways] if "returns-ds-first" in mistakes else ways, mine)


def wrong_probabilities(mistakes: Mistakes, s: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Compute the logarithms of the probabilities and the probabilities, with switches, in one way or several."""
    largest = s.max(axis=None if "shifts-by-the-largest-of-all" in mistakes else 1, keepdims=True)
    shifted = s if "overflows" in mistakes else s - largest
    total = np.exp(shifted).sum(axis=1, keepdims=True)
    p = np.exp(shifted) / total
    if "hides-the-zero" in mistakes:
        floored = [q for floor in FLOORS for q in (p + floor, np.maximum(p, floor))]
        return [(np.log(q), after) for q in floored for after in (p, q)]
    if {"takes-the-log-of-zero", "overflows"} & mistakes:
        return [(np.log(p), p)]
    log_p = shifted - np.log(total)
    if "shifts-by-the-largest-of-all" in mistakes:
        return [(np.log(p), p), (log_p, p), (log_p, np.exp(log_p))]
    return [(log_p, p)]


def wrong_loss(mistakes: Mistakes, log_p: np.ndarray, y: np.ndarray) -> float:
    """Compute the loss, with switches."""
    B, O = log_p.shape
    rows = slice(None) if "picks-every-target-in-every-row" in mistakes else np.arange(B)
    picked = log_p[y] if "takes-targets-for-rows" in mistakes else log_p[rows, y]
    loss = -picked.sum() if "adds-over-the-batch" in mistakes else -picked.mean()
    loss = loss / np.log(2) if "uses-bits" in mistakes else loss
    loss = loss / O if "averages-over-the-classes-too" in mistakes else loss
    return float(-loss if "forgets-the-minus" in mistakes else loss)


def wrong_logit_gradient(mistakes: Mistakes, p: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Compute the gradient at the logits, with switches."""
    B, O = p.shape
    onehot = np.eye(O)[y]
    ds = p - onehot
    if "takes-1-away-in-every-row" in mistakes:
        ds = p - onehot.max(axis=0)
    if "gradient-at-the-probabilities" in mistakes:
        ds = -onehot / p
    ds = -ds if "turns-the-gradient-round" in mistakes else ds
    return ds if "gradient-of-the-sum" in mistakes else ds / B


LOSS_AND_GRADIENT = Several((Number("loss"), Array("ds", "(B, O)")))

cross_entropy = Exercise(
    number="0.2",
    call="cross_entropy(s, y)",
    read="Softmax and cross-entropy, equations (0.2) and (0.3)",
    parts={
        "loss": judged_by(LOSS_AND_GRADIENT.only("loss"), random_cases(draw_targets, B=(1, 4), O=(3, 7))),
        "gradient": judged_by(LOSS_AND_GRADIENT.only("ds"), random_cases(draw_targets, B=(1, 4), O=(3, 7))),
        "large logits": random_cases(draw_large_targets, B=(1, 4), O=(3, 7)),
    },
    oracle=oracle_cross_entropy,
    returns=LOSS_AND_GRADIENT,
    wrong=wrong_cross_entropy,
    misconceptions=MISCONCEPTIONS["cross_entropy"],
)
