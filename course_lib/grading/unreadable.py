"""Before a submission is graded: put an empty notebook in the place of a file that is none, and keep the file."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_notebook

NOTE = "course-note"
"""Key in a notebook's metadata; what stands there is told to the student."""


def keep_unreadable(notebooks: Iterable[str], **_: Any) -> None:
    """Be called by nbgrader before it grades a student (``Autograde.pre_convert_hook``).

    Parameters
    ----------
    notebooks : iterable of str
        Paths of the student's notebooks. One that nbformat cannot read becomes ``NAME.ipynb.unreadable`` beside it,
        and an empty notebook that says so takes its place: the student gets a record, a mark and a page.
    """
    for path in map(Path, notebooks):
        if why := unreadable(path):
            kept = _free_name(path)
            path.rename(kept)
            said = f"The file {path.name} cannot be read as a notebook ({why}), so nothing in it earned a point."
            nbformat.write(new_notebook(metadata={NOTE: f"{said} It is kept as {kept.name}."}), path)


def unreadable(path: Path) -> str:
    """Return in a few words why a file is no notebook, or nothing when it is one."""
    try:
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type not in ("code", "markdown", "raw") or not isinstance(cell.source, str):
                return f"a cell of type {cell.cell_type!r} without text"
            cell.source.encode()  # half a character cannot be written again
    except Exception as error:  # nbformat raises whatever its parsers do
        return _in_words(error)
    return ""


def _in_words(error: Exception) -> str:
    """Say what broke in one line; a parser's line may hold the whole file."""
    if isinstance(error, nbformat.reader.NotJSONError):
        return "it is not whole: the text breaks off or was changed"
    first = (str(error).splitlines() or [""])[0]
    return f"{type(error).__name__}: {first[:80]}" if first else type(error).__name__


def _free_name(path: Path) -> Path:
    """Return a name beside a file under which nothing lies yet."""
    kept = path.with_name(f"{path.name}.unreadable")
    number = 2
    while kept.exists():
        kept = path.with_name(f"{path.name}.unreadable-{number}")
        number += 1
    return kept
