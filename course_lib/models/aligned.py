"""Many in, many out, one answer a step: in one direction and in both (chapter 01)."""

from typing import NamedTuple

import numpy as np

from course_lib.models.many_to_one import ManyToOneParams, states
from course_lib.nn import (
    cross_entropy,
    cross_entropy_backward,
    linear,
    linear_backward,
    rnn_backward,
    rnn_forward,
    uniform_head,
    uniform_rnn,
)
from course_lib.params import HeadParams, RNNParams

Batch = tuple[np.ndarray, np.ndarray, np.ndarray]


class BidirectionalParams(NamedTuple):
    """Parameters of two recurrent layers, one for each direction, and the head that reads both.

    Attributes
    ----------
    forward : RNNParams of sizes D, H
    backward : RNNParams of sizes D, H
        The layer that reads from the last step to the first.
    head : HeadParams of sizes 2 H, O
    """

    forward: RNNParams
    backward: RNNParams
    head: HeadParams


def uniform_bidirectional(D: int, H: int, O: int, rng: np.random.Generator) -> BidirectionalParams:
    """Draw the parameters of a network from D inputs a step over 2 H units to O outputs a step."""
    return BidirectionalParams(uniform_rnn(D, H, rng), uniform_rnn(D, H, rng), uniform_head(2 * H, O, rng))


def aligned(params: ManyToOneParams, x: np.ndarray) -> np.ndarray:
    """Answer at every step of ``x`` (B, T, D), shape (B, T, O): the head of many-to-one, used T times."""
    return linear(states(params, x), *params.head)


def aligned_loss(params: ManyToOneParams, batch: Batch) -> tuple[float, ManyToOneParams]:
    """Cross-entropy and its gradients for sequences (B, T, D), classes (B, T) and a mask (B, T)."""
    x, y, mask = batch
    h, cache = rnn_forward(x, np.zeros((len(x), len(params.rnn.b_h))), params.rnn)
    loss, loss_cache = cross_entropy(linear(h, *params.head), y, mask)
    head = linear_backward(cross_entropy_backward(loss_cache), h, params.head.W_hy)
    return loss, ManyToOneParams(rnn_backward(head.dx, cache).dparams, HeadParams(head.dW, head.db))


def bidirectional(params: BidirectionalParams, x: np.ndarray) -> np.ndarray:
    """Answer at every step of ``x`` (B, T, D) with the past and the future in sight, shape (B, T, O)."""
    h_0 = np.zeros((len(x), len(params.forward.b_h)))
    past, _ = rnn_forward(x, h_0, params.forward)
    future, _ = rnn_forward(x[:, ::-1], h_0, params.backward)
    return linear(np.concatenate([past, future[:, ::-1]], axis=-1), *params.head)


def bidirectional_loss(params: BidirectionalParams, batch: Batch) -> tuple[float, BidirectionalParams]:
    """Cross-entropy and its gradients for sequences (B, T, D), classes (B, T) and a mask (B, T)."""
    x, y, mask = batch
    h_0 = np.zeros((len(x), len(params.forward.b_h)))
    past, past_cache = rnn_forward(x, h_0, params.forward)
    future, future_cache = rnn_forward(x[:, ::-1], h_0, params.backward)
    both = np.concatenate([past, future[:, ::-1]], axis=-1)  # (B, T, 2 H)
    loss, loss_cache = cross_entropy(linear(both, *params.head), y, mask)
    head = linear_backward(cross_entropy_backward(loss_cache), both, params.head.W_hy)
    dpast, dfuture = np.split(head.dx, 2, axis=-1)
    forward = rnn_backward(dpast, past_cache).dparams
    backward = rnn_backward(dfuture[:, ::-1], future_cache).dparams
    return loss, BidirectionalParams(forward, backward, HeadParams(head.dW, head.db))
