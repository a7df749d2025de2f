"""Spelling and typography of what is read: ``python scripts/lint_prose.py``.

Pages, the Markdown of notebooks, hints and papers are looked at as prose: code, mathematics and addresses are blanked
out first, in place. Codespell finds misspellings, and American spellings by its own table of British ones turned round.
A short table finds what no spelling checker does: quotes, dashes, dots and spaces of another style.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import codespell_lib

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("book/**/*.md", "*.md", "scripts/*.md")
NOTEBOOKS = "solutions/*/*.ipynb"
HINTS = "course_lib/checks/*/hints.toml"
BRITISH = Path(codespell_lib.__file__).parent / "data" / "dictionary_en-GB_to_en-US.txt"
BOTH = {
    "program",
    "practice",
    "license",
    "check",
    "meter",
    "disk",
    "dialog",
    "draft",
    "story",
    "tire",
    "curb",
    "inquiry",
}
"""American spellings that Britain uses too, in a sense that this course needs."""

CODE = r"(?:\w+|\{(?:code-cell|literalinclude|bibliography|math|raw)\}.*?)"
NOT_PROSE = re.compile(
    rf"""\A---\n.*?\n---\n                            # front matter
    |^(?P<fence>`{{3,}}){CODE}\n.*?^(?P=fence)[ \t]*$  # code, cells, included code
    |^`{{3,}}.*?$|^:{{3,}}(?:\{{[\w-]+\}})?            # fences of what is prose
    |^:[a-z_-]+:.*?$                                  # options of a directive
    |\$\$.*?\$\$|\$[^$\n]+(?:\n[^$\n]+)?\$            # mathematics
    |\{{[a-z:_-]+\}}`[^`]*`|`+(?:(?!\n\n)[^`])+`+     # roles and code in a line
    |https?://[^\s)>]+|(?<=\])\([^)]*\)|<[^<>\n]+>|^\([a-z0-9-]+\)=$  # addresses, tags, labels
    |^\[[\w.-]+\]$|^\w+\ =\ """,  # tables and keys of a TOML file
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)
TYPOGRAPHY = (
    (re.compile(r"[“”„‘’‚«»]"), "a curly quote: use a straight one"),
    (re.compile(r"\.\.\."), "three dots: use …"),
    (
        re.compile(r"(?<=\w\w) --?-? (?=\w\w)|(?<=\w)---?(?=\w)|—"),
        "a hyphen or long dash between words: use a colon or –",
    ),
    (re.compile(r"(?<=[^\s|])  +(?=[^\s|])"), "two spaces"),
    (re.compile(r"(?<=[^\s|:]) [,;:.?](?=\s|$)"), "a space before punctuation"),
    (re.compile(r"[,;](?=[^\W\d_])"), "no space after punctuation"),
    (re.compile(r"(?<=\w)!(?=[\s\")*]|$)"), "an exclamation mark"),
)


def prose(text: str) -> str:
    """Return a text of the same lines and columns in which everything but prose is an ``x`` for each character."""
    return NOT_PROSE.sub(lambda found: "\n".join(_blank(line) for line in found[0].split("\n")), text)


def _blank(line: str) -> str:
    """Blank a line out, unless it is the description or the caption of a picture."""
    if line.lstrip().startswith(("alt: ", ":alt: ", "caption: ")):
        return line
    indent = line[: len(line) - len(line.lstrip())]
    return indent + "x" * (len(line) - len(indent))


def texts(root: Path) -> Iterator[tuple[str, str]]:
    """Yield the prose of every file that is read, with its place; of a notebook one text for each Markdown cell."""
    for path in sorted({path for pattern in (*PAGES, HINTS) for path in root.glob(pattern)}):
        if "vendor" not in path.parts:
            yield path.relative_to(root).as_posix(), prose(path.read_text(encoding="utf-8"))
    for path in sorted(root.glob(NOTEBOOKS)):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "markdown":
                yield f"{path.relative_to(root).as_posix()}/{cell['id']}", prose("".join(cell["source"]))


def untidy(place: str, text: str) -> Iterator[str]:
    """Yield a line for everything in a text that the table of typography names."""
    for number, line in enumerate(text.splitlines(), start=1):
        for pattern, said in TYPOGRAPHY:
            yield from (f"{place}:{number}:{found.start() + 1}: {said}." for found in pattern.finditer(line))


def american() -> Iterator[str]:
    """Yield codespell's table of British spellings turned round: ``color->colour``."""
    for line in BRITISH.read_text(encoding="utf-8").splitlines():
        british, _, others = line.partition("->")
        for word in others.split(","):
            if word.strip() and word.strip() not in BOTH:
                yield f"{word.strip()}->{british}"


def misspelt(found: Iterable[tuple[str, str]]) -> list[str]:
    """Return what codespell says about texts, as ``place:line: word ==> better``."""
    with tempfile.TemporaryDirectory() as folder:
        for place, text in found:
            path = Path(folder) / "texts" / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        table = Path(folder) / "american.txt"
        table.write_text("\n".join(dict.fromkeys(american())) + "\n", encoding="utf-8")
        words = ["--builtin", "clear,rare", "--dictionary", "-", "--dictionary", table]
        ran = subprocess.run(
            [sys.executable, "-m", "codespell_lib", *words, "."],
            capture_output=True,
            text=True,
            cwd=Path(folder) / "texts",
        )
    return [line.removeprefix("./") for line in (ran.stdout + ran.stderr).splitlines()]


def main() -> int:
    """Report on everything; return 1 when something is left to do."""
    found = list(texts(ROOT))
    complaints = [*misspelt(found), *(line for place, text in found for line in untidy(place, text))]
    print("\n".join(complaints), end="\n" if complaints else "")
    return min(len(complaints), 1)


if __name__ == "__main__":
    sys.exit(main())
