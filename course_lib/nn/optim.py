"""Optimisers as pure functions of parameters, gradients and state (chapter 00; clipping is chapter 03).

Parameters are any NamedTuple or tuple of arrays, nested as you like. Nothing is changed in place: every step
returns new parameters and a new state.

    optimiser = Adam(learning_rate=1e-2)
    state = optimiser.init(params)
    params, state = optimiser.step(params, gradients, state)
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import numpy as np

P = TypeVar("P", bound=tuple[Any, ...])  # parameters: a NamedTuple or tuple of arrays, nested or not


class SGDState(NamedTuple):
    """What :class:`SGD` remembers between steps.

    Attributes
    ----------
    velocity : tree of arrays with the structure of the parameters
    """

    velocity: Any


class AdamState(NamedTuple):
    """What :class:`Adam` remembers between steps.

    Attributes
    ----------
    t : int
        Steps taken so far.
    m, v : trees of arrays with the structure of the parameters
        Running means of the gradients and of their squares.
    """

    t: int
    m: Any
    v: Any


@dataclass(frozen=True)
class SGD:
    r"""Gradient descent with momentum, PyTorch's variant (chapter 00).

    :math:`v \leftarrow \mu v + g,\; \theta \leftarrow \theta - \eta v`. The learning rate is outside the
    velocity, which differs from :math:`v \leftarrow \mu v - \eta g` as soon as it changes.

    Attributes
    ----------
    learning_rate : float, above 0
    momentum : float, in [0, 1)
        0 is plain gradient descent.
    """

    learning_rate: float
    momentum: float = 0.0

    def __post_init__(self) -> None:
        """Refuse settings that cannot descend."""
        _require(self.learning_rate > 0, "learning_rate must be above 0", self.learning_rate)
        _require(0 <= self.momentum < 1, "momentum must be in [0, 1)", self.momentum)

    def init(self, params: tuple[Any, ...]) -> SGDState:
        """Return the state before the first step: no velocity."""
        return SGDState(_map(np.zeros_like, params))

    def step(self, params: P, gradients: P, state: SGDState) -> tuple[P, SGDState]:
        """Return the parameters and the state after one step.

        Raises
        ------
        ValueError
            If `gradients` does not have the structure and shapes of `params`.
        """
        _require_like(params, gradients)
        eta, mu = float(self.learning_rate), float(self.momentum)  # step size, share of the velocity kept
        velocity = _map(lambda v, g: mu * v + g, state.velocity, gradients)
        return _map(lambda theta, v: theta - eta * v, params, velocity), SGDState(velocity)


@dataclass(frozen=True)
class Adam:
    r"""Steps scaled by the running size of each gradient, PyTorch's variant (chapter 00).

    With :math:`\hat m, \hat v` the running means divided by :math:`1 - \beta^t`:
    :math:`\theta \leftarrow \theta - \eta \hat m / (\sqrt{\hat v} + \epsilon)`; epsilon is outside the root.

    Attributes
    ----------
    learning_rate : float, above 0
    beta1, beta2 : float, in [0, 1)
        Share of the running mean kept at each step, of gradients and of their squares.
    epsilon : float, above 0
    """

    learning_rate: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        """Refuse settings that cannot descend."""
        _require(self.learning_rate > 0, "learning_rate must be above 0", self.learning_rate)
        _require(0 <= self.beta1 < 1, "beta1 must be in [0, 1)", self.beta1)
        _require(0 <= self.beta2 < 1, "beta2 must be in [0, 1)", self.beta2)
        _require(self.epsilon > 0, "epsilon must be above 0", self.epsilon)

    def init(self, params: tuple[Any, ...]) -> AdamState:
        """Return the state before the first step: both running means at zero."""
        return AdamState(0, _map(np.zeros_like, params), _map(np.zeros_like, params))

    def step(self, params: P, gradients: P, state: AdamState) -> tuple[P, AdamState]:
        """Return the parameters and the state after one step.

        Raises
        ------
        ValueError
            If `gradients` does not have the structure and shapes of `params`.
        """
        _require_like(params, gradients)
        eta, beta1, beta2, epsilon = map(float, (self.learning_rate, self.beta1, self.beta2, self.epsilon))
        t = state.t + 1
        m = _map(lambda m, g: beta1 * m + (1 - beta1) * g, state.m, gradients)
        v = _map(lambda v, g: beta2 * v + (1 - beta2) * g**2, state.v, gradients)

        def move(theta: np.ndarray, m: np.ndarray, v: np.ndarray) -> np.ndarray:
            m_hat = m / (1 - beta1**t)  # both means began at zero: undo that
            v_hat = v / (1 - beta2**t)
            return theta - eta * m_hat / (np.sqrt(v_hat) + epsilon)

        return _map(move, params, m, v), AdamState(t, m, v)


def clip_by_global_norm(gradients: P, max_norm: float) -> tuple[P, float]:
    r"""Shorten all gradients together so that their common norm is at most `max_norm` (chapter 03).

    :math:`g \leftarrow g \cdot \min(1, c / \lVert g \rVert)`, with the norm taken over every element of every
    array: the direction stays. PyTorch divides by the norm plus 1e-6, which differs in the sixth digit.

    Parameters
    ----------
    gradients : NamedTuple or tuple of arrays, nested as you like
    max_norm : float, above 0

    Returns
    -------
    gradients : the same structure, new arrays
    norm_before : float
        The norm before clipping.

    Raises
    ------
    ValueError
        If `max_norm` is not above 0 or a gradient is not finite.
    """
    _require(max_norm > 0, "max_norm must be above 0", max_norm)
    norm = float(np.sqrt(sum(float(np.sum(np.square(g, dtype=np.float64))) for _, g in _leaves(gradients))))
    _require(bool(np.isfinite(norm)), "gradients must be finite, and so must their global norm", norm)
    scale = float(max_norm) / norm if norm > max_norm else 1.0
    return _map(lambda g: g * scale, gradients), norm


def _map(f: Callable[..., np.ndarray], *trees: Any) -> Any:
    """Apply `f` to the arrays at the same place of each tree; the result has the structure of the first."""
    first = trees[0]
    if not isinstance(first, tuple):
        return f(*trees)
    children = [_map(f, *branch) for branch in zip(*trees, strict=True)]
    return type(first)(*children) if hasattr(first, "_fields") else tuple(children)


def _leaves(tree: Any, name: str = "") -> Iterator[tuple[str, np.ndarray]]:
    """Yield the name and the array of every leaf, such as ``(".rnn.W_hh", array)``."""
    if not isinstance(tree, tuple):
        yield name, tree
        return
    fields = [f".{field}" for field in getattr(tree, "_fields", ())] or [f"[{i}]" for i in range(len(tree))]
    for field, branch in zip(fields, tree, strict=True):
        yield from _leaves(branch, name + field)


def _require_like(params: Any, gradients: Any) -> None:
    """Raise a ValueError unless both trees have the same names and shapes."""
    wanted = {name: np.shape(array) for name, array in _leaves(params)}
    got = {name: np.shape(array) for name, array in _leaves(gradients)}
    if list(wanted) != list(got):
        raise ValueError(f"gradients must have the arrays of params, {list(wanted)}, got {list(got)}")
    for name in wanted:
        if wanted[name] != got[name]:
            raise ValueError(f"gradients{name} must have the shape of params{name}, {wanted[name]}, got {got[name]}")


def _require(condition: bool, wanted: str, got: float) -> None:
    """Raise a ValueError that says what was wanted and what came."""
    if not condition:
        raise ValueError(f"{wanted}, got {got}")
