"""Run a notebook in a fresh kernel, as nbgrader would: what fails or takes too long is noted, the next cells go on."""

import atexit
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode

from course_lib.grading.configuration import BOUNDED_OUTPUT, EXIT_DOES_NOTHING, SECONDS_A_NOTEBOOK, SEED_VARIABLE
from course_lib.grading.released import GradingError

STOPPED = "Stopped"
"""Name of the error noted in a cell that took too long."""

ENDED = "ProcessEnded"
"""Name of the error noted in a cell in which the notebook's process ended."""

MOST_RUNS = 12
"""How often a notebook is begun, each time without the cells that ended its process."""

STARTS = 3
"""How often a process is started that does not come up, as was seen on a busy machine."""

LEFT_OUT = "skip-execution"
"""Tag of a cell that is not run."""


def isolated_environment(scratch: Path, seed: str = "") -> dict[str, str]:
    """Return the environment of a kernel or an nbgrader that nothing on the user's own account configures.

    Parameters
    ----------
    scratch : Path
        An empty folder, for what Jupyter and IPython want to write.
    seed : str
        Of the unseen cases; when empty each check draws its own.
    """
    settings = {"JUPYTER_CONFIG_DIR": str(scratch), "IPYTHONDIR": str(scratch / "ipython"), SEED_VARIABLE: seed}
    return os.environ | settings


def run_notebook(notebook: NotebookNode, seconds_a_cell: int, seed: str = "") -> NotebookNode | None:
    """Execute every cell and keep the outputs in the notebook; errors stay in their cells.

    The kernel starts in an empty folder that is removed afterwards.

    Parameters
    ----------
    notebook : NotebookNode
        Old outputs are cleared first. Nothing that differs from run to run is written: no times, no versions.
    seconds_a_cell : int
    seed : str

    Returns
    -------
    NotebookNode or None
        The cell in which the process ended, if it did; the cells that did not run have no execution count.

    Raises
    ------
    GradingError
        When no kernel starts.
    """
    clear_outputs(notebook)
    metadata = notebook.metadata.copy()
    running: NotebookNode | None = None

    def note_running(cell: NotebookNode, **_: object) -> None:
        nonlocal running
        running = cell

    with tempfile.TemporaryDirectory(prefix="course-") as scratch, tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook,
            timeout_func=_within_budget(seconds_a_cell),
            interrupt_on_timeout=True,
            error_on_timeout={"ename": STOPPED, "evalue": "", "traceback": []},
            allow_errors=True,
            record_timing=False,
            kernel_name="python3",
            skip_cells_with_tag=LEFT_OUT,
            on_cell_execute=note_running,
            on_cell_executed=_note_time_out,
            # Each kernel warns that its sockets are not encrypted.
            extra_arguments=["--log-level=ERROR", BOUNDED_OUTPUT, EXIT_DOES_NOTHING],
        )
        try:
            _execute(client, folder, isolated_environment(Path(scratch), seed), lambda: running is not None)
        except DeadKernelError:
            return running
        except RuntimeError as error:
            raise GradingError(f"No Python process could be started for the notebook ({error}): try again.") from None
        finally:
            notebook.metadata = metadata  # the client writes down which Python it met
    return None


def _execute(client: NotebookClient, folder: str, environment: dict[str, str], began: Callable[[], bool]) -> None:
    """Run a notebook; start the process anew if it did not come up."""
    for starts_left in reversed(range(STARTS)):
        try:
            client.execute(cwd=folder, env=environment)
            return
        except RuntimeError:
            atexit.unregister(client._cleanup_kernel)  # it would complain of a process that is not there
            if began() or not starts_left:
                raise


def clear_outputs(notebook: NotebookNode) -> None:
    """Take outputs, counts and times of an earlier run off every code cell."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
            cell.metadata.pop("execution", None)


def _within_budget(seconds_a_cell: int) -> Callable[[NotebookNode], int]:
    """Give each cell its seconds, and one second when those of the notebook are used up."""
    end = time.monotonic() + SECONDS_A_NOTEBOOK
    return lambda _cell: max(1, min(seconds_a_cell, int(end - time.monotonic())))


def _note_time_out(cell: NotebookNode, execute_reply: dict[str, dict[str, str]], **_: object) -> None:
    """Say first in a stopped cell that it was stopped: the kernel's own word on it is vague, late, or never comes."""
    content = execute_reply["content"]
    if content.get("ename") == STOPPED:
        cell.outputs.insert(0, NotebookNode(output_type="error", ename=STOPPED, evalue="", traceback=[]))


def error_of(cell: NotebookNode) -> NotebookNode | None:
    """Return the first error among a cell's outputs."""
    return next((output for output in cell.get("outputs", []) if output.output_type == "error"), None)
