"""Make every single-operator mutant of a function: what a grader must be able to reject.

A mutant changes one place: an operator, a comparison, a number, an argument order, a method, a slice bound, or drops
one statement or one term. Mutants that behave like the original must be listed as equivalent, with the reason.
"""

import ast
import copy
from collections.abc import Iterator

BINARY: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.MatMult: ast.Mult,
    ast.Pow: ast.Mult,
}
COMPARE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
}
NAMES = {
    "tanh": "sin",
    "exp": "expm1",
    "zeros": "ones",
    "max": "min",
    "min": "max",
    "mean": "sum",
    "std": "var",
    "sum": "max",
    "stack": "concatenate",
}


def mutants(source: str) -> Iterator[tuple[str, str]]:
    """Yield (description, source) of every mutant of a function.

    Parameters
    ----------
    source : str
        Source of one function; its signature and docstring stay as they are.
    """
    tree = ast.parse(source)
    original = ast.unparse(tree)
    statement_of = {
        node: first_line(statement)
        for statement in ast.walk(tree)  # outer statements come first, inner ones take their nodes over
        if isinstance(statement, ast.stmt)
        for node in ast.walk(statement)
    }
    for node in ast.walk(tree):
        for change, replacement in _replacements(node):
            # deepcopy takes what its memo holds for an object: here the replacement for one node.
            mutated = ast.unparse(ast.fix_missing_locations(copy.deepcopy(tree, {id(node): replacement})))
            if mutated != original:
                yield f"{change} at `{first_line(node)}` in `{statement_of.get(node, '')}`", mutated


def first_line(node: ast.AST) -> str:
    """Return the first line of a node's source."""
    return ast.unparse(node).splitlines()[0]


def _replacements(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    match node:
        case ast.BinOp(left=left, op=op, right=right):
            if type(op) in BINARY:
                yield "other operator", ast.BinOp(left, BINARY[type(op)](), right)
            yield "left side alone", left
            yield "right side alone", right
        case ast.Compare(left=left, ops=[op], comparators=comparators) if type(op) in COMPARE:
            yield "other comparison", ast.Compare(left, [COMPARE[type(op)]()], comparators)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            yield "sign dropped", operand
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            yield "plus 1", ast.Constant(value + 1)
            yield "minus 1", ast.Constant(value - 1)
        case ast.Attribute(value=owner, attr=name, ctx=context) if name in NAMES:
            yield f"{name} for {NAMES[name]}", ast.Attribute(owner, NAMES[name], context)
        case ast.Call(func=function, args=[first, second, *rest], keywords=keywords):
            yield "first two arguments swapped", ast.Call(function, [second, first, *rest], keywords)
        case ast.FunctionDef() | ast.For():
            yield from _shorter_bodies(node)


def _shorter_bodies(node: ast.FunctionDef | ast.For) -> Iterator[tuple[str, ast.AST]]:
    for position, statement in enumerate(node.body):
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue  # a docstring
        shorter = copy.copy(node)
        shorter.body = [*node.body[:position], *node.body[position + 1 :]] or [ast.Pass()]
        yield f"without `{first_line(statement)}`", shorter
