"""The numbers in the text of chapter 00 are those that its own cells and the library compute."""

import contextlib
import io
import re
from types import SimpleNamespace

import numpy as np
import pytest

from course_lib.nn import cross_entropy, cross_entropy_backward, softmax

CELL = re.compile(r"```\{code-cell\} ipython3\n(?:---\n.*?\n---\n)?(.*?)```", re.S)


@pytest.fixture(scope="module")
def page(root):
    """Return the text of the page, what its cells leave behind, and what they print."""
    text = (root / "book" / "00-refresher.md").read_text()
    values: dict = {}
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        for code in CELL.findall(text):
            exec(code, values)  # the cells of our own page, in order, as a reader runs them
    return SimpleNamespace(text=text, values=values, printed=printed.getvalue())


def test_the_worked_unit_is_calculated_right(page):
    a = 1 * 0.5 + 0.2 * 0.8 + 0.1
    h = np.tanh(a)
    da = (h - 1) * (1 - h**2)
    lines = [
        rf"a &= 1 \cdot 0.5 + 0.2 \cdot 0.8 + 0.1 = {a:.3f}\\",
        rf"h &= \tanh({a:.3f}) = {h:.3f}\\",
        rf"L &= \tfrac12 ({h:.3f} - 1)^2 = {0.5 * (h - 1) ** 2:.4f}",
        rf"\mathrm dh &= {h:.3f} - 1 = {h - 1:.3f}\\",
        rf"\mathrm da &= \mathrm dh \,(1 - {h:.3f}^2) = {da:.3f}\\",
        rf"\mathrm dw_1 &= \mathrm da \cdot 1 = {da:.3f}\\",
        rf"\mathrm dw_2 &= \mathrm da \cdot 0.2 = {0.2 * da:.3f}",
    ]
    assert [line for line in lines if line not in page.text] == []
    change = page.values["unit_loss"](0.801) - page.values["unit_loss"](0.8)
    assert change == pytest.approx(0.001 * 0.2 * da, rel=0.01)
    assert f"(b) −{abs(change):.6f}" in page.text


def test_the_worked_probabilities_loss_and_gradient_are_those_of_the_library(page):
    s = np.array([[2.0, 1.0, 0.0]])
    loss, cache = cross_entropy(s, np.array([1]))
    row = "({:.3f}, {:.3f}, {:.3f})"
    assert f"softmax gives $p = {row.format(*softmax(s)[0])}$" in page.text
    assert rf"\ell = -\ln {softmax(s)[0, 1]:.3f} = {loss:.3f}" in page.text
    assert f"gradient is ${row.format(*cross_entropy_backward(cache)[0])}$" in page.text.replace("\n", " ")


def test_the_choices_of_the_first_question_are_calculated_right(page):
    p = softmax(np.array([2.0, 1.0, 0.0]))
    ds = p - [0, 0, 1]
    choices = [ds / 4, ds, -ds / 4]
    for choice in choices:
        title = ", ".join(f"{value:.3f}" for value in choice).replace("-", "−")
        assert f":::{{dropdown}} ({title})" in page.text
    assert f"(0, 0, −{1 / p[2] / 4:.3f})" in page.text


def test_a_wrong_gradient_trains_as_the_text_says(page):
    wrong, right = page.values["losses"]["colleague"], page.values["losses"]["library"]
    assert max(wrong[-1], right[-1]) < 0.02
    assert np.argmax(wrong < 0.1) > np.argmax(right < 0.1)  # a little later
    shares = [float(share) for share in re.findall(r"new points right: ([\d.]+)%", page.printed)]
    assert shares[0] >= shares[1] > 98  # the colleague's is right on as many


def test_numeric_gradients_find_the_wrong_layer_and_clear_the_other(page):
    error_of = page.values["error_of"]
    assert max(error_of("head", name) for name in ("W", "b")) < 1e-9
    assert min(error_of("hidden", name) for name in ("W", "b")) > 1e-3


def test_the_best_distances_are_those_of_the_text_and_the_errors_rise_at_both_ends(page):
    sizes, errors = page.values["sizes"], page.values["errors"]
    best = {name: float(sizes[values.argmin()]) for name, values in errors.items()}
    wanted = {"central": 10**-5.5, "one-sided": 1e-8, "central, float32": 10**-2.5}
    assert best == pytest.approx(wanted, rel=1e-6)
    alt = re.search(r"alt: Mean error of a slope.*", page.text)[0]
    assert all(f"{h:.0e}".replace("e-0", "e-") in alt for h in best.values())
    for values in errors.values():
        assert min(values[0], values[-1]) > 1e3 * values.min()
    central, one_sided = errors["central"], errors["one-sided"]
    assert central[-1] / central[-5] == pytest.approx(1e4, rel=0.3)  # as h squared: h falls a hundredfold
    assert one_sided[-5] / one_sided[-9] == pytest.approx(1e2, rel=0.3)  # as h


def test_the_steep_direction_alone_decides_about_divergence(page):
    ends = {name: np.abs(path[-1]) for name, path in page.values["paths"].items()}
    assert ends["η = 0.21"][0] < 0.01 < 1 < ends["η = 0.21"][1]
    assert ends["η = 0.01"][0] > 0.5  # crawls
    assert ends["η = 0.1"][1] < 1e-12  # arrives in one step
    assert max(ends["η = 0.19"]) < 0.05
    zigzag = np.sign(page.values["paths"]["η = 0.19"][:, 1])
    assert (zigzag[1:] == -zigzag[:-1]).all()


def test_only_adam_does_not_notice_a_factor_in_the_loss(page):
    updates = page.values["updates"]
    plain, momentum, adam = (page.values[name] for name in ("plain", "momentum", "adam"))
    assert updates(plain, 1) > 2 * updates(momentum, 1)
    assert updates(plain, 1000) == updates(momentum, 1000) == "diverges"
    assert updates(adam, 1) == updates(adam, 1000)


def test_with_the_bug_a_larger_batch_moves_the_table_less(page):
    moved = [float(distance) for distance in re.findall(r", moved ([\d.]+)", page.printed)]
    wrong, right = moved[::2], moved[1::2]
    assert wrong[0] > 3 * wrong[1] > 9 * wrong[2]
    assert max(right) < 1.1 * min(right)
    losses = [float(loss) for loss in re.findall(r"loss ([\d.]+), moved", page.printed)]
    assert losses[4] > 5 * losses[5]
    ids = np.array([1, 1, 3])
    np.testing.assert_array_equal(page.values["table_gradient"](np.ones((3, 1)), ids, 5).ravel(), [0, 1, 0, 1, 0])
