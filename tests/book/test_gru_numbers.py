"""The numbers in the text of chapter 05 are those that its own cells, the library and the stored results compute."""

import contextlib
import io
import re
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from course_lib.data import copying
from course_lib.experiments import equal_size, storage
from course_lib.nn import gru, gru_before, init, lstm, rnn
from course_lib.nn.torch_weights import gru_to_torch
from course_lib.params import GRUBeforeParams, GRUParams

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("chapter-05")]

CELL = re.compile(r"```\{code-cell\} ipython3\n(?:---\n.*?\n---\n)?(.*?)```", re.S)


@pytest.fixture(scope="module")
def page(root):
    """Return the text of the page, its cells, what they leave behind, and what all of them print."""
    text = (root / "book" / "05-gru.md").read_text()
    values: dict = {}
    cells = CELL.findall(text)
    with contextlib.redirect_stdout(io.StringIO()) as said:
        for code in cells:
            exec(code, values)  # the cells of our own page, in order, as a reader runs them
    words = " ".join(text.split())  # whatever the line breaks are
    return SimpleNamespace(text=text, words=words, cells=cells, values=values, printed=said.getvalue())


def choices(page, number):
    """Return the titles of a question's choices, in order, each with the name of its mistake."""
    question = re.split(r"^\*\*\d\.\*\* |^\(gru-exercises\)=", page.text, flags=re.M)[number]
    return re.findall(r"^:::\{dropdown\} (.+)\n:class-container: choice choice-(\S+)", question, re.M)


def number_after(page, words):
    """Return the number that the page prints after these words at the start of a line."""
    return float(re.search(rf"^{re.escape(words)}\s+(\S+)$", page.printed, re.M)[1])


def logistic(a):
    return 1 / (1 + np.exp(-a))


def test_in_350_updates_a_fixed_number_learns_nothing_and_a_gate_does(page):
    ends = {name: curve[-2:].mean() for name, curve in page.values["errors"].items()}
    assert list(ends) == ["z = 0.9", "gate z", "gates z and r"]
    assert ends["z = 0.9"] == pytest.approx(1 / 6, rel=0.1)
    assert ends["gates z and r"] < ends["gate z"] < 0.9 / 6
    assert ends["gates z and r"] < 0.04  # the alt text: "far below the lower line"
    assert f"{0.9**20:.2f}" == "0.12"
    assert f"{logistic(2.2):.1f}" == "0.9"
    assert page.values["T"] == 40
    assert "TrainingSettings(steps=350," in page.text
    assert "After 350 updates" in page.words


def test_with_ten_times_as_many_updates_a_fixed_number_learns_too(page):
    values, rng = page.values, np.random.default_rng(0)
    start, free = values["fixed"](init.init_gru(2, 32, rng), {"r": 1000, "z": 2.2})
    net = values["networks"].with_head(start, 32, 1, rng)
    settings = values["TrainingSettings"](steps=3500, learning_rate=0.005)
    losses = values["train"](
        net, values["loss_of"](free), lambda rng: values["adding"].adding_batch(rng, 32, 40), settings
    ).losses
    assert np.mean(losses[-50:]) < 0.5 / 12


def test_the_form_with_both_gates_leaves_the_upper_line_first(page):
    left = {name: np.argmax(curve < 1 / 12) for name, curve in page.values["errors"].items() if curve.min() < 1 / 12}
    assert min(left, key=left.get) == "gates z and r"
    assert page.values["errors"]["z = 0.9"].min() > 1 / 8  # the alt text: stays on the upper line


def test_a_fixed_gate_is_not_trained(page):
    start, free = page.values["fixed"](init.init_gru(2, 32, np.random.default_rng(0)), {"z": 2.2})
    batch = page.values["adding"].adding_batch(np.random.default_rng(0), 8, 10)
    net = page.values["networks"].with_head(start, 32, 1, np.random.default_rng(0))
    d = page.values["loss_of"](free)(net, batch)[1].rnn
    for array in (d.W_x, d.W_h, d.b):
        r, z, n = np.split(array, 3, axis=-1)
        assert not z.any()
        assert r.any()
        assert n.any()


def test_the_corners_of_the_gates_are_what_the_text_says(page):
    corners = dict(re.findall(r"^r = (\d, z = \d): (.*)$", page.printed, re.M))
    assert corners == {"0, z = 0": "tanh of the input", "1, z = 0": "tanh network", "1, z = 1": "the state before"}


def test_the_two_forms_agree_for_one_unit_and_not_for_many(page):
    apart = {int(H): float(d) for H, d in re.findall(r"^H = +(\d+): largest difference (.*)$", page.printed, re.M)}
    assert apart[1] < 1e-12
    assert min(apart[2], apart[32]) > 0.1


def test_the_forms_agree_for_many_units_if_all_are_reset_alike():
    rng = np.random.default_rng(0)
    drawn = init.init_gru(3, 8, rng)
    drawn.W_x[:, :8] = drawn.W_h[:, :8] = 0
    drawn.b[:8] = 0.7
    x_t, h_prev = rng.normal(size=(5, 3)), rng.uniform(-1, 1, (5, 8))
    after, _ = gru.gru_step(x_t, h_prev, drawn)
    before, _ = gru_before.gru_before_step(x_t, h_prev, GRUBeforeParams(*drawn[:3]))
    np.testing.assert_allclose(after, before)  # "it mixes units that are weakened by different amounts"


def test_the_biases_of_the_gates_may_be_merged_and_those_of_the_candidate_may_not(page):
    assert float(re.search(r"^largest difference: (.*)$", page.printed, re.M)[1]) > 0.1
    p, H = page.values["p"], page.values["H"]
    module = gru_to_torch(p)
    with torch.no_grad():  # move some of the gates' bias from one of torch's two to the other
        module.bias_ih_l0[: 2 * H] -= 1
        module.bias_hh_l0[: 2 * H] += 1
    x = np.random.default_rng(0).normal(size=(2, 6, 3))
    h, _ = gru.gru_forward(x, np.zeros((2, H)), p)
    rows = torch.tensor(x) if module.batch_first else torch.tensor(x).transpose(0, 1)
    theirs = module(rows)[0].detach()
    theirs = theirs if module.batch_first else theirs.transpose(0, 1)
    np.testing.assert_allclose(h, theirs.numpy(), rtol=1e-9, atol=1e-12)


def test_torch_stores_blocks_one_above_the_other(page):
    module = gru_to_torch(page.values["p"])
    H = page.values["H"]
    assert tuple(module.weight_ih_l0.shape) == (3 * H, 3)
    assert tuple(module.weight_hh_l0.shape) == (3 * H, H)


def test_both_conventions_are_one_network_and_a_mixture_is_another(page):
    assert number_after(page, "three arrays negated:") < 1e-12
    assert number_after(page, "weights as they are:") > 0.1
    params, other = page.values["p"], gru.mirrored(page.values["p"])
    H, changed = page.values["H"], 0
    for mine, theirs in zip(params, other, strict=True):
        for block, (one, two) in enumerate(
            zip(*(np.split(a, a.shape[-1] // H, axis=-1) for a in (mine, theirs)), strict=True)
        ):
            if not np.array_equal(one, two):
                np.testing.assert_array_equal(one, -two)
                assert block == 1
                changed += 1
    assert changed == 3


def test_the_bias_of_chapter_04_keeps_about_a_third_over_its_steps(page):
    assert logistic(np.log(99)) ** 100 == pytest.approx(1 / 3, abs=0.04)
    cell = page.values["cells"]["GRU, b_z = ln 99"]
    assert page.values["left_after"](100, *cell) == pytest.approx(1 / 3, abs=0.07)


def test_each_path_to_the_state_before_is_its_numeric_gradient(page):
    found = re.findall(r"^\d (?:past|through \w) +length +(\S+), error (\S+)$", page.printed, re.M)
    lengths, errors = np.array(found, dtype=float).T
    assert len(found) == 4
    assert errors.max() < 1e-6
    assert lengths.argmax() == 0
    assert lengths.min() > 0.05 * lengths.max()  # "the other three are not small"
    assert number_after(page, "the sum of all four: error") < 1e-12


def test_the_backward_pass_of_reset_before_is_the_one_the_text_gives(page):
    rng = np.random.default_rng(0)
    D, H = 3, 5
    params = GRUBeforeParams(rng.normal(size=(D, 3 * H)), rng.normal(size=(H, 3 * H)), rng.normal(size=3 * H))
    x_t, h_prev, delta = rng.normal(size=(2, D)), rng.uniform(-1, 1, (2, H)), rng.normal(size=(2, H))
    _, (r, z, n, q) = gru_before.gru_before_step(x_t, h_prev, params)
    np.testing.assert_allclose(q, r * h_prev)
    W_hr, W_hz, W_hn = np.split(params.W_h, 3, axis=1)
    da_n = delta * (1 - z) * (1 - n**2)
    da_z = delta * (h_prev - n) * z * (1 - z)
    dq = da_n @ W_hn.T
    da_r = dq * h_prev * r * (1 - r)
    back = gru_before.gru_before_step_backward(delta, x_t, h_prev, gru.GRUGates(r, z, n, q), params)
    np.testing.assert_allclose(back.dh_prev, delta * z + da_z @ W_hz.T + da_r @ W_hr.T + dq * r)
    np.testing.assert_allclose(back.dparams.W_h[:, 2 * H :], q.T @ da_n)
    np.testing.assert_allclose(back.dparams.b, np.hstack([da_r, da_z, da_n]).sum(axis=0))


def test_the_equations_of_the_backward_pass_are_those_of_autograd(page):
    p, H = page.values["p"], page.values["H"]
    x_t, h_prev, delta = (page.values[name] for name in ("x_t", "h_prev", "delta_t"))
    x, h, W_x, W_h, b, b_hn = (torch.tensor(a, requires_grad=True) for a in (x_t, h_prev, *p))
    a_x, a_h = (x @ W_x + b).split(H, dim=1), (h @ W_h).split(H, dim=1)
    r, z = torch.sigmoid(a_x[0] + a_h[0]), torch.sigmoid(a_x[1] + a_h[1])
    q = a_h[2] + b_hn
    a_n = a_x[2] + r * q
    n = torch.tanh(a_n)
    h_t = (1 - z) * n + z * h
    wanted = torch.autograd.grad(h_t, (a_x[0], a_x[1], a_n, q, h), torch.tensor(delta))
    r, z, n, q = (a.detach().numpy() for a in (r, z, n, q))
    da_n = delta * (1 - z) * (1 - n**2)
    da_z = delta * (h_prev - n) * z * (1 - z)
    dq, da_r = da_n * r, da_n * q * r * (1 - r)
    dh = delta * z + np.hstack([da_r, da_z, dq]) @ p.W_h.T
    for ours, theirs in zip((da_r, da_z, da_n, dq, dh), wanted, strict=True):
        np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-9, atol=1e-12)


def test_an_untrained_gru_forgets_faster_than_an_orthogonal_tanh_network(page):
    left = {name: values[1] for name, values in page.values["left"].items()}
    assert left["GRU, b_z = 0"] < 1e-3 * left["tanh, orthogonal"]
    assert left["tanh, PyTorch's start"] < left["GRU, b_z = 0"]
    assert left["GRU, b_z = 0"] < 1e-9  # "nearly nothing"


def test_parameters_are_counted_right_and_memory_is_what_the_caches_keep(page):
    D, H = 64, 128
    counted = {name: n for name, (n, _, _) in page.values["measured"].items()}
    assert counted == {"tanh": H * (D + H + 1), "GRU": 3 * H * (D + H + 1) + H, "LSTM": 4 * H * (D + H + 1)}
    assert counted["GRU"] / counted["LSTM"] == pytest.approx(0.75, abs=0.01)  # "a quarter"
    kept = {name: mb for name, (_, _, mb) in page.values["measured"].items()}
    assert kept["GRU"] == pytest.approx(4 * 32 * (50 * (D + 4 * H) + 51 * H) / 1e6, rel=0.02)
    assert kept["GRU"] / kept["LSTM"] == pytest.approx(0.75, abs=0.04)  # "a quarter less"
    for kind, k in ((torch.nn.RNN, 1), (torch.nn.GRU, 3), (torch.nn.LSTM, 4)):
        assert sum(array.numel() for array in kind(D, H).parameters()) == k * H * (D + H + 2)


def test_a_cell_counts_and_a_mean_cannot(page):
    assert "LSTM: c = 50.00" in page.printed
    states = [float(h) for h in re.findall(r"^GRU, z = .*: h = (.*)$", page.printed, re.M)]
    assert len(states) == 3
    assert max(states) <= 1
    rng = np.random.default_rng(0)
    wild = GRUParams(*(rng.normal(0, 10, array.shape) for array in init.init_gru(3, 8, rng)))
    h, _ = gru.gru_forward(rng.normal(0, 10, (4, 50, 3)), np.zeros((4, 8)), wild)
    assert np.abs(h).max() <= 1
    params = init.init_lstm(3, 8, rng)
    cell = lstm.lstm_forward(10 * np.ones((1, 50, 3)), np.zeros((1, 8)), np.zeros((1, 8)), params)[1]
    assert np.abs(cell).max() > 1


def test_padding_that_is_reversed_first_changes_the_states_and_within_the_length_does_not(page):
    assert number_after(page, "whole rows:") > 0.05
    assert number_after(page, "within the length:") == 0
    assert np.abs(page.values["within"] - page.values["alone"]).max() < 1e-12
    turned = page.values["turned"]
    assert turned["as typed"].shape[1] - page.values["lengths"][0] == 5  # "five steps of padding"


def test_the_tagger_with_whole_rows_errs_more_often_alone(page):
    found = re.findall(r"^(whole rows|own lengths): batch (\S+)%, alone (\S+)%$", page.printed, re.M)
    right = {name: (float(batch), float(alone)) for name, batch, alone in found}
    batch, alone = right["whole rows"]
    assert batch > 99.5
    assert 97 < alone < batch - 0.3
    assert right["own lengths"][0] == right["own lengths"][1] > 99


def test_the_bug_passes_its_test_and_fails_with_the_trained_weights(page):
    library, colleague = (number_after(page, f"{name}:") for name in ("library", "colleague"))
    assert library < 0.04
    assert colleague > 1 / 6
    assert f"{1 / 6:.3f}" == "0.167"
    net = page.values["adder"]
    turned = page.values["squared_error"](page.values["colleague"], net._replace(rnn=gru.mirrored(net.rnn)))
    assert turned == pytest.approx(library, abs=5e-4)  # "with mirrored weights … gives the library's error"


def test_the_corrected_line_of_the_bug_is_the_step_of_the_library(page):
    (code,) = (code for code in page.cells if "def colleague" in code)
    wrong, right = "h_t = h_prev + z * (n - h_prev)", "h_t = n + z * (h_prev - n)"
    assert f"<del>`{wrong}`</del>" in page.text
    assert f"`{right}` (**right**" in page.text
    values = dict(page.values)
    exec(code.replace(wrong, right), values)
    state, inputs, adder = (page.values[name] for name in ("state", "inputs", "adder"))
    np.testing.assert_allclose(values["colleague"](inputs, state, adder.rnn), gru.gru_step(inputs, state, adder.rnn)[0])
    assert not np.allclose(
        page.values["colleague"](inputs, state, adder.rnn), values["colleague"](inputs, state, adder.rnn)
    )


def test_the_choices_of_the_first_question_are_calculated_right(page):
    h, r, z, q, x_n = 0.5, 0.5, 0.8, 0.6, 0.2
    n = np.tanh(x_n + r * q)
    wanted = {
        "drops-the-old-state": (1 - z) * n,
        "takes-the-other-convention": z * n + (1 - z) * h,
        "resets-the-whole-sum": (1 - z) * np.tanh(r * (x_n + q)) + z * h,
        "right": (1 - z) * n + z * h,
        "resets-nothing": (1 - z) * np.tanh(x_n + q) + z * h,
    }
    assert choices(page, 1) == [(f"{value:.3f}", name) for name, value in wanted.items()]


def test_the_choices_of_the_second_question_are_the_largest_widths(page):
    D, P = 10, 1880

    def widest(blocks, biases):
        return max(H for H in range(1, 200) if blocks * H * (D + H) + biases * H <= P)

    wanted = {
        "counts-two-biases": widest(3, 6),
        "right": widest(3, 4),
        "counts-gates-only": widest(2, 3),
        "forgets-the-blocks": widest(1, 2),
    }
    assert choices(page, 2) == [(str(H), name) for name, H in wanted.items()]
    assert init.count_parameters(init.init_gru(D, 20, np.random.default_rng(0))) == P
    assert 3 * 20 * (D + 20) + 6 * 20 == 1920


def test_the_choices_of_the_third_question_are_calculated_right(page):
    f, c_prev, dc = 0.9, 2, 0.5
    wanted = {
        "right": dc * c_prev * f * (1 - f),
        "takes-tanh-prime-for-the-gates": dc * c_prev * (1 - f**2),
        "forgets-sigma-prime": dc * c_prev,
    }
    assert choices(page, 3) == [(f"{value:.3g}", name) for name, value in wanted.items()]


def test_the_tanh_network_is_the_gru_without_its_gates(page):
    plain, drawn = page.values["plain"], page.values["drawn"]
    x = np.random.default_rng(0).normal(size=(2, 7, 3))
    h_0 = np.zeros((2, page.values["H"]))
    corner, _ = page.values["fixed"](drawn, {"r": 1000, "z": -1000})
    np.testing.assert_allclose(gru.gru_forward(x, h_0, corner)[0], rnn.rnn_forward(x, h_0, plain)[0])


@pytest.fixture(scope="module")
def stored_errors():
    """Return the held-out errors of every network of the fair comparison, one a seed, and the settings of all."""
    stored = storage.load("equal-size")
    settings = equal_size.EqualSizeSettings(**stored.settings)
    names = equal_size.contenders(settings)
    errors = {name: np.array([run.outcome.figures[f"{name} error"] for run in stored.runs]) for name in names}
    return SimpleNamespace(of=errors, settings=settings, stored=stored)


def test_on_the_adding_problem_gated_cells_are_below_a_tenth_of_tanh_at_either_size(stored_errors):
    errors = stored_errors.of
    for name in ("adding tanh", "adding tanh wide"):
        assert len(errors[name]) == 3
        assert errors[name].min() > 0.95 / 6  # "at the height of an answer that remembers nothing"
        assert errors[name].max() < 1.1 / 6
    for name in ("adding gru", "adding gru wide", "adding lstm"):
        assert errors[name].max() < 0.1 / 6  # "below a tenth of that height"


def test_on_the_copy_problem_tanh_is_at_the_height_of_no_memory_and_the_gated_cells_below(stored_errors):
    errors, (no_memory, *_) = stored_errors.of, copying.baselines(stored_errors.settings.wait)
    for name in ("copying tanh", "copying tanh wide"):
        assert errors[name].min() > 0.99 * no_memory
        assert errors[name].max() < 1.02 * no_memory  # "or a little above"
    for name in ("copying gru", "copying gru wide", "copying lstm"):
        assert errors[name].max() < 0.98 * no_memory
        assert errors[name].min() > 0.3 * no_memory  # "stopped long before its end"
        assert 0.01 < errors["copying tanh"].mean() - errors[name].mean() < 0.1  # "a few hundredths of a nat"


def test_the_order_of_the_gated_cells_turns_over_with_the_task(stored_errors):
    for wide in ("", " wide"):
        assert stored_errors.of[f"adding gru{wide}"].max() < stored_errors.of["adding lstm"].min()  # every start
        assert stored_errors.of[f"copying gru{wide}"].min() > stored_errors.of["copying lstm"].max()  # every start


def test_at_equal_parameters_tanh_is_twice_as_wide_and_the_gru_a_little(stored_errors):
    for line in equal_size.sizes(stored_errors.stored.runs, stored_errors.settings):
        ratio = line.hidden / stored_errors.settings.hidden
        assert ratio == 1 or ratio == pytest.approx({"tanh": 2, "GRU": 1.15}[line.label], abs=0.15)


def test_with_32_units_a_pass_of_the_gru_takes_about_as_long_as_one_of_the_lstm(stored_errors):
    lines = equal_size.sizes(stored_errors.stored.runs, stored_errors.settings)
    ms = {(line.task, line.label): line.milliseconds for line in lines if line.hidden == 32}
    for task in ("adding", "copying"):
        assert 0.85 < ms[task, "GRU"] / ms[task, "LSTM"] < 1.15


def test_at_equal_parameters_the_gru_keeps_less_and_takes_no_less_time(stored_errors):
    lines = equal_size.sizes(stored_errors.stored.runs, stored_errors.settings)
    for task in ("adding", "copying"):
        gru_line = max(
            (line for line in lines if (line.task, line.label) == (task, "GRU")), key=lambda line: line.hidden
        )
        (lstm_line,) = (line for line in lines if (line.task, line.label) == (task, "LSTM"))
        assert gru_line.parameters == pytest.approx(lstm_line.parameters, rel=0.03)
        assert gru_line.kilobytes < 0.9 * lstm_line.kilobytes
        assert gru_line.milliseconds > 0.8 * lstm_line.milliseconds  # "about as long or longer"
