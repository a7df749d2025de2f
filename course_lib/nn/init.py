"""First values of parameters (chapter 01; chapter 03 shows why they matter), and how many there are.

The intervals of the ``uniform_`` functions are the defaults of PyTorch, so both libraries start from the same
distribution. One difference: ``torch.nn.RNN`` has two biases that are only ever added; the course has one.
"""

from typing import Any

import numpy as np

from course_lib.params import GRUParams, HeadParams, LinearParams, LSTMParams, RNNParams


def uniform_rnn(D: int, H: int, rng: np.random.Generator) -> RNNParams:
    r"""Draw every parameter of a tanh RNN from :math:`U(-1/\sqrt H, 1/\sqrt H)` (chapter 01).

    Parameters
    ----------
    D : int, at least 1
        Input size.
    H : int, at least 1
        Hidden size.
    rng : numpy.random.Generator

    Returns
    -------
    RNNParams of float64 arrays

    Raises
    ------
    ValueError
        If a size is below 1.
    """
    _require_sizes(D=D, H=H)
    bound = 1 / np.sqrt(H)
    W_xh = rng.uniform(-bound, bound, (D, H))
    W_hh = rng.uniform(-bound, bound, (H, H))
    b_h = rng.uniform(-bound, bound, H)
    return RNNParams(W_xh, W_hh, b_h)


def uniform_head(H: int, O: int, rng: np.random.Generator) -> HeadParams:
    r"""Draw the output head of eq. 1.4 from :math:`U(-1/\sqrt H, 1/\sqrt H)` (chapter 01).

    Parameters
    ----------
    H : int, at least 1
        Hidden size.
    O : int, at least 1
        Number of outputs.
    rng : numpy.random.Generator

    Returns
    -------
    HeadParams of float64 arrays

    Raises
    ------
    ValueError
        If a size is below 1.
    """
    _require_sizes(H=H, O=O)
    return HeadParams(*uniform_linear(H, O, rng))


def uniform_linear(D: int, O: int, rng: np.random.Generator) -> LinearParams:
    r"""Draw a linear layer from :math:`U(-1/\sqrt D, 1/\sqrt D)` (chapter 00).

    Parameters
    ----------
    D : int, at least 1
        Input size.
    O : int, at least 1
        Output size.
    rng : numpy.random.Generator

    Returns
    -------
    LinearParams of float64 arrays

    Raises
    ------
    ValueError
        If a size is below 1.
    """
    _require_sizes(D=D, O=O)
    bound = 1 / np.sqrt(D)
    return LinearParams(rng.uniform(-bound, bound, (D, O)), rng.uniform(-bound, bound, O))


def orthogonal(H: int, rng: np.random.Generator) -> np.ndarray:
    r"""Draw an orthogonal matrix, each as likely as any other: the Haar distribution (chapter 03).

    QR of a Gaussian matrix leaves the signs of the columns to the routine; multiplying them by
    :math:`\mathrm{sign}(\mathrm{diag} R)` undoes its choice. For the gates of a cell draw one matrix a gate: a stacked
    matrix with orthonormal columns has blocks that are not orthogonal.

    Parameters
    ----------
    H : int, at least 1
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of shape (H, H)
        All its singular values are 1.

    Raises
    ------
    ValueError
        If `H` is below 1.
    """
    _require_sizes(H=H)
    Q, R = np.linalg.qr(rng.normal(size=(H, H)))
    W: np.ndarray = Q * np.sign(np.diag(R))  # column by column
    return W


def orthogonal_rnn(D: int, H: int, rng: np.random.Generator) -> RNNParams:
    r"""Draw an RNN whose recurrent weights are orthogonal (chapter 03).

    W_xh is drawn from :math:`U(-1/\sqrt H, 1/\sqrt H)` as in :func:`uniform_rnn`, and the bias is zero.

    Parameters
    ----------
    D : int, at least 1
        Input size.
    H : int, at least 1
        Hidden size.
    rng : numpy.random.Generator

    Returns
    -------
    RNNParams of float64 arrays

    Raises
    ------
    ValueError
        If a size is below 1.
    """
    _require_sizes(D=D, H=H)
    bound = 1 / np.sqrt(H)
    return RNNParams(rng.uniform(-bound, bound, (D, H)), orthogonal(H, rng), np.zeros(H))


def identity_rnn(D: int, H: int, rng: np.random.Generator, scale: float = 1.0) -> RNNParams:
    """Start a ReLU RNN as a copier of its state (chapter 03; le2015).

    W_hh is the identity times `scale`, the bias zero, and W_xh Gaussian with standard deviation 0.001. Run it with
    :func:`course_lib.nn.irnn.irnn_forward`: with tanh the state would shrink.

    Parameters
    ----------
    D : int, at least 1
        Input size.
    H : int, at least 1
        Hidden size.
    rng : numpy.random.Generator
    scale : float
        Below 1 the network forgets, by this factor a step.

    Returns
    -------
    RNNParams of float64 arrays

    Raises
    ------
    ValueError
        If a size is below 1.
    """
    _require_sizes(D=D, H=H)
    return RNNParams(rng.normal(0, 0.001, (D, H)), scale * np.eye(H), np.zeros(H))


def init_lstm(D: int, H: int, rng: np.random.Generator, forget_bias: float = 1.0) -> LSTMParams:
    r"""Draw an LSTM that remembers from the start (chapter 04).

    W_x is drawn from :math:`U(-1/\sqrt H, 1/\sqrt H)`. W_h is orthogonal block by block, one draw a block. The bias is
    zero but for the forget gate, whose block is `forget_bias`: at rest the cell then keeps the share
    :math:`\sigma(` `forget_bias` :math:`)` of itself at every step. It is the whole bias; PyTorch adds two.

    Parameters
    ----------
    D : int, at least 1
        Input size.
    H : int, at least 1
        Hidden size.
    rng : numpy.random.Generator
    forget_bias : float

    Returns
    -------
    LSTMParams of float64 arrays

    Raises
    ------
    ValueError
        If a size is below 1.
    """
    W_x, W_h = _draw_blocks(rng, D, H, 4)
    return LSTMParams(W_x, W_h, np.repeat([0.0, forget_bias, 0.0, 0.0], H))


def init_gru(D: int, H: int, rng: np.random.Generator) -> GRUParams:
    r"""Draw a GRU with orthogonal recurrent blocks (chapter 05).

    W_x is drawn from :math:`U(-1/\sqrt H, 1/\sqrt H)`. W_h is orthogonal block by block, one draw a block. Both biases
    are zero. The first three arrays fit :class:`course_lib.params.GRUBeforeParams` as well.

    Parameters
    ----------
    D : int, at least 1
        Input size.
    H : int, at least 1
        Hidden size.
    rng : numpy.random.Generator

    Returns
    -------
    GRUParams of float64 arrays

    Raises
    ------
    ValueError
        If a size is below 1.
    """
    W_x, W_h = _draw_blocks(rng, D, H, 3)
    return GRUParams(W_x, W_h, np.zeros(3 * H), np.zeros(H))


def count_parameters(params: Any) -> int:
    """Count the numbers that training may change (chapter 04).

    Parameters
    ----------
    params : NamedTuple, tuple or list of arrays, nested or not
        None counts nothing.

    Returns
    -------
    int
    """
    if params is None:
        return 0
    if isinstance(params, tuple | list):
        return sum(map(count_parameters, params))
    return int(np.size(params))


def _draw_blocks(rng: np.random.Generator, D: int, H: int, blocks: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw W_x (D, blocks * H), uniform, and W_h (H, blocks * H), each of its blocks orthogonal."""
    _require_sizes(D=D, H=H)
    bound = 1 / np.sqrt(H)
    W_x = rng.uniform(-bound, bound, (D, blocks * H))
    return W_x, np.concatenate([orthogonal(H, rng) for _ in range(blocks)], axis=1)


def _require_sizes(**sizes: int) -> None:
    """Raise a ValueError that names the first size below 1."""
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"{name} must be at least 1, got {size}")
