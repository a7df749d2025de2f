"""Networks of equal width and of equal parameters are what they are called, and are weighed as they run."""

import dataclasses

import numpy as np
import pytest

from course_lib.experiments import EXPERIMENTS, Run, load
from course_lib.experiments.cells import CELLS, TASKS
from course_lib.experiments.equal_size import (
    REPEATS,
    contenders,
    kept_bytes,
    most_units,
    run,
    seconds_a_pass,
    sizes,
)
from course_lib.experiments.networks import Network
from course_lib.nn import count_parameters
from course_lib.params import HeadParams

SETTINGS = EXPERIMENTS["equal-size"].settings


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize(("D", "P"), [(2, 4480), (10, 5504), (3, 500)])
def test_one_unit_more_has_more_parameters_than_are_allowed(kind, D, P):
    H = most_units(CELLS[kind], D, P)
    fewer, more = (count_parameters(CELLS[kind].start(D, units, np.random.default_rng(0))) for units in (H, H + 1))
    assert fewer <= P < more


def test_every_task_has_three_networks_of_one_width_and_two_as_large_as_the_lstm():
    found = contenders(SETTINGS)
    for task in TASKS:
        own = {name.removeprefix(task + " "): one for name, one in found.items() if one.task == task}
        assert list(own) == ["tanh", "tanh wide", "gru", "gru wide", "lstm"]
        assert {own[name].hidden for name in CELLS} == {SETTINGS.hidden}
        size = {
            name: count_parameters(CELLS[one.cell].start(TASKS[task].inputs, one.hidden, np.random.default_rng(0)))
            for name, one in own.items()
        }
        assert 4 * size["tanh"] == size["lstm"]
        for name in ("tanh wide", "gru wide"):
            assert 0.95 * size["lstm"] < size[name] <= size["lstm"]


@pytest.mark.parametrize("kind", CELLS)
def test_the_memory_of_a_forward_pass_is_that_of_its_inputs_states_and_gates(kind):
    B, T, D, H = 3, 50, 2, 8
    cell = CELLS[kind]
    params = Network(cell.start(D, H, np.random.default_rng(0)), HeadParams(np.ones((H, 1)), np.ones(1)))
    states = (T + 1) * B * H
    numbers = {
        "tanh": T * B * D + states,
        "gru": T * B * (D + 1) + states + 4 * T * B * H,  # r, z, n and q; a column of ones for the bias
        "lstm": T * B * (D + 1) + states + 6 * states,  # i, f, o, g, c and tanh c
    }
    assert kept_bytes(params, np.ones((B, T, D)), cell) == 8 * numbers[kind]


def test_the_numbers_of_a_table_are_those_of_the_runs():
    short = EXPERIMENTS["equal-size"].short()
    runs = [Run(seed, 1.0, run(short, seed)) for seed in (0, 1)]
    one, other = (each.outcome for each in runs)
    lines = sizes(runs, short)
    for place, (line, (name, contender)) in enumerate(zip(lines, contenders(short).items(), strict=True)):
        assert (line.task, line.label, line.hidden) == (contender.task, CELLS[contender.cell].label, contender.hidden)
        low, high = sorted(each.figures[f"{name} error"] for each in (one, other))
        assert (line.lowest, line.highest) == (low, high) and line.error == pytest.approx((low + high) / 2)
        seconds = [each.curves["seconds a pass"][place] for each in (one, other)]
        assert line.milliseconds == 1000 * min(seconds) > 0 and line.kilobytes == one.figures[f"{name} kilobytes"]
        assert line.parameters == one.figures[f"{name} parameters"]
    B, T, D, H = short.batch_size, short.T, TASKS["adding"].inputs, short.hidden
    assert one.figures["adding tanh kilobytes"] == 4 * (T * B * D + (T + 1) * B * H) / 1000  # float32
    assert len({(line.task, line.label, line.hidden) for line in lines}) == len(lines) - 2  # widths of 4 are close


def test_the_shortest_pass_counts(monkeypatch):
    passes = [5, *[2] * (REPEATS - 2), 1]
    ticks = iter(np.cumsum([tick for one in passes for tick in (3, one)]))  # 3 seconds between two passes
    monkeypatch.setattr("course_lib.experiments.equal_size.process_time", lambda: next(ticks))
    cell, task = CELLS["tanh"], TASKS["adding"]
    params = Network(cell.start(2, 4, np.random.default_rng(0)), HeadParams(np.ones((4, 1)), np.ones(1)))
    assert seconds_a_pass(task, cell, params, task.draw(np.random.default_rng(0), 2, 5)) == 1


def test_the_copy_problem_has_its_own_length():
    assert SETTINGS.of("copying") == dataclasses.replace(SETTINGS, T=SETTINGS.wait)
    assert SETTINGS.of("adding") == SETTINGS


def test_three_seeds_of_every_network_are_stored_and_all_made_the_same_updates():
    stored = load("equal-size")
    assert len(stored.seeds) == 3
    for name in contenders(SETTINGS):
        assert {one.outcome.figures[f"{name} updates"] for one in stored.runs} == {SETTINGS.updates}


def test_a_gated_cell_of_equal_width_takes_more_time_and_memory_than_a_tanh_network():
    lines = {(line.task, line.label): line for line in sizes(load("equal-size").runs, SETTINGS) if line.hidden == 32}
    for task in TASKS:
        tanh, gru, lstm = (lines[task, label] for label in ("tanh", "GRU", "LSTM"))
        assert tanh.kilobytes < gru.kilobytes < lstm.kilobytes
        assert tanh.milliseconds < gru.milliseconds and tanh.milliseconds < lstm.milliseconds
