"""The few lines of Sphinx the book has of its own."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from execution_cache import cache_key, choose_cache
from offline_pages import drop_fonts_ahead_of_time, is_offline
from public_address import read_address
from sphinx.errors import ConfigError

from scripts.build_book import toc_pages

SOURCES = ["course_lib/nn/rnn.py", "requirements.txt", "constraints.txt", "data-requirements.txt", "results/run.json"]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a folder with one file of every kind a page's numbers come from."""
    for name in SOURCES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("one")
    return tmp_path


@pytest.mark.parametrize("name", SOURCES)
def test_the_key_changes_with_everything_numbers_come_from(tree: Path, name: str) -> None:
    before = cache_key(tree)
    (tree / name).write_text("two")
    assert cache_key(tree) != before


def test_the_key_changes_when_a_module_is_renamed(tree: Path) -> None:
    before = cache_key(tree)
    (tree / "course_lib/nn/rnn.py").rename(tree / "course_lib/nn/lstm.py")
    assert cache_key(tree) != before


def test_the_key_does_not_change_with_anything_else(tree: Path) -> None:
    before = cache_key(tree)
    (tree / "README.md").write_text("words")
    (tree / "course_lib/__pycache__").mkdir()
    (tree / "course_lib/__pycache__/rnn.pyc").write_bytes(b"compiled")
    assert cache_key(tree) == before


def test_folders_of_earlier_keys_are_removed(tree: Path) -> None:
    home = tree / "_build" / ".jupyter_cache"
    (home / "0123456789abcdef" / "executed").mkdir(parents=True)
    (home / "global.db").touch()
    present = home / cache_key(tree)
    present.mkdir()
    config = SimpleNamespace()
    choose_cache(SimpleNamespace(outdir=tree / "_build" / "html", srcdir=tree), config)
    assert list(home.iterdir()) == [present]
    assert config.nb_execution_cache_path == str(present)


@pytest.mark.parametrize(
    ("script", "kept"),
    [
        ("_static/togglebutton.js", True),
        (SimpleNamespace(filename="_static/course.js", attributes={}), True),
        (SimpleNamespace(filename=None, attributes={"body": "let toggleHint = 'Show';"}), True),
        (SimpleNamespace(filename="https://cdn.example/x.js", attributes={}), False),
        (SimpleNamespace(filename=None, attributes={"body": 'const URL = "https://cdn.example/x.js"'}), False),
        (SimpleNamespace(filename="_static/sphinx-thebe.js", attributes={}), False),
        ("//cdn.example/x.js", False),
    ],
)
def test_a_script_is_kept_when_it_stays_inside(script: object, kept: bool) -> None:
    assert is_offline(script) is kept


HEAD = """<head>
<link rel="preload" as="font" type="font/woff2" crossorigin href="_static/fa-solid-900.woff2" />
<link rel="preload" as="script" href="_static/theme.js" />
</head>"""


@pytest.mark.parametrize(("exception", "written"), [(None, False), (RuntimeError(), True)])
def test_fonts_ahead_of_time_are_taken_out_of_a_book_that_was_built(
    tmp_path: Path, exception: Exception | None, written: bool
) -> None:
    page = tmp_path / "book" / "intro.html"
    page.parent.mkdir()
    page.write_text(HEAD)
    builder = SimpleNamespace(format="html")
    drop_fonts_ahead_of_time(SimpleNamespace(outdir=tmp_path, builder=builder), exception)
    assert ("woff2" in page.read_text()) is written
    assert '<link rel="preload" as="script" href="_static/theme.js" />' in page.read_text()


@pytest.mark.parametrize("setting", [None, {}, {"repository": ""}, {"repository": None, "site": ""}])
def test_an_address_may_be_left_out(setting: dict[str, str] | None) -> None:
    assert read_address(SimpleNamespace(public_address=setting)) == {"repository": "", "site": ""}


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"repo": "https://github.com/a/b"}, r"knows repository and site, got \['repo'\]"),
        ({"site": "example.org"}, "site: wanted an address that starts with https://, got 'example.org'"),
        ("https://github.com/a/b", "wants repository and site, got 'https://github.com/a/b'"),
    ],
)
def test_a_wrong_address_is_said(setting: object, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read_address(SimpleNamespace(public_address=setting))


def test_every_page_of_a_table_of_contents_is_found_however_deep() -> None:
    toc = {
        "root": "book/intro",
        "parts": [{"caption": "C", "chapters": [{"file": "a", "sections": [{"file": "b"}]}, {"file": "c"}]}],
    }
    assert toc_pages(toc) == ["book/intro", "a", "b", "c"]
