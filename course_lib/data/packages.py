"""Read data out of pinned packages.

The data of the course comes from the archives named in ``data-requirements.txt``: exact versions with their SHA-256.
``python -m course_lib.data`` (part of ``make setup``) downloads them into the cache folder, which is ``.data`` beside
``course_lib`` or the folder named by the environment variable ``COURSE_DATA``. They are read as zip or tar files and
never installed. After that, nothing of the course needs a network.

Examples
--------
>>> from course_lib.data.packages import read_member
>>> packed = read_member("bokeh_sampledata", "bokeh_sampledata/_data/stocks.csv.gz")
"""

import errno
import hashlib
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
FULL_DISK = {errno.ENOSPC, errno.EDQUOT}
REQUIREMENT = re.compile(r"(?P<name>[\w.-]+)==(?P<version>\S+)(?P<hashes>(\s+--hash=sha256:[0-9a-f]{64})+)\s*")


class DataError(RuntimeError):
    """Data cannot be had; the message is one sentence that says what to do."""


class DataRequirement(NamedTuple):
    """One line of ``data-requirements.txt``.

    Attributes
    ----------
    name, version : str
    hashes : tuple of str
        Accepted SHA-256 sums, in hexadecimal.
    """

    name: str
    version: str
    hashes: tuple[str, ...]


def data_folder() -> Path:
    """Return the cache folder: ``COURSE_DATA`` when it is set, else ``.data`` in the repository."""
    return Path(os.environ.get("COURSE_DATA") or ROOT / ".data").expanduser().absolute()


def data_requirements(path: Path = ROOT / "data-requirements.txt") -> list[DataRequirement]:
    """Return the pinned packages, in the order of the file.

    Raises
    ------
    DataError
        When the file is missing, or a line is not ``name==version --hash=sha256:…``.
    """
    try:
        text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    except FileNotFoundError:
        raise DataError(f"{path} is missing: get it back with `git checkout data-requirements.txt`.") from None
    lines = (line.split(" #")[0].strip() for line in text.splitlines())
    return [_parse(line, path) for line in lines if line and not line.startswith("#")]


def _parse(line: str, path: Path) -> DataRequirement:
    found = REQUIREMENT.fullmatch(line)
    if found is None:
        raise DataError(f"{path.name} wants `name==version --hash=sha256:` and 64 hexadecimal digits, got `{line}`.")
    return DataRequirement(found["name"], found["version"], tuple(re.findall(r"sha256:(\w+)", found["hashes"])))


def archive_path(name: str) -> Path:
    """Return the verified archive of a pinned package.

    Parameters
    ----------
    name : str
        As in ``data-requirements.txt``; ``-``, ``_`` and ``.`` count as the same sign.

    Raises
    ------
    DataError
        When the package is not pinned, not downloaded, or not the file that was pinned.
    """
    pinned = data_requirements()
    wanted = [requirement for requirement in pinned if _plain(requirement.name) == _plain(name)]
    if not wanted:
        known = ", ".join(requirement.name for requirement in pinned)
        raise DataError(f"No data package is called {name!r}: data-requirements.txt names {known}.")
    return _verified(wanted[0], data_folder())


def read_member(name: str, member: str) -> bytes:
    """Return the content of one file inside a pinned package.

    Parameters
    ----------
    name : str
        As in ``data-requirements.txt``.
    member : str
        Path inside the archive, with ``/``.

    Raises
    ------
    DataError
        As :func:`archive_path`, or when the archive has no such member.
    """
    path = archive_path(name)
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                return archive.read(member)
        with tarfile.open(path) as archive:
            stream = archive.extractfile(member)
            if stream is not None:
                return stream.read()
    except KeyError:
        pass
    raise DataError(f"{path.name} holds no file {member!r}: data-requirements.txt names another version than the code.")


def download_all(log: Path | None = None) -> list[Path]:
    """Download what is missing or damaged into the cache folder and return every archive.

    An archive is fetched into a temporary folder, verified there and then moved, so the cache folder never holds half
    a file.

    Parameters
    ----------
    log : Path, optional
        Where the words of pip are appended; by default they are dropped.

    Raises
    ------
    DataError
        When there is no network, a file is not what was pinned, or the disk is full.
    """
    folder = data_folder()
    archives = []
    with _full_disk_is_said(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for requirement in data_requirements():
            try:
                archives.append(_verified(requirement, folder))
            except DataError:
                archives.append(_download(requirement, folder, log))
    return archives


def _download(requirement: DataRequirement, folder: Path, log: Path | None) -> Path:
    with tempfile.TemporaryDirectory(dir=folder, prefix=".download-") as temporary:
        place = Path(temporary)
        _run_pip_download(requirement, place, log)
        fetched = _verified(requirement, place)
        return fetched.replace(folder / fetched.name)


def _run_pip_download(requirement: DataRequirement, place: Path, log: Path | None) -> None:
    hashes = " ".join(f"--hash=sha256:{digest}" for digest in requirement.hashes)
    wanted = place / "wanted.txt"
    wanted.write_text(f"{requirement.name}=={requirement.version} {hashes}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--no-deps", "--no-cache-dir"]
    command += ["--require-hashes", "--dest", str(place), "--requirement", str(wanted)]
    environment = os.environ | {"TMPDIR": str(place)}
    ran = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if log is not None:
        with log.open("a", encoding="utf-8") as stream:
            stream.write(ran.stdout)
    if ran.returncode != 0:
        raise DataError(_why_pip_failed(requirement, ran.stdout))


def _why_pip_failed(requirement: DataRequirement, output: str) -> str:
    package = f"{requirement.name} {requirement.version}"
    if "No space left on device" in output or "Disk quota exceeded" in output:
        return _full_disk_sentence(data_folder())
    if "DO NOT MATCH THE HASHES" in output:
        return (
            f"The package index offers another file for {package} than the one pinned in data-requirements.txt: "
            "nothing was kept; try another network, and report it if it stays."
        )
    return (
        f"The data package {package} could not be downloaded: connect this machine to the network, "
        "then run `make setup`."
    )


def _verified(requirement: DataRequirement, folder: Path) -> Path:
    package = f"{requirement.name} {requirement.version}"
    found = [path for path in _files(folder) if _belongs(path.name, requirement)]
    if not found:
        raise DataError(f"The data package {package} is not in {folder}: run `make setup` with a network to fetch it.")
    for path in found:
        if hashlib.sha256(path.read_bytes()).hexdigest() in requirement.hashes:
            return path
    raise DataError(f"The data package {found[0]} is damaged (its SHA-256 is not the pinned one): run `make setup`.")


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []


def _belongs(filename: str, requirement: DataRequirement) -> bool:
    rest = _plain(filename).removeprefix(f"{_plain(requirement.name)}-{_plain(requirement.version)}-")
    return rest != _plain(filename) and rest.endswith(("whl", "tar-gz", "zip"))


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _full_disk_sentence(folder: Path) -> str:
    return (
        f"The disk that holds {folder} is full: free about 100 MB, or name another folder in the environment variable "
        "COURSE_DATA, then run `make setup`."
    )


@contextmanager
def _full_disk_is_said(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in FULL_DISK:
            raise DataError(_full_disk_sentence(folder)) from error
        why = f"The data folder {folder} cannot be written ({error.strerror}): name another one in COURSE_DATA."
        raise DataError(why) from error
