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
from nbformat.v4 import new_code_cell

from course_lib.grading.configuration import SECONDS_A_CELL
from course_lib.grading.execution import STOPPED, error_of, run_notebook
from course_lib.grading.released import (
    GradingError,
    Part,
    folder_called,
    grade_id,
    is_answer,
    only_notebook,
    parts_of,
    read_notebook,
)

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Result:
    """What a part earned, and what is to be said when that is nothing."""

    part: Part
    earned: float
    message: str = ""


def compose(released: NotebookNode, work: NotebookNode) -> NotebookNode:
    """Put a student's answers into the released notebook, and the graded calls into its hidden cells.

    Code cells that the student added run where they stand: after the course's cell that precedes them.

    Raises
    ------
    GradingError
        When an answer cell is not there any more.
    """
    answers, added = _written(released, work)
    calls = {part.hidden: part.graded_call for part in parts_of(released)}
    cells = list(added[""])
    for cell in deepcopy(released.cells):
        name = grade_id(cell)
        if is_answer(cell):
            if name not in answers:
                raise GradingError(
                    f"Your notebook has no cell {name!r} any more: rename your folder, run `make start` again and copy "
                    "the cell over."
                )
            cell.source = answers[name]
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
    """Run a composed notebook and read off what each part earned."""
    notebook = compose(released, work)
    alive = run_notebook(notebook, seconds_a_cell, seed=secrets.token_hex(16))
    cells = {grade_id(cell): cell for cell in notebook.cells}
    return [_result(part, cells, alive, seconds_a_cell) for part in parts_of(released)]


def _result(part: Part, cells: dict[str, NotebookNode], alive: bool, seconds: int) -> Result:
    hidden = cells[part.hidden]
    if error := error_of(hidden):
        verdict = error.evalue if error.ename == "CheckFailed" else _in_words(part, error, "the check", seconds)
        return Result(part, 0, _cause(part, cells[part.answer], seconds) or verdict)
    if not hidden.execution_count:
        why = "this check did not run" if alive else "the notebook's process ended before this check"
        return Result(part, 0, f"{part.name}  ✗  {why}")
    return Result(part, part.points)


def _cause(part: Part, answer: NotebookNode, seconds: int) -> str:
    """Say what stopped the answer's own cell, if something did: what the check says then only follows from it."""
    error = error_of(answer)
    return _in_words(part, error, f"your cell {grade_id(answer)}", seconds) if error else ""


def _in_words(part: Part, error: NotebookNode, what: str, seconds: int) -> str:
    if error.ename == STOPPED:
        happened = f"took longer than {seconds} s and was stopped. Is there a loop that never ends?"
    else:
        happened = f"stopped with {error.ename}: {error.evalue}"
    return f"{part.name}  ✗  not judged\n{textwrap.fill(f'{what} {happened}', 96)}"


def report(results: list[Result]) -> str:
    """Lay out a row for each part, then what failed, then the total."""
    width = max(len(result.part.name) for result in results)
    rows = [
        f"  {result.part.number:<5} {result.part.name:<{width}}  {result.earned:3g} of {result.part.points:3g}"
        for result in results
    ]
    failed = [textwrap.indent(result.message, "  ") + "\n" for result in results if result.message]
    earned, points = sum(result.earned for result in results), sum(result.part.points for result in results)
    total = f"  {'total':<{width + 6}}  {earned:3g} of {points:3g}"
    return "\n".join([*rows, "", *failed, total])


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
        number = released.parent.name.split("-")[0]
        raise GradingError(f"There is no {copy.relative_to(root)} yet: run `make start N={number}` first.")
    return copy.relative_to(root), grade(read_notebook(released), read_notebook(copy))


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
    print(f"{copy} on unseen cases\n\n{report(results)}    ({time.monotonic() - started:.1f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
