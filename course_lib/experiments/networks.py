"""Recurrent networks with a head: a tanh or ReLU layer, an LSTM or a GRU.

They compute in the dtype of their parameters: experiments use float32, which takes half the time of float64.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from course_lib.nn import (
    cross_entropy,
    cross_entropy_backward,
    gru_backward,
    gru_forward,
    linear,
    linear_backward,
    lstm_backward,
    lstm_forward,
    mean_squared_error,
    mean_squared_error_backward,
    rnn_backward,
    rnn_forward,
    uniform_head,
)
from course_lib.nn.irnn import irnn_backward, irnn_forward
from course_lib.nn.lstm import LSTMCache
from course_lib.params import GRUParams, HeadParams, LSTMParams, RNNParams

Params = TypeVar("Params", bound=tuple[Any, ...])
Layer = TypeVar("Layer", bound=tuple[Any, ...])  # parameters of a recurrent layer: RNNParams, LSTMParams, GRUParams
AT_ONCE = 250
"""Sequences that a network is judged on together: more take longer, for their states leave the processor's cache."""


class Network(NamedTuple, Generic[Layer]):
    """Parameters of a recurrent layer of any kind and the head that reads its states.

    Attributes
    ----------
    rnn : RNNParams, LSTMParams or GRUParams of sizes D, H
    head : HeadParams of sizes H, O
    """

    rnn: Layer
    head: HeadParams


class Recurrence(NamedTuple):
    """A recurrent layer: what runs it over sequences, and what carries gradients back.

    Attributes
    ----------
    forward : callable
        Takes x (B, T, D), h_0 (B, H) and parameters, returns states (B, T, H) and a cache.
    backward : callable
        Takes dh (B, T, H) and the cache; its ``dparams`` are used.
    kind : callable
        Makes parameters from their arrays, in the order of their names.
    names : tuple of str
        Of the arrays.
    """

    forward: Callable[[np.ndarray, np.ndarray, Any], tuple[np.ndarray, Any]]
    backward: Callable[[np.ndarray, Any], Any]
    kind: Callable[..., Any] = RNNParams
    names: tuple[str, ...] = RNNParams._fields


def _lstm_from_an_empty_cell(x: np.ndarray, h_0: np.ndarray, params: LSTMParams) -> tuple[np.ndarray, LSTMCache]:
    """Run an LSTM over x (B, T, D) from h_0 (B, H) and a cell of zeros."""
    h, _, cache = lstm_forward(x, h_0, np.zeros_like(h_0), params)
    return h, cache


TANH = Recurrence(rnn_forward, rnn_backward)
RELU = Recurrence(irnn_forward, irnn_backward)
LSTM = Recurrence(_lstm_from_an_empty_cell, lstm_backward, LSTMParams, LSTMParams._fields)
GRU = Recurrence(gru_forward, gru_backward, GRUParams, GRUParams._fields)


def with_head(rnn: Layer, hidden: int, outputs: int, rng: np.random.Generator) -> Network[Layer]:
    """Put a head of `outputs` logits on a recurrent layer of `hidden` units, all in float32."""
    return as_float32(Network(rnn, uniform_head(hidden, outputs, rng)))


def as_float32(params: Params) -> Params:
    """Return a tuple of arrays of any shape, nested or not, in float32."""
    parts = [as_float32(part) if isinstance(part, tuple) else part.astype(np.float32) for part in params]
    return type(params)(*parts)


def as_weights(params: tuple[Any, ...]) -> dict[str, np.ndarray]:
    """Return the arrays of a network by their names, of any shape, as a result stores them."""
    return dict(_named(params))


def _named(params: tuple[Any, ...]) -> Iterator[tuple[str, np.ndarray]]:
    """Yield every array of named tuples, nested or not, of any shape, with its own name."""
    for name, part in params._asdict().items():  # type: ignore[attr-defined]
        if isinstance(part, tuple):
            yield from _named(part)
        else:
            yield name, part


def from_weights(weights: Mapping[str, np.ndarray], recurrence: Recurrence = TANH) -> Network[Any]:
    """Return the network that :func:`as_weights` took apart; its arrays keep their shapes."""
    return Network(
        recurrence.kind(*(weights[name] for name in recurrence.names)),
        HeadParams(*(weights[name] for name in HeadParams._fields)),
    )


def weights_of(name: str, weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the arrays of one network of several, stored as ``NAME.W_hy`` and so on, of any shape."""
    return {key.removeprefix(f"{name}."): array for key, array in weights.items() if key.startswith(f"{name}.")}


def states(params: Network[Any], x: np.ndarray, recurrence: Recurrence) -> tuple[np.ndarray, Any]:
    """Run x (B, T, D) from a state of zeros; return the states (B, T, H) and the cache."""
    W_hy = params.head.W_hy  # (H, O)
    h_0 = np.zeros((len(x), len(W_hy)), W_hy.dtype)
    return recurrence.forward(x.astype(h_0.dtype), h_0, params.rnn)


def last_answers(params: Network[Any], x: np.ndarray, recurrence: Recurrence) -> np.ndarray:
    """Return the outputs (B, O) of the last state of every sequence of x (B, T, D), however many there are."""
    parts = np.split(x, range(AT_ONCE, len(x), AT_ONCE))
    return np.concatenate([linear(states(params, part, recurrence)[0][:, -1], *params.head) for part in parts])


def step_loss(params: Network[Any], x: np.ndarray, y: np.ndarray, recurrence: Recurrence) -> float:
    """Return the mean cross-entropy over all steps of x (B, T, D) and y (B, T), in nats, however many there are."""
    cuts = range(AT_ONCE, len(x), AT_ONCE)
    total = sum(
        len(part) * cross_entropy(linear(states(params, part, recurrence)[0], *params.head), wanted)[0]
        for part, wanted in zip(np.split(x, cuts), np.split(y, cuts), strict=True)
    )
    return total / len(x)


def squared_error(
    params: Network[Layer],
    x: np.ndarray,
    y: np.ndarray,
    recurrence: Recurrence,
    watch: Callable[[np.ndarray], None] | None = None,
) -> tuple[float, Network[Layer]]:
    """Return the mean squared error of one answer a sequence, for x (B, T, D) and y (B,), and its gradients.

    `watch`, if there is one, is given the answers (B,).
    """
    h, cache = states(params, x, recurrence)
    answers = linear(h[:, -1], *params.head)  # (B, 1)
    if watch is not None:
        watch(answers[:, 0])
    loss, loss_cache = mean_squared_error(answers, y[:, None].astype(h.dtype))
    head = linear_backward(mean_squared_error_backward(loss_cache), h[:, -1], params.head.W_hy)
    dh = np.zeros_like(h)  # (B, T, H): the loss looks at the last state alone
    dh[:, -1] = head.dx
    return loss, Network(recurrence.backward(dh, cache).dparams, HeadParams(head.dW, head.db))


def step_losses(
    params: Network[Layer], x: np.ndarray, y: np.ndarray, recurrence: Recurrence
) -> tuple[float, Network[Layer]]:
    """Return the mean cross-entropy over all steps of x (B, T, D) and y (B, T), in nats, and its gradients."""
    h, cache = states(params, x, recurrence)
    loss, loss_cache = cross_entropy(linear(h, *params.head), y)
    head = linear_backward(cross_entropy_backward(loss_cache), h, params.head.W_hy)
    return loss, Network(recurrence.backward(head.dx, cache).dparams, HeadParams(head.dW, head.db))
