"""The numbers in the text of chapter 02 are those that its own cells and the library compute."""

import contextlib
import io
import re
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from course_lib.nn import bptt, rnn_backward
from course_lib.params import RNNParams

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("chapter-02")]

CELL = re.compile(r"```\{code-cell\} ipython3\n(?:---\n.*?\n---\n)?(.*?)```", re.S)


@pytest.fixture(scope="module")
def page(root):
    """Return the text of the page, its cells, what they leave behind, and what each prints."""
    text = (root / "book" / "02-bptt.md").read_text()
    values: dict = {}
    printed = {}
    cells = CELL.findall(text)
    for code in cells:
        with contextlib.redirect_stdout(io.StringIO()) as said:
            exec(code, values)  # the cells of our own page, in order, as a reader runs them
        printed[code] = said.getvalue()
    words = " ".join(text.split())  # whatever the line breaks are
    return SimpleNamespace(text=text, words=words, cells=cells, values=values, printed="".join(printed.values()))


def percent(page, name):
    """Return the share that the page prints after a name."""
    return float(re.search(rf"{name}: ([\d.]+)% right", page.printed)[1]) / 100


def autograd():
    """Let torch go back through the worked unit; return states and gradients by name."""
    named = {"dw_{xh}": 0.5, "dw_{hh}": 0.8, "db_h": 0.1, "dh_0": 0.2}
    w_xh, w_hh, b, h_0 = leaves = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in named.values()]
    a_1 = 1 * w_xh + h_0 * w_hh + b
    h_1 = torch.tanh(a_1)
    a_2 = -1 * w_xh + h_1 * w_hh + b
    h_2 = torch.tanh(a_2)
    loss = 0.5 * (h_1 - 1) ** 2 + 0.5 * h_2**2
    middle = torch.autograd.grad(loss, (h_1, a_1, h_2, a_2), retain_graph=True)
    found = dict(zip(("delta_1", "da_1", "delta_2", "da_2"), map(float, middle), strict=True))
    found |= dict(zip(named, map(float, torch.autograd.grad(loss, leaves, retain_graph=True)), strict=True))
    (total,) = torch.autograd.grad(h_2, (w_hh,))
    return found | {"h_1": h_1.item(), "h_2": h_2.item(), "total": total.item()}


def test_the_two_steps_by_hand_are_those_of_autograd(page):
    g = autograd()
    h_1, h_2, da_1, da_2 = (g[name] for name in ("h_1", "h_2", "da_1", "da_2"))
    lines = [
        rf"\delta_2 &= v_2 = {h_2:.3f} - 0 = {g['delta_2']:.3f}\\",
        rf"\mathrm da_2 &= {g['delta_2']:.3f}\,(1 - {h_2:.3f}^2) = {da_2:.3f}\\",
        rf"\delta^{{\text{{next}}}} &= {da_2:.3f} \cdot 0.8 = {0.8 * da_2:.3f}\\[4pt]",
        rf"\delta_1 &= v_1 + \delta^{{\text{{next}}}} = {h_1 - 1:.3f} + {0.8 * da_2:.3f} = {g['delta_1']:.3f}\\",
        rf"\mathrm da_1 &= {g['delta_1']:.3f}\,(1 - {h_1:.3f}^2) = {da_1:.3f}\\",
        rf"\mathrm dh_0 &= {da_1:.3f} \cdot 0.8 = {g['dh_0']:.3f}",
        rf"h_0\,\mathrm da_1 = {h_1 * da_2:.3f} - {-0.2 * da_1:.3f} = {g['dw_{hh}']:.3f}\\",
        rf"x_1\,\mathrm da_1 = {-da_2:.3f} - {-da_1:.3f} = {g['dw_{xh}']:.3f}\\",
        rf"\mathrm da_1 = {da_2:.3f} - {-da_1:.3f} = {g['db_h']:.3f}",
        rf"= h_1 (1 - h_2^2) = {h_1 * (1 - h_2**2):.3f}$ is the immediate",
    ]
    assert [line for line in lines if line not in page.words] == []
    for name in ("dw_xh", "dw_hh", "db_h", "dh_0"):
        value = g.get(name, g.get(name.replace("xh", "{xh}").replace("hh", "{hh}")))
        assert re.search(rf"{name} +{value:.3f}\n", page.printed)
    assert f"total     [{g['total']:.3f}]" in page.printed
    assert g["total"] > h_1 * (1 - h_2**2)


def test_the_change_of_all_copies_is_the_sum_of_the_changes(page):
    changes = [float(change) for change in re.findall(r"\) ([+-]\d\.\d{7})\n", page.printed)]
    assert len(changes) == 4
    assert sum(changes[:3]) == pytest.approx(changes[3], abs=3e-7)
    assert max(changes[:3]) == changes[1]
    assert min(changes[:3]) == changes[0]


def test_every_line_of_the_derivation_agrees_with_a_numeric_gradient(page):
    errors = [float(error) for error in re.findall(r"2\.\d \w+ +(\S+)\n", page.printed)]
    sums = [float(error) for error in re.findall(r"sum of the \w+ +(\S+)\n", page.printed)]
    assert len(errors) == 10
    assert len(sums) == 2
    assert max(*errors, *sums) < 1e-6
    assert "10 terms a row" in page.printed


def test_a_test_of_one_step_alone_misses_that_the_next_step_is_forgotten(page):
    errors = dict(re.findall(r"^(one step|four, loss at \w+): +(\d\S+)$", page.printed, re.M))
    assert float(errors["one step"]) < 1e-6
    assert min(float(errors["four, loss at last"]), float(errors["four, loss at each"])) > 1e-3


def test_the_one_step_gradient_guesses_and_the_whole_gradient_learns(page):
    assert percent(page, "one step back") == pytest.approx(0.25, abs=0.05)
    assert percent(page, "all steps back") > 0.98
    assert percent(page, "colleague") < 0.9


def test_the_early_shares_are_small_before_training_and_level_after_it(page):
    untrained, trained = (page.values["norms"][name] for name in ("untrained", "trained"))
    assert untrained[0] == trained[0] == 0  # h_0 is zeros
    assert 100 < untrained[-1] / untrained[1] < 400
    assert untrained[-1] == pytest.approx(0.015, abs=0.001)
    assert untrained[1] < 1e-4
    assert max(trained[1:]) < 1e-3
    assert max(trained[1:]) < 10 * min(trained[1:])


def test_the_three_means_of_a_padded_loss_are_those_of_the_text(page):
    means = [float(mean) for mean in re.findall(r"^mean o.*: +([\d.]+)$", page.printed, re.M)]
    assert means == [2.6, 2.0, 1.625]
    with_mask, without = re.findall(r"gradients differ by (\S+)\n", page.printed)
    assert float(with_mask) == 0
    assert float(without) > 0.01


def test_memory_grows_with_the_text_and_not_with_chunks(page):
    whole, chunks = (page.values["memory"][name] for name in ("whole text", "chunks of 100"))
    np.testing.assert_allclose(whole[1:] / whole[:-1], 2, rtol=0.1)
    np.testing.assert_allclose(chunks, 1.1, atol=0.06)


def test_truncation_errors_fall_on_their_formulas(page):
    K, measured, formulas = (page.values[name] for name in ("K", "measured", "formulas"))
    assert page.values["worst"] < 1e-9
    errors = {name: dict(zip((1, 2, 5, 10, 20, 50, 100), values, strict=True)) for name, values in measured.items()}
    assert f"windows have an error of {errors['window'][20]:.0%}".replace("%", " %") in page.words
    assert f"{errors['chunks'][20]:.0%}".replace("%", " %, (c)") in page.words
    assert errors["chunks"][20] > 3 * errors["window"][20]
    assert errors["pure memory, T = 100"][20] == pytest.approx(0.8)
    assert formulas.keys() == measured.keys()
    assert K == 40  # the name is used again, for the chunks of the character model


def test_the_character_model_reaches_its_bits_and_learns_to_count(page):
    bits, references = np.array(page.values["bits"]), page.values["references"]
    assert f"{references['the best possible']:.2f} is the best possible" in page.words
    assert references["the best possible"] < bits[-50:].mean() < 0.58
    assert bits[0] == pytest.approx(4, abs=0.2)
    assert bits[130:150].mean() == pytest.approx(1.0, abs=0.1)
    counts = re.findall(r"(\w+): (\d+) sentences\n +(\d+) of two numbers, (\d+) right", page.printed)
    shares = {name: (int(known) / int(n), int(right) / int(n)) for name, n, known, right in counts}
    assert shares["before"] == (0, 0)
    assert shares["during"][0] > 0.6
    assert shares["during"][1] < 0.1
    assert shares["after"][1] > 0.85
    assert np.log2(99) == pytest.approx(6.63, abs=0.005)


def test_the_stated_bits_are_reached_from_other_seeds_too(page):
    reached = [np.mean(page.values["bits"][-50:])]
    for seed in (1, 2):
        values = dict(page.values)
        for code in page.cells:
            if any(mark in code for mark in ("draws = ", "def next_chunk", "def model_loss", 'looks = {"before"')):
                with contextlib.redirect_stdout(io.StringIO()):
                    exec(code.replace("default_rng(0)\ndraws", f"default_rng({seed})\ndraws"), values)
        assert values["bits"] != page.values["bits"]
        reached.append(np.mean(values["bits"][-50:]))
    assert max(reached) < 1.05 * min(reached)
    assert max(reached) < 0.6


def test_the_bug_passes_its_test_and_is_wrong_on_ordinary_weights(page):
    error_at = page.values["error_at"]
    assert error_at(0.001) < 1e-6
    assert error_at(1.0) > error_at(0.5) > error_at(0.1) > 1e-3


def test_the_corrected_line_of_the_bug_gives_the_gradient_of_the_library(page):
    (code,) = (code for code in page.cells if "def colleague" in code)
    wrong, right = "delta_next = delta @ params.W_hh.T", "delta_next = da[t] @ params.W_hh.T"
    assert f"<del>`{wrong}`</del>" in page.text
    assert f"`{right}` (**right**" in page.text
    values = dict(page.values)
    exec(code.replace(wrong, right), values)
    rng = np.random.default_rng(0)
    params = RNNParams(rng.normal(size=(2, 3)), rng.normal(size=(3, 3)), rng.normal(size=3))
    x, dh = rng.normal(size=(2, 4, 2)), rng.normal(size=(2, 4, 3))
    _, cache = page.values["rnn_forward"](x, rng.normal(size=(2, 3)), params)
    for mine, wanted in zip(values["colleague"](dh, cache).dparams, rnn_backward(dh, cache).dparams, strict=True):
        np.testing.assert_allclose(mine, wanted, rtol=1e-9)


def test_the_choices_of_the_first_question_are_calculated_right(page):
    h, v, following = 0.6, 0.5, -0.3
    delta = v + following
    choices = [delta * (1 - h), delta * (1 - h**2), delta * (1 - np.tanh(h) ** 2), delta, v * (1 - h**2)]
    titles = re.findall(r"^:::\{dropdown\} (0\.\d{3})\n:class-container: choice choice-(\S+)", page.text, re.M)
    assert [title for title, _ in titles] == [f"{choice:.3f}" for choice in choices]
    assert [name for _, name in titles].index("right") == 1


def test_the_choices_of_the_second_question_are_the_copies_that_are_reached(page):
    T, K = 6, 3
    dh = np.zeros((1, T, 1))
    dh[0, 4] = 1  # the loss at step 5
    params = RNNParams(np.ones((1, 1)), np.full((1, 1), 0.5), np.zeros(1))
    _, cache = page.values["rnn_forward"](np.full((1, T, 1), 0.1), np.full((1, 1), 0.1), params)

    def copies(backward):  # what reaches dx at a step has reached the copy of that step
        return [t + 1 for t in np.flatnonzero(backward(dh, cache, K).dx[0, :, 0])]

    assert copies(bptt.windowed_backward) == [3, 4, 5]
    assert copies(bptt.chunked_backward) == [4, 5]
    assert re.search(r"Copies 3, 4 and 5\n:class-container: choice choice-right", page.text)
    assert re.search(r"Copies 4 and 5\n:class-container: choice choice-takes-chunks", page.text)
