"""The house is in order: format, lint, cells of the pages, types."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from scripts.lint_pages import cells, formatted, lint, only_code

PAGE = """# Title

```{code-cell} python3
:tags: [hide-input]

import numpy as np
x = np.zeros( 3 )
```

Words with a `code-cell` in them.

:::{code-cell} ipython3
---
mystnb:
  image: {alt: "a curve"}
---
unknown_name
:::

```python
not_a_cell = ( 1 )
```
"""


@pytest.mark.parametrize(
    "command",
    [["ruff", "format", "--check", "."], ["ruff", "check", "--output-format", "concise", "."], ["mypy"]],
    ids=["format", "lint", "types"],
)
def test_the_repository_is_clean(root: Path, command: list[str]) -> None:
    ran = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, cwd=root)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_lint_script_is_in_make_lint_and_runs_before_a_commit(root: Path) -> None:
    scripts = {path.name for path in (root / "scripts").glob("lint_*.py")}
    recipe = (root / "maintain.mk").read_text().split("\nlint: ")[1]
    hooks = yaml.safe_load((root / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    for name in (*scripts, "-m codespell_lib", "-m mypy", "-m ruff check"):
        assert name in recipe, name
        assert any(name in hook["entry"] for hook in hooks), name
    assert len(scripts) >= 3


@pytest.mark.parametrize(
    ("planted", "said"),
    [
        (
            'import warnings\n\n\ndef step():\n    warnings.warn("a planted warning", stacklevel=2)\n',
            "a planted warning",
        ),
        ("import numpy as np\n\n\ndef step():\n    return np.log(np.zeros(1))\n", "divide by zero encountered in log"),
        ("def step():\n    return 1\n", ""),
    ],
)
def test_a_warning_in_the_library_fails_the_tests_that_meet_it(
    root: Path, tmp_path: Path, planted: str, said: str
) -> None:
    (tmp_path / "layer.py").write_text(planted)
    (tmp_path / "test_layer.py").write_text("from layer import step\n\n\ndef test_step():\n    step()\n")
    settings = ["-c", root / "pyproject.toml", "--rootdir", tmp_path, "-o", f"pythonpath={tmp_path}"]
    words = ["-n", "0", "-p", "no:cacheprovider", *settings, tmp_path / "test_layer.py"]
    ran = subprocess.run([sys.executable, "-m", "pytest", *words], capture_output=True, text=True, cwd=tmp_path)
    assert ran.returncode == bool(said), ran.stdout + ran.stderr
    assert said in ran.stdout


def test_the_cells_of_every_page_are_clean(root: Path) -> None:
    ran = subprocess.run([sys.executable, root / "scripts" / "lint_pages.py"], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_only_code_cells_are_read_and_without_their_options() -> None:
    found = [cell["code"].strip() for cell in cells(PAGE)]
    assert found == ["import numpy as np\nx = np.zeros( 3 )", "unknown_name"]


def test_line_numbers_are_those_of_the_page() -> None:
    code = only_code(PAGE).splitlines()
    page = PAGE.splitlines()
    assert [number for number, line in enumerate(code) if line] == [
        page.index("import numpy as np"),
        page.index("x = np.zeros( 3 )"),
        page.index("unknown_name"),
    ]


def test_an_undefined_name_in_a_cell_is_found_on_its_line(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    line = PAGE.splitlines().index("unknown_name") + 1
    assert lint(page, "book/page.md.py") == [f"book/page.md:{line}:1: F821 Undefined name `unknown_name`"]


def test_formatting_changes_cells_and_nothing_else() -> None:
    tidy = formatted(PAGE, "book/page.md.py")
    assert "x = np.zeros(3)" in tidy
    assert "not_a_cell = ( 1 )" in tidy
    assert formatted(tidy, "book/page.md.py") == tidy
