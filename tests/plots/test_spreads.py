import warnings

import matplotlib
import pytest

from course_lib.plots.spreads import results_by_seed

matplotlib.use("agg")

PANELS = {
    "equal width": {"tanh": [0.2, 0.1, 0.15], "GRU": [0.01, 0.02, 0.03]},
    "equal parameters": {"tanh": [0.2, 0.2, 0.2], "GRU": [0.01, 0.005, 0.05]},
}


@pytest.fixture
def figure():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = results_by_seed(PANELS, "error (squared)", {"1/6": 1 / 6})
        figure.canvas.draw()
    return figure


def test_every_seed_is_a_dot_over_the_name_of_its_network(figure):
    for axes, networks in zip(figure.axes, PANELS.values(), strict=True):
        assert [tick.get_text() for tick in axes.get_xticklabels()] == list(networks)
        dots = [line for line in axes.lines if line.get_marker() not in ("None", None, "")]
        for place, (line, values) in enumerate(zip(dots, networks.values(), strict=True)):
            assert list(line.get_ydata()) == values
            assert all(abs(x - place) < 0.5 for x in line.get_xdata())


def test_both_panels_have_the_same_scale_and_labels(figure):
    above, below = figure.axes
    assert above.get_ylim() == below.get_ylim()
    assert above.get_ylim()[0] < 0.005
    assert above.get_ylim()[1] > 0.2
    for axes, title in zip(figure.axes, PANELS, strict=True):
        assert axes.get_title() == title
        assert axes.get_ylabel() == "error (squared)"
        assert axes.get_xlabel()


def test_networks_differ_in_colour_and_in_mark(figure):
    dots = [line for line in figure.axes[0].lines if line.get_marker() not in ("None", None, "")]
    assert len({line.get_color() for line in dots}) == len({line.get_marker() for line in dots}) == 2


def test_the_line_to_compare_with_is_drawn_and_named(figure):
    for axes in figure.axes:
        assert [text.get_text() for text in axes.texts] == ["1/6"]
        assert any(set(line.get_ydata()) == {1 / 6} for line in axes.lines)


def test_one_seed_alone_stands_over_its_name():
    (axes,) = results_by_seed({"one": {"tanh": [0.1]}}, "error (squared)").axes
    assert axes.lines[1].get_xdata() == [0]


@pytest.mark.parametrize(("smallest", "scale"), [(0.019, "log"), (0.021, "linear")])
def test_results_that_differ_more_than_tenfold_stand_on_a_logarithmic_axis(smallest, scale):
    (axes,) = results_by_seed({"one": {"tanh": [0.2, 0.1], "GRU": [smallest]}}, "error (squared)").axes
    assert axes.get_yscale() == scale
    assert axes.get_ylim()[0] < smallest < 0.2 < axes.get_ylim()[1]
