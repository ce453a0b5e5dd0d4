"""A figure of what a model makes of sketches: each kind of hand beside the scans, with examples."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from aedesk.analysis.sketch_test import KIND_WORDS, TIMES, WITHIN
from aedesk.gui.charts.chart import Chart, line_colours, show_picture, styled
from aedesk.gui.charts.paper import Colours

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from aedesk.analysis.sketch_test import KindRow, SketchReport

_ROW = 0.4  # inches
_AROUND = 1.0  # inches: above and below the rows
_LEFT_OUT = 0.85  # of the accuracies: what all are above is left out of their axis, if it is more than this
_ROOM = 0.3  # of an axis: a bar that is longer has its figure inside
_FARTHEST = 4.0  # times the error of the scans, as far as its axis goes


def sketches_chart(report: SketchReport) -> Chart:
    """Accuracy and error of each kind as bars, and some digits as drawn, each beside what is rebuilt of it."""
    name = f"Sketches {report.data} {report.model}"
    height = _ROW * (len(report.rows) + 1) + _AROUND
    return Chart(name, partial(_draw, report), report.table(), (10.0, height))


def _draw(report: SketchReport, figure: Figure, colours: Colours) -> None:
    rows = [*report.usual, *report.unusual]
    words = (
        f"{report.model}: {report.digits:,} test images of {report.data}, drawn again by each kind of hand"
    )
    figure.suptitle(words, x=0.01, ha="left", fontsize=10, fontweight="bold", color=colours.text)
    pictures = 2 * len(report.examples)
    grid = figure.add_gridspec(1, 3, width_ratios=(5, 4, pictures), wspace=0.03)
    known = styled(figure.add_subplot(grid[0]), colours, grid="x", x="recognised by 5-NN")
    accuracies = [report.scan_accuracy, *(row.accuracy for row in rows)]
    known.set_xlim(_LEFT_OUT if min(accuracies) > _LEFT_OUT else 0.0, 1.0)
    known.set_yticks(np.arange(len(rows) + 1), ["Scans", *(KIND_WORDS[row.kind] for row in rows)])
    known.xaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    _draw_bars(known, colours, report, accuracies, [f"{one:.1%}" for one in accuracies])
    _draw_limit(known, report.scan_accuracy - WITHIN, colours)
    error = styled(figure.add_subplot(grid[1]), colours, grid="x", x="error, in that of the scans")
    ratios = [1.0, *(report.ratio(row.mse) for row in rows)]
    shown = [min(ratio, _FARTHEST) for ratio in ratios]
    error.set_xlim(0, 1.1 * max(*shown, TIMES))
    error.set_yticks([])
    _draw_bars(error, colours, report, shown, [f"{ratio:.2f}" for ratio in ratios])
    _draw_limit(error, TIMES, colours)
    _draw_examples(figure.add_subplot(grid[2]), report, rows, colours)
    _draw_legend(figure, colours)


def _draw_bars(
    axes: Axes, colours: Colours, report: SketchReport, lengths: list[float], told: list[str]
) -> None:
    """A bar for the scans and each kind, the scans on top."""
    usual, unusual = line_colours(colours)[:2]
    kinds = [colours.muted, *[usual] * len(report.usual), *[unusual] * len(report.unusual)]
    axes.barh(np.arange(len(lengths)), lengths, height=0.55, color=kinds)
    left, right = axes.get_xlim()
    for place, (length, words) in enumerate(zip(lengths, told, strict=True)):
        inside = length - left > _ROOM * (right - left)
        axes.annotate(
            words,
            (length, place),
            xytext=(-4 if inside else 4, 0),
            textcoords="offset points",
            ha="right" if inside else "left",
            va="center",
            fontsize=8,
            color=colours.background if inside else colours.text,
        )
    axes.set_ylim(len(lengths) - 0.5, -0.5)


def _draw_limit(axes: Axes, place: float, colours: Colours) -> None:
    axes.axvline(place, color=colours.text, linewidth=1, linestyle="--")


def _draw_examples(axes: Axes, report: SketchReport, rows: list[KindRow], colours: Colours) -> None:
    """As high as the bars, so that each kind's pictures stand beside its own."""
    axes.set_facecolor(colours.faint)
    show_picture(axes, _mosaic([report.examples, *(row.examples for row in rows)]), colours)
    axes.set_aspect("auto")
    axes.set_xlabel("some as drawn, and as rebuilt", fontsize=9, color=colours.muted)
    axes.tick_params(pad=5)
    axes.spines[:].set_visible(False)


def _draw_legend(figure: Figure, colours: Colours) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    usual, unusual = line_colours(colours)[:2]
    limits = f"good: up to {100 * WITHIN:.0f} points less, up to {TIMES:g} times"
    figure.legend(
        handles=[
            Patch(color=usual, label="usual hands"),
            Patch(color=unusual, label="hands that no model is trained on"),
            Line2D([], [], color=colours.text, linewidth=1, linestyle="--", label=limits),
        ],
        loc="outside lower left",
        ncols=3,
        fontsize=9,
        frameon=False,
        labelcolor=colours.text,
    )


def _mosaic(rows: list[np.ndarray]) -> np.ndarray:
    """Rows of (n, 2, 28, 28) as one picture in [0, 1]: pairs side by side, NaN between them."""
    padded = np.pad(
        np.stack(rows).clip(0, 1), [(0, 0), (0, 0), (0, 0), (1, 1), (1, 1)], constant_values=np.nan
    )
    count, columns, pair, height, width = padded.shape
    return padded.transpose(0, 3, 1, 2, 4).reshape(count * height, columns * pair * width)
