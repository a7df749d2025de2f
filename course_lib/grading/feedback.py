"""What the head of a student's feedback page tells: each part, what it earned, and why points were lost.

The page itself is ``templates/course-feedback``, which gets the rows from here.
"""

import re
from dataclasses import dataclass

from nbformat import NotebookNode

from course_lib.grading.execution import STOPPED, error_of
from course_lib.grading.fail_closed import DID_NOT_RUN, ENDED
from course_lib.grading.output import CHARACTERS_A_CELL, CUT
from course_lib.grading.released import Part, grade_id, is_answer, missing, parts_of
from course_lib.grading.told import labelled, mistake_and_hint
from course_lib.grading.unreadable import NOTE

OURS = (STOPPED, ENDED, DID_NOT_RUN)
LINE = re.compile(r"Cell In\[\d+\], line (\d+)")
FILE_OF_A_CELL = re.compile(r" \(\d+\.py, line \d+\)$")
LONGEST = 300


@dataclass(frozen=True)
class Row:
    """A part of the assignment on the feedback page.

    Attributes
    ----------
    number, name, anchor : str
        Of the exercise, of the part, and of the graded cell.
    earned, points : float
    reason : str
        Why points were lost; empty when none were, and when nothing was handed in: the page says that above the table.
    """

    number: str
    name: str
    anchor: str
    earned: float
    points: float
    reason: str


def rows(notebook: NotebookNode) -> list[Row]:
    """List the parts of a graded notebook that are worth points, in order."""
    cells = {grade_id(cell): cell for cell in notebook.cells if grade_id(cell)}
    says_why = not _is_empty(notebook)
    return [_row(part, cells, says_why) for part in parts_of(NotebookNode(cells=list(cells.values())))]


def _is_empty(notebook: NotebookNode) -> bool:
    """Tell whether only the course's cells and the note stand there: the file was unreadable, or without a cell."""
    not_of_course = [cell.get("id") for cell in notebook.cells if not grade_id(cell)]
    answers = [cell for cell in notebook.cells if is_answer(cell)]
    return not_of_course == [NOTE] and all(missing(grade_id(cell)) in cell.source for cell in answers)


def _row(part: Part, cells: dict[str, NotebookNode], says_why: bool) -> Row:
    earned = float(cells[part.hidden].metadata.nbgrader.get("score") or 0)
    reason = _why_lost(part, cells) if says_why and earned < part.points else ""
    return Row(part.number, part.name, part.hidden, earned, part.points, reason)


def _why_lost(part: Part, cells: dict[str, NotebookNode]) -> str:
    """Take the verdict of the check; where it could not judge, what stopped the answer's own cell comes first."""
    if missing(part.answer) in cells[part.answer].source:
        return missing(part.answer)
    errors = {name: error for name in (part.answer, part.hidden) if (error := error_of(cells[name]))}
    if part.hidden in errors and errors[part.hidden].ename == "CheckFailed":
        return in_words(errors[part.hidden])
    for name, error in errors.items():
        return f"{name}: {in_words(error)}"
    return "Marked by a person."


def remarks(notebook: NotebookNode) -> list[str]:
    """Say what a student should know though it costs nothing: output that was cut, and warnings."""
    told = []
    for cell in notebook.cells:
        printed = [output for output in cell.get("outputs", []) if output.output_type == "stream"]
        if any(output.text.endswith(CUT) for output in printed):
            told.append(f"{_called(cell)} printed more than {CHARACTERS_A_CELL:,} characters: the rest was dropped.")
        if any(output.name == "stderr" for output in printed):
            told.append(f"{_called(cell)} wrote a warning, which you find below it.")
    return told


def _called(cell: NotebookNode) -> str:
    return grade_id(cell) or "A cell of your own"


def in_words(error: NotebookNode) -> str:
    """Turn an error output into what a student has to know, without a stack.

    Parameters
    ----------
    error : NotebookNode
        A verdict of a check, a sentence of the grader, or whatever Python raised.

    Returns
    -------
    str
        For a verdict what is wrong and the likely mistake, for an exception its name, its words and the line.
    """
    if error.ename == "CheckFailed":
        return _verdict(error.evalue)
    if error.ename in OURS:
        return str(error.evalue)
    words = FILE_OF_A_CELL.sub("", error.evalue)
    said = f"{error.ename}: {words}" if words else error.ename
    lines = LINE.findall(re.sub(r"\x1b\[[\d;]*m", "", "\n".join(error.traceback)))
    return f"{said[:LONGEST]} (line {lines[-1]} of a cell)" if lines else said[:LONGEST]


def _verdict(text: str) -> str:
    """Take the lines that are told out of a verdict, each as one sentence."""
    told = labelled(text)
    sentences = [" ".join(told["wrong"])] if "wrong" in told else []
    if "likely" in told:
        mistake, hint = mistake_and_hint(told["likely"])
        sentences += [f"Likely: {mistake}", *filter(None, [hint])]
    return ". ".join(sentences) or told[""][0] or "CheckFailed"
