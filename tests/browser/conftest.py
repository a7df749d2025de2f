"""A visit: one built page, opened from the disk at one width in one mode, and what was seen there."""

import importlib.util
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request

LOOK = """() => {
  const article = document.querySelector('.bd-article') ?? document.body;
  const all = (selector) => [...article.querySelectorAll(selector)];
  const named = (svg) => svg.querySelector(':scope > title') || svg.ariaLabel || svg.getAttribute('aria-labelledby');
  const unnamed = [...all('img').filter((img) => !img.alt.trim()),
                   ...all('svg:not([aria-hidden=true])').filter((svg) => !svg.closest('mjx-container') && !named(svg))];
  return {
    mode: document.documentElement.dataset.theme,
    hidden_colour: getComputedStyle(document.documentElement).getPropertyValue('--course-hidden').trim(),
    scroll_width: document.documentElement.scrollWidth,
    inner_width: window.innerWidth,
    formulas: all('.math').length,
    unset_formulas: all('.math').filter((m) => !m.querySelector('mjx-container')).map((m) => m.textContent.trim()),
    formula_errors: all('mjx-merror').map((e) => e.dataset.mjxError),
    unnamed_pictures: unnamed.map((picture) => picture.outerHTML.slice(0, 200)),
    links: [...document.querySelectorAll('a[href]')].map((a) => new URL(a.getAttribute('href'), document.baseURI).href),
  };
}"""


@dataclass(frozen=True)
class Visit:
    """What was seen on one page."""

    mode: str | None
    hidden_colour: str
    scroll_width: int
    inner_width: int
    formulas: int
    unset_formulas: list[str]
    formula_errors: list[str]
    unnamed_pictures: list[str]
    links: list[str]
    errors: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)


def load_script(path: Path) -> ModuleType:
    """Import a file of ``scripts/``, which is a folder of programs and not a package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def listen(page: Page) -> tuple[list[str], list[str]]:
    """Collect the errors a page reports and the addresses it asks for elsewhere, from now on."""
    errors: list[str] = []
    outside: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error" and not is_refused_icon_font(message):
            errors.append(message.text)

    def follow(request: Request) -> None:
        if not is_local(request.url):
            outside.append(request.url)

    page.on("console", hear)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", follow)
    return errors, outside


def is_refused_icon_font(message: ConsoleMessage) -> bool:
    """Recognise the one error of the theme: it preloads icon fonts, which no browser permits for a file on disk.

    Nothing is missing on the page, because the theme's script draws the icons as pictures.
    """
    return re.search(r"/vendor/fontawesome/\S+\.woff2", f"{message.text} {message.location['url']}") is not None


def is_local(url: str) -> bool:
    """Say whether an address lies on this disk or inside the page itself."""
    return url.startswith(("file:", "data:", "blob:", "about:"))


@pytest.fixture(scope="session")
def screenshots(root: Path) -> ModuleType:
    """Return ``scripts/screenshots.py``, which knows how to start the browser and open a page."""
    return load_script(root / "scripts" / "screenshots.py")


@pytest.fixture(scope="session")
def browser(screenshots: ModuleType) -> Iterator[Browser]:
    """Return a running Chromium."""
    with screenshots.chromium() as running:
        yield running


@pytest.fixture(scope="session")
def visit(browser: Browser, screenshots: ModuleType) -> Callable[[Path, int, str], Visit]:
    """Return a function that says what is seen of a file at a width in a mode.

    A file is opened once a mode, as narrow as a phone, and then widened: loading is what takes the time.
    """

    @cache
    def look(path: Path, mode: str) -> dict[int, Visit]:
        narrow, *wider = screenshots.WIDTHS
        with screenshots.blank_page(browser, narrow, mode) as page:
            errors, outside = listen(page)
            screenshots.open_page(page, path)
            seen = {narrow: page.evaluate(LOOK)}
            for width in wider:
                page.set_viewport_size({"width": width, "height": screenshots.WIDTHS[width]})
                seen[width] = page.evaluate(LOOK)
        return {width: Visit(**facts, errors=errors, outside=outside) for width, facts in seen.items()}

    return lambda path, width, mode: look(path, mode)[width]
