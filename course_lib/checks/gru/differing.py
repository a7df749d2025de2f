"""Exercise 5.3: an input and a state on which the two forms of the reset differ.

There are many right answers, so one is judged by what the two forms make of it. A wrong one is named by the first
symptom that it shows; every wrong one of the right shapes shows one.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from course_lib.checks.exercise import Exercise, Mistakes, judged_by, no_inputs
from course_lib.checks.gru.hints import MISCONCEPTIONS
from course_lib.checks.gru.steps import oracle_before_step, oracle_step, sigma
from course_lib.checks.plain import Plain
from course_lib.checks.returns import DIGITS, Fault, in_words
from course_lib.params import GRUBeforeParams, GRUParams

D, H = 3, 2
W_X = np.array([[2.0, 0, 0, 0, 0, 0], [0, 0, 2, 2, 0, 0], [0, 0, 0, 0, 2, 2]])
W_H = np.array([[0.0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 1, 0]])
WEIGHTS = GRUBeforeParams(W_X, W_H, np.zeros(3 * H))
"""The weights of the task: x has one number for r_1, one for z and one for n; each unit's candidate hears the other."""

WANTED, MOST_STATE, TOO_LARGE = 0.01, 1.0, 1e30
NEARLY_ALL = 0.9
"""Above it an update gate hides the candidate, and a candidate is at the end of tanh."""


@dataclass(frozen=True)
class Pair:
    """An input and a state, and what the two forms make of them."""

    x_t: np.ndarray
    h_prev: np.ndarray

    @property
    def resets(self) -> np.ndarray:
        """The reset gates of the two units, the same in both forms."""
        return np.asarray(sigma(self._a[0, :H]))

    @property
    def _a(self) -> np.ndarray:
        return self.x_t @ W_X + self.h_prev @ W_H

    @property
    def keeps(self) -> np.ndarray:
        """The update gates of the two units, the same in both forms."""
        return np.asarray(sigma(self._a[0, H : 2 * H]))

    @property
    def candidates(self) -> tuple[np.ndarray, np.ndarray]:
        """The candidates of the two units, reset after and before."""
        from_x, W_hn = (self.x_t @ W_X)[:, -H:], W_H[:, -H:]
        after = np.tanh(from_x + self.resets * (self.h_prev @ W_hn))
        return after, np.tanh(from_x + (self.resets * self.h_prev) @ W_hn)

    @property
    def by_sums(self) -> float:
        """How far the sums lie apart that go into the candidates."""
        apart = self.resets * (self.h_prev @ W_H[:, -H:]) - (self.resets * self.h_prev) @ W_H[:, -H:]
        return float(np.abs(apart).max())

    @property
    def by_candidates(self) -> float:
        """How far the candidates lie apart."""
        after, before = self.candidates
        return float(np.abs(after - before).max())

    @property
    def by_states(self) -> float:
        """How far the states lie apart: what decides."""
        after = oracle_step(self.x_t, self.h_prev, GRUParams(*WEIGHTS, np.zeros(H)))
        return float(np.abs(after - oracle_before_step(self.x_t, self.h_prev, WEIGHTS)).max())


SYMPTOMS: dict[str, Callable[[Pair], bool]] = {
    "takes-a-state-out-of-reach": lambda pair: bool(np.abs(pair.h_prev).max() > MOST_STATE),
    "takes-the-zero-state": lambda pair: not pair.h_prev.any(),
    "resets-both-units-alike": lambda pair: bool(np.ptp(pair.resets) < 1e-3),
    "keeps-the-old-state": lambda pair: pair.by_candidates > WANTED and bool(pair.keeps.max() > NEARLY_ALL),
    "saturates-the-candidate": lambda pair: (
        pair.by_sums > WANTED and bool(np.abs(pair.candidates).min() > NEARLY_ALL)
    ),
    "differs-too-little": lambda pair: True,
}
"""The first that holds of a pair on which the forms do not differ by enough names the mistake."""


class Differing:
    """A pair on which the two forms differ, whichever it is."""

    def fault(self, value: Plain, expected: Plain) -> Fault | None:
        """Look at types, shapes and numbers, then at what the two forms make of them."""
        if fault := form_fault(value):
            return fault
        pair = pair_of(value)
        if (largest := float(np.abs(pair.h_prev).max())) > MOST_STATE:
            size = told_from(MOST_STATE, largest)
            return Fault("value", f"h_prev holds a number of size {size}, wanted at most {MOST_STATE:g}")
        if pair.by_states > WANTED:
            return None
        apart = told_from(WANTED, pair.by_states)
        return Fault("value", f"the two forms differ by {apart}, wanted more than {WANTED:g}")

    def of(self, value: Plain) -> Plain:
        """Reduce a wrong pair to its first symptom, so that all pairs of one mistake are the same."""
        if is_turned_round(value):
            return "returns-the-state-first"
        if form_fault(value):
            return value
        pair = pair_of(value)
        return next(id for id, shows in SYMPTOMS.items() if shows(pair))


def told_from(limit: float, number: float) -> str:
    """Write a number with as few digits as tell it from a limit."""
    written = [f"{number:.{digits}g}" for digits in (*DIGITS, 17)]
    return next((text for text in written if float(text) != limit), written[-1])


def pair_of(value: Plain) -> Pair:
    """Read a value that has the right form."""
    x_t, h_prev = (np.array(array, float) for array in value)
    return Pair(x_t, h_prev)


def is_turned_round(value: Plain) -> bool:
    """Tell whether two arrays have each other's shape."""
    return (
        isinstance(value, tuple | list)
        and all(isinstance(array, np.ndarray) for array in value)
        and [array.shape for array in value] == [(1, H), (1, D)]
    )


def form_fault(value: Plain) -> Fault | None:
    """Look at what every answer to this task must be."""
    if not isinstance(value, tuple | list) or len(value) != 2:
        return Fault("type", f"return the 2 values (x_t, h_prev), got {in_words(value)}")
    for name, array, shape in (("x_t", value[0], (1, D)), ("h_prev", value[1], (1, H))):
        if not isinstance(array, np.ndarray):
            return Fault("type", f"{name} must be a NumPy array of shape {shape}, got {in_words(array)}")
        if array.shape != shape:
            return Fault("shape", f"{name} has shape {array.shape}, wanted {shape}")
        if array.dtype.kind not in "iuf" or array.dtype.itemsize > np.dtype(float).itemsize:
            return Fault("dtype", f"{name} holds {array.dtype} numbers, wanted float64 or integers")
        if not np.isfinite(array).all():
            return Fault("nan", f"{name} holds {array[~np.isfinite(array)][0]}, wanted numbers")
        if not (np.abs(array) < TOO_LARGE).all():
            return Fault("value", f"{name} must hold numbers below {TOO_LARGE:g}")
    return None


def no_one_answer() -> None:
    """Stand where other exercises compute the right output: here a property decides."""


def wrong_differing_input(mistakes: Mistakes) -> tuple[np.ndarray, np.ndarray]:
    """Return an input and a state, with switches."""
    x_t, h_prev = np.array([[2.0, 0.0, 0.0]]), np.array([[0.5, 0.5]])
    if "takes-a-state-out-of-reach" in mistakes:
        h_prev = np.array([[3.0, 3.0]])
    if "takes-the-zero-state" in mistakes:
        h_prev = np.zeros((1, H))
    if "resets-both-units-alike" in mistakes:
        x_t[0, 0] = 0
    if "keeps-the-old-state" in mistakes:
        x_t[0, 1] = 5
    if "saturates-the-candidate" in mistakes:
        x_t[0, 2] = 5
    if "differs-too-little" in mistakes:
        h_prev = h_prev / 100
    return (h_prev, x_t) if "returns-the-state-first" in mistakes else (x_t, h_prev)


DIFFERING = Differing()

differing_input = Exercise(
    number="5.3",
    call="differing_input()",
    read="Reset after or before, equation (5.4)",
    parts={"properties": judged_by(DIFFERING, no_inputs)},
    oracle=no_one_answer,
    returns=DIFFERING,
    wrong=wrong_differing_input,
    misconceptions=MISCONCEPTIONS["differing_input"],
)
