"""Exercise 3.3: a matrix that is large and whose powers vanish, and one that is small and whose powers grow first.

There are many right answers, so a matrix is judged by what it does. A wrong one is named by the first symptom that it
shows; every wrong matrix of a size that is asked for shows one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from course_lib.checks.exercise import Exercise, Mistakes, judged_by, no_inputs
from course_lib.checks.plain import Plain
from course_lib.checks.returns import Fault, in_words
from course_lib.checks.vanishing_gradients.hints import MISCONCEPTIONS

FEWEST_UNITS, MOST_UNITS, TOO_LARGE = 2, 10, 1e30
LARGE, POWER, VANISHED = 3.0, 50, 1e-6
GROWTH, MOST_POWERS = 10.0, 1000
ROUNDING = 1e-9
NEAR_1 = 1e-6
"""What an eigenvalue may be off by and still be taken for 1."""


@dataclass(frozen=True)
class Measured:
    """What decides about a square matrix, measured when it is asked for."""

    W: np.ndarray

    @cached_property
    def sigma(self) -> float:
        """The largest singular value."""
        return float(norms(self.W))

    @cached_property
    def rho(self) -> float:
        """The spectral radius."""
        return float(np.abs(np.linalg.eigvals(self.W)).max())

    @cached_property
    def power(self) -> np.ndarray:
        """The 50th power."""
        return np.linalg.matrix_power(self.W, POWER)

    @cached_property
    def powers(self) -> np.ndarray:
        """The first 1000 powers (1000, H, H): those known, times the last of them, give as many again."""
        powers = self.W[None]
        while len(powers) < MOST_POWERS:
            powers = np.concatenate([powers, powers @ powers[-1]])
        return powers[:MOST_POWERS]

    @cached_property
    def norms(self) -> np.ndarray:
        """The norms of these powers (1000,)."""
        return norms(self.powers)

    @property
    def growth(self) -> float:
        """How many times the norm of W the largest norm of a power is; 0 for a matrix of zeros."""
        return float(self.norms.max() / self.sigma) if self.sigma else 0.0

    @property
    def stays(self) -> bool:
        """Whether the later powers are no longer than the earlier ones."""
        half = MOST_POWERS // 2
        return bool(self.norms[half:].max() <= (1 + NEAR_1) * self.norms[:half].max())

    @cached_property
    def vanishes(self) -> bool:
        """Whether the 50th power is as small as asked for."""
        return float(norms(self.power)) < VANISHED


def norms(matrices: np.ndarray) -> np.ndarray:
    """Return the largest singular values of matrices (…, H, H); infinity where a product was too large to compute."""
    finite = np.isfinite(matrices).all(axis=(-2, -1))
    values = np.linalg.norm(np.where(finite[..., None, None], matrices, 0), 2, axis=(-2, -1))
    return np.where(finite, values, np.inf)


def largest(matrix: np.ndarray) -> float:
    """Return the size of the largest entry."""
    return float(np.abs(matrix).max())


def is_normal(W: np.ndarray) -> bool:
    """Tell whether a matrix commutes with its transpose, so that its rho is its sigma_max."""
    W = W / largest(W)
    return bool(np.allclose(W @ W.T, W.T @ W, rtol=0, atol=ROUNDING))


Symptoms = dict[str, Callable[[Measured], bool]]

NORMAL: Symptoms = {
    "is-diagonal": lambda m: not (m.W - np.diag(np.diag(m.W))).any(),
    "is-symmetric": lambda m: np.allclose(m.W, m.W.T, rtol=0, atol=ROUNDING * largest(m.W)),
    "is-normal": lambda m: is_normal(m.W),
}
"""A matrix with one of these cannot be large and vanish, nor have a small rho and grow."""

LARGE_SYMPTOMS: Symptoms = NORMAL | {
    "keeps-an-eigenvalue-of-1": lambda m: not m.vanishes and abs(m.rho - 1) < NEAR_1,
    "takes-powers-of-the-entries": lambda m: not m.vanishes and float(norms(m.W**POWER)) < VANISHED,
    "reads-rho-off-the-diagonal": lambda m: not m.vanishes and m.rho > 1 and largest(np.diag(m.W)) < 1,
    "makes-rho-large": lambda m: not m.vanishes and m.rho > 1,
    "measures-by-the-largest-entry": lambda m: not m.vanishes and largest(m.power) < VANISHED,
    "vanishes-too-late": lambda m: not m.vanishes,
    "takes-the-frobenius-norm": lambda m: float(np.sqrt((m.W**2).sum())) > LARGE,
    "adds-up-a-row-or-column": lambda m: max(np.abs(m.W).sum(axis=axis).max() for axis in (0, 1)) > LARGE,
    "keeps-sigma-max-small": lambda m: True,
}
"""The first that holds names the mistake."""

SMALL_SYMPTOMS: Symptoms = NORMAL | {
    "neither-grows-nor-vanishes": lambda m: 1 <= m.rho < 1 + NEAR_1 and m.stays,
    "keeps-an-eigenvalue-of-1": lambda m: 1 <= m.rho < 1 + NEAR_1,
    "reads-rho-off-the-entries": lambda m: m.rho > 1 and largest(m.W) < 1,
    "reads-rho-off-the-diagonal": lambda m: m.rho > 1 and largest(np.diag(m.W)) < 1,
    "makes-rho-large": lambda m: m.rho > 1,
    "keeps-sigma-max-below-1": lambda m: m.sigma <= 1,
    "measures-by-the-largest-entry": lambda m: np.abs(m.powers).max() >= GROWTH * largest(m.W),
    "counts-the-first-power": lambda m: m.norms.argmax() == 0,
    "compares-with-1": lambda m: m.norms.max() >= GROWTH and m.growth < GROWTH / 2,
    "grows-too-little": lambda m: True,
}


def large_but_vanishing_faults(m: Measured) -> list[str]:
    """Say what keeps a matrix from being large and vanishing."""
    faults = [] if m.sigma > LARGE else [f"sigma_max is {m.sigma:.4g}, wanted above {LARGE:g}"]
    if not m.vanishes:
        faults.append(f"the norm of W^{POWER} is {float(norms(m.power)):.4g}, wanted below {VANISHED:g}")
    return faults


def small_but_growing_faults(m: Measured) -> list[str]:
    """Say what keeps a matrix from being small and growing first."""
    faults = [] if m.rho < 1 else [f"rho is {m.rho:.4g}, wanted below 1"]
    if not m.norms.max() >= (GROWTH - ROUNDING) * m.sigma or not m.sigma:
        n, peak = int(m.norms.argmax()) + 1, float(m.norms.max())
        digits = 4 if float(f"{m.growth:.4g}") < GROWTH else 12
        times = f"{m.growth:.{digits}g} times the norm of W, which is {m.sigma:.4g}"
        faults.append(f"the largest norm of its first {MOST_POWERS} powers is {peak:.4g}, that of W^{n}")
        faults[-1] += f": {times}; wanted at least {GROWTH:g} times"
    return faults


@dataclass(frozen=True)
class Counterexample:
    """A square matrix with certain properties, whichever it is.

    Parameters
    ----------
    faults : callable
        Says which of the properties a matrix lacks, with its numbers.
    symptoms : dict of str to callable
        What the matrices of a misconception show, by its id, in the order in which they are looked for.
    """

    faults: Callable[[Measured], list[str]]
    symptoms: Symptoms

    def fault(self, value: Plain, expected: Plain) -> Fault | None:
        """Look at type, shape, dtype and size of the numbers, then at the properties."""
        if fault := form_fault(value):
            return fault
        faults = self.faults(Measured(value.astype(float)))
        return Fault("value", "; ".join(faults)) if faults else None

    def of(self, value: Plain) -> Plain:
        """Reduce a wrong matrix to its first symptom, so that all matrices of one mistake are the same."""
        if isinstance(value, int | float) or (isinstance(value, np.ndarray) and value.size == 1):
            return "is-one-unit"
        if fault := form_fault(value):
            return "overflows" if fault.kind in {"nan", "value"} else value
        measured = Measured(value.astype(float))
        return next(id for id, shows in self.symptoms.items() if shows(measured))


def form_fault(value: Plain) -> Fault | None:
    """Look at what every matrix of these tasks must be."""
    if not isinstance(value, np.ndarray):
        return Fault("type", f"W must be a NumPy array of shape (H, H), got {in_words(value)}")
    if value.ndim != 2 or not FEWEST_UNITS <= len(value) == value.shape[1] <= MOST_UNITS:
        sizes = f"with H from {FEWEST_UNITS} to {MOST_UNITS}"
        return Fault("shape", f"W has shape {value.shape}, wanted (H, H) {sizes}")
    if value.dtype.kind not in "iuf" or value.dtype.itemsize > np.dtype(float).itemsize:
        return Fault("dtype", f"W holds {value.dtype} numbers, wanted float64 or integers")
    too_large = np.argwhere(~(np.abs(value) < TOO_LARGE))  # also where it holds nan
    if not len(too_large):
        return None
    row, column = too_large[0]
    entry = f"W[{row}, {column}] is {value[row, column]:.4g}"
    kind = "value" if np.isfinite(value).all() else "nan"
    return Fault(kind, f"{entry}, wanted a number below {TOO_LARGE:g}, so that powers can be computed")


LARGE_BUT_VANISHING = Counterexample(large_but_vanishing_faults, LARGE_SYMPTOMS)
SMALL_BUT_GROWING = Counterexample(small_but_growing_faults, SMALL_SYMPTOMS)


def no_one_answer() -> None:
    """Stand where other exercises compute the right output: here a property decides."""


def corner(eigenvalue: float, coupling: float) -> np.ndarray:
    """Return two units with one eigenvalue; the first drives the second."""
    return np.array([[eigenvalue, coupling], [0.0, eigenvalue]])


def full(H: int, above: float, below: float) -> np.ndarray:
    """Return units that all drive each other, in one direction more than in the other."""
    return np.triu(np.full((H, H), above)) + np.tril(np.full((H, H), below), k=-1)


def wrong_large_but_vanishing(mistakes: Mistakes) -> Plain:
    """Return a matrix, with switches."""
    if "is-one-unit" in mistakes:
        return np.array([[5.0]])
    if "overflows" in mistakes:
        return corner(0.0, np.inf)
    if "is-diagonal" in mistakes:
        return np.diag([4.0, 0.1])
    if "is-symmetric" in mistakes:
        return np.array([[0.0, 4.0], [4.0, 0.0]])
    if "is-normal" in mistakes:
        return np.array([[0.0, 4.0], [-4.0, 0.0]])
    if "keeps-an-eigenvalue-of-1" in mistakes:
        return corner(1.0, 5.0)
    if "takes-powers-of-the-entries" in mistakes:
        return full(8, 0.7, 0.6)
    if "reads-rho-off-the-diagonal" in mistakes:
        return np.array([[0.5, 10.0], [2.0, 0.5]])
    if "makes-rho-large" in mistakes:
        return corner(4.0, 1.0)
    if "measures-by-the-largest-entry" in mistakes:
        return 0.73 * np.outer(np.ones(9), [1, 3, -3, 3, -3, 3, -3, 3, -3])
    if "vanishes-too-late" in mistakes:
        return corner(0.9, 10.0)
    if "takes-the-frobenius-norm" in mistakes:
        return np.diag([2.0, 2.0, 2.0], k=1)
    if "adds-up-a-row-or-column" in mistakes:
        return np.outer([1.0, 0, 0, 0, 0], [0, 0.8, 0.8, 0.8, 0.8])
    return corner(0.0, 0.9) if "keeps-sigma-max-small" in mistakes else corner(0.0, 5.0)


def wrong_small_but_growing(mistakes: Mistakes) -> Plain:
    """Return a matrix, with switches."""
    if "is-one-unit" in mistakes:
        return np.array([[0.9]])
    if "overflows" in mistakes:
        return corner(0.5, np.inf)
    if "is-diagonal" in mistakes:
        return np.diag([0.9, 0.5])
    if "is-symmetric" in mistakes:
        return np.array([[0.5, 0.4], [0.4, 0.5]])
    if "is-normal" in mistakes:
        return np.array([[0.6, 0.7], [-0.7, 0.6]])
    if "neither-grows-nor-vanishes" in mistakes:
        return np.array([[0.0, 2.0], [0.5, 0.0]])
    if "keeps-an-eigenvalue-of-1" in mistakes:
        return corner(1.0, 1.0)
    if "reads-rho-off-the-entries" in mistakes:
        return full(8, 0.7, 0.6)
    if "reads-rho-off-the-diagonal" in mistakes:
        return np.array([[0.5, 10.0], [2.0, 0.5]])
    if "makes-rho-large" in mistakes:
        return corner(1.1, 1.0)
    if "keeps-sigma-max-below-1" in mistakes:
        return corner(0.5, 0.3)
    if "measures-by-the-largest-entry" in mistakes:
        return one_to_many_to_one(8, 3.0)
    if "counts-the-first-power" in mistakes:
        return corner(0.1, 20.0)
    if "compares-with-1" in mistakes:
        return corner(0.9, 20.0)
    return corner(0.9, 0.5) if "grows-too-little" in mistakes else corner(0.98, 5.0)


def one_to_many_to_one(middle: int, weight: float) -> np.ndarray:
    """Return a unit that drives some, which all drive the last."""
    W = np.zeros((middle + 2, middle + 2))
    W[0, 1:-1] = W[1:-1, -1] = weight
    return W


large_but_vanishing = Exercise(
    number="3.3",
    call="large_but_vanishing()",
    read="What decides, equations (3.5) and (3.6)",
    parts={"properties": judged_by(LARGE_BUT_VANISHING, no_inputs)},
    oracle=no_one_answer,
    returns=LARGE_BUT_VANISHING,
    wrong=wrong_large_but_vanishing,
    misconceptions=MISCONCEPTIONS["large_but_vanishing"],
)

small_but_growing = Exercise(
    number="3.3",
    call="small_but_growing()",
    read="What decides, equations (3.5) and (3.6)",
    parts={"properties": judged_by(SMALL_BUT_GROWING, no_inputs)},
    oracle=no_one_answer,
    returns=SMALL_BUT_GROWING,
    wrong=wrong_small_but_growing,
    misconceptions=MISCONCEPTIONS["small_but_growing"],
)
