"""Hide the modules that hold answers while a NumPy notebook is graded.

Public answers cannot be secret: this keeps an honest student from importing one by habit, no more.
"""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

HIDDEN = ("course_lib.nn", "course_lib.models", "course_lib.training", "course_lib.data")


class _Refuse(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if any(fullname == name or fullname.startswith(f"{name}.") for name in HIDDEN):
            raise ImportError(f"{fullname} holds answers and cannot be imported while a notebook is graded")
        return None


def hide_answers() -> None:
    """Make every import of a module with answers fail from now on, also of one that was imported before."""
    for name in [name for name in sys.modules if name.startswith(HIDDEN)]:
        del sys.modules[name]
    if not any(isinstance(finder, _Refuse) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Refuse())
