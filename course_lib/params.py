"""Names and shapes of the parameters of every layer.

Nothing here computes, so these names stay visible while a notebook is graded. The symbols are those of
``book/notation.md``: D is the input size, H the hidden size, O the number of outputs.
"""

from typing import NamedTuple

import numpy as np


class LinearParams(NamedTuple):
    """Parameters of y = x W + b.

    Attributes
    ----------
    W : ndarray of shape (D, O)
    b : ndarray of shape (O,)
    """

    W: np.ndarray
    b: np.ndarray


class RNNParams(NamedTuple):
    """Parameters of a tanh recurrent network (eq. 1.3): the same arrays at every time step.

    Attributes
    ----------
    W_xh : ndarray of shape (D, H)
        From the input to the hidden state.
    W_hh : ndarray of shape (H, H)
        From the hidden state before the step to the one after it.
    b_h : ndarray of shape (H,)
    """

    W_xh: np.ndarray
    W_hh: np.ndarray
    b_h: np.ndarray


class HeadParams(NamedTuple):
    """Parameters of the output head s_t = h_t W_hy + b_y (eq. 1.4).

    Attributes
    ----------
    W_hy : ndarray of shape (H, O)
    b_y : ndarray of shape (O,)
    """

    W_hy: np.ndarray
    b_y: np.ndarray
