"""A stored result says how it came about, comes back as it was, and is never a part of itself."""

import dataclasses
import hashlib
import json
import re
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from course_lib.experiments import ResultError, load, run_seeds, save, settings_of


def weights_of(path):
    """Return the file of weights that a stored result names."""
    return path.parent / json.loads(path.read_text())["weights"]["file"]


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
    for library in threadpool_info():
        if library["user_api"] == "blas":
            assert said["versions"][library["internal_api"]] == str(library["version"])


def test_nothing_but_the_result_is_left_in_the_folder(stored):
    assert sorted(path.name for path in stored[1].parent.iterdir()) == [weights_of(stored[1]).name, "toy.json"]


def test_weights_carry_their_checksum_in_their_name(stored):
    checksum = hashlib.sha256(weights_of(stored[1]).read_bytes()).hexdigest()
    assert weights_of(stored[1]).name == f"toy.{checksum[:12]}.npz"


@pytest.mark.parametrize("kind", ["json", "npz"])
def test_who_reads_a_result_while_another_is_stored_reads_all_of_the_old_one(toy, stored, kind):
    path = stored[1] if kind == "json" else weights_of(stored[1])
    before = path.read_bytes()
    with path.open("rb") as reader:
        save(toy, toy.settings, run_seeds(toy, toy.settings, (8,)), path.parent)
        assert reader.read() == before
    assert not path.exists() or path.read_bytes() != before


def test_the_same_result_stored_again_keeps_its_weights_and_leaves_those_of_others(toy, stored):
    runs, path = stored
    other = path.parent / "toy-other.0123456789ab.npz"
    other.write_bytes(b"")
    save(toy, toy.settings, runs, path.parent)
    assert len(load("toy", path.parent).runs) == 3
    assert sorted(path.parent.iterdir()) == sorted([path, weights_of(path), other])


@pytest.mark.parametrize("written", [0, 1, 2, 3])
def test_a_save_that_is_stopped_anywhere_leaves_the_old_result_or_the_new_one_whole(toy, stored, written, monkeypatch):
    (old, path), new = stored, run_seeds(toy, toy.settings, (8,))
    steps, replace, unlink = count(), Path.replace, Path.unlink

    def stop_at(step):
        def interrupted(self, *arguments, **options):
            clean_up = step is unlink and self.name.startswith(".")  # of the file aside, whatever happens
            if not clean_up and next(steps) == written:
                raise KeyboardInterrupt
            return step(self, *arguments, **options)

        return interrupted

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", stop_at(replace))
        patch.setattr(Path, "unlink", stop_at(unlink))
        if written < 3:  # weights, JSON, removal of the old weights
            with pytest.raises(KeyboardInterrupt):
                save(toy, toy.settings, new, path.parent)
        else:
            save(toy, toy.settings, new, path.parent)
    kept = old if written < 2 else new
    for loaded, run in zip(load("toy", path.parent).runs, kept, strict=True):
        assert loaded.outcome.figures == run.outcome.figures
        np.testing.assert_array_equal(loaded.outcome.weights["W"], run.outcome.weights["W"])
    save(toy, toy.settings, new, path.parent)
    assert sorted(path.parent.iterdir()) == sorted([path, weights_of(path)])


def test_a_result_that_cannot_be_written_leaves_the_old_one_whole(toy, stored):
    runs, path = stored
    before = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    weights = {"W": np.zeros((2, 2))}
    broken = runs[0]._replace(outcome=runs[0].outcome._replace(figures={"last": float("nan")}, weights=weights))
    with pytest.raises(ResultError, match=r"^toy is not stored: one of its numbers is nan or infinite\.$"):
        save(toy, toy.settings, [broken], path.parent)
    assert {file.name: file.read_bytes() for file in path.parent.iterdir()} == before
    assert len(load("toy", path.parent).runs) == 3


def test_a_write_that_fails_leaves_no_part_behind(toy, stored, tmp_path):
    (tmp_path / "other" / "toy.json").mkdir(parents=True)
    with pytest.raises(ResultError, match=r"toy\.json cannot be written \(Is a directory\)\.$"):
        save(toy, toy.settings, stored[0], tmp_path / "other")
    assert sorted(path.name for path in (tmp_path / "other").iterdir()) == [weights_of(stored[1]).name, "toy.json"]


def test_weights_of_another_run_are_named(toy, stored):
    _, path = stored
    again = run_seeds(toy, dataclasses.replace(toy.settings, sizes=(4, 4)), (3,))
    other = save(toy, toy.settings, again, path.parent / "other")
    weights_of(path).write_bytes(weights_of(other).read_bytes())
    with pytest.raises(ResultError, match=r"toy\.\w{12}\.npz belongs to another run\): run `python -m course_lib"):
        load("toy", path.parent)


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda said: said | {"figures": []}, "it has no figures"),
        (lambda said: said | {"figures": [said["figures"][0] | {"ours": "much"}]}, "could not convert .*much.*"),
        (lambda said: said | {"figures": [1]}, ".+"),
        (lambda said: said | {"name": "other"}, "it holds other"),
        (lambda said: said | {"settings": [1]}, "its settings have no names"),
        (lambda said: said | {"seconds": None}, ".+"),
        (lambda said: said | {"weights": []}, ".+"),
        (lambda said: said | {"runs": [said["runs"][0] | {"curves": []}]}, "its curves have no names"),
        (lambda said: said | {"runs": [said["runs"][0] | {"figures": []}]}, "its figures have no names"),
        (lambda said: said | {"runs": [said["runs"][0] | {"losses": {"net": ["a"]}}]}, ".+"),
        (lambda said: {key: value for key, value in said.items() if key != "machine"}, "it lacks 'machine'"),
    ],
)
def test_a_damaged_result_is_said_in_a_sentence(stored, damage, why):
    said = damage(json.loads(stored[1].read_text()))
    stored[1].write_text(json.dumps(said))
    with pytest.raises(ResultError, match=rf"toy\.json is not a stored result \({why}\): run `"):
        load("toy", stored[1].parent)


def test_a_folder_in_the_place_of_a_result_is_said_in_a_sentence(tmp_path):
    (tmp_path / "toy.json").mkdir()
    with pytest.raises(ResultError, match=r"toy\.json cannot be read \(.+\)\.$"):
        load("toy", tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", '{"name": "toy"}'])
def test_what_is_not_a_result_is_said_in_a_sentence(stored, text):
    stored[1].write_text(text)
    with pytest.raises(ResultError, match=r"toy\.json is not a stored result .*: run `"):
        load("toy", stored[1].parent)


def test_a_result_or_its_weights_that_are_not_there_are_named(stored):
    _, path = stored
    with pytest.raises(ResultError, match=r"There is no .*other\.json: run `python -m course_lib\.experiments other`"):
        load("other", path.parent)
    weights_of(path).unlink()
    with pytest.raises(ResultError, match=r"There is no .*toy\.\w{12}\.npz: run `"):
        load("toy", path.parent)


def test_settings_of_an_older_form_are_named(toy, stored):
    loaded = load("toy", stored[1].parent)
    older = loaded._replace(settings={"steps": 40})
    with pytest.raises(ResultError, match=r"has the settings \['steps'\], wanted \['updates', 'sizes'\]: run `"):
        settings_of(toy, older)


@pytest.mark.parametrize("settings", [{"updates": 40}, {"updates": 40, "sizes": [2, 3], "extra": 1}])
def test_a_setting_that_is_not_stored_does_not_get_its_default(toy, stored, settings):
    loaded = load("toy", stored[1].parent)._replace(settings=settings)
    with pytest.raises(ResultError, match=r"toy\.json has the settings \[.*\], wanted \['updates', 'sizes'\]: run `"):
        settings_of(toy, loaded)


def test_a_folder_that_cannot_be_made_is_named(toy, tmp_path):
    (tmp_path / "file").write_text("")
    runs = run_seeds(toy, toy.settings, (0,))
    with pytest.raises(ResultError, match=r"file/results cannot be made \("):
        save(toy, toy.settings, runs, tmp_path / "file" / "results")
