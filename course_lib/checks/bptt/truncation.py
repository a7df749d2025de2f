"""Exercises 2.6 and 2.8: gradients that reach back a limited number of steps, over chunks and over windows."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from course_lib.checks.bptt.hints import MISCONCEPTIONS
from course_lib.checks.bptt.steps import DPARAMS
from course_lib.checks.exercise import Exercise, Inputs, Mistakes, random_cases
from course_lib.checks.lent_backward import states_of
from course_lib.checks.plain import Lent
from course_lib.checks.returns import Several
from course_lib.checks.rnn.recurrence import draw_rnn
from course_lib.params import RNNParams

SUMMED = Several(DPARAMS.items)


def draw_chunks(steps: Callable[[np.random.Generator, int], int]) -> Callable[..., Inputs]:
    """Make a case maker: a sequence of so many steps for a truncation length K."""

    def draw(rng: np.random.Generator, B: int, K: int, D: int, H: int) -> Inputs:
        T = steps(rng, K)
        return {
            "x": rng.normal(size=(B, T, D)),
            "dh": rng.normal(size=(B, T, H)),
            "h_0": rng.uniform(-0.9, 0.9, (B, H)),
            "params": draw_rnn(rng, D, H),
            "K": K,
            "forward": Lent("rnn_forward"),
            "backward": Lent("rnn_backward"),
        }

    return draw


WHOLE = draw_chunks(lambda rng, K: K * int(rng.integers(2, 4)))
SHORT_LAST = draw_chunks(lambda rng, K: K * int(rng.integers(1, 3)) + int(rng.integers(1, max(K, 2))))


def torch_leaves(params: RNNParams) -> list[torch.Tensor]:
    """Make parameters that autograd goes back to."""
    return [torch.tensor(array, requires_grad=True) for array in params]


def gradients_of(loss: torch.Tensor, leaves: list[torch.Tensor]) -> RNNParams:
    """Return what autograd finds."""
    return RNNParams(*(gradient.numpy() for gradient in torch.autograd.grad(loss, leaves)))


def oracle_truncated_bptt(
    x: np.ndarray, dh: np.ndarray, h_0: np.ndarray, params: RNNParams, K: int, forward: Lent, backward: Lent
) -> RNNParams:
    """Run the sequence once in torch and cut the graph where a chunk begins."""
    leaves, h, loss = torch_leaves(params), torch.tensor(h_0), torch.zeros(())
    for x_chunk, dh_chunk in zip(torch.tensor(x).split(K, dim=1), torch.tensor(dh).split(K, dim=1), strict=True):
        states = states_of(x_chunk, h.detach(), leaves)
        h, loss = states[:, -1], loss + (states * dh_chunk).sum()
    return gradients_of(loss, leaves)


def wrong_truncated_bptt(
    mistakes: Mistakes,
    x: np.ndarray,
    dh: np.ndarray,
    h_0: np.ndarray,
    params: RNNParams,
    K: int,
    forward: Any,
    backward: Any,
) -> RNNParams:
    """Go over the chunks, with switches."""
    T = x.shape[1]
    K = K + 1 if "makes-chunks-too-long" in mistakes else K
    K = T if "does-not-cut" in mistakes else 1 if "cuts-every-step" in mistakes else K
    if "takes-windows" in mistakes:
        return wrong_windowed_bptt(frozenset(), x, dh, h_0, params, K, forward, backward)
    h, shares = h_0, []
    for start in range(0, T - K + 1 if "drops-the-short-chunk" in mistakes else T, K):
        h_start = np.zeros_like(h_0) if "resets-the-state" in mistakes else h
        h_start = h_0 if "restarts-from-h_0" in mistakes else h_start
        part = x[:, start : start + K]
        states = forward(part, h_start, params)
        dh_part = dh[:, : part.shape[1]] if "takes-the-first-dh-again" in mistakes else dh[:, start : start + K]
        shares.append(backward(dh_part, part, h_start, states, params)[2])
        h = states[:, 0] if "carries-the-first-state" in mistakes else states[:, -1]
    return wrong_sum(mistakes, shares)


def wrong_sum(mistakes: Mistakes, shares: list[RNNParams]) -> RNNParams:
    """Add up what the parts send, with switches."""
    kept = shares[-1:] if "keeps-the-last-share" in mistakes else shares
    count = len(kept) if {"averages-the-chunks", "averages-the-windows"} & mistakes else 1
    return RNNParams(*(np.sum(arrays, axis=0) / count for arrays in zip(*kept, strict=True)))


truncated_bptt = Exercise(
    number="2.6",
    call="truncated_bptt(x, dh, h_0, params, K, forward, backward)",
    read="Truncated backpropagation, equation (2.8)",
    parts={
        "full chunks": random_cases(WHOLE, B=4, K=(1, 3), D=2, H=5),
        "a short last chunk": random_cases(SHORT_LAST, B=(1, 4), K=3, D=2, H=5),
    },
    oracle=oracle_truncated_bptt,
    returns=SUMMED,
    wrong=wrong_truncated_bptt,
    misconceptions=MISCONCEPTIONS["truncated_bptt"],
)


def oracle_windowed_bptt(
    x: np.ndarray, dh: np.ndarray, h_0: np.ndarray, params: RNNParams, K: int, forward: Lent, backward: Lent
) -> RNNParams:
    """Take each loss by itself: run torch to where its window begins, cut the graph, and go on to the loss."""
    leaves, loss = torch_leaves(params), torch.zeros(())
    inputs, start = torch.tensor(x), torch.tensor(h_0)
    known = torch.cat([start[:, None], states_of(inputs, start, leaves)], dim=1).detach()
    for t, dh_t in enumerate(torch.tensor(dh).unbind(dim=1)):
        begins = max(0, t + 1 - K)
        loss = loss + (states_of(inputs[:, begins : t + 1], known[:, begins], leaves)[:, -1] * dh_t).sum()
    return gradients_of(loss, leaves)


def wrong_windowed_bptt(
    mistakes: Mistakes,
    x: np.ndarray,
    dh: np.ndarray,
    h_0: np.ndarray,
    params: RNNParams,
    K: int,
    forward: Any,
    backward: Any,
) -> RNNParams:
    """Go over the windows, with switches."""
    T = x.shape[1]
    K = K + 1 if "reaches-one-step-further" in mistakes else K
    K = T if "does-not-cut" in mistakes else K
    if "takes-chunks" in mistakes:
        return wrong_truncated_bptt(frozenset(), x, dh, h_0, params, K, forward, backward)
    known = np.concatenate([h_0[:, None], forward(x, h_0, params)], axis=1)
    shares = []
    for end in range(K if "begins-with-a-full-window" in mistakes else 1, T + 1):
        start = max(0, end - K)
        h_start = np.zeros_like(h_0) if "resets-the-state" in mistakes else known[:, start]
        h_start = h_0 if "restarts-from-h_0" in mistakes else h_start
        window, dh_window = x[:, start:end], dh[:, start:end].copy()
        if "counts-a-loss-again" not in mistakes:
            dh_window[:, :-1] = 0
        shares.append(backward(dh_window, window, h_start, forward(window, h_start, params), params)[2])
    return wrong_sum(mistakes, shares)


windowed_bptt = Exercise(
    number="2.8",
    call="windowed_bptt(x, dh, h_0, params, K, forward, backward)",
    read="Truncated backpropagation, equation (2.8)",
    parts={"values": random_cases(SHORT_LAST, B=(1, 4), K=3, D=2, H=5)},
    oracle=oracle_windowed_bptt,
    returns=SUMMED,
    wrong=wrong_windowed_bptt,
    misconceptions=MISCONCEPTIONS["windowed_bptt"],
    stretch=True,
)
