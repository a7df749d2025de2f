"""Run stock nbgrader as a command, from a course folder, whatever the user has configured elsewhere."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from course_lib.grading.execution import isolated_environment
from course_lib.grading.released import GradingError

NBGRADER = "from nbgrader.apps.nbgraderapp import main; main()"


def nbgrader(course: Path, *words: str, hear: Callable[[str], None] = lambda line: None) -> None:
    """Run ``nbgrader WORDS`` in a course folder.

    Parameters
    ----------
    course : Path
    *words : str
    hear : callable, optional
        Is given each line that nbgrader logs, while it runs.

    Raises
    ------
    GradingError
        When it fails; the message holds nbgrader's last words.
    """
    said = []
    with tempfile.TemporaryDirectory(prefix="course-") as scratch:
        environment = isolated_environment(Path(scratch))
        # nbgrader calls alembic by its bare name when it makes a gradebook.
        environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", "")])
        command = [sys.executable, "-c", NBGRADER, *words]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "errors": "replace"}
        with subprocess.Popen(command, cwd=course, env=environment, **pipes) as process:  # type: ignore[call-overload]
            for line in process.stdout:
                hear(line)
                said.append(line.strip())
    if process.returncode:
        raise GradingError(f"`nbgrader {' '.join(words)}` failed: {' / '.join(said[-3:]) or 'it said nothing'}")
