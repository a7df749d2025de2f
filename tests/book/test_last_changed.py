"""Every page says when it was last changed itself, or nothing where git does not know."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from last_changed import day_of, read_changes

from tests.book.test_tiny_book import build, tiny  # noqa: F401 - a fixture

SOMEBODY = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.org"]


def commit(folder: Path, day: str) -> None:
    """Commit everything on a day."""
    days = dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), f"{day}T12:00:00Z")
    for words in (["add", "--all"], [*SOMEBODY, "commit", "--quiet", "--message", day]):
        subprocess.run(["git", *words], cwd=folder, env=os.environ | days, check=True)


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """Return a repository with four pages: as imported, changed in May, added in June, changed since."""
    pages = tmp_path / "history" / "book"
    pages.mkdir(parents=True)
    subprocess.run(["git", "init", "--quiet", pages.parent], check=True)
    for name in ("imported", "may", "since"):
        (pages / f"{name}.md").write_text("one")
    commit(pages, "2024-04-01")
    for name in ("may", "since"):
        (pages / f"{name}.md").write_text("two")
    commit(pages, "2024-05-02")
    (pages / "六月 'June'.md").write_text("three")
    commit(pages, "2024-06-03")
    (pages / "since.md").write_text("four")
    (pages / "new.md").write_text("five")
    return pages.parent


def days(folder: Path) -> dict[str, str | None]:
    """Return the day of every page."""
    changes = read_changes(folder)
    return {path.stem: day_of(path, folder, changes) for path in sorted((folder / "book").glob("*.md"))}


KNOWN = {"may": "2024-05-02", "六月 'June'": "2024-06-03"}
UNKNOWN = {"imported": None, "since": None, "new": None}


def test_a_page_has_the_day_of_its_own_last_commit(history: Path) -> None:
    assert days(history) == KNOWN | UNKNOWN


def test_paths_are_those_of_the_book_where_it_is_not_the_whole_repository(history: Path) -> None:
    folder = history / "book"
    assert day_of(folder / "may.md", folder, read_changes(folder)) == "2024-05-02"


def test_a_page_that_was_merged_has_the_day_of_the_merge(history: Path) -> None:
    page = history / "book" / "may.md"
    branch = ["git", *SOMEBODY, "checkout", "--quiet", "-b"]
    page.write_text("\n".join("abcdefgh"))
    commit(history, "2024-06-04")
    subprocess.run([*branch, "aside"], cwd=history, check=True)
    page.write_text("\n".join("Abcdefgh"))
    commit(history, "2024-06-05")
    subprocess.run([*branch, "main-again", "HEAD~1"], cwd=history, check=True)
    page.write_text("\n".join("abcdefgH"))
    commit(history, "2024-06-06")
    merge = ["git", *SOMEBODY, "merge", "--quiet", "--no-edit", "aside"]
    day = {"GIT_AUTHOR_DATE": "2024-06-07T12:00:00Z", "GIT_COMMITTER_DATE": "2024-06-07T12:00:00Z"}
    subprocess.run(merge, cwd=history, env=os.environ | day, check=True)
    assert page.read_text() == "\n".join("AbcdefgH")
    assert days(history)["may"] == "2024-06-07"


def test_git_is_asked_once_for_all_pages(history: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called = []
    run = subprocess.run
    monkeypatch.setattr(
        "last_changed.subprocess.run", lambda *words, **rest: called.append(words) or run(*words, **rest)
    )
    assert len([day for day in days(history).values() if day]) == 2
    assert len(called) == 1


def test_a_clone_without_history_and_a_copy_of_one_commit_have_no_days(history: Path, tmp_path: Path) -> None:
    shallow = tmp_path / "shallow"
    subprocess.run(["git", "clone", "--quiet", "--depth=1", history.as_uri(), shallow], check=True)
    assert set(days(shallow).values()) == {None}
    shutil.rmtree(history / ".git")
    subprocess.run(["git", "init", "--quiet", history], check=True)
    commit(history, "2024-07-04")
    assert set(days(history).values()) == {None}


def test_without_a_repository_or_without_git_there_are_no_days(history: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "2024-05-02" in days(history).values()
    with monkeypatch.context() as without:
        without.setenv("PATH", str(history))
        assert set(days(history).values()) == {None}
    shutil.rmtree(history / ".git")
    assert set(days(history).values()) == {None}


@pytest.fixture
def dated(tiny: Path) -> Iterator[Path]:  # noqa: F811
    """Return the tiny book with a history in which its chapter changed, and its address unset."""
    config, chapter = tiny / "_config.yml", tiny / "book" / "chapter.md"
    subprocess.run(["git", "init", "--quiet", tiny], check=True)
    (tiny / ".gitignore").write_text("_build/\n")
    commit(tiny, "2024-04-01")
    chapter.write_text(chapter.read_text() + "\nMore words.\n")
    commit(tiny, "2024-05-02")
    unset = config.read_text()
    yield tiny
    config.write_text(unset)


@pytest.mark.slow
@pytest.mark.xdist_group("tiny-book")
def test_pages_have_days_and_error_links_once_the_address_is_set(dated: Path) -> None:
    unset = (dated / "_config.yml").read_text()
    found = {}
    for address in ("", "https://github.com/someone/course"):
        (dated / "_config.yml").write_text(unset.replace('{repository: ""', f'{{repository: "{address}"'))
        ran = build(dated)
        assert ran.returncode == 0, ran.stderr
        for page in ("intro", "chapter"):
            html = (dated / "_build" / "html" / "book" / f"{page}.html").read_text()
            found[address, page] = (re.findall(r"Last updated on ([^<]*?)\.", html), html.count("Report an error here"))
    assert list(found.values()) == [([], 0), ([], 0), ([], 1), (["2024-05-02"], 1)]
