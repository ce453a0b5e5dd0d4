"""Figures of mended pictures: every method beside the others, and over the strength of the damage."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from aedesk.analysis.denoising import KIND_WORDS, Comparison, Outcome
from aedesk.gui.charts.chart import Chart, legend, line_colours, show_picture, styled
from aedesk.gui.charts.paper import Colours
from aedesk.storage.table import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LONGEST = 18  # characters of a name
_AROUND, _NAMES = 0.8, 1.6  # inches: above and below the rows, and at their left
_TWO_LINES = 0.32  # inches of a row for two lines of words
_BARS = 3.2  # pictures: the least width of the bars with their numbers


def comparison_chart(comparison: Comparison) -> Chart:
    """PSNR and SSIM of each method as bars, and beside them examples: damaged, mended by each method, clean."""
    name = f"Denoising {comparison.data} {comparison.kind} {comparison.strength:g}"
    height = 0.62 * (len(comparison.outcomes) + 1) + 0.9
    return Chart(name, partial(_draw_comparison, comparison), comparison.table(), (9.0, height))


def sweep_chart(comparisons: Sequence[Comparison]) -> Chart:
    """PSNR over the strength, a line for each method."""
    first = comparisons[0]
    rows = tuple(row for one in comparisons for row in one.table().rows)
    table = Table(first.table().columns, rows)
    return Chart(f"Denoising {first.data} {first.kind}", partial(_draw_sweep, comparisons), table)


def _draw_comparison(comparison: Comparison, figure: Figure, colours: Colours) -> None:
    outcomes = comparison.outcomes
    rows = len(outcomes) + 1
    width, height = figure.get_size_inches()
    step = max(0.05, (height - _AROUND) / rows)
    room = (width - _NAMES) / step  # in pictures
    columns = int(np.clip(room - _BARS, 1, len(comparison.clean)))
    bars = max(_BARS, room - columns)
    words = f"{KIND_WORDS[comparison.kind]} {comparison.strength:g} on {_test_images(comparison)}"
    figure.suptitle(words, x=0.01, ha="left", fontsize=10, fontweight="bold", color=colours.text)
    # Both are as high as the rows of pictures, so that each bar stands beside its row.
    grid = figure.add_gridspec(1, 2, width_ratios=(bars, columns), wspace=0.02)
    axes = styled(figure.add_subplot(grid[0]), colours, grid="x", x="PSNR in dB, higher is better")
    axes.set_box_aspect(rows / bars)
    _draw_bars(axes, outcomes, colours, in_full=step >= _TWO_LINES)
    axes.set_ylim(rows - 0.5, -0.5)
    pictures = figure.add_subplot(grid[1])
    pictures.set_facecolor(colours.faint)
    images = [one.examples[:columns] for one in outcomes] + [comparison.clean[:columns]]
    show_picture(pictures, _mosaic(images), colours)
    pictures.spines[:].set_visible(False)


def _draw_bars(axes: Axes, outcomes: Sequence[Outcome], colours: Colours, *, in_full: bool) -> None:
    """A bar for each outcome, the first on top, and a place for the clean pictures below."""
    from aedesk.gui.curves.axes import shortened

    decibels = np.array([one.mean_psnr for one in outcomes])
    is_finite = np.isfinite(decibels)
    longest = max(float(decibels[is_finite].max(initial=0)), 1.0)
    lengths = np.where(is_finite, decibels, longest).clip(0)
    bars = axes.barh(np.arange(len(outcomes)), lengths, height=0.5)
    for place, (bar, outcome) in enumerate(zip(bars, outcomes, strict=True)):
        bar.set_color(_colour(outcome, outcomes, colours))
        told = f" {decibels[place]:.2f}" if is_finite[place] else " perfect"
        axes.text(lengths[place], place, told, va="center", fontsize=9, color=colours.text)
    names = []
    for outcome in outcomes:
        below = f"\n{outcome.setting + ', ' if outcome.setting else ''}SSIM {outcome.ssim.mean():.3f}"
        names.append(shortened(outcome.name, _LONGEST) + (below if in_full else ""))
    axes.set_yticks(np.arange(len(outcomes) + 1), [*names, "Clean"])
    axes.tick_params(axis="y", labelsize=8)
    axes.set_xlim(0, longest * 1.35)
    axes.locator_params(axis="x", integer=True, nbins=6)


def _mosaic(rows: Sequence[np.ndarray]) -> np.ndarray:
    """Rows of (n, 28, 28) as one picture in [0, 1], NaN between them."""
    padded = np.pad(np.stack(rows).clip(0, 1), [(0, 0), (0, 0), (1, 1), (1, 1)], constant_values=np.nan)
    count, columns, height, width = padded.shape
    return padded.transpose(0, 2, 1, 3).reshape(count * height, columns * width)


def _draw_sweep(comparisons: Sequence[Comparison], figure: Figure, colours: Colours) -> None:
    from aedesk.gui.curves.axes import shortened

    first = comparisons[0]
    title = f"{KIND_WORDS[first.kind]} on {_test_images(first)}"
    axes = styled(figure.add_subplot(), colours, title=title, x="strength", y="PSNR in dB, higher is better")
    strengths = [one.strength for one in comparisons]
    for place, outcome in enumerate(first.outcomes):
        heights = [one.outcomes[place].mean_psnr for one in comparisons]
        axes.plot(
            strengths,
            [height if np.isfinite(height) else np.nan for height in heights],
            label=shortened(outcome.name, _LONGEST),
            color=_colour(outcome, first.outcomes, colours),
            marker="o",
            markersize=3,
            linestyle="--" if outcome.is_filter else "-",
        )
    legend(axes, colours, loc="upper left", bbox_to_anchor=(1.0, 1.0))  # beside the lines, not over them


def _colour(outcome: Outcome, outcomes: Sequence[Outcome], colours: Colours) -> str:
    """Models in strong colours, the accent first; filters in others; what nobody mended in grey."""
    if outcome is outcomes[0]:
        return colours.muted
    ranked = sorted(outcomes[1:], key=lambda one: one.is_filter)  # the models first
    return line_colours(colours)[ranked.index(outcome) % len(line_colours(colours))]


def _test_images(comparison: Comparison) -> str:
    return f"{comparison.images:,} test images of {comparison.data}"
