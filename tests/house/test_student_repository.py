"""A copy for students holds no answer and no history, is made whole or not at all, and works."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from course_lib.grading.leaks import MARKERS, Answer, answers_in, leaks
from scripts.student_repository import CopyError, git, is_handed_out, main, make_copy

FOR_NOBODY = re.compile(
    r"(solutions|tests|work|submitted|_build|benchmarks|\.github|\.ci)/|answers\.py|\.db$|\.grading"
)
TARGETS = ["help", "book", "serve", "start", "lab", "score", "setup"]


def commit(repository: Path) -> None:
    """Commit everything there is, as the author does."""
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", "all")


def files(folder: Path) -> list[str]:
    """Return the paths of every file but git's own."""
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in found if not path.startswith(".git/"))


@pytest.fixture(scope="module")
def clone(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the course as it would be committed now, in a repository of its own."""
    clone = tmp_path_factory.mktemp("clone") / "course"
    clone.mkdir()
    listed = git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").decode().split("\0")
    for name in filter(None, listed):
        if (root / name).is_file():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / name, clone / name)
    git(clone, "init", "--quiet", "--template=")
    commit(clone)
    return clone


@pytest.fixture(scope="module")
def copy(clone: Path) -> Path:
    """Return the copy for students; open work and marks lie about in the course meanwhile."""
    for name in ("work/01-rnn/rnn.ipynb", "submitted/ada/01-rnn/rnn.ipynb", "gradebook.db", ".grading-secret"):
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        (clone / name).write_text("{}")
    (clone / "exercises" / "notes.txt").write_text("was never committed")
    copy = clone.parent / "for students"
    make_copy(copy, clone)
    return copy


@pytest.fixture(scope="module")
def answers(root: Path) -> list[Answer]:
    return answers_in(root / "solutions")


def test_there_are_answers_to_look_for(answers: list[Answer], root: Path) -> None:
    assert len(answers) >= 7
    assert all(answer.lines for answer in answers), [answer.name for answer in answers if not answer.lines]
    assert {answer.name.split(",")[0] for answer in answers} == {path.name for path in (root / "solutions").iterdir()}


def test_the_copy_holds_no_answer_and_no_hidden_case(copy: Path, answers: list[Answer]) -> None:
    assert list(leaks(copy, answers)) == []


def test_only_what_was_committed_and_is_for_students_is_in_the_copy(copy: Path, clone: Path) -> None:
    tracked = git(clone, "ls-files", "-z").decode().split("\0")
    assert set(files(copy)) - {"README.md"} == {name for name in tracked if is_handed_out(name)}
    assert [name for name in files(copy) if FOR_NOBODY.search(name)] == []
    assert "exercises/01-rnn/rnn.ipynb" in files(copy) and "exercises/notes.txt" not in files(copy)


def test_notebooks_in_the_copy_have_no_outputs(copy: Path) -> None:
    for path in copy.rglob("*.ipynb"):
        cells = [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "code"]
        assert cells and not any(cell["outputs"] or cell["execution_count"] for cell in cells), path


def test_the_copy_has_one_commit_and_nothing_uncommitted(copy: Path) -> None:
    assert git(copy, "log", "--all", "--format=%s").decode().splitlines() == ["The course, for students"]
    assert git(copy, "status", "--porcelain") == b""
    assert git(copy, "count-objects", "-v").decode().splitlines()[-1] == "size-garbage: 0"


def test_the_readme_of_the_copy_names_only_commands_and_files_that_are_there(copy: Path, clone: Path) -> None:
    readme = (copy / "README.md").read_text()
    assert readme == (clone / "scripts" / "student-readme.md").read_text()
    listed = subprocess.run(["make", "--no-print-directory", "help"], cwd=copy, capture_output=True, text=True).stdout
    assert [line.split()[1] for line in listed.splitlines()] == TARGETS
    named = set(re.findall(r"make ([a-z][a-z-]*)", readme)) - {"alone"}
    assert named and named <= set(TARGETS)
    for path in re.findall(r"`([A-Za-z_/-]+)`", readme):
        assert path in ("make", "work/") or (copy / path).exists(), path


SOLUTION = "a_t = x_t @ params.W_xh + h_prev @ params.W_hh + params.b_h"


def in_a_page(copy: Path, line: str) -> None:
    (copy / "book" / "intro.md").write_text(f"Look:\n\n    z = {line.partition(' = ')[2]}\n")


def in_a_source(copy: Path, line: str) -> None:
    edit_notebook(copy, lambda cell: cell["source"].append(f"\n    {line.replace(' + ', '+')}"))


def in_an_output(copy: Path, line: str) -> None:
    shown = {"output_type": "stream", "name": "stdout", "text": [line[:20], line[20:]]}
    edit_notebook(copy, lambda cell: cell.update(outputs=[shown]))


def as_a_marker(copy: Path, line: str) -> None:
    edit_notebook(copy, lambda cell: cell["source"].append("\n### BEGIN HIDDEN TESTS"))


def edit_notebook(copy: Path, change: Callable[[dict], None]) -> None:
    path = copy / "exercises" / "01-rnn" / "rnn.ipynb"
    notebook = json.loads(path.read_text())
    change(next(cell for cell in notebook["cells"] if cell["id"] == "answer-rnn-step"))
    path.write_text(json.dumps(notebook))


@pytest.mark.parametrize("marker", MARKERS)
def test_each_marker_is_found(tmp_path: Path, marker: str) -> None:
    (tmp_path / "notes.txt").write_text(f"    {marker}\n")
    assert list(leaks(tmp_path, [])) == [f"notes.txt holds the marker `{marker}`."]


@pytest.mark.parametrize(
    "text",
    [
        "def embed(ids, E): return E[ids]",
        "dx = dy @ W.T\n    dW = x.T @ dy",
        "logits = {'s': s}\nE.append(ids)\nreturn  E[ ids ]",
    ],
)
def test_a_short_answer_is_found_with_its_neighbour(answers: list[Answer], tmp_path: Path, text: str) -> None:
    (tmp_path / "notes.txt").write_text(text)
    (sentence,) = leaks(tmp_path, answers)
    assert sentence.startswith("notes.txt holds of the answer 00-refresher, answer-")


def test_other_quotes_hide_nothing(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("""names = ['alpha', "beta"]""")
    assert len(list(leaks(tmp_path, [Answer("answer", ("""["alpha", 'beta']""",))]))) == 1


@pytest.mark.parametrize("plant", [in_a_page, in_a_source, in_an_output, as_a_marker])
def test_a_planted_answer_is_found(copy: Path, answers: list[Answer], tmp_path: Path, plant: Callable) -> None:
    planted = Path(shutil.copytree(copy, tmp_path / "planted", ignore=shutil.ignore_patterns(".git", "vendor")))
    plant(planted, SOLUTION)
    (sentence,) = leaks(planted, answers)
    wanted = (
        "the marker `### BEGIN HIDDEN TESTS`" if plant is as_a_marker else "of the answer 01-rnn, answer-rnn-step: `"
    )
    assert f" holds {wanted}" in sentence


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_an_answer_is_found_in_whatever_encoding(answers: list[Answer], tmp_path: Path, encoding: str) -> None:
    (tmp_path / "notes.txt").write_bytes(f"At 20 \N{DEGREE SIGN}C: {SOLUTION}".encode(encoding))
    (sentence,) = leaks(tmp_path, answers)
    assert sentence.startswith("notes.txt holds of the answer 01-rnn, answer-rnn-step")


def test_the_lists_of_what_may_be_shared_cover_no_more_than_they_say(tmp_path: Path) -> None:
    answer = Answer("09-new, answer", ("np.tanh(first_sum)", "np.stack(states, axis=1)"))
    one, both = "return np.tanh(first_sum)", "return np.tanh(first_sum)\nreturn np.stack(states, axis = 1)"
    found = {}
    for place in ("course_lib/nn/new.py", "course_lib/checks/new.py", "course_lib/data/new.py", "exercises/new.txt"):
        path = tmp_path / place
        path.parent.mkdir(parents=True)
        for text in (one, both):
            path.write_text(text)
            found[place, text] = len(list(leaks(tmp_path, [answer])))
        path.unlink()
    assert list(found.values()) == [0, 0, 0, 1, 1, 1, 1, 1]


def test_a_copy_that_would_hold_an_answer_is_not_made(clone: Path, tmp_path: Path) -> None:
    planted = tmp_path / "course"
    git(tmp_path, "clone", "--quiet", str(clone), str(planted))
    edit_notebook(planted, lambda cell: cell["source"].append(f"\n    {SOLUTION}"))
    commit(planted)
    with pytest.raises(CopyError, match=r"exercises/01-rnn/rnn\.ipynb holds of the answer 01-rnn, answer-rnn-step"):
        make_copy(tmp_path / "new", planted)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["course"]


def refused(target: Path | str, course: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Fail to make a copy, and return the one sentence printed."""
    assert main([str(target)], course) > 0
    printed = capsys.readouterr()
    assert printed.out == "" and len(printed.err.splitlines()) == 1
    return printed.err


def test_a_folder_that_cannot_take_the_copy_is_refused(
    clone: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("somebody's")
    assert refused(tmp_path / "full", clone, capsys).endswith(
        "not empty: name a new folder; nothing is ever overwritten.\n"
    )
    assert refused(tmp_path / "full" / "file", clone, capsys).endswith("nothing is ever overwritten.\n")
    assert refused(clone / "copy", clone, capsys).endswith("inside the course itself: name a folder beside it.\n")
    assert refused(tmp_path / "no" / "copy", clone, capsys).startswith(f"There is no folder {tmp_path / 'no'}")
    assert refused("", clone, capsys).startswith("Name a new folder: make student-repository TO=")
    assert files(tmp_path) == ["full/file"]


def test_open_changes_are_named(clone: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    changed = tmp_path / "course"
    git(tmp_path, "clone", "--quiet", str(clone), str(changed))
    (changed / "README.md").write_text("a new thought")
    assert refused(tmp_path / "new", changed, capsys) == (
        "The copy is made of what is committed, and README.md changed since: commit that first.\n"
    )
    assert not (tmp_path / "new").exists()


def test_without_a_repository_or_git_it_says_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "course").mkdir()
    assert "failed" in refused(tmp_path / "new", tmp_path / "course", capsys)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert refused(tmp_path / "new", tmp_path / "course", capsys).startswith("git is missing")


def test_a_folder_of_another_repository_is_no_course(
    clone: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "is no git repository of its own" in refused(tmp_path / "new", clone / "book", capsys)


def test_neither_settings_nor_an_outer_git_change_the_copy(
    clone: Path, copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "git").mkdir()
    (tmp_path / "git" / "attributes").write_text("*.md export-ignore\n")
    (tmp_path / "git" / "ignore").write_text("*.ipynb\n")
    (tmp_path / "system").write_text("[commit]\ngpgsign = true\n[gpg]\nprogram = false\n")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", str(tmp_path / "system"))
    monkeypatch.delenv("GIT_CONFIG_NOSYSTEM")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    (tmp_path / "new").mkdir()
    make_copy(tmp_path / "new", clone)
    assert files(tmp_path / "new") == files(copy)
    assert not (tmp_path / "elsewhere").exists()
    assert git(tmp_path / "new", "status", "--porcelain") == b""


def test_a_copy_that_fails_half_way_leaves_nothing(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill_the_disk(copy: Path) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr("scripts.student_repository.commit_all", fill_the_disk)
    with pytest.raises(CopyError, match="The copy was not made: No space left on device"):
        make_copy(tmp_path / "new", clone)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_an_exercise_is_started_and_scored_inside_the_copy(copy: Path, tmp_path: Path) -> None:
    course = Path(shutil.copytree(copy, tmp_path / "course", ignore=shutil.ignore_patterns(".git", "vendor")))
    outer = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    outer["PYTHONPATH"] = str(course)  # its own library, in this environment
    for command in ("start", "score"):
        words = ["make", command, "N=01", f"RUN={sys.executable}", "SET_UP_WITH=true"]
        ran = subprocess.run(words, cwd=course, env=outer, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
    assert re.search(r"total +0 of 100", ran.stdout)
    assert ran.stdout.count("✗ not written yet") == len(re.findall(r" 0 of ", ran.stdout)) - 1 > 5
