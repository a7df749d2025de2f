"""No hint can be pasted as an answer, and there are enough of them."""

import json
import re
from functools import cache
from pathlib import Path

import pytest

from course_lib.checks.notebook import ASSIGNMENTS, exercises_of

ROOT = Path(__file__).parents[2]
WINDOW = 12
FEWEST = 6


@cache
def solution_lines(assignment):
    return list(_solution_lines(assignment))


def _solution_lines(assignment):
    (notebook,) = (ROOT / "solutions" / assignment).glob("*.ipynb")
    for cell in json.loads(notebook.read_text())["cells"]:
        inside = False
        for line in "".join(cell["source"]).splitlines():
            if "BEGIN SOLUTION" in line or "END SOLUTION" in line:
                inside = "BEGIN" in line
            elif inside:
                yield line.strip()


def misconceptions():
    for assignment in ASSIGNMENTS:
        for exercise in exercises_of(assignment).values():
            for item in exercise.misconceptions:
                yield pytest.param(assignment, item, id=f"{exercise.name}.{item.id}")


def pasted(text, lines):
    """Return the first run of characters that stands in the text and in a line of the solution."""
    for line in lines:
        for start in range(len(line) - WINDOW + 1):
            if line[start : start + WINDOW] in text:
                return line[start : start + WINDOW]
    return ""


@pytest.mark.parametrize(("assignment", "item"), misconceptions())
def test_nothing_in_a_hint_can_be_pasted(assignment, item):
    for text in (item.name, item.hint, item.example, item.hint_ko):
        assert not set("@=") & set(text)
        assert pasted(text, solution_lines(assignment)) == ""


@pytest.mark.parametrize(("assignment", "item"), misconceptions())
def test_the_first_hint_asks_and_the_second_shows_numbers(assignment, item):
    assert "?" in item.hint
    assert re.search(r"\d", item.example)
    assert "?" in item.hint_ko
    assert len(item.hint) < 200


def test_a_pasted_line_would_be_noticed():
    assert pasted("try np.tanh(a_t) here", ["return np.tanh(a_t)"]) == " np.tanh(a_t"


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_every_exercise_knows_at_least_six_mistakes(assignment):
    for exercise in exercises_of(assignment).values():
        assert len(exercise.misconceptions) >= FEWEST, exercise.name
        assert len({item.id for item in exercise.misconceptions}) == len(exercise.misconceptions)


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_every_check_says_where_to_read_and_the_place_exists(assignment):
    page = (ROOT / "book" / f"{assignment}.md").read_text()
    headings = {heading.strip() for heading in re.findall(r"^#{2,4} (.+)$", page, re.M)}
    for exercise in exercises_of(assignment).values():
        found = any(exercise.read.startswith(heading) for heading in headings)
        assert found, (
            f"{exercise.name}: {exercise.read!r} begins with no heading of {assignment}.md: {sorted(headings)}"
        )
