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


class LSTMParams(NamedTuple):
    """Parameters of an LSTM: four blocks side by side, in the order i, f, g, o.

    i, f and o are gates, g is the candidate: three gates, four blocks.

    Attributes
    ----------
    W_x : ndarray of shape (D, 4H)
        From the input to the four blocks.
    W_h : ndarray of shape (H, 4H)
        From the hidden state before the step.
    b : ndarray of shape (4H,)
        One bias; PyTorch has two that are only ever added.
    """

    W_x: np.ndarray
    W_h: np.ndarray
    b: np.ndarray


class PeepholeParams(NamedTuple):
    """Weights through which the gates of an LSTM see the cell state, element by element.

    Attributes
    ----------
    p_i : ndarray of shape (H,)
        From the cell state before the step to the input gate.
    p_f : ndarray of shape (H,)
        From the cell state before the step to the forget gate.
    p_o : ndarray of shape (H,)
        From the cell state after the step to the output gate.
    """

    p_i: np.ndarray
    p_f: np.ndarray
    p_o: np.ndarray


class LSTMVariantParams(NamedTuple):
    """Parameters of an LSTM with or without peepholes.

    Attributes
    ----------
    lstm : LSTMParams
    peepholes : PeepholeParams or None
        None where the variant has no peepholes.
    """

    lstm: LSTMParams
    peepholes: PeepholeParams | None = None


class GRUParams(NamedTuple):
    """Parameters of a GRU that resets after the matrix product, as PyTorch does: blocks r, z, n.

    Attributes
    ----------
    W_x : ndarray of shape (D, 3H)
        From the input to the three blocks.
    W_h : ndarray of shape (H, 3H)
        From the hidden state before the step.
    b : ndarray of shape (3H,)
        b_r, b_z and b_xn.
    b_hn : ndarray of shape (H,)
        The candidate's second bias. It stands inside the product with r, so it cannot be added to b_xn.
    """

    W_x: np.ndarray
    W_h: np.ndarray
    b: np.ndarray
    b_hn: np.ndarray


class GRUBeforeParams(NamedTuple):
    """Parameters of a GRU that resets before the matrix product: blocks r, z, n.

    Attributes
    ----------
    W_x : ndarray of shape (D, 3H)
        From the input to the three blocks.
    W_h : ndarray of shape (H, 3H)
        From the hidden state before the step; for n from that state times r.
    b : ndarray of shape (3H,)
        b_r, b_z and b_n.
    """

    W_x: np.ndarray
    W_h: np.ndarray
    b: np.ndarray
