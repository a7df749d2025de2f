"""The gates of equation numbers: what speaks of an equation speaks of one that the book has, and says where to read."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.browser.visit import Visit

NUMBER = re.compile(r"\d+\.\d+")
SPOKEN = re.compile(r"\b(?:[Ee]quations?|[Ee]qs?\.) \(?\d+\.\d+\)?(?:(?:,| and| or| to) \(\d+\.\d+\))*")
IN_BRACKETS = re.compile(r"(?<![\w}])\(\d+\.\d+\)")  # not the argument of a function
CHAPTER = re.compile(r"book/(\d+)-.*\.html")


def mentioned(text: str, in_brackets: bool = False) -> list[str]:
    """Return the numbers a text calls equations: those after the word, on demand every number alone in brackets."""
    phrases = SPOKEN.findall(text) + (IN_BRACKETS.findall(text) if in_brackets else [])
    return [number for phrase in phrases for number in NUMBER.findall(phrase)]


def unknown(texts: Mapping[str, str], known: Iterable[str], in_brackets: bool = False) -> list[str]:
    """Complain of every number that a text calls an equation and that no page has."""
    missing = {name: set(mentioned(text, in_brackets)) - set(known) for name, text in texts.items()}
    return [f"{name} speaks of ({number})" for name, numbers in missing.items() for number in sorted(numbers)]


def numbering(name: str, seen: Visit) -> list[str]:
    """Complain unless a chapter numbers its equations (n.1), (n.2), … after the n in its name, and other pages none."""
    numbers = [number for number, _ in seen.equations]
    chapter = CHAPTER.fullmatch(name)
    wanted = [f"{int(chapter[1])}.{place}" for place in range(1, len(numbers) + 1)] if chapter else []
    return [] if numbers == wanted else [f"{name} numbers its equations {numbers}, wanted {wanted}"]


def links(visits: Mapping[str, Visit]) -> list[str]:
    """Complain of links to an equation that show another number than the equation has."""
    number_of = {label: f"({number})" for seen in visits.values() for number, label in seen.equations}
    return [
        f"{name}: {text} leads to {number_of.get(label, 'nothing')}"
        for name, seen in visits.items()
        for text, label in seen.equation_links
        if text != number_of.get(label)
    ]


def reading(read: str, sections: Mapping[str, str]) -> list[str]:
    """Complain when a check sends its reader to a heading the page has not, or to one whose part lacks the equation."""
    heading = read.split(", equation")[0]
    if heading not in sections:
        return [f"{read!r}: no such heading"]
    missing = {number for number in mentioned(read, in_brackets=True) if f"({number})" not in sections[heading]}
    return [f"{read!r}: ({number}) is not mentioned there" for number in sorted(missing)]


def words_of_notebook(path: Path) -> str:
    """Return the text of a notebook's cells that are not code."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
