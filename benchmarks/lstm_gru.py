"""A whole LSTM or GRU layer, forward and backward: the course's NumPy against torch.nn.LSTM and torch.nn.GRU.

    python benchmarks/lstm_gru.py          prints a table; exits 1 when a bar is missed
    python benchmarks/lstm_gru.py --json   prints the same figures as JSON

Bars, on each of the four sizes (float32, one thread each): at most 2.2 times torch's time, at most 1.7 times at the
largest size, and less time than a textbook cell: one product a gate, PyTorch operations in a Python loop, autograd.

All sides do the same work: the states of all steps, and the gradients of x, of the initial states and of every
parameter. They are timed in one process, in turn, so that whatever else the machine does meets all of them. A ratio is
the median of the ratios of neighbours; the times are medians too. The floor is the time that NumPy takes for the
matrix products of the layer alone, without a single gate. torch.nn runs with its documented defaults, but for
batch_first; where it has two biases that are added, NumPy has one, and torch gives the gradient of each.
"""

import argparse
import json
import platform
import statistics
import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from course_lib.nn import gru_backward, gru_forward, init_gru, init_lstm, lstm_backward, lstm_forward
from course_lib.nn.torch_weights import gru_to_torch, lstm_to_torch
from course_lib.params import GRUParams, LSTMParams

SIZES = ((32, 50, 64, 128), (16, 35, 32, 64), (64, 100, 128, 256), (1, 25, 64, 100))  # B, T, D, H
LARGEST = SIZES[2]
BAR, BAR_LARGEST, BAR_TEXTBOOK = 2.2, 1.7, 1.0  # times torch's time, there and of the textbook cell's time
LAYERS = ("LSTM", "GRU")
SIDES = ("numpy", "torch", "textbook", "floor")

Size = tuple[int, int, int, int]
Work = Callable[[], Any]


class Case(NamedTuple):
    """The inputs of all sides, float32: x (B, T, D), states (B, H) each, dh (B, T, H)."""

    x: np.ndarray
    states: tuple[np.ndarray, ...]
    params: LSTMParams | GRUParams
    dh: np.ndarray


class Row(NamedTuple):
    """What was measured on one size: medians of the times in milliseconds and of the ratios of neighbours."""

    layer: str
    B: int
    T: int
    D: int
    H: int
    repeats: int
    numpy_ms: float
    torch_ms: float
    textbook_ms: float
    floor_ms: float
    ratio: float
    ratio_textbook: float
    ratio_floor: float

    @property
    def bar(self) -> float:
        """Return how many times torch's time NumPy may take on this size."""
        return BAR_LARGEST if self[1:5] == LARGEST else BAR

    @property
    def met(self) -> bool:
        """Return whether both bars are met."""
        return self.ratio <= self.bar and self.ratio_textbook < BAR_TEXTBOOK


def make_case(layer: str, B: int, T: int, D: int, H: int, seed: int = 0) -> Case:
    """Draw the inputs of one size; none of them is zero."""
    rng = np.random.default_rng(seed)
    drawn = init_lstm(D, H, rng) if layer == "LSTM" else init_gru(D, H, rng)
    params = type(drawn)(*((array + rng.normal(0, 0.1, array.shape)).astype(np.float32) for array in drawn))
    sizes = [(B, T, D), (B, T, H)] + [(B, H)] * (2 if layer == "LSTM" else 1)
    x, dh, *states = (rng.normal(size=size).astype(np.float32) for size in sizes)
    return Case(x, tuple(states), params, dh)


def numpy_side(case: Case) -> Work:
    """Return the work of the course's library: states, and gradients of all inputs and parameters."""

    def run_lstm() -> Any:
        h, _, cache = lstm_forward(case.x, *case.states, case.params)
        return h, lstm_backward(case.dh, cache)

    def run_gru() -> Any:
        h, cache = gru_forward(case.x, *case.states, case.params)
        return h, gru_backward(case.dh, cache)

    return run_lstm if isinstance(case.params, LSTMParams) else run_gru


def torch_side(case: Case) -> Work:
    """Return the same work done by torch.nn with the same weights."""
    lstm = isinstance(case.params, LSTMParams)
    layer = lstm_to_torch(case.params) if lstm else gru_to_torch(case.params)
    x, *states = (torch.tensor(array, requires_grad=True) for array in (case.x, *(s[None] for s in case.states)))
    dh, wanted = torch.tensor(case.dh), [x, *states, *layer.parameters()]

    def run() -> Any:
        h, _ = layer(x, tuple(states) if lstm else states[0])
        return h, torch.autograd.grad(h, wanted, dh)

    return run


def textbook_side(case: Case) -> Work:
    """Return the same work done by the cell as textbooks write it: one gate a line, in a loop, with autograd."""
    step = textbook_lstm if isinstance(case.params, LSTMParams) else textbook_gru
    split = [np.split(array, len(array.T) // case.states[0].shape[1], axis=-1) for array in case.params]
    weights = [[torch.tensor(block, requires_grad=True) for block in array] for array in split]
    x, *starts = (torch.tensor(array, requires_grad=True) for array in (case.x, *case.states))
    dh, wanted = torch.tensor(case.dh), [x, *starts, *(block for array in weights for block in array)]

    def run() -> Any:
        states, outputs = tuple(starts), []
        for t in range(x.shape[1]):
            states = step(x[:, t], states, weights)
            outputs.append(states[0])
        h = torch.stack(outputs, dim=1)
        return h, torch.autograd.grad(h, wanted, dh)

    return run


def textbook_lstm(x: torch.Tensor, states: tuple[torch.Tensor, ...], weights: Any) -> tuple[torch.Tensor, ...]:
    """Advance an LSTM by one step: eight products."""
    h, c = states
    (W_xi, W_xf, W_xg, W_xo), (W_hi, W_hf, W_hg, W_ho), (b_i, b_f, b_g, b_o) = weights
    i = torch.sigmoid(x @ W_xi + h @ W_hi + b_i)
    f = torch.sigmoid(x @ W_xf + h @ W_hf + b_f)
    g = torch.tanh(x @ W_xg + h @ W_hg + b_g)
    o = torch.sigmoid(x @ W_xo + h @ W_ho + b_o)
    c = f * c + i * g
    return o * torch.tanh(c), c


def textbook_gru(x: torch.Tensor, states: tuple[torch.Tensor, ...], weights: Any) -> tuple[torch.Tensor, ...]:
    """Advance a GRU by one step: six products."""
    (h,) = states
    (W_xr, W_xz, W_xn), (W_hr, W_hz, W_hn), (b_r, b_z, b_n), (b_hn,) = weights
    r = torch.sigmoid(x @ W_xr + h @ W_hr + b_r)
    z = torch.sigmoid(x @ W_xz + h @ W_hz + b_z)
    n = torch.tanh(x @ W_xn + b_n + r * (h @ W_hn + b_hn))
    return ((1 - z) * n + z * h,)


def floor_side(case: Case) -> Work:
    """Return the matrix products of the layer alone, each as large and as often as the layer needs it."""
    B, T, D = case.x.shape
    H, width = case.params.W_h.shape  # width: 4H or 3H
    rng = np.random.default_rng(0)
    sizes = ((T * B, D), (D, width), (width, D), (B, H), (H, width), (T * B, width), (B, width), (width, H), (T * B, H))
    arrays = (rng.normal(size=size).astype(np.float32) for size in sizes)
    x, W_x, W_x_T, h_t, W_h, da, da_t, W_h_T, h = arrays
    a_t, dh_t = np.empty_like(da_t), np.empty_like(h_t)

    def run() -> Any:
        x @ W_x
        for _ in range(T):
            np.matmul(h_t, W_h, out=a_t)
        for _ in range(T):
            np.matmul(da_t, W_h_T, out=dh_t)
        return x.T @ da, h.T @ da, da @ W_x_T

    return run


def sides(case: Case) -> dict[str, Work]:
    """Return what is timed, by name."""
    return dict(zip(SIDES, (numpy_side(case), torch_side(case), textbook_side(case), floor_side(case)), strict=True))


def time_in_turn(works: dict[str, Work], repeats: int) -> list[dict[str, float]]:
    """Run all sides in turn, another one first every time, and return their seconds by name."""
    rounds, names = [], list(works)
    for repeat in range(repeats):
        seconds = {}
        for name in names[repeat % len(names) :] + names[: repeat % len(names)]:
            start = perf_counter()
            works[name]()
            seconds[name] = perf_counter() - start
        rounds.append(seconds)
    return rounds


def measure(layer: str, size: Size, budget: float, least: int = 12) -> Row:
    """Measure one layer on one size for about `budget` seconds, but at least `least` times."""
    works = sides(make_case(layer, *size))
    warm = time_in_turn(works, 2)[-1]  # the first runs allocate and choose kernels
    return summarise(layer, size, time_in_turn(works, max(least, int(budget / sum(warm.values())))))


def summarise(layer: str, size: Size, rounds: list[dict[str, float]]) -> Row:
    """Reduce rounds of seconds to medians."""
    times = [1e3 * statistics.median(seconds[name] for seconds in rounds) for name in SIDES]
    ratios = [statistics.median(s["numpy"] / s[name] for s in rounds) for name in ("torch", "textbook", "floor")]
    return Row(layer, *size, len(rounds), *times, *ratios)


def blas_name() -> str:
    """Name the BLAS that NumPy was built with."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return f"{blas['name']} {blas['version']}"


def settings() -> dict[str, str | int]:
    """Return what the figures depend on, apart from the machine's load."""
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": blas_name(),
        "torch": torch.__version__,
        "machine": platform.machine(),
        "threads": torch.get_num_threads(),
        "dtype": "float32",
    }


def table(rows: list[Row], facts: dict[str, str | int]) -> str:
    """Return the figures as text, a line a size, under a line of versions."""
    lines = [", ".join(f"{name} {value}" for name, value in facts.items()), ""]
    lines.append(
        "layer   B    T    D    H  repeats  NumPy ms  torch ms  textbook ms  floor ms"
        "  of floor  of textbook  of torch   bar"
    )
    for row in rows:
        lines.append(
            f"{row.layer:5}{row.B:4} {row.T:4} {row.D:4} {row.H:4} {row.repeats:8} {row.numpy_ms:9.3f}"
            f" {row.torch_ms:9.3f} {row.textbook_ms:12.3f} {row.floor_ms:9.3f} {row.ratio_floor:9.2f}"
            f" {row.ratio_textbook:12.2f} {row.ratio:9.2f}   {row.bar} {'met' if row.met else 'MISSED'}"
        )
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and return the exit status: 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description="Time the course's LSTM and GRU against torch.nn.")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--seconds", type=float, default=6.0, help="about how long to measure each layer and size")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    with threadpool_limits(limits=1):
        rows = [measure(layer, size, options.seconds) for layer in LAYERS for size in SIZES]
        facts = settings()
    if options.json:
        bars = {"of torch": BAR, "of torch at the largest": BAR_LARGEST, "of textbook": BAR_TEXTBOOK}
        figures = [row._asdict() | {"bar": row.bar, "met": row.met} for row in rows]
        print(json.dumps({"settings": facts, "bars": bars, "rows": figures}, indent=2))
    else:
        print(table(rows, facts))
    return 0 if all(row.met for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
