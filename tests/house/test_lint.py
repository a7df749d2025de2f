"""The house is in order: format, lint, cells of the pages, types."""

import subprocess
import sys
from pathlib import Path

import pytest

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
