"""Exercise 3.8: a penalty on gradients that change their length, and its immediate gradient."""

from typing import Any

import numpy as np
import torch

from course_lib.checks.exercise import Exercise, Inputs, Mistakes, random_cases
from course_lib.checks.returns import Array, Number
from course_lib.checks.vanishing_gradients.hints import MISCONCEPTIONS


def draw_gradient_flow(rng: np.random.Generator, B: int, T: int, H: int) -> Inputs:
    """Draw total derivatives, most of them short, states of a tanh network, and recurrent weights."""
    delta, h = rng.normal(size=(B, T, H)), rng.uniform(-0.9, 0.9, (B, T, H))
    return {"delta": delta * 10 ** rng.uniform(-3, 0, (B, T, 1)), "h": h, "W_hh": rng.normal(0, 0.7, (H, H))}


def draw_broken_flow(rng: np.random.Generator, B: int, T: int, H: int) -> Inputs:
    """Draw total derivatives that are 0 from some step on: after the last loss of a sequence."""
    drawn = draw_gradient_flow(rng, B, T, H)
    drawn["delta"][np.arange(T) >= rng.integers(1, T, B)[:, None]] = 0
    return drawn


def torch_omega(delta: np.ndarray, h: np.ndarray, W_hh: torch.Tensor) -> torch.Tensor:
    """Send each derivative that is not 0 back through torch's own tanh and the weights; compare the lengths."""
    arrives = torch.tensor(delta[delta.any(axis=-1)])
    sent = torch.ops.aten.tanh_backward(arrives, torch.tensor(h[delta.any(axis=-1)])) @ W_hh.T
    return (sent.norm(dim=-1) / arrives.norm(dim=-1) - 1).square().sum() / len(delta)


def oracle_omega(delta: np.ndarray, h: np.ndarray, W_hh: np.ndarray) -> float:
    """Compute the penalty in torch."""
    return torch_omega(delta, h, torch.tensor(W_hh)).item()


def oracle_omega_gradient(delta: np.ndarray, h: np.ndarray, W_hh: np.ndarray) -> np.ndarray:
    """Let autograd go back to the weights alone."""
    weights = torch.tensor(W_hh, requires_grad=True)
    (gradient,) = torch.autograd.grad(torch_omega(delta, h, weights), weights)
    return gradient.numpy()


def wrong_slope(mistakes: Mistakes, h: np.ndarray) -> Any:
    """Return the derivative of tanh, with switches."""
    if "forgets-tanh-prime" in mistakes:
        return 1.0
    if "does-not-square-the-state" in mistakes:
        return 1 - h
    h = np.roll(h, 1, axis=1) if "takes-the-state-before" in mistakes else h
    if "begins-the-states-with-0" in mistakes:
        h = np.concatenate([np.zeros_like(h[:, :1]), h[:, :-1]], axis=1)
    return 1 - (np.tanh(h) if "squashes-the-state-again" in mistakes else h) ** 2


def wrong_ratios(
    mistakes: Mistakes, delta: np.ndarray, h: np.ndarray, W_hh: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what is sent back, its length and the length of what arrived, with switches."""
    W, slope = W_hh if "does-not-transpose-W_hh" in mistakes else W_hh.T, wrong_slope(mistakes, h)
    late = "takes-the-slope-after-the-weights" in mistakes
    u = (delta @ W) * slope if late else (delta * slope) @ W
    if "takes-the-derivative-before-for-u" in mistakes:
        u, delta = delta[:, :-1], delta[:, 1:]
    return u, np.linalg.norm(u, axis=-1), np.linalg.norm(delta, axis=-1)


def wrong_count(mistakes: Mistakes, sizes: np.ndarray) -> float:
    """Return by what the sum over all steps is divided, with switches."""
    if "adds-over-the-batch" in mistakes:
        return 1.0
    return sizes.size if "averages-over-the-steps-too" in mistakes else len(sizes)


def wrong_omega(mistakes: Mistakes, delta: np.ndarray, h: np.ndarray, W_hh: np.ndarray) -> float:
    """Add the changes of length up, with switches."""
    _, sent, arrived = wrong_ratios(mistakes, delta, h, W_hh)
    count = wrong_count(mistakes, arrived)
    if "takes-one-norm-of-a-sequence" in mistakes:
        sent, arrived = np.linalg.norm(sent, axis=-1), np.linalg.norm(arrived, axis=-1)
    if "turns-the-ratio-round" in mistakes:
        sent, arrived = arrived, sent
    terms = wrong_terms(mistakes, sent, arrived)
    if "divides-by-zero" in mistakes:
        return float(np.sum(terms) / count)
    rest = 1.0 if "counts-steps-without-gradient" in mistakes else 0.0
    return float(np.where((arrived > 0) & (sent > 0), terms, rest).sum() / count)


def wrong_terms(mistakes: Mistakes, sent: np.ndarray, arrived: np.ndarray) -> np.ndarray:
    """Return what each step adds to the penalty, with switches."""
    if "subtracts-the-norms" in mistakes:
        return (sent - arrived) ** 2
    q = sent / arrived
    q = q**2 if "squares-the-norms" in mistakes else q
    changes = q if "forgets-the-1" in mistakes else q - 1
    if "takes-absolute-changes" in mistakes:
        return np.abs(changes)
    return changes if "forgets-the-square" in mistakes else changes**2


FLOW, BROKEN = random_cases(draw_gradient_flow, B=(1, 4), T=(1, 3), H=5), random_cases(draw_broken_flow, B=2, T=4, H=5)

omega = Exercise(
    number="3.8",
    call="omega(delta, h, W_hh)",
    read="A penalty, equation (3.11)",
    parts={"every step": FLOW, "steps without a gradient": BROKEN},
    oracle=oracle_omega,
    returns=Number("omega"),
    wrong=wrong_omega,
    misconceptions=MISCONCEPTIONS["omega"],
    stretch=True,
)


def wrong_omega_gradient(mistakes: Mistakes, delta: np.ndarray, h: np.ndarray, W_hh: np.ndarray) -> np.ndarray:
    """Differentiate the penalty with respect to the weights alone, with switches."""
    u, sent, arrived = wrong_ratios(mistakes, delta, h, W_hh)
    later = slice(delta.shape[1] - u.shape[1], None)  # a step has no derivative before the first
    da = (delta * wrong_slope(mistakes, h))[:, later]
    weights = wrong_weights(mistakes, sent, arrived)
    if "divides-by-zero" not in mistakes:
        weights = np.where((arrived > 0) & (sent > 0), weights, 0)
    left = h[:, later] if "pairs-with-the-state" in mistakes else u
    gradient = np.einsum("bt,bti,btj->ij", weights, left, da) / wrong_count(mistakes, arrived)
    return gradient.T if "transposes-the-gradient" in mistakes else gradient


def wrong_weights(mistakes: Mistakes, sent: np.ndarray, arrived: np.ndarray) -> np.ndarray:
    """Return by what the product of each step counts in the gradient, with switches."""
    if "squares-the-norms" in mistakes:
        return 4 * (sent**2 / arrived**2 - 1) / arrived**2
    if "subtracts-the-norms" in mistakes:
        return 2 * (sent - arrived) / sent
    change = np.ones_like(sent) if "forgets-how-far-q-is-from-1" in mistakes else sent / arrived - 1
    change = np.sign(change) / 2 if "takes-absolute-changes" in mistakes else change
    change = -change if "goes-downhill" in mistakes else change
    weights = (1 if "forgets-the-2" in mistakes else 2) * change / (arrived * sent)
    weights = weights * sent if "forgets-to-divide-by-the-norm-of-u" in mistakes else weights
    return weights * arrived if "forgets-to-divide-by-the-norm-of-delta" in mistakes else weights


omega_gradient = Exercise(
    number="3.8",
    call="omega_gradient(delta, h, W_hh)",
    read="A penalty, equation (3.12)",
    parts={"every step": FLOW, "steps without a gradient": BROKEN},
    oracle=oracle_omega_gradient,
    returns=Array("gradient", "(H, H)"),
    wrong=wrong_omega_gradient,
    misconceptions=MISCONCEPTIONS["omega_gradient"],
    stretch=True,
)
