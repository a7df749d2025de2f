"""Pinned packages are fetched whole, verified, and read without being installed."""

import errno
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from course_lib.data import packages
from course_lib.data.__main__ import main
from course_lib.data.packages import DataError, archive_path, data_requirements, download_all, read_member

OFFLINE = {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull, "PIP_EXTRA_INDEX_URL": ""}


def wheel(folder: Path, content: bytes = b"one, two") -> Path:
    """Write a small wheel of the package toy 1.0 that holds ``toy/data.csv``."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "toy-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("toy/data.csv", content)
        archive.writestr("toy-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: toy\nVersion: 1.0\n")
        archive.writestr("toy-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("toy-1.0.dist-info/RECORD", "")
    return path


def pin(path: Path, archive: Path) -> None:
    """Write a file of requirements that pins the archive."""
    path.write_text(f"# a comment\ntoy==1.0 --hash=sha256:{hashlib.sha256(archive.read_bytes()).hexdigest()}  # why\n")


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an index of packages with the toy in it; the toy is pinned and the cache folder is empty."""
    shelf = tmp_path / "shelf"
    pin(tmp_path / "pins.txt", wheel(shelf))
    monkeypatch.setattr(packages.data_requirements, "__defaults__", (tmp_path / "pins.txt",))
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "cache"))
    for name, value in (OFFLINE | {"PIP_FIND_LINKS": str(shelf)}).items():
        monkeypatch.setenv(name, value)
    return shelf


def left_in_cache(shelf: Path) -> list[str]:
    """Return the names in the cache folder."""
    cache = shelf.parent / "cache"
    return sorted(path.name for path in cache.iterdir()) if cache.exists() else []


def test_a_fetched_package_is_read_without_being_installed(shelf: Path) -> None:
    assert download_all() == [shelf.parent / "cache" / "toy-1.0-py3-none-any.whl"]
    assert read_member("toy", "toy/data.csv") == b"one, two"
    assert left_in_cache(shelf) == ["toy-1.0-py3-none-any.whl"]


def test_what_is_there_is_not_fetched_again(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    download_all()
    monkeypatch.setattr(packages, "_run_pip_download", lambda *arguments: pytest.fail("fetched twice"))
    assert len(download_all()) == 1


def test_a_source_archive_is_read_as_a_tar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = tmp_path / "cache" / "toy-1.0.tar.gz"
    archive.parent.mkdir()
    with tarfile.open(archive, "w:gz") as tar:
        member = tarfile.TarInfo("toy-1.0/data.csv")
        member.size = 3
        tar.addfile(member, io.BytesIO(b"1,2"))
    pin(tmp_path / "pins.txt", archive)
    monkeypatch.setattr(packages.data_requirements, "__defaults__", (tmp_path / "pins.txt",))
    monkeypatch.setenv("COURSE_DATA", str(archive.parent))
    assert read_member("toy", "toy-1.0/data.csv") == b"1,2"
    with pytest.raises(DataError, match="holds no file 'other'"):
        read_member("toy", "other")


def test_a_missing_package_says_make_setup(shelf: Path) -> None:
    with pytest.raises(DataError) as missing:
        archive_path("toy")
    cache = shelf.parent / "cache"
    assert (
        str(missing.value)
        == f"The data package toy 1.0 is not in {cache}: run `make setup` with a network to fetch it."
    )


def test_a_damaged_package_is_named_and_then_replaced(shelf: Path) -> None:
    (fetched,) = download_all()
    fetched.write_bytes(fetched.read_bytes()[:-1])
    with pytest.raises(DataError, match=r"is damaged \(its SHA-256 is not the pinned one\): run `make setup`\.$"):
        read_member("toy", "toy/data.csv")
    download_all()
    assert read_member("toy", "toy/data.csv") == b"one, two"


def test_another_file_than_the_pinned_one_is_refused_and_not_kept(shelf: Path) -> None:
    wheel(shelf, content=b"changed by somebody")
    with pytest.raises(DataError, match=r"offers another file for toy 1\.0 than the one pinned"):
        download_all()
    assert left_in_cache(shelf) == []


def test_without_a_network_nothing_is_left_half_fetched(shelf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(shelf)
    assert main([]) == 1
    said = (
        "The data package toy 1.0 could not be downloaded: connect this machine to the network, then run `make setup`."
    )
    assert capsys.readouterr().err == f"{said}\n"
    assert left_in_cache(shelf) == []


def test_a_full_disk_is_said_with_what_to_do(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(packages, "_run_pip_download", fill)
    with pytest.raises(DataError, match=r"is full: free about 100 MB, or name another folder in .* COURSE_DATA"):
        download_all()
    assert left_in_cache(shelf) == []


def test_a_cache_disk_that_is_really_full_leaves_nothing(shelf: Path) -> None:
    pin(shelf.parent / "pins.txt", wheel(shelf, content=os.urandom(3_000_000)))
    cache = shelf.parent / "cache"
    cache.mkdir()
    code = (
        "import sys; from pathlib import Path; from course_lib.data import packages, __main__ as run\n"
        f"packages.data_requirements.__defaults__ = (Path({str(shelf.parent / 'pins.txt')!r}),)\n"
        "status = run.main([]); print(sorted(packages.data_folder().iterdir())); sys.exit(status)"
    )
    mounted = f'mount -t tmpfs -o size=1m tmpfs {cache} && exec {sys.executable} -c "$0"'
    ran = subprocess.run(["unshare", "-rm", "sh", "-c", mounted, code], capture_output=True, text=True)
    assert ran.returncode == 1
    assert ran.stderr.startswith(f"The disk that holds {cache} is full: free about 100 MB")
    assert len(ran.stderr.splitlines()) == 1
    assert ran.stdout == "[]\n"


def test_a_folder_that_cannot_be_made_is_named(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_DATA", str(shelf / "toy-1.0-py3-none-any.whl" / "cache"))
    with pytest.raises(DataError, match=r"cannot be written \(Not a directory\): name another one in COURSE_DATA"):
        download_all()


@pytest.mark.parametrize("line", ["toy", "toy>=1.0", "toy==1.0", "toy==1.0 --hash=md5:00", "toy==1.0 --hash=sha256:12"])
def test_a_line_that_is_not_a_pin_with_a_hash_is_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "pins.txt").write_text(line)
    with pytest.raises(DataError, match="wants `name==version --hash=sha256:"):
        data_requirements(tmp_path / "pins.txt")


def test_a_missing_file_of_pins_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is missing: get it back"):
        data_requirements(tmp_path / "pins.txt")


def test_an_unknown_name_lists_those_that_are_pinned(shelf: Path) -> None:
    with pytest.raises(DataError, match=r"No data package is called 'tyo': data-requirements.txt names toy\."):
        archive_path("tyo")


def test_names_are_compared_as_pip_compares_them(shelf: Path) -> None:
    download_all()
    assert archive_path("Toy") == archive_path("toy")


def test_several_hashes_and_continued_lines_are_read(tmp_path: Path) -> None:
    (tmp_path / "pins.txt").write_text(f"a-b==2 \\\n  --hash=sha256:{'0' * 64} --hash=sha256:{'1' * 64}\n")
    (pinned,) = data_requirements(tmp_path / "pins.txt")
    assert pinned == ("a-b", "2", ("0" * 64, "1" * 64))


def test_the_pinned_data_of_the_course_is_there_and_as_pinned() -> None:
    assert [archive_path(pinned.name).suffix for pinned in data_requirements()] == [".whl"]
