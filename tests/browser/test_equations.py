"""Pages, checks, hints, notebooks and the library speak of equations by numbers that the built book has."""

import re
from pathlib import Path

import pytest

from course_lib.checks import exercises_of
from course_lib.checks.notebook import ASSIGNMENTS
from tests.browser import equations
from tests.browser.test_pages import PAGES
from tests.browser.visit import Visit, visit

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("book")]

every_assignment = pytest.mark.parametrize("assignment", ASSIGNMENTS)
CHAPTER = "book/01-rnn.html"


@pytest.fixture(scope="module")
def visits(look) -> dict[str, Visit]:
    return {name: look(name, "file", "light", 390) for name in PAGES}


@pytest.fixture(scope="module")
def known(visits: dict[str, Visit]) -> list[str]:
    return [number for seen in visits.values() for number, _ in seen.equations]


@pytest.fixture(scope="module")
def told(root: Path) -> dict[str, str]:
    """Return what hints, tasks and declared checks tell students, by where it stands."""
    hints = {str(path.relative_to(root)): path.read_text() for path in root.glob("course_lib/checks/*/hints.toml")}
    tasks = {path.name: equations.words_of_notebook(path) for path in root.glob("solutions/*/*.ipynb")}
    reads = {f"{name}, read": "\n".join(e.read for e in exercises_of(name).values()) for name in ASSIGNMENTS}
    return hints | tasks | reads


@pytest.mark.parametrize("name", PAGES)
def test_a_chapter_counts_its_equations_after_its_own_number(visits, name):
    assert equations.numbering(name, visits[name]) == []


def test_every_link_to_an_equation_shows_its_number(visits):
    assert sum(len(seen.equation_links) for seen in visits.values()) >= 4
    assert equations.links(visits) == []


def test_hints_tasks_and_checks_speak_of_equations_that_are_there(told, known):
    assert len(told) == 3 * len(ASSIGNMENTS)
    assert equations.unknown(told, known, in_brackets=True) == []


def test_pages_and_library_speak_of_equations_that_are_there(root, visits, known):
    pages = {name: "\n".join(seen.sections.values()) for name, seen in visits.items()}
    library = {str(path.relative_to(root)): path.read_text() for path in root.glob("course_lib/**/*.py")}
    answers = {str(path.relative_to(root)): path.read_text() for path in root.glob("solutions/*/*.py")}
    assert equations.unknown(pages | library | answers, known) == []


@every_assignment
def test_checks_send_their_readers_to_a_place_that_has_the_equation(visits, assignment):
    sections = visits[f"book/{assignment}.html"].sections
    reads = {exercise.read for exercise in exercises_of(assignment).values()}
    assert [complaint for read in sorted(reads) for complaint in equations.reading(read, sections)] == []


def test_a_page_that_numbers_an_equation_wrongly_is_noticed(browser, built_book, tmp_path, told, known):
    (tmp_path / "_static").symlink_to(built_book / "_static")
    (tmp_path / "book").mkdir()
    html = (built_book / CHAPTER).read_text()
    wrong = re.sub(r'(id="equation-eq-rnn-step">\s*<span class="eqno">\()1\.3', r"\g<1>1.7", html)
    assert wrong != html
    (tmp_path / CHAPTER).write_text(wrong)
    seen = visit(browser, tmp_path.as_uri(), CHAPTER)[390]
    (complaint,) = equations.numbering(CHAPTER, seen)
    assert "['1.1', '1.2', '1.7', '1.4', '1.5'], wanted ['1.1', '1.2', '1.3', '1.4', '1.5']" in complaint
    assert f"{CHAPTER}: (1.3) leads to (1.7)" in equations.links({CHAPTER: seen})
    remaining = set(known) - {"1.3"}
    assert "course_lib/checks/rnn/hints.toml speaks of (1.3)" in equations.unknown(told, remaining, in_brackets=True)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Equation (1.9) squashes once.", "1.9"),
        ("the loss, equations (1.1) and (1.9)", "1.9"),
        ("advance by one step (eq. 1.9)", "1.9"),
        ("Weigh as (1.9) does: tanh(0.5) is 0.46.", "1.9"),
    ],
)
def test_a_wrong_number_is_noticed_in_a_text(text, number):
    complaints = equations.unknown({"text": text}, {"1.1", "1.2"}, in_brackets=True)
    assert complaints == [f"text speaks of ({number})"]


@pytest.mark.parametrize(
    ("read", "complaint"),
    [
        ("The recurrence, equation (1.5)", "(1.5) is not mentioned there"),
        ("The recurrences, equation (1.3)", "no such heading"),
        ("The recurrence, equations (1.1) and (1.9)", "(1.9) is not mentioned there"),
    ],
)
def test_a_check_that_sends_its_reader_to_a_wrong_place_is_noticed(visits, read, complaint):
    assert equations.reading(read, visits[CHAPTER].sections) == [f"{read!r}: {complaint}"]
