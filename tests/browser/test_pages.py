"""Every page of the book, looked at in a browser: phone and desk, light and dark, opened from the disk."""

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
import yaml

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("book")]

TOC = Path(__file__).resolve().parents[2] / "_toc.yml"
WIDTHS = (390, 1280)
MODES = ("light", "dark")


def named_files(entry: object) -> Iterator[str]:
    """Yield every page that a table of contents names."""
    if isinstance(entry, list):
        for part in entry:
            yield from named_files(part)
    elif isinstance(entry, dict):
        for key, value in entry.items():
            if key in ("root", "file"):
                yield f"{value}.html"
            else:
                yield from named_files(value)


PAGES = sorted(named_files(yaml.safe_load(TOC.read_text())))

every_page = pytest.mark.parametrize("name", PAGES)
every_width = pytest.mark.parametrize("width", WIDTHS)
every_mode = pytest.mark.parametrize("mode", MODES)


@every_page
@every_width
@every_mode
def test_page_is_no_wider_than_the_window(visit, built_book, name, width, mode):
    seen = visit(built_book / name, width, mode)
    assert seen.inner_width == width
    assert seen.scroll_width <= width


@every_page
@every_width
@every_mode
def test_page_reports_no_error_and_asks_no_other_machine(visit, built_book, name, width, mode):
    seen = visit(built_book / name, width, mode)
    assert seen.errors == []
    assert seen.outside == []


@every_page
@every_mode
def test_every_formula_is_set(visit, built_book, name, mode):
    seen = visit(built_book / name, 390, mode)
    assert seen.unset_formulas == []
    assert seen.formula_errors == []


@every_page
def test_every_picture_has_words_in_its_place(visit, built_book, name):
    assert visit(built_book / name, 1280, "light").unnamed_pictures == []


@every_page
@every_mode
def test_page_comes_in_the_mode_the_reader_chose(visit, built_book, name, mode):
    assert visit(built_book / name, 1280, mode).mode == mode


@every_page
def test_every_link_inside_the_book_leads_somewhere(visit, built_book, name):
    links = {link for link in visit(built_book / name, 1280, "light").links if link.startswith("file:")}
    assert links
    assert sorted(link for link in links if not leads_somewhere(link)) == []


def leads_somewhere(link: str) -> bool:
    """Say whether the file of a link exists and, for a page, whether it has the place named after the ``#``."""
    address, place = urldefrag(link)
    path = Path(unquote(urlsplit(address).path))
    if not path.is_file():
        return False
    return not place or f'id="{unquote(place)}"' in path.read_text(encoding="utf-8")


def test_the_notation_is_full_of_formulas(visit, built_book):
    assert visit(built_book / "book/notation.html", 390, "light").formulas > 50


@every_page
@pytest.mark.parametrize(("mode", "colour"), [("light", "#000000"), ("dark", "#ffffff")])
def test_hidden_state_is_black_on_light_pages_and_white_on_dark_ones(visit, built_book, name, mode, colour):
    assert visit(built_book / name, 1280, mode).hidden_colour == colour


@pytest.fixture
def bad_page(tmp_path: Path) -> Path:
    """Return a page with one fault of each kind."""
    path = tmp_path / "bad.html"
    path.write_text(
        '<div style="width: 3000px">wide</div><span class="math">\\(x\\)</span>'
        '<img src="data:," id="picture"><svg></svg>'
        '<a href="nowhere.html">a</a><a href="#picture">b</a><a href="#missing">c</a>'
        '<script>console.error("an error")</script><script src="http://198.51.100.1/outside.js"></script>',
        encoding="utf-8",
    )
    return path


def test_a_visit_sees_each_fault(visit: Callable, bad_page: Path):
    seen = visit(bad_page, 390, "light")
    assert seen.scroll_width > 390
    assert "an error" in seen.errors
    assert seen.outside == ["http://198.51.100.1/outside.js"]
    assert seen.unset_formulas == ["\\(x\\)"]
    assert len(seen.unnamed_pictures) == 2
    assert [leads_somewhere(link) for link in seen.links] == [False, True, False]
