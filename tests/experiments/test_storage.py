"""A stored result says how it came about, comes back as it was, and is never a part of itself."""

import dataclasses
import json
import re

import numpy as np
import pytest

from course_lib.experiments import ResultError, load, run_seeds, save, settings_of


@pytest.fixture
def stored(toy, tmp_path):
    runs = run_seeds(toy, toy.settings, toy.seeds)
    return runs, save(toy, toy.settings, runs, tmp_path)


def test_a_result_comes_back_as_it_was_saved(toy, stored, tmp_path):
    runs, path = stored
    loaded = load("toy", path.parent)
    assert settings_of(toy, loaded) == toy.settings
    assert loaded.seeds == toy.seeds == tuple(run.seed for run in loaded.runs)
    assert loaded.seconds == pytest.approx(sum(run.seconds for run in runs), abs=0.05)
    for ours, theirs in zip(loaded.runs, runs, strict=True):
        assert ours.outcome.figures == theirs.outcome.figures
        np.testing.assert_array_equal(ours.outcome.losses["net"], theirs.outcome.losses["net"])
        np.testing.assert_allclose(ours.outcome.curves["loss"], theirs.outcome.curves["loss"], rtol=1e-5)
        assert ours.outcome.weights.keys() == {"W"}
        np.testing.assert_array_equal(ours.outcome.weights["W"], theirs.outcome.weights["W"])
        assert ours.outcome.weights["W"].dtype == np.float32


def test_the_figure_of_a_result_is_the_mean_of_its_seeds_beside_the_paper_s(stored):
    runs, path = stored
    ours = [run.outcome.figures["last"] for run in runs]
    (row,) = load("toy", path.parent).comparisons
    assert (row.what, row.paper) == ("last loss", "0.025")
    assert row.ours == pytest.approx(np.mean(ours))
    assert (row.lowest, row.highest) == (min(ours), max(ours)) and row.lowest < row.ours < row.highest


def test_a_file_says_with_what_it_was_made(stored):
    said = json.loads(stored[1].read_text())
    assert said["settings"] == {"updates": 40, "sizes": [2, 3]}
    assert said["command"] == "python -m course_lib.experiments toy"
    assert said["versions"]["numpy"] == np.__version__
    assert re.fullmatch(r"[\d.]+(rc\d+|\+\w+)?", said["versions"]["course_lib"]) and "python" in said["versions"]
    assert re.search(r", \d+ cores, \w+, one thread$", said["machine"])


def test_nothing_but_the_result_is_left_in_the_folder(stored):
    assert sorted(path.name for path in stored[1].parent.iterdir()) == ["toy.json", "toy.npz"]


@pytest.mark.parametrize("name", ["toy.json", "toy.npz"])
def test_who_reads_a_result_while_another_is_stored_reads_all_of_the_old_one(toy, stored, name):
    before = (stored[1].parent / name).read_bytes()
    with (stored[1].parent / name).open("rb") as reader:
        save(toy, toy.settings, run_seeds(toy, toy.settings, (8,)), stored[1].parent)
        assert reader.read() == before
    assert (stored[1].parent / name).read_bytes() != before


def test_a_result_that_cannot_be_written_leaves_the_old_one_whole(toy, stored):
    runs, path = stored
    before = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    broken = runs[0]._replace(outcome=runs[0].outcome._replace(figures={"last": float("nan")}, weights={}))
    with pytest.raises(ValueError, match="JSON compliant"):
        save(toy, toy.settings, [broken], path.parent)
    assert {file.name: file.read_bytes() for file in path.parent.iterdir()} == before


def test_a_write_that_fails_leaves_no_part_behind(toy, stored, tmp_path):
    (tmp_path / "other" / "toy.json").mkdir(parents=True)
    with pytest.raises(OSError):
        save(toy, toy.settings, stored[0], tmp_path / "other")
    assert sorted(path.name for path in (tmp_path / "other").iterdir()) == ["toy.json", "toy.npz"]


def test_weights_of_another_run_are_named(toy, stored):
    _, path = stored
    mine = path.read_bytes()
    again = run_seeds(toy, dataclasses.replace(toy.settings, sizes=(4, 4)), (3,))
    save(toy, toy.settings, again, path.parent)
    path.write_bytes(mine)  # as if the run had been killed between its two files
    with pytest.raises(ResultError, match=r"toy\.npz belongs to another run\): run `python -m course_lib\.experiments"):
        load("toy", path.parent)


@pytest.mark.parametrize("text", ["{", "[]", '{"name": "toy"}'])
def test_what_is_not_a_result_is_said_in_a_sentence(stored, text):
    stored[1].write_text(text)
    with pytest.raises(ResultError, match=r"toy\.json is not a stored result .*: run `"):
        load("toy", stored[1].parent)


def test_a_result_or_its_weights_that_are_not_there_are_named(stored):
    _, path = stored
    with pytest.raises(ResultError, match=r"There is no .*other\.json: run `python -m course_lib\.experiments other`"):
        load("other", path.parent)
    (path.parent / "toy.npz").unlink()
    with pytest.raises(ResultError, match=r"There is no .*toy\.npz: run `"):
        load("toy", path.parent)


def test_settings_of_an_older_form_are_named(toy, stored):
    loaded = load("toy", stored[1].parent)
    older = loaded._replace(settings={"steps": 40})
    with pytest.raises(ResultError, match=r"has the settings \['steps'\], wanted \['updates', 'sizes'\]: run `"):
        settings_of(toy, older)


def test_a_folder_that_cannot_be_made_is_named(toy, tmp_path):
    (tmp_path / "file").write_text("")
    runs = run_seeds(toy, toy.settings, (0,))
    with pytest.raises(ResultError, match=r"file/results cannot be made \("):
        save(toy, toy.settings, runs, tmp_path / "file" / "results")
