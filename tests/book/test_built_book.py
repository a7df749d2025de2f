"""The book as a reader gets it: every page there, equations numbered, nothing from outside, nothing missing."""

import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml

from scripts import build_book

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
CHAPTERS = (
    "00-refresher.html",
    "01-rnn.html",
    "02-bptt.html",
    "03-vanishing-gradients.html",
    "04-lstm.html",
    "05-gru.html",
)
EQUATIONS = {
    "0.1": "eq-refresher-softmax",
    "0.2": "eq-refresher-cross-entropy",
    "0.3": "eq-refresher-cross-entropy-gradient",
    "0.4": "eq-refresher-linear-backward",
    "0.5": "eq-refresher-embedding-backward",
    "0.6": "eq-refresher-central-difference",
    "0.7": "eq-refresher-step-size",
    "0.8": "eq-refresher-adam",
    "1.1": "eq-rnn-recurrence",
    "1.2": "eq-rnn-pre-activation",
    "1.3": "eq-rnn-step",
    "1.4": "eq-rnn-head",
    "1.5": "eq-rnn-temperature",
    "2.1": "eq-bptt-loss",
    "2.2": "eq-bptt-total",
    "2.3": "eq-bptt-slope",
    "2.4": "eq-bptt-weights",
    "2.5": "eq-bptt-back",
    "2.6": "eq-bptt-copies",
    "2.7": "eq-bptt-masked-loss",
    "2.8": "eq-bptt-truncated",
    "3.1": "eq-vanishing-adding-baselines",
    "3.2": "eq-vanishing-linear-unit",
    "3.3": "eq-vanishing-tanh-unit",
    "3.4": "eq-vanishing-jacobians",
    "3.5": "eq-vanishing-bound",
    "3.6": "eq-vanishing-radius",
    "3.7": "eq-vanishing-cliff",
    "3.8": "eq-vanishing-clipping",
    "3.9": "eq-vanishing-rescale",
    "3.10": "eq-vanishing-orthogonal",
    "3.11": "eq-vanishing-omega",
    "3.12": "eq-vanishing-omega-gradient",
    "3.13": "eq-vanishing-reservoir",
    "3.14": "eq-vanishing-ridge",
    "4.1": "eq-lstm-carousel",
    "4.2": "eq-lstm-cell",
    "4.3": "eq-lstm-output",
    "4.4": "eq-lstm-gates",
    "4.5": "eq-lstm-stacked",
    "4.6": "eq-lstm-half-life",
    "4.7": "eq-lstm-bias",
    "4.8": "eq-lstm-backward-output",
    "4.9": "eq-lstm-backward-cell",
    "4.10": "eq-lstm-backward-gates",
    "4.11": "eq-lstm-backward-weights",
    "4.12": "eq-lstm-backward-sequence",
    "4.13": "eq-lstm-peepholes",
    "4.14": "eq-lstm-coupled",
    "5.1": "eq-gru-gates",
    "5.2": "eq-gru-candidate",
    "5.3": "eq-gru-state",
    "5.4": "eq-gru-before",
    "5.5": "eq-gru-mirrored",
    "5.6": "eq-gru-backward-gates",
    "5.7": "eq-gru-backward-state",
    "5.8": "eq-gru-count",
    "5.9": "eq-gru-both",
}


class Page(HTMLParser):
    """Collects what a page loads, what it links to, and its scripts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.scripts: list[str] = []
        self._in_script = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self._in_script = tag == "script"
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


def test_there_is_one_page_for_every_file_of_the_table_of_contents(
    built_book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build_book, "HTML", built_book)
    assert build_book.check_pages() is None
    assert (built_book / "index.html").is_file()


def test_a_page_too_many_and_a_page_too_few_are_noticed(
    built_book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(built_book / "book", tmp_path / "book")
    monkeypatch.setattr(build_book, "HTML", tmp_path)
    shutil.copy(tmp_path / "book/glossary.html", tmp_path / "book/draft.html")
    assert (build_book.check_pages() or "").endswith("missing: [], not named: ['book/draft'].")
    (tmp_path / "book/draft.html").unlink()
    (tmp_path / "book/glossary.html").unlink()
    assert (build_book.check_pages() or "").endswith("missing: ['book/glossary'], not named: [].")


def test_the_build_gave_no_warning(built_book: Path, root: Path) -> None:
    log = (root / "_build" / "build.log").read_text()
    assert "build succeeded" in log
    assert [line for line in log.splitlines() if build_book.COMPLAINT.search(line)] == []


def test_the_equations_of_the_chapters_carry_their_numbers(built_book: Path) -> None:
    html = "".join((built_book / "book" / name).read_text() for name in CHAPTERS)
    pattern = r'id="equation-(eq-[a-z-]+)">\s*<span class="eqno">\(([0-9.]+)\)'
    numbered = {number: label for label, number in re.findall(pattern, html)}
    assert {number: numbered.get(number) for number in EQUATIONS} == EQUATIONS


def outside(page: Page) -> list[str]:
    """Return what a page loads from outside, and the outside hosts its scripts name."""
    host = re.compile(r"(?:https?:)?//[\w.-]+\.\w+[^\s\"']*")
    return [x for x in page.loads if is_outside(x)] + [x for script in page.scripts for x in host.findall(script)]


def missing(page: Page, folder: Path) -> list[str]:
    """Return what a page in a folder loads or links to that is not there."""
    targets = {x: unquote(urlsplit(x).path) for x in page.loads + page.links if not is_outside(x)}
    inside = {x: path for x, path in targets.items() if path and not x.startswith(("data:", "mailto:"))}
    return [x for x, path in inside.items() if not (folder / path).exists()]


def test_no_page_loads_or_names_anything_outside(pages: dict[str, Page]) -> None:
    assert {name: outside(page) for name, page in pages.items() if outside(page)} == {}


def test_everything_a_page_loads_or_links_to_is_there(built_book: Path, pages: dict[str, Page]) -> None:
    lost = {name: missing(page, (built_book / name).parent) for name, page in pages.items()}
    assert {name: addresses for name, addresses in lost.items() if addresses} == {}


@pytest.mark.parametrize(
    "fault",
    [
        '<script src="https://cdn.example.org/a.js"></script>',
        '<link rel="preconnect" href="//fonts.example.org">',
        '<script>load("https://cdn.example.org/a.js")</script>',
    ],
)
def test_something_from_outside_is_noticed(built_book: Path, fault: str) -> None:
    html = (built_book / "book/intro.html").read_text()
    (found,) = outside(Page(html.replace("</head>", f"{fault}</head>")))
    assert "example.org" in found


@pytest.mark.parametrize("fault", ['<a href="draft.html#top">a</a>', '<img src="../_images/no.png">'])
def test_something_that_is_not_there_is_noticed(built_book: Path, fault: str) -> None:
    html = (built_book / "book/intro.html").read_text()
    assert len(missing(Page(html.replace("</article>", f"{fault}</article>")), built_book / "book")) == 1


def test_no_style_sheet_of_the_book_names_an_outside_host(built_book: Path) -> None:
    found = {}
    for sheet in built_book.rglob("*.css"):
        outside = re.findall(r"(?:@import\s+|url\(\s*)[\"']?(?:https?:)?//[^)\s]+", sheet.read_text(encoding="utf-8"))
        found |= {sheet.name: outside} if outside else {}
    assert found == {}


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
