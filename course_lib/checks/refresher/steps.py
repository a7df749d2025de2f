"""Exercises 0.5 to 0.7: a gradient by differences, the largest step, a step of Adam."""

from typing import Any

import numpy as np
import torch
from torch.optim.adam import adam

from course_lib.checks import lent
from course_lib.checks.exercise import Exercise, Inputs, Mistakes, random_cases
from course_lib.checks.plain import Lent
from course_lib.checks.refresher.hints import MISCONCEPTIONS
from course_lib.checks.returns import Array, Number, Several

SMOOTH = ("cubic", "exponential", "waves")
NODES = 8
DOUBLINGS = 40
HALVINGS = 60


def draw_point(rng: np.random.Generator, **shape: int) -> Inputs:
    """Draw a smooth function, a point of any shape, and a step between 0.001 and 0.3."""
    f = Lent(str(rng.choice(SMOOTH)))
    return {"f": f, "theta": rng.uniform(-1, 1, tuple(shape.values())), "h": float(10 ** rng.uniform(-3, -0.5))}


def oracle_numeric_gradient(f: Lent, theta: np.ndarray, h: float) -> np.ndarray:
    """Average the slope that autograd finds between the two points, by Gauss's rule: no difference is taken."""
    nodes, shares = np.polynomial.legendre.leggauss(NODES)
    gradient = np.zeros(theta.shape)
    for index in np.ndindex(theta.shape):
        for node, share in zip(nodes, shares / 2, strict=True):
            moved = torch.tensor(theta)
            moved[index] += h * node
            gradient[index] += share * _slope(f.name, moved, index)
    return gradient


def _slope(name: str, theta: torch.Tensor, index: tuple[int, ...]) -> float:
    theta.requires_grad_()
    (gradient,) = torch.autograd.grad(lent.smooth(name, theta), theta)
    return float(gradient[index])


def wrong_numeric_gradient(mistakes: Mistakes, f: Any, theta: np.ndarray, h: float) -> np.ndarray | float:
    """Take differences, with switches."""
    h = 1e-5 if "takes-an-h-of-its-own" in mistakes else h
    if "returns-one-number" in mistakes:
        return wrong_quotient(mistakes, f(theta + h), f(theta), f(theta - h), h)
    gradient = np.zeros(theta.shape)
    start, middle = theta.copy(), f(theta)
    above, below = theta.copy(), theta.copy()
    for index in np.ndindex(theta.shape):
        above, below = (above, below) if "keeps-the-steps" in mistakes else (start.copy(), start.copy())
        where: Any = ... if "moves-all-elements-at-once" in mistakes else index
        where = index[0] if "moves-a-whole-row" in mistakes else where
        below = above if "moves-one-array-for-both-points" in mistakes else below
        above[where] += h
        below[where] -= h
        gradient[index] = wrong_quotient(mistakes, f(above), middle, f(below), h)
        start[index] -= h if "does-not-step-back" in mistakes else 0
    return gradient.ravel() if "flattens-the-result" in mistakes else gradient


def wrong_quotient(mistakes: Mistakes, above: float, middle: float, below: float, h: float) -> float:
    """Divide by twice h, with switches."""
    difference = below - above if "turns-the-sign-round" in mistakes else above - below
    if "forward-difference" in mistakes:
        difference, h = above - middle, h / 2
    if "halves-a-forward-difference" in mistakes:
        difference = above - middle
    if "multiplies-by-h" in mistakes:
        return difference / 2 * h
    if "divides-by-h-squared" in mistakes:
        return difference / (2 * h**2)
    return difference / (h if "divides-by-h-alone" in mistakes else 2 * h)


numeric_gradient = Exercise(
    number="0.5",
    call="numeric_gradient(f, theta, h)",
    read="Numeric gradients, equation (0.6)",
    parts={
        "vector": random_cases(draw_point, N=(1, 5)),
        "any shape": random_cases(draw_point, N=(1, 4), M=2, K=1),
    },
    oracle=oracle_numeric_gradient,
    returns=Array("gradient", "theta.shape", of_norm=1e-10),
    wrong=wrong_numeric_gradient,
    misconceptions=MISCONCEPTIONS["numeric_gradient"],
    forbidden=("torch", "course_lib", "course_lib.gradcheck"),
)


def draw_valley(rng: np.random.Generator, N: int) -> Inputs:
    """Draw a symmetric positive definite matrix, turned so that its entries do not show its eigenvalues."""
    directions, _ = np.linalg.qr(rng.normal(size=(N, N)))
    A = directions @ np.diag(rng.uniform(0.5, 8, N)) @ directions.T
    return {"A": (A + A.T) / 2}


def oracle_largest_stable_step(A: np.ndarray) -> float:
    """Halve the interval between a step that converges and one that does not; 2**40 updates of each are simulated."""
    curve, steady = torch.tensor(A), torch.eye(len(A), dtype=torch.float64)
    converges, diverges = 0.0, 100.0
    for _ in range(HALVINGS):
        eta = (converges + diverges) / 2
        updates = steady - eta * curve
        for _ in range(DOUBLINGS):
            updates = updates @ updates
        converges, diverges = (eta, diverges) if torch.linalg.matrix_norm(updates) < 1 else (converges, eta)
    return converges


def wrong_largest_stable_step(mistakes: Mistakes, A: np.ndarray) -> float:
    """Choose a step, with switches."""
    eigenvalues = np.linalg.eigvalsh(A)
    curvature = eigenvalues.max()
    if "uses-the-smallest-eigenvalue" in mistakes:
        curvature = eigenvalues.min()
    if "uses-the-trace" in mistakes:
        curvature = np.trace(A)
    if "averages-the-eigenvalues" in mistakes:
        curvature = eigenvalues.mean()
    if "takes-the-fastest-step" in mistakes:
        curvature = eigenvalues.min() + eigenvalues.max()
    if "uses-the-largest-entry" in mistakes:
        curvature = A.max()
    if "uses-the-frobenius-norm" in mistakes:
        curvature = np.linalg.norm(A)
    if "uses-the-largest-row-sum" in mistakes:
        curvature = np.abs(A).sum(axis=1).max()
    if "takes-the-first-eigenvalue" in mistakes:
        curvature = np.linalg.eig(A)[0][0]
    curvature = curvature**2 if "squares-the-eigenvalue" in mistakes else curvature
    curvature = np.sqrt(curvature) if "takes-a-root" in mistakes else curvature
    if "returns-the-eigenvalue" in mistakes:
        return curvature
    if "multiplies-by-the-eigenvalue" in mistakes:
        return 2 * curvature
    return (1 if "stops-at-half-the-step" in mistakes else 2) / curvature


largest_stable_step = Exercise(
    number="0.6",
    call="largest_stable_step(A)",
    read="The step size, equation (0.7)",
    parts={"values": random_cases(draw_valley, N=(2, 5))},
    oracle=oracle_largest_stable_step,
    returns=Number("eta"),
    wrong=wrong_largest_stable_step,
    misconceptions=MISCONCEPTIONS["largest_stable_step"],
)

Moments = tuple[np.ndarray, np.ndarray, np.ndarray]
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8


def draw_update(rng: np.random.Generator, t: int, N: int, M: int) -> Inputs:
    """Draw a gradient and the moments before it; those of every other column are as small as Adam's epsilon."""
    scale = np.where(np.arange(M) % 2, 1e-8, 1.0)
    g, m = rng.normal(size=(N, M)) * scale, rng.normal(size=(N, M)) * scale
    v = rng.uniform(0.5, 2, (N, M)) * scale**2
    begun = t > 1
    return {"theta": rng.normal(size=(N, M)), "g": g, "m": m * begun, "v": v * begun, "t": t, "eta": _rate(rng)}


def _rate(rng: np.random.Generator) -> float:
    return float(rng.uniform(0.01, 0.1))


def oracle_adam_step(theta: np.ndarray, g: np.ndarray, m: np.ndarray, v: np.ndarray, t: int, eta: float) -> Moments:
    """Let torch's own update change copies of the arrays.

    It is what ``torch.optim.Adam`` calls; the class itself takes two seconds when it is first made.
    """
    parameter, gradient, first, second = map(torch.tensor, (theta, g, m, v))
    adam(
        [parameter],
        [gradient],
        [first],
        [second],
        [],
        [torch.tensor(t - 1.0)],
        foreach=False,
        amsgrad=False,
        beta1=BETA_1,
        beta2=BETA_2,
        lr=eta,
        weight_decay=0.0,
        eps=EPSILON,
        maximize=False,
    )
    return parameter.numpy(), first.numpy(), second.numpy()


def wrong_adam_step(
    mistakes: Mistakes, theta: np.ndarray, g: np.ndarray, m: np.ndarray, v: np.ndarray, t: int, eta: float
) -> Moments:
    """Take one step of Adam, with switches."""
    beta_1, beta_2 = (BETA_2, BETA_1) if "swaps-the-betas" in mistakes else (BETA_1, BETA_2)
    new_m = beta_1 * m + (1 if "adds-the-whole-gradient" in mistakes else 1 - beta_1) * g
    new_v = beta_2 * v + (1 - beta_2) * (g if "does-not-square" in mistakes else g**2)
    used_m, used_v = (m, v) if "uses-the-old-moments" in mistakes else (new_m, new_v)
    t = t + 1 if "counts-t-from-2" in mistakes else t
    share_1 = 1 if "corrects-nothing" in mistakes else 1 - beta_1**t
    share_2 = 1 if {"corrects-nothing", "corrects-the-first-moment-only"} & mistakes else 1 - beta_2**t
    m_hat, v_hat = used_m / share_1, used_v / share_2
    root = np.sqrt(v_hat + (EPSILON if "epsilon-inside-the-root" in mistakes else 0))
    root = v_hat if "forgets-the-root" in mistakes else root
    scale = root + (0 if "epsilon-inside-the-root" in mistakes else EPSILON)
    if "corrects-after-epsilon" in mistakes:
        scale = (np.sqrt(used_v) + EPSILON) / np.sqrt(share_2)
    step = eta * m_hat / scale
    theta = theta + step if "climbs" in mistakes else theta - step
    return (theta, m_hat, v_hat) if "returns-corrected-moments" in mistakes else (theta, new_m, new_v)


adam_step = Exercise(
    number="0.7",
    call="adam_step(theta, g, m, v, t, eta)",
    read="Momentum and Adam, equation (0.8)",
    parts={"values": random_cases(draw_update, t=(1, 10), N=3, M=2)},
    oracle=oracle_adam_step,
    returns=Several((Array("theta", "(N, M)"), Array("m", "(N, M)"), Array("v", "(N, M)"))),
    wrong=wrong_adam_step,
    misconceptions=MISCONCEPTIONS["adam_step"],
    stretch=True,
)
