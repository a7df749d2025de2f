"""One colour a thing, as in ``book/_static/course.css``, and one look for all figures."""

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INPUT = "#0072B2"
HIDDEN = "#000000"
CELL = "#E69F00"
FORGET = "#D55E00"
INPUT_GATE = "#009E73"
CANDIDATE = "#56B4E9"
OUTPUT_GATE = "#CC79A7"
QUIET = "#767676"
FONT_SIZE = 12  # points
# Lines that stand for no part of a network take these in order, each with its own dash.
LINES = ((HIDDEN, "-"), (FORGET, "--"), (INPUT, "-."), (INPUT_GATE, ":"))


def new_figure(
    width: float = 4.8, height: float = 3.0, n_rows: int = 1, n_columns: int = 1
) -> tuple[Figure, list[Axes]]:
    """Open a figure of panels, row by row; sizes in inches, small enough to read on a phone."""
    settings: Any = {"font.size": FONT_SIZE, "axes.spines.top": False, "axes.spines.right": False}
    with plt.rc_context(settings):
        figure, axes = plt.subplots(n_rows, n_columns, figsize=(width, height), layout="constrained", squeeze=False)
    for panel in axes.flat:
        panel.tick_params(labelsize=FONT_SIZE)  # ticks are made later, outside the context
    # A closed figure is shown once, by being the value of a cell, and not a second time by the kernel.
    plt.close(figure)
    return figure, list(axes.flat)
