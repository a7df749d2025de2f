"""Gradient descent in a valley, seen from above (chapter 00)."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from course_lib.plots.style import FORGET, HIDDEN, QUIET, new_figure


def paths_in_a_valley(curvatures: np.ndarray, paths: Mapping[str, np.ndarray], reach: float = 1.3) -> Figure:
    r"""Draw paths over the level lines of :math:`\tfrac12 \sum_i \lambda_i \theta_i^2`, two panels a row.

    Parameters
    ----------
    curvatures : ndarray of shape (2,), above 0
    paths : mapping from a title to an ndarray of shape (steps, 2)
        Points beyond the panel are left out.
    reach : float, above 0
        Each panel shows both coordinates from minus this to plus this.
    """
    n_rows = -(-len(paths) // 2)
    figure, panels = new_figure(4.8, 2.5 * n_rows, n_rows, 2)
    grid = np.linspace(-reach, reach, 101)
    height = 0.5 * (curvatures[0] * grid**2 + curvatures[1] * grid[:, None] ** 2)
    levels = height.max() * np.array([0.003, 0.03, 0.12, 0.3, 0.6])
    for axes, (title, path) in zip(panels, paths.items(), strict=False):
        axes.contour(grid, grid, height, levels, colors=QUIET, linewidths=0.7)
        axes.plot(*path.T, color=HIDDEN, marker=".", markersize=4, linewidth=1)
        axes.plot(0, 0, color=FORGET, marker="+", markersize=11, markeredgewidth=2)
        axes.set(title=title, xlabel=r"$\theta_1$, flat", ylabel=r"$\theta_2$, steep")
        axes.set(xlim=(-reach, reach), ylim=(-reach, reach), xticks=(-1, 0, 1), yticks=(-1, 0, 1))
    return figure
