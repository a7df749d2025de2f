"""Refuse arrays of the wrong shape before broadcasting hides the mistake."""

import numpy as np

from course_lib.params import GRUBeforeParams, GRUParams, LSTMParams, RNNParams

Gated = LSTMParams | GRUParams | GRUBeforeParams


def require_shape(name: str, array: np.ndarray, axes: str, wanted: tuple[int, ...]) -> None:
    """Raise a ValueError unless `array` has exactly the shape `wanted`.

    Parameters
    ----------
    name : str
        What the caller calls the array.
    array : ndarray of any shape
    axes : str
        The meaning of the axes, such as ``"batch, hidden"``.
    wanted : tuple of int

    Raises
    ------
    ValueError
        With both shapes: ``h_0 must be (batch, hidden) = (4, 5), got (5, 4)``.
    """
    if np.shape(array) != wanted:
        raise ValueError(f"{name} must be ({axes}) = {wanted}, got {np.shape(array)}")


def require_axes(name: str, array: np.ndarray, axes: str, count: int) -> None:
    """Raise a ValueError unless `array` has `count` axes, whatever their lengths.

    Parameters
    ----------
    name : str
        What the caller calls the array.
    array : ndarray of any shape
    axes : str
        The meaning of the axes, such as ``"batch, time, input"``.
    count : int

    Raises
    ------
    ValueError
        With the axes and the shape: ``x must be (batch, time, input), got shape (4, 3)``.
    """
    if np.ndim(array) != count:
        raise ValueError(f"{name} must be ({axes}), got shape {np.shape(array)}")


def require_rnn_params(params: RNNParams, D: int) -> int:
    """Return the hidden size H, or raise a ValueError if the parameters do not fit each other or D.

    Parameters
    ----------
    params : RNNParams
    D : int
        Input size.

    Returns
    -------
    int
        H.

    Raises
    ------
    ValueError
        With the array, the wanted shape and the one it has.
    """
    require_axes("W_hh", params.W_hh, "hidden, hidden", 2)
    H: int = params.W_hh.shape[1]
    require_shape("W_hh", params.W_hh, "hidden, hidden", (H, H))
    require_shape("W_xh", params.W_xh, "input, hidden", (D, H))
    require_shape("b_h", params.b_h, "hidden,", (H,))
    return H


def require_sequence(x: np.ndarray, h_0: np.ndarray, params: RNNParams) -> tuple[int, int, int]:
    """Return B, T and H, or raise a ValueError if the inputs of a recurrent network do not fit each other.

    Parameters
    ----------
    x : ndarray of shape (B, T, D)
    h_0 : ndarray of shape (B, H)
    params : RNNParams

    Returns
    -------
    tuple of int
        B, T and H.

    Raises
    ------
    ValueError
        With the array, the wanted shape and the one it has.
    """
    require_axes("x", x, "batch, time, input", 3)
    B, T, D = x.shape  # batch, time steps, input size
    H = require_rnn_params(params, D)
    require_shape("h_0", h_0, "batch, hidden", (B, H))
    return B, T, H


def require_blocks(W_x: np.ndarray, W_h: np.ndarray, b: np.ndarray, D: int, blocks: int) -> int:
    """Return the hidden size H, or raise a ValueError if the parameters of a cell with gates do not fit.

    Parameters
    ----------
    W_x : ndarray of shape (D, blocks * H)
    W_h : ndarray of shape (H, blocks * H)
    b : ndarray of shape (blocks * H,)
    D : int
        Input size.
    blocks : int
        4 for an LSTM, 3 for a GRU.

    Returns
    -------
    int
        H.

    Raises
    ------
    ValueError
        With the array, the wanted shape and the one it has.
    """
    require_axes("W_h", W_h, f"hidden, {blocks} hidden", 2)
    H: int = W_h.shape[0]
    require_shape("W_h", W_h, f"hidden, {blocks} hidden", (H, blocks * H))
    require_shape("W_x", W_x, f"input, {blocks} hidden", (D, blocks * H))
    require_shape("b", b, f"{blocks} hidden,", (blocks * H,))
    return H


def require_cell_inputs(x: np.ndarray, states: dict[str, np.ndarray], params: Gated, kind: type[Gated]) -> int:
    """Return the hidden size H, or raise a ValueError if the inputs of a step or a sequence do not fit each other.

    Parameters
    ----------
    x : ndarray of shape (B, D) for a step, (B, T, D) for a sequence
    states : dict of ndarray of shape (B, H)
        By their names: the hidden state, and for an LSTM the cell state.
    params : LSTMParams, GRUParams or GRUBeforeParams
    kind : type
        Which of them is wanted: the two forms of the GRU differ by one array, which would be left out in silence.

    Returns
    -------
    int
        H.

    Raises
    ------
    ValueError
        With the array, the wanted shape and the one it has; or with the kind of parameters.
    """
    if not isinstance(params, kind):
        raise ValueError(f"params must be {kind.__name__}, got {type(params).__name__}")
    W_x, W_h, b = params[:3]
    H = require_blocks(W_x, W_h, b, x.shape[-1], 4 if isinstance(params, LSTMParams) else 3)
    if isinstance(params, GRUParams):
        require_shape("b_hn", params.b_hn, "hidden,", (H,))
    for name, state in states.items():
        require_shape(name, state, "batch, hidden", (len(x), H))
    return H
