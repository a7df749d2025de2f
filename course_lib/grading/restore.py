"""Put what was handed in back into the course's shape before nbgrader looks at it.

Each cell of the course stands there once, in the course's order and without tags; stock ``OverwriteCells`` then
restores every word that a student may not change. The first copy of an answer cell is the answer. All else that the
student wrote runs below the cell of the course that it stood below; a further copy of an answer cell does too, so the
last definition counts, as it does on the student's screen.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import compute_checksum

from course_lib.grading.released import grade_id, is_answer, missing, read_notebook
from course_lib.grading.unreadable import NOTE

NAMED = 5
"""More cells than these are not named but counted."""

MAKE = {"code": new_code_cell, "markdown": new_markdown_cell, "raw": new_raw_cell}


class RestoreCourseCells(NbGraderPreprocessor):
    """Make each cell of the course stand in a submission once, and say what had to be done."""

    def preprocess(self, nb: Any, resources: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Return a new notebook; the instructor's own tells which cells there are, and in which order."""
        names, coursedir = resources["nbgrader"], self.parent.parent.coursedir
        folder = coursedir.format_path(coursedir.source_directory, ".", names["assignment"])
        source = read_notebook(Path(folder, f"{names['notebook']}.ipynb"))
        return restored(source, nb), resources


def restored(source: NotebookNode, work: NotebookNode) -> NotebookNode:
    """Put a student's answers and own cells between the cells of the course.

    Parameters
    ----------
    source : NotebookNode
        The instructor's notebook; none of its solutions and tests are taken over.
    work : NotebookNode
        What was handed in; is left as it is.

    Returns
    -------
    NotebookNode
        A cell that the student may not change has the words of the submission, for ``OverwriteCells`` to compare.
    """
    course = [cell for cell in source.cells if grade_id(cell)]
    kept, own = _sorted(work.cells, {grade_id(cell) for cell in course})
    cells = [*_notes(course, work), *own[""]]
    for cell in course:
        name = grade_id(cell)
        words = kept[name].source if name in kept else _in_place_of(cell)
        made = MAKE[cell.cell_type](words, id=cell.id, metadata={"nbgrader": dict(cell.metadata.nbgrader)})
        cells += [made, *own[name]]
    metadata = {key: source.metadata[key] for key in ("kernelspec", "language_info") if key in source.metadata}
    return NotebookNode(nbformat=4, nbformat_minor=5, metadata=NotebookNode(metadata), cells=cells)


def _sorted(
    cells: Iterable[NotebookNode], of_course: set[str]
) -> tuple[dict[str, NotebookNode], dict[str, list[NotebookNode]]]:
    """Return the first cell of each name of the course, and the other cells by the course's cell before them."""
    kept: dict[str, NotebookNode] = {}
    own: dict[str, list[NotebookNode]] = defaultdict(list)
    anchor = ""
    for number, cell in enumerate(cells):
        name = grade_id(cell)
        if name in of_course and name not in kept:
            anchor, kept[name] = name, cell
        else:
            own[anchor].append(MAKE[cell.cell_type](cell.source, id=f"own-{number}"))
    return kept, own


def _in_place_of(cell: NotebookNode) -> str:
    """Return what stands in a cell that is not there: never a stub, which would undo the student's own definition."""
    return f"# {missing(grade_id(cell))}" if is_answer(cell) else ""


def _notes(course: list[NotebookNode], work: NotebookNode) -> list[NotebookNode]:
    """Return a cell that says what was done, if something was."""
    copies = Counter(map(grade_id, work.cells))
    names = {grade_id(cell): cell for cell in course}
    changed = [grade_id(cell) for cell in work.cells if grade_id(cell) in names and _is_changed(cell)]
    absent = [name for name in names if not copies[name]]
    told = [
        _told([name for name in absent if not is_answer(names[name])], "missing: put back as released"),
        _told([name for name in absent if is_answer(names[name])], "missing: nothing of yours stands in its place"),
        _told(list(dict.fromkeys(changed)), "changed, though not yours to write in: put back as released"),
        _told(
            [name for name in names if copies[name] > 1], "there more than once: every copy ran, the last one counts"
        ),
    ]
    empty = NOTE in work.metadata and not work.cells  # a student's own note beside cells tells nothing
    notes = [str(work.metadata[NOTE])] if empty else [line for line in told if line]
    return [new_markdown_cell("\n".join(f"- {note}" for note in notes), id=NOTE)] if notes else []


def _told(names: list[str], what: str) -> str:
    if not names:
        return ""
    listed = ", ".join(f"`{name}`" for name in names) if len(names) <= NAMED else f"{len(names)} cells"
    return f"{listed} {'was' if len(names) == 1 else 'were'} {what}."


def _is_changed(cell: NotebookNode) -> bool:
    """Tell whether a locked cell differs from the checksum it was released with."""
    settings = cell.metadata.nbgrader
    try:
        return bool(settings.get("locked") and settings.get("checksum") not in (None, compute_checksum(cell)))
    except (KeyError, TypeError, ValueError):  # points that are no number, say
        return True
