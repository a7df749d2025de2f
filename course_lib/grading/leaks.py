"""Search a folder for answers to the exercises: what a copy for students must not hold.

Every line of every answer in ``solutions/`` that says something is looked for in every file, without regard to white
space, quotes or the name it is assigned to; a short one together with the line that follows it. Notebooks are searched
as what they show: sources and outputs. An answer that was written differently, with other names, is not found.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from course_lib.grading.released import is_answer, read_notebook

ANSWER = re.compile(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", re.DOTALL)
MARKERS = ("### BEGIN SOLUTION", "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS")
COMMENT = re.compile(r"\s+#.*$")
ASSIGNED = re.compile(r"^(?:return\s+|[\w.\[\], ]+ [-+*/]?= )")
SHORTEST = 12
"""Characters without white space: what is shorter, such as ``states = []``, stands in any program."""

PUBLIC = {
    "course_lib/nn/": "the library's own layers: the course shows them, folded, and says that its answers are public",
}
LINES_PUBLIC = {
    "course_lib/checks/": "a wrong implementation has its mistake in one line and shares the others with a right one",
}
SAYS_NOTHING = {
    "V = len(params.W_xh)": "reads a size off a shape, as docstrings and tasks do too",
    "clipped = clip(gradients, max_norm)": "calls what the check lends, as its task writes it",
}


@dataclass(frozen=True)
class Answer:
    """The solution in one answer cell: its name, and its lines that say something."""

    name: str
    lines: tuple[str, ...]


def bare(text: str) -> str:
    """Return a text without white space, and with one kind of quotes."""
    return re.sub(r"\s+", "", text).replace('"', "'")


def answers_in(solutions: Path) -> list[Answer]:
    """Read the answers out of all solution notebooks.

    Raises
    ------
    GradingError
        When one of them is no notebook.
    """
    answers = []
    for path in sorted(solutions.glob("*/*.ipynb")):
        for cell in filter(is_answer, read_notebook(path).cells):
            lines = [line for body in ANSWER.findall(cell.source) for line in _telling_lines(body)]
            answers.append(Answer(f"{path.parent.name}, {cell.id}", tuple(lines)))
    return answers


def _telling_lines(body: str) -> Iterator[str]:
    lines = [COMMENT.sub("", line.strip()) for line in body.splitlines()]
    lines = [line for line in lines if line and line not in SAYS_NOTHING]
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        code = ASSIGNED.sub("", line)
        if len(bare(code)) >= SHORTEST:
            yield code
        elif (following or len(lines) == 1) and len(bare(line + following)) >= SHORTEST:
            yield f"{line} {following}".rstrip()


def shown_text(path: Path) -> str:
    """Return what a file says, whatever its encoding as far as it is ASCII; of a notebook the sources and outputs."""
    text = path.read_bytes().replace(b"\0", b"").decode("utf-8", errors="replace")
    if path.suffix != ".ipynb":
        return text
    try:
        return "\n".join(_strings(json.loads(text)))
    except ValueError:
        return text


def _strings(value: object) -> Iterator[str]:
    """Yield every text in a JSON value; a list of lines is one text."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list) and all(isinstance(item, str) for item in value):
        yield "".join(value)
    elif isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item)


def leaks(folder: Path, answers: list[Answer]) -> Iterator[str]:
    """Yield a sentence for every answer, part of one, or marker of nbgrader that a file holds.

    Parameters
    ----------
    folder : Path
        Everything in it is searched, git's own files excepted.
    answers : list of Answer
    """
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder).as_posix()
        if not path.is_file() or place.startswith((".git/", *PUBLIC)):
            continue
        shown = shown_text(path)
        squeezed = bare(shown)
        yield from (f"{place} holds the marker `{marker}`." for marker in MARKERS if marker in shown)
        for answer in answers:
            found = [line for line in answer.lines if bare(line) in squeezed]
            whole = len(found) == len(answer.lines)
            if found and (whole or not place.startswith(tuple(LINES_PUBLIC))):
                yield f"{place} holds of the answer {answer.name}: `{found[0]}`."
