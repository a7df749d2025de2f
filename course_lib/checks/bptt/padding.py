"""Exercise 2.4: a loss over sequences of different lengths, and its gradient."""

import numpy as np
import torch

from course_lib.checks.bptt.hints import MISCONCEPTIONS
from course_lib.checks.exercise import Exercise, Inputs, Mistakes, judged_by, random_cases
from course_lib.checks.plain import Plain
from course_lib.checks.refresher.probabilities import FLOORS
from course_lib.checks.returns import Array, Number, Several
from course_lib.checks.suspects import closest

NOT_COUNTED = -100
"""The target that torch leaves out."""


def draw_padded(rng: np.random.Generator, B: int, T: int, O: int) -> Inputs:
    """Draw logits, targets and a mask: sequences of several lengths, padded on the right with target 0."""
    lengths = rng.integers(1, max(T, 2), size=B)
    if B > 1:
        lengths[0], lengths[-1] = 1, T
    mask = (np.arange(T) < lengths[:, None]).astype(float)
    y = rng.integers(O, size=(B, T)) * mask.astype(int)
    return {"s": rng.normal(0, 2, (B, T, O)), "y": y, "mask": mask}


def draw_large(rng: np.random.Generator, B: int, T: int, O: int) -> Inputs:
    """Draw logits beyond what exp can hold; the first target has a probability that is 0 in float64."""
    drawn = draw_padded(rng, B, T, O)
    level = rng.choice([-1500, 1500], size=(B, T, 1))
    level[-1], level[0] = -1500, 1500
    s = drawn["s"] + level
    s[..., 0] -= 3000
    drawn["y"][:, 0] = 0
    return {**drawn, "s": s}


def oracle_masked_cross_entropy(s: np.ndarray, y: np.ndarray, mask: np.ndarray) -> tuple[float, np.ndarray]:
    """Let torch leave out the targets that do not count, and take the gradient by autograd."""
    logits = torch.tensor(s, requires_grad=True)
    targets = torch.tensor(np.where(mask == 1, y, NOT_COUNTED))
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=NOT_COUNTED)
    (ds,) = torch.autograd.grad(loss, logits)
    return loss.item(), ds.numpy()


def wrong_masked_cross_entropy(
    mistakes: Mistakes, s: np.ndarray, y: np.ndarray, mask: np.ndarray, mine: Plain = None
) -> tuple[Plain, ...]:
    """Average over what counts, with switches; of several ways to make a mistake, take the one closest to mine."""
    mask = 1 - mask if "turns-the-mask-round" in mistakes else mask
    s = s * mask[..., None] if "masks-the-logits" in mistakes else s
    mask = np.ones_like(mask) if {"counts-padding", "masks-the-logits"} & mistakes else mask
    onehot, weights = np.eye(s.shape[-1])[y], wrong_weights(mistakes, mask)
    counted = np.full_like(mask, weights.max()) if "forgets-the-mask-in-the-loss" in mistakes else weights
    sign = -1 if "turns-the-gradient-round" in mistakes else 1
    spread = sign * wrong_spread(mistakes, mask, weights)
    right_class = 0 if "leaves-the-right-class-alone" in mistakes else onehot
    ways = []
    for log_p, p in wrong_probabilities(mistakes, s):
        loss = -(counted * (onehot * np.where(onehot == 1, log_p, 0)).sum(axis=-1)).sum()
        ways.append((float(loss), (p - right_class) * spread[..., None]))
    return closest(ways, mine)


def wrong_probabilities(mistakes: Mistakes, s: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Compute the logarithms of the probabilities and the probabilities, with switches, in one way or several."""
    shifted = s if "overflows" in mistakes else s - s.max(axis=-1, keepdims=True)
    total = np.exp(shifted).sum(axis=-1, keepdims=True)
    p = np.exp(shifted) / total
    if "hides-the-zero" in mistakes:
        floored = [q for floor in FLOORS for q in (p + floor, np.maximum(p, floor))]
        return [(np.log(q), after) for q in floored for after in (p, q)]
    return [(np.log(p) if {"takes-the-log-of-zero", "overflows"} & mistakes else shifted - np.log(total), p)]


def wrong_spread(mistakes: Mistakes, mask: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return what each position counts in the gradient, with switches."""
    if "divides-the-gradient-by-all" in mistakes:
        return mask / mask.size
    if "gradient-of-the-sum" in mistakes:
        return mask
    return np.full_like(mask, weights.max()) if "forgets-the-mask-in-the-gradient" in mistakes else weights


def wrong_weights(mistakes: Mistakes, mask: np.ndarray) -> np.ndarray:
    """Return what each position counts in the mean, with switches."""
    if "averages-over-padding" in mistakes:
        return mask / mask.size
    if "averages-each-sequence-first" in mistakes:
        return mask / mask.sum(axis=1, keepdims=True) / len(mask)
    if "averages-over-the-sequences" in mistakes:
        return mask / len(mask)
    return mask if "adds-everything-up" in mistakes else mask / mask.sum()


LOSS_AND_GRADIENT = Several((Number("loss"), Array("ds", "(B, T, O)")))
PADDED, LARGE = (random_cases(draw, B=(1, 4), T=(1, 6), O=3) for draw in (draw_padded, draw_large))

masked_cross_entropy = Exercise(
    number="2.4",
    call="masked_cross_entropy(s, y, mask)",
    read="A loss with padding, equation (2.7)",
    parts={
        "loss": judged_by(LOSS_AND_GRADIENT.only("loss"), PADDED),
        "gradient": judged_by(LOSS_AND_GRADIENT.only("ds"), PADDED),
        "large logits": LARGE,
    },
    oracle=oracle_masked_cross_entropy,
    returns=LOSS_AND_GRADIENT,
    wrong=wrong_masked_cross_entropy,
    misconceptions=MISCONCEPTIONS["masked_cross_entropy"],
)
