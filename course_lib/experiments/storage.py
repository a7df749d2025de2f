"""Stored results: ``results/NAME.json`` with all that is needed to run it again, and small weights beside it.

A file is written aside and then renamed, so that whoever reads it finds the old one or the new one, never a part. A
file of weights has its checksum in its name, is written before the JSON file that names it, and is removed only after
another has taken its place: whenever a save stops, the old result or the new one is whole.
"""

import dataclasses
import hashlib
import io
import json
import os
import platform
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from threadpoolctl import threadpool_info

from course_lib import __version__
from course_lib.experiments.experiment import Comparison, Experiment, Outcome, Run, S, compare

RESULTS = Path(__file__).resolve().parents[2] / "results"
DIGITS = 6
"""Significant digits of a curve; losses that are replayed keep all of theirs."""
INNER_LIST = re.compile(r"\[\n +([^][{}]*?)\n +\]")
"""A list of numbers in indented JSON: it becomes one line, or a curve would fill a screen."""


class ResultError(Exception):
    """A stored result cannot be used; the message is one sentence that says what to do."""


class Stored(NamedTuple):
    """A stored result.

    Attributes
    ----------
    name : str
    settings : mapping
    seeds : tuple of int
    seconds : float
        Of all seeds together.
    machine : str
    versions : mapping of str to str
    command : str
    comparisons : tuple of Comparison
    runs : tuple of Run
    """

    name: str
    settings: Mapping[str, Any]
    seeds: tuple[int, ...]
    seconds: float
    machine: str
    versions: Mapping[str, str]
    command: str
    comparisons: tuple[Comparison, ...]
    runs: tuple[Run, ...]


def save(experiment: Experiment[S], settings: S, runs: Sequence[Run], folder: Path = RESULTS) -> Path:
    """Write a result, and its weights if it has any; return the path of the JSON file.

    Parameters
    ----------
    experiment : Experiment
    settings : frozen dataclass
        What it ran with.
    runs : sequence of Run
        One for each seed.
    folder : Path, optional

    Returns
    -------
    Path

    Raises
    ------
    ResultError
        If a file cannot be written, or if a number is not finite. The old result then stays as it is.
    """
    require_writable(folder)
    path = folder / f"{experiment.name}.json"
    weights = {f"{run.seed}.{name}": array for run in runs for name, array in run.outcome.weights.items()}
    described = _described(experiment, settings, runs)
    earlier, file = set(folder.glob(f"{experiment.name}.*.npz")), None
    if weights:
        packed = _packed(weights)
        checksum = hashlib.sha256(packed).hexdigest()
        file = folder / f"{experiment.name}.{checksum[:12]}.npz"
        described["weights"] = {"file": file.name, "sha256": checksum}
    text = _text(described)  # before anything is written: it refuses what cannot be stored
    if file is not None:
        _write(file, packed)
    _write(path, text.encode())
    for old in earlier - {file}:
        old.unlink(missing_ok=True)
    return path


def load(name: str, folder: Path = RESULTS) -> Stored:
    """Read a stored result.

    Parameters
    ----------
    name : str
    folder : Path, optional

    Returns
    -------
    Stored

    Raises
    ------
    ResultError
        If there is none, if it cannot be read, or if its weights are those of another run.
    """
    path = folder / f"{name}.json"
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored["name"] != name:
            raise ValueError(f"it holds {stored['name']}")
        if not stored["figures"]:
            raise ValueError("it has no figures")
        weights = _read_weights(folder, stored["weights"]) if "weights" in stored else {}
        return Stored(
            name=stored["name"],
            settings=_mapping(stored, "settings"),
            seeds=tuple(stored["seed"]),
            seconds=float(stored["seconds"]),
            machine=stored["machine"],
            versions=_mapping(stored, "versions"),
            command=stored["command"],
            comparisons=tuple(_comparison(**row) for row in stored["figures"]),
            runs=tuple(_run(run, weights) for run in stored["runs"]),
        )
    except FileNotFoundError as missing:
        raise ResultError(f"There is no {missing.filename}: run `{_command(name)}`.") from None
    except OSError as error:
        raise ResultError(f"{error.filename} cannot be read ({error.strerror}).") from None
    except KeyError as missing:
        raise ResultError(f"{path} is not a stored result (it lacks {missing}): run `{_command(name)}`.") from None
    except (TypeError, ValueError) as wrong:
        raise ResultError(f"{path} is not a stored result ({wrong}): run `{_command(name)}`.") from None


def require_writable(folder: Path) -> None:
    """Make a folder for results if there is none.

    Raises
    ------
    ResultError
        If it cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ResultError(f"{folder} cannot be made ({error.strerror}).") from None
    if not os.access(folder, os.W_OK):
        raise ResultError(f"{folder} cannot be written to.")


def settings_of(experiment: Experiment[Any], stored: Stored) -> Any:
    """Return the stored settings as the dataclass that the experiment takes.

    Parameters
    ----------
    experiment : Experiment
    stored : Stored

    Returns
    -------
    frozen dataclass

    Raises
    ------
    ResultError
        If the experiment has other settings by now.
    """
    pairs = {name: tuple(value) if isinstance(value, list) else value for name, value in stored.settings.items()}
    wanted = [field.name for field in dataclasses.fields(experiment.settings)]
    if pairs.keys() != set(wanted):  # one that is not stored would silently have today's default
        raise ResultError(
            f"results/{stored.name}.json has the settings {list(pairs)}, wanted {wanted}: run `{stored.command}`."
        )
    return type(experiment.settings)(**pairs)


def machine() -> str:
    """Describe the machine in a few words: processor, cores, system."""
    name = platform.processor() or platform.machine()
    described = Path("/proc/cpuinfo")
    if described.is_file():
        lines = described.read_text(encoding="utf-8", errors="replace").splitlines()
        name = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), name)
    return f"{name} ({platform.machine()}), {os.cpu_count()} cores, {platform.system()}, one thread"


def versions() -> dict[str, str]:
    """Return the versions of everything that a number may depend on."""
    blas = {library["internal_api"]: str(library["version"]) for library in threadpool_info()}
    return {
        "course_lib": __version__,
        "python": ".".join(map(str, sys.version_info[:3])),
        "numpy": np.__version__,
        **{name: version for name, version in blas.items() if name != "openmp"},
    }


def _described(experiment: Experiment[S], settings: S, runs: Sequence[Run]) -> dict[str, Any]:
    """Return all that JSON can hold of a result: everything but the weights."""
    return {
        "name": experiment.name,
        "title": experiment.title,
        "paper": experiment.paper,
        "command": f"python -m course_lib.experiments {experiment.name}",
        "settings": dataclasses.asdict(settings),
        "seed": [run.seed for run in runs],
        "seconds": round(sum(run.seconds for run in runs), 1),
        "machine": machine(),
        "versions": versions(),
        "figures": [row._asdict() for row in compare(experiment.figures, runs)],
        "runs": [_plain(run) for run in runs],
    }


def _plain(run: Run) -> dict[str, Any]:
    """Return what JSON can hold of a run: everything but the weights."""
    figures, curves, losses, _ = run.outcome
    return {
        "seed": run.seed,
        "seconds": round(run.seconds, 1),
        "figures": {name: float(value) for name, value in figures.items()},
        "losses": {name: [float(loss) for loss in values] for name, values in losses.items()},
        "curves": {name: [float(f"{point:.{DIGITS}g}") for point in curve] for name, curve in curves.items()},
    }


def _run(stored: Mapping[str, Any], weights: Mapping[str, np.ndarray]) -> Run:
    """Return a stored run, with those of all weights that are its own."""
    figures = {name: float(value) for name, value in _mapping(stored, "figures").items()}
    curves, losses = (
        {name: np.array(values, dtype=np.float64) for name, values in _mapping(stored, part).items()}
        for part in ("curves", "losses")
    )
    own = f"{stored['seed']}."
    mine = {name.removeprefix(own): array for name, array in weights.items() if name.startswith(own)}
    return Run(stored["seed"], float(stored["seconds"]), Outcome(figures, curves, losses, mine))


def _comparison(what: str, paper: str, ours: float, lowest: float, highest: float) -> Comparison:
    """Return one line of the stored table, with numbers where numbers stand."""
    return Comparison(what, paper, float(ours), float(lowest), float(highest))


def _mapping(stored: Mapping[str, Any], part: str) -> dict[str, Any]:
    """Return a part of a stored file that gives names to values, or say that it does not."""
    if not isinstance(stored[part], dict):
        raise ValueError(f"its {part} have no names")
    return dict(stored[part])


def _text(described: Mapping[str, Any]) -> str:
    """Return indented JSON with every list of numbers on one line."""
    try:
        text = json.dumps(described, indent=1, allow_nan=False, ensure_ascii=False)
    except ValueError:
        raise ResultError(f"{described['name']} is not stored: one of its numbers is nan or infinite.") from None
    return INNER_LIST.sub(lambda found: "[" + re.sub(r",\n +", ", ", found[1]) + "]", text) + "\n"


def _packed(weights: Mapping[str, np.ndarray]) -> bytes:
    """Return arrays as the content of a file."""
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **weights)
    return file.getvalue()


def _read_weights(folder: Path, said: Mapping[str, str]) -> dict[str, np.ndarray]:
    """Return the arrays of a file whose checksum is as it was said."""
    path = folder / said["file"]
    if hashlib.sha256(path.read_bytes()).hexdigest() != said["sha256"]:
        raise ValueError(f"{path.name} belongs to another run")
    with np.load(path, allow_pickle=False) as file:
        return dict(file)


def _write(path: Path, content: bytes) -> None:
    """Write a file aside and rename it; a run that is stopped meanwhile leaves nothing behind."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        aside.write_bytes(content)
        aside.replace(path)
    except OSError as error:
        raise ResultError(f"{path} cannot be written ({error.strerror}).") from None
    finally:
        aside.unlink(missing_ok=True)


def _command(name: str) -> str:
    return f"python -m course_lib.experiments {name}"
