"""``python -m course_lib.grading.score 01``: grade your own copy of an exercise, on your own machine.

The released notebook says what is asked and what it is worth; your copy in ``work/`` gives the answers. A check that
was edited or deleted in the copy therefore changes nothing.
"""

import argparse
import secrets
import sys
import textwrap
import time
from collections import defaultdict
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_output

from course_lib.grading.configuration import SECONDS_A_CELL
from course_lib.grading.execution import ENDED, LEFT_OUT, MOST_RUNS, STOPPED, error_of, run_notebook
from course_lib.grading.released import (
    GradingError,
    Part,
    folder_called,
    grade_id,
    is_answer,
    missing,
    only_notebook,
    parts_of,
    read_notebook,
    stretch_of,
)
from course_lib.grading.told import labelled, mistake_and_hint

ROOT = Path(__file__).resolve().parents[2]


WIDTH = 104
CHECK = "the check"
NOT_JUDGED, NOT_WRITTEN = "not judged", "not written"
GONE = (
    "your notebook has no cell {} any more. Rename your folder, run `make start` again and copy your answers over, "
    "or paste that cell back"
)


@dataclass(frozen=True)
class Result:
    """What became of a part.

    Attributes
    ----------
    part : Part
    passed : bool
    words : str
        In a few words, what was verified or why it was lost.
    message : str
        What the failing check says; empty when passed, or not written yet.
    """

    part: Part
    passed: bool
    words: str
    message: str = ""

    @property
    def earned(self) -> float:
        """The points."""
        return self.part.points if self.passed else 0


def compose(released: NotebookNode, work: NotebookNode) -> NotebookNode:
    """Put a student's answers into the released notebook, and the graded calls into its hidden cells.

    Code cells that the student added run where they stand: after the course's cell that precedes them.

    An answer cell that is not there any more holds a comment that says so.
    """
    answers, added = _written(released, work)
    calls = {part.hidden: part.graded_call for part in (*parts_of(released), *stretch_of(released))}
    cells = list(added[""])
    for cell in deepcopy(released.cells):
        name = grade_id(cell)
        if is_answer(cell):
            cell.source = answers.get(name, f"# {missing(name)}")
        cell.source = calls.get(name, cell.source)
        cells += [cell, *added[name]]
    return NotebookNode({**released, "cells": cells})


def _written(released: NotebookNode, work: NotebookNode) -> tuple[dict[str, str], dict[str, list[NotebookNode]]]:
    """Return the answers by cell, and the added code cells by the course's cell before them."""
    of_course = {grade_id(cell) for cell in released.cells} - {""}
    answers: dict[str, str] = {}
    added: dict[str, list[NotebookNode]] = defaultdict(list)
    anchor, seen = "", set()
    for cell in work.cells:
        name = grade_id(cell)
        if name in of_course and name not in seen:
            anchor = name
            seen.add(name)
            answers |= {name: cell.source} if is_answer(cell) else {}
        elif cell.cell_type == "code":
            added[anchor].append(new_code_cell(cell.source))
    return answers, added


def grade(released: NotebookNode, work: NotebookNode, seconds_a_cell: int = SECONDS_A_CELL) -> list[Result]:
    """Run a composed notebook and read off what became of each part, those worth nothing last."""
    notebook = compose(released, work)
    _run_without_deadly_cells(notebook, seconds_a_cell)
    cells = {grade_id(cell): cell for cell in notebook.cells}
    return [_result(part, cells, seconds_a_cell) for part in (*parts_of(released), *stretch_of(released))]


def _run_without_deadly_cells(notebook: NotebookNode, seconds_a_cell: int) -> None:
    """Run a notebook, again without each cell that ends its process, as is done when a class is graded."""
    seed, deadly = secrets.token_hex(16), list[NotebookNode]()
    while len(deadly) < MOST_RUNS and (ended := run_notebook(notebook, seconds_a_cell, seed)) is not None:
        ended.metadata.tags = [LEFT_OUT]
        deadly.append(ended)
    for cell in deadly:
        cell.outputs.append(new_output("error", ename=ENDED, evalue="", traceback=[]))


def _result(part: Part, cells: dict[str, NotebookNode], seconds: int) -> Result:
    hidden = cells[part.hidden]
    if error := error_of(hidden):
        if missing(part.answer) in cells[part.answer].source:
            return _lost(part, f"{part.name}  ✗  {NOT_JUDGED}\n{GONE.format(part.answer)}")
        verdict = error.evalue if error.ename == "CheckFailed" else _in_words(part, error, CHECK, seconds)
        given = [cell for cell in cells.values() if cell.cell_type == "code" and not _is_written_or_graded(cell)]
        return _lost(part, _cause(part, [*given, cells[part.answer]], seconds) or verdict)
    if not hidden.execution_count:
        return _lost(part, f"{part.name}  ✗  {NOT_JUDGED}\nthe notebook's process ended {MOST_RUNS} times")
    return Result(part, True, _verified(hidden))


def _lost(part: Part, message: str) -> Result:
    """Put the kind of fault before the message of a failing check, with the likely mistake where one is known."""
    head, *lines = message.splitlines() or [""]
    kind = head.split("✗")[-1].strip()
    if kind == NOT_WRITTEN:
        return Result(part, False, f"{NOT_WRITTEN} yet")
    told = labelled(message)
    why = [mistake_and_hint(told["likely"])[0]] if "likely" in told else []
    if kind == NOT_JUDGED:
        why = [" ".join(lines).split(". ")[0]]
    return Result(part, False, ": ".join([kind, *why]), message)


def _verified(cell: NotebookNode) -> str:
    """Return what a passing check displayed below its title, and what was compared in a case that passed."""
    shown = [output.data.get("text/plain", "") for output in cell.outputs if output.output_type == "display_data"]
    line = "".join(shown[-1:]).partition("\n")[2].partition("\n")[0] or "unseen     unseen cases"
    if line.startswith("unseen "):
        return f"{_unlabelled(line).removesuffix(' passed')}: shapes, values, inputs unchanged"
    return f"{line.split()[0]}: {_unlabelled(line)}"


def _unlabelled(line: str) -> str:
    """Take the label off a line of a verdict."""
    return line.partition(" ")[2].strip().rstrip(".")


def _cause(part: Part, before: list[NotebookNode], seconds: int) -> str:
    """Say what stopped a cell that the check builds on, if something did: what the check says then only follows."""
    for cell in before:
        if error := error_of(cell):
            whose = "your" if is_answer(cell) else "the"
            return _in_words(part, error, f"{whose} cell {grade_id(cell)}", seconds)
    return ""


def _is_written_or_graded(cell: NotebookNode) -> bool:
    return is_answer(cell) or bool(cell.metadata.get("nbgrader", {}).get("grade", True))


def _in_words(part: Part, error: NotebookNode, what: str, seconds: int) -> str:
    if error.ename == STOPPED:
        happened = f"took longer than {seconds} s and was stopped. Is there a loop that never ends?"
    elif error.ename == ENDED:
        whose = "your code, called by the check," if what == CHECK else what
        return f"{part.name}  ✗  {NOT_JUDGED}\n{whose} ended the notebook's process and was left out"
    else:
        happened = f"stopped with {error.ename}: {error.evalue}"
    return f"{part.name}  ✗  {NOT_JUDGED}\n{textwrap.fill(f'{what} {happened}', 96)}"


def report(results: list[Result], seconds: float) -> str:
    """Lay out a row for each part, what the failing checks say, the total, and below it what is worth nothing."""
    width = max(len(result.part.name) for result in results)
    graded = [result for result in results if result.part.points]
    stretch = [result for result in results if not result.part.points]
    earned, points = sum(result.earned for result in graded), sum(result.part.points for result in graded)
    total = f"  {'total':<{width + 6}}  {earned:3g} of {points:3g}    ({seconds:.1f} s)"
    rows = [_row(result, width, f"{result.earned:3g} of {result.part.points:3g}") for result in graded]
    below = [_row(result, width, "passed    " if result.passed else "not yet   ") for result in stretch]
    if below:
        below = ["", "  worth nothing:", *below, "", *_messages(stretch)]
    return "\n".join([*rows, "", *_messages(graded), total, *below]).rstrip()


def _row(result: Result, width: int, worth: str) -> str:
    """Put what was earned and a few words beside a part; words that do not fit go on below themselves."""
    begin = f"  {result.part.number:<5} {result.part.name:<{width}}  {worth}  {'✓' if result.passed else '✗'} "
    return textwrap.fill(begin + result.words, max(WIDTH, len(begin) + 30), subsequent_indent=" " * len(begin))


def _messages(results: list[Result]) -> list[str]:
    return [textwrap.indent(result.message, "  ") + "\n" for result in results if result.message]


def score(asked: str, root: Path = ROOT) -> tuple[Path, list[Result]]:
    """Grade the copy in ``work/`` of the exercise that was asked for.

    Raises
    ------
    GradingError
        When there is no such exercise, no copy of it, or the copy cannot be read.
    """
    released = only_notebook(folder_called(asked, root / "exercises"))
    copy = root / "work" / released.parent.name / released.name
    if not copy.is_file():
        raise GradingError(_where_to_begin(copy, root))
    return copy.relative_to(root), grade(read_notebook(released), read_notebook(copy))


def _where_to_begin(copy: Path, root: Path) -> str:
    other = sorted(copy.parent.glob("*.ipynb"))
    if other:
        return f"There is no {copy.relative_to(root)}, but {other[0].name} lies there: give it the name {copy.name}."
    if copy.parent.exists():
        return f"{copy.parent.relative_to(root)} holds no notebook: rename that folder, then run `make start` again."
    return f"There is no {copy.relative_to(root)} yet: run `make start N={copy.parent.name.split('-')[0]}` first."


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Print the score, or one sentence on why there is none."""
    parser = argparse.ArgumentParser(prog="python -m course_lib.grading.score", description="Grade your own copy.")
    parser.add_argument("number", help="of the exercise: 01")
    started = time.monotonic()
    try:
        copy, results = score(parser.parse_args(arguments).number, root)
    except GradingError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{copy} on unseen cases\n\n{report(results, time.monotonic() - started)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
