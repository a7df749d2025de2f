"""Run a submission so that nothing is earned without a check that ran, and say in a sentence what went wrong.

Stock nbgrader gives full points to a test cell that did not run, none to one in which a library warned, and loses the
record when the kernel dies. Here a cell that ends the process is left out and the others run again without it: one
mistake costs one exercise.
"""

import atexit
import time
from tempfile import TemporaryDirectory
from typing import Any

from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.preprocessors import Execute
from nbgrader.utils import is_grade
from traitlets import Bool, Dict, Integer

from course_lib.grading.execution import ENDED, MOST_RUNS, STARTS, STOPPED, clear_outputs

DID_NOT_RUN = "DidNotRun"


class ExecuteFailClosed(Execute):
    """Execute within a budget, in an empty folder, to the end; a graded cell that did not run holds an error."""

    seconds_a_notebook = Integer(120, help="When they are used up no further cell is run.").tag(config=True)
    runs = Integer(MOST_RUNS, help="How often a notebook is begun, each time without the cells that ended it.").tag(
        config=True
    )
    error_on_timeout = Dict({"ename": STOPPED, "evalue": "", "traceback": []}).tag(config=True)
    raise_on_iopub_timeout = Bool(False, help="Late output costs nobody a record.").tag(config=True)

    def preprocess(self, nb: Any, resources: Any, km: Any = None) -> tuple[Any, Any]:
        """Run the notebook, again when its process ended, and close what is left open."""
        self._deadly, self._limit = set[int](), 0
        self.timeout_func = self._limit_of
        before = resources["metadata"].get("path")
        with TemporaryDirectory(prefix="course-") as folder:  # the kernel's own: no gradebook is near it
            resources["metadata"]["path"] = folder
            self._end = time.monotonic() + self.seconds_a_notebook
            for _ in range(self.runs):
                # Where no time is left, another run would only forget what this one judged.
                if self._runs_to_the_end(nb, resources, km) or not self._seconds_left():
                    break
        resources["metadata"]["path"] = before
        for index, cell in enumerate(nb.cells):
            self._close(cell, index)
        return nb, resources

    def _runs_to_the_end(self, nb: Any, resources: Any, km: Any) -> bool:
        """Run once, and note the cell in which the process ended; one that does not come up is started anew."""
        for starts_left in reversed(range(STARTS)):
            clear_outputs(nb)
            self._running = -1
            try:
                super().preprocess(nb, resources, km)
                return True
            except DeadKernelError:
                self._deadly.add(self._running)
                return False
            except RuntimeError:
                atexit.unregister(self._cleanup_kernel)  # it would complain of a process that is not there
                if self._running >= 0 or not starts_left:
                    raise
                self._end = time.monotonic() + self.seconds_a_notebook
        return False

    def preprocess_cell(self, cell: Any, resources: Any, index: int) -> tuple[Any, Any]:
        """Run a cell, unless it ended the process before or no time is left."""
        if index in self._deadly or not self._seconds_left():
            return cell, resources
        self._running = index
        return super().preprocess_cell(cell, resources, index)

    def on_cell_executed(self, **told: Any) -> None:
        """Say why a cell was stopped, and take a warning in a graded cell for what it is: no error."""
        cell, reply = told["cell"], told["execute_reply"]["content"]
        if reply.get("ename") == STOPPED:
            cell.outputs = [output for output in cell.outputs if output.output_type != "error"]
            sentence = f"This cell took longer than {self._limit} s and was stopped. Is there a loop that never ends?"
            cell.outputs.append(error_output(STOPPED, sentence))
        else:
            super().on_cell_executed(**told)
        if is_grade(cell):
            for output in cell.outputs:
                if output.output_type == "stream":
                    output.name = "stdout"

    def _seconds_left(self) -> int:
        return max(0, int(self._end - time.monotonic()))

    def _limit_of(self, _cell: Any) -> int:
        self._limit = max(1, min(self.timeout, self._seconds_left()))
        return self._limit

    def _close(self, cell: NotebookNode, index: int) -> None:
        """Leave an error in a cell that ended the process, and in a graded one that did not run."""
        if index in self._deadly:
            cell.outputs.append(error_output(ENDED, "The notebook's process ended in this cell: it was left out."))
        elif is_grade(cell) and not cell.get("execution_count"):
            short_of_time = f"the {self.seconds_a_notebook} s for the whole notebook were used up"
            too_often = f"the notebook's process ended {self.runs} times"
            why = too_often if len(self._deadly) == self.runs else short_of_time
            cell.outputs.append(error_output(DID_NOT_RUN, f"This check did not run: {why}."))


def error_output(name: str, sentence: str) -> NotebookNode:
    """Return an error that shows as one sentence wherever nbgrader shows errors, and earns nothing."""
    return new_output("error", ename=name, evalue=sentence, traceback=[sentence])
