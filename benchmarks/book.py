"""Building the book: how long each page executes, and how long a build with nothing changed takes.

    python benchmarks/book.py          prints a table; exits 1 when a bar is missed
    python benchmarks/book.py --json   prints the same figures as JSON

Bars: a page executes in at most 25 s, a second build takes at most 15 s. The execution cache is removed first, so
every page runs; the second build is the median of three. Seconds are the machine's own: run it when nothing else does.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from jupyter_cache import get_cache

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / "_build" / ".jupyter_cache"
PAGE_BAR, REBUILD_BAR = 25.0, 15.0  # seconds
REBUILDS = 3


class Row(NamedTuple):
    """One measurement and its bar, in seconds."""

    what: str
    seconds: float
    bar: float


def build_seconds() -> float:
    """Build the book and return the seconds it took.

    Raises
    ------
    SystemExit
        If the book does not build; what the build said comes first.
    """
    started = perf_counter()
    built = subprocess.run([sys.executable, ROOT / "scripts" / "build_book.py"], capture_output=True, text=True)
    if built.returncode != 0:
        raise SystemExit(built.stdout + built.stderr)
    return perf_counter() - started


def page_rows() -> list[Row]:
    """Return how long each page of the last build executed."""
    (folder,) = CACHE.iterdir()
    records = get_cache(folder).list_cache_records()
    return [Row(Path(record.uri).stem, record.data["execution_seconds"], PAGE_BAR) for record in records]


def measure() -> list[Row]:
    """Build from an empty cache, then again with nothing changed."""
    shutil.rmtree(CACHE, ignore_errors=True)
    build_seconds()
    return [*page_rows(), Row("second build", statistics.median(build_seconds() for _ in range(REBUILDS)), REBUILD_BAR)]


def main() -> int:
    """Print the table or the JSON; return 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args()
    rows = measure()
    if options.json:
        print(json.dumps([row._asdict() for row in rows]))
    else:
        for what, seconds, bar in rows:
            print(f"{what:20}{seconds:7.1f} s   at most {bar:.0f} s   {'met' if seconds <= bar else 'MISSED'}")
    return int(any(row.seconds > row.bar for row in rows))


if __name__ == "__main__":
    sys.exit(main())
