"""What the pages show as the output of a command is what it prints today."""

import inspect
import re
from pathlib import Path

import nbformat
import pytest

from course_lib.checks.call import call_here
from course_lib.checks.judge import judge
from course_lib.checks.rnn.recurrence import rnn_step
from course_lib.grading import score
from course_lib.grading.released import grade_id, read_notebook

PAGE = Path(__file__).parents[2] / "book" / "how-to-use.md"
SEED = "how to use this book"


def shown_blocks(begin):
    return re.findall(rf"```text\n((?:{begin}).*?)```", PAGE.read_text(), re.S)


@pytest.mark.parametrize(("position", "answer"), [(0, "squashes_each_term"), (1, "right")])
def test_how_to_use_shows_real_output(position, answer, steps):
    verdict = judge(rnn_step, "values", call_here(getattr(steps, answer)), hints="en")
    assert shown_blocks("rnn_step ")[position].split() == str(verdict).split()


def scored(root, work, answer):
    """Write an answer to rnn_step into an untouched copy and score it as the command does; return what it prints."""
    for room in ("exercises", "work"):
        (work / room / "01-rnn").mkdir(parents=True, exist_ok=True)
    released = root / "exercises" / "01-rnn" / "rnn.ipynb"
    (work / "exercises" / "01-rnn" / "rnn.ipynb").write_bytes(released.read_bytes())
    notebook = read_notebook(released)
    (cell,) = (cell for cell in notebook.cells if grade_id(cell) == "answer-rnn-step")
    cell.source = inspect.getsource(answer).replace(f"def {answer.__name__}(", "def rnn_step(")
    nbformat.write(notebook, work / "work" / "01-rnn" / "rnn.ipynb")
    assert score.main(["01"], work) == 0


@pytest.mark.slow
def test_how_to_use_shows_how_a_wrong_answer_is_scored_and_mended(root, tmp_path, steps, monkeypatch, capsys):
    monkeypatch.setattr(score.secrets, "token_hex", lambda length: SEED)  # what is drawn afresh, drawn once
    printed = []
    for answer in (steps.squashes_each_term, steps.right):
        scored(root, tmp_path, answer)
        printed.append(without_seconds(capsys.readouterr().out))
    first, second = printed
    changed = [line for line in second if line not in first]
    whole, mended = (without_seconds(block) for block in shown_blocks(r"work/01-rnn|  1\.2 "))
    assert whole == first
    assert mended == changed and len(changed) == 2


def without_seconds(text):
    return re.sub(r" +\([\d.]+ s\)$", "", text, flags=re.M).rstrip().splitlines()
