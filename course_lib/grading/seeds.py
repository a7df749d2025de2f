"""Give every submission unseen cases of its own."""

import contextlib
import hashlib
import hmac
import os
import secrets
import tempfile
from pathlib import Path
from typing import Any

from nbgrader.preprocessors import NbGraderPreprocessor

from course_lib.grading.configuration import SEED_VARIABLE

SECRET_FILE = ".grading-secret"
"""In the course folder, never committed: whoever knows it can compute the unseen cases."""


def course_secret(course: Path) -> bytes:
    """Read the course's secret; the first call makes one that only its owner can read."""
    path = course / SECRET_FILE
    if not path.exists():
        descriptor, whole = tempfile.mkstemp(dir=course, prefix=SECRET_FILE)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
        with contextlib.suppress(FileExistsError):  # somebody else's first call was quicker: theirs counts
            os.link(whole, path)
        os.unlink(whole)
    return path.read_text().encode()


def submission_seed(secret: bytes, student: str, assignment: str) -> str:
    """Derive the seed of one submission; the exercise enters later, in the checks."""
    return hmac.new(secret, f"{student}|{assignment}".encode(), hashlib.sha256).hexdigest()


class SeedUnseenCases(NbGraderPreprocessor):
    """Put the seed into the environment that the kernel of this submission will inherit."""

    def preprocess(self, nb: Any, resources: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Leave the notebook as it is."""
        names = resources["nbgrader"]
        secret = course_secret(Path(self.parent.parent.coursedir.root))
        os.environ[SEED_VARIABLE] = submission_seed(secret, names["student"], names["assignment"])
        return nb, resources
