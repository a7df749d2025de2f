"""One in, many out: an input becomes the first state, and the network writes from there (chapter 01)."""

from typing import NamedTuple

import numpy as np

from course_lib.data.vocabulary import one_hot
from course_lib.nn import (
    cross_entropy,
    cross_entropy_backward,
    linear,
    linear_backward,
    rnn_backward,
    rnn_forward,
    rnn_step,
    softmax,
    uniform_head,
    uniform_linear,
    uniform_rnn,
)
from course_lib.params import HeadParams, LinearParams, RNNParams


class OneToManyParams(NamedTuple):
    """Parameters of a network that spells out one input.

    Attributes
    ----------
    start : LinearParams of sizes D, H
        From the input to the initial state.
    rnn : RNNParams of sizes V, H
        Its input is the symbol written last, one-hot of size V.
    head : HeadParams of sizes H, V
    """

    start: LinearParams
    rnn: RNNParams
    head: HeadParams


def uniform_one_to_many(D: int, H: int, V: int, rng: np.random.Generator) -> OneToManyParams:
    """Draw the parameters of a network from D inputs over H units to symbols out of V."""
    return OneToManyParams(uniform_linear(D, H, rng), uniform_rnn(V, H, rng), uniform_head(H, V, rng))


def one_to_many_loss(
    params: OneToManyParams, batch: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> tuple[float, OneToManyParams]:
    """Cross-entropy and its gradients for pictures (B, D), symbols read (B, T) and symbols to write (B, T)."""
    picture, read, to_write = batch
    h_0 = np.tanh(linear(picture, *params.start))  # (B, H)
    h, cache = rnn_forward(one_hot(read, len(params.rnn.W_xh)), h_0, params.rnn)
    loss, loss_cache = cross_entropy(linear(h, *params.head), to_write)
    head = linear_backward(cross_entropy_backward(loss_cache), h, params.head.W_hy)
    rnn = rnn_backward(head.dx, cache)
    start = linear_backward(rnn.dh_0 * (1 - h_0**2), picture, params.start.W)
    return loss, OneToManyParams(LinearParams(start.dW, start.db), rnn.dparams, HeadParams(head.dW, head.db))


def first_state(params: OneToManyParams, picture: np.ndarray) -> np.ndarray:
    """Turn pictures (B, D) into initial states (B, H)."""
    h_0: np.ndarray = np.tanh(linear(picture, *params.start))
    return h_0


def write(
    rnn: RNNParams, head: HeadParams, h_0: np.ndarray, first: int, last: int, max_length: int = 20
) -> list[list[int]]:
    """Write the likeliest symbol, read it back in, and go on until the stop symbol.

    Parameters
    ----------
    rnn : RNNParams of sizes V, H
    head : HeadParams of sizes H, V
    h_0 : ndarray of shape (B, H)
    first : int
        The symbol that is read before anything was written.
    last : int
        The symbol that ends a text; it is not returned.
    max_length : int
        Symbols after which a text ends without it.

    Returns
    -------
    list of B lists of int
    """
    h, symbol = h_0, np.full(len(h_0), first)
    columns = []
    for _ in range(max_length):
        h = rnn_step(one_hot(symbol, len(rnn.W_xh)), h, rnn)  # the state is carried, never reset
        symbol = linear(h, *head).argmax(axis=-1)
        columns.append(symbol)
    return [_until(row, last) for row in np.stack(columns, axis=1).tolist()]


def sample(
    rnn: RNNParams, head: HeadParams, h_0: np.ndarray, first: int, length: int, temperature: float, seed: int
) -> np.ndarray:
    r"""Draw ``length`` symbols, each from :math:`\mathrm{softmax}(s_t / \tau)`, and read each back in.

    Parameters
    ----------
    rnn : RNNParams of sizes V, H
    head : HeadParams of sizes H, V
    h_0 : ndarray of shape (1, H)
    first : int
    length : int
    temperature : float, above 0
        Below 1 the likeliest symbols win more often, above 1 less often.
    seed : int

    Returns
    -------
    ndarray of int of shape (length,)

    Raises
    ------
    ValueError
        If the temperature is not above 0.
    """
    if temperature <= 0:
        raise ValueError(f"temperature must be above 0, got {temperature}")
    rng, h, symbol = np.random.default_rng(seed), h_0, first
    written = []
    for _ in range(length):
        h = rnn_step(one_hot(np.array([symbol]), len(rnn.W_xh)), h, rnn)
        p = softmax(linear(h, *head) / temperature)[0]
        symbol = int(rng.choice(len(p), p=p))
        written.append(symbol)
    return np.array(written)


def _until(symbols: list[int], last: int) -> list[int]:
    return symbols[: symbols.index(last)] if last in symbols else symbols
