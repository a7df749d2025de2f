"""What chapter 04 lends and computes with: torch's own LSTM cell, and one step back through it.

A lent function takes the arguments a student's own function would take, and checks them, because a wrong call of a lent
function is a mistake of the answer that calls it.
"""

import numpy as np
import torch

from course_lib.checks.lent_backward import of_shapes
from course_lib.params import LSTMParams

Tensors = tuple[torch.Tensor, ...]
Gates = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def torch_step(
    x_t: torch.Tensor, h_prev: torch.Tensor, c_prev: torch.Tensor, params: Tensors
) -> tuple[torch.Tensor, torch.Tensor]:
    """Advance an LSTM by one step with torch's own cell, whose blocks stand in our order; return h_t and c_t."""
    W_x, W_h, b = params
    return torch.lstm_cell(x_t, (h_prev, c_prev), W_x.T, W_h.T, b, torch.zeros_like(b))


def lstm_step_backward(
    dh_t: np.ndarray,
    dc_next: np.ndarray,
    x_t: np.ndarray,
    h_prev: np.ndarray,
    c_prev: np.ndarray,
    c_t: np.ndarray,
    gates: Gates,
    params: LSTMParams,
) -> tuple[np.ndarray, ...]:
    """Go back through one step of an LSTM; return (dx_t, dh_prev, dc_prev, dW_x, dW_h, db).

    Torch knows the slopes of sigma and tanh. The cells and gates it is given are used, so that wrong ones show.

    Raises
    ------
    ValueError
        If an array does not fit the parameters, or they are not of one B.
    """
    B, (D, blocks) = len(x_t), np.shape(params[0])
    if not isinstance(gates, tuple | list | np.ndarray) or len(gates) != 4:
        raise ValueError("step_backward wants the four gates (i, f, g, o) of one step")
    states = {"dh_t": dh_t, "dc_next": dc_next, "h_prev": h_prev, "c_prev": c_prev, "c_t": c_t}
    given = {"x_t": x_t, **states, **dict(zip("ifgo", gates, strict=True))}
    wanted = {"x_t": (B, D)} | dict.fromkeys([*states, *"ifgo"], (B, blocks // 4))
    x_t, dh_t, dc_next, h_prev, c_prev, c_t, *after = of_shapes("step_backward", given, wanted)
    x, dh, from_next, h, kept, c, i, f, g, o = map(torch.tensor, (x_t, dh_t, dc_next, h_prev, c_prev, c_t, *after))
    W_x, W_h, _ = map(torch.tensor, params)
    slope, slope_of_tanh, shown = torch.ops.aten.sigmoid_backward, torch.ops.aten.tanh_backward, torch.tanh(c)
    dc = from_next + slope_of_tanh(dh * o, shown)
    da = torch.cat([slope(dc * g, i), slope(dc * kept, f), slope_of_tanh(dc * i, g), slope(dh * shown, o)], dim=1)
    gradients = da @ W_x.T, da @ W_h.T, dc * f, x.T @ da, h.T @ da, da.sum(dim=0)
    return tuple(array.numpy() for array in gradients)
