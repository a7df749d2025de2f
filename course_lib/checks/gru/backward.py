"""Exercise 5.4: one step of a GRU back, in four parts that build on each other."""

from typing import Any

import numpy as np
import torch

from course_lib.checks.exercise import Exercise, Inputs, Mistakes, judged_by, random_cases
from course_lib.checks.gru.blocks import Blocks
from course_lib.checks.gru.hints import MISCONCEPTIONS
from course_lib.checks.gru.steps import draw_step, torch_weights, transposed_blocks
from course_lib.checks.returns import Array, Judge, Several
from course_lib.params import GRUParams

Gates = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""r, z, n and q, each (B, H)."""


def draw_step_back(rng: np.random.Generator, B: int, D: int, H: int) -> Inputs:
    """Draw one step, what its gates were, and the total derivative at the state after it."""
    drawn = draw_step(rng, B, D, H)
    x_t, h_prev, params = drawn.values()
    return {
        "dh_t": rng.normal(size=(B, H)),
        "x_t": x_t,
        "h_prev": h_prev,
        "gates": gates_of(x_t, h_prev, params),
        "params": params,
    }


def gates_of(x_t: np.ndarray, h_prev: np.ndarray, params: GRUParams) -> Gates:
    """Let torch compute the gates of one step."""
    w_ih, w_hh, b_ih, b_hh = torch_weights(params)
    x_r, x_z, x_n = torch.nn.functional.linear(torch.tensor(x_t), w_ih, b_ih).chunk(3, dim=1)
    h_r, h_z, q = torch.nn.functional.linear(torch.tensor(h_prev), w_hh, b_hh).chunk(3, dim=1)
    r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    return r.numpy(), z.numpy(), torch.tanh(torch.addcmul(x_n, r, q)).numpy(), q.numpy()


def oracle_step_backward(
    dh_t: np.ndarray, x_t: np.ndarray, h_prev: np.ndarray, gates: Gates, params: GRUParams
) -> tuple[np.ndarray, ...]:
    """Let autograd go back through torch's own cell."""
    leaves = [torch.tensor(array, requires_grad=True) for array in (x_t, h_prev, *params)]
    h_t = torch.gru_cell(leaves[0], leaves[1], *torch_weights(GRUParams(*leaves[2:])))  # type: ignore[arg-type]
    return tuple(array.numpy() for array in torch.autograd.grad(h_t, leaves, torch.tensor(dh_t)))


def wrong_step_backward(
    mistakes: Mistakes, dh_t: np.ndarray, x_t: np.ndarray, h_prev: np.ndarray, gates: Gates, params: GRUParams
) -> tuple[Any, ...]:
    """Go back through one step, with switches."""
    r, z, n, _ = gates
    da_n = wrong_candidate(mistakes, dh_t, z, n)
    da_z = wrong_update(mistakes, dh_t, h_prev, z, n)
    dq = da_n if "passes-the-reset-by" in mistakes else da_n * r
    dq = da_n * (1 - r) if "takes-1-minus-r-for-q" in mistakes else dq
    da_r = wrong_reset(mistakes, da_n, h_prev, gates, params)
    if "takes-the-blocks-z-r-n" in mistakes:
        da_r, da_z = da_z, da_r
    dh_prev = wrong_dh_prev(mistakes, dh_t, (da_r, da_z, da_n, dq), gates, params)
    dx_t, dW_x, dW_h, db, db_hn = wrong_shares(mistakes, x_t, h_prev, r, (da_r, da_z, da_n, dq), params)
    if "swaps-the-two-matrices" in mistakes:
        dW_x, dW_h = dW_h, dW_x
    if "returns-dh_prev-first" in mistakes:
        dx_t, dh_prev = dh_prev, dx_t
    return dx_t, dh_prev, dW_x, dW_h, db, db_hn


def wrong_candidate(mistakes: Mistakes, dh_t: np.ndarray, z: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Return the gradient at the candidate's sum, with switches."""
    share = z if {"takes-z-for-the-candidate", "takes-the-other-convention"} & mistakes else 1 - z
    dn = dh_t if "gives-the-candidate-all" in mistakes else dh_t * share
    if "forgets-tanh-prime" in mistakes:
        return dn
    if "does-not-square-the-candidate" in mistakes:
        return dn * (1 - n)
    if "squashes-the-candidate-again" in mistakes:
        return np.asarray(dn * (1 - np.tanh(n) ** 2))
    return dn * (n * (1 - n) if "takes-sigma-prime-for-the-candidate" in mistakes else 1 - n**2)


def wrong_update(mistakes: Mistakes, dh_t: np.ndarray, h_prev: np.ndarray, z: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Return the gradient at the sum of z, with switches."""
    difference = h_prev - n
    if {"turns-the-sign-of-z-round", "takes-the-other-convention"} & mistakes:
        difference = n - h_prev
    difference = h_prev if "leaves-n-out-of-z" in mistakes else difference
    difference = -n if "leaves-h_prev-out-of-z" in mistakes else difference
    difference = h_prev + n if "adds-instead-of-subtracting-in-z" in mistakes else difference
    slope = wrong_gate_slope(mistakes, z)
    slope = 1.0 if "forgets-sigma-prime-at-z" in mistakes else slope
    return dh_t * difference * (1 - z**2 if "takes-tanh-prime-at-z" in mistakes else slope)


def wrong_gate_slope(mistakes: Mistakes, gate: np.ndarray) -> Any:
    """Return the derivative of the logistic function, with switches."""
    if "forgets-sigma-prime" in mistakes:
        return 1.0
    return 1 - gate**2 if "takes-tanh-prime-for-the-gates" in mistakes else gate * (1 - gate)


def wrong_reset(
    mistakes: Mistakes, da_n: np.ndarray, h_prev: np.ndarray, gates: Gates, params: GRUParams
) -> np.ndarray:
    """Return the gradient at the sum of r, with switches."""
    r, _, _, q = gates
    W_hn = np.split(params.W_h, 3, axis=1)[2]
    factor = q - params.b_hn if "leaves-b_hn-out-of-q" in mistakes else q
    factor = h_prev if "takes-h_prev-for-q" in mistakes else factor
    factor = np.ones_like(q) if "leaves-q-out-of-r" in mistakes else factor
    slope = wrong_gate_slope(mistakes, r)
    slope = 1.0 if "forgets-sigma-prime-at-r" in mistakes else slope
    slope = 1 - r**2 if "takes-tanh-prime-at-r" in mistakes else slope
    if "goes-back-as-if-reset-before" in mistakes:
        return np.asarray((da_n @ W_hn.T) * h_prev * slope)
    da_r = da_n * factor * slope
    return da_r * r if "resets-twice-on-the-way-to-r" in mistakes else da_r


def wrong_dh_prev(
    mistakes: Mistakes, dh_t: np.ndarray, sums: tuple[np.ndarray, ...], gates: Gates, params: GRUParams
) -> np.ndarray:
    """Add the four paths to the state before up, with switches."""
    da_r, da_z, da_n, dq = sums
    W_h = transposed_blocks(params.W_h) if "does-not-transpose-W_h" in mistakes else params.W_h
    W_hr, W_hz, W_hn = np.split(W_h, 3, axis=1)
    r, z, _, _ = gates
    share: Any = 1 - z if {"passes-1-minus-z-on", "takes-the-other-convention"} & mistakes else z
    share = 1.0 if "passes-the-whole-gradient-on" in mistakes else share
    paths = {"z": dh_t * share, "through-z": da_z @ W_hz.T, "through-r": da_r @ W_hr.T, "through-q": dq @ W_hn.T}
    if "sends-da_n-back" in mistakes:
        paths["through-q"] = da_n @ W_hn.T
    if "goes-back-as-if-reset-before" in mistakes:
        paths["through-q"] = (da_n @ W_hn.T) * r
    if "drops-the-direct-path" in mistakes:
        paths["z"] = np.zeros_like(dh_t)
    if "drops-the-path-through-z" in mistakes:
        del paths["through-z"]
    if "drops-the-path-through-r" in mistakes:
        del paths["through-r"]
    if "drops-the-path-through-the-candidate" in mistakes:
        del paths["through-q"]
    if "keeps-the-direct-path-only" in mistakes:
        return paths["z"]
    return np.sum(list(paths.values()), axis=0)


def wrong_shares(
    mistakes: Mistakes,
    x_t: np.ndarray,
    h_prev: np.ndarray,
    r: np.ndarray,
    sums: tuple[np.ndarray, ...],
    params: GRUParams,
) -> tuple[Any, ...]:
    """Return the gradients of the input and of the parameters, with switches."""
    da_r, da_z, da_n, dq = sums
    at_x, at_h = np.hstack([da_r, da_z, da_n]), np.hstack([da_r, da_z, dq])
    dx_t = (at_h if {"sends-dq-to-the-input", "sends-dq-to-dx_t"} & mistakes else at_x) @ params.W_x.T
    if "hears-the-input-through-the-candidate-only" in mistakes:
        dx_t = da_n @ np.split(params.W_x, 3, axis=1)[2].T
    dW_x = x_t.T @ (at_h if {"sends-dq-to-the-input", "sends-dq-to-dW_x"} & mistakes else at_x)
    dW_h = h_prev.T @ (at_x if "pairs-h_prev-with-da_n" in mistakes else at_h)
    if "goes-back-as-if-reset-before" in mistakes:
        dW_h = np.hstack([h_prev.T @ da_r, h_prev.T @ da_z, (r * h_prev).T @ da_n])
    dW_x, dW_h = (dW_x.T, dW_h.T) if "transposes-the-gradients" in mistakes else (dW_x, dW_h)
    bias = at_h if "gives-b-the-share-of-b_hn" in mistakes else np.hstack([da_r, da_z, da_n])
    db, db_hn = (bias, dq) if "does-not-sum-the-biases" in mistakes else (bias.sum(axis=0), dq.sum(axis=0))
    if "averages-over-the-batch" in mistakes:
        dW_x, dW_h, db, db_hn = (array / len(x_t) for array in (dW_x, dW_h, db, db_hn))
    return dx_t, dW_x, dW_h, db, db_hn


GRADIENTS = Several(
    (
        Array("dx_t", "(B, D)"),
        Array("dh_prev", "(B, H)"),
        Array("dW_x", "(D, 3H)"),
        Array("dW_h", "(H, 3H)"),
        Array("db", "(3H,)"),
        Array("db_hn", "(H,)"),
    )
)
PARTS: dict[str, Judge] = {
    "candidate": Blocks(GRADIENTS, {"db": "n", "db_hn": ""}),
    "gates": Blocks(GRADIENTS, {"db": "rz"}),
    "dh_prev": GRADIENTS.only("dh_prev"),
    "weights and inputs": Blocks(GRADIENTS, {"dW_x": "rzn", "dW_h": "rzn", "dx_t": ""}),
}
"""Each line of the way back shows in the biases first, since a bias takes the gradient of its sum as it is."""

gru_step_backward = Exercise(
    number="5.4",
    call="gru_step_backward(dh_t, x_t, h_prev, gates, params)",
    read="The backward pass, equations (5.6) and (5.7)",
    parts={name: judged_by(part, random_cases(draw_step_back, B=(1, 4), D=3, H=5)) for name, part in PARTS.items()},
    oracle=oracle_step_backward,
    returns=GRADIENTS,
    wrong=wrong_step_backward,
    misconceptions=MISCONCEPTIONS["gru_step_backward"],
)
