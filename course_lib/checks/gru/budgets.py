"""Exercise 5.6: the widths of three cells that have the same number of parameters."""

from collections.abc import Callable
from math import floor, isqrt, prod

import numpy as np

from course_lib.checks.exercise import Case, Exercise, Inputs, Mistakes, random_cases
from course_lib.checks.gru.hints import MISCONCEPTIONS
from course_lib.checks.plain import Plain
from course_lib.checks.returns import Ids, Several
from course_lib.checks.suspects import closest

CELLS = {"H_rnn": 1, "H_gru": 3, "H_lstm": 4}
"""How many blocks each cell has."""

LARGEST = "largest"
NEAREST = ("root rounded", "count, the narrower of two", "count, the wider of two")
"""How the nearest width is found: by its root, or by its count; half-way between two counts either may be taken."""


def shapes_of(cell: str, D: int, H: int) -> list[tuple[int, ...]]:
    """List the arrays of a cell."""
    k = CELLS[cell]
    second_bias = [(H,)] if cell == "H_gru" else []
    return [(D, k * H), (H, k * H), (k * H,), *second_bias]


def count(cell: str, D: int, H: int) -> int:
    """Count the numbers in the arrays of a cell."""
    return sum(map(prod, shapes_of(cell, D, H)))


def draw_budget(rng: np.random.Generator, D: int) -> Inputs:
    """Draw a budget that is enough for a dozen units, and small enough for an answer that tries every width up to P."""
    return {"P": int(rng.integers(2000, 6000)), "D": D + int(rng.integers(0, 9))}


def at_the_edge(rng: np.random.Generator, unseen: bool = False) -> list[Case]:
    """Draw budgets that one of the cells uses up to the last number, and the same less 1."""
    cases = [draw_edge(rng, cell) for cell in CELLS for _ in range(2)]
    while not falls_short(**cases[-1]):
        cases[-1] = draw_edge(rng, "H_gru")
    return [Case({**inputs, "P": inputs["P"] - less}) for inputs in cases for less in (0, 1)]


def draw_edge(rng: np.random.Generator, cell: str) -> Inputs:
    """Draw a budget that a cell uses up to the last number."""
    D, H = (int(rng.integers(low, high)) for low, high in ((3, 20), (10, 40)))
    return {"P": count(cell, D, H), "D": D}


def falls_short(P: int, D: int) -> bool:
    """Tell whether the root for the GRU, computed with rounded numbers, falls below the whole number that it is."""
    return rounded_root(P, D, 3, 1) < widest(P, lambda H: count("H_gru", D, H))


def rounded_root(P: int, D: int, k: int, second: int) -> int:
    """Solve for the width with rounded numbers, divided by the blocks first, and cut the fraction off."""
    half = (D + 1 + second / k) / 2
    return int(np.sqrt(half**2 + P / k) - half)


def oracle_widths(P: int, D: int) -> tuple[int, ...]:
    """Make each cell wider by one unit as long as it fits."""
    return tuple(widest(P, lambda H, cell=cell: count(cell, D, H)) for cell in CELLS)  # type: ignore[misc]


def widest(P: int, numbers: Callable[[int], int]) -> int:
    """Return the largest width whose count does not exceed P."""
    H = 0
    while numbers(H + 1) <= P:
        H += 1
    return H


def wrong_widths(mistakes: Mistakes, P: int, D: int, mine: Plain = None) -> tuple[Plain, ...]:
    """Find the widths, with switches; the nearest ones in that way which leads closest to ``mine``."""
    ways = NEAREST if "rounds-to-the-nearest" in mistakes else (LARGEST,)
    return closest([wrong_in_one_way(mistakes, P, D, way) for way in ways], mine)


def wrong_in_one_way(mistakes: Mistakes, P: int, D: int, way: str) -> tuple[int, ...]:
    """Find the widths, the largest or the nearest, with the other switches."""
    if "divides-the-widths" in mistakes:
        H = wrong_width(mistakes, P, D, 1, 0, way)
        return H, H // 3, H // 4
    blocks = {"H_rnn": 1, "H_gru": 3, "H_lstm": 4}
    if "counts-gates-only" in mistakes:
        blocks = {"H_rnn": 1, "H_gru": 2, "H_lstm": 3}
    if "forgets-the-blocks" in mistakes:
        blocks = dict.fromkeys(blocks, 1)
    second = {"H_gru": 0 if "forgets-b_hn" in mistakes else 1}
    if "adds-H-to-every-count" in mistakes:
        second = dict.fromkeys(blocks, 1)
    found = [wrong_width(mistakes, P, D, k, second.get(cell, 0), way) for cell, k in blocks.items()]
    found = found[::-1] if "returns-the-lstm-first" in mistakes else found
    return tuple([found[0], found[2], found[1]] if "swaps-gru-and-lstm" in mistakes else found)


def wrong_width(mistakes: Mistakes, P: int, D: int, k: int, second: int, way: str) -> int:
    """Return the width of one cell, with switches."""
    biases = k + second
    biases = 2 * k if "counts-two-biases" in mistakes else biases
    biases = 0 if "forgets-the-biases" in mistakes else biases
    biases = 1 if "counts-one-bias-for-all-blocks" in mistakes else biases
    inputs = 0 if "forgets-the-input" in mistakes else k * D
    if "forgets-the-recurrent-matrix" in mistakes:
        return P // max(inputs + biases, 1)
    if "takes-the-recurrent-matrix-for-linear" in mistakes:
        return P // (k * (D + 1) + biases)
    if "cuts-a-rounded-root-off" in mistakes:
        return rounded_root(P, D, k, second)
    # k H² + (k D + biases) H is at most P: 2 k H + m is at most the root of m² + 4 k P.
    m = inputs + biases
    P = P - 1 if "leaves-the-last-number-unused" in mistakes else P
    H = (isqrt(m**2 + 4 * k * P) - m) // (2 * k)
    if way != LARGEST:
        return nearest(P, k, m, H, way)
    if "rounds-up" in mistakes:
        return H + (k * H**2 + m * H < P)
    return H + 1 if "exceeds-the-budget" in mistakes else H


def nearest(P: int, k: int, m: int, H: int, way: str) -> int:
    """Return H, whose count k H² + m H is the largest up to P, or one more, whichever is nearer to the budget."""
    if way == NEAREST[0]:
        return floor((np.sqrt(m**2 + 4 * k * P) - m) / (2 * k) + 0.5)
    below, above = P - (k * H**2 + m * H), k * (H + 1) ** 2 + m * (H + 1) - P
    return H + (above <= below if way == NEAREST[2] else above < below)


widths = Exercise(
    number="5.6",
    call="widths(P, D)",
    read="What the GRU saves, equation (5.8)",
    parts={"any budget": random_cases(draw_budget, D=(3, 30)), "used up": at_the_edge},
    oracle=oracle_widths,
    returns=Several(tuple(Ids(cell, "()") for cell in CELLS)),
    wrong=wrong_widths,
    misconceptions=MISCONCEPTIONS["widths"],
)
