"""Give every page the date of its own last change, once the book has a public address.

Sphinx knows one date for all pages: that of the build. Here a page gets the day of the commit that last changed its
source. It gets none where git does not know better: without a repository, when the page was edited since, and when the
page stands in it since the oldest commit there is, which is that of a copy or of a clone without its history.
"""

import hashlib
import subprocess
from pathlib import Path
from typing import Any

from public_address import read_address
from sphinx.application import Sphinx

LOG = ["git", "-c", "core.quotePath=off", "log", "--format=commit %as %P", "--raw", "-c", "--no-abbrev", "--no-renames"]

Change = tuple[str, str]
"""The blob that a commit left, and its day; the day is empty where it means nothing."""


def read_changes(folder: Path) -> dict[str, Change]:
    """Return the last change of every file below a folder, by path: one call of git for all of them.

    Parameters
    ----------
    folder : Path
        Where the sources lie; paths are relative to it.

    Returns
    -------
    dict of str to (str, str)
        Empty where there is no git or no repository.
    """
    try:
        ran = subprocess.run([*LOG, "--relative", "--", "."], cwd=folder, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return {}
    return _changes(ran.stdout.decode(errors="replace"))


def _changes(log: str) -> dict[str, Change]:
    """Read git's raw log, the newest commit first."""
    changes: dict[str, Change] = {}
    day = ""
    for line in log.splitlines():
        if line.startswith("commit "):
            _, date, *parents = line.split()
            day = date if parents else ""
        elif line.startswith(":"):
            described, path = line.split("\t", 1)
            changes.setdefault(path, (described.split()[-2], day))  # a merge has a blob of each parent before it
    return changes


def day_of(path: Path, folder: Path, changes: dict[str, Change]) -> str | None:
    """Return the day (ISO) on which a source was last changed, or None when git does not know.

    Parameters
    ----------
    path : Path
        The source, inside ``folder``.
    folder : Path
    changes : dict
        From :func:`read_changes` on the same folder.
    """
    blob, day = changes.get(path.relative_to(folder).as_posix(), ("", ""))
    content = path.read_bytes()
    now = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
    return day if day and blob == now else None


class LastChanged:
    """Asks git once, before any page is written, and answers for every page."""

    def __init__(self) -> None:
        self.changes: dict[str, Change] = {}

    def ask(self, app: Sphinx) -> None:
        """Read the history, if the pages are to have dates."""
        if any(read_address(app.config).values()):
            self.changes = read_changes(Path(app.srcdir))

    def add_day(self, app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
        """Put the page's own day where the theme prints a date; the theme escapes it."""
        if doctree is not None and self.changes:
            source = Path(app.env.doc2path(pagename))
            context["last_updated"] = day_of(source, Path(app.srcdir), self.changes)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    last_changed = LastChanged()
    app.connect("builder-inited", last_changed.ask)
    app.connect("html-page-context", last_changed.add_day)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
