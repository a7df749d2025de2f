"""The echo state network: a recurrent layer that is never trained, and a readout that is solved for (chapter 03).

    reservoir = new_reservoir(D, H, rho=0.9, rng=rng)
    h = run_reservoir(x, h_0, reservoir)
    head = ridge_readout(h[:, washout:].reshape(-1, H), y[:, washout:].reshape(-1, O), lam=1e-6)
    prediction = linear(h, *head)

No gradient travels through time, so none vanishes; and the layer never learns what to remember.
"""

from typing import NamedTuple

import numpy as np

from course_lib.nn._shapes import require_axes, require_shape
from course_lib.nn.spectra import rescale_to_radius
from course_lib.params import HeadParams


class Reservoir(NamedTuple):
    """Weights of an echo state network, drawn once and kept.

    Attributes
    ----------
    W_in : ndarray of shape (D, H)
    W : ndarray of shape (H, H)
    b : ndarray of shape (H,)
    """

    W_in: np.ndarray
    W: np.ndarray
    b: np.ndarray


def new_reservoir(
    D: int, H: int, rho: float, rng: np.random.Generator, input_scale: float = 1.0, bias_scale: float = 0.0
) -> Reservoir:
    r"""Draw a reservoir whose recurrent weights have the spectral radius `rho` (chapter 03).

    A radius below 1 is a habit, not a guarantee of forgetting: :math:`\sigma_{\max} < 1` is.

    Parameters
    ----------
    D : int, at least 1
        Input size.
    H : int, at least 1
        Units.
    rho : float, at least 0
        Spectral radius of W, which starts as :math:`U(-1, 1)`.
    rng : numpy.random.Generator
    input_scale, bias_scale : float, at least 0
        W_in and b are drawn from :math:`U(-1, 1)` times these.

    Returns
    -------
    Reservoir of float64 arrays

    Raises
    ------
    ValueError
        If a size is below 1, or `rho` or a scale is negative or not finite.
    """
    for name, size in {"D": D, "H": H}.items():
        if size < 1:
            raise ValueError(f"{name} must be at least 1, got {size}")
    for name, scale in {"input_scale": input_scale, "bias_scale": bias_scale}.items():
        if not 0 <= scale < np.inf:
            raise ValueError(f"{name} must be finite and at least 0, got {scale}")
    W = rescale_to_radius(rng.uniform(-1, 1, (H, H)), rho)
    return Reservoir(input_scale * rng.uniform(-1, 1, (D, H)), W, bias_scale * rng.uniform(-1, 1, H))


def run_reservoir(x: np.ndarray, h_0: np.ndarray, reservoir: Reservoir, leak: float = 1.0) -> np.ndarray:
    r"""Drive a reservoir with an input (chapter 03).

    :math:`h_t = (1 - a) h_{t-1} + a \tanh(x_t W_{in} + h_{t-1} W + b)` with the leak a. With a = 1 it is the tanh RNN.

    Parameters
    ----------
    x : ndarray of shape (B, T, D)
    h_0 : ndarray of shape (B, H)
    reservoir : Reservoir
    leak : float, in (0, 1]
        Small values make slow units.

    Returns
    -------
    ndarray of shape (B, T, H)

    Raises
    ------
    ValueError
        If a shape does not fit or `leak` is outside (0, 1].
    """
    if not 0 < leak <= 1:
        raise ValueError(f"leak must be in (0, 1], got {leak}")
    B, T, H = _require_driven(x, h_0, reservoir)  # batch, time steps, units
    W_in, W, b = reservoir
    driven = x @ W_in + b  # (B, T, H)
    h, h_t = np.empty((B, T, H), np.result_type(x, h_0, *reservoir, np.float32)), h_0
    for t in range(T):
        h_t = (1 - leak) * h_t + leak * np.tanh(driven[:, t] + h_t @ W)  # (B, H)
        h[:, t] = h_t
    return h


def ridge_readout(S: np.ndarray, Y: np.ndarray, lam: float) -> HeadParams:
    r"""Solve for the head that reads targets from states, with small weights preferred (chapter 03).

    It minimises :math:`\lVert S W_{hy} + b_y - Y \rVert^2 + \lambda \lVert W_{hy} \rVert^2`. The bias is not
    penalised, so it takes the means, and the rest is :math:`W_{hy} = (S^\top S + \lambda I)^{-1} S^\top Y` on centred
    columns. Choose `lam` on validation data.

    Parameters
    ----------
    S : ndarray of shape (N, H)
        States, one row each, after a washout that forgets the initial state.
    Y : ndarray of shape (N, O)
    lam : float, above 0

    Returns
    -------
    HeadParams

    Raises
    ------
    ValueError
        If a shape does not fit, there is no row, or `lam` is not a finite number above 0.
    """
    require_axes("S", S, "rows, units", 2)
    require_axes("Y", Y, "rows, outputs", 2)
    require_shape("Y", Y, "rows, outputs", (len(S), Y.shape[1]))
    if len(S) == 0:
        raise ValueError(f"S must have at least one row, got shape {S.shape}")
    if not 0 < lam < np.inf:
        raise ValueError(f"lam must be finite and above 0, got {lam}")
    S_mean, Y_mean = S.mean(axis=0), Y.mean(axis=0)  # (H,), (O,)
    S_centred = S - S_mean  # (N, H)
    W_hy = np.linalg.solve(S_centred.T @ S_centred + lam * np.eye(S.shape[1]), S_centred.T @ (Y - Y_mean))  # (H, O)
    return HeadParams(W_hy, Y_mean - S_mean @ W_hy)


def _require_driven(x: np.ndarray, h_0: np.ndarray, reservoir: Reservoir) -> tuple[int, int, int]:
    """Return B, T and H, or raise a ValueError if an input, a state and a reservoir do not fit each other."""
    require_axes("x", x, "batch, time, input", 3)
    require_axes("W", reservoir.W, "hidden, hidden", 2)
    (B, T, D), H = x.shape, reservoir.W.shape[1]
    require_shape("W", reservoir.W, "hidden, hidden", (H, H))
    require_shape("W_in", reservoir.W_in, "input, hidden", (D, H))
    require_shape("b", reservoir.b, "hidden,", (H,))
    require_shape("h_0", h_0, "batch, hidden", (B, H))
    return B, T, H
