"""The tables of the page of reproduced results hold what is stored, and nothing breaks their columns."""

import pytest

from course_lib.experiments import ResultError, load, run_seeds, save
from course_lib.experiments.experiment import Comparison
from course_lib.experiments.report import Table, comparisons, overview, provenance, shown


@pytest.fixture
def stored(toy, tmp_path):
    """Return the folder of a stored toy result, and the result."""
    save(toy, toy.settings, run_seeds(toy, toy.settings, toy.seeds), tmp_path)
    return tmp_path, load("toy", tmp_path)


def test_the_overview_has_the_headline_of_every_result(toy, stored):
    folder, result = stored
    (row,) = overview({"toy": toy}, folder).rows
    (line,) = result.comparisons
    spread = f"{shown(line.lowest)} to {shown(line.highest)}"
    assert row == ("a toy: last loss", "0.025", f"{shown(line.ours)} ({spread})", f"{result.seconds:.0f}")


def test_a_result_that_is_not_stored_is_named(toy, tmp_path):
    with pytest.raises(ResultError, match=r"There is no .*toy\.json: run `"):
        overview({"toy": toy}, tmp_path)


def test_a_result_says_how_it_came_about(stored):
    rows = dict(provenance(stored[1]).rows)
    assert rows["command"] == "python -m course_lib.experiments toy"
    assert rows["settings"] == "updates 40, sizes (2, 3)"
    assert rows["seeds"] == "0, 1, 2"
    assert rows["machine"] == stored[1].machine and "numpy" in rows["versions"]
    assert all(f"{run.seconds:.1f}" in rows["seconds"] for run in stored[1].runs)


def test_seeds_that_agree_have_no_spread(stored):
    same = stored[1]._replace(comparisons=(Comparison("a", "b", 2.0, 2.0, 2.0),))
    assert comparisons(same).rows == (("a", "b", "2", "the same"),)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (91.92, "91.92"),
        (0.00343095, "0.003431"),
        (136576.0, "136 576"),
        (1000.0, "1 000"),
        (-0.0057952, "−0.005795"),
        (2.22e-16, "2.2e-16"),
    ],
)
def test_a_number_has_four_significant_digits_or_is_whole(value, text):
    assert shown(value) == text


def test_every_row_of_a_table_has_the_cells_of_its_head_whatever_stands_in_them():
    table = Table(("what", "how much"), (("P(a | b)", "w_range *2*"),))
    lines = table._repr_markdown_().splitlines()
    assert lines == ["| what | how much |", "| --- | --- |", r"| P(a \| b) | w\_range \*2\* |"]
