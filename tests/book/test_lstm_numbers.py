"""The numbers in the text of chapter 04 are those that its own cells, the library and the stored results compute."""

import contextlib
import io
import math
import re
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from course_lib.data import copying
from course_lib.experiments import ablations, forget_gate, storage
from course_lib.nn.init import init_lstm
from course_lib.nn.logistic import logistic
from course_lib.nn.lstm import lstm_backward, lstm_forward, lstm_step, lstm_step_backward
from course_lib.params import LSTMParams

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("chapter-04")]

CELL = re.compile(r"```\{code-cell\} ipython3\n(?:---\n.*?\n---\n)?(.*?)```", re.S)


@pytest.fixture(scope="module")
def page(root):
    """Return the text of the page, its cells, what they leave behind, and what all of them print."""
    text = (root / "book" / "04-lstm.md").read_text()
    values: dict = {}
    cells = CELL.findall(text)
    with contextlib.redirect_stdout(io.StringIO()) as said:
        for code in cells:
            exec(code, values)  # the cells of our own page, in order, as a reader runs them
    words = " ".join(text.split())  # whatever the line breaks are
    return SimpleNamespace(text=text, words=words, cells=cells, values=values, printed=said.getvalue())


def choices(page, number):
    """Return the titles of a question's choices as numbers, in order, each with the name of its mistake."""
    question = re.split(r"^\*\*\d\.\*\* |^\(lstm-exercises\)=", page.text, flags=re.M)[number]
    found = re.findall(r"^:::\{dropdown\} (.+)\n:class-container: choice choice-(\S+)", question, re.M)
    return [(title.strip("$"), name) for title, name in found]


def test_a_tanh_unit_with_weight_1_leaves_an_eighth_of_the_gradient():
    h, product = 0.3, 1.0
    for _ in range(50):
        h = np.tanh(h)
        product *= 1 - h**2
    assert product == pytest.approx(0.12, abs=0.005)


def test_the_first_customer_looks_at_eight_items_and_buys_three(page):
    bought, asked = page.values["bought"], page.values["asked"]
    last = int(np.argmax(asked))
    assert (last + 1, int(bought[: last + 1].sum())) == (8, 3)
    assert np.count_nonzero(asked) > 300  # "some hundred customers"


def test_each_form_of_the_register_fails_where_the_text_says_and_the_last_does_not(page):
    register, price, bought, new, total = (page.values[n] for n in ("register", "price", "bought", "new", "total"))
    y, asked = page.values["y_day"][0], page.values["asked"]
    carousel, writing = register(), register(i=bought)
    keeping, showing = register(i=bought, f=1 - new), register(i=bought, f=1 - new, o=total)
    first = int(np.argmax(asked))
    assert carousel[first] == pytest.approx(price[: first + 1].sum(), abs=0.05)  # the sum of all eight
    assert carousel[asked][-1] == pytest.approx(100, abs=0.005)
    near = [abs(writing[asked][k] - y[asked][k]) < 0.01 for k in range(3)]
    assert near == [True, False, False]
    assert writing[asked][1] == pytest.approx(y[asked][0] + y[asked][1], abs=0.01)  # "pays for the first"
    assert np.abs(keeping[asked] - y[asked]).max() < 0.2
    assert np.abs(keeping[~asked]).mean() > 1
    assert np.abs(showing[~asked]).max() == 0
    assert f"farthest from right in 3000 steps: {np.abs(showing - y).max():.2f}" in page.printed


def test_after_a_long_day_no_gradient_comes_back_from_what_is_shown(page):
    price, bought = page.values["price"], page.values["bought"]
    c = np.sum(bought * np.tanh(0.01 * price))
    assert 1 - np.tanh(c) ** 2 < 1e-4


def test_the_lstm_set_by_hand_does_what_the_flags_did(page):
    h, _, _ = lstm_forward(page.values["x_day"], np.zeros((1, 1)), np.zeros((1, 1)), page.values["shop"])
    assert np.abs(100 * h[0, :, 0] - page.values["by_flags"]).max() < 0.05


def test_concatenating_is_adding_two_products_and_the_layer_has_four_times_the_numbers(page):
    assert float(re.search(r"they differ by (\S+)", page.printed)[1]) < 1e-14
    assert "180 numbers, four times 45" in page.printed


def test_the_worked_numbers_are_those_of_torch(page):
    cell = torch.nn.LSTMCell(1, 1).double()
    with torch.no_grad():
        for name, value in (("weight_ih", 0.5), ("weight_hh", 0.8), ("bias_ih", 0.1), ("bias_hh", 0.0)):
            getattr(cell, name).fill_(value)
    h, c = torch.tensor([[0.2]], dtype=torch.float64), torch.tensor([[0.4]], dtype=torch.float64)
    h.requires_grad = c.requires_grad = True
    start, loss = (h, c), 0.0
    for t, (x_t, y_t) in enumerate(((1.0, 1.0), (-1.0, 0.0)), start=1):
        h, c = cell(torch.tensor([[x_t]], dtype=torch.float64), (h, c))
        loss = loss + 0.5 * (h - y_t).sum() ** 2
        assert re.search(rf"c_{t} &= .* = {c.item():.3f}\\\\", page.text)
        assert re.search(rf"h_{t} &= .* = {h.item():.3f}$", page.text, re.M)
    dh_0, dc_0 = torch.autograd.grad(loss, start)
    assert f"by hand: dh_0 {dh_0.item():.3f}, dc_0 {dc_0.item():.3f}" in page.printed
    assert rf"\mathrm dc_0 = -0.201 \cdot 0.681 &= {dc_0.item():.3f}" in page.text


def test_the_way_back_by_hand_is_that_of_the_library(page):
    cache, unit = page.values["unit_cache"], page.values["unit"]
    steps = [type(cache.gates)(*(gate[t] for gate in cache.gates)) for t in (0, 1)]
    delta_h2 = cache.h[2] - 0
    back = lstm_step_backward(
        delta_h2, np.zeros((1, 1)), cache.x[1], cache.h[1], cache.c[1], cache.c[2], steps[1], unit
    )
    da_i, da_f, da_g, da_o = back.dparams.b
    for name, value in (("i", da_i), ("f", da_f), ("g", da_g), ("o", da_o)):
        assert re.search(rf"\\mathrm da\^{name}_2 &= .* = {value:.3f}(\\\\)?$", page.text, re.M), name
    assert re.search(rf"\\delta c_2 &= .* = {(back.dc_prev / steps[1].f).item():.3f}\\\\", page.text)
    assert f"&= {back.dparams.b.sum():.3f}\\\\" in page.text
    assert rf"\delta c^{{\text{{next}}}} = 0.064 \cdot 0.483 &= {back.dc_prev.item():.3f}\\" in page.text
    delta_h1 = cache.h[1] - 1 + back.dh_prev
    assert rf"0.8 \cdot 0.052 &= {delta_h1.item():.3f}\\" in page.text
    through_h = delta_h1 * steps[0].o * (1 - np.tanh(cache.c[1]) ** 2)
    assert rf"(1 - 0.610^2) &= {through_h.item():.3f}\\" in page.text
    assert rf"\delta c_1 = 0.031 - 0.232 &= {(back.dc_prev + through_h).item():.3f}\\" in page.text


def test_the_candidate_is_the_state_of_chapter_01(root, page):
    candidate = page.values["unit_cache"].gates.g[0].item()
    first = (root / "book" / "01-rnn.md").read_text()
    assert f"{candidate:.3f}" == "0.641"
    assert re.search(r"h_1 &= \\tanh\([\d.]+\) = 0\.641", first)


def test_what_a_cell_at_rest_keeps_is_the_power_of_its_gate(page):
    for b_f, left in page.values["kept"].items():
        f = 1 / (1 + math.exp(-b_f))
        np.testing.assert_allclose(left, f ** np.arange(1, 201), rtol=1e-9)
        half_life = math.log(2) / -math.log(f)
        said = re.search(rf"bias {b_f}: (\S+) a step, (\S+) after 20\n   at most half after (\d+)", page.printed)
        assert said.groups() == (f"{f:.3f}", f"{f**20:.1e}", str(math.ceil(half_life - 1e-9)))
    assert page.values["kept"][0][19] == pytest.approx(9.5e-7, rel=0.01)


def test_the_curves_of_retention_are_as_the_alt_text_says(page):
    kept = page.values["kept"]
    assert kept[0][4] < 0.05
    assert kept[1][14] < 0.05
    assert 1 + np.argmax(kept[3] <= 0.5) == 15
    assert kept[5][49] > 2 / 3


def test_an_untrained_lstm_of_torch_forgets_half_of_its_cell_at_every_step():
    torch.manual_seed(0)
    layer = torch.nn.LSTM(8, 64)
    f = torch.sigmoid((layer.bias_ih_l0 + layer.bias_hh_l0)[64:128])
    assert f.mean().item() == pytest.approx(0.5, abs=0.03)
    assert (f - 0.5).abs().max().item() < 0.1


def test_the_bias_for_a_length_leaves_about_a_share_of_1_over_e(page):
    for T, b_f in ((20, "2.94"), (100, "4.60")):
        assert f"{math.log(T - 1):.2f}" == b_f
        assert f"For $T = 20$ that is 2.94, for $T = 100$ it is {math.log(99):.2f}." in page.words
        assert (1 / (1 + math.exp(-math.log(T - 1)))) == pytest.approx(1 - 1 / T)
        assert pytest.approx(1 / math.e, rel=0.03) == (1 - 1 / T) ** T


def test_every_line_of_the_backward_pass_agrees_with_its_numeric_gradient(page):
    errors = dict(re.findall(r"^(4\.\d+ +\w+) +(\de-\d+)$", page.printed, re.M))
    assert len(errors) == 10
    whole = dict(re.findall(r"^(d[xhcWb]\w*) +(\de-\d+)$", page.printed, re.M))
    assert sorted(whole) == ["dW_h", "dW_x", "db", "dc_0", "dh_0", "dx"]
    assert max(map(float, [*errors.values(), *whole.values()])) < 1e-6


def test_the_total_derivative_is_far_above_the_product_of_the_forget_gates(page):
    sizes = page.values["sizes"]
    assert np.median(sizes[1][:, 0] / sizes[1][:, 1]) > 100
    for pairs in sizes.values():
        assert np.all(pairs[:, 0] > pairs[:, 1])  # "in these untrained networks"
    assert np.median(sizes[2][:, 0]) > 1
    ways = {bias: panel["all paths"] for bias, panel in page.values["panels"].items()}
    assert ways["forget bias 2"][-1] > 1  # the alt text
    for panel in page.values["panels"].values():
        gap = panel["all paths"] / panel["forget gates alone"]
        assert gap[-1] > gap[14] > gap[4]
        assert gap[0] == pytest.approx(1)  # "the two lines begin together"


def test_the_product_of_the_forget_gates_is_no_lower_bound():
    W_h = np.array([[0.0, -3.0, -3.0, 0.0]])
    unit = LSTMParams(np.zeros((1, 4)), W_h, np.array([0.0, 1.0, 0.0, 2.0]))
    h, _, cache = lstm_forward(np.zeros((1, 10, 1)), np.zeros((1, 1)), np.full((1, 1), 0.5), unit)
    total = lstm_backward(np.zeros_like(h), cache, dc_T=np.ones((1, 1))).dc_0
    assert abs(total.item()) < cache.gates.f.prod() / 10


def test_the_total_derivative_is_that_of_torch(page):
    rng = np.random.default_rng(0)
    net, x = init_lstm(4, 16, rng, 1), rng.normal(size=(1, 30, 4))
    cell = torch.nn.LSTMCell(4, 16).double()
    with torch.no_grad():
        for name, value in (("weight_ih", net.W_x.T), ("weight_hh", net.W_h.T), ("bias_ih", net.b)):
            getattr(cell, name).copy_(torch.tensor(value))
        cell.bias_hh.zero_()

    def last_cell(c_0):
        h, c = torch.zeros(1, 16, dtype=torch.float64), c_0[None]
        for t in range(30):
            h, c = cell(torch.tensor(x[:, t]), (h, c))
        return c[0]

    J = torch.autograd.functional.jacobian(last_cell, torch.zeros(16, dtype=torch.float64))
    total, _ = page.values["to_the_first_cell"](1, 30, seed=0)
    assert total == pytest.approx(torch.linalg.matrix_norm(J, 2).item(), rel=1e-9)


def test_cut_at_the_gates_the_gradient_is_the_product_of_the_forget_gates(page):
    total, gates_only = page.values["to_the_first_cell"](1, 30, seed=0, cut=True)
    assert total == pytest.approx(gates_only, rel=1e-12)


def test_a_coupled_cell_stays_below_1_and_a_plain_one_climbs(page):
    ends = dict(re.findall(r"coupled (\w+): c_100 = (\S+)", page.printed))
    assert float(ends["False"]) > 50
    assert 0.4 < float(ends["True"]) < 1


def test_only_a_gate_with_a_peephole_sees_the_cell_behind_a_shut_output_gate(page):
    seen = dict(re.findall(r"peepholes (\w+): f_2 = (.+)", page.printed))
    assert len(set(seen["False"].split())) == 1
    assert len(set(seen["True"].split())) == 2


def opened(page, seed):
    """Return what one start printed: gate by gate the mean where its flag is up, and where it is down."""
    block = re.search(rf"start {seed}: (\S+) off on average\n((?:   .*\n)+)", page.printed)
    lines = re.findall(r"(\w): flag up (\S+), down (\S+)", block[2])
    return float(block[1]), {gate: (float(up), float(down)) for gate, up, down in lines}


def test_a_network_finds_the_three_valves_and_another_leaves_the_work_to_the_candidate(page):
    error, gate = opened(page, 0)
    assert error < 0.1
    assert gate["f"][0] < 0.1 < 0.9 < gate["f"][1]
    assert gate["o"][1] < 0.1 < 0.9 < gate["o"][0]
    assert 0.2 < gate["i"][0] < 0.35
    assert gate["i"][1] < 0.02
    other, gate = opened(page, 1)
    assert other == pytest.approx(error, abs=0.03)  # "as good"
    assert abs(gate["i"][0] - gate["i"][1]) < 0.05
    sizes = dict(re.findall(r"start (\d): \|g\| (\S+ if bought, \S+) if not", page.printed))
    assert float(sizes["1"].split()[-1]) < 0.1 < float(sizes["0"].split()[-1])


def test_the_day_that_is_drawn_is_as_the_alt_text_says(page):
    of_day, events, day = (page.values[name] for name in ("of_day", "events", "day"))
    bought, new, total = (events[gate][1] for gate in "ifo")
    assert of_day["i"][~bought].max() < 0.1 < of_day["i"][bought].min()
    assert of_day["f"][new].max() < 0.1 < 0.8 < of_day["f"][~new].min()
    assert of_day["o"][~total].max() < 0.2 < 0.8 < of_day["o"][total].min()
    c = page.values["first"].c[1:, day, 0]
    assert c.min() < -0.5  # "this one climbs downwards"
    assert abs(c[new]).max() < 0.2


def test_the_forget_bias_decides_whether_the_verb_is_learned(page):
    verbs = page.values["verbs"]
    assert verbs[0] == pytest.approx(0.5, abs=0.04)
    assert verbs[1] > 0.95
    assert f"{logistic(np.float64(1)) ** 40:.1e}" == "3.6e-06"
    assert r"\sigma(1)^{40} = 3.6 \cdot 10^{-6}" in page.text


def test_the_lstm_solves_a_hundred_steps_with_every_start(page):
    stored = storage.load("adding-gated")
    assert (stored.settings["T"], stored.settings["hidden"], stored.settings["in_a_row"]) == (100, 32, 2000)
    figures = [run.outcome.figures for run in stored.runs]
    assert len(figures) == 3
    assert max(figure["lstm error"] for figure in figures) < 0.01
    sequences = [figure["lstm sequences"] for figure in figures]
    for end in (min(sequences), max(sequences)):
        assert f"{round(end / 1000)} 000" in page.words
    assert storage.load("adding").settings["updates"] == 5000
    assert storage.load("adding").settings["point"] == page.values["every"]
    for run in stored.runs:
        curve = run.outcome.curves["lstm"]
        assert curve[0] > 0.1
        assert curve[-1] < 0.01


def test_the_copy_problem_is_stored_as_the_text_says(page):
    stored = storage.load("copying-gated")
    assert stored.settings["T"] == storage.load("copying").settings["T"] == 20
    assert 10 * np.log(8) / 40 == pytest.approx(0.520, abs=5e-4)
    assert (stored.settings["stop_below"], stored.settings["updates"]) == (0.25, 10_000)
    losses = [run.outcome.figures["lstm error"] for run in stored.runs]
    assert max(losses) < 0.30
    remembered = np.mean([copying.symbols_remembered(loss, 20) for loss in losses])
    assert 4 < remembered < 9.9  # "several symbols, and not all ten"
    assert f"LSTM: loss {np.mean(losses):.3f}, {remembered:.1f} of 10 symbols" in page.printed


def test_the_tables_of_parts_are_those_that_are_stored(page):
    stored = storage.load("ablations")
    assert (stored.settings["T"], len(stored.runs)) == (10, 5)
    assert [line.label for line in page.values["lines"]] == [line.label for line in ablations.ranking(stored.runs)]
    stored = storage.load("forget-gate")
    assert (stored.settings["T"], len(stored.runs)) == (50, 5)
    assert [row[0] for row in page.values["rows"]] == list(forget_gate.GATES)
    no_gate, *biases = page.values["rows"]
    assert no_gate[1] == "2 of 5"
    assert [row[1] for row in biases] == ["5 of 5"] * 3
    spans = [tuple(map(int, row[2].split(" to "))) for row in biases]
    assert max(low for low, _ in spans) < min(high for _, high in spans)  # "overlap"


def test_the_parts_that_are_missed_and_not_missed_are_those_that_the_text_names(root):
    stored = storage.load("ablations")
    first, *between, last = ablations.ranking(stored.runs)
    assert (first.label, first.worse) == ("no forget gate", 0)  # "better with every start"
    assert (last.label, last.worse) == ("no input gate", 4)
    assert all(0 < line.worse < 5 for line in between if line.difference)
    nothing = 10 * math.log(8) / 30
    assert f"10 \\ln 8 / 30 = {nothing:.3f}" in (root / "book" / "04-lstm.md").read_text()
    assert 0.2 < first.lowest < last.highest < nothing  # "no cell is done"
    assert sum(math.comb(5, k) for k in (4, 5)) / 2**5 == pytest.approx(0.19, abs=0.005)  # "nearly one time in five"


def test_the_bug_passes_its_test_and_guesses_at_forty_words(page):
    assert "test passed" in page.printed
    right = page.values["colleague_verbs"]
    assert right[5] > 0.95
    assert right[20] == pytest.approx(0.5, abs=0.04)


def test_the_colleague_s_step_is_that_of_the_library_with_two_blocks_exchanged(page):
    rng = np.random.default_rng(0)
    params = LSTMParams(rng.normal(size=(3, 16)), rng.normal(size=(4, 16)), rng.normal(size=16))
    states = rng.normal(size=(2, 3)), rng.normal(size=(2, 4)), rng.normal(size=(2, 4))
    exchanged = page.values["as_colleague"](params)
    for mine, wanted in zip(page.values["colleague"](*states, params), lstm_step(*states, exchanged)[:2], strict=True):
        np.testing.assert_allclose(mine, wanted)
        assert not np.allclose(mine, lstm_step(*states, params)[0])


def test_the_corrected_line_of_the_bug_gives_the_step_of_the_library(page):
    (code,) = (code for code in page.cells if "def colleague" in code)
    wrong, right = "a_f, a_i, a_g, a_o = np.split(a_t, 4, axis=1)", "a_i, a_f, a_g, a_o = np.split(a_t, 4, axis=1)"
    assert f"<del>`{wrong}`</del>" in page.text
    assert f"`{right}` (**right**" in page.text
    values = dict(page.values)
    exec(code.replace(wrong, right), values)
    rng = np.random.default_rng(0)
    params = LSTMParams(rng.normal(size=(3, 16)), rng.normal(size=(4, 16)), rng.normal(size=16))
    states = rng.normal(size=(2, 3)), rng.normal(size=(2, 4)), rng.normal(size=(2, 4))
    for mine, wanted in zip(values["colleague"](*states, params), lstm_step(*states, params)[:2], strict=True):
        np.testing.assert_allclose(mine, wanted)


def test_the_choices_of_the_first_question_are_calculated_right(page):
    c_prev, i, f, g, o = 2.0, 0.5, 0.9, -0.4, 0.7
    c = f * c_prev + i * g
    wanted = {
        "swaps-forget-and-input": o * np.tanh(i * c_prev + f * g),
        "leaves-the-input-gate-out": o * np.tanh(f * c_prev + g),
        "right": o * np.tanh(c),
        "shows-the-cell-before": o * np.tanh(c_prev),
        "leaves-the-output-gate-out": np.tanh(c),
        "shows-c-without-tanh": o * c,
    }
    assert choices(page, 1) == [(f"{value:.3f}", name) for name, value in wanted.items()]


def test_the_choices_of_the_second_question_are_calculated_right(page):
    dc_next, dh, o, tanh_c = 0.5, 0.4, 0.8, 0.6
    slope = 1 - tanh_c**2
    wanted = {
        "drops-dc_next": dh * o * slope,
        "drops-the-path-through-h": dc_next,
        "squeezes-dc_next-too": (dc_next + dh * o) * slope,
        "right": dc_next + dh * o * slope,
        "forgets-o-on-the-way-to-c": dc_next + dh * slope,
        "forgets-the-tanh-of-c": dc_next + dh * o,
    }
    assert choices(page, 2) == [(f"{value:.3f}", name) for name, value in wanted.items()]


def test_the_choices_of_the_third_question_are_calculated_right(page):
    shares = np.array([0.3, -0.6, 0.2])
    wanted = {
        "leaves-step-1-out": shares[1:].sum(),
        "right": shares.sum(),
        "averages-the-steps": shares.mean(),
        "keeps-the-last-share": shares[-1],
        "keeps-the-first-share": shares[0],
    }
    assert choices(page, 3) == [(f"{value:.3f}".replace("-", "−"), name) for name, value in wanted.items()]
