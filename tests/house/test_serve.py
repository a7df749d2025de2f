"""``make serve`` says what is missing when it cannot begin."""

import socket
from pathlib import Path

import pytest

from scripts import serve


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with one built page, which the script takes for the book."""
    (tmp_path / "index.html").write_text("the book")
    monkeypatch.setattr(serve, "HTML", tmp_path)
    return tmp_path


def test_without_a_book_it_says_make_book(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(serve, "HTML", tmp_path)
    assert serve.main([]) == 1
    assert capsys.readouterr().err == "There is no built book yet: run `make book`.\n"


@pytest.mark.parametrize("port", ["x", "0", "65536", "-1", ""])
def test_a_port_that_is_none_is_refused(site: Path, port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert serve.main([port]) == 1
    assert capsys.readouterr().err == f"PORT must be a number from 1 to 65535, got {port!r}.\n"


def test_a_port_in_use_is_named(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert serve.main([port]) == 1
    assert capsys.readouterr().err == f"Port {port} is in use: run `make serve PORT=` with another number.\n"
