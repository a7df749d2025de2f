"""No hint can be pasted as an answer, and there are enough of them."""

import ast
import inspect
import json
import re
from functools import cache
from pathlib import Path

import pytest

from course_lib.checks.exercise import load_misconceptions
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
    assert not item.hint_ko or "?" in item.hint_ko
    assert len(item.hint) < 200


def test_a_pasted_line_would_be_noticed():
    assert pasted("try np.tanh(a_t) here", ["return np.tanh(a_t)"]) == " np.tanh(a_t"


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_every_exercise_knows_at_least_six_mistakes(assignment):
    for exercise in exercises_of(assignment).values():
        assert len(exercise.misconceptions) >= FEWEST, exercise.name
        assert len({item.id for item in exercise.misconceptions}) == len(exercise.misconceptions)


def switches(module):
    """Return the strings that a declaring module looks for among the mistakes."""
    tree = ast.parse(inspect.getsource(module))
    tests = [
        node for node in ast.walk(tree) if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn)
    ]
    sets = [node for node in ast.walk(tree) if isinstance(node, ast.BinOp) and ast.unparse(node.right) == "mistakes"]
    texts = [test.left for test in tests if ast.unparse(test.comparators[0]) == "mistakes"]
    texts += [item for both in sets if isinstance(both.left, ast.Set) for item in both.left.elts]
    return {text.value for text in texts if isinstance(text, ast.Constant)}


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_every_switch_has_a_hint_and_every_hint_an_exercise(assignment):
    exercises = exercises_of(assignment)
    modules = {inspect.getmodule(exercise.wrong) for exercise in exercises.values()}
    for module in modules:
        known = {
            item.id for e in exercises.values() if e.wrong.__module__ == module.__name__ for item in e.misconceptions
        }
        assert switches(module) == known
    tables = load_misconceptions(Path(inspect.getfile(next(iter(modules)))).with_name("hints.toml"))
    assert tables.keys() == exercises.keys()


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_every_check_says_where_to_read_and_the_place_exists(assignment):
    page = (ROOT / "book" / f"{assignment}.md").read_text()
    headings = {heading.strip() for heading in re.findall(r"^#{2,4} (.+)$", page, re.M)}
    for exercise in exercises_of(assignment).values():
        found = any(exercise.read.startswith(heading) for heading in headings)
        assert found, (
            f"{exercise.name}: {exercise.read!r} begins with no heading of {assignment}.md: {sorted(headings)}"
        )
