"""Tables of stored results, as the page of reproduced results shows them.

A table is Markdown, so that a page renders it as one of its own. Every number in it is read from ``results/``.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from course_lib.experiments import EXPERIMENTS
from course_lib.experiments.experiment import Comparison, Experiment
from course_lib.experiments.storage import RESULTS, Stored, load


class Table(NamedTuple):
    """A table that a page renders and a terminal prints.

    Attributes
    ----------
    head : tuple of str
    rows : tuple of tuple of str
        As many cells each as the head has.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def _repr_markdown_(self) -> str:
        lines = [self.head, tuple("---" for _ in self.head), *self.rows]
        return "\n".join(f"| {' | '.join(_one_cell(cell) for cell in line)} |" for line in lines)


def overview(
    experiments: Mapping[str, Experiment[Any]] = MappingProxyType(EXPERIMENTS), folder: Path = RESULTS
) -> Table:
    """Return one row for each result: its headline figure, the paper's, ours over the seeds, and the seconds.

    Raises
    ------
    ResultError
        If a result is not stored.
    """
    rows = []
    for name, experiment in experiments.items():
        stored = load(name, folder)
        what, paper, ours, spread = _compared(stored.comparisons[0])
        rows.append((f"{experiment.title}: {what}", paper, f"{ours} ({spread})", f"{stored.seconds:.0f}"))
    return Table(("Result", "Paper", "Ours (lowest to highest)", "Seconds"), tuple(rows))  # as many as a phone can show


def comparisons(stored: Stored) -> Table:
    """Return one row for each figure of a result."""
    return Table(("Figure", "Paper", "Ours", "Lowest to highest"), tuple(_compared(row) for row in stored.comparisons))


def provenance(stored: Stored) -> Table:
    """Return what decides a result and how it is run again."""
    rows = {
        "command": stored.command,
        "settings": _listed(stored.settings.items()),
        "seeds": ", ".join(map(str, stored.seeds)),
        "seconds": f"{stored.seconds:.0f} ({' + '.join(f'{run.seconds:.1f}' for run in stored.runs)}), processor time",
        "machine": stored.machine,
        "versions": _listed(stored.versions.items()),
    }
    return Table(("What", "Stored with the result"), tuple(rows.items()))


def shown(value: float) -> str:
    """Write a number with at most four significant digits, or all digits of a whole number with spaces."""
    if abs(value) >= 1000:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.4g}".replace("-", "−", 1) if abs(value) >= 1e-4 or value == 0 else f"{value:.1e}"


def _compared(row: Comparison) -> tuple[str, str, str, str]:
    spread = f"{shown(row.lowest)} to {shown(row.highest)}" if row.lowest != row.highest else "the same"
    return row.what, row.paper, shown(row.ours), spread


def _listed(pairs: Iterable[tuple[str, Any]]) -> str:
    """Write pairs as ``name 1, other 2``; a list of values between brackets."""
    return ", ".join(f"{name} {_value(value)}" for name, value in pairs)


def _value(value: Any) -> str:
    return f"({', '.join(map(str, value))})" if isinstance(value, list | tuple) else str(value)


def _one_cell(text: str) -> str:
    """Keep a bar inside its cell and a star or underscore a sign."""
    for sign in "\\|*_^$<":
        text = text.replace(sign, f"\\{sign}")
    return text
