"""Functions an exercise lends to a later one, so that one mistake costs one exercise.

They stand on torch, take the arguments a student's own function would take, and check them, because a wrong call of a
lent function is a mistake of the answer that calls it.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from course_lib.checks import lent_backward, lent_lstm, lent_passes
from course_lib.params import HeadParams, RNNParams


def torch_weights(params: RNNParams) -> tuple[torch.Tensor, ...]:
    """Arrange our parameters as torch does: (w_ih, w_hh, b_ih, b_hh), the second bias being zero."""
    W_xh, W_hh, b_h = map(torch.tensor, params)
    return W_xh.T, W_hh.T, b_h, torch.zeros_like(b_h)


def rnn_step(x_t: np.ndarray, h_prev: np.ndarray, params: RNNParams) -> np.ndarray:
    """Advance a tanh network by one step with torch's own cell.

    Raises
    ------
    ValueError
        If x_t is not (B, D) or h_prev is not (B, H) for the parameters given and one B.
    """
    D, H = params.W_xh.shape
    x_t, h_prev = np.array(x_t, dtype=float), np.array(h_prev, dtype=float)  # whatever numbers, strides or lists
    got_x, got_h = x_t.shape, h_prev.shape
    if len(got_x) != 2 or len(got_h) != 2 or got_x[1] != D or got_h != (got_x[0], H):
        raise ValueError(f"step wants x_t (B, {D}) and h_prev (B, {H}) with one B, got x_t {got_x} and h_prev {got_h}")
    return torch.rnn_tanh_cell(torch.tensor(x_t), torch.tensor(h_prev), *torch_weights(params)).numpy()


def tempered_softmax(s_t: np.ndarray, tau: float) -> np.ndarray:
    """Turn the logits of one symbol into probabilities with ``torch.softmax``.

    Raises
    ------
    ValueError
        If s_t is not one vector of logits.
    """
    s_t = np.array(s_t, dtype=float)
    if s_t.ndim != 1:
        raise ValueError(f"tempered_softmax was called with s_t of shape {s_t.shape}, wanted one vector (O,)")
    return torch.softmax(torch.tensor(s_t) / tau, dim=0).numpy()


def logits_after(symbols: np.ndarray, h_0: np.ndarray, params: RNNParams, head: HeadParams) -> np.ndarray:
    """Run torch's cell over one-hot symbols from h_0 and return the logits (O,) after the last of them."""
    h = h_0
    for x_t in np.eye(len(params.W_xh))[symbols]:
        h = rnn_step(x_t[None], h, params)
    W_hy, b_y = map(torch.tensor, head)
    return torch.nn.functional.linear(torch.tensor(h[0]), W_hy.T, b_y).numpy()


def cubic(theta: np.ndarray) -> float:
    """Return a polynomial of degree 3 of all elements of theta."""
    return _number("cubic", theta)


def exponential(theta: np.ndarray) -> float:
    """Return a sum of exponentials and a square of all elements of theta."""
    return _number("exponential", theta)


def waves(theta: np.ndarray) -> float:
    """Return a sum of sines and a square of all elements of theta."""
    return _number("waves", theta)


def _number(name: str, theta: np.ndarray) -> float:
    return float(smooth(name, torch.tensor(np.array(theta, dtype=float))))


def smooth(name: str, theta: torch.Tensor) -> torch.Tensor:
    """Compute a smooth function of all elements of theta, each with a weight of its own; autograd knows its gradient.

    The square mixes the elements, so that no element can be moved alone without the others at their places.

    Raises
    ------
    ValueError
        For an unknown name.
    """
    weights = torch.linspace(0.5, 1.5, theta.numel(), dtype=theta.dtype).reshape(theta.shape)
    mixed = (weights * theta).sum()
    match name:
        case "cubic":
            return (weights * theta**3).sum() + mixed**2
        case "exponential":
            return (torch.exp(weights * theta) + theta).sum() + mixed**2 / 2
        case "waves":
            return torch.sin(2 * weights * theta + 1).sum() - mixed**2 / 4
    raise ValueError(f"no smooth function is named {name!r}")


LENT: dict[str, Callable[..., Any]] = {
    "rnn_step": rnn_step,
    "tempered_softmax": tempered_softmax,
    "cubic": cubic,
    "exponential": exponential,
    "waves": waves,
    "rnn_step_backward": lent_backward.rnn_step_backward,
    "rnn_forward": lent_backward.rnn_forward,
    "rnn_backward": lent_backward.rnn_backward,
    "chunk_gradients": lent_backward.chunk_gradients,
    "clip": lent_backward.clip,
    "lstm_step_backward": lent_lstm.lstm_step_backward,
    "sequence_loss": lent_passes.sequence_loss,
    **lent_passes.PASSES,
}
"""What an input of type :class:`~course_lib.checks.plain.Lent` becomes, by name."""
