"""The proof finds what it must: no hole in the real exercises, and every kind of hole when one is planted."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from course_lib.checks.__main__ import main
from course_lib.checks.call import call_here
from course_lib.checks.exercise import Misconception
from course_lib.checks.judge import judge
from course_lib.checks.notebook import ASSIGNMENTS, exercises_of
from course_lib.checks.prove import load_answers, prove, prove_assignment, table
from course_lib.checks.returns import Array
from course_lib.checks.rnn.recurrence import rnn_step

SOLUTIONS = Path(__file__).parents[2] / "solutions"


@pytest.mark.slow
@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_every_grader_is_proved(assignment):
    proofs = prove_assignment(assignment, SOLUTIONS / assignment)
    assert [hole for proof in proofs for hole in proof.holes] == [], table(proofs)
    for proof in proofs:
        assert proof.named == proof.misconceptions >= 6
        assert proof.rejected + proof.equivalent == proof.mutants


@pytest.fixture
def answers():
    return load_answers(SOLUTIONS / "01-rnn")


@pytest.fixture
def namespace(answers):
    defined = {}
    exec(answers.source, defined)
    return defined


class AcceptsEverything(Array):
    def fault(self, value, expected):
        return None


def test_a_grader_that_accepts_everything_is_full_of_holes(answers, namespace):
    blind = replace(rnn_step, returns=AcceptsEverything("h_t", "(B, H)"))
    holes = " | ".join(prove(blind, answers, namespace).holes)
    assert "misconception omits-bias passes" in holes
    assert "mutant passes and is not listed as equivalent" in holes


def test_a_wrong_oracle_rejects_the_right_answers(answers, namespace):
    wrong = replace(rnn_step, oracle=lambda x_t, h_prev, params: np.zeros_like(h_prev))
    assert "right answer 0 is rejected" in prove(wrong, answers, namespace).holes[0]


def test_a_misconception_that_changes_nothing_is_a_hole(answers, namespace):
    idle = Misconception("idle", "does nothing", "Why?", "1 and 1")
    holes = prove(replace(rnn_step, misconceptions=(idle,)), answers, namespace).holes
    assert "misconception idle passes" in holes


def test_two_misconceptions_that_return_the_same_are_a_hole(answers, namespace):
    twin = replace(rnn_step.misconceptions[1], id="twin")

    def wrong(mistakes, **inputs):
        return rnn_step.wrong({"ignores-the-past" if item == "twin" else item for item in mistakes}, **inputs)

    doubled = replace(rnn_step, wrong=wrong, misconceptions=(*rnn_step.misconceptions, twin))
    assert "misconceptions ignores-the-past and twin return the same" in prove(doubled, answers, namespace).holes


def test_an_equivalent_mutant_that_is_rejected_is_a_hole(answers, namespace):
    listed = {"rnn_step": {"tanh for sin at `np.tanh` in `return np.tanh(a_t)`": "it is not"}}
    holes = prove(rnn_step, replace(answers, equivalent=listed), namespace).holes
    assert holes == ["mutant is listed as equivalent but rejected: tanh for sin at `np.tanh` in `return np.tanh(a_t)`"]


def test_too_few_right_answers_are_a_hole(answers, namespace):
    holes = prove(rnn_step, replace(answers, other={}), namespace).holes
    assert holes == ["1 right answers on file, wanted 3"]


def test_a_declaration_without_a_hint_is_one_sentence(monkeypatch, capsys):
    def incomplete(*_):
        raise ValueError("hints.toml: [rnn_step.omits-bias] has no hint; write one")

    monkeypatch.setattr("course_lib.checks.__main__.prove_assignment", incomplete)
    with pytest.raises(SystemExit) as stopped:
        main(["--prove"])
    assert stopped.value.code == 2
    assert capsys.readouterr().err.endswith("error: hints.toml: [rnn_step.omits-bias] has no hint; write one\n")


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_what_is_released_is_told_that_it_is_not_written(assignment):
    (released,) = (SOLUTIONS.parent / "exercises" / assignment).glob("*.ipynb")
    source = json.loads(released.read_text())
    cells = ["".join(cell["source"]) for cell in source["cells"] if cell["cell_type"] == "code"]
    defined = {}
    exec("\n\n".join(cell for cell in cells if not cell.startswith("check.")), defined)
    for exercise in exercises_of(assignment).values():
        for part in exercise.parts:
            assert judge(exercise, part, call_here(defined[exercise.name])).kind == "not written"


def test_the_command_refuses_an_unknown_assignment_with_a_sentence(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--prove", "99-nothing"])
    assert stopped.value.code == 2
    assert f"no assignment 99-nothing; there are: {', '.join(ASSIGNMENTS)}" in capsys.readouterr().err
