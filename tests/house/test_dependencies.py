"""Dependencies inside ``course_lib`` point one way."""

import ast
from pathlib import Path

import pytest

EVERYBODY = {"params", "gradcheck"}
MAY_IMPORT = {
    "params": set(),
    "gradcheck": set(),
    "nn": set(),
    "data": set(),
    "plots": {"nn", "data"},
    "models": {"nn", "data"},
    "training": {"nn", "data", "models"},
    "experiments": {"nn", "data", "models", "training", "plots"},
    "checks": set(),
    "grading": {"checks"},
}


def imported_rooms(path: Path) -> set[str]:
    """Return the parts of course_lib that a file imports."""
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return {name.split(".")[1] for name in names if name.startswith("course_lib.")}


@pytest.mark.parametrize("room", sorted(MAY_IMPORT))
def test_a_room_imports_only_those_below_it(root: Path, room: str) -> None:
    library = root / "course_lib"
    files = [library / f"{room}.py"] if (library / f"{room}.py").is_file() else list((library / room).rglob("*.py"))
    allowed = MAY_IMPORT[room] | {room, "__version__"} | (set() if room in EVERYBODY else EVERYBODY)
    for path in files:
        assert imported_rooms(path) <= allowed, path


def test_every_room_of_the_library_has_a_rule(root: Path) -> None:
    rooms = {
        path.stem
        for path in (root / "course_lib").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").is_file()
    }
    assert rooms - {"__init__"} <= set(MAY_IMPORT)
