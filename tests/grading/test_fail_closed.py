"""Nothing is earned without a check that ran; whatever kept it from running is a sentence."""

import os
import time
from typing import Any

import pytest
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.utils import determine_grade

from course_lib.grading.configuration import EXIT_DOES_NOTHING
from course_lib.grading.execution import ENDED, STARTS, error_of
from course_lib.grading.fail_closed import DID_NOT_RUN, ExecuteFailClosed
from tests.grading.conftest import course_cell

ENDS = "import os\nos._exit(1)"


def notebook_of(answer: str, *tests: str) -> NotebookNode:
    """Return an answer cell and graded cells worth 2 points each."""
    graded = [course_cell(f"test-{number}", source, 2) for number, source in enumerate(tests)]
    return new_notebook(cells=[course_cell("answer", answer, solution=True), *graded])


def run(notebook: NotebookNode, **settings: Any) -> list[float]:
    """Execute a notebook and return what nbgrader itself makes of its graded cells."""
    before = {"metadata": {"path": "somewhere"}}
    _, resources = ExecuteFailClosed(**{"timeout": 10} | settings).preprocess(notebook, before)
    assert resources["metadata"]["path"] == "somewhere"
    return [determine_grade(cell)[0] for cell in notebook.cells[1:]]


def sentence(cell: NotebookNode) -> str:
    """Return the one thing that is shown of an error."""
    error = error_of(cell)
    assert error is not None and error.traceback == [error.evalue]
    return str(error.evalue)


def test_right_cells_earn_their_points() -> None:
    assert run(notebook_of("x = 1", "assert x == 1", "assert x == 2")) == [2, 0]


def test_a_warning_in_a_graded_cell_costs_nothing_and_stays_readable() -> None:
    notebook = notebook_of("x = 1", "import warnings\nwarnings.warn('old')", "assert x == 1")
    assert run(notebook) == [2, 2]
    assert "UserWarning: old" in notebook.cells[1].outputs[0].text


def test_a_cell_that_ends_the_process_is_left_out_and_the_others_are_judged() -> None:
    notebook = notebook_of(ENDS, "assert 'x' not in dir()", "x")
    assert run(notebook) == [2, 0]
    assert error_of(notebook.cells[0]).ename == ENDED
    assert sentence(notebook.cells[0]) == "The notebook's process ended in this cell: it was left out."


def test_exit_costs_nothing() -> None:
    notebook = notebook_of("x = 1\nexit()", "import time\ntime.sleep(1)", "assert x == 1", "quit()")
    assert run(notebook, extra_arguments=[EXIT_DOES_NOTHING]) == [2, 2, 2]


def test_a_check_that_ends_the_process_earns_nothing_and_the_next_one_is_judged() -> None:
    notebook = notebook_of("import os\ncrash = lambda: os._exit(1)", "crash()", "assert callable(crash)")
    assert run(notebook) == [0, 2]


def test_who_ends_the_process_again_and_again_earns_nothing_more() -> None:
    notebook = notebook_of("x = 1", "assert x", ENDS, ENDS, "assert x")
    assert run(notebook, runs=2) == [2, 0, 0, 0]
    assert error_of(notebook.cells[4]).ename == DID_NOT_RUN
    assert sentence(notebook.cells[4]) == "This check did not run: the notebook's process ended 2 times."


def test_a_cell_that_takes_too_long_is_stopped_with_a_sentence_alone() -> None:
    notebook = notebook_of("while True:\n    pass", "assert True")
    ExecuteFailClosed(timeout=2).preprocess(notebook, {"metadata": {}})
    (only,) = notebook.cells[0].outputs
    assert only.evalue == "This cell took longer than 2 s and was stopped. Is there a loop that never ends?"
    assert determine_grade(notebook.cells[1])[0] == 2


def test_what_is_left_when_the_budget_is_used_up_earns_nothing() -> None:
    notebook = notebook_of("import time\ntime.sleep(30)", "assert True")
    assert run(notebook, seconds_a_notebook=6) == [0]
    assert sentence(notebook.cells[1]) == "This check did not run: the 6 s for the whole notebook were used up."


def test_a_cell_has_no_more_time_than_is_left_of_the_budget() -> None:
    notebook = notebook_of("import time", "time.sleep(60)")
    started = time.monotonic()
    assert run(notebook, timeout=60, seconds_a_notebook=10) == [0]
    assert time.monotonic() - started < 30
    assert "This cell took longer than" in sentence(notebook.cells[1])


class ComesUpLate(ExecuteFailClosed):
    """The process does not come up the first two times, or never."""

    tries, never = 0, False

    def start_new_kernel_client(self) -> Any:
        self.tries += 1
        if self.never or self.tries < 3:
            self._cleanup_kernel()
            self.km = None
            raise RuntimeError("Kernel didn't respond in 60 seconds")
        return super().start_new_kernel_client()


def test_a_process_that_does_not_come_up_is_started_again() -> None:
    notebook, late = notebook_of("x = 1", "assert x == 1"), ComesUpLate(timeout=10)
    late.preprocess(notebook, {"metadata": {}})
    assert late.tries == 3 and determine_grade(notebook.cells[1])[0] == 2


def test_where_no_process_comes_up_nothing_is_marked() -> None:
    late = ComesUpLate(timeout=10)
    late.never = True
    with pytest.raises(RuntimeError, match="didn't respond"):
        late.preprocess(notebook_of("x = 1", "assert x == 1"), {"metadata": {}})
    assert late.tries == STARTS


class EndsLate(ExecuteFailClosed):
    """The process ends in the third cell, when no time is left."""

    def preprocess_cell(self, cell: Any, resources: Any, index: int) -> tuple[Any, Any]:
        done = super().preprocess_cell(cell, resources, index)
        if index == 2:
            self._end = time.monotonic()
            raise DeadKernelError("late")
        return done


def test_what_was_judged_before_the_process_ended_too_late_is_kept() -> None:
    notebook = notebook_of("x = 1", "assert x", "assert x", "assert x")
    EndsLate(timeout=10).preprocess(notebook, {"metadata": {}})
    assert [determine_grade(cell)[0] for cell in notebook.cells[1:]] == [2, 0, 0]


def test_a_graded_cell_without_code_that_ran_earns_nothing() -> None:
    assert run(notebook_of("x = 1", "", "assert x == 1")) == [0, 2]


def test_the_kernel_works_in_an_empty_folder_of_its_own() -> None:
    notebook = notebook_of("import os", "print(os.getcwd())\nassert os.listdir() == []")
    assert run(notebook) == [2]
    folder = notebook.cells[1].outputs[0].text.strip()
    assert folder != os.getcwd() and not os.path.exists(folder)


@pytest.mark.parametrize("extra", ["", "raise ValueError('mine')"])
def test_cells_that_are_not_graded_keep_what_they_said(extra: str) -> None:
    notebook = notebook_of("x = 1", "assert x == 1")
    notebook.cells.insert(1, new_code_cell(extra or "1 + 1"))
    ExecuteFailClosed(timeout=10).preprocess(notebook, {"metadata": {}})
    (output,) = notebook.cells[1].outputs
    assert output.get("ename") == ("ValueError" if extra else None)
    assert determine_grade(notebook.cells[2])[0] == 2
