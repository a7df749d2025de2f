"""A cliff in an error surface, and the paths of gradient descent at it (chapter 03)."""

from collections.abc import Mapping

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from course_lib.plots.style import FONT_SIZE, FORGET, INPUT, new_figure

LEVELS = np.linspace(0, 0.5, 11)
NAMED = (0.025, 0.225, 0.475)
"""Errors whose shades stand beside the figure: the middles of three of the levels."""
# The first path is drawn in hollow marks, so that the second can be seen where both are one.
PATHS = ((FORGET, "o", 7, "none"), (INPUT, "s", 3, INPUT))


def paths_over_surface(
    w: np.ndarray, b: np.ndarray, error: np.ndarray, paths: Mapping[str, tuple[np.ndarray, np.ndarray]]
) -> Figure:
    """Draw the error over two parameters, darker where it is larger, and up to two paths over it.

    Parameters
    ----------
    w : ndarray of shape (N,)
    b : ndarray of shape (M,)
    error : ndarray of shape (M, N), in [0, 0.5]
    paths : mapping from a name to w and b of each update, two ndarrays of shape (updates + 1,)
        A cross stands at the start of each. What lies beyond the surface is left out.
    """
    figure, (axes,) = new_figure(height=4.6)
    greys = matplotlib.colormaps["Greys"].resampled(256)
    axes.contourf(w, b, error, LEVELS, cmap=greys, vmin=0, vmax=0.8)
    shades = [Patch(facecolor=greys(e / 0.8), edgecolor="black", label=f"error {e:.1g}") for e in NAMED]
    for (name, (path_w, path_b)), (colour, mark, size, face) in zip(paths.items(), PATHS, strict=False):
        (line,) = axes.plot(path_w, path_b, color=colour, linestyle="--", linewidth=1, label=name)
        line.set(marker=mark, markersize=size, markerfacecolor=face)
        axes.plot(path_w[:1], path_b[:1], color="black", marker="x", markersize=12, markeredgewidth=2)
    axes.set(xlabel="recurrent weight w", ylabel="bias b", xlim=(w.min(), w.max()), ylim=(b.min(), b.max()))
    lines, names = axes.get_legend_handles_labels()
    handles = [*lines, *shades]
    names += [shade.get_label() for shade in shades]
    figure.legend(handles, names, frameon=False, fontsize=FONT_SIZE, loc="outside upper center", ncols=2)
    return figure
