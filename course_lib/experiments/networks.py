"""Recurrent networks with a head, for any recurrence that has the shapes of :mod:`course_lib.nn.rnn`.

They compute in the dtype of their parameters: experiments use float32, which takes half the time of float64.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

import numpy as np

from course_lib.models.many_to_one import ManyToOneParams
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
)
from course_lib.nn.irnn import irnn_backward, irnn_forward
from course_lib.nn.rnn import RNNCache, RNNGradients
from course_lib.params import HeadParams, RNNParams

Params = TypeVar("Params", bound=tuple[Any, ...])
AT_ONCE = 250
"""Sequences that a network is judged on together: more take longer, for their states leave the processor's cache."""


class Recurrence(NamedTuple):
    """A recurrent layer: what runs it over sequences, and what carries gradients back.

    Attributes
    ----------
    forward : callable
        Takes x (B, T, D), h_0 (B, H) and parameters, returns states (B, T, H) and a cache.
    backward : callable
        Takes dh (B, T, H) and the cache.
    """

    forward: Callable[[np.ndarray, np.ndarray, RNNParams], tuple[np.ndarray, RNNCache]]
    backward: Callable[[np.ndarray, RNNCache], RNNGradients]


TANH = Recurrence(rnn_forward, rnn_backward)
RELU = Recurrence(irnn_forward, irnn_backward)


def with_head(rnn: RNNParams, outputs: int, rng: np.random.Generator) -> ManyToOneParams:
    """Put a head of `outputs` logits on a recurrent layer, all in float32."""
    return as_float32(ManyToOneParams(rnn, uniform_head(len(rnn.b_h), outputs, rng)))


def as_float32(params: Params) -> Params:
    """Return a tuple of arrays of any shape, nested or not, in float32."""
    parts = [as_float32(part) if isinstance(part, tuple) else part.astype(np.float32) for part in params]
    return type(params)(*parts)


def as_weights(params: ManyToOneParams) -> dict[str, np.ndarray]:
    """Return the arrays of a network by their names, of any shape, as a result stores them."""
    return {**params.rnn._asdict(), **params.head._asdict()}


def from_weights(weights: Mapping[str, np.ndarray]) -> ManyToOneParams:
    """Return the network that :func:`as_weights` took apart; its arrays keep their shapes."""
    return ManyToOneParams(
        RNNParams(*(weights[name] for name in RNNParams._fields)),
        HeadParams(*(weights[name] for name in HeadParams._fields)),
    )


def states(params: ManyToOneParams, x: np.ndarray, recurrence: Recurrence) -> tuple[np.ndarray, RNNCache]:
    """Run x (B, T, D) from a state of zeros; return the states (B, T, H) and the cache."""
    h_0 = np.zeros((len(x), len(params.rnn.b_h)), params.rnn.b_h.dtype)
    return recurrence.forward(x.astype(h_0.dtype), h_0, params.rnn)


def last_answers(params: ManyToOneParams, x: np.ndarray, recurrence: Recurrence) -> np.ndarray:
    """Return the outputs (B, O) of the last state of every sequence of x (B, T, D), however many there are."""
    parts = np.split(x, range(AT_ONCE, len(x), AT_ONCE))
    return np.concatenate([linear(states(params, part, recurrence)[0][:, -1], *params.head) for part in parts])


def squared_error(
    params: ManyToOneParams, x: np.ndarray, y: np.ndarray, recurrence: Recurrence
) -> tuple[float, ManyToOneParams]:
    """Return the mean squared error of one answer a sequence, for x (B, T, D) and y (B,), and its gradients."""
    h, cache = states(params, x, recurrence)
    loss, loss_cache = mean_squared_error(linear(h[:, -1], *params.head), y[:, None].astype(h.dtype))
    head = linear_backward(mean_squared_error_backward(loss_cache), h[:, -1], params.head.W_hy)
    dh = np.zeros_like(h)  # (B, T, H): the loss looks at the last state alone
    dh[:, -1] = head.dx
    return loss, ManyToOneParams(recurrence.backward(dh, cache).dparams, HeadParams(head.dW, head.db))


def step_losses(
    params: ManyToOneParams, x: np.ndarray, y: np.ndarray, recurrence: Recurrence
) -> tuple[float, ManyToOneParams]:
    """Return the mean cross-entropy over all steps of x (B, T, D) and y (B, T), in nats, and its gradients."""
    h, cache = states(params, x, recurrence)
    loss, loss_cache = cross_entropy(linear(h, *params.head), y)
    head = linear_backward(cross_entropy_backward(loss_cache), h, params.head.W_hy)
    return loss, ManyToOneParams(recurrence.backward(head.dx, cache).dparams, HeadParams(head.dW, head.db))
