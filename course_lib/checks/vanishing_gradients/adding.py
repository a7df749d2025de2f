"""Exercise 3.6: batches of the adding problem, and what answers without much memory cost.

A batch is random and no two generators make the same one, so it is judged by what must hold of every batch: any right
generator passes. What a mistake breaks has a name, and the names that a batch breaks tell which mistake it is.
"""

from dataclasses import dataclass, field, replace
from math import comb, log, sqrt
from typing import NamedTuple

import numpy as np

from course_lib.checks.exercise import Case, Exercise, Mistakes, no_inputs
from course_lib.checks.plain import Plain, Seed
from course_lib.checks.returns import Array, Fault, Rounded, Several
from course_lib.checks.vanishing_gradients.hints import MISCONCEPTIONS

BY_LUCK = 1e-12
"""With at most this probability a right batch misses one property by luck.

A check looks at fewer than 200 of them, so a right generator fails for fewer than 1 of 10^9 seeds.
"""

MANY = 300
"""Sequences from which properties of chance can be read."""

MORE = 4000
"""Sequences which show that some steps are marked less often than others, and not only that they are never marked."""

X, Y = Array("x", "(B, T, 2)"), Array("y", "(B,)")
X_AND_Y = Several((X, Y))

TARGETS = {
    "their mean": lambda numbers, marked: (numbers * marked).sum(axis=1) / 2,
    "their product": lambda numbers, marked: np.where(marked, numbers, 1).prod(axis=1),
    "the sum of all numbers": lambda numbers, marked: numbers.sum(axis=1),
    "the target of 1997": lambda numbers, marked: 0.5 + (numbers * marked).sum(axis=1) / 4,
    "the first of them": lambda numbers, marked: numbers[np.arange(len(numbers)), marked.argmax(axis=1)],
}
"""What else a target may be, by name: a function of the numbers (B, T) and of where the marks stand (B, T)."""


class Departure(NamedTuple):
    """What is wrong with a batch: a name, the same whatever was drawn, and a sentence about this batch."""

    name: str
    sentence: str


@dataclass(frozen=True)
class AddingBatch:
    """The tuple of x and y, judged by what must hold of it and of what came before it.

    Parameters
    ----------
    before : dict of str to set
        What stood in the batches before, by column, as hashes; empty where batches are not compared.
    repeats : str
        How the batch is made: with "the seed" of those before or with "another seed"; empty where none are before.
    """

    before: dict[str, set[int]] = field(default_factory=dict)
    repeats: str = ""

    def fault(self, value: Plain, expected: tuple[int, int, np.ndarray]) -> Fault | None:
        """Look at types and shapes, then at what must hold, and last at where the numbers come from."""
        B, T, drawn = expected
        if fault := X_AND_Y.length_fault(value):
            return fault
        for item, mine, shape in ((X, value[0], (B, T, 2)), (Y, value[1], (B,))):
            fault = item.fault(mine, np.zeros(shape))
            if fault and fault.kind == "nan":
                return Fault("nan", f"{item.name} must hold finite numbers, got some that are not")
            if fault and fault.kind != "value":
                return fault
        for departure in departures(*value):
            return Fault("value", departure.sentence)
        if not np.isin(value[0][0, :, 0], drawn).any():
            return Fault("value", "the numbers of x[0] do not come from rng: another generator drew them")
        for departure in self.departures_from_before(value[0]):
            return Fault("value", departure.sentence)
        return None

    def of(self, value: Plain) -> Plain:
        """Return shapes and the names of what does not hold: the same for the same mistake, whatever was drawn."""
        if X_AND_Y.length_fault(value) or not all(isinstance(item, np.ndarray) for item in value):
            return value
        if not can_be_read(*value):
            return tuple(item.shape for item in value)
        from_before = self.departures_from_before(value[0])
        return tuple(departure.name for departure in departures(*value) or from_before)

    def departures_from_before(self, x: np.ndarray) -> list[Departure]:
        """Say whether one seed made two batches, or two seeds made one; remember the batch where none are before."""
        found = []
        for column, (name, seen) in enumerate(self.before.items()):
            mine = hash(x[:, :, column].tobytes())
            if not self.repeats:
                seen.add(mine)
            elif self.repeats == "the seed" and mine not in seen:
                found.append(Departure(f"new {name}", f"two calls with one seed return different {name}"))
            elif self.repeats == "another seed" and mine in seen:
                found.append(Departure(f"old {name}", f"two calls with different seeds return the same {name}"))
        return [Departure(name, f"{sentence}: rng does not draw them") for name, sentence in found]


def can_be_read(x: np.ndarray, y: np.ndarray) -> bool:
    """Tell whether arrays are a batch at all, and large enough for what must hold of it to show."""
    if x.ndim != 3 or x.shape[2] != 2 or y.shape != x.shape[:1] or len(x) < MANY or x.shape[1] < 2:
        return False
    return all(item.dtype.kind == "f" and bool(np.isfinite(item).all()) for item in (x, y))


def departures(x: np.ndarray, y: np.ndarray) -> list[Departure]:
    """Say what does not hold of a batch, the most telling first."""
    found, numbers, marks = [], x[:, :, 0], x[:, :, 1]
    if not are_marks(marks) and are_marks(numbers):
        found.append(Departure("swapped", "x[:, :, 0] holds the marks; the numbers stand first, the marks second"))
        numbers, marks = marks, numbers
    found += departures_of_marks(marks)
    found += departures_of_numbers(numbers, marks != 0)
    return found + departures_of_target(numbers, marks != 0, y)


def are_marks(column: np.ndarray) -> bool:
    """Tell whether there is nothing but 0 and 1."""
    return bool(((column == 0) | (column == 1)).all())


def departures_of_marks(marks: np.ndarray) -> list[Departure]:
    """Look at the marks' values, at how many there are, and at where they stand."""
    T = marks.shape[1]
    found = []
    if not are_marks(marks):
        odd = marks[(marks != 0) & (marks != 1)][0]
        found.append(Departure("other marks", f"x[:, :, 1] must hold 0 and 1 alone, got {odd:.4g}"))
    count = (marks != 0).sum(axis=1)
    if T > 2 and (count == T).all():
        return [*found, Departure("all marked", f"x[0] must have 2 marks, got {T}: every step is marked")]
    for name, strange in {"fewer marks": count < 2, "more marks": count > 2}.items():
        if strange.any():
            b = strange.argmax()
            found.append(Departure(name, f"x[{b}] must have 2 marks, got {count[b]}"))
    for name, steps in {"the first half": slice(None, T // 2), "the second half": slice(T // 2, None)}.items():
        both = (count == 2) & ((marks[:, steps] != 0).sum(axis=1) == 2)
        if both.any():
            found.append(Departure(f"both in {name}", f"x[{both.argmax()}] has both its marks in {name} of {T} steps"))
    return found + departures_of_places(marks[count == 2] != 0)


def departures_of_places(marked: np.ndarray) -> list[Departure]:
    """Look at whether both marks take every place of their half, evenly, and each whatever the other does."""
    T = marked.shape[1]
    split = (marked[:, : T // 2].sum(axis=1) == 1) & (marked[:, T // 2 :].sum(axis=1) == 1)
    marked = marked[split]
    if len(marked) >= MANY and T > 2 and (marked == marked[0]).all():
        return [Departure("the same places", "all sequences have their marks at the same two steps")]
    found = departures_of_half(marked, "first", 0, T // 2) + departures_of_half(marked, "second", T // 2, T)
    pairs, fewest = T // 2 * (T - T // 2), T - T // 2
    seen = len(np.unique(marked, axis=0))
    if seen <= fewest < pairs and comb(pairs, fewest) * (fewest / pairs) ** len(marked) < BY_LUCK:
        found.append(Departure("tied places", "the step of one mark tells the step of the other"))
    return found


def departures_of_half(marked: np.ndarray, half: str, start: int, end: int) -> list[Departure]:
    """Look at how often each step of a half is marked, in sequences with one mark in each half."""
    T, n = marked.shape[1], end - start
    counts = marked[:, start:end].sum(axis=0)
    strange = surprise(counts, np.full(n, 1 / n))
    never = np.flatnonzero((strange > 1) & (counts == 0)) + start
    if len(never):
        names = {0: "the first step", T // 2 - 1: "the last step of the first half", T - 1: "the last step"}
        names = {T // 2: "the step where the second half begins"} | names
        named = [(step, names.get(step, f"a step of the {half} half")) for step in never.tolist()]
        return [
            Departure(f"never {name}", f"no sequence has a mark at step {step} of 0 to {T - 1}, {name}")
            for step, name in named
        ]
    if (strange <= 1).all():
        return []
    ends = np.array([0.5, *np.ones(n - 2), 0.5]) / (n - 1)
    name = "rounded" if (surprise(counts, ends) <= 1).all() else "uneven"
    seen = f"{counts[strange.argmax()]} of {len(marked)} sequences have a mark at step {start + strange.argmax()}"
    return [
        Departure(f"{name} {half}", f"{seen}, about {len(marked) / n:.0f} are wanted: steps must be equally likely")
    ]


def surprise(counts: np.ndarray, law: np.ndarray) -> np.ndarray:
    """Return for each of n counts (n,) how far it is from its probability (n,): above 1 it is as rare as BY_LUCK.

    By Chernoff's bound a share of N draws has a relative entropy of at least c to its probability, on one side, in
    fewer than exp(-N c) of the cases; there are two sides.
    """
    N = int(counts.sum())
    shares = counts / max(N, 1)
    entropy = sum(
        np.where(share > 0, share * np.log(np.maximum(share, 1e-300) / np.maximum(wanted, 1e-300)), 0)
        for share, wanted in ((shares, law), (1 - shares, 1 - law))
    )
    return np.asarray(N * entropy / log(2 / BY_LUCK))


def departures_of_numbers(numbers: np.ndarray, marked: np.ndarray) -> list[Departure]:
    """Look at the range of the numbers, at whether each is drawn anew, and at how they are spread."""
    lowest, highest = numbers.min(), numbers.max()
    if lowest < 0 or highest > 1:
        side = "both sides" if lowest < 0 and highest > 1 else "below" if lowest < 0 else "above"
        sentence = f"the numbers must lie between 0 and 1; yours reach from {lowest:.4g} to {highest:.4g}"
        return [Departure(f"out of range: {side}", sentence)]
    if (numbers == 0).any():
        b, t = np.argwhere(numbers == 0)[0]
        return [Departure("zeros", f"the number at step {t} of x[{b}] is exactly 0, which rng hardly ever draws")]
    if 2 * len(np.unique(numbers)) < numbers.size:
        return [Departure("repeated", "the same numbers come again and again; draw one for each step of each sequence")]
    for name, some in {"numbers": numbers.ravel(), "marked numbers": numbers[marked]}.items():
        if not evenly_spread(some):
            return [Departure(f"uneven {name}", f"the {name} are not spread evenly between 0 and 1")]
    return []


def departures_of_target(numbers: np.ndarray, marked: np.ndarray, y: np.ndarray) -> list[Departure]:
    """Look at the targets of the sequences that have two marks."""
    whole = marked.sum(axis=1) == 2
    numbers, places, y = numbers[whole], marked[whole], y[whole]
    wrong = ~np.isclose(y, (numbers * places).sum(axis=1), rtol=1e-9)
    if not wrong.any():
        return []
    b = wrong.argmax()
    one, other = numbers[b][places[b]]
    name = next((name for name, f in TARGETS.items() if np.allclose(y, f(numbers, places), rtol=1e-9)), "")
    index = np.flatnonzero(whole)[b]
    sentence = f"y[{index}] must be the sum of the marked numbers {one:.4g} and {other:.4g}, got {y[b]:.4g}"
    return [Departure(f"target {name}", f"{sentence}: {name}" if name else sentence)]


def tolerance(n: int) -> float:
    """Return what the empirical distribution of n draws exceeds with probability BY_LUCK (Massart's bound)."""
    return sqrt(log(2 / BY_LUCK) / (2 * max(n, 1)))


def evenly_spread(numbers: np.ndarray) -> bool:
    """Tell whether numbers may have been drawn from the uniform distribution between 0 and 1 (Kolmogorov)."""
    n = numbers.size
    below = np.sort(numbers) - np.arange(n) / max(n, 1)
    return bool(np.abs(below).max(initial=0) <= tolerance(n) + 1 / max(n, 1))


def batches(rng: np.random.Generator, unseen: bool = False) -> list[Case]:
    """Draw three batches of an odd number of steps, of two seeds; then of an even number, and of two steps.

    One of a single sequence follows, and a very large one: what smaller ones show is told by these.
    """
    B, more = (MANY + int(rng.integers(1, 9)), 2 * int(rng.integers(1, 3))) if unseen else (MANY, 0)
    before: dict[str, set[int]] = {"numbers": set(), "marks": set()}
    first, again, other = (AddingBatch(before, repeats) for repeats in ("", "the seed", "another seed"))
    kinds = [(B, 7 + more, first), (B, 7 + more, other), (B, 10 + more, BATCH), (B, 2, BATCH), (1, 7 + more, BATCH)]
    kinds += [(MORE + B - MANY, 7 + more, BATCH)]
    cases = [Case({"rng": Seed(int(rng.integers(2**31))), "B": B, "T": T}, {"B": B, "T": T}, j) for B, T, j in kinds]
    return [cases[0], replace(cases[0], judged=again), *cases[1:]]


def oracle_adding_batch(rng: Seed, B: int, T: int) -> tuple[int, int, np.ndarray]:
    """Return the sizes, and more numbers than a generator needs before it has made the first sequence.

    What is left of each number to 1 is drawn evenly as well.
    """
    drawn = np.random.default_rng(rng.value).random(4 * B * T + 100)
    return B, T, np.concatenate([drawn, 1 - drawn])


def wrong_adding_batch(mistakes: Mistakes, rng: np.random.Generator, B: int, T: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw a batch, with switches."""
    rng = np.random.default_rng(0) if "makes-a-generator-of-its-own" in mistakes else rng
    low = -1 if "draws-from-minus-1" in mistakes else 0
    drawn = rng.uniform(low, 1, (1 if "repeats-the-numbers" in mistakes else B, T))
    numbers, marked = np.broadcast_to(drawn, (B, T)), np.zeros((B, T), bool)
    rows = slice(None) if "marks-every-sequence-at-every-place" in mistakes else np.arange(B)
    for places in wrong_places(mistakes, rng, B, T):
        marked[rows, places] = True
    marks = marked.astype(float)
    y = wrong_target(mistakes, numbers, marked)
    if "marks-with-0" in mistakes:
        marks = 1 - marks
    if "writes-the-numbers-as-marks" in mistakes:
        marks = numbers * marked
    if "wipes-the-rest-out" in mistakes:
        numbers = numbers * marked
    columns = (marks, numbers) if "swaps-the-columns" in mistakes else (numbers, marks)
    x = np.stack(columns, axis=2)
    x = x.swapaxes(0, 1) if "puts-time-first" in mistakes else x
    return x, y


def wrong_places(mistakes: Mistakes, rng: np.random.Generator, B: int, T: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw the steps of the two marks, with switches."""
    if "lets-marks-fall-together" in mistakes:
        return rng.integers(0, T, B), rng.integers(0, T, B)
    if "marks-two-steps-anywhere" in mistakes:
        first = rng.integers(0, T, B)
        return first, (first + rng.integers(1, T, B)) % T
    n = 1 if "marks-the-same-two-steps" in mistakes else B
    half = (T + 1) // 2 if "counts-the-middle-to-the-first-half" in mistakes else T // 2
    if "draws-the-places-elsewhere" in mistakes:
        rng = np.random.default_rng()
    if "gives-the-places-a-seed-of-their-own" in mistakes:
        rng = np.random.default_rng(0)
    draw = rounded_places if "rounds-the-places" in mistakes else np.random.Generator.integers
    end = half - 1 if "never-marks-the-last-step-of-the-first-half" in mistakes else half
    first = draw(rng, 1 if "never-marks-the-first-step" in mistakes else 0, end, n).repeat(B // n)
    half = half + 1 if "begins-the-second-half-one-step-late" in mistakes else half
    half = (T + 1) // 2 if "leaves-the-middle-step-out" in mistakes else half
    second = draw(rng, half, T - 1 if "never-marks-the-last-step" in mistakes else T, n).repeat(B // n)
    return first, first + T // 2 if "ties-the-marks" in mistakes else second


def rounded_places(rng: np.random.Generator, low: int, high: int, n: int) -> np.ndarray:
    """Round numbers that reach from the first step to the last one: half as many come to each of these two."""
    return (low + np.round(rng.random(n) * (high - low - 1))).astype(int)


def wrong_target(mistakes: Mistakes, numbers: np.ndarray, marked: np.ndarray) -> np.ndarray:
    """Compute what is asked for, with switches."""
    name = "their mean" if "averages-the-two" in mistakes else ""
    name = "their product" if "multiplies-the-two" in mistakes else name
    name = "the sum of all numbers" if "adds-every-number" in mistakes else name
    name = "the target of 1997" if "asks-as-in-1997" in mistakes else name
    name = "the first of them" if "keeps-one-number" in mistakes else name
    return np.asarray(TARGETS[name](numbers, marked) if name else (numbers * marked).sum(axis=1))


BATCH = AddingBatch()

adding_batch = Exercise(
    number="3.6",
    call="adding_batch(rng, B, T)",
    read="The adding problem",
    parts={"batch": batches},
    oracle=oracle_adding_batch,
    returns=BATCH,
    wrong=wrong_adding_batch,
    misconceptions=MISCONCEPTIONS["adding_batch"],
)


def oracle_baselines() -> tuple[float, float]:
    """Integrate the squared errors by Gauss's rule, which is exact for them."""
    nodes, weights = np.polynomial.legendre.leggauss(4)
    X, shares = (nodes + 1) / 2, weights / 2
    mean = np.einsum("i,j,ij->", shares, shares, (X[:, None] + X - 1) ** 2)
    return float(mean), float(shares @ (X - 0.5) ** 2)


def wrong_baselines(mistakes: Mistakes) -> tuple[float, float]:
    """Work both errors out, with switches."""
    one = 1 / 3 if "forgets-to-subtract-the-mean" in mistakes else 1 / 12
    mean = one if "counts-one-number" in mistakes else 2 * one
    mean = 4 * one if "doubles-one-number" in mistakes else mean
    if "answers-0" in mistakes:
        mean, one = 7 / 6, 1 / 3
    if "takes-absolute-errors" in mistakes:
        mean, one = 1 / 3, 1 / 4
    mean, one = (mean / 4, one / 4) if "averages-the-two" in mistakes else (mean, one)
    mean, one = (sqrt(mean), sqrt(one)) if "takes-the-root" in mistakes else (mean, one)
    return (one, mean) if "swaps-the-two" in mistakes else (mean, one)


baselines = Exercise(
    number="3.6",
    call="baselines()",
    read="The adding problem, equation (3.1)",
    parts={"values": no_inputs},
    oracle=oracle_baselines,
    returns=Rounded(("predict_mean", "remember_one"), decimals=4),
    wrong=wrong_baselines,
    misconceptions=MISCONCEPTIONS["baselines"],
)
