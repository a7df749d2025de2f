"""List the reproduced results, or run them again.

python -m course_lib.experiments             lists them: name, paper, figure, ours if stored, seconds
python -m course_lib.experiments cliff       runs one and stores it in results/
python -m course_lib.experiments --all       runs all of them, one after the other
"""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from course_lib.experiments import EXPERIMENTS, ResultError, compare, load, run_seeds, save
from course_lib.experiments.experiment import Comparison, Experiment
from course_lib.experiments.storage import RESULTS, require_writable

Experiments = Mapping[str, Experiment[Any]]


def main(
    arguments: list[str] | None = None, folder: Path = RESULTS, experiments: Experiments = MappingProxyType(EXPERIMENTS)
) -> int:
    """List the results, or run those that are named; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m course_lib.experiments",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(experiments)}")
    parser.add_argument("--all", action="store_true", help="run every one")
    parser.add_argument("--seeds", nargs="+", type=_seed, metavar="SEED", help="run these instead and store nothing")
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.names if name not in experiments]:
        parser.error(f"there is no result {', '.join(unknown)}; there are: {', '.join(experiments)}")
    if options.all and options.names:
        parser.error("--all runs every result: name none beside it")
    names = list(experiments) if options.all else list(dict.fromkeys(options.names))
    if options.seeds and not names:
        parser.error("--seeds needs the name of a result, or --all")
    if not names:
        print(listing(experiments, folder))
        return 0
    try:
        for name in names:
            reproduce(experiments[name], options.seeds, folder)
    except KeyboardInterrupt:
        print("\nStopped. A result is stored only when all of its seeds have run.", file=sys.stderr)
        return 130
    except ResultError as error:
        parser.error(str(error))
    return 0


def reproduce(experiment: Experiment[Any], seeds: list[int] | None, folder: Path) -> None:
    """Run one experiment with a progress bar, print its table, and store it unless seeds are given."""
    if seeds is None:
        require_writable(folder)  # before the minutes, not after them
    runs = run_seeds(experiment, experiment.settings, seeds or experiment.seeds, sys.stderr)
    print(f"{experiment.name}: {experiment.title} ({experiment.paper})")
    print(table(compare(experiment.figures, runs)))
    seconds = f"{sum(run.seconds for run in runs):.1f} s"
    if seeds is None:
        print(f"Stored in {save(experiment, experiment.settings, runs, folder)} after {seconds}.")
    else:
        print(f"Not stored after {seconds}: a stored result is a run without --seeds.")


def listing(experiments: Experiments, folder: Path) -> str:
    """Return the list of all results: paper, headline figure, ours if stored, seconds."""
    lines = []
    for experiment in experiments.values():
        try:
            stored = load(experiment.name, folder)
            ours, took = f"{stored.comparisons[0].ours:.4g}", f"{stored.seconds:.0f} s"
        except ResultError:
            ours, took = "not stored", "–"
        headline = experiment.figures[0]
        lines.append(f"{experiment.name:16} {experiment.paper:16} ours {ours:>10}  {took:>6}  {headline.what}")
        lines.append(f"{'':33} paper: {headline.paper}")
    return "\n".join(lines)


def table(rows: list[Comparison]) -> str:
    """Return one line a figure: what it is, ours with its spread, the paper's."""
    width = max(len(row.what) for row in rows)
    return "\n".join(
        f"  {row.what:{width}}  {row.ours:8.4g} ({row.lowest:.4g} to {row.highest:.4g})  paper: {row.paper}"
        for row in rows
    )


def _seed(word: str) -> int:
    """Return a seed, or say what one is."""
    if not word.isdecimal():
        raise argparse.ArgumentTypeError(f"a seed is a whole number from 0 on, got {word}")
    return int(word)


if __name__ == "__main__":
    sys.exit(main())
