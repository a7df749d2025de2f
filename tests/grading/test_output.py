"""Who prints without end fills nobody's memory, and is told where the output was cut."""

from nbformat.v4 import new_code_cell, new_notebook

from course_lib.grading.execution import run_notebook
from course_lib.grading.output import CHARACTERS_A_CELL, CUT

PEAK = """
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
PRINTS_200_MB = "import os\nfor _ in range(200):\n    print('h' * 1_000_000)"
PRINTS_BY_A_PROGRAM = "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'print(\"p\" * 3_000_000)'])"


def outputs_of(*sources: str) -> list[str]:
    """Run cells and return what each one printed."""
    notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
    assert run_notebook(notebook, seconds_a_cell=30) is None
    return ["".join(output.get("text", "") for output in cell.outputs) for cell in notebook.cells]


def test_the_beginning_is_kept_the_rest_is_dropped_and_the_next_cell_prints_again() -> None:
    short, before, long, after, last = outputs_of("print('ok')", PEAK, PRINTS_200_MB, PEAK, "print('still here')")
    assert (short, last) == ("ok\n", "still here\n")
    assert long == "h" * CHARACTERS_A_CELL + CUT
    grown = (int(after) - int(before)) / 1024
    assert grown < 50, f"printing 200 MB took {grown:.0f} MB"


def test_many_small_prints_are_cut_where_one_long_one_is() -> None:
    (many,) = outputs_of(f"for _ in range({CHARACTERS_A_CELL}):\n    print('h', end='')")
    assert many == "h" * CHARACTERS_A_CELL


def test_what_an_answer_prints_while_it_is_judged_is_no_work_of_the_library() -> None:
    call = "call_here(lambda x: print(x), ('course_lib',))({'x': 1})"
    (printed,) = outputs_of(f"from course_lib.checks.call import call_here\nprint(repr({call}.delegated))")
    assert printed == "1\n''\n"


def test_what_a_program_prints_counts_as_well() -> None:
    assert len(outputs_of(PRINTS_BY_A_PROGRAM)[0]) <= CHARACTERS_A_CELL + len(CUT)


def test_errors_are_written_whole_after_much_output() -> None:
    notebook = new_notebook(cells=[new_code_cell(f"{PRINTS_200_MB}\nraise ValueError('mine')")])
    assert run_notebook(notebook, seconds_a_cell=30) is None
    assert notebook.cells[0].outputs[-1].evalue == "mine"
