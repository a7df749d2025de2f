"""``python -m course_lib.experiments`` lists, runs, stores, and says in a sentence what it cannot do."""

import dataclasses
import json
import os
import re
import subprocess
import sys

import pytest

from course_lib.experiments import EXPERIMENTS, Outcome, load, run_seeds
from course_lib.experiments.__main__ import main


def test_a_named_result_is_run_shown_and_stored(toy, tmp_path, capsys):
    assert main(["toy"], tmp_path, {"toy": toy}) == 0
    shown = capsys.readouterr()
    assert "toy: a toy (elman1990)\n" in shown.out and "paper: 0.025" in shown.out
    assert f"Stored in {tmp_path / 'toy.json'} after" in shown.out
    assert re.search(r"^toy, seed 0 …\n(toy, seed \d.*\n)+toy, seed 2: [\d.]+ s, last loss: 0\.02\d+\n$", shown.err)
    assert load("toy", tmp_path).seeds == (0, 1, 2)


def test_all_runs_every_result(toy, tmp_path):
    assert main(["--all"], tmp_path, {"toy": toy}) == 0
    assert (tmp_path / "toy.json").is_file()


@pytest.mark.parametrize("seeds", [("7",), ("0", "1", "2")], ids=["another", "its own"])
def test_given_seeds_are_shown_and_leave_the_stored_result_alone(toy, tmp_path, capsys, seeds):
    main(["toy"], tmp_path, {"toy": toy})
    before = {file.name: (file.read_bytes(), file.stat().st_mtime_ns) for file in tmp_path.iterdir()}
    capsys.readouterr()
    assert main(["toy", "--seeds", *seeds], tmp_path, {"toy": toy}) == 0
    shown = capsys.readouterr()
    assert [f"toy, seed {seed} …" in shown.err for seed in seeds] == [True] * len(seeds)
    assert "Not stored after" in shown.out and "a stored result is a run without --seeds." in shown.out
    assert {file.name: (file.read_bytes(), file.stat().st_mtime_ns) for file in tmp_path.iterdir()} == before


def test_given_seeds_need_no_folder(toy, tmp_path, capsys):
    (tmp_path / "results").write_text("")
    assert main(["toy", "--seeds", "5"], tmp_path / "results", {"toy": toy}) == 0
    assert "toy, seed 5 …" in capsys.readouterr().err


def test_a_result_that_is_named_twice_runs_once(toy, tmp_path, capsys):
    assert main(["toy", "toy"], tmp_path, {"toy": toy}) == 0
    assert capsys.readouterr().err.count("toy, seed 0 …") == 1


def test_the_list_shows_ours_and_the_seconds_once_a_result_is_stored(toy, tmp_path, capsys):
    main([], tmp_path, {"toy": toy})
    assert "not stored" in capsys.readouterr().out
    main(["toy"], tmp_path, {"toy": toy})
    capsys.readouterr()
    main([], tmp_path, {"toy": toy})
    first, second = capsys.readouterr().out.splitlines()
    stored = load("toy", tmp_path)
    ours, took = f"{stored.comparisons[0].ours:.4g}", f"{stored.seconds:.0f}"
    assert first.split()[:5] == ["toy", "elman1990", "ours", ours, took]
    assert second.strip() == "paper: 0.025"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["cliffs"], "there is no result cliffs; there are: toy"),
        (["toy", "cliffs"], "there is no result cliffs; there are: toy"),
        (["toy", "--all"], "--all runs every result: name none beside it"),
        (["--seeds", "1"], "--seeds needs the name of a result, or --all"),
        (["toy", "--seeds", "-1"], "a seed is a whole number from 0 on, got -1"),
        (["toy", "--seeds", "one"], "a seed is a whole number from 0 on, got one"),
    ],
)
def test_what_cannot_be_run_is_said_and_nothing_is_written(toy, tmp_path, capsys, arguments, said):
    with pytest.raises(SystemExit) as left:
        main(arguments, tmp_path, {"toy": toy})
    assert left.value.code == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_said_before_anything_runs(toy, tmp_path, capsys):
    (tmp_path / "results").write_text("")
    with pytest.raises(SystemExit):
        main(["toy"], tmp_path / "results", {"toy": toy})
    shown = capsys.readouterr().err
    assert "results cannot be made (File exists)." in shown and "seed 0" not in shown


def test_a_folder_without_the_right_to_write_is_said_before_anything_runs(toy, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: not (path == tmp_path and mode == os.W_OK))
    with pytest.raises(SystemExit):
        main(["toy"], tmp_path, {"toy": toy})
    shown = capsys.readouterr().err
    assert f"{tmp_path} cannot be written to." in shown and "seed 0" not in shown
    assert list(tmp_path.iterdir()) == []


def test_a_number_that_cannot_be_stored_is_said_in_a_sentence(toy, tmp_path, capsys):
    def diverged(settings, seed, progress):
        return Outcome({"last": float("nan")}, {}, {}, {})

    with pytest.raises(SystemExit) as left:
        main(["toy"], tmp_path, {"toy": dataclasses.replace(toy, run=diverged)})
    assert left.value.code == 2
    assert "toy is not stored: one of its numbers is nan or infinite." in capsys.readouterr().err


def test_a_damaged_result_is_listed_as_not_stored(toy, tmp_path, capsys):
    main(["toy"], tmp_path, {"toy": toy})
    path = tmp_path / "toy.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"figures": []}))
    capsys.readouterr()
    assert main([], tmp_path, {"toy": toy}) == 0
    assert "not stored" in capsys.readouterr().out


def test_a_run_that_is_stopped_stores_nothing(toy, tmp_path, capsys):
    def stopped(settings, seed, progress):
        raise KeyboardInterrupt

    assert main(["toy"], tmp_path, {"toy": dataclasses.replace(toy, run=stopped)}) == 130
    assert "Stopped. A result is stored only when all of its seeds have run." in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_module_is_a_command_that_lists_every_result(root):
    ran = subprocess.run(
        [sys.executable, "-m", "course_lib.experiments"],
        capture_output=True,
        text=True,
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root)},
    )
    assert ran.returncode == 0, ran.stderr
    assert [line.split()[0] for line in ran.stdout.splitlines()[::2]] == list(EXPERIMENTS)


@pytest.mark.parametrize("terminal", [True, False])
def test_a_bar_is_shown_on_a_terminal_alone(toy, terminal, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    run_seeds(toy, toy.settings, (3,), sys.stderr)
    shown = capsys.readouterr().err
    assert shown.startswith("toy, seed 3 …\n") and re.search(r": [\d.]+ s, last loss: 0\.02\d+\n$", shown)
    assert ("40/40" in shown) is terminal
