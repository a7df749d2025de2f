import warnings

import matplotlib
import numpy as np
import pytest

from course_lib.plots import gates, retention, style

matplotlib.use("agg")

UP = np.array([True, False, True])
DAY = {
    "gates": {"i": np.array([0.9, 0.1, 0.8]), "f": np.array([0.0, 1.0, 1.0]), "o": np.array([0.0, 0.0, 1.0])},
    "c": np.array([0.5, 0.5, 0.9]),
    "events": {"i": ("bought", UP), "f": ("new", ~UP), "o": ("total", UP)},
}
FIGURES = {
    "gates": lambda: gates.gates_over_steps(**DAY),
    "retention": lambda: retention.share_kept({"bias 0": 0.5 ** np.arange(1, 9), "bias 3": np.ones(8)}),
}


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_has_labelled_axes_and_draws_without_a_warning(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = FIGURES[name]()
        figure.canvas.draw()
    assert all(axes.get_xlabel() and axes.get_ylabel() for axes in figure.axes)


def test_each_gate_has_its_own_panel_and_its_own_colour():
    figure = FIGURES["gates"]()
    wanted = {"i": style.INPUT_GATE, "f": style.FORGET, "o": style.OUTPUT_GATE}
    for axes, (gate, colour) in zip(figure.axes, wanted.items(), strict=False):
        assert [bar.get_height() for bar in axes.patches] == DAY["gates"][gate].tolist()
        assert {matplotlib.colors.to_hex(bar.get_facecolor()) for bar in axes.patches} == {colour.lower()}
        assert DAY["events"][gate][0] in axes.get_title()
    assert matplotlib.colors.to_hex(figure.axes[3].lines[0].get_color()) == style.CELL.lower()


def test_a_triangle_stands_over_every_step_where_the_flag_is_up_and_over_no_other():
    figure = FIGURES["gates"]()
    marked = [axes.lines[0].get_xdata().tolist() for axes in figure.axes[:3]]
    assert marked == [[1, 3], [2], [1, 3]]


def test_steps_count_from_1_and_the_cell_stands_below_its_gates():
    figure = FIGURES["gates"]()
    np.testing.assert_array_equal(figure.axes[3].lines[0].get_xydata(), [[1, 0.5], [2, 0.5], [3, 0.9]])
    figure.canvas.draw()
    heights = [axes.get_position().y0 for axes in figure.axes]
    assert heights == sorted(heights, reverse=True)


def test_all_of_the_cell_is_there_before_the_first_step():
    axes = FIGURES["retention"]().axes[0]
    np.testing.assert_allclose(axes.lines[0].get_xydata()[:3], [[0, 1], [1, 0.5], [2, 0.25]])
    np.testing.assert_allclose(axes.lines[2].get_ydata(), 0.5)  # the line at one half


def test_names_of_gate_panels_are_large_enough_for_a_phone():
    figure = FIGURES["gates"]()
    on_phone = 350 / (figure.get_figwidth() * 72)  # pixels a point where the page is 350 pixels wide
    assert min(axes.title.get_size() for axes in figure.axes) * on_phone > 11
