"""``make start`` copies an exercise once and never overwrites a student's work."""

from pathlib import Path

import pytest

from scripts.start import StartError, number_of, start


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """Return a course with the exercises 01 and 06a."""
    for name in ("01-rnn", "06a-seq2seq"):
        folder = tmp_path / "exercises" / name
        folder.mkdir(parents=True)
        (folder / "notebook.ipynb").write_text(f"{name}, untouched")
    return tmp_path


@pytest.mark.parametrize(
    ("asked", "folder"),
    [("1", "01-rnn"), (" 01 ", "01-rnn"), ("01-rnn", "01-rnn"), ("06a", "06a-seq2seq"), ("6A", "06a-seq2seq")],
)
def test_an_exercise_is_found_by_its_number_however_it_is_written(course: Path, asked: str, folder: str) -> None:
    target = start(asked, course)
    assert target == course / "work" / folder
    assert (target / "notebook.ipynb").read_text() == f"{folder}, untouched"


def test_work_that_has_begun_is_never_overwritten(course: Path) -> None:
    notebook = start("01", course) / "notebook.ipynb"
    notebook.write_text("an hour of work")
    with pytest.raises(StartError) as refused:
        start("01", course)
    assert str(refused.value).startswith("You have begun this exercise: work/01-rnn is there and stays as it is.")
    assert notebook.read_text() == "an hour of work"


@pytest.mark.parametrize("asked", ["7", "06", "x", "../01", "", "01-gru"])
def test_an_unknown_number_lists_those_that_exist_and_makes_nothing(course: Path, asked: str) -> None:
    with pytest.raises(StartError, match="with one of these numbers: 01, 06a"):
        start(asked, course)
    assert not (course / "work").exists()


def test_a_copy_that_fails_half_way_leaves_nothing(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill_the_disk(source: Path, target: Path, **options: object) -> None:
        target.mkdir()
        raise OSError("No space left on device")

    monkeypatch.setattr("shutil.copytree", fill_the_disk)
    with pytest.raises(StartError, match="The exercise was not copied to work/01-rnn: No space left on device"):
        start("01", course)
    assert list((course / "work").iterdir()) == []


def test_a_file_called_work_is_named(course: Path) -> None:
    (course / "work").write_text("a file")
    with pytest.raises(StartError, match=r"not copied to work/01-rnn: .*File exists"):
        start("01", course)
    assert (course / "work").read_text() == "a file"


def test_letters_and_leading_zeros_are_told_apart() -> None:
    assert number_of("06a") == number_of("6A") == (6, "a")
    assert number_of("6") != number_of("6a")
    assert number_of("six") is None
