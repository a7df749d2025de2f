"""Exercise 5.7: read a padded batch from the end, each sequence from its own."""

import numpy as np
import torch

from course_lib.checks.exercise import Exercise, Inputs, Mistakes, random_cases
from course_lib.checks.gru.hints import MISCONCEPTIONS
from course_lib.checks.plain import Plain, same
from course_lib.checks.returns import Array


def draw_padded(rng: np.random.Generator, B: int, T: int, D: int) -> Inputs:
    """Draw sequences of several lengths; on the padding stands what nobody may touch."""
    lengths = rng.integers(2, T - 1, size=B)
    if B > 1:
        lengths[0], lengths[1], lengths[-1] = T - 1, 1, T
    return {"x": rng.normal(size=(B, T, D)), "lengths": lengths}


def draw_full(rng: np.random.Generator, B: int, T: int, D: int) -> Inputs:
    """Draw sequences without padding."""
    return {"x": rng.normal(size=(B, T, D)), "lengths": np.full(B, T)}


def oracle_reverse(x: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Flip the part of each sequence that counts, with torch."""
    rows = zip(torch.tensor(x), lengths.tolist(), strict=True)
    return torch.stack([torch.cat([row[:length].flip(0), row[length:]]) for row, length in rows]).numpy()


def wrong_reverse(mistakes: Mistakes, x: np.ndarray, lengths: np.ndarray, mine: Plain = None) -> np.ndarray:
    """Reverse each sequence within its length, with switches; of several ways that which leads to ``mine``."""
    if "leaves-x-as-it-is" in mistakes:
        return x.copy()
    if "reverses-the-whole-row" in mistakes:
        return x[:, ::-1].copy()
    if "reverses-the-batch" in mistakes:
        return x[::-1].copy()
    if "reverses-the-numbers-of-a-step" in mistakes:
        turned = x[..., ::-1].copy()
        within = np.where((np.arange(x.shape[1]) < lengths[:, None])[..., None], turned, x)
        return one_of([turned, within], mine)
    if "reverses-one-sequence-alone" in mistakes:
        alone = [x.copy(), x.copy()]
        for result, row in zip(alone, (0, -1), strict=True):
            result[row, : lengths[row]] = x[row, : lengths[row]][::-1]
        return one_of(alone, mine)
    if "reverses-every-axis" in mistakes:
        return np.flip(x)
    lengths = np.full_like(lengths, lengths.max()) if "takes-the-longest-length-for-all" in mistakes else lengths
    lengths = np.full_like(lengths, lengths[0]) if "takes-the-first-length-for-all" in mistakes else lengths
    lengths = lengths - 1 if "stops-one-step-short" in mistakes else lengths
    lengths = np.minimum(lengths + 1, x.shape[1]) if "takes-a-step-of-padding-in" in mistakes else lengths
    return wrong_rows(mistakes, x, lengths)


def one_of(ways: list[np.ndarray], mine: Plain) -> np.ndarray:
    """Return the way to make a mistake that leads to ``mine``, or the first."""
    return next((way for way in ways if same(way, mine)), ways[0])


def wrong_rows(mistakes: Mistakes, x: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Reverse sequence after sequence, with switches."""
    result = np.zeros_like(x) if "empties-the-padding" in mistakes else x.copy()
    for row, before, n in zip(result, x, lengths, strict=True):
        row[:n] = before[:n][::-1]
        if "begins-one-step-too-late" in mistakes:
            row[:n] = before[n::-1][:n]
        if "slices-down-to-minus-1" in mistakes:
            row[:n] = before[n - 1 : -1 : -1]
        if "leaves-step-0-out" in mistakes:
            row[:n] = before[n - 1 : 0 : -1]
        if "takes-the-front-of-the-reversed-row" in mistakes:
            row[:n] = before[::-1][:n]
        if "overwrites-what-it-still-needs" in mistakes:
            row[n // 2 : n] = row[: n - n // 2][::-1]
        if "turns-the-padding-round" in mistakes:
            row[n:] = before[n:][::-1]
        if "repeats-the-first-step-on-padding" in mistakes:
            row[n:] = before[0]
        if "turns-round-at-the-first-step" in mistakes:
            row[:] = before[np.abs(n - 1 - np.arange(len(before)))]
        if "moves-the-padding-to-the-front" in mistakes:
            row[:] = np.concatenate([before[n:], before[:n][::-1]])
    return result


reverse_within_lengths = Exercise(
    number="5.7",
    call="reverse_within_lengths(x, lengths)",
    read="Both directions, equation (5.9)",
    parts={
        "no padding": random_cases(draw_full, B=(1, 4), T=(1, 7), D=3),
        "padding": random_cases(draw_padded, B=(1, 4), T=7, D=3),
    },
    oracle=oracle_reverse,
    returns=Array("result", "(B, T, D)"),
    wrong=wrong_reverse,
    misconceptions=MISCONCEPTIONS["reverse_within_lengths"],
)
