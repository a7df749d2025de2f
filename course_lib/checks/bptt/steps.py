"""Exercises 2.1 to 2.3: two steps by hand, one step back, back through all steps."""

from typing import Any

import numpy as np
import torch

from course_lib.checks import lent_backward
from course_lib.checks.bptt.hints import MISCONCEPTIONS
from course_lib.checks.exercise import Exercise, Inputs, Mistakes, judged_by, no_inputs, random_cases
from course_lib.checks.plain import Lent
from course_lib.checks.returns import Array, Rounded, Several
from course_lib.checks.rnn.recurrence import draw_rnn
from course_lib.params import RNNParams

W_XH, W_HH, B_H, H_0 = 0.5, 0.8, 0.1, 0.2
X, DH = (1.0, -1.0), (-0.5, 1.0)
"""The inputs of exercise 2.1, and what the loss at each step alone sends to its state."""

Gradients = tuple[np.ndarray, np.ndarray, RNNParams]


def oracle_two_steps() -> tuple[float, ...]:
    """Let autograd go back through the two steps of the task."""
    w_xh, w_hh, b_h, h_0 = (
        torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in (W_XH, W_HH, B_H, H_0)
    )
    a_1 = X[0] * w_xh + h_0 * w_hh + b_h
    h_1 = torch.tanh(a_1)
    h_2 = torch.tanh(X[1] * w_xh + h_1 * w_hh + b_h)
    loss = DH[0] * h_1 + DH[1] * h_2
    return tuple(float(gradient) for gradient in torch.autograd.grad(loss, (h_1, a_1, w_xh, w_hh, b_h, h_0)))


def wrong_two_steps(mistakes: Mistakes) -> tuple[float, ...]:
    """Go back through two steps, with switches."""
    a_1 = X[0] * W_XH + H_0 * W_HH + B_H
    h_1 = float(np.tanh(a_1))
    h_2 = float(np.tanh(X[1] * W_XH + h_1 * W_HH + B_H))
    da_2 = DH[1] * (1 - h_2**2)  # the task gives it
    back = W_XH if "goes-back-through-w_xh" in mistakes else W_HH
    from_2 = 0.0 if "drops-the-step-after" in mistakes else da_2 * back
    if "carries-past-tanh" in mistakes:
        from_2 = DH[1] * back
    delta_1 = from_2 + (0.0 if "drops-the-loss-at-1" in mistakes else DH[0])
    da_1 = delta_1 * wrong_slope(mistakes, a_1, h_1)
    before = (h_1, h_2) if "pairs-with-the-state-after" in mistakes else (H_0, h_1)
    sums = [X[0] * da_1 + X[1] * da_2, before[0] * da_1 + before[1] * da_2, da_1 + da_2]
    if "keeps-the-first-share" in mistakes:
        sums = [X[0] * da_1, before[0] * da_1, da_1]
    if "averages-the-steps" in mistakes:
        sums = [value / 2 for value in sums]
    dh_0 = delta_1 * back if "carries-past-tanh" in mistakes else da_1 * back
    return (delta_1, da_1, *sums, delta_1 if "stops-at-h_1" in mistakes else dh_0)


def wrong_slope(mistakes: Mistakes, a: Any, h: Any) -> Any:
    """Return the derivative of tanh, with switches."""
    if "forgets-tanh-prime" in mistakes:
        return 1.0
    if "squares-the-sum" in mistakes:
        return 1 - a**2
    if "does-not-square" in mistakes:
        return 1 - h
    return 1 - (np.tanh(h) if "squashes-the-state-again" in mistakes else h) ** 2


two_steps = Exercise(
    number="2.1",
    call="two_steps()",
    read="One unit, two steps, equations (2.2) to (2.5)",
    parts={"values": no_inputs},
    oracle=oracle_two_steps,
    returns=Rounded(("delta_1", "da_1", "dW_xh", "dW_hh", "db_h", "dh_0"), decimals=3),
    wrong=wrong_two_steps,
    misconceptions=MISCONCEPTIONS["two_steps"],
)

DPARAMS = Several((Array("dW_xh", "(D, H)"), Array("dW_hh", "(H, H)"), Array("db_h", "(H,)")), "RNNParams")


def draw_step_back(rng: np.random.Generator, B: int, D: int, H: int) -> Inputs:
    """Draw one step of a network, and the total derivative at the state after it."""
    x_t, h_prev, params = rng.normal(size=(B, D)), rng.uniform(-0.9, 0.9, (B, H)), draw_rnn(rng, D, H)
    h_t = lent_backward.rnn_forward(x_t[:, None], h_prev, params)[:, 0]
    return {"dh_t": rng.normal(size=(B, H)), "x_t": x_t, "h_prev": h_prev, "h_t": h_t, "params": params}


def oracle_step_backward(
    dh_t: np.ndarray, x_t: np.ndarray, h_prev: np.ndarray, h_t: np.ndarray, params: RNNParams
) -> Gradients:
    """Let autograd go back through a sequence of one step."""
    dx, dh_prev, dparams = torch_gradients(dh_t[:, None], x_t[:, None], h_prev, params)
    return dx[:, 0], dh_prev, dparams


def torch_gradients(dh: np.ndarray, x: np.ndarray, h_0: np.ndarray, params: RNNParams) -> Gradients:
    """Let autograd go back through torch's own network, which runs a whole sequence."""
    leaves = [torch.tensor(array, requires_grad=True) for array in (x, h_0, *params)]
    states = lent_backward.states_of(leaves[0], leaves[1], leaves[2:])
    dx, dh_0, *dparams = torch.autograd.grad(states, leaves, torch.tensor(dh))
    return dx.numpy(), dh_0.numpy(), RNNParams(*(array.numpy() for array in dparams))


def wrong_step_backward(
    mistakes: Mistakes, dh_t: np.ndarray, x_t: np.ndarray, h_prev: np.ndarray, h_t: np.ndarray, params: RNNParams
) -> tuple[Any, ...]:
    """Go back through one step, with switches."""
    W_xh, W_hh, b_h = params
    a_t = x_t @ W_xh + h_prev @ W_hh + b_h
    da_t = dh_t * wrong_slope(mistakes, a_t, h_prev if "takes-the-state-before" in mistakes else h_t)
    sent = dh_t if "sends-dh-back" in mistakes else da_t
    dx_t = sent @ (W_xh if "does-not-transpose-W_xh" in mistakes else W_xh.T)
    dh_prev = sent @ (W_hh if "does-not-transpose-W_hh" in mistakes else W_hh.T)
    dh_prev = dh_prev * (1 - h_prev**2) if "passes-the-tanh-before-too" in mistakes else dh_prev
    dW_xh = x_t.T @ da_t
    dW_xh = dW_xh.T if "transposes-dW_xh" in mistakes else dW_xh
    dW_hh = (h_t if "pairs-with-the-state-after" in mistakes else h_prev).T @ da_t
    dW_hh = dW_hh.T if "transposes-dW_hh" in mistakes else dW_hh
    db_h = da_t if "does-not-sum-db" in mistakes else da_t.sum(axis=1 if "sums-db-over-the-units" in mistakes else 0)
    dW_xh, dW_hh = (dW_hh, dW_xh) if "swaps-the-two-matrices" in mistakes else (dW_xh, dW_hh)
    dparams = RNNParams(dW_xh, dW_hh, db_h)
    if "averages-over-the-batch" in mistakes:
        dparams = RNNParams(*(array / len(x_t) for array in dparams))
    if "returns-no-record" in mistakes:
        return (dx_t, dh_prev, *dparams)
    return (dh_prev, dx_t, dparams) if "returns-dh_prev-first" in mistakes else (dx_t, dh_prev, dparams)


STEP_GRADIENTS = Several((Array("dx_t", "(B, D)"), Array("dh_prev", "(B, H)"), DPARAMS))

rnn_step_backward = Exercise(
    number="2.2",
    call="rnn_step_backward(dh_t, x_t, h_prev, h_t, params)",
    read="One step back, equations (2.3) to (2.5)",
    parts={
        name: judged_by(STEP_GRADIENTS.only(name), random_cases(draw_step_back, B=(1, 4), D=3, H=5))
        for name in ("dx_t", "dh_prev", "dW_xh", "dW_hh", "db_h")
    },
    oracle=oracle_step_backward,
    returns=STEP_GRADIENTS,
    wrong=wrong_step_backward,
    misconceptions=MISCONCEPTIONS["rnn_step_backward"],
)


def draw_sequence_back(rng: np.random.Generator, B: int, T: int, D: int, H: int) -> Inputs:
    """Draw a sequence, its states, and what the loss at each step alone sends to its state."""
    x, h_0, params = rng.normal(size=(B, T, D)), rng.uniform(-0.9, 0.9, (B, H)), draw_rnn(rng, D, H)
    return {
        "dh": rng.normal(size=(B, T, H)),
        "x": x,
        "h_0": h_0,
        "h": lent_backward.rnn_forward(x, h_0, params),
        "params": params,
        "step_backward": Lent("rnn_step_backward"),
    }


def oracle_backward(
    dh: np.ndarray, x: np.ndarray, h_0: np.ndarray, h: np.ndarray, params: RNNParams, step_backward: object
) -> Gradients:
    """Let autograd go back through the sequence."""
    return torch_gradients(dh, x, h_0, params)


def wrong_backward(
    mistakes: Mistakes,
    dh: np.ndarray,
    x: np.ndarray,
    h_0: np.ndarray,
    h: np.ndarray,
    params: RNNParams,
    step_backward: Any,
) -> tuple[Any, ...]:
    """Go back through a sequence, with switches."""
    T = x.shape[1]
    start = np.zeros_like(h_0) if "starts-from-zero" in mistakes else h_0
    start = h[:, -1] if "takes-the-last-state-for-h_0" in mistakes else start
    before = np.concatenate([start[:, None], h[:, :-1]], axis=1)
    after = before if "hands-h_prev-twice" in mistakes else h
    before = h if "pairs-with-the-state-after" in mistakes else before
    onwards, early = (-1 if "runs-forwards" in mistakes else 1), "adds-to-the-wrong-step" in mistakes
    carried = np.zeros((T + 2, *h_0.shape))  # index -1 is never written
    dx, shares = np.zeros_like(x), []
    delta = dh_prev = np.zeros_like(h_0)
    first = 1 if "leaves-step-1-out" in mistakes else 0
    for t in range(first, T - 1 if "leaves-the-last-step-out" in mistakes else T)[::-onwards]:
        heard = np.zeros_like(h_0) if "drops-the-step-after" in mistakes else carried[t + onwards]
        delta = heard if "hears-the-last-loss-only" in mistakes and t < T - 1 else dh[:, t] + heard
        dx[:, t], dh_prev, share = step_backward(delta, x[:, t], before[:, t], after[:, t], params)
        carried[t - early] = dh_prev + (heard if "never-empties-the-carry" in mistakes else 0)
        shares.append(share)
    return wrong_results(mistakes, dx, dh_prev, delta, shares or [RNNParams(*map(np.zeros_like, params))])


def wrong_results(
    mistakes: Mistakes, dx: np.ndarray, dh_0: np.ndarray, delta: np.ndarray, shares: list[RNNParams]
) -> tuple[Any, ...]:
    """Put the steps together, with switches."""
    kept = shares[-1:] if "keeps-the-first-share" in mistakes else shares
    kept = kept[:1] if "keeps-the-last-share" in mistakes else kept
    sums = [np.sum(arrays, axis=0) for arrays in zip(*kept, strict=True)]
    sums = [array / len(shares) for array in sums] if "averages-the-steps" in mistakes else sums
    dx = dx[:, ::-1] if "turns-dx-round" in mistakes else dx
    if "leaves-dh_0-out" in mistakes:
        return dx, RNNParams(*sums)
    dh_0 = delta if "stops-at-h_1" in mistakes else dh_0
    return dx, dh_0, RNNParams(*sums)


GRADIENTS = Several((Array("dx", "(B, T, D)"), Array("dh_0", "(B, H)"), DPARAMS))

rnn_backward = Exercise(
    number="2.3",
    call="rnn_backward(dh, x, h_0, h, params, step_backward)",
    read="Back through all steps, equations (2.2) to (2.5)",
    parts={
        name: judged_by(GRADIENTS.only(name), random_cases(draw_sequence_back, B=(1, 2), T=(1, 4), D=3, H=5))
        for name in ("dx", "dh_0", "dW_xh", "dW_hh", "db_h")
    },
    oracle=oracle_backward,
    returns=GRADIENTS,
    wrong=wrong_backward,
    misconceptions=MISCONCEPTIONS["rnn_backward"],
)
