"""Run the solution notebooks and generate ``exercises/`` from them: ``make exercises``.

``solutions/NN-topic/`` is the only version of an exercise that is edited. Nothing is written until all of an assignment
is there, and a file in ``exercises/`` that somebody changed by hand is not overwritten.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat

from course_lib.grading.command import nbgrader
from course_lib.grading.execution import error_of, run_notebook
from course_lib.grading.released import GradingError, folder_called, grade_id, only_notebook, read_notebook

ROOT = Path(__file__).resolve().parents[1]
MADE = Path("_build") / "exercises.json"
"""Digests of what this script wrote last, by path: how it knows its own files before they are committed."""

SECONDS_A_CELL = 20
SECONDS_A_NOTEBOOK = 60

Files = dict[str, bytes]


def files_in(folder: Path) -> Files:
    """Read every file of a folder, by relative path; what Jupyter leaves behind is not counted."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and ".ipynb_checkpoints" not in path.parts]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


@contextmanager
def generated(solution: Path) -> Iterator[Path]:
    """Let nbgrader generate one assignment in a copy; yield the generated folder while it exists."""
    with tempfile.TemporaryDirectory(prefix="exercises-") as temporary:
        course = Path(temporary)
        shutil.copy(ROOT / "nbgrader_config.py", course)
        shutil.copytree(solution, course / "solutions" / solution.name)
        nbgrader(course, "generate_assignment", solution.name, "--no-db", "--force")
        yield course / "exercises" / solution.name


def outdated(folder: Path, wanted: Files) -> list[str]:
    """Say what differs between a folder of ``exercises/`` and what would be generated, a sentence a file."""
    present = files_in(folder)
    place = f"{folder.parent.name}/{folder.name}"
    return [
        f"{place}/{name} {'is missing' if name not in present else 'is not what nbgrader makes of solutions/'}: "
        "run `make exercises`."
        for name in wanted
        if present.get(name) != wanted[name]
    ] + [f"{place}/{name} comes from no file in solutions/: delete it." for name in present.keys() - wanted.keys()]


def refuse_edits(root: Path, folder: Path, wanted: Files) -> None:
    """Refuse to overwrite a file that neither this script nor the last commit left as it is.

    Raises
    ------
    GradingError
    """
    made = _read_made(root)
    for name, content in files_in(folder).items():
        path = (folder / name).relative_to(root).as_posix()
        if content != wanted.get(name) and made.get(path) != _digest(content) and content != _committed(root, path):
            undo = f"delete {path}" if _committed(root, path) is None else f"run `git checkout {path}`"
            raise GradingError(
                f"{path} was edited by hand: make the change in solutions/{folder.name}/ instead, then {undo}, or "
                "throw the edit away with `.venv/bin/python scripts/make_exercises.py --force`."
            )


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _read_made(root: Path) -> dict[str, str]:
    try:
        made: dict[str, str] = json.loads((root / MADE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return made


def _committed(root: Path, path: str) -> bytes | None:
    """Return a file as the last commit has it; None where there is no such file, no commit or no git."""
    if shutil.which("git") is None:
        return None
    ran = subprocess.run(["git", "show", f"HEAD:./{path}"], cwd=root, capture_output=True)
    return ran.stdout if ran.returncode == 0 else None


def executed(path: Path) -> bytes:
    """Run a solution notebook afresh and return it with its outputs; the file stays as it is.

    Raises
    ------
    GradingError
        When a cell fails, takes too long, or the whole does.
    """
    notebook = read_notebook(path)
    started = time.monotonic()
    ended = run_notebook(notebook, SECONDS_A_CELL)
    for cell in notebook.cells:
        if error := error_of(cell):
            raise GradingError(f"{path.parent.name}, cell {grade_id(cell)!r}: {error.ename}: {error.evalue}")
    if ended is not None:
        raise GradingError(f"{path.parent.name}, cell {grade_id(ended)!r}: the notebook's process ended.")
    if (seconds := time.monotonic() - started) > SECONDS_A_NOTEBOOK:
        reason = f"took {seconds:.0f} s, at most {SECONDS_A_NOTEBOOK} s are allowed"
        raise GradingError(f"The notebook of {path.parent.name} {reason}.")
    return (nbformat.writes(notebook) + "\n").encode()


def replace_file(path: Path, content: bytes) -> None:
    """Write a file in one step: there is the old one or the new one, never half of it."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_bytes(content)
    os.replace(temporary, path)


def replace_folder(new: Path, folder: Path) -> None:
    """Put a folder into the place of another one."""
    folder.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".make-") as temporary:
        copied = shutil.copytree(new, Path(temporary) / "new")
        if folder.exists():
            folder.rename(Path(temporary) / "old")
        copied.rename(folder)


def make(root: Path, solution: Path, force: bool) -> Iterator[str]:
    """Bring one assignment up to date; yield what was done."""
    folder = root / "exercises" / solution.name
    with generated(solution) as new:
        wanted = files_in(new)
        if not force:
            refuse_edits(root, folder, wanted)
        yield _store_outputs(only_notebook(solution), root)
        same = not outdated(folder, wanted)
        if not same:
            replace_folder(new, folder)
        yield f"exercises/{solution.name}: {'unchanged' if same else 'generated'}"
    made = {f"exercises/{solution.name}/{name}": _digest(content) for name, content in wanted.items()}
    (root / MADE).parent.mkdir(exist_ok=True)
    replace_file(root / MADE, json.dumps(_read_made(root) | made, indent=1, sort_keys=True).encode())


def _store_outputs(path: Path, root: Path) -> str:
    """Execute a notebook, write it if its bytes differ, and say so.

    Raises
    ------
    GradingError
        When somebody saved the notebook meanwhile: their version stays.
    """
    before, place = path.read_bytes(), path.relative_to(root)
    content = executed(path)
    if path.read_bytes() != before:
        raise GradingError(f"{place} was saved by somebody else while it was executed: run this again.")
    if content != before:
        replace_file(path, content)
    return f"{place}: executed, {'outputs as before' if content == before else 'new outputs stored'}"


def check(root: Path, solution: Path) -> list[str]:
    """Return a sentence for each file of ``exercises/`` that is not as it would be generated."""
    with generated(solution) as new:
        return outdated(root / "exercises" / solution.name, files_in(new))


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Make or check the assignments named, or all."""
    parser = argparse.ArgumentParser(description="Run the solution notebooks and generate exercises/ from them.")
    parser.add_argument("numbers", nargs="*", help="of assignments, such as 01; all when none is named")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when exercises/ is out of date")
    parser.add_argument("--force", action="store_true", help="overwrite files in exercises/ that were edited by hand")
    options = parser.parse_args(arguments)
    sentences = []
    try:
        solutions = root / "solutions"
        every = [path.name for path in sorted(solutions.glob("[0-9]*-*"))]
        for solution in [folder_called(asked, solutions) for asked in options.numbers or every]:
            started = time.monotonic()
            if options.check:
                sentences += check(root, solution)
                continue
            for done in make(root, solution, options.force):
                print(f"{done} ({time.monotonic() - started:.1f} s)", flush=True)
    except GradingError as error:
        sentences = [str(error)]
    print("\n".join(sentences), end="\n" if sentences else "", file=sys.stderr)
    return 1 if sentences else 0


if __name__ == "__main__":
    sys.exit(main())
