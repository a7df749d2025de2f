"""What is read is spelt and set one way, and the gates that see to it see what they should."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.lint_prose import american, misspelt, prose, texts, untidy


def misspell(word: str) -> str:
    """Swap the last two letters, so that no misspelt word stands in this file."""
    return word[:-2] + word[-1] + word[-2]


PAGE = """---
title: WRONG  front matter
---

(page-WRONG)=
# A page

Words with `WRONG  code`, $a  +  b ...$ and [a link](https://WRONG.example/a--b).

```{code-cell} ipython3
---
mystnb:
  image:
    alt: A picture of the world
---
WRONG = 1 ;  b = "..."
```

```{note}
A note in a fence.
```

:::{dropdown} A question?
:class-container: WRONG
An answer.
:::

```python
WRONG
```

The end.
""".replace("WRONG", misspell("the"))
BLANKED = (misspell("the"), "  b", "...", "--")


def test_everything_that_is_read_is_spelt_and_set_the_one_way(root: Path) -> None:
    found = list(texts(root))
    places = {place for place, _ in found}
    assert {"book/intro.md", "README.md", "course_lib/checks/rnn/hints.toml"} < places
    assert "solutions/01-rnn/rnn.ipynb/task-trace" in places
    assert misspelt(found) == []
    assert [line for place, text in found for line in untidy(place, text)] == []


def test_code_is_spelt_right_too(root: Path) -> None:
    ran = subprocess.run([sys.executable, "-m", "codespell_lib"], capture_output=True, text=True, cwd=root)
    assert ran.stdout + ran.stderr == ""


def test_codespell_reads_code_and_leaves_alone_what_is_not_ours(root: Path, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text((root / "pyproject.toml").read_text())
    for name in ("course_lib/new.py", "_build/log.txt", "book/_static/vendor/x.js", ".venv/x.py"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(f"# {misspell('the')} comment\n")
    ran = subprocess.run([sys.executable, "-m", "codespell_lib"], capture_output=True, text=True, cwd=tmp_path)
    assert ran.stdout == f"./course_lib/new.py:1: {misspell('the')} ==> the\n"


def test_only_prose_is_left_on_its_lines_and_columns() -> None:
    left = prose(PAGE)
    assert [len(line) for line in left.splitlines()] == [len(line) for line in PAGE.splitlines()]
    assert not any(word in left for word in BLANKED)
    for kept in (
        "Words with ",
        "[a link]",
        "A picture of the world",
        "A note in a fence.",
        "A question?",
        "An answer.",
        "The end.",
    ):
        assert left.find(kept) == PAGE.find(kept) > 0, kept
    assert misspelt([("page.md", left)]) == list(untidy("page.md", left)) == []


@pytest.mark.parametrize(
    "kept", ["The end.", "An answer.", "A note in a fence.", "A question?", "A picture of the world"]
)
def test_a_word_misspelt_or_spelt_the_american_way_is_found_on_its_line(kept: str) -> None:
    for planted, better in ((misspell("the"), "the"), ("color", "colour"), ("normalize", "normalise")):
        page = PAGE.replace(kept, f"{planted} {kept}")
        line = 1 + next(number for number, text in enumerate(page.splitlines()) if kept in text)
        assert misspelt([("book/page.md", prose(page))]) == [f"book/page.md:{line}: {planted} ==> {better}"]


@pytest.mark.parametrize(
    "text",
    [
        "```{figure} x.png\n:alt: The color\n```",
        "```{code-cell} python3\n---\n  caption: A color\n---\n```",
        "A `\n\ncolor `x`",
    ],
)
def test_words_about_a_picture_and_after_a_lost_backtick_are_prose(text: str) -> None:
    assert len(misspelt([("page.md", prose(text))])) == 1


@pytest.mark.parametrize(
    ("planted", "said"),
    [
        ("It said \N{LEFT DOUBLE QUOTATION MARK}no", "a curly quote: use a straight one"),
        ("the network\N{RIGHT SINGLE QUOTATION MARK}s state", "a curly quote: use a straight one"),
        ("and so on...", "three dots: use …"),
        ("one thing - another", "a hyphen or long dash between words: use a colon or –"),
        ("one thing -- another", "a hyphen or long dash between words: use a colon or –"),
        ("one thing\N{EM DASH}another", "a hyphen or long dash between words: use a colon or –"),
        ("two  spaces", "two spaces"),
        ("a space . Then", "a space before punctuation"),
        ("a space , here", "a space before punctuation"),
        ("no space,here", "no space after punctuation"),
        ("Well done! Now", "an exclamation mark"),
        ('It said "Well done!"', "an exclamation mark"),
    ],
)
def test_planted_typography_is_found_at_its_place(planted: str, said: str) -> None:
    (line,) = untidy("book/page.md", prose(PAGE.replace("The end", planted)))
    place, _, what = line.partition(": ")
    number = PAGE.splitlines().index("The end.") + 1
    assert place.startswith(f"book/page.md:{number}:") and what == f"{said}."


@pytest.mark.parametrize(
    "right",
    [
        "1 - 2",
        "from 0 to V - 1",
        "a well-known one",
        "| a  |  b |",
        ": a definition",
        "3,000 and 2.5",
        "Wait … here",
        "![x](y)",
    ],
)
def test_what_is_meant_is_left_alone(right: str) -> None:
    assert list(untidy("page.md", prose(f"{right}\n"))) == []


def test_hints_and_notebooks_are_read_as_prose(tmp_path: Path) -> None:
    hints = tmp_path / "course_lib" / "checks" / "new" / "hints.toml"
    notebook = tmp_path / "solutions" / "09-new" / "new.ipynb"
    for path in (hints, notebook):
        path.parent.mkdir(parents=True)
    hints.write_text('[step.averages-color]\nname = "takes the color"\n')
    cells = [
        {"cell_type": "markdown", "id": "task", "source": ["One.\n", "The color."]},
        {"cell_type": "code", "id": "answer", "source": ["color = 1"]},
    ]
    notebook.write_text(json.dumps({"cells": cells}))
    assert sorted(misspelt(texts(tmp_path))) == [
        "course_lib/checks/new/hints.toml:2: color ==> colour",
        "solutions/09-new/new.ipynb/task:2: color ==> colour",
    ]


def test_the_table_of_british_words_is_turned_round() -> None:
    table = dict(line.split("->") for line in american())
    assert table["color"] == "colour" and table["behavior"] == "behaviour"
    assert "program" not in table and "practice" not in table
