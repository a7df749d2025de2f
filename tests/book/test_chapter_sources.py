"""What every chapter's source promises its readers: the skeleton, short cells, words for pictures, known mistakes."""

import re
import tomllib
from pathlib import Path

import numpy as np
import pytest
import yaml

from course_lib.nn import rnn_forward
from course_lib.params import RNNParams

CHAPTERS = sorted((Path(__file__).parents[2] / "book").glob("[0-9][0-9]-*.md"))
CELL = re.compile(r"```\{code-cell\} ipython3\n(?:---\n(?P<options>.*?)\n---\n)?(?P<code>.*?)```", re.S)
FIGURE = re.compile(r"^(curves|forecast|length)\.\w+\(|^sprite_row\(", re.M)
FIRST = ["You will", "Before you start"]
LAST = ["Find the bug", "Check yourself", "Exercises", "Summary", "Sources"]
LABELS = ("question", "idea", "maths", "code", "experiment", "bug", "check-yourself", "exercises", "summary", "sources")

every_chapter = pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)


def front_matter(chapter: Path) -> dict:
    return yaml.safe_load(chapter.read_text().split("---\n")[1])["course"]


@every_chapter
def test_a_chapter_has_the_skeleton_of_all_chapters(chapter):
    prose = re.sub(r"```.*?```", "", chapter.read_text(), flags=re.S)
    headings = re.findall(r"^## (.+)$", prose, re.M)
    assert headings[:2] == FIRST
    assert headings[-5:] == LAST
    assert len(headings) >= len(FIRST) + 5 + len(LAST)
    topic = chapter.stem.split("-", 1)[1]
    labels = re.findall(rf"^\({topic}-([a-z-]+)\)=$", prose, re.M)
    assert [label for label in labels if label in LABELS] == list(LABELS)


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
    hints = (root / "course_lib" / "checks" / chapter.stem.split("-", 1)[1] / "hints.toml").read_text()
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


@every_chapter
def test_exercises_are_worth_100_points_and_the_hours_follow_from_the_minutes(chapter):
    rows = re.findall(r"^\| \d+\.\d+ \| .+ \| (\d+) \| (\d+) \|$", chapter.read_text(), re.M)
    points, minutes = np.array(rows, dtype=int).T
    assert points.sum() == 100
    assert front_matter(chapter)["exercise_hours"] == pytest.approx(1.5 * minutes.sum() / 60, abs=0.25)


def test_the_worked_numbers_of_chapter_01_are_those_of_the_library(root):
    params = RNNParams(np.array([[0.5]]), np.array([[0.8]]), np.array([0.1]))
    h, _ = rnn_forward(np.array([[[1.0], [-1.0], [2.0]]]), np.array([[0.2]]), params)
    text = (root / "book" / "01-rnn.md").read_text()
    for t, state in enumerate(h.ravel(), start=1):
        assert re.search(rf"h_{t} &= \\tanh\([\d.]+\) = {state:.3f}", text)
