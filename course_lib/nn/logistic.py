"""The logistic function, which opens and shuts the gates of a cell (chapter 04)."""

import numpy as np


def logistic(a: np.ndarray) -> np.ndarray:
    r"""Return :math:`\sigma(a) = 1 / (1 + e^{-a})`, as the hyperbolic tangent it is.

    :math:`\sigma(a) = (1 + \tanh(a/2)) / 2` holds for every a, and no exponential can overflow. Its derivative is
    :math:`\sigma (1 - \sigma)`.

    Parameters
    ----------
    a : ndarray of any shape

    Returns
    -------
    ndarray of the same shape, values in [0, 1]
    """
    share: np.ndarray = (1 + np.tanh(a / 2)) / 2
    return share
