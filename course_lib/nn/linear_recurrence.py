"""The recurrent network without tanh, on which truncation has closed forms (chapter 02).

It returns the cache of :mod:`course_lib.nn.rnn`, so the functions of :mod:`course_lib.nn.bptt` take it with
:func:`linear_slope`:

    h, cache = linear_recurrence(x, h_0, params)
    full = chunked_backward(dh, cache, T, linear_slope)
    cut = windowed_backward(dh, cache, K, linear_slope)
"""

import numpy as np

from course_lib.nn._shapes import require_sequence
from course_lib.nn.rnn import RNNCache
from course_lib.params import RNNParams


def linear_recurrence(x: np.ndarray, h_0: np.ndarray, params: RNNParams) -> tuple[np.ndarray, RNNCache]:
    r"""Run :math:`h_t = x_t W_{xh} + h_{t-1} W_{hh} + b_h` for t = 1 ... T (chapter 02).

    Parameters
    ----------
    x : ndarray of shape (B, T, D)
    h_0 : ndarray of shape (B, H)
    params : RNNParams

    Returns
    -------
    h : ndarray of shape (B, T, H)
        ``h[:, t - 1]`` is h_t.
    cache : RNNCache

    Raises
    ------
    ValueError
        If a shape does not fit.
    """
    B, T, H = require_sequence(x, h_0, params)  # batch, time steps, hidden size
    x_steps = x.transpose(1, 0, 2).copy()  # (T, B, D)
    h = np.empty((T + 1, B, H), np.result_type(x, h_0, *params, np.float32))
    h[0] = h_0
    for t in range(T):
        h[t + 1] = x_steps[t] @ params.W_xh + h[t] @ params.W_hh + params.b_h
    h.flags.writeable = False
    return h[1:].transpose(1, 0, 2), RNNCache(x_steps, h, params)


def linear_slope(h: np.ndarray) -> np.ndarray:
    """Return the derivative of the identity at every state h (...), in the shape of `h`: ones."""
    return np.ones_like(h)
