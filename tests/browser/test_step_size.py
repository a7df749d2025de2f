"""The figure to play with on the page of chapter 00: what it draws and says is computed here once more."""

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from course_lib.nn import SGD

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("book")]

FIGURE = "step-size.html"

CENTRE, UNIT = 150, 115  # of the picture, in its own units


def drawn(page: Page) -> np.ndarray:
    """Return the points of the path, in units of the parameters."""
    numbers = re.findall(r"-?[\d.]+", page.locator("[data-path]").get_attribute("d") or "")
    x, y = np.array(numbers, dtype=float).reshape(-1, 2).T
    return np.column_stack([(x - CENTRE) / UNIT, (CENTRE - y) / UNIT])


def computed(eta: float, steep: float) -> np.ndarray:
    """Return the points that the library's gradient descent visits."""
    optimiser, theta = SGD(eta), (np.ones(2),)
    state, points = optimiser.init(theta), [theta[0]]
    for _ in range(30):
        theta, state = optimiser.step(theta, (np.array([1, steep]) * theta[0],), state)
        points.append(theta[0])
    return np.array(points)


def test_the_still_picture_is_what_the_script_draws_first(browser: Browser, page_file: Path, page: Page):
    context = browser.new_context(java_script_enabled=False)
    still = context.new_page()
    still.goto(page_file.as_uri())
    np.testing.assert_allclose(drawn(still), computed(0.1, 10), atol=1e-3)
    np.testing.assert_array_equal(drawn(still), drawn(page))
    assert still.locator(".verdict").text_content() == page.locator(".verdict").text_content()
    for name in ("rx", "ry"):
        ellipses = [[node.get_attribute(name) for node in tab.locator("ellipse").all()] for tab in (still, page)]
        assert ellipses[0] == ellipses[1]
    assert still.locator("input").count() == 0
    context.close()


def test_the_sliders_obey_the_keyboard_and_the_path_is_that_of_gradient_descent(page: Page):
    page.locator("input[name=eta]").focus()
    page.keyboard.press("ArrowRight")
    np.testing.assert_allclose(drawn(page), computed(0.11, 10), atol=1e-3)
    page.keyboard.press("Home")
    page.locator("input[name=steep]").focus()
    page.keyboard.press("ArrowLeft")
    np.testing.assert_allclose(drawn(page), computed(0.01, 9), atol=1e-3)


@pytest.mark.parametrize(
    ("eta", "steep", "said"),
    [
        (0.04, 10, "factor 0.60, converges;"),
        (0.1, 10, "factor 0.00, arrives in one step;"),
        (0.19, 10, "factor −0.90, converges from side to side;"),
        (0.1, 20, "factor −1.00, jumps for ever;"),
        (0.21, 10, "factor −1.10, diverges;"),
    ],
)
def test_the_sentence_says_what_the_steep_direction_does(page: Page, eta: float, steep: float, said: str):
    page.locator("input[name=eta]").fill(str(eta))
    page.locator("input[name=steep]").fill(str(steep))
    sentence = page.locator(".verdict").text_content() or ""
    assert said in sentence
    assert sentence.endswith(f"at {computed(eta, steep)[-1, 0]:.2f}")


def test_every_slider_has_a_name_to_be_read_aloud(page: Page):
    for text in ("step size η", "steep curvature λ"):
        assert page.get_by_label(text).count() == 1
