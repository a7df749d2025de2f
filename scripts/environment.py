"""Make ``.venv``, install what is pinned, fetch the data; do nothing when all of it is there.

Standard library only: this runs before anything is installed. Every failure is one sentence that says what to do, and
what this run half made it takes away again. The words of pip go to ``_build/set-up.log``.
"""

import argparse
import errno
import hashlib
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
LOG = ROOT / "_build" / "set-up.log"
STAMP = VENV / "set-up.json"
UNFINISHED = VENV / "unfinished"
PINS = ("requirements.txt", "constraints.txt", "pyproject.toml")
DATA_PINS = "data-requirements.txt"
ROOM = 3_000_000_000  # bytes that the installed packages take, rounded up
NETWORK = ("NewConnectionError", "Max retries exceeded", "Name or service not known", "Network is unreachable")
NETWORK += ("Temporary failure in name resolution", "Read timed out", "ProxyError", "No matching distribution found")
FOUND = ("Collecting ", "Processing ", "Requirement already satisfied")
FULL = ("No space left on device", "Disk quota exceeded")
FULL_NUMBERS = {errno.ENOSPC, errno.EDQUOT}


class SetUpError(Exception):
    """Set-up cannot go on; the message is one sentence that says what to do."""


def venv_python() -> Path:
    """Return the interpreter inside ``.venv``."""
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def key_of(*names: str) -> str:
    """Return a hash of some files of the repository and of where it lies."""
    digest = hashlib.sha256(str(ROOT).encode())
    for name in names:
        path = ROOT / name
        if not path.is_file():
            raise SetUpError(f"{name} is missing: get it back with `git checkout {name}`.")
        digest.update(path.read_bytes())
    return digest.hexdigest()


def data_state() -> list[list[object]]:
    """Return name, size and time of every file in the data folder: what tells at once that nothing changed there."""
    folder = Path(os.environ.get("COURSE_DATA") or ROOT / ".data").expanduser().absolute()
    files = sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []
    return [[str(path), path.stat().st_size, path.stat().st_mtime_ns] for path in files]


def read_stamp() -> dict[str, object]:
    """Return what earlier runs finished; empty when there is nothing or it cannot be read."""
    try:
        stamp = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def run_stage(title: str, command: list[str]) -> str:
    """Run one command with a line that counts its seconds; return its output, or raise with it.

    Raises
    ------
    subprocess.CalledProcessError
        With everything the command said as ``output``.
    """
    started = time.monotonic()
    before = LOG.stat().st_size if LOG.exists() else 0
    with LOG.open("ab") as log:
        running = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
        while running.poll() is None:
            say_seconds(title, started, end="\r" if sys.stdout.isatty() else "")
            try:
                running.wait(timeout=1)
            except subprocess.TimeoutExpired:
                continue
            except KeyboardInterrupt:
                running.kill()
                raise
    say_seconds(title, started, end="\n")
    output = LOG.read_bytes()[before:].decode(errors="replace")
    if running.returncode != 0:
        raise subprocess.CalledProcessError(running.returncode, command, output)
    return output


def say_seconds(title: str, started: float, end: str) -> None:
    """Print the stage and its seconds; an empty ``end`` means that only the last line is wanted."""
    if end:
        print(f"{title:<42}{time.monotonic() - started:5.0f} s", end=end, flush=True)


def check_interpreter() -> None:
    """Raise unless this interpreter can make an environment with pip in it."""
    if importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip"):
        return
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    raise SetUpError(
        f"Python at {sys.executable} has no venv module: on Debian and Ubuntu run "
        f"`sudo apt-get install python{version}-venv`, elsewhere choose another Python with PYTHON=, then run again."
    )


def check_room() -> None:
    """Raise when the disk has no room for the packages."""
    free = shutil.disk_usage(ROOT).free
    if free < ROOM:
        raise SetUpError(
            f"The disk that holds {ROOT} has {free / 1e9:.1f} GB left and set-up needs {ROOM / 1e9:.0f} GB: "
            "free some, then run again."
        )


def must_be_made(chosen: bool) -> bool:
    """Tell whether ``.venv`` has to be made (again): missing, unfinished, moved, or of another Python than chosen."""
    if UNFINISHED.exists() or not venv_python().exists():
        return True
    if read_stamp().get("root", str(ROOT)) != str(ROOT):
        return True
    return chosen and f"version = {platform.python_version()}\n" not in (VENV / "pyvenv.cfg").read_text()


def make_environment() -> None:
    """Create ``.venv``, marked as unfinished until everything is installed."""
    check_interpreter()
    check_room()
    if VENV.exists():
        shutil.rmtree(VENV)
    VENV.mkdir()
    UNFINISHED.touch()
    run_stage("Creating .venv", [getattr(sys, "_base_executable", sys.executable), "-m", "venv", str(VENV)])


def install() -> None:
    """Install the pinned packages, then the course's own library in place."""
    pip = [str(venv_python()), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    pinned = ["--requirement", "requirements.txt", "--constraint", "constraints.txt", "setuptools"]
    run_stage("Installing packages (one to five minutes)", [*pip, *pinned])
    run_stage("Installing course_lib", [*pip, "--no-deps", "--no-build-isolation", "--editable", "."])
    # The first import of matplotlib lists the fonts, which a page must not be the one to announce.
    trial = "import numpy, torch, matplotlib.font_manager, course_lib"
    run_stage("Trying what was installed", [str(venv_python()), "-W", "ignore", "-c", trial])


def fetch_data() -> None:
    """Download the pinned data; the library says in a sentence when that fails."""
    run_stage("Fetching the data", [str(venv_python()), "-m", "course_lib.data", str(LOG)])


def sentence_for(failure: subprocess.CalledProcessError) -> str:
    """Say in one sentence why a command failed and what to do."""
    output = str(failure.output)
    if "course_lib.data" in failure.cmd:
        return output.strip().splitlines()[-1] if output.strip() else f"The data could not be fetched: see {LOG}."
    if any(sign in output for sign in FULL):
        return f"The disk is full: free about {ROOM / 1e9:.0f} GB, then run again."
    if "ensurepip" in output:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        return f"Python cannot make a .venv: on Debian and Ubuntu run `sudo apt-get install python{version}-venv`."
    asked_pip = "pip" in failure.cmd
    if asked_pip and (any(sign in output for sign in NETWORK) or not any(sign in output for sign in FOUND)):
        return f"pip did not reach its package index: connect this machine to the network, then run again (see {LOG})."
    return f"Set-up stopped in `{' '.join(failure.cmd[1:4])}`: the last lines of {LOG} say why."


def set_up(chosen: bool, verify: bool) -> None:
    """Do what is missing, and only that."""
    installed, data = key_of(*PINS), key_of(DATA_PINS)
    stamp = read_stamp()
    make = must_be_made(chosen)
    if not make and not verify and stamp.get("installed") == installed and stamp.get("data") == [data, data_state()]:
        return
    LOG.parent.mkdir(exist_ok=True)
    if make:
        LOG.unlink(missing_ok=True)
        make_environment()
    if make or stamp.get("installed") != installed:
        install()
        UNFINISHED.unlink(missing_ok=True)
        STAMP.write_text(json.dumps({"root": str(ROOT), "installed": installed}))
    fetch_data()
    STAMP.write_text(json.dumps({"root": str(ROOT), "installed": installed, "data": [data, data_state()]}))


def give_up(sentence: str) -> NoReturn:
    """Take away what is half made, say the sentence, and leave."""
    if UNFINISHED.exists():
        shutil.rmtree(VENV, ignore_errors=True)
    print(sentence, file=sys.stderr)
    raise SystemExit(1)


def main(arguments: list[str]) -> int:
    """Set up; return 0, or leave with one sentence."""
    parser = argparse.ArgumentParser(
        prog="set_up.py", description="Make .venv, install what is pinned, fetch the data."
    )
    parser.add_argument("--chosen", action="store_true", help="make .venv again unless it is of this very Python")
    parser.add_argument("--verify", action="store_true", help="check the data again even when nothing seems changed")
    options = parser.parse_args(arguments)
    try:
        set_up(options.chosen, options.verify)
    except SetUpError as error:
        give_up(str(error))
    except subprocess.CalledProcessError as error:
        give_up(sentence_for(error))
    except OSError as error:
        if error.errno in FULL_NUMBERS:
            give_up(f"The disk is full: free about {ROOM / 1e9:.0f} GB, then run again.")
        give_up(f"Set-up cannot use {error.filename}: {error.strerror}; put that right, then run again.")
    except KeyboardInterrupt:
        give_up("Set-up was interrupted: run again to finish it.")
    return 0
