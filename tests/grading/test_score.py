"""A copy in ``work/`` is graded by what was released, whatever became of its checks."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from jupyter_client import AsyncKernelClient, BlockingKernelClient
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_output

from course_lib.grading.configuration import SEED_VARIABLE
from course_lib.grading.execution import MOST_RUNS, STARTS
from course_lib.grading.released import GradingError, grade_id, parts_of, read_notebook, stretch_of
from course_lib.grading.score import _result, compose, grade, main, report
from tests.grading.conftest import copy_in_work, course_cell, edit_copy, write_answer

ENDLESS = "while True:\n    pass"
ENDS = "import os\nos._exit(1)"
HALF_A_CHARACTER = """{"cells": [{"cell_type": "raw", "id": "a", "metadata": {}, "source": "\\ud800"}],
"metadata": {}, "nbformat": 4, "nbformat_minor": 5}"""


def total(printed: str) -> tuple[float, float]:
    """Return earned and possible points."""
    found = re.search(r"total +([\d.]+) of +([\d.]+)", printed)
    assert found, printed
    return float(found[1]), float(found[2])


def graded(course: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Score the copy and return what is printed."""
    assert main(["9"], course) == 0
    return capsys.readouterr().out


def refused(course: Path, capsys: pytest.CaptureFixture[str], asked: str = "09") -> str:
    """Fail to score, and return the one sentence printed."""
    assert main([asked], course) == 2
    printed = capsys.readouterr()
    assert printed.out == "" and len(printed.err.splitlines()) == 1
    return printed.err


def test_a_right_copy_earns_every_point_and_is_told_what_was_verified(
    course: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    printed = graded(course, capsys)
    assert total(printed) == (5, 5)
    assert "✗" not in printed
    words = " +✓ unseen cases: shapes, values, inputs unchanged\n"
    assert re.search(rf"9\.1 +double \(small\) +3 of +3{words}.*9\.1 +double \(large\) +2 of +2{words}", printed)
    assert "worth nothing" not in printed


def test_a_wrong_answer_is_told_part_by_part(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_answer(course, "def double(x):\n    return x")
    printed = graded(course, capsys)
    assert total(printed) == (0, 5)
    assert "small: wanted 4, got 2" in printed and "large: wanted 4, got 2" in printed
    reason = r"0 of [32] ✗ not judged: the check stopped with AssertionError: (small|large): wanted 4"
    assert re.findall(reason, " ".join(printed.split())) == ["small", "large"]


def test_words_of_a_row_are_those_of_the_checks_own_verdict(released: NotebookNode) -> None:
    parts = parts_of(released)
    shown = new_output("display_data", {"text/plain": "double (small)  ✓\nunseen     6 unseen cases passed."})
    said = "double (large)  ✗  value\ncalled     double(x (3,))\nwrong      no\nlikely     halves\n           Why?"
    failed = new_output("error", ename="CheckFailed", evalue=said, traceback=[])
    cells = {grade_id(cell): cell for cell in released.cells}
    cells["unseen-small"] |= {"outputs": [shown], "execution_count": 1}
    cells["unseen-large"] |= {"outputs": [failed], "execution_count": 2}
    words = [_result(part, cells, seconds=3).words for part in parts]
    long = said.replace("halves", "halves, or takes the root and then adds one\n           to what is left")
    cells["unseen-large"].outputs[0].evalue = long
    assert _result(parts[1], cells, seconds=3).words == (
        "value: halves, or takes the root and then adds one to what is left"
    )
    assert words == ["6 unseen cases: shapes, values, inputs unchanged", "value: halves"]


@pytest.fixture
def stretched(released: NotebookNode, course: Path) -> NotebookNode:
    """Return the released notebook with a stretch exercise after the others; the copy in ``work/`` has it too."""
    extra = [
        course_cell("task-stretch", "## 9.2 Double again ★★★"),
        course_cell("answer-stretch", "def twice(x):\n    raise NotImplementedError", solution=True),
        course_cell("check-stretch", 'check.double(twice, "stretch")', 0),
    ]
    released.cells += extra
    edit_copy(course, lambda cells: cells.extend(dict(cell) for cell in extra))
    return released


def test_a_visible_check_without_a_hidden_one_is_worth_nothing(stretched: NotebookNode) -> None:
    assert [part.name for part in parts_of(stretched)] == ["double (small)", "double (large)"]
    (part,) = stretch_of(stretched)
    assert (part.number, part.name, part.points, part.answer) == ("9.2", "double (stretch)", 0, "answer-stretch")


@pytest.mark.parametrize(
    ("body", "says"), [("return x", "not yet +✗ not judged"), ("return 2 * x", "passed +✓ unseen")]
)
def test_a_stretch_exercise_stands_below_the_total_on_unseen_cases(
    stretched: NotebookNode, course: Path, body: str, says: str
) -> None:
    def write(cells: list[dict[str, Any]]) -> None:
        cells[8]["source"] = f"def twice(x):\n    {body}"

    edit_copy(course, write)
    work = read_notebook(copy_in_work(course))
    assert compose(stretched, work).cells[-1].source == 'check.graded.double(twice, "stretch")'
    printed = report(grade(stretched, work), seconds=1)
    assert total(printed) == (5, 5)
    assert re.search(rf"total .*\n\n  worth nothing:\n  9\.2 +double \(stretch\) +{says}", printed)
    assert ("stretch: wanted 4, got 2" in printed) == (body == "return x")


@pytest.mark.parametrize("grade_id", ["check-small", "unseen-small", "imports", "task"])
def test_a_deleted_cell_of_the_course_comes_back(released: NotebookNode, grade_id: str) -> None:
    work = NotebookNode({**released, "cells": [cell for cell in released.cells if cell.id != grade_id]})
    assert [cell.id for cell in compose(released, work).cells] == [cell.id for cell in released.cells]


def test_an_edited_check_is_graded_as_released(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_answer(course, "def double(x):\n    return x")

    def award_oneself(cells: list[dict[str, Any]]) -> None:
        cells[4]["source"] = "pass"
        cells[4]["metadata"]["nbgrader"]["points"] = 100
        del cells[5:]

    edit_copy(course, award_oneself)
    assert total(graded(course, capsys)) == (0, 5)


def test_code_cells_of_ones_own_run_where_they_stand(released: NotebookNode) -> None:
    work = NotebookNode({**released, "cells": list(released.cells)})
    work.cells.insert(2, new_code_cell("factor = 2", id="helper"))
    work.cells.append(new_code_cell("print('the end')", id="end"))
    sources = [cell.source for cell in compose(released, work).cells]
    assert sources.index("factor = 2") == 2
    assert sources[-1] == "print('the end')"
    assert len(sources) == len(released.cells) + 2


def test_every_hidden_cell_becomes_its_visible_check_on_unseen_cases(released: NotebookNode) -> None:
    hidden = {cell.id: cell.source for cell in compose(released, released).cells if cell.id.startswith("unseen")}
    assert hidden == {f"unseen-{part}": f'check.graded.double(double, "{part}")' for part in ("small", "large")}


def test_a_cell_that_never_ends_is_stopped_and_the_rest_is_graded(course: Path, released: NotebookNode) -> None:
    write_answer(course, f"{ENDLESS}\ndef double(x):\n    return 2 * x")
    edit_copy(course, lambda cells: cells.insert(4, dict(new_code_cell("def double(x):\n    return 2 * x"))))
    results = grade(released, read_notebook(copy_in_work(course)), seconds_a_cell=3)
    assert [result.earned for result in results] == [3, 2]


def test_a_part_that_only_failed_because_its_answer_was_stopped_says_so(course: Path, released: NotebookNode) -> None:
    write_answer(course, ENDLESS)
    results = grade(released, read_notebook(copy_in_work(course)), seconds_a_cell=3)
    assert [result.earned for result in results] == [0, 0]
    assert results[0].message.startswith("double (small)  ✗  not judged\nyour cell answer took longer than 3 s")


def test_parts_that_only_failed_because_the_imports_did_say_so(course: Path, released: NotebookNode) -> None:
    released.cells[0].source = "import course_lib.nowhere"
    results = grade(released, read_notebook(copy_in_work(course)), seconds_a_cell=3)
    why = "not judged: the cell imports stopped with ModuleNotFoundError: No module named 'course_lib.nowhere'"
    assert [(result.earned, result.words) for result in results] == [(0, why), (0, why)]


def test_a_cell_that_ends_the_process_is_left_out_and_the_rest_is_graded(course: Path, released: NotebookNode) -> None:
    write_answer(course, "def double(x):\n    return 2 * x")
    edit_copy(course, lambda cells: cells.insert(5, dict(new_code_cell(ENDS))))
    results = grade(released, read_notebook(copy_in_work(course)))
    assert [result.earned for result in results] == [3, 2]


@pytest.mark.parametrize("failures", [2, 99])
def test_a_process_that_does_not_come_up_is_started_again(
    course: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, failures: int
) -> None:
    tries, ready = [], BlockingKernelClient._async_wait_for_ready

    async def wait(client: BlockingKernelClient, timeout: float | None = None) -> None:
        tries.append(timeout)
        if len(tries) <= failures:
            raise RuntimeError("Kernel didn't respond in 60 seconds")
        await ready(client, timeout)

    monkeypatch.setattr(AsyncKernelClient, "wait_for_ready", wait)
    if failures < STARTS:
        assert total(graded(course, capsys)) == (5, 5)
    else:
        assert refused(course, capsys).startswith("No Python process could be started for the notebook (Kernel didn't")
    assert len(tries) == STARTS


def test_exit_costs_nothing(course: Path, released: NotebookNode) -> None:
    write_answer(course, "def double(x):\n    return 2 * x\n\n\nexit()")
    edit_copy(course, lambda cells: cells.insert(4, dict(new_code_cell("import time\ntime.sleep(1)"))))
    assert [result.earned for result in grade(released, read_notebook(copy_in_work(course)))] == [3, 2]


def test_an_answer_that_ends_the_process_is_named(course: Path, released: NotebookNode) -> None:
    write_answer(course, ENDS)
    results = grade(released, read_notebook(copy_in_work(course)))
    why = "not judged: your cell answer ended the notebook's process and was left out"
    assert [(result.earned, result.words) for result in results] == [(0, why), (0, why)]


def test_a_check_whose_process_died_while_it_ran_earns_nothing(course: Path, released: NotebookNode) -> None:
    write_answer(course, "import os\n\n\ndef double(x):\n    os._exit(0)")
    results = grade(released, read_notebook(copy_in_work(course)))
    why = "not judged: your code, called by the check, ended the notebook's process and was left out"
    assert [(result.earned, result.words) for result in results] == [(0, why), (0, why)]


def test_who_ends_the_process_again_and_again_earns_nothing_more(course: Path, released: NotebookNode) -> None:
    edit_copy(course, lambda cells: cells.extend(dict(new_code_cell(ENDS)) for _ in range(MOST_RUNS)))
    cells = read_notebook(copy_in_work(course)).cells
    work = NotebookNode({**released, "cells": [*cells[:4], *cells[-MOST_RUNS:], *cells[4:-MOST_RUNS]]})
    results = grade(released, work)
    assert [result.earned for result in results] == [0, 0]
    assert results[0].words == f"not judged: the notebook's process ended {MOST_RUNS} times"


def test_each_score_draws_cases_of_its_own(released: NotebookNode) -> None:
    released.cells[0].source += f"\nimport os\nraise ValueError(os.environ[{SEED_VARIABLE!r}])"
    seeds = {grade(released, released)[0].words for _ in range(2)}
    assert len(seeds) == 2


def test_an_answer_cell_that_is_gone_is_named(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit_copy(course, lambda cells: cells.pop(2))
    printed = graded(course, capsys)
    assert total(printed) == (0, 5)
    assert printed.count("your notebook has no cell answer any more. Rename your folder, run `make start` again") == 2


def test_a_definition_outside_the_answer_cell_counts_as_when_a_class_is_graded(
    course: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit_copy(course, lambda cells: cells[2].update(metadata={}))
    assert total(graded(course, capsys)) == (5, 5)


def test_a_copy_under_another_name_is_named(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = copy_in_work(course)
    copy.rename(copy.with_name("double (1).ipynb"))
    said = "There is no work/09-double/double.ipynb, but double (1).ipynb lies there: give it the name double.ipynb.\n"
    assert refused(course, capsys) == said


def test_a_folder_without_a_notebook_is_named(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy_in_work(course).unlink()
    said = "work/09-double holds no notebook: rename that folder, then run `make start` again.\n"
    assert refused(course, capsys) == said


def test_without_a_copy_the_student_is_told_how_to_start(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(copy_in_work(course).parent)
    assert refused(course, capsys) == "There is no work/09-double/double.ipynb yet: run `make start N=09` first.\n"


@pytest.mark.parametrize(
    "content", ["", "not a notebook", "{}", HALF_A_CHARACTER, '{"cells": 3, "nbformat": 4, "nbformat_minor": 5}']
)
def test_a_file_that_is_no_notebook_is_one_sentence(
    course: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    copy_in_work(course).write_text(content)
    said = refused(course, capsys)
    assert "cannot be read as a notebook: " in said
    assert said.endswith(". Rename its folder, run `make start` again and copy your answers over.\n")


def test_a_mark_before_the_first_character_is_passed_over(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = copy_in_work(course)
    copy.write_text(copy.read_text(encoding="utf-8"), encoding="utf-8-sig")
    assert total(graded(course, capsys)) == (5, 5)


def test_what_git_could_not_merge_is_named_by_its_line(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy_in_work(course).write_text('{"cells": [\n<<<<<<< HEAD\n],\n=======\n]\n>>>>>>> other\n')
    said = "line 2 begins what git could not merge. Choose one of the two versions there.\n"
    assert refused(course, capsys).endswith(f"cannot be read as a notebook: {said}")


@pytest.mark.parametrize("asked", ["7", "", "0", "double", "../09"])
def test_an_unknown_number_lists_those_that_exist(course: Path, capsys: pytest.CaptureFixture[str], asked: str) -> None:
    assert refused(course, capsys, asked).endswith("in exercises/ there are: 09.\n")


def test_points_without_a_visible_check_are_an_error(released: NotebookNode) -> None:
    del released.cells[3]
    with pytest.raises(GradingError, match="'unseen-small' has points but no visible check directly before it"):
        compose(released, released)


@pytest.mark.slow
def test_an_untouched_copy_of_chapter_01_earns_0_and_is_told_what_to_write(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for room in ("exercises", "work"):
        folder = tmp_path / room / "01-rnn"
        folder.mkdir(parents=True)
        (folder / "rnn.ipynb").write_bytes((root / "exercises" / "01-rnn" / "rnn.ipynb").read_bytes())
    assert main(["01"], tmp_path) == 0
    printed = capsys.readouterr().out
    assert total(printed) == (0, 100)
    assert printed.count("✗ not written yet\n") == len(re.findall(r" 0 of ", printed)) - 1
    assert len(printed.splitlines()) == printed.count("✗") + 4
