"""The book as a reader gets it: every page there, equations numbered, nothing from outside, nothing missing."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml

from scripts.build_book import built_pages, toc_pages

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("book")]

LOADS = {
    "script": "src",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "audio": "src",
    "video": "src",
    "object": "data",
}
EQUATIONS = {
    "1.1": "eq-rnn-recurrence",
    "1.2": "eq-rnn-pre-activation",
    "1.3": "eq-rnn-step",
    "1.4": "eq-rnn-head",
    "1.5": "eq-rnn-temperature",
}


class Page(HTMLParser):
    """Collects what a page loads, what it links to, and its scripts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.scripts: list[str] = []
        self._in_script = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self._in_script = tag == "script"
        self.ids |= {found["id"]} if "id" in found else set()
        if tag in LOADS and LOADS[tag] in found:
            self.loads.append(found[LOADS[tag]])
        elif tag == "link" and found.get("rel") not in ("canonical", "next", "prev", "search", "index"):
            self.loads.append(found.get("href", ""))
        elif tag == "a" and "href" in found:
            self.links.append(found["href"])

    def handle_data(self, data: str) -> None:
        if self._in_script:
            self.scripts.append(data)


@pytest.fixture(scope="module")
def pages(built_book: Path) -> dict[str, Page]:
    """Return every built page, parsed, by its path; what lies in ``_static`` are parts of pages and templates."""
    files = {path.relative_to(built_book).as_posix(): path for path in built_book.rglob("*.html")}
    return {name: Page(path.read_text()) for name, path in files.items() if not name.startswith("_static/")}


def is_outside(address: str) -> bool:
    """Tell whether an address needs a network."""
    return urlsplit(address).scheme in ("http", "https", "ftp", "ws", "wss") or address.startswith("//")


def test_there_is_one_page_for_every_file_of_the_table_of_contents(built_book: Path, root: Path) -> None:
    named = toc_pages(yaml.safe_load((root / "_toc.yml").read_text()))
    assert built_pages(built_book) == sorted(named)
    assert (built_book / "index.html").is_file()


def test_the_build_gave_no_warning(built_book: Path, root: Path) -> None:
    log = (root / "_build" / "build.log").read_text()
    assert "build succeeded" in log
    assert not re.findall(r"\b(?:WARNING|ERROR): .*", log)


def test_the_equations_of_chapter_01_carry_their_numbers(built_book: Path) -> None:
    html = (built_book / "book" / "01-rnn.html").read_text()
    pattern = r'id="equation-(eq-[a-z-]+)">\s*<span class="eqno">\(([0-9.]+)\)'
    numbered = {number: label for label, number in re.findall(pattern, html)}
    assert {number: numbered.get(number) for number in EQUATIONS} == EQUATIONS


def test_no_page_loads_anything_from_outside(pages: dict[str, Page]) -> None:
    assert [(name, x) for name, page in pages.items() for x in page.loads if is_outside(x)] == []


def test_no_script_in_a_page_names_an_outside_host(pages: dict[str, Page]) -> None:
    host = re.compile(r"(?:https?:)?//[\w.-]+\.\w+[^\s\"']*")
    assert [(name, x) for name, page in pages.items() for script in page.scripts for x in host.findall(script)] == []


def test_no_style_sheet_of_the_book_names_an_outside_host(built_book: Path) -> None:
    found = {}
    for sheet in built_book.rglob("*.css"):
        outside = re.findall(r"(?:@import\s+|url\(\s*)[\"']?(?:https?:)?//[^)\s]+", sheet.read_text(encoding="utf-8"))
        found |= {sheet.name: outside} if outside else {}
    assert found == {}


def test_everything_a_page_loads_or_links_to_is_there(built_book: Path, pages: dict[str, Page]) -> None:
    missing = []
    for name, page in pages.items():
        for address in page.loads + page.links:
            target = unquote(urlsplit(address).path)
            if target and not is_outside(address) and not address.startswith(("data:", "mailto:", "#")):
                place = (built_book / name).parent / target
                missing += [] if place.exists() else [f"{name}: {address}"]
    assert missing == []


def test_every_link_inside_the_book_lands_on_an_anchor(built_book: Path, pages: dict[str, Page]) -> None:
    lost = []
    for name, page in pages.items():
        for address in page.links:
            parts = urlsplit(address)
            if is_outside(address) or not parts.fragment or not (parts.path.endswith(".html") or not parts.path):
                continue
            place = ((built_book / name).parent / unquote(parts.path)).resolve() if parts.path else built_book / name
            target = pages.get(place.resolve().relative_to(built_book.resolve()).as_posix())
            lost += [] if target and unquote(parts.fragment) in target.ids else [f"{name}: {address}"]
    assert lost == []


def test_equations_are_set_by_the_vendored_copy(built_book: Path, pages: dict[str, Page]) -> None:
    vendor = built_book / "_static" / "vendor" / "mathjax"
    assert any(address.endswith("vendor/mathjax/tex-mml-chtml.js") or "mathjax/tex-mml-chtml.js?" in address
               for address in pages["book/01-rnn.html"].loads)  # fmt: skip
    assert (vendor / "LICENSE").is_file()
    assert len(list((vendor / "output" / "chtml" / "fonts" / "woff-v2").glob("*.woff"))) == 23


def test_while_no_address_is_set_no_button_leads_nowhere(pages: dict[str, Page], root: Path) -> None:
    config = yaml.safe_load((root / "_config.yml").read_text())
    assert set(config["sphinx"]["config"]["public_address"]) == {"repository", "site"}
    if not any(config["sphinx"]["config"]["public_address"].values()):
        dead = [link for page in pages.values() for link in page.links if "/issues/new" in link or link in ("", "#!")]
        assert dead == []


def test_a_second_build_executes_nothing_again(built_book: Path, root: Path) -> None:
    ran = subprocess.run([sys.executable, root / "scripts" / "build_book.py"], capture_output=True, text=True)
    log = (root / "_build" / "build.log").read_text()
    print(ran.stdout)  # says how many seconds it took
    assert ran.returncode == 0, ran.stderr
    assert "Using cached notebook" in log
    assert "Executing notebook" not in log
