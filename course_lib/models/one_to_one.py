"""One in, one out: a feed-forward network with one hidden layer, and a single linear layer (chapter 01)."""

from typing import NamedTuple

import numpy as np

from course_lib.nn import (
    cross_entropy,
    cross_entropy_backward,
    linear,
    linear_backward,
    mean_squared_error,
    mean_squared_error_backward,
    uniform_linear,
)
from course_lib.params import LinearParams


class OneToOneParams(NamedTuple):
    """Parameters of two linear layers with tanh between them.

    Attributes
    ----------
    hidden : LinearParams of sizes D, H
    head : LinearParams of sizes H, O
    """

    hidden: LinearParams
    head: LinearParams


def uniform_one_to_one(D: int, H: int, O: int, rng: np.random.Generator) -> OneToOneParams:
    """Draw the parameters of a network from D inputs over H hidden units to O outputs."""
    return OneToOneParams(uniform_linear(D, H, rng), uniform_linear(H, O, rng))


def one_to_one(params: OneToOneParams, x: np.ndarray) -> np.ndarray:
    """Compute one output row for every row of ``x`` (B, D), shape (B, O); no row knows of another."""
    return linear(np.tanh(linear(x, *params.hidden)), *params.head)


def one_to_one_loss(params: OneToOneParams, batch: tuple[np.ndarray, np.ndarray]) -> tuple[float, OneToOneParams]:
    """Cross-entropy and its gradients for a batch of inputs (B, D) and classes (B,)."""
    x, y = batch
    h = np.tanh(linear(x, *params.hidden))  # (B, H)
    loss, cache = cross_entropy(linear(h, *params.head), y)
    return loss, _backward(params, x, h, cross_entropy_backward(cache))


def one_to_one_regression_loss(
    params: OneToOneParams, batch: tuple[np.ndarray, np.ndarray]
) -> tuple[float, OneToOneParams]:
    """Mean squared error and its gradients for a batch of inputs (B, D) and one target (B,) each; O must be 1."""
    x, y = batch
    h = np.tanh(linear(x, *params.hidden))  # (B, H)
    loss, cache = mean_squared_error(linear(h, *params.head), y[:, None])
    return loss, _backward(params, x, h, mean_squared_error_backward(cache))


def _backward(params: OneToOneParams, x: np.ndarray, h: np.ndarray, ds: np.ndarray) -> OneToOneParams:
    head = linear_backward(ds, h, params.head.W)
    hidden = linear_backward(head.dx * (1 - h**2), x, params.hidden.W)
    return OneToOneParams(LinearParams(hidden.dW, hidden.db), LinearParams(head.dW, head.db))


def linear_classifier_loss(params: LinearParams, batch: tuple[np.ndarray, np.ndarray]) -> tuple[float, LinearParams]:
    """Cross-entropy and its gradients of one linear layer, for inputs (B, D) and classes (B,)."""
    x, y = batch
    loss, cache = cross_entropy(linear(x, *params), y)
    gradients = linear_backward(cross_entropy_backward(cache), x, params.W)
    return loss, LinearParams(gradients.dW, gradients.db)
