"""What a notebook gives to try after an exercise runs on the solution and prints what the text says was seen."""

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import pytest
from nbformat import NotebookNode

from course_lib.checks.notebook import ASSIGNMENTS
from course_lib.grading.released import grade_id, is_answer, only_notebook, read_notebook

CODE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SEEN = re.compile(
    r"<details><summary>What was seen</summary>\n\n(?:```text\n(.*?)```\n\n)?\S.*?\n\n</details>", re.DOTALL
)
ROOT = Path(__file__).parents[2]


def tries() -> list[Any]:
    """Return every text to try, with the notebook it stands in."""
    notebooks = [read_notebook(only_notebook(ROOT / "solutions" / name)) for name in ASSIGNMENTS]
    pairs = [(notebook, cell) for notebook in notebooks for cell in notebook.cells if is_try(cell)]
    return [pytest.param(notebook, cell.source, id=grade_id(cell)) for notebook, cell in pairs]


def is_try(cell: NotebookNode) -> bool:
    return cell.cell_type == "markdown" and grade_id(cell).startswith("try-")


@pytest.mark.parametrize(("notebook", "text"), tries())
def test_a_try_prints_what_was_seen(notebook: NotebookNode, text: str) -> None:
    (code,), (seen,) = CODE.findall(text), SEEN.findall(text)
    defined: dict[str, Any] = {}
    for cell in notebook.cells:
        if is_answer(cell) or grade_id(cell) == "imports":
            exec(cell.source, defined)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, defined)
    assert printed.getvalue() == seen or (printed.getvalue() and not seen)


@pytest.mark.parametrize(("notebook", "text"), tries())
def test_a_reader_of_a_try_commits_before_it_runs(notebook: NotebookNode, text: str) -> None:
    assert text.startswith("### Try: ")
    predict, code, seen = text.index("**Predict.**"), text.index("```python"), text.index("<details>")
    assert predict < code < seen
    assert all(f"({letter})" in text[predict:code] for letter in "abc")
