"""Prove the graders: right answers pass, wrong ones fail and are named, mutants are rejected.

For every declared exercise:

- the solution of the notebook and at least two answers with a different algorithm pass, public and unseen;
- the stub a student starts from fails with a sentence;
- every misconception on file fails in at least one part, and is named;
- misconceptions differ pairwise in what they return;
- every single-operator mutant of the solution is rejected, or listed as equivalent with the reason.

The answers stand in ``solutions/NN-topic/``: the notebook itself, and ``answers.py`` beside it, which nbgrader leaves
out.
"""

import ast
import itertools
import json
import runpy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from course_lib.checks.call import Call, call_here
from course_lib.checks.exercise import Exercise, Misconception
from course_lib.checks.faults import PUBLIC_SEED, draw_cases
from course_lib.checks.judge import judge
from course_lib.checks.mutate import mutants
from course_lib.checks.notebook import exercises_of
from course_lib.checks.plain import same
from course_lib.checks.suspects import call_wrong
from course_lib.checks.verdict import Verdict

UNSEEN_SEEDS = (90210, 90211, 90212)
Answer = Callable[..., Any]


@dataclass
class Proof:
    """What was found about one exercise; ``holes`` is empty when the grader is proved."""

    exercise: str
    accepted: int = 0
    misconceptions: int = 0
    named: int = 0
    mutants: int = 0
    rejected: int = 0
    equivalent: int = 0
    holes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Answers:
    """Right answers to an assignment, as the proof needs them.

    Attributes
    ----------
    source : str
        Code of the solution notebook: its imports and every answer, without the checks.
    functions : dict of str to str
        Source of each answer by function name.
    other : dict of str to list of callable
        Answers with another algorithm.
    equivalent : dict of str to dict of str to str
        Mutants that behave like the solution: reason by description, by function.
    """

    source: str
    functions: dict[str, str]
    other: dict[str, list[Answer]]
    equivalent: dict[str, dict[str, str]]


def load_answers(folder: Path) -> Answers:
    """Read the solution notebook and ``answers.py`` of a folder such as ``solutions/01-rnn``."""
    (notebook,) = folder.glob("*.ipynb")
    cells = [cell for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    sources = ["".join(cell["source"]) for cell in cells if not _is_check(cell)]
    written = runpy.run_path(str(folder / "answers.py"))
    functions = {name: source for text in sources for name, source in functions_in(text).items()}
    return Answers("\n\n".join(sources), functions, written["OTHER_ANSWERS"], written["EQUIVALENT_MUTANTS"])


def _is_check(cell: dict[str, Any]) -> bool:
    return "".join(cell["source"]).lstrip().startswith(("check.", "# Unseen"))


def functions_in(source: str) -> dict[str, str]:
    """Return the source of each top-level function by name."""
    tree = ast.parse(source)
    return {node.name: ast.unparse(node) for node in tree.body if isinstance(node, ast.FunctionDef)}


def prove_assignment(assignment: str, folder: Path) -> list[Proof]:
    """Prove every exercise of an assignment."""
    answers = load_answers(folder)
    namespace: dict[str, Any] = {"__name__": "solution"}
    exec(compile(answers.source, "<solution>", "exec"), namespace)
    return [prove(exercise, answers, namespace) for exercise in exercises_of(assignment).values()]


def prove(exercise: Exercise, answers: Answers, namespace: dict[str, Any]) -> Proof:
    """Prove one exercise; ``namespace`` holds the executed solution notebook."""
    proof = Proof(exercise.name)
    _prove_right_answers(exercise, [namespace[exercise.name], *answers.other.get(exercise.name, [])], proof)
    _prove_stub(exercise, proof)
    for misconception in exercise.misconceptions:
        _prove_misconception(exercise, misconception, proof)
    _prove_differences(exercise, proof)
    if exercise.has_inputs:
        _prove_mutants(exercise, answers, namespace, proof)
    return proof


def verdicts(exercise: Exercise, made: Callable[[], Call], hints: str = "") -> Iterator[Verdict]:
    """Judge every part on public and on unseen cases, one after the other, each with a call made for it alone.

    A call has so many seconds in all: one for the whole proof would run out of them on a busy machine.
    """
    for part in exercise.parts:
        for seed in (None, *UNSEEN_SEEDS):
            yield judge(exercise, part, made(), seed, hints)


def _prove_right_answers(exercise: Exercise, right: list[Answer], proof: Proof) -> None:
    wanted = 3 if exercise.has_inputs else 1
    if len(right) < wanted:
        proof.holes.append(f"{len(right)} right answers on file, wanted {wanted}")
    for number, answer in enumerate(right):
        made = partial(call_here, answer, exercise.forbidden)
        failed = [verdict for verdict in verdicts(exercise, made) if not verdict.passed]
        proof.accepted += not failed
        proof.holes += [f"right answer {number} is rejected: {verdict.lines[1][1]}" for verdict in failed[:1]]


def _prove_stub(exercise: Exercise, proof: Proof) -> None:
    def stub(*_: object) -> None:
        raise NotImplementedError

    if any(verdict.kind != "not written" for verdict in verdicts(exercise, partial(call_here, stub))):
        proof.holes.append("the untouched stub is not told that it is not written")


def _prove_misconception(exercise: Exercise, misconception: Misconception, proof: Proof) -> None:
    proof.misconceptions += 1
    made = partial(call_wrong, exercise, frozenset({misconception.id}))
    failed = [verdict for verdict in verdicts(exercise, made) if not verdict.passed]
    rejected_always = all(
        any(not judge(exercise, part, made(), seed).passed for part in exercise.parts) for seed in UNSEEN_SEEDS
    )
    # To name a mistake takes much longer than to reject it, so this stops where it was named once.
    named = any(misconception.id in verdict.misconceptions for verdict in verdicts(exercise, made, "en"))
    proof.named += named
    if not failed:
        proof.holes.append(f"misconception {misconception.id} passes")
    elif not rejected_always:
        proof.holes.append(f"misconception {misconception.id} passes the unseen cases")
    elif not named:
        taken_for = next(verdict for verdict in verdicts(exercise, made, "en") if not verdict.passed).misconceptions
        proof.holes.append(f"misconception {misconception.id} is taken for {taken_for}")


def _prove_differences(exercise: Exercise, proof: Proof) -> None:
    """Two misconceptions may not return the same: the student could not be told which one it is."""
    cases = [case for part in exercise.parts for case in draw_cases(exercise, part, PUBLIC_SEED, unseen=False)]
    outcomes = {
        item.id: [call_wrong(exercise, frozenset({item.id}))(case.inputs) for case in cases]
        for item in exercise.misconceptions
    }
    for (first, ones), (second, others) in itertools.combinations(outcomes.items(), 2):
        both = list(zip(ones, others, strict=True))
        if all(a.error == b.error and same(a.value, b.value) for a, b in both) and not all(a.error for a, _ in both):
            proof.holes.append(f"misconceptions {first} and {second} return the same")


def _prove_mutants(exercise: Exercise, answers: Answers, namespace: dict[str, Any], proof: Proof) -> None:
    listed = dict(answers.equivalent.get(exercise.name, {}))
    for description, source in mutants(answers.functions[exercise.name]):
        mutated = dict(namespace)
        exec(compile(source, "<mutant>", "exec"), mutated)
        made = partial(call_here, mutated[exercise.name], exercise.forbidden)
        rejected = any(not judge(exercise, part, made(), UNSEEN_SEEDS[0]).passed for part in exercise.parts)
        proof.mutants += 1
        proof.rejected += rejected
        if not rejected:
            proof.equivalent += description in listed
            if description not in listed:
                proof.holes.append(f"mutant passes and is not listed as equivalent: {description}")
        elif description in listed:
            proof.holes.append(f"mutant is listed as equivalent but rejected: {description}")


HEADER = ("exercise", "correct", "misconceptions", "named", "mutants", "rejected", "equivalent", "holes")


def table(proofs: list[Proof]) -> str:
    """Format proofs as a table with a row an exercise."""
    rows = [
        (p.exercise, p.accepted, p.misconceptions, p.named, p.mutants, p.rejected, p.equivalent, len(p.holes))
        for p in proofs
    ]
    lines = [HEADER, *(tuple(map(str, row)) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADER))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)
