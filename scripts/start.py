"""Copy an exercise to ``work/``, where students work: ``make start N=01``. Nothing there is ever overwritten."""

import re
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NUMBER = re.compile(r"0*(\d+)([a-z]?)", re.IGNORECASE)


class StartError(Exception):
    """The exercise cannot be started; the message says what to do."""


def number_of(text: str) -> tuple[int, str] | None:
    """Return an exercise's number and letter: ``1``, ``01`` and ``06a`` are understood; None for anything else."""
    found = NUMBER.fullmatch(text.strip())
    return (int(found[1]), found[2].lower()) if found else None


def exercise_called(number: str, exercises: Path) -> Path:
    """Return the folder of an exercise.

    Raises
    ------
    StartError
        When no folder in ``exercises`` has that number.
    """
    folders = sorted(path for path in exercises.glob("[0-9]*-*") if path.is_dir())
    wanted = number_of(number)
    for folder in folders:
        if number.strip() == folder.name or (wanted and number_of(folder.name.split("-")[0]) == wanted):
            return folder
    known = ", ".join(folder.name.split("-")[0] for folder in folders) or "none yet"
    asked = f"There is no exercise {number!r}" if number else "Say which exercise"
    raise StartError(f"{asked}: use `make start N=` with one of these numbers: {known}.")


def start(number: str, root: Path = ROOT) -> Path:
    """Copy the exercise and return where it lies now.

    Raises
    ------
    StartError
        When there is no such exercise, the student has begun it already, or it cannot be copied.
    """
    source = exercise_called(number, root / "exercises")
    target = root / "work" / source.name
    if target.exists():
        raise StartError(
            f"You have begun this exercise: {target.relative_to(root)} is there and stays as it is. "
            f"To begin afresh, rename that folder, then run `make start N={source.name.split('-')[0]}` again."
        )
    try:
        copy_whole(source, target)
    except OSError as error:
        raise StartError(f"The exercise was not copied to {target.relative_to(root)}: {error}.") from error
    return target


def copy_whole(source: Path, target: Path) -> None:
    """Copy a folder so that all of it is there, or nothing."""
    target.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".start-") as temporary:
        copied = Path(temporary) / source.name
        shutil.copytree(source, copied, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
        copied.rename(target)


def main(arguments: list[str]) -> int:
    """Start the exercise named on the command line."""
    try:
        target = start(arguments[0] if arguments else "")
    except StartError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"Your copy is in {target.relative_to(ROOT)}. Open it with `make lab`.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
