"""The ReLU recurrent network, forward beside backward (chapter 03).

Start it from :func:`course_lib.nn.init.identity_rnn`: with W_hh the identity, no bias and small input weights a
positive state stays what it is until an input changes it, and so does its gradient. Shapes and cache are those of
:mod:`course_lib.nn.rnn`.

References
----------
Le, Jaitly and Hinton (le2015).
"""

import numpy as np

from course_lib.nn._shapes import require_sequence
from course_lib.nn.bptt import chunked_backward
from course_lib.nn.rnn import RNNCache, RNNGradients
from course_lib.params import RNNParams


def irnn_forward(x: np.ndarray, h_0: np.ndarray, params: RNNParams) -> tuple[np.ndarray, RNNCache]:
    r"""Run :math:`h_t = \max(0, x_t W_{xh} + h_{t-1} W_{hh} + b_h)` for t = 1 ... T (chapter 03).

    Parameters
    ----------
    x : ndarray of shape (B, T, D)
    h_0 : ndarray of shape (B, H)
    params : RNNParams

    Returns
    -------
    h : ndarray of shape (B, T, H), values at least 0
        ``h[:, t - 1]`` is h_t. Read-only, because the backward pass needs it: copy it to change it.
    cache : RNNCache
        For :func:`irnn_backward`.

    Raises
    ------
    ValueError
        If a shape does not fit.
    """
    B, T, H = require_sequence(x, h_0, params)  # batch, time steps, hidden size
    W_xh, W_hh, b_h = params  # input to hidden, hidden to hidden, bias
    x_steps = x.transpose(1, 0, 2).copy()  # (T, B, D)
    h = np.empty((T + 1, B, H), np.result_type(x, h_0, *params, np.float32))
    h[0] = h_0
    np.matmul(x_steps, W_xh, out=h[1:])  # the share of a_t that needs no h, where h_t will stand
    h[1:] += b_h
    for t in range(T):
        h[t + 1] += h[t] @ W_hh  # (B, H): now all of a_t
        np.maximum(h[t + 1], 0, out=h[t + 1])
    h.flags.writeable = False
    return h[1:].transpose(1, 0, 2), RNNCache(x_steps, h, params)


def irnn_backward(dh: np.ndarray, cache: RNNCache) -> RNNGradients:
    """Carry gradients at the states back through a whole :func:`irnn_forward` (chapter 03).

    Parameters
    ----------
    dh : ndarray of shape (B, T, H)
        What the loss at t alone sends to h_t. A loss on the last state has zeros everywhere else.
    cache : RNNCache

    Returns
    -------
    RNNGradients

    Raises
    ------
    ValueError
        If `dh` does not have the shape of the states.
    """
    return chunked_backward(dh, cache, max(len(cache.x), 1), relu_slope)  # one chunk of all T steps


def relu_slope(h: np.ndarray) -> np.ndarray:
    """Return the derivative of ReLU from the state h (...), in the shape of `h`: 1 where it is above 0, else 0."""
    return (h > 0).astype(h.dtype)
