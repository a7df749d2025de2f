"""First values of parameters (chapter 01; chapter 03 shows why they matter).

The intervals are the defaults of PyTorch, so both libraries start from the same distribution. One difference:
``torch.nn.RNN`` has two biases that are only ever added; the course has one.
"""

import numpy as np

from course_lib.params import HeadParams, LinearParams, RNNParams


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


def _require_sizes(**sizes: int) -> None:
    """Raise a ValueError that names the first size below 1."""
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"{name} must be at least 1, got {size}")
