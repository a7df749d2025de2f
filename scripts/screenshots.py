"""Take pictures of the built book: every page on a phone and on a desk, in light and in dark.

``python scripts/screenshots.py OUT`` photographs every page; ``python scripts/screenshots.py OUT intro 01-rnn`` only
these. Pictures are named ``page-width-mode.png``. Build the book first (``make book``).
"""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, sync_playwright

SITE = Path(__file__).resolve().parents[1] / "_build" / "html"
CHROMIUM = "/usr/bin/chromium"
QUIET = [  # no sandbox inside containers, and no call home
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-effective-connection-type=4G",  # without a network it takes loopback for a slow one, and says so
]
WIDTHS = {390: 844, 1280: 900}  # a phone and a desk: width and height in pixels
Mode = Literal["light", "dark"]
MODES: tuple[Mode, ...] = ("light", "dark")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Debian's Chromium without a window, and stop it afterwards."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def blank_page(browser: Browser, width: int, mode: Mode) -> Iterator[Page]:
    """Give a fresh page of one width, set to light or dark as a reader's own choice would set it."""
    context = browser.new_context(viewport={"width": width, "height": WIDTHS[width]}, color_scheme=mode)
    context.add_init_script(f"localStorage.setItem('mode', '{mode}'); localStorage.setItem('theme', '{mode}');")
    try:
        yield context.new_page()
    finally:
        context.close()


def open_page(page: Page, path: Path) -> None:
    """Open one built page from the disk and wait until its mathematics is set."""
    page.goto(path.as_uri(), wait_until="load")
    page.evaluate("() => window.MathJax?.startup?.promise")


def pages(site: Path, names: list[str]) -> list[Path]:
    """Return the built pages, all of them or those whose name without ``.html`` was given."""
    built = {path.stem: path for path in sorted((site / "book").rglob("*.html"))}
    if unknown := sorted(set(names) - set(built)):
        raise SystemExit(f"No such page in {site}: {', '.join(unknown)}. There are: {', '.join(built) or 'none'}.")
    return [built[name] for name in names or built]


def main(arguments: list[str]) -> int:
    """Write the pictures and print their names."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path, help="folder for the pictures")
    parser.add_argument("names", nargs="*", metavar="page", help="pages by name, such as intro; default: all")
    parser.add_argument("--site", type=Path, default=SITE, help="built folder (default: _build/html)")
    wanted = parser.parse_args(arguments)
    wanted.out.mkdir(parents=True, exist_ok=True)
    paths = pages(wanted.site.resolve(), wanted.names)
    with chromium() as browser:
        for width in WIDTHS:
            for mode in MODES:
                with blank_page(browser, width, mode) as page:
                    for path in paths:
                        open_page(page, path)
                        picture = wanted.out / f"{path.stem}-{width}-{mode}.png"
                        page.screenshot(path=picture, full_page=True)
                        print(picture)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
