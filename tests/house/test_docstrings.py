"""What a docstring says of parameters, errors and shapes is what the code does."""

from pathlib import Path

import pytest

from scripts.lint_docstrings import ORDER, lint

GOOD = '''
def step(x, h, *, steps=1, **_):
    """Advance.

    Parameters
    ----------
    x, h : ndarray of shape (B, H)
        The input, and

        the state: of one shape.
    steps : int

    Returns
    -------
    ndarray of shape (B, H)

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    if x.shape != h.shape:
        raise ValueError(f"shapes differ: {x.shape} and {h.shape}")
    return x + h


def total(x: np.ndarray) -> float:
    """Add up x (B, T)."""
    try:
        raise KeyError(x)
    except KeyError:
        return x.sum()


def first(x: np.ndarray) -> float:
    """Return the first value of x (B,).

    Raises
    ------
    IndexError
        If there is none.
    """
    try:
        return x[0]
    except IndexError:
        raise IndexError("x is empty") from None


class Layer:
    """A layer."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return x, of any shape."""
        return x

    def _inner(self, x: np.ndarray):
        raise ValueError("private")
'''


def test_the_library_keeps_its_word(root: Path) -> None:
    files = sorted((root / "course_lib").rglob("*.py"))
    assert len(files) > 50
    assert [line for path in files for line in lint(path.read_text(), path.relative_to(root).as_posix())] == []


def test_a_module_that_keeps_its_word_is_passed() -> None:
    assert list(lint(GOOD, "course_lib/nn/new.py")) == []


@pytest.mark.parametrize(
    ("written", "planted", "said"),
    [
        ("x, h : ", "x : ", "step: Parameters names x, steps, the signature x, h, steps."),
        ("x, h : ", "h, x : ", "step: Parameters names h, x, steps, the signature x, h, steps."),
        ("    steps : int", "    step : int", "step: Parameters names x, h, step, the signature x, h, steps."),
        ("x, h : ndarray of shape (B, H)", "x, h : ndarray", "step: `x, h : ndarray` tells no shape."),
        ("    ndarray of shape (B, H)", "    ndarray", "step: `ndarray` tells no shape."),
        ("    ValueError\n", "    TypeError\n", "step: it raises ValueError, which no section Raises names."),
        ("except KeyError", "except TypeError", "total: it raises KeyError, which no section Raises names."),
        ("    IndexError\n", "    OwnIndexError\n", "first: it raises IndexError, which no section Raises names."),
        (
            'raise IndexError("x is empty")',
            "raise KeyError",
            "first: it raises KeyError, which no section Raises names.",
        ),
        (
            "    Returns\n    -------",
            "    Return\n    ------",
            f"step: it has a section Return, wanted only {', '.join(ORDER)}.",
        ),
        ("Add up x (B, T).", "Add up x (a lot, often).", "total: it handles arrays, and the docstring tells no shape."),
        ("Return x, of any shape", "Return x", "Layer.forward: it handles arrays, and the docstring tells no shape."),
        (
            '"""Add up x (B, T).',
            '"""Add up x (B, T).\n\n    Raises\n    ------\n    KeyError\n\n    Returns\n    -------\n    float\n',
            "total: its sections stand in the order Raises, Returns, wanted Returns, Raises.",
        ),
    ],
)
def test_a_planted_fault_is_named_with_its_function(written: str, planted: str, said: str) -> None:
    assert GOOD.count(written) == 1
    (line,) = lint(GOOD.replace(written, planted), "course_lib/nn/new.py")
    assert line.split(": ", 1)[1] == said


@pytest.mark.parametrize("caught", ["KeyError", "(ValueError, KeyError)", "Exception", "json.KeyError"])
def test_what_is_caught_does_not_leave(caught: str) -> None:
    assert list(lint(GOOD.replace("except KeyError", f"except {caught}"), "course_lib/nn/new.py")) == []
    second = f"except TypeError:\n        pass\n    except {caught}"
    assert list(lint(GOOD.replace("except KeyError", second), "course_lib/nn/new.py")) == []


def test_pieces_of_declared_exercises_need_no_shapes_but_all_else() -> None:
    planted = GOOD.replace("Return x, of any shape", "Return x").replace("except KeyError", "except TypeError")
    (line,) = lint(planted, "course_lib/checks/rnn/new.py")
    assert "total: it raises KeyError" in line
