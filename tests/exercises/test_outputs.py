"""The outputs stored in a solution notebook are those it gives when it runs afresh."""

import subprocess
import sys
from pathlib import Path

import pytest

from course_lib.grading.execution import isolated_environment

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("class")]


def nbval(notebook: Path, scratch: Path) -> subprocess.CompletedProcess[str]:
    """Compare a notebook's outputs with a fresh run, by a pytest of its own."""
    (scratch / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    words = ["--nbval", "--nbval-current-env", "-n", "0", "-q", "-p", "no:cacheprovider", "-c", scratch / "pytest.ini"]
    command = [sys.executable, "-m", "pytest", *words, notebook]
    return subprocess.run(command, cwd=scratch, env=isolated_environment(scratch), capture_output=True, text=True)


def test_a_fresh_run_gives_the_stored_outputs(root: Path, tmp_path: Path) -> None:
    for notebook in sorted((root / "solutions").glob("*/*.ipynb")):
        ran = nbval(notebook, tmp_path)
        assert ran.returncode == 0, ran.stdout
        assert "passed" in ran.stdout and "skipped" not in ran.stdout


def test_another_stored_output_is_noticed(root: Path, tmp_path: Path) -> None:
    text = (root / "solutions" / "01-rnn" / "rnn.ipynb").read_text(encoding="utf-8")
    planted = tmp_path / "rnn.ipynb"
    planted.write_text(text.replace("all are right", "nearly all are right", 1), encoding="utf-8")
    assert planted.read_text(encoding="utf-8") != text
    ran = nbval(planted, tmp_path)
    assert ran.returncode == 1, ran.stdout
    assert "FAILED rnn.ipynb::Cell 2 " in ran.stdout and "1 failed, " in ran.stdout
