"""A student's feedback page passes the book's gates on a phone and on a desk, in light and in dark."""

from collections.abc import Callable
from pathlib import Path

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from playwright.sync_api import Browser

from course_lib.grading.execution import error_of, run_notebook
from course_lib.grading.unreadable import NOTE
from scripts.screenshots import MODES, WIDTHS, Mode
from tests.browser import gates
from tests.browser.visit import Visit, visit
from tests.grading.conftest import course_cell
from tests.grading.feedback_page import page_of

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("feedback page")]

CHECKS = '''
from course_lib.checks.verdict import CheckFailed, Verdict


class Checks:
    """Pass, fail with a verdict, or let through what the answer raises."""

    def double(self, answer, part):
        told = (("called", "double(x)"), ("wrong", f"yours {answer(part)}, expected {2 * part}"), ("likely", "forgets"))
        verdict = Verdict(f"double ({part})", answer(part) == 2 * part, "value", told)
        if not verdict.passed:
            raise CheckFailed(verdict)
        display(verdict)


check = Checks()
'''
ANSWER = '''
def double(x):
    """Double an even number, print a lot for an odd one and forget to double it, and raise an error above 9."""
    if x % 2:
        print(f"doubling {x}, which is odd; a line as long as this one is wider than a telephone\\n" * 50)
        return x
    return x + (x if x < 9 else the_same_name_is_not_defined_anywhere_in_this_notebook_as_you_can_see_from_here)
'''
OWN = (
    "import warnings\nwarnings.warn('old')\nlist(range(100)), 'an own try-out in a cell below the checks of the course'"
)
NOTES = "## My notes\n\n```\nwhat_i_tried = [double(x) for x in range(20) if x % 2 == 0 and x < 9]\n```"

GATES = (
    gates.accessibility,
    gates.width,
    gates.outside_requests,
    gates.console,
    gates.mathematics,
    gates.headings,
    gates.ids,
    gates.links,
)
Open = Callable[..., dict[int, Visit]]


@pytest.fixture(scope="module")
def graded() -> NotebookNode:
    """Return a graded notebook with a part that passed, one that failed and one that raised an error."""
    cells = [
        new_markdown_cell("- `check-2` was changed, though not yours to write in: put back as released.", id=NOTE),
        course_cell("imports", CHECKS),
        course_cell("task", "## 9.1 Double ★\n\nReturn $$y = 2 x$$.\n\n| | shape |\n|---|---|\n| `x` | (B,) |"),
        course_cell("answer", ANSWER, solution=True),
    ]
    for part in (2, 3, 10):
        call = f"check.double(double, {part})"
        hidden = f"### BEGIN HIDDEN TESTS\n{call}  # {'unseen ' * 20}\n### END HIDDEN TESTS"
        cells += [course_cell(f"check-{part}", call, 0), course_cell(f"unseen-{part}", hidden, 5)]
    notebook = new_notebook(cells=[*cells, new_code_cell(OWN), new_markdown_cell(NOTES)])
    assert run_notebook(notebook, seconds_a_cell=20) is None
    notebook.cells[5].metadata.nbgrader.score = 5
    return notebook


@pytest.fixture(scope="module")
def page(graded: NotebookNode) -> str:
    return page_of(graded, score=5, max_score=15)


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Open:
    """Return a function that opens a page and says what is seen of it, by width."""

    def look(page: str, mode: Mode = "light") -> dict[int, Visit]:
        (tmp_path / "page.html").write_text(page, encoding="utf-8")
        return visit(browser, tmp_path.as_uri(), "page.html", mode, excused={})

    return look


def test_the_page_shows_a_panel_a_verdict_an_error_a_warning_and_what_was_printed(graded: NotebookNode, page: str):
    errors = [error_of(cell) for cell in graded.cells if cell.id.startswith("unseen")]
    assert [error and error.ename for error in errors] == [None, "CheckFailed", "NameError"]
    for shown in ("passed</strong>", "yours 3, expected 6", "NameError: ", "UserWarning: old", "doubling 3, which"):
        assert shown in page


@pytest.mark.parametrize("mode", MODES)
def test_a_feedback_page_is_accessible_narrow_quiet_and_complete(page: str, open_page: Open, mode: Mode):
    seen = open_page(page, mode)
    assert sorted(seen) == sorted(WIDTHS) == [390, 1280]
    for width in WIDTHS:
        assert {gate.__name__: complaints for gate in GATES if (complaints := gate(seen[width]))} == {}


def test_a_missing_label_and_code_out_of_reach_of_the_keyboard_are_complained_of(page: str, open_page: Open):
    planted = page.replace("</main>", '<input id="slider" type="range"></main>')
    planted = planted.replace('<pre tabindex="0">', "<pre>")
    told = [complaint.split(":")[0] for complaint in gates.accessibility(open_page(planted)[390])]
    assert "label at #slider" in told
    assert any(complaint.startswith("scrollable-region-focusable at ") for complaint in told)


def test_a_picture_from_elsewhere_a_wide_line_and_a_raw_formula_are_complained_of(page: str, open_page: Open):
    faults = (
        '<img alt="A picture from elsewhere" src="http://198.51.100.1/a.png">'
        '<div style="width: 3000px">wide</div><p>Return $$y = 2 x$$.</p>'
    )
    seen = open_page(page.replace("</main>", f"{faults}</main>"))[390]
    (said,) = gates.console(seen)
    assert said.startswith("error: ") and "Content Security Policy" in said
    assert gates.outside_requests(seen) == ["http://198.51.100.1/a.png"]
    assert gates.width(seen) and gates.mathematics(seen) == ["not set: $y = 2 x$"]
