"""Networks of equal width and of equal parameters are what they are called, and are weighed as they run."""

import dataclasses

import numpy as np
import pytest

from course_lib.experiments import EXPERIMENTS, load
from course_lib.experiments.cells import CELLS, TASKS
from course_lib.experiments.equal_size import contenders, kept_bytes, most_units, run, sizes
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


@pytest.mark.parametrize(("kind", "least"), [("tanh", 1), ("gru", 4), ("lstm", 6)])
def test_the_memory_of_a_forward_pass_grows_with_the_arrays_a_step_keeps(kind, least):
    B, T, D, H = 3, 50, 2, 8
    cell = CELLS[kind]
    params = Network(cell.start(D, H, np.random.default_rng(0)), HeadParams(np.ones((H, 1)), np.ones(1)))
    short, long = (kept_bytes(params, np.ones((B, steps, D)), cell) for steps in (T, 2 * T))
    a_step = (long - short) / T
    assert a_step % (B * 8) == 0 and least * B * H * 8 <= a_step <= (least + 2) * B * H * 8 + 2 * B * D * 8


def test_the_numbers_of_a_table_are_those_of_the_runs():
    short = EXPERIMENTS["equal-size"].short()
    one = run(short, 0)
    from course_lib.experiments import Run

    lines = sizes([Run(0, 1.0, one)], short)
    for line, (name, contender) in zip(lines, contenders(short).items(), strict=True):
        assert (line.task, line.label, line.hidden) == (contender.task, CELLS[contender.cell].label, contender.hidden)
        assert line.error == line.lowest == line.highest == one.figures[f"{name} error"]
        assert line.milliseconds > 0 and line.kilobytes == one.figures[f"{name} kilobytes"]
        assert line.parameters == one.figures[f"{name} parameters"]
    assert len({(line.task, line.label, line.hidden) for line in lines}) == len(lines) - 2  # widths of 4 are close


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
