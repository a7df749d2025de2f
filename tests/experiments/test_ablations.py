"""The ranking of the ablations is that of the stored losses."""

import statistics

import pytest

from course_lib.data.copying import baselines
from course_lib.experiments import EXPERIMENTS, Outcome, Run, load
from course_lib.experiments.ablations import VARIANTS, ranking


def test_a_ranking_has_the_best_first_and_compares_each_seed_with_its_own_full_cell():
    runs = []
    for seed, full in enumerate([0.4, 0.5, 0.6]):
        figures = {f"{name} error": full + 0.1 * place for place, name in enumerate(reversed(VARIANTS))}
        figures |= {f"{name} parameters": 7.0 for name in VARIANTS} | {"full error": full + 0.25 + 0.02 * seed}
        runs.append(Run(seed, 0.0, Outcome(figures, {}, {}, {})))
    lines = ranking(runs)
    assert [line.error for line in lines] == sorted(line.error for line in lines)
    (best, worst), labels = (lines[0], lines[-1]), [line.label for line in lines]
    assert best.label == VARIANTS["no peepholes"].label and worst.label == VARIANTS["no forget gate"].label
    assert (best.worse, worst.worse, best.parameters) == (0, 3, 7)
    assert best.difference == pytest.approx(-0.27) and best.spread == pytest.approx(0.02)  # of -0.25, -0.27, -0.29
    (itself,) = (line for line in lines if line.label == VARIANTS["full"].label)
    assert (itself.worse, itself.difference, itself.spread) == (0, 0, 0)
    assert (best.lowest, best.highest) == (0.4, 0.6) and len(set(labels)) == len(VARIANTS)


def test_five_seeds_of_every_variant_are_stored_with_their_spread():
    stored = load("ablations")
    assert len(stored.seeds) == 5
    for line in ranking(stored.runs):
        errors = [
            run.outcome.figures[f"{name} error"]
            for run in stored.runs
            for name in VARIANTS
            if VARIANTS[name].label == line.label
        ]
        assert (line.lowest, line.highest) == (min(errors), max(errors)) and line.error == statistics.fmean(errors)


def test_every_stored_variant_made_all_updates_and_the_full_cell_is_below_the_baseline():
    settings = EXPERIMENTS["ablations"].settings
    for run in load("ablations").runs:
        for name in VARIANTS:
            assert run.outcome.figures[f"{name} updates"] == settings.updates
            assert run.outcome.curves[name].shape == (settings.updates // settings.point,)
        assert run.outcome.figures["full error"] < baselines(settings.T).loss


def test_the_trained_numbers_of_the_stored_variants_differ_by_what_was_left_out():
    H, D = EXPERIMENTS["ablations"].settings.hidden, 10
    block = H * (D + H + 1)
    for run in load("ablations").runs:
        own = {name: run.outcome.figures[f"{name} parameters"] for name in VARIANTS}
        assert own["full"] - own["no peepholes"] == 3 * H
        assert own["full"] == own["no output activation"]
        for name in ("no forget gate", "no input gate", "no output gate", "coupled"):
            assert own["full"] - own[name] == block + H
