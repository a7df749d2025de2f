"""Exercises 1.4 and 1.5: what is read off the states."""

import numpy as np
import torch

from course_lib.checks.exercise import Exercise, Inputs, Mistakes, random_cases
from course_lib.checks.returns import Array
from course_lib.checks.rnn.hints import MISCONCEPTIONS
from course_lib.params import HeadParams


def draw_padded(rng: np.random.Generator, B: int, T: int, H: int) -> Inputs:
    """Draw states and lengths: a larger batch holds a row of length 1 and a full one, a batch of one is padded."""
    lengths = rng.integers(1, max(T, 2), size=B)
    if B > 1:
        lengths[0], lengths[-1] = 1, T
    return {"h": rng.uniform(-0.9, 0.9, (B, T, H)), "lengths": lengths}


def oracle_last_valid_state(h: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Let torch pack the batch and read back where each sequence ends."""
    packed = torch.nn.utils.rnn.pack_padded_sequence(
        torch.tensor(h), torch.tensor(lengths), batch_first=True, enforce_sorted=False
    )
    sizes = packed.batch_sizes.tolist()
    starts = np.cumsum([0, *sizes])
    last_rows = {row: starts[t] + row for t, size in enumerate(sizes) for row in range(size)}
    in_sorted_order = packed.data[[last_rows[row] for row in range(len(lengths))]]
    return in_sorted_order[packed.unsorted_indices].numpy()


def wrong_last_valid_state(mistakes: Mistakes, h: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Pick states with switches."""
    B, T, _ = h.shape
    lengths = np.full(B, T) if "takes-last-column" in mistakes else lengths
    lengths = np.full(B, lengths.max()) if "uses-longest-for-all" in mistakes else lengths
    lengths = np.full(B, lengths[0]) if "uses-first-length-for-all" in mistakes else lengths
    if "averages-the-states" in mistakes:
        return np.stack([h[row, :length].mean(axis=0) for row, length in enumerate(lengths)])
    offset = 0 if "one-step-too-far" in mistakes else 2 if "one-step-too-early" in mistakes else 1
    if "pairs-every-row-with-every-length" in mistakes:
        return h[:, lengths - offset]
    if "swaps-batch-and-time" in mistakes:
        return h[lengths - offset, np.arange(B)]
    return h[np.arange(B), lengths - offset]


last_valid_state = Exercise(
    number="1.4",
    call="last_valid_state(h, lengths)",
    read="Sequences of different lengths",
    parts={"values": random_cases(draw_padded, B=(1, 4), T=(1, 6), H=3)},
    oracle=oracle_last_valid_state,
    returns=Array("h_last", "(B, H)"),
    wrong=wrong_last_valid_state,
    misconceptions=MISCONCEPTIONS["last_valid_state"],
)


def draw_head(rng: np.random.Generator, H: int, O: int, scale: float = 0.7) -> HeadParams:
    """Draw a head with a bias that can be heard."""
    return HeadParams(rng.normal(0, scale, (H, O)), rng.normal(0, scale, O))


def draw_states(rng: np.random.Generator, B: int, T: int, H: int, O: int) -> Inputs:
    """Draw the states of a sequence and a head."""
    return {"h": rng.uniform(-0.9, 0.9, (B, T, H)), "head": draw_head(rng, H, O)}


def torch_head(h: np.ndarray, head: HeadParams) -> np.ndarray:
    """Apply ``torch.nn.functional.linear`` to the last axis."""
    W_hy, b_y = map(torch.tensor, head)
    return torch.nn.functional.linear(torch.tensor(h), W_hy.T, b_y).numpy()


def oracle_many_to_one(h: np.ndarray, head: HeadParams) -> np.ndarray:
    """Read the last of all torch's logits."""
    return torch_head(h, head)[:, -1]


def softmax(s: np.ndarray, axis: int = -1) -> np.ndarray:
    """Turn logits into probabilities with torch."""
    return torch.softmax(torch.tensor(s), dim=axis).numpy()


def wrong_many_to_one(mistakes: Mistakes, h: np.ndarray, head: HeadParams) -> np.ndarray:
    """Answer once a sequence, with switches."""
    summary = h[:, -1]
    if "reads-first-state" in mistakes:
        summary = h[:, 0]
    if "averages-the-states" in mistakes:
        summary = h.mean(axis=1)
    if "adds-up-the-states" in mistakes:
        summary = h.sum(axis=1)
    if "takes-last-of-batch" in mistakes:
        summary = h[-1]
    if "answers-at-every-step" in mistakes:
        summary = h
    return wrong_head(mistakes, summary, head)


def wrong_aligned(mistakes: Mistakes, h: np.ndarray, head: HeadParams) -> np.ndarray:
    """Answer at every step, with switches."""
    if "repeats-last-answer" in mistakes:
        h = np.broadcast_to(h[:, -1:], h.shape)
    if "answers-once" in mistakes:
        h = h[:, -1]
    if "one-step-late" in mistakes:
        h = np.concatenate([np.zeros_like(h[:, :1]), h[:, :-1]], axis=1)
    if "averages-so-far" in mistakes:
        h = np.cumsum(h, axis=1) / np.arange(1, h.shape[1] + 1)[:, None]
    if "time-first" in mistakes:
        h = h.swapaxes(0, 1)
    return wrong_head(mistakes, h, head)


def wrong_head(mistakes: Mistakes, h: np.ndarray, head: HeadParams) -> np.ndarray:
    """Apply the head with switches that both shapes of answer share."""
    s = h @ head.W_hy + (0 if "omits-bias" in mistakes else head.b_y)
    if "softmax-over-time" in mistakes:
        return softmax(s, axis=1)
    return softmax(s) if "returns-probabilities" in mistakes else np.tanh(s) if "squashes-logits" in mistakes else s


many_to_one = Exercise(
    number="1.5",
    call="many_to_one(h, head)",
    read="Five shapes, equation (1.4)",
    parts={"values": random_cases(draw_states, B=(1, 4), T=(1, 6), H=5, O=3)},
    oracle=oracle_many_to_one,
    returns=Array("s", "(B, O)"),
    wrong=wrong_many_to_one,
    misconceptions=MISCONCEPTIONS["many_to_one"],
)

aligned = Exercise(
    number="1.5",
    call="aligned(h, head)",
    read="Five shapes, equation (1.4)",
    parts={"values": random_cases(draw_states, B=(1, 4), T=(1, 6), H=5, O=3)},
    oracle=torch_head,
    returns=Array("s", "(B, T, O)"),
    wrong=wrong_aligned,
    misconceptions=MISCONCEPTIONS["aligned"],
)
