"""Rate against distortion as a figure: the further to the upper left, the better."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from aedesk.analysis.picture_formats import FILE
from aedesk.gui.charts.chart import Chart, legend, line_colours, styled
from aedesk.gui.charts.paper import Colours

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from aedesk.analysis.rates import RatePoint

_HIGHEST = 40.0  # dB; above it nobody sees a difference, and room for what matters would be lost
_MARK = 4.0
_COLUMN = 7  # entries of the legend below each other
_LOW = 2.6  # inches: below it the legend would reach down to the lines
_CLEAR = 0.1  # dB: of PCA's many sizes, those that do no better than this are left out of its line


def rates_chart(points: Sequence[RatePoint], data: str, count: int) -> Chart:
    """PSNR over bits per image, a line for each method, and where those that lose nothing are.

    data, count: of which test images, and of how many, the points are.
    """
    from aedesk.analysis.rates import table

    name = f"Bits and quality on {count:,} test images of {data}"
    return Chart(name, partial(_draw, tuple(points), name), table(points), size=(8.0, 5.0))


@dataclass(frozen=True)
class _Line:
    """points: (bits, PSNR), from left to right. colour: which of the chart's line colours, None for the quiet one."""

    label: str
    points: list[tuple[float, float]]
    colour: int | None
    marker: str = "."
    dashes: str = "-"


def _draw(points: tuple[RatePoint, ...], name: str, figure: Figure, colours: Colours) -> None:
    across, up = "bits per image (dotted: each in a file of its own, with its header)", "PSNR in dB"
    axes = styled(figure.add_subplot(), colours, title=name, x=across, y=up, grid="both")
    axes.set_xscale("log")
    cycle = line_colours(colours)
    for line in [*_model_lines(points), *_pca_line(points), *_format_lines(points)]:
        x, y = zip(*line.points, strict=True)
        colour = colours.muted if line.colour is None else cycle[line.colour % len(cycle)]
        axes.plot(
            x,
            y,
            label=line.label or None,
            color=colour,
            marker=line.marker,
            linestyle=line.dashes,
            linewidth=1.6,
            markersize=_MARK,
        )
    _mark_lossless(axes, points, colours)
    _limit(axes, points)
    size = 8 if figure.get_figheight() > _LOW else 7
    columns = 1 if len(axes.get_legend_handles_labels()[1]) <= _COLUMN else 2
    legend(axes, colours, fontsize=size, loc="upper left", labelspacing=0.3, handlelength=2.4, ncols=columns)


def _model_lines(points: Sequence[RatePoint]) -> Iterator[_Line]:
    """Of each network what is best at each rate, whichever quantiser that is of."""
    for place, model in enumerate(_models(points)):
        yield _Line(model, _front(point for point in points if point.method == model), place, "o")


def _pca_line(points: Sequence[RatePoint]) -> Iterator[_Line]:
    front = _front((point for point in points if point.family == "pca"), _CLEAR)
    if front:
        yield _Line("PCA, the best of many sizes", front, None, "D", "--")


def _format_lines(points: Sequence[RatePoint]) -> Iterator[_Line]:
    for place, method in enumerate(("WebP", "JPEG"), len(_models(points))):
        own = [point for point in points if point.method == method]
        tight = _front(point for point in own if point.counting != FILE)
        each = _front(point for point in own if point.counting == FILE)
        if tight:
            yield _Line(method, tight, place)
        if each:
            yield _Line("" if tight else method, each, place, dashes=":")


def _models(points: Sequence[RatePoint]) -> list[str]:
    return list(dict.fromkeys(point.method for point in points if point.family == "model"))


def _front(points: Iterable[RatePoint], gain: float = 0.0) -> list[tuple[float, float]]:
    """Those that no other one beats in both bits and PSNR, from left to right; each more than `gain` dB better."""
    front: list[tuple[float, float]] = []
    for bits, psnr in sorted((point.bits_per_image, point.psnr) for point in points):
        if math.isfinite(psnr) and (not front or psnr > front[-1][1] + gain):
            front.append((bits, psnr))
    return front


def _mark_lossless(axes: Axes, points: Sequence[RatePoint], colours: Colours) -> None:
    """Small flags at the top: so many bits, and nothing is lost."""
    for method, mark in (("PNG", "^"), ("WebP", "v")):
        bits = sorted({point.bits_per_image for point in points if point.method == method and point.mse == 0})
        if bits:
            label = f"{method}, lossless: {bits[0]:,.0f} to {bits[-1]:,.0f}"
            at_top = axes.get_xaxis_transform()
            axes.plot(
                [bits[0], bits[-1]],
                [0.98, 0.98],
                mark,
                label=label,
                transform=at_top,
                markersize=_MARK + 2,
                color=colours.text,
            )


def _limit(axes: Axes, points: Sequence[RatePoint]) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    seen = [point.psnr for point in points if math.isfinite(point.psnr)]
    if seen:
        axes.set_ylim(math.floor(min(seen)) - 1, min(_HIGHEST, math.ceil(max(seen)) + 2))
    axes.xaxis.set_major_locator(LogLocator(10, subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda bits, _: f"{bits:,.0f}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
