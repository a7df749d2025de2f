"""Functions and files stay small enough to be read at one sitting."""

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

FOLDERS = ("course_lib", "scripts", "book/_ext")


def python_files(root: Path) -> list[Path]:
    """Return the files that readers read."""
    return [path for folder in FOLDERS for path in sorted((root / folder).rglob("*.py"))]


def function_lengths(path: Path) -> Iterator[tuple[str, int]]:
    """Yield each function's place and its lines of code, its docstring not counted."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first, lines = node.body[0], (node.end_lineno or node.lineno) - node.lineno + 1
            if ast.get_docstring(node) is not None:
                lines -= (first.end_lineno or first.lineno) - first.lineno + 1
            yield f"{path}:{node.lineno} {node.name}", lines


@pytest.fixture(scope="module")
def lengths(root: Path) -> dict[str, int]:
    return dict(pair for path in python_files(root) for pair in function_lengths(path))


def test_no_function_is_longer_than_40_lines(lengths: dict[str, int]) -> None:
    assert {place: lines for place, lines in lengths.items() if lines > 40} == {}


def test_the_median_function_has_at_most_12_lines(lengths: dict[str, int]) -> None:
    assert statistics.median(lengths.values()) <= 12


def test_no_file_has_400_lines(root: Path) -> None:
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in python_files(root)}
    assert {path: count for path, count in lines.items() if count >= 400} == {}


def test_no_module_is_called_utils(root: Path) -> None:
    assert [path for path in python_files(root) if path.stem in ("utils", "helpers", "misc", "common")] == []
