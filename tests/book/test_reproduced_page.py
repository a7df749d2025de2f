"""The page of reproduced results: every stored result, none typed, and what its words say is what is stored."""

import contextlib
import io
import re

import numpy as np
import pytest

from course_lib.data.adding import baselines
from course_lib.experiments import EXPERIMENTS, load
from course_lib.experiments.ablations import ranking
from course_lib.experiments.cures import CURES

CELL = re.compile(r"```\{code-cell\} ipython3\n(?:---\n.*?\n---\n)?(.*?)```", re.S)


@pytest.fixture(scope="module")
def page(root):
    return (root / "book" / "reproduced.md").read_text()


@pytest.fixture(scope="module")
def printed(page):
    """Return what the cells print when they run in order, as a reader runs them."""
    values: dict = {}
    with contextlib.redirect_stdout(io.StringIO()) as said:
        for code in CELL.findall(page):
            exec(code, values)
    return said.getvalue()


def figures(name, figure):
    """Return a figure of every seed."""
    return np.array([run.outcome.figures[figure] for run in load(name).runs])


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_result_has_its_section_its_tables_and_its_paper(page, name):
    section = page.split(f"(reproduced-{name})=\n")[1].split("\n(reproduced-")[0]
    assert f'load("{name}")' in section
    assert re.search(r"^comparisons\(\w+\)$", section, re.M) and re.search(r"^provenance\(\w+\)$", section, re.M)
    assert f"{{cite:t}}`reproduced-{EXPERIMENTS[name].paper}`" in section


def test_no_result_is_typed(page):
    words = re.sub(r"```.*?```|\A---.*?\n---\n|`[^`]+`", "", page, flags=re.S)
    assert re.findall(r"\d+\.\d+|\d+ %", words) == []
    for code in CELL.findall(page):
        assert not re.search(r"\d+\.\d+(?!f)", code)


def test_the_identity_start_is_not_as_exact_as_the_lstm_of_1997(page, printed):
    wrong = figures("adding-identity", "wrong")
    for seed, share in enumerate(wrong):
        assert f"seed {seed}: {share:.1f} % wrong; LSTM of 1997: 0.04 %" in printed
    assert wrong.min() > 100 / 2560
    assert "**It is not as exact as the LSTM of 1997**" in page


def test_what_is_said_of_the_other_results_is_so(page):
    words = " ".join(page.split())
    assert "Clipping more than doubles the share" in words
    assert (figures("cliff", "clipped") > 2 * figures("cliff", "unclipped")).all()
    assert (figures("cliff", "clipped thrown") == 0).all()
    assert "It is even a little above" in words
    assert (figures("adding", "error") > baselines().predict_mean).all()
    assert "leaves it, but not for every seed" in words
    symbols = figures("copying", "orthogonal symbols")
    assert symbols.max() > 0.9 and symbols.min() < 0.1 and symbols.max() < 5


def test_what_is_said_of_the_gated_cells_on_the_adding_problem_is_so(page, printed):
    lstm, gru = (figures("adding-gated", f"{cell} sequences") for cell in ("lstm", "gru"))
    for seed, (one, other) in enumerate(zip(lstm, gru, strict=True)):
        assert f"seed {seed}: LSTM {one / 74_000:.2f}, GRU {other / 74_000:.2f}, after " in printed
    words = " ".join(page.split())
    assert "about as many sequences as in 1997, with one seed fewer and with two more" in words
    assert (lstm < 74_000).sum() == 1 and (np.abs(lstm / 74_000 - 1) < 0.3).all()
    assert "less than half of the 74 000, with every seed" in words and (gru < 74_000 / 2).all()
    assert "two of the three LSTMs are a little less exact" in words
    assert (figures("adding-gated", "lstm wrong") > 100 / 2560).sum() == 2


def test_the_parts_that_are_best_left_out_are_those_that_matter_most_in_the_paper(page, printed):
    stored = load("ablations")
    lines = ranking(stored.runs)
    assert [line.label for line in lines] == re.findall(
        r"^(.+?) +0\.\d+  [+-].+ worse for \d of 5 seeds$", printed, re.M
    )
    words = " ".join(page.split())
    assert "Without the forget gate the loss is lower with every seed." in words
    assert (lines[0].label, lines[0].worse) == ("no forget gate", 0)
    assert "To leave out the input gate costs most." in words and lines[-1].label == "no input gate"
    assert "No other difference is larger than its standard deviation" in words
    larger = {line.label for line in lines if abs(line.difference) > line.spread}
    assert larger == {"no forget gate", "no input gate"}


def test_the_cures_whose_seeds_disagree_are_those_the_words_speak_of(printed):
    found = [
        name for name in CURES if figures("cures", f"{name} wrong").min() < 1 <= figures("cures", f"{name} wrong").max()
    ]
    assert found == ["omega unclipped", "omega", "identity unclipped"]
    assert re.findall(r"^(.+): .+ %, .+ % wrong$", printed, re.M) == [CURES[name].label for name in found]
    for name in ("omega unclipped", "omega"):
        failed = figures("cures", f"{name} wrong") >= 1
        assert (figures("cures", f"{name} updates")[failed] == load("cures").settings["updates"]).all()
