"""Backward passes, losses and clipping that the exercises of chapter 02 lend: torch computes each of them.

They take the arguments a student's own function would take, and check them, because a wrong call of a lent function is
a mistake of the answer that calls it.
"""

import numpy as np
import torch

from course_lib.params import RNNParams

Gradients = tuple[np.ndarray, np.ndarray, RNNParams]


def rnn_step_backward(
    dh_t: np.ndarray, x_t: np.ndarray, h_prev: np.ndarray, h_t: np.ndarray, params: RNNParams
) -> Gradients:
    """Go back through one step of a tanh network: autograd through its sum, torch's own derivative of tanh.

    Raises
    ------
    ValueError
        If an array does not fit the parameters, or they are not of one B.
    """
    B = len(x_t)
    given = {"dh_t": dh_t, "x_t": x_t, "h_prev": h_prev, "h_t": h_t}
    D, H = np.shape(params.W_xh)
    arrays = of_shapes("step_backward", given, {"dh_t": (B, H), "x_t": (B, D), "h_prev": (B, H), "h_t": (B, H)})
    dh_t, x_t, h_prev, h_t = arrays
    da_t = torch.ops.aten.tanh_backward(torch.tensor(dh_t), torch.tensor(h_t))
    leaves = [torch.tensor(array, requires_grad=True) for array in (x_t, h_prev, *params)]
    dx_t, dh_prev, *dparams = torch.autograd.grad(_sum(*leaves), leaves, da_t)
    return dx_t.numpy(), dh_prev.numpy(), RNNParams(*(array.numpy() for array in dparams))


def _sum(
    x_t: torch.Tensor, h_prev: torch.Tensor, W_xh: torch.Tensor, W_hh: torch.Tensor, b_h: torch.Tensor
) -> torch.Tensor:
    return x_t @ W_xh + h_prev @ W_hh + b_h


def states_of(x: torch.Tensor, h_0: torch.Tensor, params: list[torch.Tensor]) -> torch.Tensor:
    """Let torch run a tanh network over x (B, T, D) from h_0 (B, H); return its states (B, T, H)."""
    W_xh, W_hh, b_h = params
    weights = [W_xh.T, W_hh.T, b_h, torch.zeros_like(b_h)]
    return torch.rnn_tanh(x, h_0[None], weights, True, 1, 0.0, False, False, True)[0]


def rnn_forward(x: np.ndarray, h_0: np.ndarray, params: RNNParams) -> np.ndarray:
    """Run a tanh network over a batch of sequences; return its states (B, T, H).

    Raises
    ------
    ValueError
        If an array does not fit the parameters, or they are not of one B.
    """
    B, T, (D, H) = len(x), _steps(x), np.shape(params.W_xh)
    x, h_0 = of_shapes("forward", {"x": x, "h_0": h_0}, {"x": (B, T, D), "h_0": (B, H)})
    weights = [torch.tensor(array) for array in params]
    return states_of(torch.tensor(x), torch.tensor(h_0), weights).numpy()


def rnn_backward(dh: np.ndarray, x: np.ndarray, h_0: np.ndarray, h: np.ndarray, params: RNNParams) -> Gradients:
    """Go back through a whole sequence by autograd.

    Raises
    ------
    ValueError
        If an array does not fit the parameters, they are not of one B and T, or h does not belong to x and h_0.
    """
    B, T, (D, H) = len(x), _steps(x), np.shape(params.W_xh)
    given = {"dh": dh, "x": x, "h_0": h_0, "h": h}
    dh, x, h_0, h = of_shapes("backward", given, {"dh": (B, T, H), "x": (B, T, D), "h_0": (B, H), "h": (B, T, H)})
    leaves = [torch.tensor(array, requires_grad=True) for array in (x, h_0, *params)]
    states = states_of(leaves[0], leaves[1], leaves[2:])
    if not np.allclose(states.detach().numpy(), h):
        raise ValueError("backward was called with h that is not what forward returns for this x and this h_0")
    dx, dh_0, *dparams = torch.autograd.grad(states, leaves, torch.tensor(dh))
    return dx.numpy(), dh_0.numpy(), RNNParams(*(array.numpy() for array in dparams))


def chunk_gradients(
    x: np.ndarray, y: np.ndarray, h_start: np.ndarray, params: RNNParams
) -> tuple[float, RNNParams, np.ndarray]:
    """Read a chunk from h_start; return the mean squared distance of states and targets, its gradients, the last state.

    Raises
    ------
    ValueError
        If an array does not fit the parameters, or they are not of one B and T.
    """
    B, T, (D, H) = len(x), _steps(x), np.shape(params.W_xh)
    given = {"x": x, "y": y, "h_start": h_start}
    x, y, h_start = of_shapes("chunk_gradients", given, {"x": (B, T, D), "y": (B, T, H), "h_start": (B, H)})
    weights = [torch.tensor(np.array(array, float), requires_grad=True) for array in params]
    states = states_of(torch.tensor(x), torch.tensor(h_start), weights)
    loss = torch.nn.functional.mse_loss(states, torch.tensor(y))
    dparams = torch.autograd.grad(loss, weights)
    return loss.item(), RNNParams(*(array.numpy() for array in dparams)), states[:, -1].detach().numpy()


def clip(gradients: RNNParams, max_norm: float) -> RNNParams:
    """Shorten gradients together, so that the norm over all of them is at most max_norm.

    Raises
    ------
    ValueError
        If gradients are not the three arrays of RNNParams.
    """
    if not isinstance(gradients, tuple | list) or len(gradients) != len(RNNParams._fields):
        raise ValueError("clip wants the gradients of all three arrays together, RNNParams(W_xh, W_hh, b_h)")
    arrays = [torch.tensor(np.array(array, float)) for array in gradients]
    norm = torch.linalg.vector_norm(torch.cat([array.ravel() for array in arrays]))
    scale = torch.clamp(max_norm / norm, max=1.0)
    return RNNParams(*((array * scale).numpy() for array in arrays))


def _steps(x: np.ndarray) -> int:
    return np.shape(x)[1] if np.ndim(x) > 1 else 0


def of_shapes(function: str, arrays: dict[str, np.ndarray], wanted: dict[str, tuple[int, ...]]) -> list[np.ndarray]:
    """Return the arrays as float64.

    Raises
    ------
    ValueError
        If one is empty or does not have the shape that is wanted; the message names the first.
    """
    for name, shape in wanted.items():
        if 0 in (got := np.shape(arrays[name])):
            raise ValueError(f"{function} was called with {name} of shape {got}, which holds nothing")
        if got != shape:
            raise ValueError(f"{function} was called with {name} of shape {got}, wanted {shape}")
    return [np.array(array, dtype=float) for array in arrays.values()]
