"""Many in, many out, of another length: one network reads, a second one writes (chapter 01; chapter 06)."""

from typing import NamedTuple

import numpy as np

from course_lib.data.vocabulary import one_hot
from course_lib.models.one_to_many import write
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
from course_lib.nn.rnn import RNNCache
from course_lib.params import HeadParams, RNNParams

Batch = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


class EncoderDecoderParams(NamedTuple):
    """Parameters of a reader and a writer; the reader's last state is the writer's first.

    Attributes
    ----------
    encoder : RNNParams of sizes V_source, H
    decoder : RNNParams of sizes V_target, H
    head : HeadParams of sizes H, V_target
    """

    encoder: RNNParams
    decoder: RNNParams
    head: HeadParams


def uniform_encoder_decoder(V_source: int, H: int, V_target: int, rng: np.random.Generator) -> EncoderDecoderParams:
    """Draw the parameters of a reader of V_source symbols and a writer of V_target symbols."""
    return EncoderDecoderParams(
        uniform_rnn(V_source, H, rng), uniform_rnn(V_target, H, rng), uniform_head(H, V_target, rng)
    )


def encode(params: EncoderDecoderParams, source: np.ndarray) -> np.ndarray:
    """Read sources (B, S) and return the last state, shape (B, H)."""
    return _read(params.encoder, source)[0][:, -1]


def translate(params: EncoderDecoderParams, source: np.ndarray, first: int, last: int) -> list[list[int]]:
    """Read sources (B, S), then write until the symbol ``last``; returns B lists of ids."""
    return write(params.decoder, params.head, encode(params, source), first, last)


def encoder_decoder_loss(params: EncoderDecoderParams, batch: Batch) -> tuple[float, EncoderDecoderParams]:
    """Cross-entropy over the symbols to write, and its gradients.

    Parameters
    ----------
    params : EncoderDecoderParams
    batch : tuple of source (B, S), read (B, T), to_write (B, T), mask (B, T)
        Ids. The decoder reads the start symbol and then the right answer so far; sources are padded in front, so
        that all of them end together.
    """
    source, read, to_write, mask = batch
    encoded, encoder_cache = _read(params.encoder, source)
    h, cache = rnn_forward(one_hot(read, len(params.decoder.W_xh)), encoded[:, -1], params.decoder)
    loss, loss_cache = cross_entropy(linear(h, *params.head), to_write, mask)
    head = linear_backward(cross_entropy_backward(loss_cache), h, params.head.W_hy)
    decoder = rnn_backward(head.dx, cache)
    dencoded = np.zeros_like(encoded)  # (B, S, H): the writer sees the last state alone
    dencoded[:, -1] = decoder.dh_0
    encoder = rnn_backward(dencoded, encoder_cache)
    return loss, EncoderDecoderParams(encoder.dparams, decoder.dparams, HeadParams(head.dW, head.db))


def _read(rnn: RNNParams, source: np.ndarray) -> tuple[np.ndarray, RNNCache]:
    return rnn_forward(one_hot(source, len(rnn.W_xh)), np.zeros((len(source), len(rnn.b_h))), rnn)
