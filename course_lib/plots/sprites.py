"""Pictures of sprites (chapter 01)."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from course_lib.plots.style import new_figure


def sprite_row(pictures: np.ndarray, captions: Sequence[str]) -> Figure:
    """Draw sprites of shape (N, 16, 16), three in a row, each over its caption; one pixel is one unit of the axes.

    Raises
    ------
    ValueError
        If there is not one caption a picture.
    """
    if len(pictures) != len(captions):
        raise ValueError(f"captions must be {len(pictures)}, one a picture, got {len(captions)}")
    n_rows = -(-len(pictures) // 3)
    figure, panels = new_figure(4.2, 1.6 * n_rows, n_rows, 3)
    for axes in panels[len(pictures) :]:
        axes.remove()
    for axes, picture, caption in zip(panels, pictures, captions, strict=False):
        axes.imshow(picture, cmap="gray_r", vmin=0, vmax=1)
        axes.set(xticks=[], yticks=[], xlabel=caption)
        axes.spines[:].set_visible(False)
    return figure
