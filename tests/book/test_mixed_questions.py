"""The pages of mixed questions: one right choice each, the others mistakes on file, and every number is computed."""

import re
import tomllib
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest

from course_lib.checks import exercises_of
from course_lib.nn.spectra import largest_singular_value, spectral_radius
from course_lib.params import RNNParams

CHAPTERS = {
    "refresher": "00-refresher",
    "rnn": "01-rnn",
    "bptt": "02-bptt",
    "vanishing": "03-vanishing-gradients",
}
QUESTION = re.compile(r"^\*\*(\d+)\.\*\* (.*?)(?=^\*\*\d+\.\*\* |^## |\Z)", re.M | re.S)
CHOICE = re.compile(r"^:::\{dropdown\} ([^\n]+)\n:class-container: choice choice-(\S+)\n(.*?)^:::$", re.M | re.S)
RIGHT = "right"


class Choice(NamedTuple):
    text: str
    mistake: str
    answer: str


class Question(NamedTuple):
    number: int
    text: str
    choices: list[Choice]

    def chapters(self) -> set[str]:
        """Return the chapters that the right answer sends the reader to."""
        right = next(choice.answer for choice in self.choices if choice.mistake == RIGHT)
        return {topic for topic in CHAPTERS if re.search(rf"`eq:{topic}-|\]\({topic}-", right)}


@pytest.fixture(scope="module")
def page(root):
    return (root / "book" / "mixed-03.md").read_text()


@pytest.fixture(scope="module")
def questions(page):
    return [
        Question(int(number), text, [Choice(*found) for found in CHOICE.findall(text)])
        for number, text in QUESTION.findall(page)
    ]


def on_file(root, topic):
    """Return the pairs of class and name of all misconceptions of a chapter."""
    package = CHAPTERS[topic].split("-", 1)[1].replace("-", "_")
    hints = (root / "course_lib" / "checks" / package / "hints.toml").read_text()
    return {(id, item["name"]) for exercise in tomllib.loads(hints).values() for id, item in exercise.items()}


def test_there_are_12_to_15_questions_with_one_right_choice_among_three_or_more(questions):
    assert [question.number for question in questions] == list(range(1, len(questions) + 1))
    assert 12 <= len(questions) <= 15
    for question in questions:
        assert [choice.mistake for choice in question.choices].count(RIGHT) == 1
        assert len(question.choices) == question.text.count("{dropdown}") >= 3
        assert len({choice.text for choice in question.choices}) == len(question.choices)


def test_every_choice_has_a_name_of_words_or_plain_numbers_for_who_does_not_see_it(questions):
    for question in questions:
        for choice in question.choices:
            assert re.search(r"\w", re.sub(r"\$[^$]+\$", "", choice.text)), choice.text


def test_every_wrong_choice_is_a_mistake_on_file_in_a_chapter_that_the_right_one_names(questions, root):
    for question in questions:
        known = set().union(*(on_file(root, topic) for topic in question.chapters()))
        for choice in question.choices:
            if choice.mistake != RIGHT:
                name = " ".join(re.search(r"\(\*(.+?)\*\)", choice.answer, re.S)[1].split())
                assert (choice.mistake, name) in known, question.number


def test_the_chapters_are_mixed_and_the_place_of_the_right_choice_says_nothing(questions):
    belongs = [question.chapters() for question in questions]
    assert all(belongs)
    for topic in CHAPTERS:
        assert sum(topic in chapters for chapters in belongs) >= 3
    order = [min(list(CHAPTERS).index(topic) for topic in chapters) for chapters in belongs]
    assert all(len(set(order[i : i + 3])) > 1 for i in range(len(order) - 2))
    falls = sum(after < before for before, after in pairwise(order))
    assert falls >= 3
    places = [[choice.mistake for choice in question.choices].index(RIGHT) for question in questions]
    assert min(places.count(place) for place in range(4)) >= 2


def test_the_page_says_how_many_questions_there_are_and_to_which_chapter_each_belongs(page, questions):
    counted = {12: "Twelve", 13: "Thirteen", 14: "Fourteen", 15: "Fifteen"}[len(questions)]
    assert f"\n{counted} questions" in page
    said = " ".join(page.split("## What your answers say")[1].split())
    for topic, numbers in {
        "refresher": r"questions ([\d, and]+) belong to the \[refresher\]",
        "rnn": r"([\d, and]+) to \[chapter 01\]",
        "bptt": r"([\d, and]+) to \[chapter 02\]",
        "vanishing": r"([\d, and]+) to \[chapter 03\]",
    }.items():
        alone = {question.number for question in questions if question.chapters() == {topic}}
        assert {int(number) for number in re.findall(r"\d+", re.search(numbers, said)[1])} == alone
    assert re.findall(r"and (\d+) to both 01 and 02", said) == [
        str(question.number) for question in questions if question.chapters() == {"rnn", "bptt"}
    ]


P = np.array([[0.1, 0.2, 0.7], [0.1, 0.2, 0.7]])
LOSSES = np.array([[1.0, 2.0, 9.0], [3.0, 3.0, 3.0]])
UNIT = RNNParams(np.array([[0.5]]), np.array([[0.8]]), np.array([0.1]))
TWO_SENTENCES = {"dx": np.array([[[2.0], [5.0]], [[4.0], [1.0]]]), "ids": np.array([[1, 2], [1, 1]]), "V": 3}
COMPUTED = {  # number of the question: assignment, exercise, inputs, what of the output is asked for, and its format
    1: ("rnn", "tempered_softmax", {"s_t": np.array([[0.0, np.log(9)]]), "tau": 2.0}, lambda p: f"{p[0, 1]:.3f}"),
    3: (
        "bptt",
        "masked_cross_entropy",
        {
            "s": np.stack([-LOSSES, np.log1p(-np.exp(-LOSSES))], axis=-1),
            "y": np.zeros((2, 3), int),
            "mask": np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0]]),
        },
        lambda output: f"{output[0]:.2f}",
    ),
    4: ("refresher", "largest_stable_step", {"A": np.diag([2.0, 4.0, 8.0])}, lambda step: f"{step:.3f}"),
    7: ("refresher", "embed_backward", TWO_SENTENCES, lambda dE: f"{dE[1, 0]:.3g}"),
    8: (
        "rnn",
        "rnn_step",
        {"x_t": np.array([[1.0]]), "h_prev": np.array([[0.5]]), "params": UNIT},
        lambda h: f"{h[0, 0]:.3f}",
    ),
    12: (
        "refresher",
        "cross_entropy",
        {"s": np.log(P), "y": np.array([2, 2])},
        lambda output: ", ".join(f"{part:.2f}" for part in output[1][0] + 0.0),
    ),
    14: (
        "vanishing",
        "clip",
        {"gradients": [np.array([0.8]), np.array([1.5])], "max_norm": 1.0},
        lambda output: " and ".join(f"{float(array[0]):.3f}" for array in output[0]),
    ),
    15: ("vanishing", "baselines", {}, lambda output: f"{output[1]:.3f}"),
}


def plain(text):
    """Return the numbers of a choice as Python would print them."""
    return text.strip("()").replace("−", "-")


@pytest.mark.parametrize("number", COMPUTED)
def test_every_choice_is_the_number_that_its_mistake_produces(questions, number):
    topic, name, inputs, asked = COMPUTED[number]
    question, exercise = questions[number - 1], exercises_of(CHAPTERS[topic])[name]
    assert topic in question.chapters()
    for choice in question.choices:
        mistakes = frozenset() if choice.mistake == RIGHT else frozenset({choice.mistake})
        got = asked(exercise.wrong(mistakes, **inputs))
        numbers = [[float(part) for part in re.split(",| and ", text)] for text in (got, plain(choice.text))]
        assert numbers[0] == numbers[1], choice


def test_the_unit_of_question_2_has_the_magnitudes_of_its_choices(questions):
    exercise = exercises_of("03-vanishing-gradients")["unit_gradient"]
    for choice in questions[1].choices:
        mistakes = frozenset() if choice.mistake == RIGHT else frozenset({choice.mistake})
        got = exercise.wrong(mistakes, w=2.0, h_0=0.5, T=50)
        power = re.search(r"10\^\{(-?\d+)\}", choice.text)
        wanted = 10.0 ** int(power[1]) if power else float(choice.text.removeprefix("About "))
        assert 0.3 < got / wanted < 3, choice
    end = exercise.wrong(frozenset({"returns-the-state"}), w=2.0, h_0=0.5, T=50)
    assert f"{end:.3f}" == "0.958" and f"{end:.4f}" == "0.9575" and f"{2 * (1 - end**2):.3f}" == "0.166"
    assert "$h_{50} = 0.958$" in questions[1].text and "$2\\,(1 - 0.9575^2) = 0.166$" in questions[1].text


def test_one_mask_of_question_5_is_right(questions):
    lengths = np.array([2, 4])
    wanted = np.array([[1, 1, 0, 0], [1, 1, 1, 1]], bool)
    for choice in questions[4].choices:
        mask = eval(choice.text.strip("`"), {"np": np, "lengths": lengths})  # an expression of our own page
        assert mask.shape == (2, 4)
        assert (mask == wanted).all() == (choice.mistake == RIGHT), choice


def test_one_matrix_of_question_6_is_large_and_vanishes(questions):
    for choice in questions[5].choices:
        rows = re.findall(r"\(([^()]+)\)", choice.text.replace("−", "-"))
        W = np.array([[float(entry) for entry in row.split(",")] for row in rows])
        assert W.shape == (2, 2)
        assert largest_singular_value(W) > 3
        assert (spectral_radius(W) < 1) == (choice.mistake == RIGHT)
        if choice.mistake == RIGHT:
            assert f"{largest_singular_value(W):.2f}" in choice.answer


def test_the_shares_of_question_9_are_those_of_their_mistakes(questions):
    h, da = np.array([0.2, 0.6, 0.1]), np.array([1.0, 3.0])
    shares = h[:-1] * da
    wanted = {
        RIGHT: shares.sum(),
        "keeps-the-first-share": shares[0],
        "averages-the-steps": shares.mean(),
        "pairs-with-the-state-after": h[1:] @ da,
    }
    assert {choice.mistake: float(choice.text) for choice in questions[8].choices} == pytest.approx(wanted)
