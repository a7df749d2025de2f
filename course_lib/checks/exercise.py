"""How an exercise is declared. Everything that is the same for all of them is the engine's."""

import itertools
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from course_lib.checks.plain import Plain
from course_lib.checks.returns import Judge, Returns

DRAWS = 3
"""Cases drawn for every combination of sizes."""

Mistakes = frozenset[str]
Inputs = dict[str, Plain]


@dataclass(frozen=True)
class Case:
    """One call: inputs by argument name, in order, the sizes behind them, and what is judged where that is not all."""

    inputs: Inputs
    sizes: Mapping[str, int] = field(default_factory=dict)
    judged: Judge | None = None


@dataclass(frozen=True)
class Misconception:
    """A mistake people make, and how to lead them out of it.

    Parameters
    ----------
    id : str
        The switch in the exercise's ``wrong`` implementation; the book's quizzes use the same ids.
    name : str
        What the message calls it, as a predicate: "squashes each term by itself".
    hint : str
        First failure: names the quantity and asks a question. Nothing in it can be pasted.
    example : str
        Third failure: names the equation and shows the same mistake in one unit, with numbers.
    hint_ko : str, optional
        The first hint in Korean.
    """

    id: str
    name: str
    hint: str
    example: str
    hint_ko: str = ""

    def __post_init__(self) -> None:
        for text in ("name", "hint", "example"):
            if not getattr(self, text).strip():
                raise ValueError(f"misconception {self.id!r} has no {text}: write one, a student will need it")


def load_misconceptions(path: Path) -> dict[str, tuple[Misconception, ...]]:
    """Read the misconceptions of an assignment from its TOML file, by exercise.

    The texts stand apart from the code so that a teacher or a translator can work on them: one table
    ``[exercise.id]`` each, with ``name``, ``hint``, ``example`` and an optional ``hint_ko``.

    Raises
    ------
    ValueError
        If one has no hint, or a text of another name.
    """
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    return {
        exercise: tuple(_misconception(path, exercise, id, texts) for id, texts in entries.items())
        for exercise, entries in tables.items()
    }


def _misconception(path: Path, exercise: str, id: str, texts: dict[str, str]) -> Misconception:
    wanted = {"name", "hint", "example"}
    if missing := wanted - texts.keys():
        raise ValueError(f"{path.name}: [{exercise}.{id}] has no {' and no '.join(sorted(missing))}; write one")
    if unknown := texts.keys() - wanted - {"hint_ko"}:
        raise ValueError(f"{path.name}: [{exercise}.{id}] holds {sorted(unknown)}, wanted {sorted(wanted)} or hint_ko")
    return Misconception(id, **texts)


@dataclass(frozen=True)
class RandomCases:
    """Draw cases on every combination of sizes; unseen ones have larger sizes and other seeds.

    Parameters
    ----------
    draw : callable
        ``draw(rng, **sizes)`` returns the inputs by argument name.
    sizes : dict of str to tuple of int
        The sizes of the public cases. All those above 1 must differ, so that a transposed matrix cannot pass.
    """

    draw: Callable[..., Inputs]
    sizes: dict[str, tuple[int, ...]]

    def __call__(self, rng: np.random.Generator, unseen: bool = False) -> list[Case]:
        """Return several cases of every combination of sizes, the largest first: its messages say most."""
        sizes = self._unseen_sizes(rng) if unseen else self.sizes
        largest_first = [sorted(values, reverse=True) for values in sizes.values()]
        combinations = [dict(zip(sizes, values, strict=True)) for values in itertools.product(*largest_first)]
        return [Case(self.draw(rng, **chosen), chosen) for chosen in combinations for _ in range(DRAWS)]

    def _unseen_sizes(self, rng: np.random.Generator) -> dict[str, tuple[int, ...]]:
        """Let every size above 1 grow, the larger by more, so that their order and their differences stay."""
        large = sorted(value for values in self.sizes.values() for value in values if value > 1)
        grown = dict(zip(large, large + np.cumsum(rng.integers(1, 3, len(large))), strict=True))
        return {
            letter: tuple(int(grown.get(value, value)) for value in values) for letter, values in self.sizes.items()
        }


def random_cases(draw: Callable[..., Inputs], **sizes: int | Iterable[int]) -> RandomCases:
    """Declare random cases: ``random_cases(draw_step, B=(1, 4), D=3, H=5)``.

    Raises
    ------
    ValueError
        If two letters share a size above 1.
    """
    listed = {name: (value,) if isinstance(value, int) else tuple(value) for name, value in sizes.items()}
    large = [value for values in listed.values() for value in values if value > 1]
    if len(large) != len(set(large)):
        raise ValueError(f"sizes above 1 must all differ, got {listed}")
    return RandomCases(draw, listed)


def no_inputs(rng: np.random.Generator, unseen: bool = False) -> list[Case]:
    """Return the one case of an exercise whose answer has no input."""
    return [Case({})]


def judged_by(judged: Judge, cases: Callable[..., list[Case]]) -> Callable[..., list[Case]]:
    """Judge a part by one of several returned values, so that a mistake in another one does not cost it."""

    def draw(rng: np.random.Generator, unseen: bool = False) -> list[Case]:
        return [replace(case, judged=judged) for case in cases(rng, unseen=unseen)]

    return draw


@dataclass(frozen=True)
class Exercise:
    """One graded function.

    Parameters
    ----------
    number : str
        As in the notebook: "1.2".
    call : str
        How it is called, for messages: "rnn_step(x_t, h_prev, params)". Its name is the exercise's name.
    read : str
        Where the book explains it.
    parts : dict of str to case maker
        What is graded separately; each maker takes ``(rng, unseen)`` and returns cases.
    oracle : callable
        ``oracle(**inputs)``: the right output, computed without holding the answer.
    returns : Array, Number, …
        What comes back.
    wrong : callable
        ``wrong(mistakes, **inputs)``: one implementation with a switch for each misconception.
        With a parameter ``mine`` it is also given the value to be explained: see ``suspects.closest``.
    misconceptions : tuple of Misconception
    forbidden : tuple of str
        Modules that may not do the work.
    stretch : bool
        True for an exercise that is checked and worth nothing.
    """

    number: str
    call: str
    read: str
    parts: dict[str, Callable[..., list[Case]]]
    oracle: Callable[..., Plain]
    returns: Returns
    wrong: Callable[..., Plain]
    misconceptions: tuple[Misconception, ...]
    forbidden: tuple[str, ...] = ("torch", "course_lib")
    stretch: bool = False

    @property
    def name(self) -> str:
        """Name of the function the student writes."""
        return self.call.split("(")[0]

    @property
    def has_inputs(self) -> bool:
        """False for a value worked out by hand."""
        return not self.call.endswith("()")
