"""Shared by all tests: one BLAS thread a process, the built book, and no skipped test on CI."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
ROOT = Path(__file__).resolve().parents[1]

GIT = {"safe.directory": "*", "core.attributesFile": os.devnull, "core.excludesFile": os.devnull}


def _leave_git_alone() -> None:
    """Let the tests' own git know neither the user's settings nor a git that runs the tests, from a hook say."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        del os.environ[name]
    os.environ |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_COUNT": str(len(GIT))}
    for number, (key, value) in enumerate(GIT.items()):
        os.environ |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}


os.environ.update(dict.fromkeys(THREADS, "1"))  # before numpy is imported, or it is too late
_leave_git_alone()


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the root of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def built_book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a folder with the built pages, as ``make book`` leaves them.

    Built once a run: a test that asks for it also carries ``pytest.mark.xdist_group("book")``, so that all of them run
    in one process. It is a copy, so a build that starts meanwhile takes nothing away.
    """
    ran = subprocess.run([sys.executable, ROOT / "scripts" / "build_book.py"], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    copy = tmp_path_factory.mktemp("book") / "html"
    shutil.copytree(ROOT / "_build" / "html", copy)
    yield copy
    shutil.rmtree(copy)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """On CI a skipped test is a failure: nothing is left out there."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter is not None and reporter.stats.get("skipped"):
        reporter.write_line("On CI no test may be skipped: make what it needs available.", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
