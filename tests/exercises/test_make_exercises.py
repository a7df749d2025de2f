"""``exercises/`` is what nbgrader makes of ``solutions/``, byte for byte, and nobody's edit is lost on the way."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from course_lib.grading.released import GradingError
from scripts import make_exercises
from scripts.make_exercises import main, outdated, refuse_edits, replace_folder

NOTEBOOK = "exercises/01-rnn/rnn.ipynb"
SLOW = [pytest.mark.slow, pytest.mark.xdist_group("class")]


def git(repository: Path, *words: str) -> None:
    """Run git as somebody."""
    somebody = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.org"]
    subprocess.run(["git", *somebody, *words], cwd=repository, check=True, capture_output=True)


@pytest.fixture
def repository(root: Path, tmp_path: Path) -> Path:
    """Return a repository with the first assignment, committed."""
    for name in ("solutions", "exercises"):
        shutil.copytree(root / name / "01-rnn", tmp_path / name / "01-rnn")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "the first assignment")
    return tmp_path


def files(repository: Path) -> dict[str, bytes]:
    """Return every file but git's own."""
    paths = [path for path in repository.rglob("*") if path.is_file() and ".git" not in path.parts]
    return {path.relative_to(repository).as_posix(): path.read_bytes() for path in paths}


def append(path: Path, text: str) -> None:
    """Edit a file by hand."""
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def refused(repository: Path, wanted: bytes) -> bool:
    """Tell whether the notebook in exercises/ would be protected from being overwritten by ``wanted``."""
    try:
        refuse_edits(repository, repository / "exercises" / "01-rnn", {"rnn.ipynb": wanted})
    except GradingError:
        return True
    return False


def test_a_file_as_committed_may_be_overwritten_and_an_edited_one_not(repository: Path) -> None:
    assert not refused(repository, b"new")
    append(repository / NOTEBOOK, "\n")
    assert refused(repository, b"new")


def test_a_file_that_was_edited_is_named_with_the_way_on(repository: Path) -> None:
    append(repository / NOTEBOOK, "\n")
    with pytest.raises(GradingError) as refused:
        refuse_edits(repository, repository / "exercises" / "01-rnn", {"rnn.ipynb": b"new"})
    assert str(refused.value) == (
        f"{NOTEBOOK} was edited by hand: make the change in solutions/01-rnn/ instead, then run "
        f"`git checkout {NOTEBOOK}`, or throw the edit away with `.venv/bin/python scripts/make_exercises.py --force`."
    )


def test_an_edit_that_is_what_would_be_generated_is_no_edit(repository: Path) -> None:
    append(repository / NOTEBOOK, "\n")
    assert not refused(repository, (repository / NOTEBOOK).read_bytes())


def test_without_git_a_file_of_unknown_origin_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "exercises" / "01-rnn"
    folder.mkdir(parents=True)
    (folder / "rnn.ipynb").write_text("somebody's")
    with pytest.raises(GradingError, match="edited by hand"):
        refuse_edits(tmp_path, folder, {"rnn.ipynb": b"new"})


def test_what_differs_is_told_a_sentence_a_file(tmp_path: Path) -> None:
    folder = tmp_path / "exercises" / "01-rnn"
    folder.mkdir(parents=True)
    (folder / "rnn.ipynb").write_text("old")
    (folder / "left.py").write_text("over")
    (folder / "same.txt").write_text("same")
    assert outdated(folder, {"rnn.ipynb": b"new", "data.csv": b"1", "same.txt": b"same"}) == [
        "exercises/01-rnn/rnn.ipynb is not what nbgrader makes of solutions/: run `make exercises`.",
        "exercises/01-rnn/data.csv is missing: run `make exercises`.",
        "exercises/01-rnn/left.py comes from no file in solutions/: delete it.",
    ]


def test_a_folder_is_replaced_whole(tmp_path: Path) -> None:
    new, folder = tmp_path / "new", tmp_path / "exercises" / "01-rnn"
    new.mkdir()
    (new / "rnn.ipynb").write_text("new")
    folder.mkdir(parents=True)
    (folder / "gone.ipynb").write_text("old")
    replace_folder(new, folder)
    assert files(tmp_path / "exercises") == {"01-rnn/rnn.ipynb": b"new"}


def test_an_unknown_number_is_one_sentence(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["7"], repository) == 1
    assert capsys.readouterr().err == "There is no assignment '7': in solutions/ there are: 01.\n"


class TestWithNbgrader:
    """Each of these generates."""

    pytestmark = SLOW

    def test_exercises_are_up_to_date(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        before = files(root / "exercises")
        assert main(["--check"]) == 0, capsys.readouterr().err
        assert files(root / "exercises") == before

    def test_check_names_a_file_that_differs_and_writes_nothing(
        self, repository: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        append(repository / NOTEBOOK, "\n")
        before = files(repository)
        assert main(["--check"], repository) == 1
        assert capsys.readouterr().err == (
            f"{NOTEBOOK} is not what nbgrader makes of solutions/: run `make exercises`.\n"
        )
        assert files(repository) == before

    def test_a_second_run_gives_the_same_bytes_and_the_next_may_follow_uncommitted(
        self, repository: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        before = files(repository)
        solution = repository / "solutions" / "01-rnn" / "rnn.ipynb"
        text = solution.read_text(encoding="utf-8")
        solution.write_text(text.replace("## 1.1 Trace", "## 1.1 Follow"), encoding="utf-8")
        assert main(["01"], repository) == 0, capsys.readouterr().err
        assert b"## 1.1 Follow" in files(repository)[NOTEBOOK]
        solution.write_text(text, encoding="utf-8")
        assert main(["1"], repository) == 0, capsys.readouterr().err
        after = files(repository)
        assert list(json.loads(after.pop("_build/exercises.json"))) == [NOTEBOOK]
        assert after == before

    def test_a_solution_that_fails_is_named_and_nothing_is_written(
        self, repository: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        solution = repository / "solutions" / "01-rnn" / "rnn.ipynb"
        text = solution.read_text(encoding="utf-8")
        solution.write_text(text.replace("0.5005, -0.7397", "0.5005, -0.7398"), encoding="utf-8")
        before = files(repository)
        assert main([], repository) == 1
        assert capsys.readouterr().err.startswith("01-rnn, cell 'check-trace': CheckFailed: trace  ✗  value")
        assert files(repository) == before


def test_a_solution_saved_meanwhile_is_not_overwritten(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    solution = repository / "solutions" / "01-rnn" / "rnn.ipynb"

    def save_while_it_runs(path: Path) -> bytes:
        path.write_text("a new thought")
        return b"old thought with outputs"

    monkeypatch.setattr(make_exercises, "executed", save_while_it_runs)
    with pytest.raises(GradingError, match=r"solutions/01-rnn/rnn\.ipynb was saved by somebody else"):
        make_exercises._store_outputs(solution, repository)
    assert solution.read_text() == "a new thought"
