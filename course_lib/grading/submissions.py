"""Write a synthetic student's notebook: the released one with that student's answers in it."""

import ast
import re
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

from nbformat import NotebookNode

from course_lib.grading.released import grade_id, is_answer, only_notebook, read_notebook
from course_lib.grading.students import Student

MARKER = re.compile(r"^ *### (BEGIN|END) SOLUTION\n?", re.MULTILINE)


def submission(student: Student, released: NotebookNode, solution: Path) -> NotebookNode:
    """Fill in a released notebook.

    Parameters
    ----------
    student : Student
    released : NotebookNode
        Is left as it is.
    solution : Path
        Folder of the assignment in ``solutions/``, with ``answers.py``.

    Raises
    ------
    ValueError
        When the student writes into a cell that does not exist.
    """
    notebook = deepcopy(released)
    begins: dict[str, Callable[[NotebookNode], str]] = {
        "stubs": lambda cell: str(cell.source),
        "solution": _from_solution(solution),
        "other": _from_answers(solution),
    }
    cells = {grade_id(cell): cell for cell in notebook.cells if is_answer(cell)}
    if unknown := student.writes.keys() - cells.keys():
        raise ValueError(f"{student.name} writes into {sorted(unknown)}, the answer cells are {list(cells)}")
    for name, cell in cells.items():
        cell.source = student.writes.get(name, begins[student.begins_with](cell)).strip()
    if student.changes:
        student.changes(notebook.cells)
    return notebook


def _from_solution(solution: Path) -> Callable[[NotebookNode], str]:
    cells = {grade_id(cell): cell.source for cell in read_notebook(only_notebook(solution)).cells}
    return lambda cell: MARKER.sub("", cells[grade_id(cell)])


def _from_answers(solution: Path) -> Callable[[NotebookNode], str]:
    """Take the last of the other answers to each function, under the name that is asked for."""
    tree = ast.parse((solution / "answers.py").read_text(encoding="utf-8"))
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    chosen = _last_of_each(tree)

    def answers(cell: NotebookNode) -> str:
        asked = [node.name for node in ast.parse(cell.source).body if isinstance(node, ast.FunctionDef)]
        return "\n\n\n".join(["import math", *(_renamed(functions[chosen[name]], name) for name in asked)])

    return answers


def _last_of_each(tree: ast.Module) -> dict[str, str]:
    """Read ``OTHER_ANSWERS`` without running the file: name of the last answer by name of the function."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "OTHER_ANSWERS":
            assert isinstance(node.value, ast.Dict)
            pairs = zip(node.value.keys, node.value.values, strict=True)
            return {ast.literal_eval(key): ast.unparse(others.elts[-1]) for key, others in pairs}  # type: ignore
    raise ValueError("answers.py declares no OTHER_ANSWERS")


def _renamed(function: ast.FunctionDef, name: str) -> str:
    """Return a function's source under another name, also where it calls itself."""
    own, copy = function.name, deepcopy(function)
    for node in ast.walk(copy):
        if isinstance(node, ast.Name) and node.id == own:
            node.id = name
    copy.name = name
    return ast.unparse(copy)
