"""What every chapter's source promises its readers: the skeleton, short cells, words for pictures, known mistakes."""

import json
import re
import tomllib
from collections.abc import Collection
from pathlib import Path

import numpy as np
import pytest
import yaml
from nbformat import NotebookNode

from course_lib.checks import exercises_of
from course_lib.grading.released import grade_id, is_answer, only_notebook, parts_of, read_notebook, stretch_of
from course_lib.nn import rnn_forward
from course_lib.params import RNNParams

CHAPTERS = sorted((Path(__file__).parents[2] / "book").glob("[0-9][0-9]-*.md"))
CELL = re.compile(r"```\{code-cell\} ipython3\n(?:---\n(?P<options>.*?)\n---\n)?(?P<code>.*?)```", re.S)
PLOTS = "|".join(path.stem for path in (Path(__file__).parents[2] / "course_lib" / "plots").glob("[a-z]*.py"))
FIGURE = re.compile(rf"^({PLOTS})\.\w+\(|^sprite_row\(", re.M)
FIRST = ["You will", "Before you start"]
LAST = ["Find the bug", "Check yourself", "Exercises", "Summary", "Sources"]
LABELS = ("question", "idea", "maths", "code", "experiment", "bug", "check-yourself", "exercises", "summary", "sources")
HOLDS = {  # what a part holds, and how often: at least, at most
    "You will": (r"^- ", 3, 5),
    "Before you start": (r"^:::\{dropdown\}", 3, 3),
    "Find the bug": (
        r"^\*\*Symptom\.\*\*|\(\*\*wrong\*\*|\(\*\*right\*\*|^:::\{dropdown\} Reveal: .*test missed",
        4,
        4,
    ),
    "Check yourself": (r"^\*\*\d\.\*\* ", 3, 3),
    "Exercises": (r"\{download\}`[^`]+<\.\./exercises/", 1, 1),
    "Summary": (r"^Write three sentences", 1, 1),
    "Sources": (r"^```\{bibliography\}", 1, 1),
}
STORED = {"settings", "seed", "machine", "seconds", "command"}
ROW = re.compile(r"^\| (\d+\.\d+) \| (.+?) \| (\d+) \|(?: (★+) \|)? (\d+) \|$", re.M)
TASK = re.compile(r"^## (\d+\.\d+) (.+?) (★{1,3})\n\n\*(?:(\d+) points|[^*\d]+) · (\d+) minutes\*$", re.M)
ORDER = re.compile(r"ti(ta(cu)+t?)+(tac+t?)*t")

every_chapter = pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)


def front_matter(chapter: Path) -> dict:
    return yaml.safe_load(chapter.read_text().split("---\n")[1])["course"]


def parts(page: str) -> dict[str, str]:
    """Return the text of every part by its heading, in order; what stands in fences is no heading."""
    fenced = re.sub(r"```.*?```", lambda fence: re.sub(r"^## ", "·· ", fence[0], flags=re.M), page, flags=re.S)
    _, *pieces = re.split(r"^## (.+)$", fenced, flags=re.M)
    return dict(zip(pieces[::2], pieces[1::2], strict=True))


def skeleton_faults(page: str, topic: str) -> list[str]:
    """Say where a chapter leaves the one skeleton: parts in order, their labels, and what each holds."""
    found = parts(page)
    headings = list(found)
    faults = []
    if headings[:2] != FIRST:
        faults.append(f"it begins with {headings[:2]}, wanted {FIRST}")
    if headings[-5:] != LAST:
        faults.append(f"it ends with {headings[-5:]}, wanted {LAST}")
    if len(headings) < len(FIRST) + 5 + len(LAST):
        faults.append(f"only {len(headings)} parts")
    labels = re.findall(rf"^\({topic}-([a-z-]+)\)=$", page, re.M)
    if (known := [label for label in labels if label in LABELS]) != list(LABELS):
        faults.append(f"its labels are {known}, wanted {list(LABELS)}")
    for name, (pattern, least, most) in HOLDS.items():
        times = len(re.findall(pattern, found.get(name, ""), re.M))
        if not least <= times <= most:
            faults.append(f"{name} holds {pattern!r} {times} times, wanted {least} to {most}")
    abilities = len(re.findall(r"^- ", found.get("You will", ""), re.M))
    proved = len(re.findall(rf"^- .*\]\({topic}-exercises\)", found.get("Summary", ""), re.M))
    if proved != abilities:
        faults.append(f"You will promises {abilities} abilities, Summary links {proved} to exercises")
    return faults


@every_chapter
def test_a_chapter_has_the_skeleton_of_all_chapters(chapter):
    page = chapter.read_text()
    topic = re.findall(r"^\(([a-z-]+)\)=$", page, re.M)[0]  # the page's own label; those of its parts begin with it
    assert chapter.stem.split("-", 1)[1].startswith(topic)
    assert skeleton_faults(page, topic) == []


PATTERN = Path(__file__).parents[2] / "book" / "01-rnn.md"


@pytest.mark.parametrize(
    ("written", "planted", "said"),
    [
        ("## Find the bug", "### Find the bug", "it ends with "),
        ("## Before you start", "## What you need", "it begins with "),
        ("(rnn-idea)=\n", "", "its labels are ['question', 'maths'"),
        ("(rnn-idea)=", "(rnn-code)=", "its labels are ['question', 'code', 'maths', 'code'"),
        ("- calculate by hand", "* calculate by hand", "You will promises 4 abilities, Summary links 5"),
        ("**Symptom.**", "So:", "Find the bug holds"),
        ("**2.** ", "2. ", "Check yourself holds"),
        ("<../exercises/01-rnn/", "<../work/01-rnn/", "Exercises holds"),
        ("```{bibliography}", "```{note}", "Sources holds"),
    ],
)
def test_a_planted_fault_in_the_skeleton_is_said(written, planted, said):
    page = PATTERN.read_text()
    assert page.count(written) == 1
    assert any(fault.startswith(said) for fault in skeleton_faults(page.replace(written, planted), "rnn"))


def test_parts_in_another_order_are_said():
    page = PATTERN.read_text()
    check, exercises = page.index("(rnn-check-yourself)="), page.index("(rnn-exercises)=")
    summary = page.index("(rnn-summary)=")
    swapped = page[:check] + page[exercises:summary] + page[check:exercises] + page[summary:]
    assert len(skeleton_faults(swapped, "rnn")) == 2


@every_chapter
def test_cells_are_short_and_have_words_between_them(chapter):
    text = chapter.read_text()
    cells = list(CELL.finditer(text))
    assert cells
    for cell in cells:
        assert cell["code"].count("\n") <= 15, cell["code"]
        assert not text[: cell.start()].rstrip().endswith("```"), cell["code"]
        assert not text[cell.end() :].lstrip().startswith("```"), cell["code"]


@every_chapter
def test_every_figure_cell_says_what_its_picture_shows(chapter):
    figures = [cell for cell in CELL.finditer(chapter.read_text()) if FIGURE.search(cell["code"])]
    assert figures
    for cell in figures:
        alt = yaml.safe_load(cell["options"])["mystnb"]["image"]["alt"]
        assert len(alt.split()) >= 10


@every_chapter
def test_every_wrong_choice_names_its_mistake_in_the_words_of_the_hints(chapter, root):
    choices = re.findall(r"^:class-container: choice choice-(\S+)\n(.*?)^:::$", chapter.read_text(), re.M | re.S)
    package = chapter.stem.split("-", 1)[1].replace("-", "_")
    hints = (root / "course_lib" / "checks" / package / "hints.toml").read_text()
    known = [mistake for exercise in tomllib.loads(hints).values() for mistake in exercise.items()]
    wrong = [(mistake, text) for mistake, text in choices if mistake != "right"]
    assert len(wrong) >= 6
    for mistake, text in wrong:
        names = {item["name"] for name, item in known if name == mistake}
        assert re.search(r"\(\*(.+?)\*\)", text)[1] in names, mistake


@every_chapter
def test_reading_time_is_stated_and_true(chapter):
    text = chapter.read_text()
    words = len(re.sub(r"```.*?```", "", text, flags=re.S).split())
    pauses = len(CELL.findall(text)) + text.count("**Predict.**")
    stated = front_matter(chapter)["reading_minutes"]
    assert f"about {stated} minutes" in text
    # A text with mathematics, for many in a second language; half a minute for a cell and its output, or a guess.
    assert words / 150 + pauses * 0.5 == pytest.approx(stated, rel=0.15)


def exercise_faults(page: str, notebook: NotebookNode, declared: Collection[str]) -> list[str]:
    """Say where the table of a page, the tasks of its notebook, and the points and checks in its cells disagree.

    Parameters
    ----------
    page : str
        Its table has number, title, points and minutes, and stars if it likes.
    notebook : NotebookNode
        The solution: title, imports, then task, answer, checks, each with its unseen one; stretch exercises without.
    declared : collection of str
        Names of the checks that are registered for it.
    """
    faults = []
    kinds = "".join(kind_of(cell) for cell in notebook.cells)
    if not ORDER.fullmatch(kinds):
        faults.append(f"the cells stand in the order {kinds}, wanted {ORDER.pattern}")
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    tasks = {number: rest for number, *rest in TASK.findall(text)}
    rows = {number: rest for number, *rest in ROW.findall(page)}
    if not rows or list(rows) != list(tasks):
        faults.append(f"the table has {list(rows)}, the notebook {list(tasks)}")
    graded, stretch = parts_of(notebook), stretch_of(notebook)
    for number in tasks.keys() & rows.keys():
        title, stars, points, minutes = tasks[number]
        cells = sum(part.points for part in graded if part.number == number)
        row = [rows[number][0], rows[number][2] or stars, int(rows[number][1]), rows[number][3]]
        if row != [title, stars, int(points or 0), minutes] or row[2] != cells:
            faults.append(
                f"{number}: the table says {row}, the task {[title, stars, points, minutes]}, cells {cells:g}"
            )
    if (total := sum(part.points for part in graded)) != 100:
        faults.append(f"the cells are worth {total:g} points, wanted 100")
    called = {part.call.split("(")[0].removeprefix("check.") for part in (*graded, *stretch)}
    if called != set(declared):
        faults.append(f"checked are {sorted(called)}, registered {sorted(declared)}")
    return faults


def kind_of(cell: NotebookNode) -> str:
    """Return one letter for what a cell is: text, imports, answer, check, unseen."""
    if cell.cell_type == "markdown":
        return "t"
    return "a" if is_answer(cell) else {"check": "c", "unseen": "u"}.get(grade_id(cell).split("-")[0], "i")


def solution_of(chapter: Path) -> NotebookNode:
    return read_notebook(only_notebook(chapter.parents[1] / "solutions" / chapter.stem))


@every_chapter
def test_exercises_of_page_notebook_and_checks_agree(chapter):
    assert exercise_faults(chapter.read_text(), solution_of(chapter), exercises_of(chapter.stem)) == []


def swap(notebook: NotebookNode, first: str, second: str) -> None:
    places = {grade_id(cell): place for place, cell in enumerate(notebook.cells)}
    one, two = places[first], places[second]
    notebook.cells[one], notebook.cells[two] = notebook.cells[two], notebook.cells[one]


def replace(notebook: NotebookNode, name: str, written: str, planted: str) -> None:
    (cell,) = (cell for cell in notebook.cells if grade_id(cell) == name)
    assert written in cell.source
    cell.source = cell.source.replace(written, planted)


def set_points(notebook: NotebookNode, name: str, points: int) -> None:
    next(cell for cell in notebook.cells if grade_id(cell) == name).metadata.nbgrader.points = points


@pytest.mark.parametrize(
    ("plant", "said"),
    [
        (lambda book: swap(book, "task-trace", "answer-trace"), "the cells stand in the order tiat"),
        (
            lambda book: replace(book, "task-trace", "by hand", "by foot"),
            "1.1: the table says ['Trace a network by hand'",
        ),
        (lambda book: replace(book, "task-trace", "10 minutes", "12 minutes"), "1.1: the table says"),
        (lambda book: replace(book, "task-trace", "*10 points", "*11 points"), "1.1: the table says"),
        (lambda book: replace(book, "task-trace", " ★", ""), "the table has ['1.1', "),
        (lambda book: set_points(book, "unseen-trace", 11), "the cells are worth 101 points, wanted 100"),
        (lambda book: replace(book, "check-trace", "check.trace", "check.race"), "checked are"),
    ],
)
def test_a_planted_fault_in_the_exercises_is_said(plant, said):
    notebook = solution_of(PATTERN)
    assert exercise_faults(PATTERN.read_text(), notebook, exercises_of("01-rnn")) == []
    plant(notebook)
    faults = exercise_faults(PATTERN.read_text(), notebook, exercises_of("01-rnn"))
    assert any(fault.startswith(said) for fault in faults), faults


def test_a_table_with_other_stars_or_points_than_the_notebook_is_said():
    page, notebook, row = PATTERN.read_text(), solution_of(PATTERN), "| Trace a network by hand | 10 | 10 |"
    for planted in ("| Trace a network by hand | 10 | ★★ | 10 |", "| Trace a network by hand | 20 | 10 |"):
        (fault,) = exercise_faults(page.replace(row, planted), notebook, exercises_of("01-rnn"))
        assert fault.startswith("1.1: the table says")
    same = page.replace(row, "| Trace a network by hand | 10 | ★ | 10 |")
    assert exercise_faults(same, notebook, exercises_of("01-rnn")) == []


@every_chapter
def test_the_hours_follow_from_the_minutes(chapter):
    minutes = [int(row[4]) for row in ROW.findall(chapter.read_text())]
    assert front_matter(chapter)["exercise_hours"] == pytest.approx(1.5 * sum(minutes) / 60, abs=0.25)


def stored_faults(folder: Path) -> list[str]:
    """Name every stored result that does not say how it came about."""
    faults = []
    for path in sorted(folder.rglob("*.json")) if folder.is_dir() else []:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if missing := STORED - {key for key, value in stored.items() if value not in (None, "", {})}:
            faults.append(f"{path.name} does not say {', '.join(sorted(missing))}")
    return faults


def test_every_stored_result_says_how_it_came_about(root, tmp_path):
    assert stored_faults(root / "results") == []
    whole = {"settings": {"steps": 20}, "seed": 0, "machine": "2 cores", "seconds": 1.5, "command": "python -m x"}
    for missing in ("", *STORED):
        sample = {name: value for name, value in whole.items() if name != missing}
        (tmp_path / f"without-{missing}.json").write_text(json.dumps(sample))
    (tmp_path / "without-settings.json").write_text(json.dumps(whole | {"settings": {}}))
    assert stored_faults(tmp_path) == [f"without-{name}.json does not say {name}" for name in sorted(STORED)]


def test_the_worked_numbers_of_chapter_01_are_those_of_the_library(root):
    params = RNNParams(np.array([[0.5]]), np.array([[0.8]]), np.array([0.1]))
    h, _ = rnn_forward(np.array([[[1.0], [-1.0], [2.0]]]), np.array([[0.2]]), params)
    text = (root / "book" / "01-rnn.md").read_text()
    for t, state in enumerate(h.ravel(), start=1):
        assert re.search(rf"h_{t} &= \\tanh\([\d.]+\) = {state:.3f}", text)
