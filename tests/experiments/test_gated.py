"""An LSTM and a GRU on the adding and the copy problem: the rule of 1997, and the stored figures."""

import dataclasses

import numpy as np
import pytest

from course_lib.data.adding import TOLERANCE_1997
from course_lib.data.copying import baselines
from course_lib.experiments import EXPERIMENTS, load
from course_lib.experiments.adding_gated import GATED, RightInARow, updates_until
from course_lib.training import LossBelow

CELLS = pytest.mark.parametrize("cell", GATED)


def figures(name, figure):
    """Return a figure of every seed."""
    return np.array([run.outcome.figures[figure] for run in load(name).runs])


def test_right_answers_in_a_row_are_counted_over_batches_and_from_the_last_wrong_one():
    rule, right, y = RightInARow(7), np.zeros(4), np.zeros(4)
    late = np.array([0, 0.5, 0, 0])
    for answers, stopped in [(right, False), (late, False), (right, False), (right, True)]:  # 4, 2, 6, 10 in a row
        rule.see(answers, y)
        assert bool(rule(y, None)) is stopped
    rule.see(late, y)
    assert not rule(y, None)


@pytest.mark.parametrize(
    ("answer", "right"), [(0.0799, True), (-0.0799, True), (TOLERANCE_1997, False), (np.nan, False)]
)
def test_an_answer_is_right_within_the_tolerance_of_1997(answer, right):
    rule = RightInARow(1)
    rule.see(np.array([answer]), np.zeros(1))
    assert bool(rule(np.zeros(1), None)) is right


def test_updates_until_a_mean_of_losses_is_low_are_those_of_the_rule_that_stops():
    losses = 1 / np.arange(1, 400)
    rule = LossBelow(0.01, window=100)
    wanted = next(steps for steps in range(1, 400) if rule(losses[:steps], None))
    assert updates_until(losses, 0.01) == wanted
    assert updates_until(losses, 1e-9) == len(losses)
    assert updates_until(losses[:5], 9.0) == 5


def test_a_training_of_the_adding_problem_ends_at_the_rule_of_1997():
    experiment = EXPERIMENTS["adding-gated"]
    easy = dataclasses.replace(experiment.short(), in_a_row=1, updates=3000, T=2)
    outcome = experiment.run(easy, 0, False)
    for cell in GATED:
        assert 0 < outcome.figures[f"{cell} updates"] < 3000
        assert outcome.figures[f"{cell} sequences"] == outcome.figures[f"{cell} updates"] * easy.batch_size


@CELLS
def test_both_gated_cells_solve_the_adding_problem_over_100_steps_for_every_seed(cell):
    settings = EXPERIMENTS["adding-gated"].settings
    assert (settings.T, settings.held_out, len(load("adding-gated").runs)) == (100, 20_000, 3)
    assert (figures("adding-gated", f"{cell} error") < 0.01).all()


@CELLS
def test_no_training_of_the_adding_problem_takes_120_seconds(cell):
    for run in load("adding-gated").runs:
        assert run.outcome.curves["seconds"][list(GATED).index(cell)] < 120


@CELLS
def test_every_training_of_the_adding_problem_came_to_the_rule_of_1997(cell):
    settings = EXPERIMENTS["adding-gated"].settings
    updates, solved = figures("adding-gated", f"{cell} updates"), figures("adding-gated", f"{cell} solved")
    assert (updates < settings.updates).all() and (settings.in_a_row / settings.batch_size < updates).all()
    assert (solved < figures("adding-gated", f"{cell} sequences")).all()


def test_both_gated_cells_leave_the_baseline_of_the_copy_problem():
    assert EXPERIMENTS["copying-gated"].settings.T == EXPERIMENTS["copying"].settings.T == 20
    assert (figures("copying-gated", "lstm error") < 0.30).all()
    assert (figures("copying-gated", "gru error") < 0.45).all()
    assert figures("copying", "tanh").min() > 0.98 * baselines(20).loss


@pytest.mark.parametrize("name", ["adding-gated", "copying-gated"])
def test_the_curves_the_updates_and_the_sequences_agree(name):
    settings = EXPERIMENTS[name].settings
    for run in load(name).runs:
        for cell in GATED:
            updates = run.outcome.figures[f"{cell} updates"]
            assert run.outcome.curves[cell].shape == (updates // settings.point,)
            assert run.outcome.figures[f"{cell} sequences"] == updates * settings.batch_size
        assert run.outcome.curves["seconds"].sum() <= run.seconds + 0.05
