"""Exercise 2.5: find the wrong backward passes among several, with a checker of one's own."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks.bptt.hints import MISCONCEPTIONS
from course_lib.checks.exercise import Case, Exercise, Inputs, Mistakes
from course_lib.checks.lent_passes import PASSES, PUBLIC, UNSEEN, right
from course_lib.checks.plain import Lent
from course_lib.checks.returns import Ids
from course_lib.checks.rnn.recurrence import draw_rnn
from course_lib.gradcheck import numeric_gradient, relative_error
from course_lib.params import RNNParams

D, H = 1, 2
TOLERANCE = 1e-5


def draw_passes(*wrong: int) -> Callable[..., list[Case]]:
    """Make a case maker: four passes in random order, so many wrong in each case; unseen ones make other mistakes."""

    def draw(rng: np.random.Generator, unseen: bool = False) -> list[Case]:
        return [Case(draw_four(rng, n_wrong, UNSEEN if unseen else PUBLIC)) for n_wrong in wrong]

    return draw


def draw_four(rng: np.random.Generator, n_wrong: int, named: dict[str, Any]) -> Inputs:
    """Draw passes by their names, and parameters of a network of fixed size; a right pass may come again."""
    faulty = [name for name, backward in named.items() if backward is not right]
    sound = [name for name, backward in named.items() if backward is right]
    names = [*rng.choice(faulty, n_wrong, replace=False), *rng.choice(sound, 4 - n_wrong)]
    passes = tuple(Lent(str(name)) for name in rng.permutation(names))
    return {"loss": Lent("sequence_loss"), "passes": passes, "params": draw_rnn(rng, D, H)}


def oracle_wrong_passes(loss: Lent, passes: tuple[Lent, ...], params: RNNParams) -> list[int]:
    """Compare each pass with plain autograd."""
    wanted = right(params)
    return [
        index
        for index, lent in enumerate(passes)
        if not all(np.allclose(mine, true) for mine, true in zip(PASSES[lent.name](params), wanted, strict=True))
    ]


def wrong_wrong_passes(mistakes: Mistakes, loss: Any, passes: tuple[Any, ...], params: RNNParams) -> list[Any]:
    """Look for wrong passes, with switches."""
    found = [backward(params) for backward in passes]
    if "trusts-the-first-pass" in mistakes:
        wanted = found[0]
    else:
        wanted = RNNParams(*(numeric_gradient(with_array(loss, params, name), array) for name, array in named(params)))
    judged: tuple[str, ...] = ("W_hh",) if "checks-W_hh-only" in mistakes else RNNParams._fields
    judged = judged[:2] if "skips-the-bias" in mistakes else judged
    flags = [any(differ(mistakes, getattr(a, name), getattr(wanted, name)) for name in judged) for a in found]
    if "returns-a-flag-for-each" in mistakes:
        return flags
    flags = [not flag for flag in flags] if "returns-the-right-ones" in mistakes else flags
    first = 1 if "counts-from-1" in mistakes else 0
    wrong = [index for index, flag in enumerate(flags, first) if flag]
    return wrong[:1] if "stops-at-the-first" in mistakes else wrong


def named(params: RNNParams) -> list[tuple[str, np.ndarray]]:
    """Return the arrays with their names."""
    return list(params._asdict().items())


def with_array(loss: Any, params: RNNParams, name: str) -> Callable[[np.ndarray], float]:
    """Make a function of one array alone."""
    return lambda array: float(loss(params._replace(**{name: array})))


def differ(mistakes: Mistakes, mine: np.ndarray, true: np.ndarray) -> bool:
    """Tell whether two gradients differ, with switches."""
    if "compares-norms" in mistakes:
        mine, true = np.atleast_1d(np.linalg.norm(mine)), np.atleast_1d(np.linalg.norm(true))
    if "compares-signs" in mistakes:
        mine, true = np.sign(mine), np.sign(true)
    if "asks-for-equality" in mistakes:
        return not np.array_equal(mine, true)
    return relative_error(mine, true) > (0.3 if "is-too-tolerant" in mistakes else TOLERANCE)


wrong_passes = Exercise(
    number="2.5",
    call="wrong_passes(loss, passes, params)",
    read="Find the bug",
    parts={
        "three of four": draw_passes(3, 3, 3, 3),
        "any number": draw_passes(2, 1, 2, 0),
    },
    oracle=oracle_wrong_passes,
    returns=Ids("wrong", "(number of wrong passes,)"),
    wrong=wrong_wrong_passes,
    misconceptions=MISCONCEPTIONS["wrong_passes"],
)
