"""Synthetic students of chapter 01: what each one writes, the parts each one must lose, and the reason each is told.

Six differ by what they answer; those who damage what they hand in are in :mod:`course_lib.grading.accidents`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from nbformat import NotebookNode

EVERY_PART = ("every part",)


@dataclass(frozen=True)
class Student:
    """Somebody who hands in a notebook.

    Parameters
    ----------
    name : str
        Folder name of the submission.
    says : str
        What is typical of this student, for the table.
    begins_with : str
        ``"solution"``: the answers of the solution notebook; ``"other"``: the other algorithms of ``answers.py``;
        ``"stubs"``: what was released.
    loses : tuple of str
        Names of the parts that earn nothing, or ``EVERY_PART``.
    writes : dict of str to str
        Source of some answer cells, in place of what the student begins with.
    reason : str
        Words that must stand on the feedback page.
    changes : callable, optional
        Is given the list of cells, answers written, and changes it in place.
    damages : callable, optional
        Is given the text of the file and returns what becomes of it.
    days_late : int
        Days begun after the due date.
    """

    name: str
    says: str
    begins_with: Literal["solution", "other", "stubs"]
    loses: tuple[str, ...] = ()
    writes: dict[str, str] = field(default_factory=dict)
    reason: str = "Every part earned all its points."
    changes: Callable[[list[NotebookNode]], None] | None = None
    damages: Callable[[str], str] | None = None
    days_late: int = 0


SQUASHES_EACH_TERM = '''
def rnn_step(x_t, h_prev, params):
    """Squash the input, the state and the bias, then add them up."""
    return np.tanh(x_t @ params.W_xh) + np.tanh(h_prev @ params.W_hh) + np.tanh(params.b_h)
'''

FORGETS_H_0 = '''
def rnn_forward(x, h_0, params, step=rnn_step):
    """Begin with zeros, whatever h_0 is."""
    h = np.zeros_like(h_0)
    states = []
    for t in range(x.shape[1]):
        h = step(x[:, t], h, params)
        states.append(h)
    return np.stack(states, axis=1)
'''

RESETS_THE_STATE = '''
def tempered_softmax(s_t, tau):
    """Return softmax(s_t / tau)."""
    weights = np.exp((s_t - s_t.max()) / tau)
    return weights / weights.sum()


def generate(first, n, h_0, params, head, tau, rng, step=rnn_step, tempered_softmax=tempered_softmax):
    """Begin at h_0 again for every symbol."""
    V = len(params.W_xh)
    symbols = [first]
    for _ in range(n):
        h = step(np.eye(V)[[symbols[-1]]], h_0, params)
        p = tempered_softmax((h @ head.W_hy + head.b_y)[0], tau)
        symbols.append(int(rng.choice(V, p=p)))
    return symbols[1:]
'''

LOOKS_AHEAD = '''
def make_windows(series, T, target):
    """Cut a series into windows and the values after them."""
    ends = range(T, len(series))
    return np.stack([series[end - T : end] for end in ends]), np.array([series[end, target] for end in ends])


def scale_by_the_past(series, n_train):
    """Scale by all rows, those of the future among them."""
    return (series - series.mean(axis=0)) / series.std(axis=0)
'''

NEVER_ENDS = '''
while True:
    pass


def last_valid_state(h, lengths):
    """Return the state of every sequence at its own last step; the loop above never lets it be defined."""
    return h[np.arange(len(h)), lengths - 1]
'''

STUDENTS = (
    Student("ada", "perfect", "solution"),
    Student("ben", "perfect by other algorithms", "other"),
    Student(
        "chae",
        "blank",
        "stubs",
        loses=EVERY_PART,
        reason="replace `raise NotImplementedError` in rnn_step by your code",
    ),
    Student(
        "dana",
        "squashes each term, forgets h_0",
        "solution",
        loses=("rnn_step", "rnn_forward (from any state)"),
        writes={"answer-rnn-step": SQUASHES_EACH_TERM, "answer-rnn-forward": FORGETS_H_0},
        reason="squashes each term by itself",
    ),
    Student(
        "eun",
        "resets the state, leaks the future",
        "solution",
        loses=("generate", "scale_by_the_past"),
        writes={"answer-generate": RESETS_THE_STATE, "answer-windows": LOOKS_AHEAD},
        reason="resets the state at every symbol",
    ),
    Student(
        "finn",
        "one cell loops for ever",
        "solution",
        loses=("last_valid_state",),
        writes={"answer-last-valid-state": NEVER_ENDS},
        reason="Is there a loop that never ends?",
    ),
)
