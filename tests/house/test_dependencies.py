"""Dependencies point one way: inside ``course_lib``, and from whatever uses it."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.lint_pages import only_code

EVERYBODY = {"params", "gradcheck"}
ROOMS: dict[str, set[str]] = {
    "params": set(),
    "gradcheck": set(),
    "nn": EVERYBODY,
    "data": EVERYBODY,
    "plots": EVERYBODY | {"nn", "data"},
    "models": EVERYBODY | {"nn", "data"},
    "training": EVERYBODY | {"nn", "data", "models"},
    "experiments": EVERYBODY | {"nn", "data", "models", "training", "plots"},
    "checks": EVERYBODY,
    "grading": EVERYBODY | {"checks"},
}
LIBRARY = set(ROOMS) - {"checks", "grading"}
ABOVE = {
    "course_lib/__init__.py": set(),
    "book/_ext/*.py": set(),
    "book/**/*.md": LIBRARY,
    "benchmarks/*.py": LIBRARY,
    "scripts/*.py": {"grading", "data"},
    "solutions/*/*.ipynb": {"params", "gradcheck", "checks"},
    "solutions/*/*.py": {"params", "gradcheck"},
    "exercises/*/*.ipynb": {"params", "gradcheck", "checks"},
}
"""What stands on the library, and the rooms it may import: an exercise its checks and parameters, no layers."""

BY_NAME_OF_ITS_OWN = {"course_lib/checks/notebook.py": "the modules of declared exercises, from a table in the file"}
NAMES_OTHERS = {
    "course_lib/checks/hiding.py": "it names what a graded notebook must not import",
    "course_lib/checks/delegation.py": "it names the stream that an answer prints to when it is graded",
}
IMPORTERS = ("import_module", "__import__", "find_spec", "resolve_name")
DOTTED = re.compile(r"course_lib(\.\w+)+")


def dotted(node: ast.expr) -> str:
    """Return ``a.b.c`` for a chain of attributes on a name; nothing for any other expression."""
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else ""
    return node.id if isinstance(node, ast.Name) else ""


def import_statements(tree: ast.Module) -> Iterator[str]:
    """Yield what is imported by statement; relative imports as they are written, with their dots."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names)


def attributes_of_the_library(tree: ast.Module) -> Iterator[str]:
    """Yield ``course_lib.nn.rnn`` wherever a room is reached through the name of the whole library."""
    nodes = [alias for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    known = {alias.asname or "course_lib" for alias in nodes if alias.name.split(".")[0] == "course_lib"}
    known -= {alias.asname for alias in nodes if "." in alias.name}
    for node in ast.walk(tree):
        name = dotted(node) if isinstance(node, ast.Attribute) else ""
        if name.split(".")[0] in known:
            yield f"course_lib.{name.split('.', 1)[1]}"


def imports_by_name(tree: ast.Module) -> Iterator[str]:
    """Yield what functions import by a name in quotes, and ``?`` where the name is not written there."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and dotted(node.func).split(".")[-1] in IMPORTERS and node.args:
            name = node.args[0]
            yield str(name.value) if isinstance(name, ast.Constant) else "?"
        elif isinstance(node, ast.Constant) and DOTTED.fullmatch(str(node.value)):
            yield str(node.value)


def wrong_imports(source: str, place: str, allowed: set[str]) -> list[str]:
    """Return a sentence for every import that points the wrong way.

    Parameters
    ----------
    source : str
        Python.
    place : str
        Path of the file; what it may import by a name that is made up while it runs depends on it.
    allowed : set of str
        Rooms of the library.
    """
    tree = ast.parse(source)
    names = {*import_statements(tree), *attributes_of_the_library(tree)}
    names |= set() if place in NAMES_OTHERS else set(imports_by_name(tree))
    said = [f"{place} imports {name} by its place: name the package." for name in names if name.startswith(".")]
    if "?" in names and place not in BY_NAME_OF_ITS_OWN:
        said.append(f"{place} imports a module whose name is not written there.")
    for name in names:
        parts = name.split(".")
        if parts[0] == "course_lib" and len(parts) > 1 and parts[1] not in allowed | {"__version__"}:
            said.append(f"{place} imports {name}: it may import {', '.join(sorted(allowed)) or 'nothing of ours'}.")
    return sorted(said)


def python_in(path: Path) -> str:
    """Return the Python of a file: of a page and of a notebook its cells."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        return only_code(text)
    if path.suffix == ".ipynb":
        cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
        return "\n".join("".join(cell["source"]) for cell in cells)
    return text


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_a_room_imports_only_those_below_it(root: Path, room: str) -> None:
    library = root / "course_lib"
    files = [library / f"{room}.py"] if (library / f"{room}.py").is_file() else list((library / room).rglob("*.py"))
    places = {path: path.relative_to(root).as_posix() for path in files}
    wrong = [line for path in files for line in wrong_imports(python_in(path), places[path], ROOMS[room] | {room})]
    assert wrong == []


@pytest.mark.parametrize("pattern", sorted(ABOVE))
def test_what_stands_on_the_library_imports_only_what_it_may(root: Path, pattern: str) -> None:
    files = sorted(root.glob(pattern))
    assert files
    places = {path: path.relative_to(root).as_posix() for path in files}
    assert [line for path in files for line in wrong_imports(python_in(path), places[path], ABOVE[pattern])] == []


def test_every_room_of_the_library_has_a_rule(root: Path) -> None:
    rooms = {
        path.stem
        for path in (root / "course_lib").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").is_file()
    }
    assert rooms - {"__init__"} <= set(ROOMS)


@pytest.mark.parametrize(
    "planted",
    [
        "from course_lib.checks.rnn import recurrence",
        "from course_lib import checks",
        "from course_lib import checks as harmless, params",
        "import course_lib.checks",
        "import course_lib.checks.rnn as harmless",
        "import course_lib\n\ncourse_lib.checks.open_checks('01-rnn', version='0')",
        "import course_lib as harmless\n\nharmless.checks.rnn.recurrence.oracle_step",
        "import course_lib.params\n\ncourse_lib.checks.open_checks",
        "def later():\n    from course_lib.checks import open_checks\n    return open_checks",
        "import importlib\n\nimportlib.import_module('course_lib.checks.rnn')",
        "from importlib import import_module\n\nimport_module('course_lib.checks')",
        "__import__('course_lib.checks')",
        "import sys\n\nsys.modules['course_lib.checks.rnn']",
        "MODULE = 'course_lib.checks'",
    ],
)
def test_an_import_the_wrong_way_is_found_however_it_is_written(planted: str) -> None:
    (line,) = {line.split(":")[-1] for line in wrong_imports(planted, "course_lib/nn/new.py", ROOMS["nn"] | {"nn"})}
    assert line == " it may import gradcheck, nn, params."
    assert wrong_imports(planted.replace("checks", "params"), "course_lib/nn/new.py", ROOMS["nn"] | {"nn"}) == []


def test_relative_imports_and_names_made_up_at_run_time_are_refused() -> None:
    assert wrong_imports("from . import rnn", "a.py", set(ROOMS)) == [
        "a.py imports ..rnn by its place: name the package."
    ]
    assert wrong_imports("from ..checks import rnn", "a.py", set(ROOMS))[0].startswith(
        "a.py imports ..checks.rnn by its"
    )
    made_up = "import importlib\nimportlib.import_module('course_lib.' + 'checks')"
    assert wrong_imports(made_up, "a.py", set(ROOMS)) == ["a.py imports a module whose name is not written there."]


def test_a_layer_in_an_exercise_and_a_check_on_a_page_are_found(tmp_path: Path) -> None:
    notebook, page = tmp_path / "new.ipynb", tmp_path / "new.md"
    cell = {"cell_type": "code", "source": ["from course_lib.params import RNNParams\n", "from course_lib import nn"]}
    notebook.write_text(json.dumps({"cells": [cell]}))
    page.write_text("Words.\n\n```{code-cell} ipython3\nfrom course_lib.checks import open_checks\n```\n")
    assert wrong_imports(python_in(notebook), "new.ipynb", ABOVE["solutions/*/*.ipynb"]) == [
        "new.ipynb imports course_lib.nn: it may import checks, gradcheck, params."
    ]
    assert len(wrong_imports(python_in(page), "new.md", ABOVE["book/**/*.md"])) == 1
