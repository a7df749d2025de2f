"""Exercise 3.5: rescale a matrix to a spectral radius, and draw orthogonal blocks."""

from typing import Any

import numpy as np
import torch

from course_lib.checks.exercise import Exercise, Inputs, Mistakes, random_cases
from course_lib.checks.plain import Seed
from course_lib.checks.returns import Array
from course_lib.checks.vanishing_gradients.hints import MISCONCEPTIONS


def draw_rescaling(rng: np.random.Generator, H: int) -> Inputs:
    """Draw a matrix and the radius it shall have: a larger one, or a smaller one for a single unit.

    The eigenvalue of the largest absolute value is negative for a single unit. Else it is complex, no real part comes
    near it in size, LAPACK does not return it first, and another has the largest real part.
    """
    if H == 1:
        return {"W": rng.uniform(-3, -1.6, (1, 1)), "rho": float(rng.uniform(1.2, 1.5))}
    while True:
        W = rng.normal(size=(H, H))
        values = np.linalg.eigvals(W)
        radius = np.abs(values).max()
        if max(np.abs(values.real).max(), abs(values[0]), abs(values.max())) < 0.9 * radius:
            return {"W": W * rng.uniform(0.3, 1.0) / radius, "rho": float(rng.uniform(1.2, 1.5))}


def oracle_rescale_to_radius(W: np.ndarray, rho: float) -> np.ndarray:
    """Let torch find the eigenvalues."""
    values = torch.linalg.eigvals(torch.tensor(W))
    return (torch.tensor(W) * rho / values.abs().max()).numpy()


def wrong_rescale_to_radius(mistakes: Mistakes, W: np.ndarray, rho: float) -> Any:
    """Rescale, with switches."""
    scale = rho / wrong_radius(mistakes, W)
    scale = scale / rho if "forgets-rho" in mistakes else scale
    scale = rho if "forgets-to-divide" in mistakes else scale
    scale = 1 / scale if "turns-the-factor-round" in mistakes else scale
    return W * min(1.0, scale) if "only-shrinks" in mistakes else W * scale


def wrong_radius(mistakes: Mistakes, W: np.ndarray) -> Any:
    """Measure a matrix, with switches."""
    if "takes-sigma_max" in mistakes:
        return np.linalg.norm(W, 2)
    if "takes-the-root-of-all-squares" in mistakes:
        return np.linalg.norm(W)
    if "takes-the-largest-entry" in mistakes:
        return np.abs(W).max()
    values = np.linalg.eigvalsh(W) if "takes-W-for-symmetric" in mistakes else np.linalg.eigvals(W)
    if "forgets-the-absolute-value" in mistakes:
        return values.max()
    if "takes-the-absolute-value-too-late" in mistakes:
        return abs(values.max())
    sizes = np.abs(values.real) if "drops-the-imaginary-parts" in mistakes else np.abs(values)
    sizes = values.real if "takes-the-largest-real-part" in mistakes else sizes
    if "takes-the-first-eigenvalue" in mistakes:
        return sizes[0]
    return sizes.mean() if "averages-the-eigenvalues" in mistakes else sizes.max()


rescale_to_radius = Exercise(
    number="3.5",
    call="rescale_to_radius(W, rho)",
    read="Initialisation, equation (3.9)",
    parts={"values": random_cases(draw_rescaling, H=(1, 5))},
    oracle=oracle_rescale_to_radius,
    returns=Array("W", "(H, H)", of_norm=1e-9),
    wrong=wrong_rescale_to_radius,
    misconceptions=MISCONCEPTIONS["rescale_to_radius"],
)


def draw_blocks(rng: np.random.Generator, H: int, n: int) -> Inputs:
    """Draw the seed of a generator."""
    return {"H": H, "n": n, "rng": Seed(int(rng.integers(2**31)))}


def oracle_orthogonal_blocks(H: int, n: int, rng: Seed) -> np.ndarray:
    """Let torch orthogonalise a stack of matrices, and turn the columns round whose entry in R is negative."""
    Q, R = torch.linalg.qr(torch.tensor(np.random.default_rng(rng.value).normal(size=(n, H, H))))
    turned = torch.where(R.diagonal(dim1=1, dim2=2)[:, None] < 0, -Q, Q)
    return torch.cat(list(turned), dim=1).numpy()


def wrong_orthogonal_blocks(mistakes: Mistakes, H: int, n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw blocks, with switches."""
    if "makes-the-stack-orthogonal" in mistakes:
        return wrong_block(mistakes, rng.normal(size=(n * H, H))).T
    if "cuts-one-large-matrix" in mistakes:
        return wrong_block(mistakes, rng.normal(size=(n * H, n * H)))[:H]
    if "orthogonalises-all-at-once" in mistakes:
        return wrong_block(mistakes, rng.normal(size=(H, n * H)))
    if "draws-all-at-once" in mistakes:
        drawn = np.split(rng.normal(size=(H, n * H)), n, axis=1)
    else:
        drawn = [rng.normal(size=(H, H)) for _ in range(n)]
    blocks = [wrong_block(mistakes, G) for G in drawn]
    blocks = blocks[:1] * n if "repeats-one-block" in mistakes else blocks
    if "reshapes-the-stack" in mistakes:
        return np.stack(blocks).reshape(H, n * H)
    return np.concatenate(blocks, axis=0 if "stacks-the-blocks" in mistakes else 1)


def wrong_block(mistakes: Mistakes, G: np.ndarray) -> np.ndarray:
    """Make a matrix orthogonal, with switches."""
    if "returns-the-draws" in mistakes:
        return G
    if "takes-the-nearest-orthogonal-matrix" in mistakes:
        U, _, V = np.linalg.svd(G, full_matrices=False)
        return np.asarray(U @ V)
    if "takes-U-of-the-svd" in mistakes:
        return np.linalg.svd(G)[0]
    Q, R = np.linalg.qr(G)
    if "returns-R" in mistakes:
        return np.asarray(R)
    signs = np.diag(R) if "multiplies-by-the-diagonal" in mistakes else np.sign(np.diag(R))
    signs = np.ones(len(signs)) if "leaves-the-signs" in mistakes else signs
    turned = signs[:, None] * Q[: len(signs)] if "turns-the-rows" in mistakes else Q * signs[: Q.shape[1]]
    return turned.T if "transposes-the-blocks" in mistakes else turned


orthogonal_blocks = Exercise(
    number="3.5",
    call="orthogonal_blocks(H, n, rng)",
    read="Initialisation, equation (3.10)",
    parts={"values": random_cases(draw_blocks, H=5, n=(1, 3))},
    oracle=oracle_orthogonal_blocks,
    returns=Array("W", "(H, n * H)", of_norm=1e-9),
    wrong=wrong_orthogonal_blocks,
    misconceptions=MISCONCEPTIONS["orthogonal_blocks"],
)
