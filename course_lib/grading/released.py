"""Read what was released: which assignments there are, their graded parts, and what each part is worth."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

HEADING = re.compile(r"^## (\d+\.\d+) ", re.MULTILINE)
MOST_OF_REASON = 100
VISIBLE = re.compile(r"^check\.(?!graded\.)")


class GradingError(Exception):
    """Grading cannot go on; the message is one sentence that says what to do."""


@dataclass(frozen=True)
class Part:
    """What is graded by itself: one visible check and the hidden one directly after it.

    Attributes
    ----------
    number : str
        Of the exercise, as in the task's heading: "1.3".
    name : str
        Of the function, with the part where there are several: "rnn_forward (from any state)".
    points : float
        What the hidden check is worth; 0 for a stretch exercise, which has none.
    call : str
        The visible check: ``check.rnn_step(rnn_step)``.
    answer, visible, hidden : str
        The ``grade_id`` of the cell that is written, and of the two checks, which are one where nothing is earned.
    """

    number: str
    name: str
    points: float
    call: str
    answer: str
    visible: str
    hidden: str

    @property
    def graded_call(self) -> str:
        """The same check on unseen cases: what the hidden cell holds when a submission is graded."""
        return VISIBLE.sub("check.graded.", self.call)


def folder_called(asked: str, folder: Path) -> Path:
    """Find the folder of an assignment by its number or name: ``1``, ``01`` and ``01-rnn`` are understood.

    Raises
    ------
    GradingError
        When there is none; the message lists those there are.
    """
    known = sorted(path for path in folder.glob("[0-9]*-*") if path.is_dir())
    asked = asked.strip()
    for path in known:
        number = path.name.split("-")[0]
        if asked and asked.lower() in (path.name, number, number.lstrip("0") or "0"):
            return path
    listed = ", ".join(path.name.split("-")[0] for path in known) or "none yet"
    wanted = f"There is no assignment {asked!r}" if asked else "Name an assignment"
    raise GradingError(f"{wanted}: in {folder.name}/ there are: {listed}.")


def only_notebook(folder: Path) -> Path:
    """Return the one notebook of a folder.

    Raises
    ------
    GradingError
        When there is none or more than one.
    """
    found = sorted(folder.glob("*.ipynb"))
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        raise GradingError(f"{folder} must hold one notebook, found {names}.")
    return found[0]


def read_notebook(path: Path) -> NotebookNode:
    """Read a notebook.

    Raises
    ------
    GradingError
        When the file is no notebook.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")  # some editors put a mark before the first character
        notebook = nbformat.reads(text, as_version=4)
        nbformat.validate(notebook)
        nbformat.writes(notebook).encode()  # half a character cannot be written again
    except Exception as error:  # nbformat raises whatever its parsers do
        raise GradingError(f"{path} cannot be read as a notebook: {_how_to_mend(path, error)}") from None
    return notebook


def _how_to_mend(path: Path, error: Exception) -> str:
    lines = path.read_bytes().splitlines() if path.is_file() else []
    conflicts = [number for number, line in enumerate(lines, 1) if line.startswith(b"<<<<<<< ")]
    if conflicts:
        return f"line {conflicts[0]} begins what git could not merge. Choose one of the two versions there."
    reason = str(error).splitlines()[0][:MOST_OF_REASON] if str(error) else type(error).__name__
    return f"{reason.rstrip('.')}. Rename its folder, run `make start` again and copy your answers over."


def missing(name: str) -> str:
    """Say that an answer cell is not there."""
    return f"There is no cell {name} in what was handed in."


def grade_id(cell: NotebookNode) -> str:
    """Return the name nbgrader knows a cell by, or an empty string."""
    return str(_settings(cell).get("grade_id", ""))


def _settings(cell: NotebookNode) -> dict[str, Any]:
    """Return nbgrader's settings of a cell; none where a student's editor wrote something else in their place."""
    settings = cell.metadata.get("nbgrader", {})
    return settings if isinstance(settings, dict) else {}


def is_answer(cell: NotebookNode) -> bool:
    """Tell whether a student writes into this cell."""
    return bool(_settings(cell).get("solution", False))


def points_of(cell: NotebookNode) -> float:
    """Return what a cell is worth; 0 for all but hidden checks."""
    return float(_settings(cell).get("points", 0))


def parts_of(notebook: NotebookNode) -> tuple[Part, ...]:
    """List the graded parts of a notebook, in order.

    Raises
    ------
    GradingError
        When a cell with points does not come directly after a visible check.
    """
    return tuple(part for part in _parts(notebook) if part.points)


def stretch_of(notebook: NotebookNode) -> tuple[Part, ...]:
    """List the parts worth nothing, in order: visible checks without a hidden one, which stand for it themselves.

    Raises
    ------
    GradingError
        When a cell with points does not come directly after a visible check.
    """
    return tuple(part for part in _parts(notebook) if not part.points)


def _parts(notebook: NotebookNode) -> Iterator[Part]:
    number, answer, cells = "", "", notebook.cells
    nothing = NotebookNode(source="", metadata={})
    for before, cell, after in zip([nothing, *cells], cells, [*cells[1:], nothing], strict=False):
        if cell.cell_type == "markdown" and (heading := HEADING.search(cell.source)):
            number = heading[1]
        elif is_answer(cell):
            answer = grade_id(cell)
        elif points_of(cell):
            if not _is_visible(before):
                raise GradingError(f"The cell {grade_id(cell)!r} has points but no visible check directly before it.")
            yield _part(number, answer, before, cell)
        elif _is_visible(cell) and not points_of(after):
            yield _part(number, answer, cell, cell)


def _is_visible(cell: NotebookNode) -> bool:
    """Tell whether a cell of the course, not one that a student added, is a check anybody may run."""
    return bool(grade_id(cell) and VISIBLE.match(cell.source))


def _part(number: str, answer: str, visible: NotebookNode, hidden: NotebookNode) -> Part:
    call = visible.source.strip()
    return Part(number, _name_of(call), points_of(hidden), call, answer, grade_id(visible), grade_id(hidden))


def _name_of(call: str) -> str:
    """Name a part by its visible check: ``check.f(f, "edges")`` is "f (edges)"."""
    expression = ast.parse(call, mode="eval").body
    assert isinstance(expression, ast.Call) and isinstance(expression.func, ast.Attribute)
    named = [ast.literal_eval(argument) for argument in expression.args[1:]]
    return f"{expression.func.attr} ({named[0]})" if named else expression.func.attr
