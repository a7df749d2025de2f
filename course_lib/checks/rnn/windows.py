"""Exercise 1.7: windows of a series that do not see the future."""

import numpy as np
import torch

from course_lib.checks.exercise import Exercise, Inputs, Mistakes, random_cases
from course_lib.checks.returns import Array, Several
from course_lib.checks.rnn.hints import MISCONCEPTIONS

Windows = tuple[np.ndarray, np.ndarray]


def draw_series(rng: np.random.Generator, N: int, T: int, D: int) -> Inputs:
    """Draw a series of several features and the one to forecast."""
    return {"series": rng.normal(size=(N, D)), "T": T, "target": int(rng.integers(D))}


def oracle_windows(series: np.ndarray, T: int, target: int) -> Windows:
    """Let ``torch.Tensor.unfold`` cut windows that are one row longer, and take their last row off."""
    cuts = torch.tensor(series).unfold(0, T + 1, 1).permute(0, 2, 1)
    return cuts[:, :-1].numpy(), cuts[:, -1, target].numpy()


def wrong_windows(mistakes: Mistakes, series: np.ndarray, T: int, target: int) -> Windows:
    """Cut windows, with switches."""
    N = len(series)
    shift = ("skips-a-day" in mistakes) - ("leaks-the-future" in mistakes)
    stride = T if "does-not-overlap" in mistakes else 1
    column = 0 if "always-the-first-feature" in mistakes else target
    n = N - T - ("drops-the-last-window" in mistakes) + ("one-window-too-many" in mistakes) - max(shift, 0)
    starts = range(0, n, stride)
    length = T + 1 if "window-holds-its-target" in mistakes else T
    x = np.stack([series[i : i + length] for i in starts])
    y = np.stack([series[i + T + shift] for i in starts])
    x = x[:, ::-1] if "reads-backwards" in mistakes else x
    x = x[:, :, [target]] if "keeps-one-feature" in mistakes else x
    y = y if "forecasts-every-feature" in mistakes else y[:, column]
    return (y, x) if "swaps-x-and-y" in mistakes else (x, y)


make_windows = Exercise(
    number="1.7",
    call="make_windows(series, T, target)",
    read="Forecasting from several features",
    parts={"values": random_cases(draw_series, N=(9, 12), T=(1, 4), D=3)},
    oracle=oracle_windows,
    returns=Several((Array("x", "(N - T, T, D)"), Array("y", "(N - T,)"))),
    wrong=wrong_windows,
    misconceptions=MISCONCEPTIONS["make_windows"],
)


def draw_split(rng: np.random.Generator, N: int, n_train: int, D: int) -> Inputs:
    """Draw a series whose level and spread change after the split, as those of a price do."""
    series = rng.normal(size=(N, D)) * rng.uniform(0.5, 3, D) + rng.normal(0, 5, D)
    series[n_train:] = 2 * series[n_train:] + 1
    return {"series": series, "n_train": n_train}


def oracle_scaled(series: np.ndarray, n_train: int) -> np.ndarray:
    """Let torch compute mean and standard deviation of the rows before the split."""
    values = torch.tensor(series)
    std, mean = torch.std_mean(values[:n_train], dim=0, correction=0)
    return ((values - mean) / std).numpy()


def wrong_scaled(mistakes: Mistakes, series: np.ndarray, n_train: int) -> np.ndarray:
    """Standardise a series, with switches."""
    if "each-part-by-itself" in mistakes:
        rest = mistakes - {"each-part-by-itself"}
        parts = (series[:n_train], series[n_train:])
        return np.concatenate([wrong_scaled(rest, part, len(part)) for part in parts])
    known = series if "leaks-the-future" in mistakes else series[:n_train]
    known = series[n_train:] if "uses-the-test-rows" in mistakes else known
    axis = None if "one-mean-for-all-features" in mistakes else 0
    mean = np.median(known, axis=axis) if "centres-on-the-median" in mistakes else known.mean(axis=axis)
    spread = known.std(axis=axis, ddof=1 if "divides-by-n-minus-1" in mistakes else 0)
    if "scales-to-0-1" in mistakes:
        mean, spread = known.min(axis=axis), known.max(axis=axis) - known.min(axis=axis)
    spread = spread**2 if "divides-by-the-variance" in mistakes else spread
    scaled = (series if "only-scales" in mistakes else series - mean) / (1 if "only-centres" in mistakes else spread)
    return scaled[:n_train] if "returns-training-rows-only" in mistakes else scaled


scale_by_the_past = Exercise(
    number="1.7",
    call="scale_by_the_past(series, n_train)",
    read="Forecasting from several features",
    parts={"values": random_cases(draw_split, N=(20, 30), n_train=(9, 14), D=3)},
    oracle=oracle_scaled,
    returns=Array("scaled", "(N, D)"),
    wrong=wrong_scaled,
    misconceptions=MISCONCEPTIONS["scale_by_the_past"],
)
