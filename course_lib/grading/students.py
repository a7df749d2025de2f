"""Six synthetic students of chapter 01: what each one writes, and the parts each one must lose."""

from dataclasses import dataclass, field
from typing import Literal

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
    """

    name: str
    says: str
    begins_with: Literal["solution", "other", "stubs"]
    loses: tuple[str, ...] = ()
    writes: dict[str, str] = field(default_factory=dict)


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
    Student("chae", "blank", "stubs", loses=EVERY_PART),
    Student(
        "dana",
        "squashes each term, forgets h_0",
        "solution",
        loses=("rnn_step", "rnn_forward (from any state)"),
        writes={"answer-rnn-step": SQUASHES_EACH_TERM, "answer-rnn-forward": FORGETS_H_0},
    ),
    Student(
        "eun",
        "resets the state, leaks the future",
        "solution",
        loses=("generate", "scale_by_the_past"),
        writes={"answer-generate": RESETS_THE_STATE, "answer-windows": LOOKS_AHEAD},
    ),
    Student(
        "finn",
        "one cell loops for ever",
        "solution",
        loses=("last_valid_state",),
        writes={"answer-last-valid-state": NEVER_ENDS},
    ),
)
