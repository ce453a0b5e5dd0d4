"""Charts of code sizes: error against size, and how true the flat maps are."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from aedesk.gui.charts.chart import Chart, line_colours, styled
from aedesk.gui.charts.paper import Colours

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from aedesk.analysis.dimensionality import SizeReport
    from aedesk.analysis.faithfulness import Faith, FaithReport, Space

PIXELS = 28 * 28
_LINE, _LETTER, _DOT = 11.0, 4.6, 4.0  # points: height and width of a name's letters, and half a dot
_AROUND = [  # where a name may be: how much of its width is moved, then points from the dot
    *((0.0, 8.0, 0.0), (-1.0, -8.0, 0.0), (-0.5, 0.0, 11.0), (-0.5, 0.0, -11.0)),
    *((0.0, 6.0, 9.0), (0.0, 6.0, -9.0), (-1.0, -6.0, 9.0), (-1.0, -6.0, -9.0)),
    *((0.0, 6.0, 20.0), (0.0, 6.0, -20.0), (-1.0, -6.0, 20.0), (-1.0, -6.0, -20.0)),
]
_ROW = 0.4  # inches of a file for a model
_APART = 0.22  # rows between the maps of a model
_NARROW = 5.5  # inches: in less the key has two rows
_WORDS = {"native": "code as the map", "pca": "PCA", "tsne": "t-SNE", "umap": "UMAP", "code": "whole code"}
_Box = tuple[float, float, float, float]
_SPACES: dict[Space, str] = {"pixels": "Against the pixels", "codes": "Against the whole code"}


def size_chart(report: SizeReport) -> Chart:
    """Mean squared error against how many numbers a code has: a dot for each network, a line for PCA."""
    return Chart("Error against code size", partial(_draw_sizes, report), report.table)


def faith_chart(report: FaithReport, k: int) -> Chart:
    """Trustworthiness and continuity of each map for `k` neighbours; the table has them for all."""
    rows = len(_labels(report.faiths))
    return Chart(
        f"Maps judged by {k} neighbours",
        partial(_draw_faiths, report, k),
        report.table,
        (8.0, max(3.2, 1.5 + _ROW * rows)),
    )


def _draw_sizes(report: SizeReport, figure: Figure, colours: Colours) -> None:
    axes = styled(
        figure.add_subplot(),
        colours,
        x=f"numbers in a code, of {PIXELS} pixels",
        y="MSE per pixel",
        grid="both",
    )
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    sizes = np.arange(1, len(report.pca) + 1)
    shown = report.pca > 0  # few images are rebuilt without any error, which has no logarithm
    axes.plot(sizes[shown], report.pca[shown], color=colours.muted, linewidth=1.6)
    errors = [point.mse for point in report.points]
    # Of few images PCA's line falls nearly to 0, which would leave no room for the networks.
    low = max(0.6 * min([*errors, *report.pca[shown]]), 0.3 * min(errors))
    axes.fill_between(sizes[shown], report.pca[shown], low, color=colours.accent, alpha=0.07, linewidth=0)
    for point in report.points:
        if point.pca_mse:
            axes.plot(
                [point.code_size] * 2,
                [point.mse, point.pca_mse],
                color=colours.accent,
                linewidth=1,
                linestyle=":",
            )
    axes.plot(
        [point.code_size for point in report.points],
        errors,
        linestyle="",
        marker="o",
        markersize=6,
        color=colours.accent,
        zorder=3,
    )
    largest = max([len(report.pca), *(point.code_size for point in report.points)])
    axes.set_xlim(0.85, largest * 3)  # the labels are to the right
    axes.set_ylim(low, 1.25 * max([*errors, *report.pca[shown]]))
    ticks = [2**power for power in range(0, 2 * int(np.log2(largest)), 2) if 2**power <= largest]
    axes.set_xticks(ticks, [str(size) for size in ticks])
    axes.minorticks_off()
    _decimal(axes)
    _label(axes, figure, report, colours)
    axes.text(
        0.02,
        0.03,
        "below the line: better than PCA with as many numbers",
        transform=axes.transAxes,
        fontsize=8,
        color=colours.muted,
    )
    named = min(8, len(report.pca))
    axes.annotate(
        "PCA of every size",
        (named, report.pca[named - 1]),
        xytext=(6, 5),
        textcoords="offset points",
        fontsize=8,
        color=colours.muted,
    )
    axes.set_title(report.words, loc="left", fontsize=8, color=colours.muted)


def _decimal(axes: Axes) -> None:
    """Round numbers on the logarithmic axis of errors, written out."""
    from matplotlib.ticker import FuncFormatter, LogLocator

    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _label(axes: Axes, figure: Figure, report: SizeReport, colours: Colours) -> None:
    """A name beside each dot: at the first of a few places around it that no dot and no other name has."""
    points = report.points
    dots = [_place(axes, figure, point.code_size, point.mse) for point in points]
    taken = [(x - _DOT, y - _DOT, x + _DOT, y + _DOT) for x, y in dots]
    for point, (x, y) in zip(points, dots, strict=True):
        width = _LETTER * len(point.label)
        boxes = [(x + right * width + dx, y + dy - _LINE / 2) for right, dx, dy in _AROUND]
        free = [
            n
            for n, (left, low) in enumerate(boxes)
            if not _meets(left, low, left + width, low + _LINE, taken)
        ]
        chosen = free[0] if free else 0
        left, low = boxes[chosen]
        taken.append((left, low, left + width, low + _LINE))
        right, dx, dy = _AROUND[chosen]
        axes.annotate(
            point.label,
            (point.code_size, point.mse),
            xytext=(dx, dy),
            textcoords="offset points",
            fontsize=8,
            color=colours.text,
            # Where it lies on the line of PCA it is to be read all the same.
            bbox={"facecolor": colours.background, "alpha": 0.7, "linewidth": 0, "pad": 1},
            ha={0.0: "left", -0.5: "center", -1.0: "right"}[right],
            va="center",
        )


def _place(axes: Axes, figure: Figure, size: int, error: float) -> tuple[float, float]:
    """Where a dot is within the axes, in points, about: what is around the axes has the rest of the figure."""
    shares = []
    for value, (low, high) in ((size, axes.get_xlim()), (error, axes.get_ylim())):
        shares.append(float(np.log(value / low) / np.log(high / low)))
    return shares[0] * 0.9 * figure.get_figwidth() * 72, shares[1] * 0.75 * figure.get_figheight() * 72


def _meets(left: float, low: float, right: float, high: float, others: Sequence[_Box]) -> bool:
    return any(left < x1 and right > x0 and low < y1 and high > y0 for x0, y0, x1, y1 in others)


def _draw_faiths(report: FaithReport, k: int, figure: Figure, colours: Colours) -> None:
    """A row for each model; in it a line for each map, from its trustworthiness to its continuity."""
    place = report.neighbours.index(k)
    labels = _labels(report.faiths)
    kinds = [kind for kind in _WORDS if any(faith.kind == kind for faith in report.faiths)]
    colour_of = dict(zip(_WORDS, line_colours(colours), strict=False))
    spaces = [space for space in _SPACES if any(faith.space == space for faith in report.faiths)]
    panels = figure.subplots(1, len(spaces), sharey=True, sharex=True, squeeze=False)[0]
    for axes, space in zip(panels, spaces, strict=True):
        styled(axes, colours, title=_SPACES[space], grid="x")
        for faith in report.faiths:
            if faith.space != space:
                continue
            within = [kind for kind in kinds if _has(report.faiths, faith.label, kind)]
            offset = (within.index(faith.kind) - (len(within) - 1) / 2) * _APART
            height = labels.index(faith.label) + offset
            ends = faith.trustworthiness[place], faith.continuity[place]
            colour = colour_of[faith.kind]
            axes.plot(ends, [height] * 2, color=colour, linewidth=1.6, alpha=0.5)
            axes.plot(ends[0], height, "o", color=colour, markersize=5)
            axes.plot(
                ends[1], height, "o", markerfacecolor=colours.background, markeredgecolor=colour, markersize=5
            )
    figure.supxlabel(
        f"1 is perfect; by {k} neighbours of {report.count:,} training images",
        fontsize=9,
        color=colours.muted,
    )
    panels[0].set_yticks(range(len(labels)), labels)
    panels[0].set_ylim(len(labels) - 0.4, -0.6)
    _key(figure, {_WORDS[kind]: colour_of[kind] for kind in kinds}, colours)


def _key(figure: Figure, kinds: dict[str, str], colours: Colours) -> None:
    """What colours and dots mean, over the panels."""
    from matplotlib.lines import Line2D

    marks = [Line2D([], [], color=colour, linewidth=2.5, label=words) for words, colour in kinds.items()]
    for words, fill in (("trustworthiness", colours.muted), ("continuity", colours.background)):
        marks.append(
            Line2D(
                [],
                [],
                linestyle="",
                marker="o",
                markersize=5,
                label=words,
                markerfacecolor=fill,
                markeredgecolor=colours.muted,
            )
        )
    figure.legend(
        handles=marks,
        loc="outside upper left",
        ncols=3 if figure.get_figwidth() < _NARROW else len(marks),
        fontsize=8,
        frameon=False,
        labelcolor=colours.text,
        columnspacing=1.2,
        handletextpad=0.5,
    )


def _labels(faiths: Sequence[Faith]) -> list[str]:
    return list(dict.fromkeys(faith.label for faith in faiths))


def _has(faiths: Sequence[Faith], label: str, kind: str) -> bool:
    return any(faith.label == label and faith.kind == kind for faith in faiths)
