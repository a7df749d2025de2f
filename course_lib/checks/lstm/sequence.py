"""Exercise 4.4: a whole sequence of an LSTM backward."""

from typing import Any

import numpy as np
import torch

from course_lib.checks.exercise import Exercise, Inputs, Mistakes, judged_by, random_cases
from course_lib.checks.lent_lstm import torch_step
from course_lib.checks.lstm.hints import MISCONCEPTIONS
from course_lib.checks.lstm.step_backward import gates_of
from course_lib.checks.lstm.steps import draw_lstm
from course_lib.checks.plain import Lent
from course_lib.checks.returns import Array, Several
from course_lib.params import LSTMParams

Gates = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
PARTS = ("dx", "dh_0", "dc_0", "dW_x", "dW_h", "db")


def draw_sequence(rng: np.random.Generator, B: int, T: int, D: int, H: int) -> Inputs:
    """Draw a sequence, run it, and draw what the loss sends to its states and to its last cell."""
    x, params = rng.normal(size=(B, T, D)), draw_lstm(rng, D, H)
    h, c, kept = [rng.uniform(-0.9, 0.9, (B, H))], [rng.normal(0, 1.2, (B, H))], []
    for t in range(T):
        i, f, g, o = gates_of(x[:, t], h[-1], params)
        c.append(f * c[-1] + i * g)
        h.append(o * np.tanh(c[-1]))
        kept.append((i, f, g, o))
    gates = tuple(np.stack(steps, axis=1) for steps in zip(*kept, strict=True))
    arrives = {"dh": rng.normal(size=(B, T, H)), "dc_T": rng.normal(size=(B, H))}
    states = {"h": np.stack(h, axis=1), "c": np.stack(c, axis=1), "gates": gates}
    return {**arrives, "x": x, **states, "params": params, "step_backward": Lent("lstm_step_backward")}


def oracle_backward(
    dh: np.ndarray,
    dc_T: np.ndarray,
    x: np.ndarray,
    h: np.ndarray,
    c: np.ndarray,
    gates: Gates,
    params: LSTMParams,
    step_backward: object,
) -> tuple[np.ndarray, ...]:
    """Let autograd go back through torch's own cell, run again from the first states."""
    leaves = [torch.tensor(array, requires_grad=True) for array in (x, h[:, 0], c[:, 0], *params)]
    h_t, c_t, states = leaves[1], leaves[2], []
    for x_t in leaves[0].unbind(dim=1):
        h_t, c_t = torch_step(x_t, h_t, c_t, tuple(leaves[3:]))
        states.append(h_t)
    ends = (torch.stack(states, dim=1), c_t)
    gradients = torch.autograd.grad(ends, leaves, (torch.tensor(dh), torch.tensor(dc_T)))
    return tuple(gradient.numpy() for gradient in gradients)


def wrong_backward(
    mistakes: Mistakes,
    dh: np.ndarray,
    dc_T: np.ndarray,
    x: np.ndarray,
    h: np.ndarray,
    c: np.ndarray,
    gates: Gates,
    params: LSTMParams,
    step_backward: Any,
) -> tuple[Any, ...]:
    """Go back through a sequence, with switches."""
    B, T, _ = x.shape
    zero = np.zeros((B, h.shape[2]))
    start = zero if "ignores-dc_T" in mistakes else dc_T
    onwards = -1 if "runs-forwards" in mistakes else 1
    dx, shares, sent_h, sent_c = np.zeros_like(x), [], zero, start
    delta_h = delta_c = zero
    first, last = "leaves-step-1-out" in mistakes, "leaves-the-last-step-out" in mistakes
    for t in range(int(first), T - last)[::-onwards]:
        delta_h, delta_c = wrong_arrivals(mistakes, dh[:, t], dc_T, sent_h, sent_c, is_last=t == T - 1)
        before = wrong_inputs(mistakes, t, x, h, c, gates)
        arrives = (delta_c, delta_h) if "exchanges-dh_t-and-dc_next" in mistakes else (delta_h, delta_c)
        dx[:, t], new_h, new_c, *share = step_backward(*arrives, *before, params)
        shares.append(share)
        if "never-empties-the-carry" in mistakes:
            new_h, new_c = new_h + sent_h, new_c + sent_c
        sent_h, sent_c = (new_c, new_h) if "carries-each-in-the-others-place" in mistakes else (new_h, new_c)
        sent_c = sent_c * gates[1][:, t] if "passes-the-forget-gate-twice" in mistakes else sent_c
    dh_0, dc_0 = (delta_h, delta_c) if "stops-at-step-1" in mistakes else (sent_h, sent_c)
    shares = shares or [[np.zeros_like(array) for array in params]]
    return wrong_results(mistakes, dx, dh_0, dc_0, shares)


def wrong_arrivals(
    mistakes: Mistakes, dh_t: np.ndarray, dc_T: np.ndarray, sent_h: np.ndarray, sent_c: np.ndarray, is_last: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return what arrives at the two states of a step, with switches."""
    delta_h = dh_t + (0 if "drops-dh_prev" in mistakes else sent_h)
    delta_h = sent_h if "hears-the-last-loss-only" in mistakes and not is_last else delta_h
    delta_c = 0 * sent_c if "drops-dc_prev" in mistakes and not is_last else sent_c
    delta_c = dc_T if "sends-dc_T-to-every-step" in mistakes and is_last else delta_c
    delta_c = dc_T + sent_c if "sends-dc_T-to-every-step" in mistakes and not is_last else delta_c
    delta_c = dc_T if "hands-dc_T-to-every-step" in mistakes else delta_c
    return delta_h, delta_c + dh_t if "sends-the-loss-to-the-cell-too" in mistakes else delta_c


def wrong_inputs(
    mistakes: Mistakes, t: int, x: np.ndarray, h: np.ndarray, c: np.ndarray, gates: Gates
) -> tuple[Any, ...]:
    """Return x_t, h_prev, c_prev, c_t and the gates of a step, with switches."""
    h_prev = h[:, t + 1] if "pairs-with-the-state-after" in mistakes else h[:, t]
    c_prev = c[:, t + 1] if "hands-c_t-twice" in mistakes else c[:, t]
    c_t = c[:, t] if "hands-c_prev-twice" in mistakes else c[:, t + 1]
    if "exchanges-c_prev-and-c_t" in mistakes:
        c_prev, c_t = c_t, c_prev
    if "reads-h-and-c-one-column-early" in mistakes:
        h_prev, c_prev, c_t = h[:, t - 1], c[:, t - 1], c[:, t]
    which = max(t - 1, 0) if "takes-the-gates-of-the-step-before" in mistakes else t
    return x[:, t], h_prev, c_prev, c_t, tuple(gate[:, which] for gate in gates)


def wrong_results(
    mistakes: Mistakes, dx: np.ndarray, dh_0: np.ndarray, dc_0: np.ndarray, shares: list[Any]
) -> tuple[Any, ...]:
    """Put the steps together, with switches."""
    kept = shares[-1:] if "keeps-the-first-share" in mistakes else shares
    kept = kept[:1] if "keeps-the-last-share" in mistakes else kept
    dW_x, dW_h, db = (np.sum(arrays, axis=0) for arrays in zip(*kept, strict=True))
    if "averages-the-steps" in mistakes:
        dW_x, dW_h, db = (array / len(shares) for array in (dW_x, dW_h, db))
    dx = dx[:, ::-1] if "turns-dx-round" in mistakes else dx
    dh_0, dc_0 = (dc_0, dh_0) if "returns-dc_0-first" in mistakes else (dh_0, dc_0)
    if "returns-a-record" in mistakes:
        return dx, dh_0, dc_0, LSTMParams(dW_x, dW_h, db)
    return dx, dh_0, dc_0, dW_x, dW_h, db


GRADIENTS = Several(
    (
        Array("dx", "(B, T, D)"),
        Array("dh_0", "(B, H)"),
        Array("dc_0", "(B, H)"),
        Array("dW_x", "(D, 4H)"),
        Array("dW_h", "(H, 4H)"),
        Array("db", "(4H,)"),
    )
)

lstm_backward = Exercise(
    number="4.4",
    call="lstm_backward(dh, dc_T, x, h, c, gates, params, step_backward)",
    read="The whole sequence, equation (4.12)",
    parts={
        name: judged_by(GRADIENTS.only(name), random_cases(draw_sequence, B=(1, 5), T=(1, 3), D=6, H=7))
        for name in PARTS
    },
    oracle=oracle_backward,
    returns=GRADIENTS,
    wrong=wrong_backward,
    misconceptions=MISCONCEPTIONS["lstm_backward"],
)
