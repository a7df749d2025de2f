"""A book of two pages with the settings of the course: what it refuses, and when it runs its cells again."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("tiny-book")]

INTRO = "# A book of two pages\n\nWords.\n"
CHAPTER = """---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {name: python3, display_name: Python 3}
---
# One chapter

```{code-cell} python3
import course_lib

print("answer", course_lib.ANSWER)
```
"""
TOC = """
format: jb-book
root: book/intro
chapters: [{file: book/chapter}]
"""


@pytest.fixture(scope="module")
def tiny(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the tiny book, not built yet."""
    tiny = tmp_path_factory.mktemp("tiny")
    shutil.copytree(root / "book" / "_ext", tiny / "book" / "_ext", ignore=shutil.ignore_patterns("__pycache__"))
    (tiny / "scripts").mkdir()
    shutil.copy(root / "scripts" / "build_book.py", tiny / "scripts")
    shutil.copy(root / "_config.yml", tiny)
    (tiny / "_toc.yml").write_text(TOC)
    (tiny / "book" / "intro.md").write_text(INTRO)
    (tiny / "book" / "chapter.md").write_text(CHAPTER)
    (tiny / "book" / "references.bib").write_text("@misc{a, author={A}, title={B}, year={1990}}\n")
    (tiny / "book" / "_static" / "vendor" / "mathjax").mkdir(parents=True)
    (tiny / "book" / "_static" / "course.css").touch()
    (tiny / "course_lib").mkdir()
    (tiny / "course_lib" / "__init__.py").write_text("ANSWER = 41\n")
    return tiny


def build(tiny: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, tiny / "scripts" / "build_book.py"], capture_output=True, text=True)


def printed(tiny: Path) -> list[str]:
    """Return the answers that the chapter prints."""
    html = (tiny / "_build" / "html" / "book" / "chapter.html").read_text()
    return re.findall(r"answer (\d+)", html)


def test_a_change_in_the_library_runs_the_page_again_and_nothing_else_does(tiny: Path) -> None:
    cache = tiny / "_build" / ".jupyter_cache"
    first = build(tiny)
    assert first.returncode == 0, first.stderr
    assert "Built 2 pages" in first.stdout and (tiny / "_build/html/book/intro.html").as_uri() in first.stdout
    assert printed(tiny) == ["41"]
    (key,) = (path.name for path in cache.iterdir())

    (tiny / "book" / "intro.md").write_text(INTRO + "\nMore words.\n")
    assert build(tiny).returncode == 0
    assert "Executing notebook" not in (tiny / "_build" / "build.log").read_text()
    assert [path.name for path in cache.iterdir()] == [key]

    (tiny / "course_lib" / "__init__.py").write_text("ANSWER = 42\n")
    assert build(tiny).returncode == 0
    assert printed(tiny) == ["42"]
    (changed,) = (path.name for path in cache.iterdir())
    assert changed != key


def test_a_warning_and_a_page_that_was_not_written_fail_the_build_and_are_shown(tiny: Path) -> None:
    page = tiny / "book" / "intro.md"
    page.write_text(INTRO + "\nSee {ref}`nowhere`.\n")
    (tiny / "_toc.yml").write_text(TOC.replace("]", ", {file: book/missing}]"))
    ran = build(tiny)
    page.write_text(INTRO)
    (tiny / "_toc.yml").write_text(TOC)
    assert ran.returncode == 1
    assert "intro.md:5: WARNING: undefined label: 'nowhere'" in ran.stderr
    assert "book/missing" in ran.stderr
    assert "The book was not built: warnings (above): 2, allowed: none." in ran.stderr


def test_a_cell_that_fails_fails_the_build_with_its_error(tiny: Path) -> None:
    page = tiny / "book" / "chapter.md"
    page.write_text(CHAPTER.replace("course_lib.ANSWER", "course_lib.QUESTION"))
    ran = build(tiny)
    page.write_text(CHAPTER)
    assert ran.returncode == 1
    assert "has no attribute 'QUESTION'" in ran.stderr


def test_an_address_that_is_set_gives_buttons_and_a_link_for_errors(tiny: Path) -> None:
    config = tiny / "_config.yml"
    unset = config.read_text()
    address = "https://github.com/someone/course"
    config.write_text(unset.replace('public_address: {repository: ""', f'public_address: {{repository: "{address}"'))
    ran = build(tiny)
    config.write_text(unset)
    assert ran.returncode == 0, ran.stderr
    html = (tiny / "_build" / "html" / "book" / "chapter.html").read_text()
    assert f'href="{address}"' in html
    assert f'href="{address}/issues/new?title=Error%20on%20page%20book%2Fchapter">Report an error here</a>' in html


def test_an_address_on_an_unknown_host_is_said_in_a_sentence(tiny: Path) -> None:
    config = tiny / "_config.yml"
    unset = config.read_text()
    config.write_text(
        unset.replace('public_address: {repository: ""', 'public_address: {repository: "https://example.org/x"')
    )
    ran = build(tiny)
    config.write_text(unset)
    assert ran.returncode == 1
    assert "repository in _config.yml must be on one of github.com, gitlab.com, bitbucket.org" in ran.stderr
