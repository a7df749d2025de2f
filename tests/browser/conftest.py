"""A browser, and the built book as it lies on a disk and as a web server shows it."""

import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from scripts.screenshots import Mode, chromium
from tests.browser import gates
from tests.browser.visit import Visit, served, visit

Look = Callable[[str, str, Mode, int], Visit]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return a running Chromium."""
    with chromium() as running:
        yield running


@pytest.fixture(scope="session")
def homes(built_book: Path) -> Iterator[dict[str, str]]:
    """Return the addresses of the built book, by how it is reached."""
    with served(built_book) as address:
        yield {"file": built_book.as_uri(), "http": address}


@pytest.fixture(scope="session")
def look(browser: Browser, homes: dict[str, str]) -> Look:
    """Return a function that says what is seen of a page, reached in one way, in a mode, at a width.

    All gates share these visits, so a page is opened once for each way and mode.
    """

    @cache
    def at_every_width(name: str, way: str, mode: Mode) -> dict[int, Visit]:
        excused = gates.selectors_by_rule() if way == "file" else None
        return visit(browser, homes[way], name, mode, excused)

    return lambda name, way, mode, width: at_every_width(name, way, mode)[width]


@pytest.fixture
def page_file(root: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Return a page that holds the ``FIGURE`` of the module alone, in folders as the built book has them."""
    static = root / "book" / "_static" / "interactive"
    shutil.copytree(static, tmp_path / "_static" / "interactive")
    (tmp_path / "book").mkdir()
    page = tmp_path / "book" / "page.html"
    figure = (static / request.module.FIGURE).read_text()
    page.write_text(f"<!doctype html><meta charset='utf-8'><body>{figure}</body>")
    return page


@pytest.fixture
def page(browser: Browser, page_file: Path) -> Iterator[Page]:
    """Return the figure in a browser; an error in its script fails the test."""
    tab, errors = browser.new_page(), []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.goto(page_file.as_uri())
    yield tab
    tab.close()
    assert not errors
