import ast

from course_lib.checks.mutate import mutants

SOURCE = '''
def f(x, y):
    """Docstring."""
    total = x @ y - 1
    for i in range(2):
        total += np.tanh(x)
    return -total if x < y else np.stack(x, y)
'''


def test_every_mutant_differs_in_one_place_and_compiles():
    found = dict(mutants(SOURCE))
    for source in found.values():
        compile(source, "<mutant>", "exec")
        assert source != ast.unparse(ast.parse(SOURCE))
    assert len(set(found.values())) == len(found)


def test_operators_numbers_names_comparisons_arguments_and_statements_change():
    described = " | ".join(description for description, _ in mutants(SOURCE))
    for change in (
        "other operator at `x @ y`",
        "left side alone at `x @ y - 1`",
        "plus 1 at `2` in `for i in range(2):`",
        "tanh for sin at `np.tanh` in `total += np.tanh(x)`",
        "other comparison at `x < y`",
        "sign dropped at `-total`",
        "first two arguments swapped at `np.stack(x, y)`",
        "without `total += np.tanh(x)`",
    ):
        assert change in described


def test_docstrings_are_left_alone():
    assert all('"""Docstring."""' in source for _, source in mutants(SOURCE))
