"""Every experiment: a short version runs, and what is stored can be run again and computed again."""

import dataclasses

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from course_lib.experiments import EXPERIMENTS, compare, load, run_seeds, settings_of
from course_lib.experiments.experiment import REPLAYED

every_experiment = pytest.mark.parametrize("experiment", EXPERIMENTS.values(), ids=lambda experiment: experiment.name)


@every_experiment
def test_a_short_version_runs_and_gives_every_figure(experiment):
    outcome = experiment.run(experiment.short(), 7, False)
    assert {figure.name for figure in experiment.figures} <= outcome.figures.keys()
    for group in outcome:
        assert all(np.isfinite(values).all() for values in group.values())


@every_experiment
def test_the_same_seed_gives_the_same_outcome(experiment):
    first, again = (experiment.run(experiment.short(), 7, False) for _ in range(2))
    assert first.figures == again.figures
    for name in first.losses:
        np.testing.assert_array_equal(first.losses[name], again.losses[name])


@every_experiment
def test_the_stored_result_is_that_of_the_settings_in_the_code(experiment):
    stored = load(experiment.name)
    assert settings_of(experiment, stored) == experiment.settings
    assert stored.seeds == experiment.seeds and len(stored.seeds) >= 3
    assert stored.comparisons == tuple(compare(experiment.figures, stored.runs))


@every_experiment
def test_the_first_updates_of_every_stored_run_have_the_stored_losses(experiment):
    stored = load(experiment.name)
    settings = dataclasses.replace(settings_of(experiment, stored), **experiment.first)
    for ours, run in zip(run_seeds(experiment, settings, stored.seeds), stored.runs, strict=True):
        assert ours.outcome.losses.keys() == run.outcome.losses.keys()
        for name, losses in run.outcome.losses.items():
            assert losses.shape == (REPLAYED,)
            np.testing.assert_allclose(ours.outcome.losses[name], losses, rtol=experiment.tolerance)
        if not run.outcome.losses:  # nothing is trained: all of it runs again
            for name, curve in run.outcome.curves.items():
                np.testing.assert_allclose(ours.outcome.curves[name], curve, rtol=1e-5, atol=1e-14)
            assert ours.outcome.figures == pytest.approx(run.outcome.figures, abs=1e-14)  # they are rounding errors


@pytest.mark.slow  # some seconds
def test_whole_runs_of_the_cliff_have_the_stored_figures_and_curves():
    experiment, stored = EXPERIMENTS["cliff"], load("cliff")
    runs = run_seeds(experiment, settings_of(experiment, stored), stored.seeds)
    for again, run in zip(runs, stored.runs, strict=True):
        assert again.outcome.figures == pytest.approx(run.outcome.figures, abs=0.2)  # 10 of 5000 starts
        for name, curve in run.outcome.curves.items():
            np.testing.assert_allclose(again.outcome.curves[name], curve, atol=0.2)


def test_the_last_point_of_every_stored_cliff_curve_is_its_figure():
    for run in load("cliff").runs:
        for name in ("clipped", "unclipped"):
            assert run.outcome.curves[name][-1] == pytest.approx(run.outcome.figures[name], rel=1e-5)


@every_experiment
def test_the_seconds_of_a_stored_result_are_those_of_its_runs(experiment):
    stored = load(experiment.name)
    each = [run.seconds for run in stored.runs]
    assert min(each) > 0 and stored.seconds == pytest.approx(sum(each), abs=0.05 * (len(each) + 1))


@pytest.mark.parametrize("name", ["adding", "adding-identity", "copying", "cures"])
def test_the_curves_the_updates_and_the_sequences_of_a_stored_training_agree(name):
    stored = load(name)
    settings = settings_of(EXPERIMENTS[name], stored)
    for run in stored.runs:
        for curve, losses in run.outcome.curves.items():
            if curve != "seconds":
                prefix, figures = f"{curve} " if name == "cures" else "", run.outcome.figures
                updates = figures.get(f"{prefix}updates", settings.updates)  # the copy problem has no rule to stop
                assert losses.shape == (updates // settings.point,)
                assert name == "copying" or figures[f"{prefix}sequences"] == updates * settings.batch_size


@pytest.mark.parametrize("name", ["adding", "adding-identity", "cures"])
def test_no_stored_training_went_on_below_the_loss_at_which_it_stops(name):
    stored = load(name)
    settings = settings_of(EXPERIMENTS[name], stored)
    for run in stored.runs:
        for curve, losses in run.outcome.curves.items():
            if curve != "seconds":
                updates = run.outcome.figures[f"{curve} updates" if name == "cures" else "updates"]
                means = (losses[1:] + losses[:-1]) / 2  # of 100 losses, each time a point was made
                assert (means[: None if updates % settings.point else -1] > 0.99 * settings.stop_below).all()
                assert updates == settings.updates or (updates < settings.updates and losses[-1] < losses[0] / 5)


@pytest.mark.parametrize(("name", "figure"), [("adding", {"loss": "error"}), ("copying", {})])
def test_a_stored_curve_of_a_training_that_was_not_stopped_ends_near_the_held_out_loss(name, figure):
    for run in load(name).runs:
        for curve, losses in run.outcome.curves.items():
            wanted = run.outcome.figures[figure.get(curve, curve)]
            assert losses[-4:].mean() == pytest.approx(wanted, rel=0.1)


def test_runs_have_one_blas_thread(toy):
    threads = []

    def watch(settings, seed, progress):
        threads.extend(library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas")
        return toy.run(settings, seed, progress)

    with threadpool_limits(limits=2, user_api="blas"):
        run_seeds(dataclasses.replace(toy, run=watch), toy.settings, (0,))
    assert threads and set(threads) == {1}


@pytest.mark.parametrize("name", ["adding", "adding-identity"])
def test_the_adding_problem_stops_at_the_mean_of_100_losses_and_counts_what_it_read(name):
    experiment = EXPERIMENTS[name]
    settings = dataclasses.replace(experiment.short(), updates=110, stop_below=1e9)
    figures = experiment.run(settings, 0, False).figures
    assert (figures["updates"], figures["sequences"]) == (100, 100 * settings.batch_size)


@pytest.mark.parametrize(
    "experiment", [item for item in EXPERIMENTS.values() if item.figures_of], ids=lambda experiment: experiment.name
)
def test_the_headline_follows_from_the_stored_weights(experiment):
    stored = load(experiment.name)
    settings = settings_of(experiment, stored)
    for run in stored.runs:
        computed = experiment.figures_of(settings, run.outcome.weights)
        assert experiment.figures[0].name in computed
        for name, value in computed.items():
            assert value == pytest.approx(run.outcome.figures[name], rel=1e-3, abs=1e-3), name


def figures(name, figure):
    """Return a figure of every seed."""
    return np.array([run.outcome.figures[figure] for run in load(name).runs])


def test_clipping_takes_the_share_of_solved_starts_from_42_to_92_percent():
    assert (np.abs(figures("cliff", "unclipped") - 41.5) <= 2).all()
    assert (np.abs(figures("cliff", "clipped") - 91.5) <= 2).all()
    assert EXPERIMENTS["cliff"].settings.starts == 5000


def test_the_tanh_network_stays_at_one_sixth_where_the_identity_start_solves_the_problem():
    tanh, identity = EXPERIMENTS["adding"].settings, EXPERIMENTS["adding-identity"].settings
    assert dataclasses.replace(tanh, updates=identity.updates) == identity
    assert tanh.T == 100 and tanh.held_out >= 14_000  # as many as a 3-sigma test of 3 % needs
    assert (np.abs(figures("adding", "from 1/6")) <= 3).all()
    assert (figures("adding", "updates") == tanh.updates).all()
    assert (figures("adding-identity", "updates") < tanh.updates).all()
    assert (figures("adding-identity", "error") < 0.01).all()


def test_the_tanh_network_stays_at_the_baseline_of_the_copy_problem():
    assert EXPERIMENTS["copying"].settings.T == 20
    assert (np.abs(figures("copying", "tanh from baseline")) <= 2).all()


def test_most_orthogonal_starts_leave_the_baseline_of_the_copy_problem():
    symbols = figures("copying", "orthogonal symbols")
    assert (symbols > 0.9).sum() >= 2 and len(symbols) == 3
    assert (figures("copying", "tanh symbols") < 0.1).all()


@pytest.mark.parametrize("curve", ["memory", "window", "chunks", "matrix"])
def test_the_errors_of_truncation_lie_on_their_formulas(curve):
    assert (figures("truncation", curve) <= 1e-9).all()
