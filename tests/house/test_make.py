"""The Makefile offers what the README promises, and says what is wrong in sentences."""

import os
import re
import subprocess
from pathlib import Path

import pytest

TARGETS = ["book", "test", "test-fast", "serve", "lab", "start", "score", "exercises", "grade-demo", "lint", "setup"]
TARGETS += ["student-repository", "reproduce"]


def make(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make in the repository, apart from any make that runs these tests."""
    outer = {name: value for name, value in os.environ.items() if not name.startswith("MAKE") and name != "PYTHON"}
    return subprocess.run(["make", *arguments], capture_output=True, text=True, cwd=root, env=outer)


@pytest.mark.parametrize("target", TARGETS)
def test_the_target_exists_and_begins_by_setting_up(root: Path, target: str) -> None:
    ran = make(root, "--dry-run", target)
    assert ran.returncode == 0, ran.stderr
    assert "scripts/set_up.py" in ran.stdout


def test_make_alone_lists_every_target(root: Path) -> None:
    listed = [line.split()[1] for line in make(root).stdout.splitlines()]
    assert sorted(listed) == sorted([*TARGETS, "help"])


@pytest.mark.parametrize("paper", ["README.md", "CONTRIBUTING.md", "book/how-to-use.md", "scripts/student-readme.md"])
def test_every_command_that_a_paper_names_exists(root: Path, paper: str) -> None:
    commands = re.findall(r"(?:^|`)make ([a-z][a-z-]*)", (root / paper).read_text(), re.MULTILINE)
    assert len(commands) >= 3
    assert set(commands) <= set(TARGETS)


def test_a_python_that_does_not_exist_is_named(root: Path) -> None:
    ran = make(root, "setup", "PYTHON=python3.99")
    assert ran.returncode != 0
    assert ran.stderr.startswith("There is no python3.99 here: install Python 3.11 or newer, or name yours")


def test_a_chosen_python_is_handed_on_and_a_default_one_is_not(root: Path) -> None:
    assert "python3.12 scripts/set_up.py --chosen" in make(root, "-n", "setup", "PYTHON=python3.12").stdout
    assert "--chosen" not in make(root, "-n", "setup").stdout


def test_ci_calls_exactly_make_test(root: Path) -> None:
    script = (root / ".ci" / "run").read_text()
    assert script.rstrip().splitlines()[-1] == "exec make test"
    assert subprocess.run(["bash", "-n", root / ".ci" / "run"]).returncode == 0
    assert os.access(root / ".ci" / "run", os.X_OK)
