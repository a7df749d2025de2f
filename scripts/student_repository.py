"""Make a copy of the course for students: ``make student-repository TO=../course-for-students``.

The copy has the book, the library, the exercises and the commands that students need. It has no solutions, no tests
(they hold right answers), no tools of the instructor, and a history of one commit. It is made of what is committed, so
nothing that lies about in the folder gets into it.
"""

import argparse
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import Path

from course_lib.grading.leaks import answers_in, leaks

ROOT = Path(__file__).resolve().parents[1]
HANDED_OUT = re.compile(
    r"""(book|exercises|results|course_lib)/.+
    |scripts/(build_book|environment|set_up|start|serve)\.py
    |LICENSE|LICENSE-TEXT|CITATION\.cff|Makefile|\.gitignore|pyproject\.toml|_config\.yml|_toc\.yml
    |(data-)?requirements\.txt|constraints\.txt""",
    re.VERBOSE,
)
OF_THE_INSTRUCTOR = re.compile(
    r"""course_lib/checks/(__main__|prove|mutate)\.py   # prove the graders, from the solutions
    |course_lib/grading/(?!(__init__|configuration|execution|output|released|score|told)\.py).+  # grade a class
    |exercises/.*(answers\.py|\.db)""",
    re.VERBOSE,
)
README = "scripts/student-readme.md"
IDENTITY = {"GIT_AUTHOR_NAME": "The authors of the course", "GIT_AUTHOR_EMAIL": "course@localhost"}
IDENTITY |= {"GIT_COMMITTER_NAME": IDENTITY["GIT_AUTHOR_NAME"], "GIT_COMMITTER_EMAIL": IDENTITY["GIT_AUTHOR_EMAIL"]}


SETTINGS = ["-c", "safe.directory=*", "-c", f"core.attributesFile={os.devnull}"]
"""In place of the user's, which tell whether a folder of somebody else is safe and what an archive leaves out."""


class CopyError(Exception):
    """The copy cannot be made; the message is one sentence that says what to do."""


def git(folder: Path, *words: str) -> bytes:
    """Run git in a folder, apart from the user's own settings and from any git that runs this; return its output.

    Raises
    ------
    CopyError
        When git is missing or fails.
    """
    outside = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    alone = outside | IDENTITY | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    try:
        return subprocess.run(["git", *SETTINGS, *words], cwd=folder, env=alone, capture_output=True, check=True).stdout
    except FileNotFoundError:
        raise CopyError("git is missing, and it knows which files belong to the course: install it.") from None
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip().splitlines() or ["it said nothing"]
        raise CopyError(f"`git {words[0]}` failed in {folder}: {said[-1]}.") from None


def is_handed_out(path: str) -> bool:
    """Tell whether a file of the course belongs into the copy; what is not named is left out."""
    return bool(HANDED_OUT.fullmatch(path)) and not OF_THE_INSTRUCTOR.fullmatch(path)


def check_source(root: Path) -> None:
    """Refuse to copy anything but a whole course without open changes.

    Raises
    ------
    CopyError
    """
    top = Path(git(root, "rev-parse", "--show-toplevel").decode().strip())
    if top.resolve() != root.resolve():
        raise CopyError(f"{root} is no git repository of its own: make the copy in a clone of the course.")
    changed = git(root, "status", "--porcelain", "--untracked-files=no").decode().splitlines()
    if changed:
        more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
        names = ", ".join(line[3:] for line in changed[:3])
        raise CopyError(f"The copy is made of what is committed, and {names}{more} changed since: commit that first.")


def check_target(target: Path, root: Path) -> None:
    """Refuse a folder that holds something, lies inside the course, or has nowhere to lie.

    Raises
    ------
    CopyError
    """
    if target == root or root in target.parents:
        raise CopyError(f"{target} lies inside the course itself: name a folder beside it.")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise CopyError(f"{target} is there and not empty: name a new folder; nothing is ever overwritten.")
    if not target.parent.is_dir():
        raise CopyError(f"There is no folder {target.parent} to put the copy into: make it first.")


def write_files(root: Path, folder: Path) -> None:
    """Write every file that is handed out, as committed, and the students' README."""
    with tarfile.open(fileobj=io.BytesIO(git(root, "archive", "HEAD"))) as archive:
        for member in filter(tarfile.TarInfo.isfile, archive):
            if is_handed_out(member.name):
                path = folder / member.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(archive.extractfile(member).read())
                path.chmod(member.mode & 0o755)
    (folder / "README.md").write_bytes(git(root, "show", f"HEAD:{README}"))


def commit_all(folder: Path) -> None:
    """Begin a history of one commit."""
    git(folder, "init", "--quiet", "--template=", "--initial-branch=main")
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "--quiet", "--message", "The course, for students")


def refuse_leaks(found: Iterable[str]) -> None:
    """Refuse a copy that holds an answer.

    Raises
    ------
    CopyError
    """
    if sentences := list(found):
        listed = "\n".join(sentences[:10])
        raise CopyError(f"{listed}\nThe copy was not made, because it would hold answers: take them out first.")


def make_copy(target: Path, root: Path = ROOT) -> int:
    """Make the copy, all of it or nothing; return how many files it has.

    Raises
    ------
    CopyError
        When it cannot be made, or would hold an answer.
    """
    target = target.expanduser().absolute()
    check_target(target.resolve(), root.resolve())
    check_source(root)
    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".student-") as temporary:
            copy = Path(temporary) / "copy"
            copy.mkdir()
            write_files(root, copy)
            refuse_leaks(leaks(copy, answers_in(root / "solutions")))
            commit_all(copy)
            files = sum(path.is_file() for path in copy.rglob("*") if ".git" not in path.parts)
            if target.exists():
                target.rmdir()
            shutil.move(copy, target)
    except OSError as error:
        raise CopyError(f"The copy was not made: {error}.") from error
    return files


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Make the copy that the command line asks for, or say in a sentence why not."""
    parser = argparse.ArgumentParser(
        prog="student_repository.py", description="Make a copy of the course for students."
    )
    parser.add_argument("folder", help="a new folder outside the course")
    wanted = parser.parse_args(arguments).folder
    if not wanted:
        print("Name a new folder: make student-repository TO=../course-for-students", file=sys.stderr)
        return 2
    try:
        files = make_copy(Path(wanted), root)
    except CopyError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{Path(wanted)}: {files} files, one commit, no answer found. Hand it out as it is, or push it somewhere.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
