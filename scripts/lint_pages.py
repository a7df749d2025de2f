"""Lint and format the Python cells of the book's MyST pages with ruff, which reads Python files and notebooks only.

``python scripts/lint_pages.py`` reports; with ``--fix`` it writes the formatted cells back into the pages.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FENCE = r"^(?P<fence>`{3,}|:{3,})\{code-cell\}[^\n]*\n"
OPTIONS = r"(?:---\n.*?\n---\n|(?::[^\n]*\n)*)"
CELL = re.compile(FENCE + OPTIONS + r"(?P<code>.*?)^(?P=fence)[ \t]*$", re.DOTALL | re.MULTILINE)


def cells(page: str) -> list[re.Match[str]]:
    """Return the code cells of a page, each a match with the group ``code``."""
    return list(CELL.finditer(page))


def only_code(page: str) -> str:
    """Return the page with every line that is not code left empty, so that line numbers stay those of the page."""
    lines = [""] * (page.count("\n") + 1)
    for cell in cells(page):
        first = page.count("\n", 0, cell.start("code"))
        code = cell["code"].splitlines()
        lines[first : first + len(code)] = code
    return "\n".join(lines).rstrip() + "\n"


def ruff(arguments: list[str], code: str, name: str) -> subprocess.CompletedProcess[str]:
    """Run ruff on code from standard input under a file name that the settings in ``pyproject.toml`` know."""
    command = [sys.executable, "-m", "ruff", *arguments, "--stdin-filename", name, "-"]
    return subprocess.run(command, input=code, capture_output=True, text=True, cwd=ROOT)


def lint(path: Path, name: str) -> list[str]:
    """Return what ruff says about a page, with the page's own line numbers."""
    # The order of imports is looked at cell by cell: here every line between two cells counts as empty.
    whole = ["check", "--quiet", "--output-format", "concise", "--extend-ignore", "I"]
    ran = ruff(whole, only_code(path.read_text(encoding="utf-8")), name)
    return [line.replace(".md.py:", ".md:") for line in ran.stdout.splitlines()] + ran.stderr.splitlines()


def formatted(page: str, name: str) -> str:
    """Return the page with every cell formatted and its imports in order.

    A cell with a syntax error stays as it is; the linter reports it.
    """
    for cell in reversed(cells(page)):
        ordered = ruff(["check", "--quiet", "--select", "I", "--fix"], cell["code"], name).stdout
        ran = ruff(["format", "--quiet"], ordered, name)
        if ran.returncode == 0:
            page = page[: cell.start("code")] + ran.stdout + page[cell.end("code") :]
    return page


def main(arguments: list[str]) -> int:
    """Report on all pages, or with --fix format them; return 1 when something is left to do."""
    complaints: list[str] = []
    for path in sorted((ROOT / "book").glob("**/*.md")):
        page = path.read_text(encoding="utf-8")
        if not cells(page):
            continue
        name = f"{path.relative_to(ROOT).as_posix()}.py"
        complaints += lint(path, name)
        tidy = formatted(page, name)
        if tidy != page and "--fix" in arguments:
            path.write_text(tidy, encoding="utf-8")
        elif tidy != page:
            complaints.append(f"{name[:-3]}: cells are not in format; run `python scripts/lint_pages.py --fix`")
    print("\n".join(complaints), end="\n" if complaints else "")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
