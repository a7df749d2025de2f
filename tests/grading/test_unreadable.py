"""A file that is no notebook costs its points, not the record, and nothing of it is lost."""

import json
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from course_lib.grading.unreadable import NOTE, keep_unreadable

WHOLE = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
ODD_CELL = {"cell_type": "code", "source": 3, "metadata": {}, "outputs": [], "execution_count": None}
BROKEN = {
    "empty": "",
    "cut off": json.dumps(WHOLE)[:30],
    "a picture": "\x89PNG",
    "an empty object": "{}",
    "cells that are a number": json.dumps(WHOLE | {"cells": 3}),
    "a cell without text": json.dumps(WHOLE | {"cells": [ODD_CELL]}),
    "half a character": json.dumps(WHOLE | {"cells": [ODD_CELL | {"source": "'\ud800'"}]}),
    "a cell that is a word": json.dumps(WHOLE | {"cells": ["word"]}),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_an_empty_notebook_takes_its_place_and_the_file_is_kept(tmp_path: Path, kind: str) -> None:
    handed_in = tmp_path / "rnn.ipynb"
    handed_in.write_text(BROKEN[kind], encoding="utf-8")
    keep_unreadable([str(handed_in)], assignment="01-rnn", student="*")
    assert (tmp_path / "rnn.ipynb.unreadable").read_text(encoding="utf-8") == BROKEN[kind]
    notebook = nbformat.read(handed_in, as_version=4)
    nbformat.validate(notebook)
    assert notebook.cells == []
    assert notebook.metadata[NOTE].startswith("The file rnn.ipynb cannot be read as a notebook (")
    assert notebook.metadata[NOTE].endswith("so nothing in it earned a point. It is kept as rnn.ipynb.unreadable.")


def test_bytes_that_are_no_text_are_kept_as_they_are(tmp_path: Path) -> None:
    handed_in = tmp_path / "rnn.ipynb"
    handed_in.write_bytes(b"\xff\xfe\x00{")
    keep_unreadable([str(handed_in)])
    assert (tmp_path / "rnn.ipynb.unreadable").read_bytes() == b"\xff\xfe\x00{"


def test_a_notebook_with_a_small_fault_counts_as_readable(tmp_path: Path, released: NotebookNode) -> None:
    handed_in = tmp_path / "rnn.ipynb"
    released.cells[0]["left_by_an_editor"] = True
    text = json.dumps(released)
    handed_in.write_text(text, encoding="utf-8")
    keep_unreadable([str(handed_in)])
    assert handed_in.read_text(encoding="utf-8") == text
    assert [path.name for path in tmp_path.iterdir()] == ["rnn.ipynb"]


def test_a_second_unreadable_file_does_not_replace_the_first(tmp_path: Path) -> None:
    handed_in = tmp_path / "rnn.ipynb"
    for text in ("first", "second"):
        handed_in.write_text(text, encoding="utf-8")
        keep_unreadable([str(handed_in)])
    kept = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.glob("*.unreadable*")}
    assert kept == {"rnn.ipynb.unreadable": "first", "rnn.ipynb.unreadable-2": "second"}
