"""Key the cache of executed pages on everything a page's numbers come from.

The cache of Jupyter Book compares the cells of a page and nothing else, so a change in ``course_lib`` would leave old
numbers on the pages. Here the cache lives in a folder named after a hash of the library, the pinned packages, the
pinned data and the stored results: when one of them changes, the folder is another one and every page runs again.
"""

import hashlib
import platform
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config

PINS = ("requirements.txt", "constraints.txt", "data-requirements.txt")
FOLDERS = ("course_lib", "results")


def sources(root: Path) -> Iterator[Path]:
    """Yield, in a fixed order, the files whose content decides what a page prints."""
    yield from (root / name for name in PINS if (root / name).is_file())
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path


def cache_key(root: Path) -> str:
    """Return a short hash of the sources and of the Python version.

    Parameters
    ----------
    root : Path
        The folder that holds ``course_lib`` and ``_config.yml``.

    Returns
    -------
    str of 16 hexadecimal digits
    """
    digest = hashlib.sha256(platform.python_version().encode())
    for path in sources(root):
        content = path.read_bytes()
        digest.update(f"\n{path.relative_to(root).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:16]


def choose_cache(app: Sphinx, config: Config) -> None:
    """Point the build at the folder of the present key and remove the folders of earlier ones."""
    home = Path(app.outdir).parent / ".jupyter_cache"
    chosen = home / cache_key(Path(app.srcdir))
    if home.is_dir():
        for old in home.iterdir():
            if old != chosen:
                shutil.rmtree(old) if old.is_dir() else old.unlink()
    config.nb_execution_cache_path = str(chosen)  # type: ignore[attr-defined]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx, before the cache is opened."""
    app.connect("config-inited", choose_cache)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
