"""Run pytest without a network: ``make test``, or ``python scripts/run_tests.py PYTEST-ARGUMENTS``.

Where the system permits, the tests run in a network namespace that has a loopback and nothing else, so a test or a
page that reaches outside fails. Elsewhere they run with the network, and say so; on CI that is an error.
"""

import os
import shutil
import socket
import struct
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GET_FLAGS, SET_FLAGS, UP = 0x8913, 0x8914, 0x1  # SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP of Linux
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

REFUSED = (
    "On CI the tests must run without a network, and `unshare -rn` is not permitted here: allow user namespaces "
    "(sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0) or run as root."
)


def namespace_command() -> list[str]:
    """Return the words that put a command into an empty network namespace, or nothing where that is not permitted."""
    unshare = shutil.which("unshare")
    if unshare is None:
        return []
    for flags in ("-n", "-rn"):
        if subprocess.run([unshare, flags, "true"], capture_output=True).returncode == 0:
            return [unshare, flags]
    return []


def raise_loopback() -> None:
    """Switch on the loopback of a new namespace: notebooks talk to their kernels through it."""
    import fcntl

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        flags = struct.unpack("16sh", fcntl.ioctl(any_socket, GET_FLAGS, struct.pack("16sh", b"lo", 0)))[1]
        fcntl.ioctl(any_socket, SET_FLAGS, struct.pack("16sh", b"lo", flags | UP))


def run_pytest(arguments: list[str]) -> int:
    """Run the tests with one BLAS thread a process."""
    environment = os.environ | dict.fromkeys(THREADS, "1")
    return subprocess.run([sys.executable, "-m", "pytest", *arguments], cwd=ROOT, env=environment).returncode


def main(arguments: list[str]) -> int:
    """Run the tests inside a namespace if there is one to be had."""
    if arguments[:1] == ["--inside"]:
        raise_loopback()
        return run_pytest(arguments[1:])
    if command := namespace_command():
        print(f"Tests run without a network ({' '.join(command[-1:])}: a namespace with a loopback only).", flush=True)
        return subprocess.run([*command, sys.executable, __file__, "--inside", *arguments]).returncode
    if os.environ.get("CI"):
        print(REFUSED, file=sys.stderr)
        return 1
    print("Tests run WITH the network: this system permits no network namespace of its own.", flush=True)
    return run_pytest(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
