"""Download the pinned data: ``python -m course_lib.data [LOGFILE]``."""

import sys
from pathlib import Path

from course_lib.data.packages import DataError, download_all


def main(arguments: list[str]) -> int:
    """Fetch what is missing, print one line an archive, and return the exit status."""
    log = Path(arguments[0]) if arguments else None
    try:
        for path in download_all(log):
            print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB, as pinned")
    except DataError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
