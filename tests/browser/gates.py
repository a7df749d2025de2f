"""The gates of a page: each takes a visit and returns complaints; a page that may be published has none."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import unquote, urldefrag, urlsplit
from urllib.request import ProxyHandler, build_opener

from tests.browser.visit import Visit, is_at_home

FEWEST_WORDS = 4
FILE_NAME = re.compile(r"\S+\.(?:png|svg|jpe?g|gif|webp|html)\b", re.IGNORECASE)
NOTHING = "image|figure|fig|picture|photo|plot|diagram|drawing|untitled"
SAYS_NOTHING = re.compile(rf"(?:(?:an?|the) )?(?:{NOTHING})\b[\W\d]*$", re.IGNORECASE)


@dataclass(frozen=True)
class Excuse:
    """A finding of axe-core that is the theme's, where it may occur, and why it stays."""

    rule: str
    selector: str
    reason: str


EXCUSES = (
    Excuse("aria-allowed-role", "div.citation[role=doc-biblioentry]", "docutils gives each source this role"),
    Excuse("aria-deprecated-role", "div.citation[role=doc-biblioentry]", "the same role, which ARIA 1.2 withdrew"),
    Excuse("aria-required-children", "div.citation-list[role=list]", "the list around these sources"),
    Excuse("region", ".sidebar-primary-item:first-child", "the theme puts the title outside its landmarks"),
)

HARMLESS = {
    r"log: \[togglebutton\]: Adding toggle buttons to \d+ items": "sphinx-togglebutton counts what it found",
    r"log: \[PST\]: Changed to (light|dark) mode using the (light|dark) theme\.": "the theme says which mode it chose",
    r"log: \[PST\]: Scrolled sidebar using .*": "the theme says that it moved the sidebar to the present page",
}


def selectors_by_rule() -> dict[str, list[str]]:
    """Return the excused selectors as a visit wants them."""
    return {rule: [excuse.selector for excuse in EXCUSES if excuse.rule == rule] for rule in {e.rule for e in EXCUSES}}


def width(seen: Visit) -> list[str]:
    """Complain when the page is wider than the window."""
    wide = seen.scroll_width > seen.inner_width
    return [f"{seen.scroll_width} px in a window of {seen.inner_width} px"] if wide else []


def outside_requests(seen: Visit) -> list[str]:
    """Complain of everything the page asks for outside the built folder."""
    return seen.outside


def console(seen: Visit) -> list[str]:
    """Complain of every message on the console but those known to be harmless."""
    return [message for message in seen.console if not any(re.fullmatch(known, message) for known in HARMLESS)]


def mathematics(seen: Visit) -> list[str]:
    """Complain of formulas that were not set, or set with an error in them."""
    return [f"not set: {formula}" for formula in seen.unset_formulas] + [f"error: {e}" for e in seen.formula_errors]


def pictures(seen: Visit) -> list[str]:
    """Complain of pictures that are not described, unless they are marked as decoration and have no description."""
    complaints = []
    for words, is_decoration, tag in seen.pictures:
        if is_decoration and tag.startswith("<img") and words:
            complaints.append(f"decoration with a description: {tag}")
        elif not is_decoration and (wrong := wrong_with_words(words)):
            complaints.append(f"{wrong}: {tag}")
    return complaints


def wrong_with_words(words: str) -> str | None:
    """Return what is wrong with the description of a picture, or None."""
    if not words.strip():
        return "no description"
    if FILE_NAME.search(words):
        return "a file name is no description"
    if SAYS_NOTHING.match(words) or len(words.split()) < FEWEST_WORDS:
        return f"{words!r} says nothing; wanted {FEWEST_WORDS} words or more"
    return None


def headings(seen: Visit) -> list[str]:
    """Complain when there is not exactly one title, or a level is left out on the way down."""
    titles = [text for level, text in seen.headings if level == 1]
    complaints = [] if len(titles) == 1 else [f"{len(titles)} titles: {titles}"]
    for (above, _), (level, text) in zip([(0, ""), *seen.headings], seen.headings, strict=False):
        if level > above + 1:
            complaints.append(f"level {level} after level {above}: {text}")
    return complaints


def ids(seen: Visit) -> list[str]:
    """Complain of every id that two elements share."""
    return seen.doubled_ids


def links(seen: Visit) -> list[str]:
    """Complain of links that leave the built folder, and of those inside that lead to no page or no place on it."""
    inside = [link for link in seen.links if urlsplit(link).scheme == urlsplit(seen.home).scheme]
    if seen.home.startswith("http:"):
        inside = [link for link in inside if urlsplit(link).netloc == urlsplit(seen.home).netloc]
    return [f"{wrong}: {link}" for link in inside if (wrong := wrong_with_link(link, seen.home))]


def wrong_with_link(link: str, home: str) -> str | None:
    """Return why a link leads nowhere, or None."""
    address, place = urldefrag(link)
    if not is_at_home(address, home):
        return "outside the built folder"
    status, text = fetch(address)
    if status != 200:
        return f"status {status}" if status else "no such file"
    return "no such place" if place and not re.search(rf'\sid="{re.escape(unquote(place))}"', text) else None


@cache
def fetch(address: str) -> tuple[int, str]:
    """Return the status and the text of an address; a file that is there has 200 and one that is not has 0."""
    parts = urlsplit(address)
    if parts.scheme == "file":
        path = Path(unquote(parts.path))
        return (200, path.read_text(encoding="utf-8", errors="replace")) if path.is_file() else (0, "")
    try:
        with build_opener(ProxyHandler({})).open(address, timeout=10) as answer:
            return answer.status, answer.read().decode("utf-8", errors="replace")
    except HTTPError as error:
        return error.code, ""


def accessibility(seen: Visit) -> list[str]:
    """Complain of every finding of axe-core that is not excused at its place."""
    return [f"{finding.rule} at {finding.target}: {finding.why}" for finding in seen.findings if not finding.excused]
