"""Exercise 3.4: clip by one norm over all gradients."""

from typing import Any

import numpy as np
import torch

from course_lib.checks.exercise import Case, Exercise, Inputs, Mistakes, judged_by, random_cases
from course_lib.checks.returns import Array, Number, Several
from course_lib.checks.vanishing_gradients.hints import MISCONCEPTIONS

TINY = 1e-300


def draw_gradients(rng: np.random.Generator, D: int, H: int, over: tuple[float, float]) -> Inputs:
    """Draw small gradients of a network, and a largest norm: theirs is so many times that, within an interval."""
    scale = rng.uniform(0.02, 0.07)
    gradients = [rng.normal(0, scale, shape) for shape in ((D, H), (H, H), (H,))]
    return {"gradients": gradients, "max_norm": float(flat(gradients).norm()) / float(rng.uniform(*over))}


def draw_long(rng: np.random.Generator, D: int, H: int) -> Inputs:
    """Draw gradients whose norm is so far above the largest that some elements are above it too."""
    return draw_gradients(rng, D, H, over=(8, 12))


def draw_short(rng: np.random.Generator, D: int, H: int) -> Inputs:
    """Draw gradients whose norm is below the largest."""
    return draw_gradients(rng, D, H, over=(0.2, 0.8))


def short_cases(rng: np.random.Generator, unseen: bool = False) -> list[Case]:
    """Draw short gradients, and then some that are all 0."""
    cases = SHORT(rng, unseen)
    zeros = [np.zeros_like(array) for array in cases[-1].inputs["gradients"]]
    return [*cases, Case({"gradients": zeros, "max_norm": 1.0}, cases[-1].sizes)]


def flat(gradients: list[np.ndarray]) -> torch.Tensor:
    """Put all elements into one vector of torch."""
    return torch.cat([torch.tensor(array).ravel() for array in gradients])


def oracle_clip(gradients: list[np.ndarray], max_norm: float) -> tuple[list[np.ndarray], float]:
    """Take the one vector of all elements apart: torch finds its direction, and its length is cut off."""
    norm = flat(gradients).norm()
    clipped = torch.nn.functional.normalize(flat(gradients), dim=0, eps=TINY) * norm.clamp(max=max_norm)
    parts = clipped.split([array.size for array in gradients])
    return [part.reshape(array.shape).numpy() for part, array in zip(parts, gradients, strict=True)], norm.item()


def wrong_clip(mistakes: Mistakes, gradients: list[np.ndarray], max_norm: float) -> tuple[Any, Any]:
    """Shorten all gradients together, with switches."""
    norm = wrong_norm(mistakes, gradients)
    scale = wrong_scale(mistakes, norm, max_norm)
    clipped = [array * scale for array in gradients]
    if "clips-each-array-alone" in mistakes:
        clipped = [array * wrong_scale(mistakes, wrong_norm(mistakes, [array]), max_norm) for array in gradients]
    if "clips-by-value" in mistakes:
        clipped = [np.clip(array, -max_norm, max_norm) for array in gradients]
    told = norm * scale if "returns-the-norm-after" in mistakes else norm
    told = scale if "returns-the-scale" in mistakes else told
    return (told, clipped) if "returns-the-norm-first" in mistakes else (clipped, told)


def wrong_norm(mistakes: Mistakes, gradients: list[np.ndarray]) -> float:
    """Measure all gradients together, with switches."""
    elements = np.concatenate([array.ravel() for array in gradients])
    if "adds-the-norms" in mistakes:
        return float(sum(np.linalg.norm(array) for array in gradients))
    if "measures-matrices-by-sigma_max" in mistakes:
        return float(np.sqrt(sum(np.linalg.norm(array, 2) ** 2 for array in gradients)))
    if "takes-the-largest-norm" in mistakes:
        return float(max(np.linalg.norm(array) for array in gradients))
    if "takes-the-largest-element" in mistakes:
        return float(np.abs(elements).max())
    if "adds-absolute-values" in mistakes:
        return float(np.abs(elements).sum())
    squares = np.mean(elements**2) if "averages-the-squares" in mistakes else np.sum(elements**2)
    return float(squares if "forgets-the-root" in mistakes else np.sqrt(squares))


def wrong_scale(mistakes: Mistakes, norm: float, max_norm: float) -> float:
    """Return the factor of all gradients, with switches."""
    if "divides-by-max_norm" in mistakes:
        return norm / max_norm if norm > max_norm else 1.0
    if "takes-the-smaller-of-1-and-the-turned-ratio" in mistakes:
        return min(1.0, norm / max_norm)
    ratio = float(np.divide(1.0 if "forgets-max_norm" in mistakes else max_norm, norm))
    if "adds-a-small-number" in mistakes:
        ratio = max_norm / (norm + 1e-6)
    if "always-has-the-largest-norm" in mistakes:
        return ratio
    if "turns-the-minimum-round" in mistakes:
        return max(1.0, ratio)
    return ratio if norm > max_norm else 1.0


ARRAYS = Array("clipped[0]", "(D, H)"), Array("clipped[1]", "(H, H)"), Array("clipped[2]", "(H,)")
CLIPPED_AND_NORM = Several((Several(ARRAYS, "clipped"), Number("norm")))
LONG, SHORT = (random_cases(draw, D=3, H=5) for draw in (draw_long, draw_short))

clip = Exercise(
    number="3.4",
    call="clip(gradients, max_norm)",
    read="Clipping, equation (3.8)",
    parts={
        "long gradients": judged_by(CLIPPED_AND_NORM.only("clipped"), LONG),
        "short gradients": short_cases,  # judged whole: what is given back as it came has the wrong norm
        "norm": judged_by(CLIPPED_AND_NORM.only("norm"), LONG),
    },
    oracle=oracle_clip,
    returns=CLIPPED_AND_NORM,
    wrong=wrong_clip,
    misconceptions=MISCONCEPTIONS["clip"],
)
