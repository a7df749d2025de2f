"""The figure to play with on the page of chapter 01: its numbers are recomputed by the library."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from course_lib.nn import rnn_forward
from course_lib.params import RNNParams

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("book")]

FIGURE = "one-unit.html"


def shown(page: Page) -> list[float]:
    """Return the three states as the figure prints them."""
    texts = [page.locator(f"[data-value=h{t}]").text_content() or "" for t in (1, 2, 3)]
    return [float(text.replace("−", "-")) for text in texts]


def computed(w_xh: float = 0.5, w_hh: float = 0.8, b: float = 0.1, x: tuple[float, ...] = (1, -1, 2)) -> np.ndarray:
    params = RNNParams(np.array([[w_xh]]), np.array([[w_hh]]), np.array([b]))
    return rnn_forward(np.array(x, dtype=float).reshape(1, -1, 1), np.array([[0.2]]), params)[0].ravel()


def test_the_figure_starts_with_the_worked_numbers(page: Page):
    np.testing.assert_allclose(shown(page), computed(), atol=5e-4)


def test_the_still_picture_shows_the_worked_numbers_without_scripts(browser: Browser, page_file: Path):
    context = browser.new_context(java_script_enabled=False)
    still = context.new_page()
    still.goto(page_file.as_uri())
    np.testing.assert_allclose(shown(still), computed(), atol=5e-4)
    assert still.locator("input").count() == 0
    context.close()


def test_every_slider_obeys_the_keyboard_and_changes_the_states(page: Page):
    for name, start in {"w_xh": 0.5, "w_hh": 0.8, "b": 0.1}.items():
        page.locator(f"input[name={name}]").focus()
        page.keyboard.press("ArrowRight")
        np.testing.assert_allclose(shown(page), computed(**{name: start + 0.1}), atol=5e-4)
        page.keyboard.press("ArrowLeft")
    page.locator("input[name=x2]").focus()
    page.keyboard.press("Home")
    np.testing.assert_allclose(shown(page), computed(x=(1, -3, 2)), atol=5e-4)


def test_without_a_recurrent_weight_the_first_input_does_not_reach_the_last_state(page: Page):
    page.locator("input[name=w_hh]").fill("0")
    page.locator("input[name=x1]").fill("-3")
    np.testing.assert_allclose(shown(page), computed(w_hh=0, x=(-3, -1, 2)), atol=5e-4)
    assert shown(page)[2] == pytest.approx(computed(w_hh=0)[2], abs=5e-4)


def test_the_button_goes_back_to_the_worked_numbers_and_says_so(page: Page):
    page.locator("input[name=b]").fill("-2")
    page.get_by_role("button").click()
    np.testing.assert_allclose(shown(page), computed(), atol=5e-4)
    assert "h1 = 0.641, h2 = 0.112, h3 = 0.831" in (page.locator(".verdict").text_content() or "")


def test_every_slider_has_a_name_to_be_read_aloud(page: Page):
    for text in ("input weight wxh", "state weight whh", "bias bh", "input x1", "input x2", "input x3"):
        assert page.get_by_label(text).count() == 1
