"""Keep every built page free of what it could not load without a network, or from a disk.

One extension of Jupyter Book writes a content delivery network into each page although nothing of it is used, and the
theme asks for icon fonts ahead of time that no browser permits to a page on a disk and that no page uses: its script
draws the icons as pictures. Both are dropped.
"""

import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

FONT_AHEAD_OF_TIME = re.compile(r'<link rel="preload" as="font"[^>]*>\n?')


def is_offline(script: Any) -> bool:
    """Tell whether a script tag of a page stays inside the built folder.

    Parameters
    ----------
    script : str or Sphinx's description of a script, with ``filename`` and ``attributes``

    Returns
    -------
    bool
    """
    filename = str(getattr(script, "filename", script) or "")
    body = str(getattr(script, "attributes", {}).get("body") or "")
    outside = filename.startswith("//") or "://" in filename or "://" in body
    return not outside and "thebe" not in filename


def drop_outside_scripts(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Leave only scripts of our own in the page about to be written."""
    context["script_files"] = [script for script in context["script_files"] if is_offline(script)]


def drop_fonts_ahead_of_time(app: Sphinx, exception: Exception | None) -> None:
    """Take the theme's requests for icon fonts out of the written pages: its template offers no setting for them."""
    if exception is None and app.builder.format == "html":
        for page in Path(app.outdir).rglob("*.html"):
            page.write_text(FONT_AHEAD_OF_TIME.sub("", page.read_text(encoding="utf-8")), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx, after every extension that adds scripts."""
    app.connect("html-page-context", drop_outside_scripts, priority=900)
    app.connect("build-finished", drop_fonts_ahead_of_time)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
