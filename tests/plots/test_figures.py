import warnings

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

from course_lib.plots import (
    curves,
    descent,
    differences,
    forecast,
    gradients,
    language_model,
    length,
    plateaus,
    products,
    recall,
    sprites,
    style,
    surfaces,
    truncation,
)

matplotlib.use("agg")

DAYS = np.datetime64("2013-01-01") + np.arange(60)
FIGURES = {
    "loss curves": lambda: curves.loss_curves({"a": np.ones(9), "b": np.zeros(9)}, reference=("coin", 0.69)),
    "loss curves without a line": lambda: curves.loss_curves({"a": np.ones(9)}),
    "belief curves": lambda: curves.belief_curves({"an jago": np.array([0.5, 1]), "jago": np.array([0.2])}, "P"),
    "forecast": lambda: forecast.forecast_lines(DAYS, {"a": np.arange(60), "b": np.ones(60)}, "price (US dollars)"),
    "time": lambda: length.time_against_length(np.array([1, 4]), {"recurrent": np.array([1, 2.0])}),
    "differences": lambda: differences.error_against_h(np.array([0.1, 1]), {"central": np.array([1e-3, 0.1])}),
    "descent": lambda: descent.paths_in_a_valley(np.array([1.0, 10]), {"a": np.eye(2), "b": np.ones((9, 2))}),
    "shares": lambda: gradients.shares_by_lag({"untrained": 0.5 ** np.arange(9)}),
    "memory": lambda: truncation.memory_against_length(np.array([1, 4]), {"chunks": np.array([1, 1.0])}),
    "truncation": lambda: truncation.error_against_truncation(
        np.array([1, 20]), {"window": np.array([0.9, 0.1])}, {"window": np.array([0.9, 0.1])}
    ),
    "bits": lambda: language_model.bits_curve(np.linspace(4, 1, 40), {"best": 0.5}),
    "products": lambda: products.products_by_steps({"linear": {"w": 2.0 ** np.arange(9)}, "tanh": {"w": np.ones(9)}}),
    "surface": lambda: surfaces.paths_over_surface(
        np.arange(3), np.arange(2), np.full((2, 3), 0.2), {"clipped": (np.ones(4), np.zeros(4))}
    ),
    "plateaus": lambda: plateaus.errors_with_plateaus({"a": np.array([0.3, 0.1])}, 50, {"1/6": 1 / 6}),
    "recall": lambda: recall.recall_by_lag(np.arange(1, 5), {"a": 0.5 ** np.arange(4)}),
    "forgetting": lambda: length.forgetting({"a": 0.5 ** np.arange(30)}, "distance (norm)"),
}


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_has_labelled_axes_and_draws_without_a_warning(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = FIGURES[name]()
        figure.canvas.draw()
    assert isinstance(figure, Figure)
    for axes in figure.axes:
        assert axes.get_xlabel()
        assert axes.get_ylabel()


def test_sprites_are_drawn_over_their_captions():
    captions = ["cat", "dog", "cat", "dog"]
    figure = sprites.sprite_row(np.zeros((4, 16, 16)), captions)
    figure.canvas.draw()
    assert [axes.get_xlabel() for axes in figure.axes] == captions


def test_two_sentences_are_drawn_below_each_other_in_type_for_a_phone():
    figure = FIGURES["belief curves"]()
    figure.canvas.draw()
    first, second = (axes.get_position() for axes in figure.axes)
    assert first.y0 > second.y1
    on_phone = 350 / (figure.get_figwidth() * 72)  # pixels a point where the page is 350 pixels wide
    sizes = [label.get_size() for axes in figure.axes for label in (*axes.get_xticklabels(), axes.yaxis.label)]
    assert min(sizes) * on_phone > 11


def test_the_best_distance_of_each_estimate_is_marked():
    h, errors = np.array([1e-3, 1e-2, 1e-1]), {"a": np.array([3.0, 1, 2]), "b": np.array([1.0, 2, 3])}
    axes = differences.error_against_h(h, errors).axes[0]
    marked = [line.get_xdata()[0] for line in axes.lines if line.get_marker() == "o"]
    assert marked == [1e-2, 1e-3]


def test_the_first_step_stands_on_the_left_and_the_last_has_lag_0():
    axes = gradients.shares_by_lag({"a": np.array([1.0, 2, 3])}).axes[0]
    np.testing.assert_array_equal(axes.lines[0].get_xydata(), [[2, 1], [1, 2], [0, 3]])
    assert axes.xaxis_inverted()
    assert axes.lines[0].get_linestyle() == "--"  # a gradient is drawn dashed


def test_what_was_measured_is_marked_on_the_line_of_its_formula():
    K, measured, formula = np.array([1, 10]), {"a": np.array([0.5, 0.25])}, {"a": np.array([0.4, 0.2])}
    line, marks = truncation.error_against_truncation(K, measured, formula).axes[0].lines
    assert (line.get_marker(), marks.get_linestyle()) == ("None", "None")
    np.testing.assert_allclose(line.get_ydata(), [40, 20])
    np.testing.assert_allclose(marks.get_ydata(), [50, 25])


def test_panels_of_products_share_their_axes_so_that_they_can_be_compared():
    above, below = products.products_by_steps(
        {"linear": {"w": np.array([2.0, 4, 8])}, "tanh": {"w": np.array([1.0, 0.1, 1e-9])}}, smallest=1e-6
    ).axes
    assert above.get_ylim() == below.get_ylim() == (1e-6, 80)
    np.testing.assert_array_equal(below.lines[0].get_xydata(), [[1, 1], [2, 0.1], [3, 1e-9]])
    assert (above.get_title(), below.get_title()) == ("linear", "tanh")


def test_a_path_over_the_surface_is_drawn_in_full_and_the_surface_keeps_its_size():
    w, b = np.array([4.0, 5.0]), np.array([-2.0, -1.0])
    far = (np.array([4.5, 60.0]), np.array([-1.5, 80.0]))
    axes = surfaces.paths_over_surface(w, b, np.full((2, 2), 0.3), {"thrown": far}).axes[0]
    np.testing.assert_array_equal(axes.lines[0].get_xydata(), [[4.5, -1.5], [60, 80]])
    np.testing.assert_array_equal(axes.lines[1].get_xydata(), [[4.5, -1.5]])  # the cross at the start
    assert (axes.get_xlim(), axes.get_ylim()) == ((4, 5), (-2, -1))


def test_two_paths_can_be_seen_where_they_are_one():
    path = np.ones(4), np.zeros(4)
    axes = surfaces.paths_over_surface(np.arange(3), np.arange(2), np.zeros((2, 3)), {"a": path, "b": path}).axes[0]
    first, second = axes.lines[0], axes.lines[2]
    assert first.get_markerfacecolor() == "none"
    assert first.get_markersize() > second.get_markersize()


def test_larger_errors_are_darker_and_three_shades_are_named():
    figure = FIGURES["surface"]()
    shades = {text.get_text(): patch for patch, text in _legend(figure) if text.get_text().startswith("error")}
    brightness = [sum(patch.get_facecolor()[:3]) for patch in shades.values()]
    assert list(shades) == ["error 0.03", "error 0.2", "error 0.5"]
    assert brightness == sorted(brightness, reverse=True)


def _legend(figure):
    legend = figure.legends[0]
    return zip(legend.legend_handles, legend.get_texts(), strict=True)


def test_an_error_stands_at_the_last_update_of_its_mean_and_a_plateau_at_its_height():
    axes = plateaus.errors_with_plateaus({"a": np.array([0.3, 0.1])}, 50, {"1/12": 1 / 12}).axes[0]
    np.testing.assert_array_equal(axes.lines[0].get_xydata(), [[50, 0.3], [100, 0.1]])
    np.testing.assert_allclose(axes.lines[1].get_ydata(), 1 / 12)
    assert [text.get_text() for text in axes.texts] == ["1/12"]


def test_means_leave_out_a_last_window_that_is_not_full():
    np.testing.assert_array_equal(plateaus.means_of(np.array([1.0, 3, 5, 7, 100]), 2), [2, 6])


def test_recall_is_drawn_against_its_lags():
    axes = recall.recall_by_lag(np.array([1, 5]), {"a": np.array([1.0, 0.25])}).axes[0]
    np.testing.assert_array_equal(axes.lines[0].get_xydata(), [[1, 1], [5, 0.25]])


def test_bits_are_means_over_a_window_of_updates():
    axes = language_model.bits_curve(np.array([4.0, 2, 0]), {"best": 0.5}, window=2).axes[0]
    np.testing.assert_allclose(axes.lines[0].get_xydata(), [[2, 3], [3, 1]])
    np.testing.assert_allclose(axes.lines[1].get_ydata(), 0.5)


def test_a_path_is_drawn_in_full_and_its_panel_does_not_stretch_to_hold_it():
    path = np.array([[1.0, 1.0], [0.5, -50.0]])
    axes = descent.paths_in_a_valley(np.array([1.0, 10]), {"diverges": path}).axes[0]
    np.testing.assert_array_equal(axes.lines[0].get_xydata(), path)
    assert axes.get_ylim() == (-1.3, 1.3)
    assert axes.get_title() == "diverges"


def test_a_figure_is_shown_once_and_not_kept_open():
    import matplotlib.pyplot as plt

    curves.loss_curves({"a": np.ones(3)})
    assert plt.get_fignums() == []


def test_lines_differ_in_dash_as_well_as_in_colour():
    colours, dashes = zip(*style.LINES, strict=True)
    assert len(set(colours)) == len(set(dashes)) == len(style.LINES)


def test_colours_are_those_of_the_style_sheet(root):
    css = (root / "book" / "_static" / "course.css").read_text()
    for name in ("input", "hidden", "cell", "forget", "input-gate", "candidate", "output-gate"):
        assert f"--course-{name}: {getattr(style, name.upper().replace('-', '_'))};" in css


def test_captions_and_words_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="must be 2, one a picture, got 1"):
        sprites.sprite_row(np.zeros((2, 16, 16)), ["cat"])
    with pytest.raises(ValueError, match="each of 2 words, got 3"):
        curves.belief_curves({"an jago": np.ones(3)}, "P")
    with pytest.raises(ValueError, match=r"must have the names \['a'\], got \['b'\]"):
        truncation.error_against_truncation(np.array([1]), {"a": np.ones(1)}, {"b": np.ones(1)})
