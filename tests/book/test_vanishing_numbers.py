"""The numbers in the text of chapter 03 are those that its own cells, the library and the stored results compute."""

import contextlib
import io
import re
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from course_lib.data import adding, temporal_order
from course_lib.experiments import cliff, cures, storage
from course_lib.nn import init, optim, spectra

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("chapter-03")]

CELL = re.compile(r"```\{code-cell\} ipython3\n(?:---\n.*?\n---\n)?(.*?)```", re.S)


@pytest.fixture(scope="module")
def page(root):
    """Return the text of the page, its cells, what they leave behind, and what all of them print."""
    text = (root / "book" / "03-vanishing-gradients.md").read_text()
    values: dict = {}
    cells = CELL.findall(text)
    with contextlib.redirect_stdout(io.StringIO()) as said:
        for code in cells:
            exec(code, values)  # the cells of our own page, in order, as a reader runs them
    words = " ".join(text.split())  # whatever the line breaks are
    return SimpleNamespace(text=text, words=words, cells=cells, values=values, printed=said.getvalue())


def choices(page, number):
    """Return the titles of a question's choices, in order, each with the name of its mistake."""
    question = re.split(r"^\*\*\d\.\*\* |^\(vanishing-exercises\)=", page.text, flags=re.M)[number]
    return re.findall(r"^:::\{dropdown\} (.+)\n:class-container: choice choice-(\S+)", question, re.M)


def test_five_words_stand_between_the_boy_and_his_verb_and_none_in_the_other_sentence(page):
    far, near = (sentence.split() for sentence in re.findall(r"^> (.*사과했다)\.", page.text, re.M))
    assert (far[0], far[-1]) == ("소년은", "사과했다")
    assert len(far) - 2 == 5
    assert near[-2:] == ["소년이", "사과했다"]


def test_a_word_is_carried_over_twenty_words_and_not_over_forty(page):
    right = page.values["agreement"]
    assert list(right) == [2, 10, 20, 40]
    assert min(right[2], right[10], right[20]) > 0.95
    assert right[40] == pytest.approx(0.5, abs=0.04)


def test_both_plateaus_are_what_poor_answers_cost(page):
    x, y = adding.adding_batch(np.random.default_rng(0), 50_000, 4)
    first = np.sum(x[:, :2, 0] * x[:, :2, 1], axis=1)
    assert page.values["always_1"] == pytest.approx(np.mean((y - 1) ** 2), rel=0.03)
    assert page.values["one_number"] == pytest.approx(np.mean((first + 0.5 - y) ** 2), rel=0.03)
    assert r"\tfrac16 \approx 0.167" in page.text
    assert r"\tfrac{1}{12} \approx 0.083" in page.text


def test_the_adding_problem_is_learned_over_10_steps_and_not_over_40(page):
    ends = [float(end) for end in re.findall(r"^\d+ steps: (.*)$", page.printed, re.M)]
    assert ends[0] < 0.03
    assert ends[0] < ends[1] < 1 / 12
    assert ends[2] == pytest.approx(1 / 6, rel=0.05)


def test_the_longer_stored_run_does_no_better_than_always_answering_1(page):
    stored = storage.load("adding")
    assert (stored.settings["T"], stored.settings["hidden"], stored.settings["held_out"]) == (100, 64, 20_000)
    assert stored.settings["updates"] == 5 * 1000  # "five times as many updates"
    errors = [run.outcome.figures["error"] for run in stored.runs]
    assert len(errors) == 3
    assert min(errors) > 1 / 6
    assert f"{np.mean(errors):.4f}\n   from {min(errors):.4f} to {max(errors):.4f}" in page.printed


def test_nine_tenths_a_step_leave_less_than_a_hundredth():
    assert 0.9**50 < 0.01
    assert 1.1**50 > 100


def test_one_unit_with_tanh_vanishes_for_every_weight_and_fastest_for_the_largest(page):
    without, with_tanh = page.values["without"], page.values["with_tanh"]
    for name, products in with_tanh.items():
        h_0 = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
        h = h_0
        for _ in range(50):
            h = torch.tanh(float(name.removeprefix("w = ")) * h)
        (gradient,) = torch.autograd.grad(h, h_0)
        assert products[-1] == pytest.approx(gradient.item(), rel=1e-9)
    ends = {name: products[-1] for name, products in with_tanh.items()}
    assert max(ends.values()) == ends["w = 1.0"] == pytest.approx(0.12, abs=0.005)
    assert min(ends.values()) == ends["w = 2.0"] < 1e-30
    assert without["w = 2.0"][-1] == 2.0**50 == pytest.approx(1e15, rel=0.2)
    two = with_tanh["w = 2.0"]
    assert two.argmax() == 0  # the alt text: it rises for one step
    assert 1 + np.argmax(two < 1e-20) == 29  # and leaves the panel


def test_the_large_weight_drives_the_unit_to_rest_where_a_step_keeps_a_sixth():
    h = 0.3
    for _ in range(200):
        h = np.tanh(2 * h)
    assert f"{h:.4f}" == "0.9575"
    assert f"{2 * (1 - h**2):.3f}" == "0.166"


def test_the_product_of_jacobians_is_that_of_numeric_derivatives(page):
    errors = [float(error) for error in re.findall(r"^unit \d: (.*)$", page.printed, re.M)]
    assert len(errors) == 5
    assert max(errors) < 1e-6


def test_many_units_can_explode_through_tanh_and_do_not_have_to(page):
    linear_norms, tanh_norms, ends = (page.values[name] for name in ("linear_norms", "tanh_norms", "ends"))
    assert tanh_norms["ρ = 2.0"][-1] > 100
    for name in ("ρ = 1.5", "ρ = 2.0"):
        assert tanh_norms[name][-1] < 1e-10 * linear_norms[name][-1]
    for name in ("ρ = 0.9", "ρ = 1.0"):  # the alt text: as without tanh
        assert tanh_norms[name][-1] == pytest.approx(linear_norms[name][-1], rel=0.3)
    assert linear_norms["ρ = 0.9"][-1] == pytest.approx(1e-4, rel=0.5)
    assert linear_norms["ρ = 2.0"][-1] == pytest.approx(1e30, rel=5)
    assert min(ends[1.5]) < 0.1 < 100 < max(ends[1.5])
    assert min(ends[2.0]) > 100


def test_no_product_is_longer_than_the_bound(page):
    for rho in (0.4, 2.0):
        W, kept = page.values["products_of"](rho, seed=3)
        norms = np.array([spectra.largest_singular_value(J) for J in kept])
        bound = spectra.largest_singular_value(W) ** np.arange(1, len(kept) + 1)
        assert np.all(norms <= bound * (1 + 1e-9))
    assert spectra.largest_singular_value(page.values["products_of"](0.4, seed=3)[0]) < 1


def test_the_three_matrices_do_what_the_text_says(page):
    A, B, C = (np.array(rows, dtype=float) for rows in page.values["pairs"].values())
    powers = [spectra.growth(W, 199) for W in (A, B, C)]
    assert spectra.largest_singular_value(A) > 2
    assert np.all(np.diff(powers[0]) < 0)
    assert powers[1].argmax() == 8
    assert f"climbs to {powers[1].max():.0f} at the ninth power" in page.words
    assert powers[1][-1] == pytest.approx(3.5e-6, rel=0.02)
    assert spectra.spectral_radius(C) == 1
    assert np.all(np.diff(powers[2]) > 0)


def test_the_default_network_has_a_large_singular_value_and_vanishes(page):
    W, shares = page.values["default"].W_hh, page.values["default_shares"]
    assert f"{spectra.largest_singular_value(W):.2f}" == "1.15"
    assert f"{spectra.spectral_radius(W):.2f}" == "0.64"
    assert shares[-31] < 1e-6 * shares[-1]
    wide = init.uniform_rnn(1, 500, np.random.default_rng(0)).W_hh
    assert spectra.largest_singular_value(wide) == pytest.approx(2 / np.sqrt(3), rel=0.02)
    assert spectra.spectral_radius(wide) == pytest.approx(1 / np.sqrt(3), rel=0.04)
    assert (f"{2 / np.sqrt(3):.2f}", f"{1 / np.sqrt(3):.2f}") == ("1.15", "0.58")


def test_a_standard_deviation_of_a_hundredth_leaves_no_memory():
    for seed in range(5):
        W = np.random.default_rng(seed).normal(0, 0.01, (32, 32))
        assert spectra.largest_singular_value(W) == pytest.approx(0.1, abs=0.02)
        assert spectra.growth(W, 2)[-1] < 0.01


def test_the_error_falls_from_a_cliff_a_hundredth_wide(page):
    at = page.values["at"]
    lengths = dict(zip((-2.5, -2.4, -2.31, -2.3026, -2.3, -2.2, -2.1), np.hypot(at.dw, at.db), strict=True))
    assert lengths[-2.3026] > 100 * max(lengths[-2.5], lengths[-2.31], lengths[-2.1])
    assert [f"{error:.3f}" for error in (at.error[2], at.error[4])] == ["0.262", "0.001"]


def test_one_path_is_thrown_where_there_is_no_slope_and_the_clipped_one_arrives(page):
    thrown, clipped = page.values["paths"].values()
    same = np.isclose(thrown.w, clipped.w, rtol=0, atol=1e-9)[:, 0]
    assert same[:27].all()  # the start and 26 updates
    assert not same[27:].any()
    assert thrown.error[-1, 0] == pytest.approx(0.09, abs=0.005)
    assert clipped.error[-1, 0] < 1e-3
    there = cliff.slope(thrown.w[-1], thrown.b[-1], cliff.CliffSettings())
    assert np.hypot(there.dw, there.db)[0] < 0.01


def test_clipping_brings_two_fifths_of_the_starts_to_nine_tenths(page):
    solved = page.values["solved_by"]
    assert solved[np.inf] == pytest.approx(0.4, abs=0.05)
    assert solved[1.0] == pytest.approx(0.9, abs=0.03)
    assert solved[np.inf] < solved[0.1] < solved[1.0]
    stored = storage.load("cliff")
    figures = [run.outcome.figures for run in stored.runs]
    assert (stored.settings["starts"], len(figures)) == (5000, 3)
    for name in ("unclipped", "clipped"):
        shares = [figure[name] for figure in figures]
        assert f"\n{name}: {np.mean(shares):.1f} % ({min(shares):.1f} to {max(shares):.1f})\n" in page.printed


def test_arrays_clipped_alone_turn_the_gradient(page):
    turned = dict(re.findall(r"^(together|each alone) .*\n   turned by (\d+) degrees$", page.printed, re.M))
    assert int(turned["together"]) == 0
    assert int(turned["each alone"]) > 15
    assert page.values["norm"] == pytest.approx(13)


def test_an_orthogonal_matrix_keeps_gradients_only_near_zero(page):
    norms = page.values["orthogonal_norms"]
    assert norms[0] == pytest.approx(1)
    assert norms[0.5] < 1e-9
    assert list(norms.values()) == sorted(norms.values(), reverse=True)


def test_the_identity_start_solves_what_tanh_does_not_and_jumps_on_its_way(page):
    runs = storage.load("adding-identity").runs
    assert all(run.outcome.figures["error"] < 0.01 for run in runs)
    curves = [run.outcome.curves["loss"] for run in runs]
    waits = [50 * np.argmax(curve < 0.1) for curve in curves]
    assert min(waits) > 2500
    assert any(curve[np.argmax(curve < 0.1) :].max() > 1 / 6 for curve in curves)
    assert storage.load("adding").settings["point"] == page.values["every"] == 50


def test_the_penalty_alone_levels_the_shares(page):
    before, after = page.values["before"].share_norms, page.values["after"].share_norms
    assert before[-31] < 1e-6 * before[-1]
    assert 0.1 < after[-31] / after[-1] < 10
    assert before[1] < 1e-9 * before[-1]  # the alt text: more than nine powers of ten
    formula, later = map(float, re.search(r"Ω before (\S+), after (\S+)", page.printed).groups())
    squared = float(re.search(r"with squared norms: (\S+)", page.printed)[1])
    assert later < 0.02 * formula
    assert squared > 2 * formula  # formula and program are different penalties


def test_the_reservoir_in_the_middle_remembers_longest(page):
    lags, memory = page.values["lags"], page.values["memory"]
    half = {name: lags[shares > 0.5].max() for name, shares in memory.items()}
    assert max(half.values()) == half["ρ = 0.9"] < 30
    gone = {name: lags[np.argmax(shares < 0.03)] for name, shares in memory.items()}
    for name, lag in {"ρ = 0.5": 14, "ρ = 1.1": 31, "ρ = 0.9": 36}.items():  # the alt text
        assert gone[name] == pytest.approx(lag, abs=2)


def test_a_reservoir_of_radius_below_1_does_not_forget_its_start(page):
    ends = re.findall(r"ends at \[(.*)\]", page.printed)
    assert len(set(ends)) == 3
    assert "σ_max = 8.7, ρ = 0.8" in page.printed


def test_the_cures_end_where_the_text_says_and_cost_what_it_says(page):
    stored = storage.load("cures")
    lines = dict(zip(cures.CURES, page.values["lines"], strict=True))
    assert (stored.settings["T"], stored.settings["hidden"], stored.settings["updates"]) == (60, 64, 3000)
    assert (stored.settings["held_out"], len(stored.runs)) == (5000, 3)
    for name in ("plain", "plain unclipped", "truncated"):
        assert lines[name].lowest > 74
    for run in stored.runs:  # no gradient was ever long enough to be clipped
        curves = run.outcome.curves
        np.testing.assert_array_equal(curves["plain"], curves["plain unclipped"])
    solved = {name: line.solved for name, line in lines.items()}
    assert solved["orthogonal"] == solved["orthogonal unclipped"] == solved["identity"] == solved["reservoir"] == 3
    assert solved["identity unclipped"] == 1
    for run in stored.runs:  # two of the three "learn for a while, then lose it all"
        losses = run.outcome.curves["identity unclipped"]
        if run.outcome.figures["identity unclipped wrong"] > 1:
            assert losses.min() < 1
            assert losses[-1] == pytest.approx(np.log(4), rel=0.05)
    assert solved["omega"] == solved["omega unclipped"] == 2  # "most seeds"
    update = {name: line.seconds / line.updates for name, line in lines.items() if line.updates}
    assert 1.5 < update["omega"] / update["plain"] < 3
    assert (lines["reservoir"].parameters, lines["plain"].parameters) == (260, 4804)
    assert len(lines["reservoir"].chosen) == 4
    assert stored.runs[0].outcome.figures["reservoir tried"] == 36


def test_the_marks_of_the_one_task_stand_where_the_text_says():
    x, _ = temporal_order.temporal_order_batch(np.random.default_rng(0), 2000, 60)
    rows, steps = np.nonzero(x[:, :, temporal_order.DISTRACTORS :].any(axis=-1))
    first, second = 1 + steps.reshape(2000, 2).T
    assert (first.min(), first.max(), second.min(), second.max()) == (7, 12, 31, 36)
    assert np.bincount(rows).tolist() == [2] * 2000


def test_one_added_unit_with_a_valve_solves_a_thousand_steps(page):
    y = page.values["y"]
    assert np.mean((page.values["with_valve"] - y) ** 2) < 1e-20
    assert np.mean((page.values["open_valve"] - y) ** 2) > 1e5
    assert page.values["x"].shape[1] == 10 * storage.load("adding").settings["T"]


def test_the_bug_passes_its_test_and_loses_the_gradient_of_every_block(page):
    colleague, left_after = page.values["colleague"], page.values["left_after"]
    W = colleague(64, 4, np.random.default_rng(0))
    np.testing.assert_allclose(W @ W.T, np.eye(64), atol=1e-9)
    assert max(left_after(W, 4)) < 1e-10
    assert left_after(colleague(64, 1, np.random.default_rng(0)), 1)[0] == pytest.approx(1)
    values = np.linalg.svd(np.stack(np.split(W, 4, axis=1)), compute_uv=False)
    assert (f"{values.min():.2f}", f"{values.max():.2f}") == ("0.00", "0.87")


def test_the_corrected_lines_of_the_bug_give_blocks_that_fail_its_test(page):
    (code,) = (code for code in page.cells if "def colleague" in code)
    wrong, right = "drawn = rng.normal(size=(n * H, H))", "drawn = rng.normal(size=(H, H))"
    assert f"<del>`{wrong}`</del>" in page.text
    assert f"`{right}`, and all the lines after it once for each block" in page.text
    values = dict(page.values)
    exec(code.replace(wrong, right), values)
    rng = np.random.default_rng(0)
    W = np.concatenate([values["colleague"](64, 1, rng) for _ in range(4)], axis=1)
    np.testing.assert_allclose(values["left_after"](W, 4), 1)
    np.testing.assert_allclose(np.linalg.norm(W, axis=1), 2)  # "rows of length 2"
    assert not np.allclose(W @ W.T, np.eye(64))


def test_the_choices_of_the_first_question_are_calculated_right(page):
    w, h_0 = 1.5, 0.2
    h_1 = np.tanh(w * h_0)
    h_2 = np.tanh(w * h_1)
    assert f"$h_1 = {h_1:.3f}$ and $h_2 = {h_2:.3f}$" in page.words
    slopes = (1 - h_1**2) * (1 - h_2**2)
    wanted = {
        "does-not-square": w**2 * (1 - h_1) * (1 - h_2),
        "counts-w-once": w * slopes,
        "right": w**2 * slopes,
        "takes-the-state-before": w**2 * (1 - h_0**2) * (1 - h_1**2),
        "forgets-tanh-prime": w**2,
    }
    assert choices(page, 1) == [(f"{value:.3f}", name) for name, value in wanted.items()]


def test_the_choices_of_the_second_question_are_calculated_right(page):
    first, second = gradients = np.array([2.0, 2.0]), np.array([1.0])
    lengths = [np.linalg.norm(g) for g in gradients]
    clipped, norm = optim.clip_by_global_norm(gradients, 1.0)
    wanted = {
        "adds-the-norms": (first / sum(lengths), second / sum(lengths)),
        "right": clipped,
        "clips-each-array-alone": (first / lengths[0], second / lengths[1]),
        "clips-by-value": (np.minimum(first, 1), second),
    }
    said = [(tuple(float(n) for n in re.findall(r"[\d.]+", title)), name) for title, name in choices(page, 2)]
    assert said == [(tuple(np.concatenate(parts).round(3).tolist()), name) for name, parts in wanted.items()]
    assert norm == pytest.approx(3)
    assert np.linalg.norm(np.concatenate(wanted["clips-by-value"])) == pytest.approx(1.73, abs=0.005)


def test_the_choices_of_the_third_question_are_calculated_right(page):
    rng = np.random.default_rng(0)
    values = {name: rng.uniform(-0.9, 0.9, (1, 3)) for name in ("delta_t", "h_t", "h_prev")}
    values["W_hh"] = rng.normal(size=(3, 3))
    wanted = values["delta_t"] @ spectra.jacobian(values["h_t"], values["W_hh"])[0].T
    agrees = {name: np.allclose(eval(title.strip("`"), {}, values), wanted) for title, name in choices(page, 3)}
    assert [name for name, same in agrees.items() if same] == ["right"]
    assert len(agrees) == 4
