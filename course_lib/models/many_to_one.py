"""Many in, one out: read a whole sequence, answer from the last state (chapter 01)."""

from typing import NamedTuple

import numpy as np

from course_lib.nn import (
    cross_entropy,
    cross_entropy_backward,
    linear,
    linear_backward,
    mean_squared_error,
    mean_squared_error_backward,
    rnn_backward,
    rnn_forward,
    uniform_head,
    uniform_rnn,
)
from course_lib.nn.rnn import RNNCache
from course_lib.params import HeadParams, RNNParams


class ManyToOneParams(NamedTuple):
    """Parameters of a recurrent layer and the head that reads it.

    Attributes
    ----------
    rnn : RNNParams of sizes D, H
    head : HeadParams of sizes H, O
    """

    rnn: RNNParams
    head: HeadParams


def uniform_many_to_one(D: int, H: int, O: int, rng: np.random.Generator) -> ManyToOneParams:
    """Draw the parameters of a network from D inputs a step over H units to O outputs."""
    return ManyToOneParams(uniform_rnn(D, H, rng), uniform_head(H, O, rng))


def many_to_one(params: ManyToOneParams, x: np.ndarray) -> np.ndarray:
    """Answer once for every sequence of ``x`` (B, T, D), shape (B, O)."""
    h = states(params, x)
    return linear(h[:, -1], *params.head)


def states(params: ManyToOneParams, x: np.ndarray) -> np.ndarray:
    """Return the states (B, T, H) of a network that starts from zeros."""
    h, _ = _forward(params.rnn, x)
    return h


def many_to_one_loss(params: ManyToOneParams, batch: tuple[np.ndarray, np.ndarray]) -> tuple[float, ManyToOneParams]:
    """Cross-entropy and its gradients for sequences (B, T, D) and one class (B,) each."""
    x, y = batch
    h, cache = _forward(params.rnn, x)
    loss, loss_cache = cross_entropy(linear(h[:, -1], *params.head), y)
    return loss, _backward(params, h, cache, cross_entropy_backward(loss_cache))


def many_to_one_regression_loss(
    params: ManyToOneParams, batch: tuple[np.ndarray, np.ndarray]
) -> tuple[float, ManyToOneParams]:
    """Mean squared error and its gradients for sequences (B, T, D) and one target (B,) each; O must be 1."""
    x, y = batch
    h, cache = _forward(params.rnn, x)
    loss, loss_cache = mean_squared_error(linear(h[:, -1], *params.head), y[:, None])
    return loss, _backward(params, h, cache, mean_squared_error_backward(loss_cache))


def _forward(rnn: RNNParams, x: np.ndarray) -> tuple[np.ndarray, RNNCache]:
    return rnn_forward(x, np.zeros((len(x), len(rnn.b_h))), rnn)


def _backward(params: ManyToOneParams, h: np.ndarray, cache: RNNCache, ds: np.ndarray) -> ManyToOneParams:
    head = linear_backward(ds, h[:, -1], params.head.W_hy)
    dh = np.zeros_like(h)  # (B, T, H): the loss looks at the last state alone
    dh[:, -1] = head.dx
    return ManyToOneParams(rnn_backward(dh, cache).dparams, HeadParams(head.dW, head.db))
