"""Forecasts beside what happened (chapter 01, the forecasting lab)."""

from collections.abc import Mapping

import numpy as np
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

from course_lib.plots.style import FONT_SIZE, LINES, new_figure


def forecast_lines(dates: np.ndarray, lines: Mapping[str, np.ndarray], unit: str) -> Figure:
    """Draw several series over the same days, the first of them what happened.

    Parameters
    ----------
    dates : ndarray of shape (N,), datetime64[D]
    lines : mapping from a name to an ndarray of shape (N,)
    unit : str
        Label of the vertical axis, with its unit.
    """
    figure, (axes,) = new_figure()
    for (name, values), (colour, dash) in zip(lines.items(), LINES, strict=False):
        axes.plot(dates, values, color=colour, linestyle=dash, linewidth=1.4, label=name)
    locator = AutoDateLocator(maxticks=5)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    axes.set(xlabel="trading day", ylabel=unit)
    axes.legend(frameon=False, fontsize=FONT_SIZE)
    return figure
