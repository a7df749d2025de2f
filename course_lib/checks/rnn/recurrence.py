"""Exercises 1.1 to 1.3: a trace by hand, one step, a whole sequence."""

from typing import Any

import numpy as np
import torch

from course_lib.checks import lent
from course_lib.checks.exercise import Exercise, Inputs, Mistakes, no_inputs, random_cases
from course_lib.checks.plain import Lent
from course_lib.checks.returns import Array, Rounded
from course_lib.checks.rnn.hints import MISCONCEPTIONS
from course_lib.params import RNNParams

TRACE_PARAMS = RNNParams(W_xh=np.array([[1.0]]), W_hh=np.array([[0.5]]), b_h=np.array([-0.2]))
TRACE_H_0, TRACE_X = 0.3, (0.6, -1.0, 0.4)


def oracle_trace() -> tuple[float, ...]:
    """Run torch's cell three times on the numbers of the task."""
    h = np.array([[TRACE_H_0]])
    return tuple(float((h := lent.rnn_step(np.array([[x]]), h, TRACE_PARAMS))[0, 0]) for x in TRACE_X)


def wrong_trace(mistakes: Mistakes) -> tuple[float, ...]:
    """Trace with switches."""
    w_xh, w_hh, b_h = (float(array.item()) for array in TRACE_PARAMS)
    if "swaps-weights" in mistakes:
        w_xh, w_hh = w_hh, w_xh
    if "omits-bias" in mistakes:
        b_h = 0.0
    start = 0.0 if "starts-from-zero" in mistakes else TRACE_H_0
    h, states = start, []
    for x in TRACE_X:
        h_prev = 0.0 if "ignores-the-past" in mistakes else start if "uses-first-state-always" in mistakes else h
        terms = [w_xh * x, w_hh * h_prev, b_h]
        total = float(np.sum(np.tanh(terms) if "squashes-each-term" in mistakes else terms))
        state = total if {"no-squash", "squashes-each-term"} & mistakes else float(np.tanh(total))
        states.append(total if "returns-the-sums" in mistakes else state)
        h = total if "carries-pre-activation" in mistakes else state
    return tuple(states)


trace = Exercise(
    number="1.1",
    call="trace()",
    read="One unit, three steps, equation (1.3)",
    parts={"values": no_inputs},
    oracle=oracle_trace,
    returns=Rounded(("h_1", "h_2", "h_3"), decimals=4),
    wrong=wrong_trace,
    misconceptions=MISCONCEPTIONS["trace"],
)


def draw_rnn(rng: np.random.Generator, D: int, H: int) -> RNNParams:
    """Draw parameters that neither saturate tanh nor leave any of its terms out."""
    return RNNParams(rng.normal(0, 0.7, (D, H)), rng.normal(0, 0.7, (H, H)), rng.normal(0, 0.7, H))


def draw_step(rng: np.random.Generator, B: int, D: int, H: int) -> Inputs:
    """Draw the inputs of one step."""
    return {"x_t": rng.normal(size=(B, D)), "h_prev": rng.uniform(-0.9, 0.9, (B, H)), "params": draw_rnn(rng, D, H)}


def wrong_step(mistakes: Mistakes, x_t: np.ndarray, h_prev: np.ndarray, params: RNNParams) -> np.ndarray:
    """Take one step with switches."""
    W_xh, W_hh, b_h = params
    W_xh = W_xh.T if "transposes-W_xh" in mistakes else W_xh
    W_hh = np.eye(len(W_hh)) if "adds-without-weights" in mistakes else W_hh
    W_hh = W_hh.T if "transposes-W_hh" in mistakes else W_hh
    if "swaps-input-and-state" in mistakes:
        x_t, h_prev = h_prev, x_t
    times = np.multiply if "multiplies-elementwise" in mistakes else np.matmul
    if "weights-on-the-left" in mistakes:
        return np.tanh(W_xh @ x_t + W_hh @ h_prev + b_h)
    terms = [times(x_t, W_xh)]
    terms += [] if "ignores-the-past" in mistakes else [times(h_prev, W_hh)]
    terms += [] if "omits-bias" in mistakes else [b_h]
    if "squashes-each-term" in mistakes:
        return np.asarray(sum(np.tanh(term) for term in terms))
    late = terms.pop() if "adds-bias-after-squash" in mistakes else 0
    late = terms.pop(1) if "adds-state-after-squash" in mistakes and len(terms) > 1 else late
    a_t = np.asarray(sum(terms))
    if "no-squash" in mistakes:
        return a_t
    h_t = (1 / (1 + np.exp(-a_t)) if "squashes-with-sigmoid" in mistakes else np.tanh(a_t)) + late
    return h_t.T if "column-vectors" in mistakes else h_t


rnn_step = Exercise(
    number="1.2",
    call="rnn_step(x_t, h_prev, params)",
    read="The recurrence, equation (1.3)",
    parts={"values": random_cases(draw_step, B=(1, 4), D=3, H=5)},
    oracle=lent.rnn_step,
    returns=Array("h_t", "(B, H)", between=(-1, 1)),
    wrong=wrong_step,
    misconceptions=MISCONCEPTIONS["rnn_step"],
)


def draw_sequence(rng: np.random.Generator, B: int, T: int, D: int, H: int) -> Inputs:
    """Draw a sequence and a state to start from."""
    h_0 = rng.uniform(-0.9, 0.9, (B, H))
    return {"x": rng.normal(size=(B, T, D)), "h_0": h_0, "params": draw_rnn(rng, D, H), "step": Lent("rnn_step")}


def draw_sequence_from_zero(rng: np.random.Generator, B: int, T: int, D: int, H: int) -> Inputs:
    """Draw a sequence that starts from the zero state."""
    return {**draw_sequence(rng, B, T, D, H), "h_0": np.zeros((B, H))}


def oracle_forward(x: np.ndarray, h_0: np.ndarray, params: RNNParams, step: object) -> np.ndarray:
    """Run ``torch.nn.RNN`` with the same weights."""
    D, H = params.W_xh.shape
    network = torch.nn.RNN(D, H, batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        for parameter, value in zip(network.parameters(), lent.torch_weights(params), strict=True):
            parameter.copy_(value)
        h, _ = network(torch.tensor(x), torch.tensor(h_0)[None])
    return h.numpy()


def wrong_forward(mistakes: Mistakes, x: np.ndarray, h_0: np.ndarray, params: RNNParams, step: Any) -> np.ndarray:
    """Run a sequence with switches."""
    T = x.shape[1]
    h_start = np.zeros_like(h_0) if "starts-from-zero" in mistakes else h_0
    h_t, states, before = h_start, [], []
    for t in reversed(range(T)) if "reads-backwards" in mistakes else range(T):
        before.append(h_t)
        if "uses-first-state-always" in mistakes:
            h_t = h_start
        if "ignores-the-past" in mistakes:
            h_t = np.zeros_like(h_0)
        h_t = step(x[:, 0 if "same-input-each-step" in mistakes else t], h_t, params)
        states.append(h_t)
    if "state-of-wrong-step" in mistakes:
        states = before
    if "stores-one-buffer" in mistakes:
        states = [states[-1]] * T
    if "includes-h_0" in mistakes:
        states = [h_start, *states]
    if "skips-the-first-input" in mistakes:
        states = [h_start]
        for t in range(1, T):
            states.append(step(x[:, t], states[-1], params))
    if "returns-last-only" in mistakes:
        return states[-1]
    if "reshapes-instead-of-swapping" in mistakes:
        return np.array(states).reshape(len(x), len(states), -1)
    return np.stack(states, axis=0 if "time-first" in mistakes else 1)


rnn_forward = Exercise(
    number="1.3",
    call="rnn_forward(x, h_0, params, step)",
    read="The recurrence, equation (1.1)",
    parts={
        "from a zero state": random_cases(draw_sequence_from_zero, B=(1, 4), T=(1, 6), D=3, H=5),
        "from any state": random_cases(draw_sequence, B=(1, 4), T=(1, 6), D=3, H=5),
    },
    oracle=oracle_forward,
    returns=Array("h", "(B, T, H)", between=(-1, 1)),
    wrong=wrong_forward,
    misconceptions=MISCONCEPTIONS["rnn_forward"],
)
