"""A figure of results: how it is drawn, what its numbers are, and how both become files. No Tk in here."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aedesk.errors import AedeskError
from aedesk.gui.charts.paper import ENDINGS, PAPER, Colours, figure_bytes
from aedesk.storage import files
from aedesk.storage.table import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_CYCLE = 8  # lines of different colours


@dataclass(frozen=True, eq=False)
class Chart:
    """name: for its title and its file. draw: puts it into an empty figure. table: what it shows, in numbers.

    size: of the file, width and height in inches.
    """

    name: str
    draw: Callable[[Figure, Colours], None]
    table: Table
    size: tuple[float, float] = (7.0, 4.2)


def figure_of(chart: Chart) -> Figure:
    """The chart for a file."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=chart.size, dpi=96, layout="constrained")
    FigureCanvasAgg(figure)
    draw(chart, figure, PAPER)
    return figure


def draw(chart: Chart, figure: Figure, colours: Colours) -> None:
    """Put the chart into the empty figure, in these colours."""
    figure.set_facecolor(colours.background)
    chart.draw(figure, colours)


def write_chart(path: str | os.PathLike[str], chart: Chart) -> None:
    """Write a .png, .svg or .pdf file, whole or not at all. Raises AedeskError."""
    path = Path(path)
    if path.suffix.lower() not in ENDINGS:
        raise AedeskError(f"{path}: a figure is written as .png, .svg or .pdf; choose such a name")
    files.write_whole(path, figure_bytes(figure_of(chart), path.suffix))


def styled(
    axes: Axes, colours: Colours, *, title: str = "", x: str = "", y: str = "", grid: str = "y"
) -> Axes:
    """The axes as all our charts have them: quiet lines, and words in the theme's colours.

    grid: the directions that have lines, "x", "y", "both" or "".
    """
    axes.set_facecolor(colours.background)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(colours.faint)
    axes.tick_params(labelsize=9, length=0, pad=5, labelcolor=colours.muted)
    if grid:
        axes.grid(True, axis=grid, linewidth=0.8, color=colours.faint)  # type: ignore[arg-type]
    axes.set_axisbelow(True)
    if title:
        axes.set_title(title, loc="left", fontsize=10, fontweight="bold", color=colours.text)
    axes.set_xlabel(x, fontsize=9, color=colours.muted)
    axes.set_ylabel(y, fontsize=9, color=colours.muted)
    return axes


def legend(axes: Axes, colours: Colours, **settings: Any) -> None:
    """A legend without a frame around it."""
    settings = {"fontsize": 9, "frameon": False, "labelcolor": colours.text, **settings}
    axes.legend(**settings)


def line_colours(colours: Colours) -> list[str]:
    """Colours for lines beside each other, the accent first; no class of digits is meant by them."""
    from aedesk.gui.curves.run_colours import run_colour

    others = [run_colour(place, dark=colours.name == "dark") for place in range(_CYCLE)]
    return [colours.accent, *others]


def show_picture(axes: Axes, picture: Any, colours: Colours, caption: str = "", below: str = "") -> None:
    """A (28, 28) picture in [0, 1] with hard pixels, ink dark on paper; caption above it, a second line below it."""
    import numpy as np

    ink = np.clip(np.asarray(picture), 0, 1)
    # Ink on paper in the light, light on dark in the dark: as everywhere in the window.
    axes.imshow(
        ink, cmap="gray" if colours.name == "dark" else "gray_r", vmin=0, vmax=1, interpolation="nearest"
    )
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_color(colours.faint)
    if caption:
        axes.set_title(caption, fontsize=9, color=colours.text, pad=4)
    if below:
        axes.set_xlabel(below, fontsize=8, color=colours.muted, labelpad=4)
