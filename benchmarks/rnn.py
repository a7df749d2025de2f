"""A whole tanh RNN layer, forward and backward: the course's NumPy against torch.nn.RNN.

    python benchmarks/rnn.py          prints a table; exits 1 when a bar is missed
    python benchmarks/rnn.py --json   prints the same figures as JSON

Bar: at most 1.0 times torch's time on each of the four sizes (float32, one thread each).

Both sides do the same work: the states of all steps, and the gradients of x, h_0 and every parameter. They are
timed in one process, in turn, so that whatever else the machine does meets both. The ratio is the median of the
ratios of neighbours; the times are medians too. torch.nn.RNN runs with its documented defaults, but for
batch_first; it has two biases, NumPy one, and torch gives the gradient of each.
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

from course_lib.nn import RNNGradients, rnn_backward, rnn_forward, uniform_rnn
from course_lib.params import RNNParams

BAR = 1.0  # times torch's time
SIZES = ((32, 50, 64, 128), (16, 35, 32, 64), (64, 100, 128, 256), (1, 25, 64, 100))  # B, T, D, H


class Case(NamedTuple):
    """The inputs of both sides: x (B, T, D), h_0 (B, H), dh (B, T, H), all float32."""

    x: np.ndarray
    h_0: np.ndarray
    params: RNNParams
    dh: np.ndarray


class Row(NamedTuple):
    """What was measured on one size: medians of the times in milliseconds and of the ratios of neighbours."""

    B: int
    T: int
    D: int
    H: int
    repeats: int
    numpy_ms: float
    torch_ms: float
    ratio: float


def make_case(B: int, T: int, D: int, H: int, seed: int = 0) -> Case:
    """Draw the inputs of one size; none of them is zero."""
    rng = np.random.default_rng(seed)
    params = RNNParams(*(array.astype(np.float32) for array in uniform_rnn(D, H, rng)))
    x, h_0, dh = (rng.normal(size=size).astype(np.float32) for size in ((B, T, D), (B, H), (B, T, H)))
    return Case(x, h_0, params, dh)


def numpy_side(case: Case) -> Callable[[], tuple[np.ndarray, RNNGradients]]:
    """Return the work of the course's library: states, and gradients of all inputs and parameters."""

    def run() -> tuple[np.ndarray, RNNGradients]:
        h, cache = rnn_forward(case.x, case.h_0, case.params)
        return h, rnn_backward(case.dh, cache)

    return run


def torch_side(case: Case) -> Callable[[], tuple[torch.Tensor, tuple[torch.Tensor, ...]]]:
    """Return the same work done by torch.nn.RNN with the same weights; its second bias is zero."""
    layer = torch.nn.RNN(*case.params.W_xh.shape, batch_first=True)
    W_xh, W_hh, b_h = map(torch.tensor, case.params)
    weights = {"weight_ih_l0": W_xh.T, "weight_hh_l0": W_hh.T, "bias_ih_l0": b_h, "bias_hh_l0": torch.zeros_like(b_h)}
    layer.load_state_dict(weights)
    x, h_0 = torch.tensor(case.x, requires_grad=True), torch.tensor(case.h_0[None], requires_grad=True)
    dh, wanted = torch.tensor(case.dh), [x, h_0, *layer.parameters()]

    def run() -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
        h, _ = layer(x, h_0)
        return h, torch.autograd.grad(h, wanted, dh)

    return run


def time_in_turn(first: Callable[[], Any], second: Callable[[], Any], repeats: int) -> list[tuple[float, float]]:
    """Run both sides in turn, each first every other time, and return pairs of seconds."""
    pairs = []
    for repeat in range(repeats):
        seconds = {}
        for side in (first, second) if repeat % 2 == 0 else (second, first):
            start = perf_counter()
            side()
            seconds[side] = perf_counter() - start
        pairs.append((seconds[first], seconds[second]))
    return pairs


def measure(size: tuple[int, int, int, int], budget: float, least: int = 40) -> Row:
    """Measure one size for about `budget` seconds, but at least `least` times."""
    case = make_case(*size)
    sides = numpy_side(case), torch_side(case)
    warm = time_in_turn(*sides, 3)[-1]  # the first runs allocate and choose kernels
    return summarise(size, time_in_turn(*sides, max(least, int(budget / sum(warm)))))


def summarise(size: tuple[int, int, int, int], pairs: list[tuple[float, float]]) -> Row:
    """Reduce pairs of seconds (NumPy, torch) to medians."""
    ours, theirs = zip(*pairs, strict=True)
    ratio = statistics.median(a / b for a, b in pairs)
    return Row(*size, len(pairs), 1e3 * statistics.median(ours), 1e3 * statistics.median(theirs), ratio)


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
    lines.append("   B    T    D    H  repeats  NumPy ms  torch ms  ratio   bar")
    for row in rows:
        verdict = "met" if row.ratio <= BAR else "MISSED"
        lines.append(
            f"{row.B:4} {row.T:4} {row.D:4} {row.H:4} {row.repeats:8} {row.numpy_ms:9.3f} {row.torch_ms:9.3f}"
            f" {row.ratio:6.2f}  {BAR:.1f} {verdict}"
        )
    return "\n".join(lines)


def missed(rows: list[Row]) -> list[Row]:
    """Return the rows that miss the bar."""
    return [row for row in rows if not row.ratio <= BAR]


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and return the exit status: 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description="Time the course's RNN layer against torch.nn.RNN.")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--seconds", type=float, default=3.0, help="about how long to measure each size")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    with threadpool_limits(limits=1):
        rows = [measure(size, options.seconds) for size in SIZES]
        facts = settings()
    if options.json:
        print(json.dumps({"settings": facts, "bar": BAR, "rows": [row._asdict() for row in rows]}, indent=2))
    else:
        print(table(rows, facts))
    return 1 if missed(rows) else 0


if __name__ == "__main__":
    sys.exit(main())
