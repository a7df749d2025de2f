"""Several layers and both directions, by composition over any cell (chapters 04 and 05).

A cell is chosen by its parameters: RNNParams, LSTMParams, GRUParams or GRUBeforeParams.

    layers = ((params_1,), (params_2,))  # two layers, one direction
    layers = ((forwards, backwards),)  # one layer, both directions
    h, final, cache = stacked_forward(x, layers)
    gradients = stacked_backward(dh, cache)

A state is a tuple of arrays: (h,), and for an LSTM (h, c). The direction against time is the same cell on the reversed
sequence, reversed again afterwards; layer 2 reads both directions of layer 1 side by side.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from course_lib.nn._shapes import require_axes, require_shape
from course_lib.nn.gru import gru_backward, gru_forward
from course_lib.nn.gru_before import gru_before_backward, gru_before_forward
from course_lib.nn.lstm import lstm_backward, lstm_forward
from course_lib.nn.rnn import rnn_backward, rnn_forward
from course_lib.params import GRUBeforeParams, GRUParams, LSTMParams, RNNParams

State = tuple[np.ndarray, ...]
"""(h,), or (h, c) of an LSTM; each (B, H)."""


class StackedCache(NamedTuple):
    """What :func:`stacked_forward` keeps for :func:`stacked_backward`.

    Attributes
    ----------
    caches : tuple of tuples of caches
        Those of the cells, by layer and direction; the one against time is in reversed time.
    layers : sequence of sequences of parameters
    lengths : ndarray of int of shape (B,)
    """

    caches: tuple[tuple[Any, ...], ...]
    layers: Sequence[Sequence[Any]]
    lengths: np.ndarray


class StackedGradients(NamedTuple):
    """What :func:`stacked_backward` returns.

    Attributes
    ----------
    dx : ndarray of shape (B, T, D)
    dstates : tuple of tuples of states
        At the initial states, by layer and direction.
    dlayers : tuple of tuples of parameters
        In the structure of the layers.
    """

    dx: np.ndarray
    dstates: tuple[tuple[State, ...], ...]
    dlayers: tuple[tuple[Any, ...], ...]


def stacked_forward(
    x: np.ndarray,
    layers: Sequence[Sequence[Any]],
    states: Sequence[Sequence[State]] | None = None,
    lengths: np.ndarray | None = None,
) -> tuple[np.ndarray, tuple[tuple[State, ...], ...], StackedCache]:
    """Run layers over whole sequences, each in one or both directions (chapters 04 and 05).

    Parameters
    ----------
    x : ndarray of shape (B, T, D)
    layers : sequence of sequences of parameters
        By layer; in a layer the direction with time and, if there is one, the direction against it.
    states : sequence of sequences of states, optional
        Initial states in the same structure; zeros if they are left out.
    lengths : ndarray of int of shape (B,), optional
        Valid steps of each sequence; the rest is padding at the end. All T if it is left out.

    Returns
    -------
    h : ndarray of shape (B, T, H) or (B, T, 2H)
        States of the last layer; both directions side by side, each where its input stood. At padding they mean
        nothing.
    final : tuple of tuples of states
        After the last of the T steps, padding included, by layer and direction.
    cache : StackedCache
        For :func:`stacked_backward`.

    Raises
    ------
    ValueError
        If a shape does not fit, a layer has no direction or more than two, the states do not have the structure of the
        layers, or a length is not in 0 ... T.
    """
    require_axes("x", x, "batch, time, input", 3)
    require_directions(layers)
    B, T, _ = x.shape
    lengths = np.full(B, T) if lengths is None else np.asarray(lengths)
    _require_lengths(lengths, B, T)
    if states is None:
        states = [[_zeros(params, x) for params in directions] for directions in layers]
    _require_states("states", states, layers)
    finals, caches = [], []
    for directions, starts in zip(layers, states, strict=True):
        runs = []
        for number, (params, state) in enumerate(zip(directions, starts, strict=True)):
            h, final, cache = _cell(params).forward(_turn(x, lengths, number), state, params)
            runs.append((_turn(h, lengths, number), final, cache))
        parts, layer_finals, layer_caches = zip(*runs, strict=True)
        x = np.concatenate(parts, axis=2)  # what the next layer reads
        finals.append(layer_finals)
        caches.append(layer_caches)
    return x, tuple(finals), StackedCache(tuple(caches), layers, lengths)


def stacked_backward(
    dh: np.ndarray, cache: StackedCache, dfinal: Sequence[Sequence[State]] | None = None
) -> StackedGradients:
    """Carry gradients back through a whole :func:`stacked_forward`.

    Parameters
    ----------
    dh : ndarray of shape (B, T, H) or (B, T, 2H)
        What the loss sends to the states of the last layer; zeros at padding.
    cache : StackedCache
    dfinal : sequence of sequences of states, optional
        What the loss sends to the final states, in their structure; nothing if it is left out.

    Returns
    -------
    StackedGradients

    Raises
    ------
    ValueError
        If a gradient does not have the shape of its states, or `dfinal` not their structure.
    """
    lengths, layers = cache.lengths, cache.layers
    if dfinal is not None:
        _require_states("dfinal", dfinal, layers)
    dstates: list[tuple[State, ...]] = []
    dlayers: list[tuple[Any, ...]] = []
    for layer in reversed(range(len(layers))):
        caches = cache.caches[layer]
        T, B, _ = caches[0].h[1:].shape
        widths = [kept.h.shape[-1] for kept in caches]  # H of each direction
        require_shape("dh", dh, "batch, time, hidden of all directions", (B, T, sum(widths)))
        shares = np.split(dh, np.cumsum(widths)[:-1], axis=2)
        runs = []
        for number, (params, kept) in enumerate(zip(layers[layer], caches, strict=True)):
            share = _turn(shares[number], lengths, number)
            dx, dstate, dparams = _cell(params).backward(share, kept, None if dfinal is None else dfinal[layer][number])
            runs.append((_turn(dx, lengths, number), dstate, dparams))
        dxs, layer_dstates, layer_dparams = zip(*runs, strict=True)
        dh = sum(dxs)  # both directions read the same input
        dstates.insert(0, layer_dstates)
        dlayers.insert(0, layer_dparams)
    return StackedGradients(dh, tuple(dstates), tuple(dlayers))


def require_directions(layers: Sequence[Sequence[Any]]) -> None:
    """Raise a ValueError unless there are layers, each with one direction or two.

    Parameters
    ----------
    layers : sequence of sequences of parameters

    Raises
    ------
    ValueError
        With the number of the layer, and what was found in its place.
    """
    if hasattr(layers, "_fields"):
        raise ValueError(f"layers must be a tuple of layers, got {type(layers).__name__}")
    if not layers:
        raise ValueError("there must be at least one layer, got none")
    for number, directions in enumerate(layers, start=1):
        if not isinstance(directions, tuple | list) or hasattr(directions, "_fields"):
            got = type(directions).__name__
        elif len(directions) not in (1, 2):
            got = f"{len(directions)} of them"
        else:
            continue
        raise ValueError(f"layer {number} must be a tuple of the parameters of 1 or 2 directions, got {got}")


def reverse_within_lengths(x: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Reverse each sequence within its own length; padding stays where it is (chapter 05).

    Twice is nothing: the result of the result is `x`. Reversing all T steps would put the padding first.

    Parameters
    ----------
    x : ndarray of shape (B, T, ...)
    lengths : ndarray of int of shape (B,)

    Returns
    -------
    ndarray of the same shape

    Raises
    ------
    ValueError
        If `x` has no time axis, `lengths` is not one integer a sequence, or a length is not in 0 ... T.
    """
    if np.ndim(x) < 2:
        raise ValueError(f"x must be (batch, time, ...), got shape {np.shape(x)}")
    B, T = x.shape[:2]
    lengths = np.asarray(lengths)
    _require_lengths(lengths, B, T)
    steps = np.arange(T)
    mirrored = lengths[:, None] - 1 - steps  # (B, T); below 0 at padding
    source = np.where(mirrored >= 0, mirrored, steps)
    reversed_x: np.ndarray = x[np.arange(B)[:, None], source]
    return reversed_x


class _Cell(NamedTuple):
    """One cell in the form that all of them share.

    Attributes
    ----------
    states : int
        Arrays in a state.
    forward : callable
        Takes x, a state and parameters, returns h, the state after the last step and a cache.
    backward : callable
        Takes dh, the cache and the gradient at the last state or None, returns dx, that at the first state and dparams.
    """

    states: int
    forward: Callable[..., Any]
    backward: Callable[..., Any]


def _one_state(forward: Callable[..., Any], backward: Callable[..., Any]) -> _Cell:
    """Wrap a cell whose state is h alone."""

    def run(x: np.ndarray, state: State, params: Any) -> tuple[np.ndarray, State, Any]:
        h, cache = forward(x, *state, params)
        return h, (cache.h[-1],), cache

    def go_back(dh: np.ndarray, cache: Any, dfinal: State | None) -> tuple[np.ndarray, State, Any]:
        dx, dh_0, dparams = backward(_with_last(dh, dfinal), cache)
        return dx, (dh_0,), dparams

    return _Cell(1, run, go_back)


def _lstm() -> _Cell:
    """Wrap the LSTM, whose state is h and c."""

    def run(x: np.ndarray, state: State, params: LSTMParams) -> tuple[np.ndarray, State, Any]:
        h_0, c_0 = state
        h, c_T, cache = lstm_forward(x, h_0, c_0, params)
        return h, (cache.h[-1], c_T), cache

    def go_back(dh: np.ndarray, cache: Any, dfinal: State | None) -> tuple[np.ndarray, State, Any]:
        dc_T = None if dfinal is None else dfinal[1]
        dx, dh_0, dc_0, dparams = lstm_backward(_with_last(dh, dfinal), cache, dc_T)
        return dx, (dh_0, dc_0), dparams

    return _Cell(2, run, go_back)


_CELLS = {
    RNNParams: _one_state(rnn_forward, rnn_backward),
    LSTMParams: _lstm(),
    GRUParams: _one_state(gru_forward, gru_backward),
    GRUBeforeParams: _one_state(gru_before_forward, gru_before_backward),
}


def _cell(params: Any) -> _Cell:
    """Return the cell that these parameters belong to."""
    if type(params) not in _CELLS:
        wanted = ", ".join(kind.__name__ for kind in _CELLS)
        raise ValueError(f"the parameters of a cell must be one of {wanted}, got {type(params).__name__}")
    return _CELLS[type(params)]


def _zeros(params: Any, x: np.ndarray) -> State:
    """Return an initial state of zeros in the dtype of what comes in."""
    states = _cell(params).states
    return (np.zeros((len(x), len(params[1])), x.dtype),) * states  # params[1] is W_hh or W_h: H rows


def _turn(x: np.ndarray, lengths: np.ndarray, number: int) -> np.ndarray:
    """Reverse a sequence for the second direction; leave it for the first."""
    return reverse_within_lengths(x, lengths) if number else x


def _with_last(dh: np.ndarray, dfinal: State | None) -> np.ndarray:
    """Add the gradient at the final hidden state to that at the last step: they are the same array."""
    if dfinal is None:
        return dh
    require_shape("the gradient at the final h", dfinal[0], "batch, hidden", dh[:, -1].shape)
    dh = dh.copy()
    dh[:, -1] += dfinal[0]
    return dh


def _require_lengths(lengths: np.ndarray, B: int, T: int) -> None:
    """Raise a ValueError unless there is one integer in 0 ... T for each of B sequences."""
    require_shape("lengths", lengths, "batch,", (B,))
    if not np.issubdtype(lengths.dtype, np.integer):
        raise ValueError(f"lengths must be integers, got {lengths.dtype}")
    if ((lengths < 0) | (lengths > T)).any():
        raise ValueError(f"lengths must be in 0 ... {T}, got {lengths.tolist()}")


def _require_states(name: str, states: Sequence[Sequence[State]], layers: Sequence[Sequence[Any]]) -> None:
    """Raise a ValueError unless every layer and direction has a state of as many arrays as its cell keeps."""
    wanted = [[_cell(params).states for params in directions] for directions in layers]
    got = [[len(state) for state in directions] for directions in states]
    if got != wanted:
        raise ValueError(f"{name} must hold {wanted} arrays, by layer and direction, got {got}")
