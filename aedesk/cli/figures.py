"""Figures for files, drawn with Matplotlib and no window."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, PowerNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from aedesk.cli.backdrops import Backdrop
from aedesk.cli.colouring import Colouring
from aedesk.errors import AedeskError
from aedesk.gui.charts.paper import figure_bytes
from aedesk.gui.curves.figure import loss_figure
from aedesk.gui.curves.losses import Losses, Other, Row, Scene
from aedesk.storage import files

_INCHES = (9.0, 8.0)
_DPI = 150
_LEGEND_ROWS = 26
_FRAME_INCHES = 0.75  # of a digit on a strip
_DENSITY = ListedColormap(
    colormaps["viridis"](np.linspace(0, 0.95, 256))
)  # its palest cannot be seen on white
_DENSITY_SCALE = PowerNorm(0.5, 0, 1)  # most dots are where few are, and are to differ as well


def write_map(
    path: Path,
    points: np.ndarray,
    axes_names: tuple[str, str],
    title: str,
    colouring: Colouring,
    backdrop: Backdrop | None = None,
) -> None:
    """Write a map as a figure of the kind that the suffix names: a dot per point (n, 2), a colour for each."""
    figure = Figure(figsize=_INCHES)
    axes = figure.add_subplot()
    if backdrop is not None:
        (left, bottom), (right, top) = backdrop.low, backdrop.high
        axes.imshow(backdrop.picture, extent=(left, right, bottom, top), interpolation="none")
    _dots(axes, points, colouring)
    axes.set_title("\n".join([title, *filter(None, [colouring.note, backdrop.note if backdrop else ""])]))
    axes.set_xlabel(axes_names[0])
    axes.set_ylabel(axes_names[1])
    axes.set_aspect("equal", adjustable="box")
    _write(path, figure)


def write_sheet(path: Path, sheet: np.ndarray) -> None:
    """Write digits side by side, (H, W) uint8 with 28 pixels for a digit, as a figure without anything else."""
    rows, columns = np.array(sheet.shape) / 28
    figure = Figure(figsize=(columns * _FRAME_INCHES, rows * _FRAME_INCHES))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.imshow(sheet, cmap="gray", vmin=0, vmax=255, interpolation="none")
    _write(path, figure, tight=False)


def write_losses(runs: Sequence[tuple[str, Sequence[Row]]], path: Path, log: bool = False) -> None:
    """Write the losses of runs, (name, history), over their epochs as a figure of the kind that the suffix names.

    Of one run the training loss is beside the validation loss; of more, each has a colour, and training is thin.
    """
    if len(runs) == 1:
        ((name, history),) = runs
        scene = Scene(own=Losses(history), run=name, log=log)
    else:
        beside = tuple(Other(name, Losses(history), place) for place, (name, history) in enumerate(runs))
        scene = Scene(others=beside, log=log)
    if scene.is_empty:
        raise AedeskError("there are no losses to draw: none of these runs has finished an epoch")
    files.make_folder(path.parent)
    files.write_whole(path, figure_bytes(loss_figure(scene), path.suffix))


def _dots(axes: Axes, points: np.ndarray, colouring: Colouring) -> None:
    size = float(np.clip(20_000 / len(points), 1, 20))
    # One call for all: drawn class by class, the last would lie on top of the others.
    x, y = points.T
    if isinstance(colouring.colours, np.ndarray):
        densest_last = np.argsort(colouring.colours, kind="stable")
        values = colouring.colours[densest_last]
        dots = axes.scatter(
            x[densest_last],
            y[densest_last],
            s=size,
            c=values,
            linewidths=0,
            cmap=_DENSITY,
            norm=_DENSITY_SCALE,
        )
        axes.figure.colorbar(dots, ax=axes, label=colouring.scale, shrink=0.6, ticks=[0, 0.1, 0.25, 0.5, 1])
        return
    axes.scatter(x, y, s=size, c=colouring.colours, linewidths=0)
    marks = [Line2D([], [], marker="o", linestyle="", color=colour) for colour, _ in colouring.legend]
    axes.legend(
        marks,
        [words for _, words in colouring.legend],
        loc="upper left",
        bbox_to_anchor=(1.01, 1.0),
        frameon=False,
        ncols=-(-len(marks) // _LEGEND_ROWS),
    )


def _write(path: Path, figure: Figure, *, tight: bool = True) -> None:
    files.make_folder(path.parent)
    files.write_whole(path, figure_bytes(figure, path.suffix, dpi=_DPI, tight=tight))
