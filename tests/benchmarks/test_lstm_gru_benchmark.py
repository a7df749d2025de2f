"""The figures of the benchmark mean what they say. How fast the machine is today is not tested here."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_info, threadpool_limits

from course_lib.params import LSTMParams

FILE = Path(__file__).parents[2] / "benchmarks" / "lstm_gru.py"


@pytest.fixture(scope="module")
def bench():
    spec = importlib.util.spec_from_file_location("benchmark_lstm_gru", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def seconds(numpy, torch=1.0, textbook=10.0, floor=0.5):
    return {"numpy": numpy, "torch": torch, "textbook": textbook, "floor": floor}


def measure_as(bench, monkeypatch, **times):
    """Replace the measurement by one that finds these seconds on every size."""
    monkeypatch.setattr(bench, "measure", lambda layer, size, _: bench.summarise(layer, size, [seconds(**times)] * 3))


@pytest.mark.parametrize("layer", ["LSTM", "GRU"])
def test_all_three_sides_compute_the_same_states_and_gradients(bench, layer):
    case = bench.make_case(layer, 4, 7, 3, 5)
    H = 5
    h, gradients = bench.numpy_side(case)()
    h_torch, (dx, *others) = bench.torch_side(case)()
    dstates, (dW_x, dW_h, db, db_h) = others[: len(case.states)], others[len(case.states) :]
    second = [db_h] if layer == "LSTM" else [db_h[2 * H :]]  # torch's second bias
    theirs = (h_torch.detach(), dx, *(d[0] for d in dstates), dW_x.T, dW_h.T, db, *second)
    flat = [h, *gradients[:-1], *gradients.dparams]
    ours = [*flat, gradients.dparams.b] if isinstance(case.params, LSTMParams) else flat
    for got, want in zip(ours, theirs, strict=True):
        assert got.dtype == np.float32
        np.testing.assert_allclose(got, want.numpy(), rtol=1e-4, atol=1e-5)
    h_loop, grads = bench.textbook_side(case)()
    inputs, blocks = grads[: 1 + len(case.states)], [g.numpy() for g in grads[1 + len(case.states) :]]
    k = 4 if layer == "LSTM" else 3
    joined = [np.concatenate(blocks[start : start + k], axis=-1) for start in (0, k, 2 * k)] + blocks[3 * k :]
    for got, want in zip(flat, [h_loop.detach().numpy(), *(g.numpy() for g in inputs), *joined], strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("layer", ["LSTM", "GRU"])
def test_the_floor_makes_every_product_of_the_layer_as_often_as_it_is_needed(bench, monkeypatch, layer):
    case, made = bench.make_case(layer, 4, 7, 3, 5), []
    monkeypatch.setattr(bench.np, "matmul", lambda a, b, out: made.append((*a.shape, b.shape[1])))
    in_one = bench.floor_side(case)()
    width = 20 if layer == "LSTM" else 15
    assert made == [(4, 5, width)] * 7 + [(4, width, 5)] * 7
    assert [product.shape for product in in_one] == [(3, width), (5, width), (28, 3)]


def test_the_sizes_and_the_bars_are_those_of_the_header(bench):
    assert bench.SIZES == ((32, 50, 64, 128), (16, 35, 32, 64), (64, 100, 128, 256), (1, 25, 64, 100))
    assert np.prod(bench.LARGEST) == max(map(np.prod, bench.SIZES))
    header = " ".join(bench.__doc__.split())
    assert f"at most {bench.BAR} times torch's time, at most {bench.BAR_LARGEST} times at the largest size" in header
    assert "less time than a textbook cell" in header and bench.BAR_TEXTBOOK == 1


def test_the_sides_run_in_turn_and_each_is_first_as_often(bench):
    order = []
    works = {name: lambda name=name: order.append(name) for name in "abc"}
    rounds = bench.time_in_turn(works, 3)
    assert "".join(order) == "abcbcacab"
    assert [set(seconds) for seconds in rounds] == [set("abc")] * 3
    assert all(value > 0 for seconds in rounds for value in seconds.values())


def test_a_row_holds_medians_of_times_and_of_ratios(bench):
    rounds = [seconds(0.001, 0.002, 0.010), seconds(0.004, 0.004, 0.010), seconds(0.009, 0.003, 0.010)]
    row = bench.summarise("GRU", (1, 2, 3, 4), rounds)
    assert row[:6] == ("GRU", 1, 2, 3, 4, 3)
    assert row[6:] == pytest.approx((4.0, 3.0, 10.0, 500.0, 1.0, 0.4, 0.008))


def test_a_size_is_measured_at_least_as_often_as_asked(bench):
    row = bench.measure("LSTM", (2, 3, 4, 5), budget=0.0, least=5)
    assert row.repeats == 5 and row.ratio > 0


def test_a_size_is_measured_for_about_its_seconds(bench, monkeypatch):
    monkeypatch.setattr(bench, "time_in_turn", lambda works, repeats: [seconds(0.5, 0.5, 0.5, 0.5)] * repeats)
    assert bench.measure("LSTM", (2, 3, 4, 5), budget=40.0).repeats == 20


def test_all_sides_have_one_thread(bench, monkeypatch):
    threads, before = [], torch.get_num_threads()

    def measure(layer, size, _):
        blas = [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]
        threads.extend([torch.get_num_threads(), *blas])
        return bench.summarise(layer, size, [seconds(1.0)] * 3)

    monkeypatch.setattr(bench, "measure", measure)
    torch.set_num_threads(2)
    try:
        with threadpool_limits(limits=2, user_api="blas"):
            bench.main([])
    finally:
        torch.set_num_threads(before)
    assert len(threads) >= 16 and set(threads) == {1}


@pytest.mark.parametrize(
    ("times", "met", "met_at_the_largest"),
    [
        ({"numpy": 1.7}, True, True),
        ({"numpy": 1.71}, True, False),
        ({"numpy": 2.2}, True, False),
        ({"numpy": 2.21}, False, False),
        ({"numpy": 1.5, "textbook": 1.5}, False, False),
        ({"numpy": float("nan")}, False, False),
    ],
)
def test_both_bars_decide(bench, monkeypatch, capsys, times, met, met_at_the_largest):
    measure_as(bench, monkeypatch, **times)
    assert bench.main([]) == (0 if met and met_at_the_largest else 1)
    head, _, _, *lines = capsys.readouterr().out.splitlines()
    assert "numpy" in head and "torch" in head and "threads 1" in head
    assert [(line.split()[0], *map(int, line.split()[1:5])) for line in lines] == [
        (layer, *size) for layer in ("LSTM", "GRU") for size in bench.SIZES
    ]
    for line, size in zip(lines, bench.SIZES * 2, strict=True):
        good = met_at_the_largest if size == bench.LARGEST else met
        assert line.endswith("met" if good else "MISSED")


def test_json_holds_the_same_figures(bench, monkeypatch, capsys):
    measure_as(bench, monkeypatch, numpy=2.0)
    assert bench.main(["--json"]) == 1
    figures = json.loads(capsys.readouterr().out)
    assert figures["settings"]["threads"] == 1
    assert [row["met"] for row in figures["rows"]] == [True, True, False, True] * 2
    assert {row["ratio"] for row in figures["rows"]} == {2.0}
    assert {row["ratio_floor"] for row in figures["rows"]} == {4.0}
