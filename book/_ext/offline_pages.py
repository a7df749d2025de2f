"""Keep every built page free of scripts that name an outside host.

One extension of Jupyter Book writes a content delivery network into each page although nothing of it is used. A page
of this course must work without a network, so such scripts are dropped before the page is written.
"""

from typing import Any

from sphinx.application import Sphinx


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


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx, after every extension that adds scripts."""
    app.connect("html-page-context", drop_outside_scripts, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
