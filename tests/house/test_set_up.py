"""Set-up says in one sentence what is missing, and leaves nothing half made."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

UNREACHABLE = {
    "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_EXTRA_INDEX_URL": "",
    "PIP_FIND_LINKS": "",
}


@pytest.fixture
def clone(root: Path, tmp_path: Path) -> Path:
    """Return a folder with the scripts and the pins alone, as a clone that was never set up."""
    (tmp_path / "scripts").mkdir()
    for name in (
        "scripts/set_up.py",
        "scripts/environment.py",
        "requirements.txt",
        "constraints.txt",
        "pyproject.toml",
    ):
        shutil.copy(root / name, tmp_path / name)
    shutil.copy(root / "data-requirements.txt", tmp_path)
    return tmp_path


def set_up(clone: Path, before: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run set_up.py in the clone, after the statements ``before`` that spoil the interpreter."""
    script = clone / "scripts" / "set_up.py"
    code = f"import sys, runpy; sys.path.insert(0, {str(script.parent)!r}); sys.argv = ['set_up.py']; {before}\n"
    code += f"runpy.run_path({str(script)!r}, run_name='__main__')"
    clean = {name: value for name, value in os.environ.items() if name != "COURSE_DATA"}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, env=clean | environment, cwd=clone)


def one_sentence(ran: subprocess.CompletedProcess[str]) -> str:
    """Return what stderr says, after checking that it is one line, ends as a sentence and is no traceback."""
    said = ran.stderr.strip()
    assert ran.returncode == 1
    assert len(said.splitlines()) == 1, said
    assert said.endswith((".", ")")) and "Traceback" not in said
    return said


@pytest.mark.parametrize("version", [(2, 7), (3, 4)])
def test_the_first_file_can_be_read_by_old_pythons(root: Path, version: tuple[int, int]) -> None:
    source = (root / "scripts" / "set_up.py").read_text()
    tree = ast.parse(source, feature_version=max(version, (3, 4)))
    new_syntax = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.AsyncFunctionDef)
    assert not [node for node in ast.walk(tree) if isinstance(node, new_syntax)]
    assert source.isascii()  # Python 2 wants a declaration otherwise


def test_an_old_python_is_told_which_version_is_needed(clone: Path) -> None:
    said = one_sentence(set_up(clone, "sys.version_info = (3, 9, 2)", PATH=str(clone)))
    assert said == "The course needs Python 3.11 or newer and this is 3.9.2: install a newer one, then run again."


def test_an_old_python_is_told_which_newer_one_is_on_the_path(clone: Path) -> None:
    newer = clone / "bin" / "python3.12"
    newer.parent.mkdir()
    newer.write_text("#!/bin/sh\nexit 0\n")
    newer.chmod(0o755)
    said = one_sentence(set_up(clone, "sys.version_info = (3, 9, 2)", PATH=str(newer.parent)))
    assert "add PYTHON=python3.12 to the command" in said


def test_a_python_without_venv_names_the_debian_package(clone: Path) -> None:
    said = one_sentence(set_up(clone, "sys.modules['ensurepip'] = None"))
    assert f"sudo apt-get install python{sys.version_info.major}.{sys.version_info.minor}-venv" in said
    assert not (clone / ".venv").exists()


def test_a_disk_without_room_is_noticed_before_anything_is_made(clone: Path) -> None:
    before = "import shutil, collections; shutil.disk_usage = lambda _: collections.namedtuple('D', 'free')(10**8)"
    said = one_sentence(set_up(clone, before))
    assert "0.1 GB left and set-up needs 3 GB" in said
    assert not (clone / ".venv").exists()


def test_a_disk_that_fills_up_takes_the_half_made_environment_away(clone: Path) -> None:
    before = (
        "import environment, errno\n"
        "def fill(*_): raise OSError(errno.ENOSPC, 'No space left on device')\n"
        "environment.run_stage = fill"
    )
    said = one_sentence(set_up(clone, before))
    assert said == "The disk is full: free about 3 GB, then run again."
    assert not (clone / ".venv").exists()


@pytest.mark.slow
@pytest.mark.parametrize("retries", ["0", "1"])
def test_pip_without_a_network_gives_one_sentence_and_no_environment(clone: Path, retries: str) -> None:
    said = one_sentence(set_up(clone, **UNREACHABLE, PIP_RETRIES=retries))
    assert said.startswith("pip did not reach its package index: connect this machine to the network")
    assert not (clone / ".venv").exists()
    assert (clone / "_build" / "set-up.log").read_text()


def test_a_missing_file_of_pins_is_named(clone: Path) -> None:
    (clone / "constraints.txt").unlink()
    assert one_sentence(set_up(clone)) == "constraints.txt is missing: get it back with `git checkout constraints.txt`."


def test_an_environment_that_was_half_made_before_is_made_anew(clone: Path) -> None:
    left = clone / ".venv" / "left-over"
    left.mkdir(parents=True)
    (clone / ".venv" / "unfinished").touch()
    before = "import environment; environment.run_stage = lambda title, command: sys.exit(title)"
    ran = set_up(clone, before)
    assert ran.stderr.strip() == "Creating .venv"
    assert not left.exists()


def finished(clone: Path) -> None:
    """Give the clone an environment and a stamp, as a finished set-up leaves them."""
    venv = clone / ".venv" / "bin"
    venv.mkdir(parents=True)
    (venv / "python").symlink_to(sys.executable)
    (clone / ".data").mkdir()
    (clone / ".data" / "archive.whl").write_bytes(b"data")
    code = (
        f"import sys, json; sys.path.insert(0, {str(clone / 'scripts')!r}); import environment as e\n"
        "e.STAMP.write_text(json.dumps({'root': str(e.ROOT), 'installed': e.key_of(*e.PINS),"
        " 'data': [e.key_of(e.DATA_PINS), e.data_state()]}))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_second_call_does_nothing_in_under_a_fifth_of_a_second(clone: Path) -> None:
    finished(clone)
    seconds = []  # of work, so that busy neighbours do not count
    for _ in range(3):
        before = os.times()
        ran = subprocess.run([sys.executable, clone / "scripts" / "set_up.py"], capture_output=True, text=True)
        after = os.times()
        seconds.append(after.children_user + after.children_system - before.children_user - before.children_system)
        assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    assert min(seconds) < 0.2


@pytest.mark.parametrize(
    ("changed", "stage"),
    [("requirements.txt", "Installing packages"), ("data-requirements.txt", "Fetching the data")],
)
def test_a_change_in_the_pins_runs_that_stage_again(clone: Path, changed: str, stage: str) -> None:
    finished(clone)
    with (clone / changed).open("a") as file:
        file.write("# changed\n")
    before = "import environment; environment.run_stage = lambda title, command: sys.exit(title)"
    assert stage in set_up(clone, before).stderr


def test_a_damaged_data_package_is_fetched_again(clone: Path) -> None:
    finished(clone)
    (clone / ".data" / "archive.whl").write_bytes(b"damaged")
    before = "import environment; environment.run_stage = lambda title, command: sys.exit(title)"
    assert "Fetching the data" in set_up(clone, before).stderr


def test_a_clone_that_was_moved_makes_its_environment_anew(clone: Path) -> None:
    finished(clone)
    moved = clone.rename(clone.with_name("moved"))
    before = "import environment; environment.run_stage = lambda title, command: sys.exit(title)"
    assert "Creating .venv" in set_up(moved, before).stderr


def test_every_pin_is_exact_and_stands_once(root: Path) -> None:
    own = [line.split("#")[0].strip() for line in (root / "requirements.txt").read_text().splitlines()]
    pulled_in = (root / "constraints.txt").read_text().splitlines()
    names = [line.split("==")[0].lower().replace("_", "-") for line in own + pulled_in if line and line[0] != "#"]
    assert all("==" in line and "+" not in line for line in own + pulled_in if line and line[0] != "#")
    assert len(names) == len(set(names))
