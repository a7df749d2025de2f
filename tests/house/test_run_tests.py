"""Tests run without a network where the system permits, and say which."""

import os
import subprocess
import sys
from pathlib import Path

from scripts.run_tests import namespace_command

REACH_OUT = """
import socket
with socket.socket() as outside:
    outside.settimeout(2)
    try:
        outside.connect(("192.0.2.1", 80))
    except TimeoutError:
        print("there is a route")
    except OSError:
        print("unreachable")
with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
    print("loopback works")
"""


def run_tests(root: Path, path: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the script with a harmless argument of pytest and the given PATH."""
    clean = {name: value for name, value in os.environ.items() if name not in ("CI", "PYTEST_ADDOPTS")}
    command = [sys.executable, root / "scripts" / "run_tests.py", "--version"]
    return subprocess.run(command, capture_output=True, text=True, env=clean | {"PATH": path} | environment)


def test_without_a_namespace_the_tests_run_and_say_so(root: Path, tmp_path: Path) -> None:
    ran = run_tests(root, str(tmp_path))
    assert ran.returncode == 0
    assert ran.stdout.startswith("Tests run WITH the network")


def test_without_a_namespace_ci_fails_with_a_sentence(root: Path, tmp_path: Path) -> None:
    ran = run_tests(root, str(tmp_path), CI="true")
    assert ran.returncode == 1
    assert ran.stderr.startswith("On CI the tests must run without a network")


def test_in_the_namespace_only_the_loopback_can_be_reached(root: Path) -> None:
    command = namespace_command()
    code = f"from scripts.run_tests import raise_loopback; raise_loopback()\n{REACH_OUT}"
    ran = subprocess.run([*command, sys.executable, "-c", code], capture_output=True, text=True, cwd=root)
    assert command, "this system permits no network namespace"
    assert ran.stdout.split("\n")[:2] == ["unreachable", "loopback works"], ran.stderr
