"""One dot a seed: results of several networks with their spread (chapter 05)."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from course_lib.plots.style import FONT_SIZE, LINES, QUIET, new_figure

MARKERS = ("o", "s", "^", "D")


def results_by_seed(
    panels: Mapping[str, Mapping[str, Sequence[float]]], what: str, lines: Mapping[str, float] | None = None
) -> Figure:
    """Draw a dot for every seed of every network, the networks side by side.

    Results that differ more than tenfold stand on a logarithmic axis.

    Parameters
    ----------
    panels : mapping from a title to a mapping from a network's name to a sequence of float, above 0
        One result a seed. Panels stand one below the other, on the same axes.
    what : str
        The result, with its unit.
    lines : mapping from a name to a float, above 0, optional
        Heights to compare with.
    """
    figure, axes_of = new_figure(4.8, 0.8 + 2.4 * len(panels), n_rows=len(panels))
    everything = [value for networks in panels.values() for values in networks.values() for value in values]
    heights = [*everything, *(lines or {}).values()]
    logarithmic = max(heights) > 10 * min(heights)
    apart = 1.6 if logarithmic else 1.05  # from the outermost dots to the edges, as a factor
    for axes, (title, networks) in zip(axes_of, panels.items(), strict=True):
        for place, (values, (colour, _), marker) in enumerate(zip(networks.values(), LINES, MARKERS, strict=False)):
            across = place + np.linspace(-0.12, 0.12, len(values)) if len(values) > 1 else np.array([place])
            axes.plot([place, place], [min(values), max(values)], color=QUIET, linewidth=0.8)
            axes.plot(across, values, marker, color=colour, markersize=6)
        for name, height in (lines or {}).items():
            axes.axhline(height, color=QUIET, linewidth=0.8, linestyle="--")
            axes.text(
                1.02, height, name, transform=axes.get_yaxis_transform(), va="center", color=QUIET, fontsize=FONT_SIZE
            )
        axes.set_yscale("log" if logarithmic else "linear")
        axes.set(title=title, xlabel="network", ylabel=what, ylim=(min(heights) / apart, apart * max(heights)))
        axes.set(xticks=range(len(networks)), xticklabels=list(networks), xlim=(-0.5, len(networks) - 0.5))
    return figure
