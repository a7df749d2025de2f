"""Every gate is shown a built page with faults planted in it, and complains of each of them and of nothing else."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser import gates
from tests.browser.visit import Visit, served, visit

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("book")]

PLAIN = "book/how-to-use.html"
WITH_FORMULAS = "book/notation.html"
LAST = "</article>"
Gate = Callable[[Visit], list[str]]
Plant = Callable[[str, str], str]


@pytest.fixture
def plant(built_book: Path, tmp_path: Path) -> Callable[[str, str], str]:
    """Return a function that makes a built folder with faults at the end of one page's text; all else is as it was."""

    def add(name: str, faults: str) -> str:
        (tmp_path / "book").mkdir()
        for path in [*built_book.iterdir(), *(built_book / "book").iterdir()]:
            copy = tmp_path / path.relative_to(built_book)
            if not copy.exists():
                copy.symlink_to(path)
        html = (built_book / name).read_text(encoding="utf-8")
        assert html.count(LAST) == 1
        (tmp_path / name).unlink()
        (tmp_path / name).write_text(html.replace(LAST, faults + LAST), encoding="utf-8")
        return tmp_path.as_uri()

    return add


def picture(attributes: str) -> str:
    return f'<img src="../_static/file.png" {attributes}>'


# For every gate: a page of the book, and faults with what the gate says of each.
FAULTS: dict[Gate, tuple[str, dict[str, str]]] = {
    gates.width: (PLAIN, {'<div style="width: 3000px">wide</div>': r"\d+ px in a window of 390 px"}),
    gates.outside_requests: (
        PLAIN,
        {
            '<script src="https://cdn.example.org/a.js"></script>': "https://cdn.example.org/a.js",
            picture('srcset="http://198.51.100.1/a.png"'): "http://198.51.100.1/a.png",
            '<script src="file:///nowhere/a.js"></script>': "file:///nowhere/a.js",
        },
    ),
    gates.console: (
        PLAIN,
        {
            '<script>console.warn("old")</script>': "warning: old",
            '<script>console.log("debugging")</script>': "log: debugging",
            "<script>nothing.there()</script>": "error: nothing is not defined",
            '<script>setTimeout(() => console.info("late"))</script>': "info: late",
        },
    ),
    gates.mathematics: (
        WITH_FORMULAS,
        {
            '<span class="math">x_t</span>': "not set: x_t",
            r'<span class="math">\(\frac{1\)</span>': r"not set: \\\(\\frac\{1\\\)",
            "<p>The state $h_t$ is read.</p>": r"not set: \$h_t\$",
            r'<span class="math">\(\frac{1}\)</span>': r"error: Missing argument for \\frac",
            r'<span class="math">\(\sigmoidal x\)</span>': r"error: unknown: \\sigmoidal",
        },
    ),
    gates.pictures: (
        PLAIN,
        {
            picture(""): "no description: <img .*",
            picture('alt=""'): "no description: <img .*",
            picture('alt="../_images/rnn_loss_2.png"'): "a file name is no description: .*",
            picture('alt="image"'): "'image' says nothing; .*",
            picture('alt="Figure 3"'): "'Figure 3' says nothing; .*",
            picture('alt="Loss curves"'): "'Loss curves' says nothing; wanted 4 words or more: .*",
            picture(f'class="{"a" * 160}" role="presentation" alt="Two losses"'): "decoration with a description: .*",
            '<svg width="9" height="9"></svg>': "no description: <svg .*",
        },
    ),
    gates.headings: (
        PLAIN,
        {
            "<h1>Again</h1>": r"2 titles: \['How to use this book', 'Again'\]",
            "<h3>Deep</h3>": "level 3 after level 1: Deep",
            "<h5>Deeper</h5>": "level 5 after level 3: Deeper",
        },
    ),
    gates.ids: (PLAIN, {'<p id="main-content"></p>': "main-content"}),
    gates.links: (
        PLAIN,
        {
            '<a href="nowhere.html">a</a>': "no such file: file:.*/book/nowhere.html",
            '<a href="notation.html#nowhere">a</a>': "no such place: .*/notation.html#nowhere",
            '<a href="#nowhere" data-id="nowhere">a</a>': "no such place: .*/how-to-use.html#nowhere",
            '<a href="../../a.html">a</a>': "outside the built folder: .*/a.html",
        },
    ),
}


@pytest.mark.parametrize("gate", FAULTS, ids=lambda gate: gate.__name__)
def test_a_gate_complains_of_every_fault_and_of_nothing_else(browser: Browser, plant: Plant, gate: Gate):
    name, faults = FAULTS[gate]
    complaints = gate(visit(browser, plant(name, "".join(faults)), name)[390])
    assert len(complaints) == len(faults)
    for wanted in faults.values():  # in any order: a browser fetches several things at once
        assert any(re.fullmatch(wanted, complaint, re.S) for complaint in complaints), wanted


PALE = '<p id="{}" style="color: #999; background: #fff">pale</p>'
UNREADABLE = {
    PALE.format("pale"): "color-contrast at #pale: ",
    f"<details><summary>Answer</summary>{PALE.format('folded')}</details>": "color-contrast at #folded: ",
    '<div class="highlight"><pre><span class="k" style="color: #ddd">for</span></pre></div>': "color-contrast at .k: ",
    '<button id="nameless"></button>': "button-name at #nameless: ",
    '<input id="slider" type="range">': "label at #slider: ",
    '<p id="elsewhere" role="doc-biblioentry">a</p>': "aria-deprecated-role at #elsewhere: ",
}


DARK = '<p id="dark" style="color: #444">dark on dark</p>'


def test_axe_complains_of_every_fault_and_in_the_light_not_of_what_is_pale_in_the_dark(browser: Browser, plant: Plant):
    seen = visit(browser, plant(PLAIN, "".join(UNREADABLE) + DARK), PLAIN, excused=gates.selectors_by_rule())
    for width in (390, 1280):
        complaints = gates.accessibility(seen[width])
        assert [said for said in UNREADABLE.values() if not any(text.startswith(said) for text in complaints)] == []
        assert not any("#dark" in text for text in complaints)


def test_axe_complains_of_text_that_is_pale_in_the_dark_alone(browser: Browser, plant: Plant):
    seen = visit(browser, plant(PLAIN, DARK), PLAIN, "dark", gates.selectors_by_rule())
    (complaint,) = gates.accessibility(seen[390])
    assert complaint.startswith("color-contrast at #dark: ")


def test_faults_are_seen_on_a_page_from_a_server(browser: Browser, plant: Plant, tmp_path: Path):
    faults = (
        '<a href="nowhere.html">a</a><a href="notation.html#nowhere">b</a><script src="../_static/no.js"></script>'
        '<script src="http://198.51.100.1/a.js"></script>'
    )
    plant(PLAIN, faults)
    with served(tmp_path) as home:
        seen = visit(browser, home, PLAIN)[390]
        assert gates.links(seen) == [
            f"status 404: {home}/book/nowhere.html",
            f"no such place: {home}/book/notation.html#nowhere",
        ]
    assert gates.outside_requests(seen) == ["http://198.51.100.1/a.js"]
    blocked, not_there = sorted(gates.console(seen), key=lambda message: "404" in message)
    assert "404" in not_there and "ERR_FAILED" in blocked


def test_decoration_may_be_without_words_and_a_drawing_may_be_named_by_its_title(browser: Browser, plant: Plant):
    drawing = '<svg role="img" aria-labelledby="t"><title id="t">A loop around one state</title></svg>'
    faultless = picture('role="presentation" alt=""') + '<svg aria-hidden="true"></svg>' + drawing
    assert gates.pictures(visit(browser, plant(PLAIN, faultless), PLAIN)[390]) == []
