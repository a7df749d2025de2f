"""Compare the docstrings of ``course_lib`` with the code they describe: ``python scripts/lint_docstrings.py``.

Ruff sees to the form of a docstring. Here its content is held against signature and body: *Parameters* names the
parameters, *Raises* names what is raised, and a function of arrays says their shapes.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SECTION = re.compile(r"^(\w[\w ]*)\n-{3,}\n", re.MULTILINE)
ORDER = ("Parameters", "Returns", "Yields", "Raises", "Notes", "References", "Examples")
ENTRY = re.compile(r"^(\*{0,2}\w+(?:, \*{0,2}\w+)*)(?: : .+)?$", re.MULTILINE)
SHAPE = re.compile(r"\((?=[^)]*\b(?:[A-Z]|\d+)\b)[\w +*-]+(?:, ?[\w +*-]*)+\)|\bshapes?\b|\bscalar\b")
ARRAY = re.compile(r"^(?:[\w, ]+ : )?ndarray(?!.*\b(?:shape|scalar)\b).*$", re.MULTILINE)
WITHOUT_SHAPES = "course_lib/checks/"
"""Pieces of declared exercises: the engine calls them, with the inputs and sizes that the declaration lists."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def public_functions(tree: ast.Module) -> Iterator[tuple[str, Function]]:
    """Yield every public function and method, by its dotted name."""
    for node in tree.body:
        if isinstance(node, Function):
            yield node.name, node
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from ((f"{node.name}.{inner.name}", inner) for inner in node.body if isinstance(inner, Function))


def sections(docstring: str) -> dict[str, str]:
    """Return the text of each numpydoc section by its name, in order; the text before them under an empty name."""
    first, *rest = SECTION.split(docstring)
    return {"": first} | dict(zip(rest[::2], rest[1::2], strict=True))


def parameters(function: Function) -> list[str]:
    """Return the names in a signature, as numpydoc writes them."""
    given = function.args
    names = [item.arg for item in (*given.posonlyargs, *given.args) if item.arg not in ("self", "cls")]
    names += [f"*{given.vararg.arg}"] if given.vararg else []
    names += [item.arg for item in given.kwonlyargs]
    names += [f"**{given.kwarg.arg}"] if given.kwarg else []
    return [name for name in names if not name.lstrip("*").startswith("_")]


def raised(nodes: Iterable[ast.AST]) -> set[str]:
    """Return the names of the exceptions that leave these pieces of a body, as far as they are written in them."""
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, Function | ast.Lambda | ast.ClassDef):
            continue
        if isinstance(node, ast.Try):
            left = set() if _catches(node) & {"", "Exception", "BaseException"} else raised(node.body) - _catches(node)
            found |= left | raised((*node.handlers, *node.orelse, *node.finalbody))
            continue
        found |= raised(ast.iter_child_nodes(node))
        if isinstance(node, ast.Raise) and node.exc is not None:
            made = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            found.add(ast.unparse(made).split(".")[-1])
    return {name for name in found if name[:1].isupper()}


def _catches(node: ast.Try) -> set[str]:
    """Return the names of the exceptions that are caught; an empty one stands for all."""
    types = [handler.type for handler in node.handlers]
    flat = [item for kind in types for item in (kind.elts if isinstance(kind, ast.Tuple) else [kind])]
    return {ast.unparse(kind).split(".")[-1] if kind else "" for kind in flat}


def handles_arrays(function: Function) -> bool:
    """Tell whether an array stands in the signature."""
    written = [item.annotation for item in ast.walk(function.args) if isinstance(item, ast.arg)]
    return any(note is not None and "ndarray" in ast.unparse(note) for note in [*written, function.returns])


def faults(function: Function) -> Iterator[str]:
    """Yield where a docstring disagrees with the signature and the body."""
    found = sections(ast.get_docstring(function) or "")
    if unknown := found.keys() - {"", *ORDER}:
        yield f"it has a section {', '.join(sorted(unknown))}, wanted only {', '.join(ORDER)}"
    order = [name for name in found if name in ORDER]
    if order != sorted(order, key=ORDER.index):
        yield f"its sections stand in the order {', '.join(order)}, wanted {', '.join(sorted(order, key=ORDER.index))}"
    if "Parameters" in found:
        named = [name for entry in ENTRY.findall(found["Parameters"]) for name in entry.split(", ")]
        if named != parameters(function):
            yield f"Parameters names {', '.join(named)}, the signature {', '.join(parameters(function))}"
    if missing := raised(function.body) - set(re.findall(r"\w+", found.get("Raises", ""))):
        yield f"it raises {', '.join(sorted(missing))}, which no section Raises names"


def missing_shapes(function: Function) -> Iterator[str]:
    """Yield where a docstring is silent about the shape of an array."""
    docstring = ast.get_docstring(function) or ""
    yield from (f"`{entry}` tells no shape" for entry in ARRAY.findall(docstring))
    if handles_arrays(function) and not SHAPE.search(docstring):
        yield "it handles arrays, and the docstring tells no shape"


def lint(source: str, place: str) -> Iterator[str]:
    """Yield a line for every fault of a module, as ``place:line: function: what``."""
    for name, function in public_functions(ast.parse(source)):
        if not name.split(".")[-1].startswith("_"):
            shapes = [] if place.startswith(WITHOUT_SHAPES) else missing_shapes(function)
            yield from (f"{place}:{function.lineno}: {name}: {fault}." for fault in (*faults(function), *shapes))


def main() -> int:
    """Report on the whole library; return 1 when something is wrong."""
    found = [
        line
        for path in sorted((ROOT / "course_lib").rglob("*.py"))
        for line in lint(path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix())
    ]
    print("\n".join(found), end="\n" if found else "")
    return min(len(found), 1)


if __name__ == "__main__":
    sys.exit(main())
