"""Eight more students of chapter 01: what they answer is mostly right, what they hand in is damaged, late or noisy."""

from collections.abc import Callable
from copy import deepcopy

from nbformat import NotebookNode

from course_lib.grading.released import grade_id
from course_lib.grading.students import EVERY_PART, SQUASHES_EACH_TERM, Student

RIGHT_STEP = '''
def rnn_step(x_t, h_prev, params):
    """Advance by one time step."""
    return np.tanh(x_t @ params.W_xh + h_prev @ params.W_hh + params.b_h)
'''

PRINTS_A_GIGABYTE = '''
for _ in range(1000):
    print("h" * 1_000_000)


def last_valid_state(h, lengths):
    """Return the state of every sequence at its own last step; print meanwhile."""
    print(h.shape)
    return h[np.arange(len(h)), lengths - 1]
'''

ENDS_THE_PROCESS = """
import os

os._exit(1)
"""

WARNS = '''
import warnings

np.log(np.zeros(1))


def rnn_step(x_t, h_prev, params):
    """Advance by one time step; warn whenever it is called."""
    warnings.warn("float64 is slow here", stacklevel=2)
    np.log(np.zeros(1))
    return np.tanh(x_t @ params.W_xh + h_prev @ params.W_hh + params.b_h)
'''


def deletes(*names: str) -> Callable[[list[NotebookNode]], None]:
    """Return a change that takes cells away."""

    def change(cells: list[NotebookNode]) -> None:
        cells[:] = [cell for cell in cells if grade_id(cell) not in names]

    return change


def copies(**sources: str) -> Callable[[list[NotebookNode]], None]:
    """Return a change that pastes a copy below a cell, with another source unless that is empty.

    Names are those of the cells with an underscore in place of each hyphen.
    """

    def change(cells: list[NotebookNode]) -> None:
        for cell in list(cells):
            name = grade_id(cell).replace("-", "_")
            if name in sources:
                copy = deepcopy(cell)
                copy.id, copy.source = f"{cell.id}-2", sources[name] or cell.source
                cells.insert(cells.index(cell) + 1, copy)

    return change


def awards_itself(*names: str) -> Callable[[list[NotebookNode]], None]:
    """Return a change that makes tests pass and worth 100 points."""

    def change(cells: list[NotebookNode]) -> None:
        for cell in cells:
            if grade_id(cell) in names:
                cell.source, cell.metadata.nbgrader.points = "pass", 100

    return change


ACCIDENTS = (
    Student(
        "gyu",
        "deletes a check and its unseen twin",
        "solution",
        reason="check-generate, unseen-generate were missing: put back as released.",
        changes=deletes("check-generate", "unseen-generate"),
    ),
    Student(
        "hana",
        "copies a check and an answer cell",
        "solution",
        writes={"answer-rnn-step": SQUASHES_EACH_TERM},
        reason="unseen-rnn-step were there more than once: every copy ran, the last one counts.",
        changes=copies(answer_rnn_step=RIGHT_STEP, check_rnn_step="", unseen_rnn_step=""),
    ),
    Student(
        "ivo",
        "rewrites the tests of a wrong answer",
        "solution",
        loses=("rnn_step",),
        writes={"answer-rnn-step": SQUASHES_EACH_TERM},
        reason="check-rnn-step, unseen-rnn-step were changed, though not yours to write in: put back as released.",
        changes=awards_itself("check-rnn-step", "unseen-rnn-step"),
    ),
    Student(
        "jin",
        "prints a gigabyte",
        "solution",
        writes={"answer-last-valid-state": PRINTS_A_GIGABYTE},
        reason="answer-last-valid-state printed more than 20,000 characters: the rest was dropped.",
    ),
    Student(
        "kai",
        "one cell ends the process",
        "solution",
        loses=("tempered_softmax (values)", "tempered_softmax (large logits)", "generate"),
        writes={"answer-generate": ENDS_THE_PROCESS},
        reason="answer-generate: The notebook's process ended in this cell: it was left out.",
    ),
    Student(
        "lea",
        "the file breaks off in the middle",
        "solution",
        loses=EVERY_PART,
        reason="The file rnn.ipynb cannot be read as a notebook",
        damages=lambda text: text[: len(text) // 2],
    ),
    Student(
        "mio",
        "right, and two days late",
        "solution",
        reason="Handed in after the due date: points are taken off for each day begun.",
        days_late=2,
    ),
    Student(
        "noor",
        "right, with warnings",
        "solution",
        writes={"answer-rnn-step": WARNS},
        reason="answer-rnn-step wrote a warning, which you find below it.",
    ),
)
