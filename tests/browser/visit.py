"""A visit: one built page, opened in a browser, and what was seen there.

A page is opened from the disk once in light and once in dark, and once from a web server. It is opened as narrow as a
phone and then widened, so that it loads once. Whatever is folded is opened first. axe-core looks at the page from the
disk, at both widths in both modes; from a server the page has the same elements and colours. In the dark axe-core
applies its rules on colour alone, because a mode changes nothing else.
"""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from scripts.screenshots import WIDTHS, Mode, blank_page

LOOK = Path(__file__).with_name("look.js").read_text(encoding="utf-8")

UNFOLD = "() => document.querySelectorAll('details').forEach((details) => { details.open = true; })"

# Contrast takes axe 9 of the 13 seconds of a chapter, for thousands of coloured words of code. Words with the same
# classes in boxes with the same classes look the same, so of each kind one is left to be looked at.
THIN_OUT_CODE = """() => {
  const seen = new Set();
  for (const word of document.querySelectorAll('.highlight pre span')) {
    if (word.children.length || word.getAttributeNames().join() !== 'class') continue;
    let kind = '';
    for (let box = word; box; box = box.parentElement) kind += `${box.getAttributeNames()} ${box.className} < `;
    if (seen.has(kind)) word.replaceWith(word.textContent);
    seen.add(kind);
  }
  document.querySelectorAll('.highlight pre').forEach((code) => code.normalize());
}"""

# The theme makes what can be scrolled focusable, which axe-core asks for, 300 ms after the page or the window changed.
SETTLED = "() => new Promise((settled) => requestAnimationFrame(() => setTimeout(settled, 301)))"

MATCHES = """([target, selectors]) => {
  const element = document.querySelector(target);
  return selectors.filter((selector) => element.matches(selector));
}"""


AXE_OPTIONS: dict[Mode, dict[str, Any]] = {  # without preload: it would read every style sheet a second time
    "light": {"resultTypes": ["violations"], "preload": False},
    "dark": {"resultTypes": ["violations"], "preload": False, "runOnly": ["color-contrast", "link-in-text-block"]},
}


@dataclass(frozen=True)
class Finding:
    """What axe-core objects to: its rule, the place, why, and which of the excused selectors the place matches."""

    rule: str
    target: str
    why: str
    excused: tuple[str, ...]


@dataclass(frozen=True)
class Visit:
    """What was seen on one page. The names follow ``look.js``."""

    home: str
    theme: str
    hidden_colour: str
    scroll_width: int
    inner_width: int
    formulas: int
    unset_formulas: list[str]
    formula_errors: list[str]
    pictures: list[tuple[str, bool, str]]
    headings: list[tuple[int, str]]
    doubled_ids: list[str]
    links: list[str]
    equations: list[tuple[str, str]]
    equation_links: list[tuple[str, str]]
    sections: dict[str, str]
    findings: list[Finding]
    console: list[str]
    outside: list[str]


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder and says nothing."""

    def log_message(self, format: str, *args: Any) -> None:
        """Print no line for a request."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on this machine alone and give its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def is_at_home(address: str, home: str) -> bool:
    """Say whether an address lies in the built folder or inside the page itself."""
    return address.startswith((home + "/", "data:", "blob:", "about:"))


def listen(page: Page, home: str) -> tuple[list[str], list[str]]:
    """Collect what a page says on its console and what it asks for elsewhere, from now on; elsewhere is blocked."""
    console: list[str] = []
    outside: list[str] = []
    page.on("console", lambda message: console.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: console.append(f"error: {error}"))
    page.on("request", lambda request: None if is_at_home(request.url, home) else outside.append(request.url))
    page.route(re.compile(f"^(?!{re.escape(home)}/|data:|blob:|about:)"), lambda route: route.abort())
    return console, outside


def ask_axe(page: Page, mode: Mode, excused: dict[str, list[str]]) -> list[Finding]:
    """Return what axe-core finds on a page, and which selectors excused for that rule fit the place."""
    page.evaluate(THIN_OUT_CODE)
    page.evaluate(SETTLED)
    findings = []
    for violation in Axe().run(page, options=AXE_OPTIONS[mode]).response["violations"]:
        rule = violation["id"]
        for node in violation["nodes"]:
            fits = page.evaluate(MATCHES, [node["target"][0], excused.get(rule, [])])
            findings.append(Finding(rule, str(node["target"][0]), node["failureSummary"], tuple(fits)))
    return findings


def visit(
    browser: Browser, home: str, name: str, mode: Mode = "light", excused: dict[str, list[str]] | None = None
) -> dict[int, Visit]:
    """Open a page of a built folder and return what is seen, by width.

    Parameters
    ----------
    browser : Browser
    home : str
        Address of the built folder, ``file://…`` or ``http://…``, without a slash at its end.
    name : str
        The page, such as ``book/intro.html``.
    mode : {"light", "dark"}
    excused : dict of str to list of str, optional
        Selectors that axe-core's findings are compared with, by rule. Without it axe-core is not asked.
    """
    narrow = min(WIDTHS)
    with blank_page(browser, narrow, mode) as page:
        console, outside = listen(page, home)
        page.goto(f"{home}/{name}", wait_until="load")
        page.evaluate("() => window.MathJax?.startup?.promise")
        page.evaluate(UNFOLD)
        facts: dict[int, dict[str, Any]] = {}
        findings: dict[int, list[Finding]] = {}
        for width in sorted(WIDTHS):
            page.set_viewport_size({"width": width, "height": WIDTHS[width]})
            facts[width] = page.evaluate(LOOK)
        for width in sorted(WIDTHS) if excused is not None else []:
            page.set_viewport_size({"width": width, "height": WIDTHS[width]})
            findings[width] = ask_axe(page, mode, excused or {})
    return {
        width: Visit(**seen, home=home, findings=findings.get(width, []), console=console, outside=outside)
        for width, seen in facts.items()
    }
