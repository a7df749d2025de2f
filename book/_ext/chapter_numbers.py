"""Give a chapter the number in its file's name: ``00-refresher`` is chapter 0, and its first equation is (0.1).

Sphinx counts the pages of a numbered part from 1. Notebooks, checks and the library speak of "equation (1.3)", so the
number of a page must not depend on how many pages stand before it. A page between chapters, such as ``mixed-03``, has
no number.
"""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

CHAPTER = re.compile(r"(?:.*/)?(\d+)-[^/]+")


def chapter_number(docname: str) -> int | None:
    """Return the number a page's name begins with, or None.

    Parameters
    ----------
    docname : str
        Such as ``book/01-rnn``.
    """
    named = CHAPTER.fullmatch(docname)
    return int(named[1]) if named else None


def number_chapters(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Replace the first part of every number of a numbered chapter: its titles, sections, figures and equations.

    Sphinx has just counted afresh, in every build, whether a page was read again or not.
    """
    for docname in list(env.toc_secnumbers):
        chapter = chapter_number(docname)
        if chapter is None:
            take_number(env, docname)
            continue
        for numbers in (env.toc_secnumbers[docname], *env.toc_fignumbers.get(docname, {}).values()):
            # A section below the numbered depth has an empty number, and keeps it.
            numbers.update({anchor: (chapter, *number[1:]) for anchor, number in numbers.items() if number})
        for node in (env.titles[docname], *env.tocs[docname].findall(nodes.reference)):
            if node.get("secnumber"):
                node["secnumber"] = [chapter, *node["secnumber"][1:]]
    return []  # no page to read again: numbers are set when pages are written


def take_number(env: BuildEnvironment, docname: str) -> None:
    """Leave a page of a numbered part without a number."""
    del env.toc_secnumbers[docname]
    for node in (env.titles[docname], *env.tocs[docname].findall(nodes.reference)):
        node.attributes.pop("secnumber", None)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx, after its own collectors have counted."""
    app.connect("env-get-updated", number_chapters, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
