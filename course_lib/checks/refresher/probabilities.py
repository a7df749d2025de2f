"""Exercises 0.1 and 0.2: logits become probabilities, and probabilities a loss."""

import numpy as np
import torch

from course_lib.checks.exercise import Exercise, Inputs, Mistakes, judged_by, random_cases
from course_lib.checks.refresher.hints import MISCONCEPTIONS
from course_lib.checks.returns import Array, Number, Several


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


def wrong_cross_entropy(mistakes: Mistakes, s: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """Compute loss and gradient, with switches."""
    B, O = s.shape
    shifted = s if "overflows" in mistakes else s - s.max(axis=1, keepdims=True)
    total = np.exp(shifted).sum(axis=1, keepdims=True)
    p = np.exp(shifted) / total
    log_p = shifted - np.log(total)
    if {"takes-the-log-of-zero", "overflows"} & mistakes:
        log_p = np.log(p)
    if "hides-the-zero" in mistakes:
        log_p = np.log(p + 1e-12)
    rows = slice(None) if "picks-every-target-in-every-row" in mistakes else np.arange(B)
    picked = log_p[y] if "takes-targets-for-rows" in mistakes else log_p[rows, y]
    loss = -picked.sum() if "adds-over-the-batch" in mistakes else -picked.mean()
    loss = loss / np.log(2) if "uses-bits" in mistakes else loss
    loss = loss / O if "averages-over-the-classes-too" in mistakes else loss
    loss = -loss if "forgets-the-minus" in mistakes else loss
    return loss, wrong_logit_gradient(mistakes, p, y)


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
