"""Build the book strictly and check that every page of the table of contents is there.

``make book`` calls this after set-up. Every warning is an error, every page is rendered again (so sidebars are never
stale), and cells run again only when the page, ``course_lib``, the pins or ``results/`` changed.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "_build"
HTML = BUILD / "html"
LOG = BUILD / "build.log"
NOT_PAGES = {"index.html", "genindex.html", "search.html", "py-modindex.html"}
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
CELL_ERROR = re.compile(r"while executing the following cell:\n(.*?)\n\s*\[mystnb\.exec\]", re.DOTALL)
CRASH = re.compile(r"Exception occurred:\n(.*?)\nThe full traceback", re.DOTALL)
COMPLAINT = re.compile(r"\b(WARNING|ERROR|CRITICAL): ")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def toc_pages(toc: dict[str, Any]) -> list[str]:
    """Return every page a table of contents names, its root first.

    Parameters
    ----------
    toc : dict
        The content of ``_toc.yml``, or any part of it.
    """
    own = [str(toc[key]) for key in ("root", "file") if key in toc]
    below = [entry for key in ("parts", "chapters", "sections") for entry in toc.get(key, [])]
    return own + [page for entry in below for page in toc_pages(entry)]


def built_pages(html: Path) -> list[str]:
    """Return the pages of a built folder, without the search page and its like."""
    files = (path.relative_to(html) for path in html.rglob("*.html"))
    kept = (path for path in files if path.name not in NOT_PAGES and path.parts[0] not in ("_static", "reports"))
    return sorted(path.with_suffix("").as_posix() for path in kept)


@contextmanager
def one_build_at_a_time() -> Iterator[None]:
    """Wait while another build writes to the same folder (where the system can lock files)."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / ".lock").open("w") as handle:
        try:
            import fcntl
        except ImportError:  # Windows: two builds at once are the reader's own affair
            yield
            return
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another build of the book is running here: waiting for it.", flush=True)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def build() -> int:
    """Run Jupyter Book with warnings as errors; its words go to ``_build/build.log``."""
    shutil.rmtree(HTML, ignore_errors=True)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"} | dict.fromkeys(THREADS, "1")
    call = "from jupyter_book.cli.main import main; main()"
    command = [sys.executable, "-c", call, "build", "--all", "-W", "-n", "--keep-going", str(ROOT)]
    with LOG.open("wb") as log:
        return subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, env=environment, cwd=ROOT).returncode


def explain_failure() -> None:
    """Print what the build complained about: a failing cell, its warnings, or else its last lines."""
    log = COLOUR.sub("", LOG.read_text(errors="replace"))
    lines = log.splitlines()
    complaints = [line for line in lines if COMPLAINT.search(line)]
    print("\n".join([*CELL_ERROR.findall(log), *(complaints or CRASH.findall(log) or lines[-40:])]), file=sys.stderr)
    verdict = f"warnings (above): {len(complaints)}, allowed: none" if complaints else "its last lines are above"
    print(f"The book was not built: {verdict}. The whole log is {LOG}", file=sys.stderr)


def check_pages() -> str | None:
    """Return what is wrong with the set of built pages, or None when it equals the table of contents."""
    named = sorted(toc_pages(yaml.safe_load((ROOT / "_toc.yml").read_text())))
    built = built_pages(HTML)
    if named == built:
        return None
    missing, extra = sorted(set(named) - set(built)), sorted(set(built) - set(named))
    return f"_toc.yml names {len(named)} pages and {len(built)} were built; missing: {missing}, not named: {extra}."


def main() -> int:
    """Build, check, and say where to open the book."""
    started = time.perf_counter()
    print("Building the book (pages whose inputs changed run again) …", flush=True)
    with one_build_at_a_time():
        status = build()
        if status != 0:
            explain_failure()
            return 1
        if wrong := check_pages():
            print(wrong, file=sys.stderr)
            return 1
        print(f"Built {len(built_pages(HTML))} pages in {time.perf_counter() - started:.0f} s, without a warning.")
    print(f"Open    {(HTML / 'book' / 'intro.html').as_uri()}")
    print("or run  make serve")
    return 0


if __name__ == "__main__":
    sys.exit(main())
