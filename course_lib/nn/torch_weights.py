"""Weights to and from ``torch.nn``, one call each (chapters 04 and 05).

    layers = lstm_from_torch(torch.nn.LSTM(3, 5, num_layers=2, bidirectional=True))
    ((params,),) = lstm_from_torch(torch.nn.LSTM(3, 5))  # one layer, one direction
    module = lstm_to_torch(params)

Layers are a tuple of layers, each a tuple of its one or two directions, as :mod:`course_lib.nn.stacked` takes them.
PyTorch's matrices act from the left, ours from the right, so each is transposed; gates stand in the same order. Its two
biases are added on the way in, and on the way out the second is zero. The candidate of a GRU needs both of them.

This module loads torch; nothing else in :mod:`course_lib.nn` does.
"""

from collections.abc import Sequence
from itertools import chain
from typing import Any, TypeVar

import numpy as np
import torch

from course_lib.nn.stacked import require_directions
from course_lib.params import GRUParams, LSTMParams, RNNParams

P = TypeVar("P", RNNParams, LSTMParams, GRUParams)
Layers = tuple[tuple[P, ...], ...]
"""By layer and direction, the direction against time last."""


def rnn_from_torch(module: torch.nn.RNN) -> Layers[RNNParams]:
    """Return copies of the weights of a ``torch.nn.RNN``.

    Parameters
    ----------
    module : torch.nn.RNN

    Returns
    -------
    tuple of tuples of RNNParams
        By layer and direction, in the dtype of the module.

    Raises
    ------
    ValueError
        If it is another module, or has a ReLU in place of tanh.
    """
    _require_module(module, torch.nn.RNN)
    if module.nonlinearity != "tanh":
        raise ValueError(f"nonlinearity must be tanh, got {module.nonlinearity}")
    return tuple(tuple(RNNParams(W_x, W_h, b_x + b_h) for W_x, W_h, b_x, b_h in row) for row in _read(module))


def lstm_from_torch(module: torch.nn.LSTM) -> Layers[LSTMParams]:
    """Return copies of the weights of a ``torch.nn.LSTM``.

    Parameters
    ----------
    module : torch.nn.LSTM

    Returns
    -------
    tuple of tuples of LSTMParams
        By layer and direction, in the dtype of the module.

    Raises
    ------
    ValueError
        If it is another module, or projects its states.
    """
    _require_module(module, torch.nn.LSTM)
    if module.proj_size:
        raise ValueError(f"proj_size must be 0, got {module.proj_size}")
    return tuple(tuple(LSTMParams(W_x, W_h, b_x + b_h) for W_x, W_h, b_x, b_h in row) for row in _read(module))


def gru_from_torch(module: torch.nn.GRU) -> Layers[GRUParams]:
    """Return copies of the weights of a ``torch.nn.GRU``.

    Parameters
    ----------
    module : torch.nn.GRU

    Returns
    -------
    tuple of tuples of GRUParams
        By layer and direction, in the dtype of the module.

    Raises
    ------
    ValueError
        If it is another module.
    """
    _require_module(module, torch.nn.GRU)
    return tuple(tuple(map(_gru_params, row)) for row in _read(module))


def rnn_to_torch(params: RNNParams | Sequence[Sequence[RNNParams]]) -> torch.nn.RNN:
    """Return a ``torch.nn.RNN``, batch first, with these weights.

    Parameters
    ----------
    params : RNNParams, or RNNParams by layer and direction

    Returns
    -------
    torch.nn.RNN
        In the dtype of the arrays.

    Raises
    ------
    ValueError
        If the layers do not fit each other, or hold other parameters.
    """
    layers: Layers[RNNParams] = _as_layers(params, RNNParams)
    return _write(torch.nn.RNN, [[(p.W_xh, p.W_hh, p.b_h, np.zeros_like(p.b_h)) for p in row] for row in layers])


def lstm_to_torch(params: LSTMParams | Sequence[Sequence[LSTMParams]]) -> torch.nn.LSTM:
    """Return a ``torch.nn.LSTM``, batch first, with these weights.

    Parameters
    ----------
    params : LSTMParams, or LSTMParams by layer and direction

    Returns
    -------
    torch.nn.LSTM
        In the dtype of the arrays.

    Raises
    ------
    ValueError
        If the layers do not fit each other, or hold other parameters.
    """
    layers: Layers[LSTMParams] = _as_layers(params, LSTMParams)
    return _write(torch.nn.LSTM, [[(p.W_x, p.W_h, p.b, np.zeros_like(p.b)) for p in row] for row in layers])


def gru_to_torch(params: GRUParams | Sequence[Sequence[GRUParams]]) -> torch.nn.GRU:
    """Return a ``torch.nn.GRU``, batch first, with these weights.

    Parameters
    ----------
    params : GRUParams, or GRUParams by layer and direction

    Returns
    -------
    torch.nn.GRU
        In the dtype of the arrays.

    Raises
    ------
    ValueError
        If the layers do not fit each other, or hold other parameters.
    """
    layers: Layers[GRUParams] = _as_layers(params, GRUParams)
    return _write(torch.nn.GRU, [[(p.W_x, p.W_h, p.b, _with_zeros(p.b_hn)) for p in row] for row in layers])


Weights = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""W_x, W_h and PyTorch's two biases, of one layer and direction."""


def _gru_params(weights: Weights) -> GRUParams:
    """Add the biases of r and z; keep the two of n apart."""
    W_x, W_h, b_x, b_h = weights
    H = len(W_h)
    return GRUParams(W_x, W_h, b_x + np.concatenate([b_h[: 2 * H], np.zeros_like(b_h[2 * H :])]), b_h[2 * H :])


def _with_zeros(b_hn: np.ndarray) -> np.ndarray:
    """Return PyTorch's second bias (3H,): zero for r and z, `b_hn` (H,) for n."""
    return np.concatenate([np.zeros_like(b_hn), np.zeros_like(b_hn), b_hn])


def _names(layer: int, backward: bool) -> list[str]:
    """Return what PyTorch calls the weights of one layer and direction."""
    ending = f"l{layer}" + ("_reverse" if backward else "")
    return [f"{kind}_{ending}" for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]


def _read(module: torch.nn.RNNBase) -> list[list[Weights]]:
    """Return the weights of all layers and directions, in our orientation; zeros for biases that are not there."""
    state = {name: tensor.detach().cpu().numpy() for name, tensor in module.state_dict().items()}
    rows = []
    for layer in range(module.num_layers):
        row = []
        for backward in (False, True)[: 1 + module.bidirectional]:
            ih, hh, b_ih, b_hh = _names(layer, backward)
            none = np.zeros(len(state[ih]), state[ih].dtype)
            W_x, W_h = state[ih].T.copy(), state[hh].T.copy()
            row.append((W_x, W_h, state.get(b_ih, none).copy(), state.get(b_hh, none).copy()))
        rows.append(row)
    return rows


def _write(kind: Any, rows: list[list[Weights]]) -> Any:
    """Return a module of this kind with these weights."""
    D, H = len(rows[0][0][0]), len(rows[0][0][1])
    dtype = torch.from_numpy(np.empty(0, rows[0][0][0].dtype)).dtype
    module = kind(D, H, len(rows), batch_first=True, bidirectional=len(rows[0]) == 2, dtype=dtype)
    state: dict[str, torch.Tensor] = {}
    for layer, row in enumerate(rows):
        for direction, (W_x, W_h, b_x, b_h) in enumerate(row):
            arrays = (W_x.T, W_h.T, b_x, b_h)
            state |= dict(zip(_names(layer, direction == 1), (torch.tensor(a.copy()) for a in arrays), strict=True))
    try:
        module.load_state_dict(state)
    except RuntimeError as error:
        raise ValueError(f"the layers do not fit each other: {error}") from None
    return module


def _as_layers(params: Any, kind: type) -> Any:
    """Return layers of directions, whether `params` are those or the parameters of one direction.

    Raise a ValueError unless all of the parameters are of this kind.
    """
    layers = ((params,),) if hasattr(params, "_fields") else params
    require_directions(layers)
    for one in chain.from_iterable(layers):
        if not isinstance(one, kind):
            raise ValueError(f"the parameters must be {kind.__name__}, got {type(one).__name__}")
    return layers


def _require_module(module: object, kind: type) -> None:
    """Raise a ValueError unless `module` is of the kind that these weights belong to."""
    if not isinstance(module, kind):
        raise ValueError(f"module must be a torch.nn.{kind.__name__}, got {type(module).__name__}")
