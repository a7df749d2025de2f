"""The figures of the benchmark mean what they say. How fast the machine is today is not tested here."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

FILE = Path(__file__).parents[2] / "benchmarks" / "rnn.py"


@pytest.fixture(scope="module")
def bench():
    spec = importlib.util.spec_from_file_location("benchmark_rnn", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def measure_as(bench, monkeypatch, ratio):
    """Replace the measurement by one that finds `ratio` on every size."""
    monkeypatch.setattr(bench, "measure", lambda size, budget: bench.summarise(size, [(ratio, 1.0)] * 3))


def test_both_sides_compute_the_same_states_and_gradients(bench):
    case = bench.make_case(4, 7, 3, 5)
    h, gradients = bench.numpy_side(case)()
    h_torch, (dx, dh_0, dW_ih, dW_hh, db_ih, db_hh) = bench.torch_side(case)()
    ours = (h, gradients.dx, gradients.dh_0, *gradients.dparams, gradients.dparams.b_h)
    theirs = (h_torch.detach(), dx, dh_0[0], dW_ih.T, dW_hh.T, db_ih, db_hh)
    for got, want in zip(ours, theirs, strict=True):
        assert got.dtype == np.float32
        np.testing.assert_allclose(got, want.numpy(), rtol=1e-4, atol=1e-5)


def test_the_sizes_and_the_bar_are_those_of_the_header(bench):
    assert bench.SIZES == ((32, 50, 64, 128), (16, 35, 32, 64), (64, 100, 128, 256), (1, 25, 64, 100))
    assert f"at most {bench.BAR} times torch's time" in bench.__doc__


def test_the_sides_run_in_turn_and_each_is_first_as_often(bench):
    order = []
    pairs = bench.time_in_turn(lambda: order.append("numpy"), lambda: order.append("torch"), 4)
    assert order == ["numpy", "torch", "torch", "numpy"] * 2
    assert len(pairs) == 4 and all(seconds > 0 for pair in pairs for seconds in pair)


def test_a_row_holds_medians_of_times_and_of_ratios(bench):
    row = bench.summarise((1, 2, 3, 4), [(0.001, 0.002), (0.004, 0.004), (0.009, 0.003)])
    assert row[:5] == (1, 2, 3, 4, 3)
    assert row[5:] == pytest.approx((4.0, 3.0, 1.0))


def test_a_size_is_measured_at_least_as_often_as_asked(bench):
    row = bench.measure((2, 3, 4, 5), budget=0.0, least=5)
    assert row.repeats == 5 and row.ratio > 0


@pytest.mark.parametrize(("ratio", "status", "verdict"), [(0.5, 0, "met"), (1.0, 0, "met"), (1.01, 1, "MISSED")])
def test_the_exit_status_follows_the_bar(bench, monkeypatch, capsys, ratio, status, verdict):
    measure_as(bench, monkeypatch, ratio)
    assert bench.main([]) == status
    lines = capsys.readouterr().out.splitlines()
    assert "numpy" in lines[0] and "torch" in lines[0] and "threads 1" in lines[0]
    assert len(lines) == 3 + len(bench.SIZES)
    assert all(line.endswith(f"{ratio:.2f}  1.0 {verdict}") for line in lines[3:])


def test_a_ratio_that_is_no_number_misses_the_bar(bench):
    assert bench.missed([bench.Row(1, 2, 3, 4, 1, 1.0, 1.0, float("nan"))])


def test_json_holds_the_same_figures(bench, monkeypatch, capsys):
    measure_as(bench, monkeypatch, 1.5)
    assert bench.main(["--json"]) == 1
    figures = json.loads(capsys.readouterr().out)
    assert figures["bar"] == bench.BAR and figures["settings"]["threads"] == 1
    assert [tuple(row[axis] for axis in "BTDH") for row in figures["rows"]] == list(bench.SIZES)
    assert {row["ratio"] for row in figures["rows"]} == {1.5}
