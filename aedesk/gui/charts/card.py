"""A quality card as a figure: every number on its scale, beside PCA's and the best published one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from aedesk.gui.card.lines import KEY, Group, Line, MarkKind, groups, table
from aedesk.gui.card.making import heading, remark
from aedesk.gui.charts.chart import Chart
from aedesk.gui.charts.paper import Colours

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from aedesk.analysis.card import Card
    from aedesk.analysis.published import Published

_ROW = 0.27  # inches of a file for a line
_WIDTH = 8.4
_LABEL, _VALUE, _FROM, _TO, _BESIDE = 0.0, 0.365, 0.39, 0.73, 0.75  # shares of the width
_HEAD = 1.5  # rows that the title of a group takes
_TOP = 2.4  # rows over the first group


def card_chart(card: Card, published: Sequence[Published] = ()) -> Chart:
    """A line for each figure that was measured; better is always further to the right."""
    shown = [group for group in groups(card, published) if group.lines]
    rows = _TOP + sum(_HEAD + len(group.lines) for group in shown) - _HEAD + bool(remark(card)) * _HEAD
    return Chart(
        f"Quality card {card.model}",
        partial(_draw, card, shown, rows),
        table(card, published),
        (_WIDTH, _ROW * (rows + 1)),
    )


def _draw(card: Card, shown: Sequence[Group], rows: float, figure: Figure, colours: Colours) -> None:
    axes = figure.add_subplot()
    axes.set_xlim(0, 1)
    axes.set_ylim(rows + 0.5, -0.5)
    axes.axis("off")
    words: dict[str, Any] = {"va": "center", "fontsize": 9}
    axes.text(0, 0, card.model, color=colours.text, va="center", fontsize=13, fontweight="bold")
    axes.text(1, 0, heading(card), color=colours.muted, ha="right", **words)
    _draw_key(axes, shown, colours)
    row = _TOP
    for group in shown:
        axes.text(0, row, group.title, color=colours.text, fontweight="bold", **words)
        for line in group.lines:
            row += 1
            _draw_line(axes, row, line, colours)
        row += _HEAD
    axes.text(0, row, remark(card), color=colours.muted, **words)


def _draw_key(axes: Axes, shown: Sequence[Group], colours: Colours) -> None:
    used = {mark.kind for group in shown for line in group.lines for mark in line.marks}
    x = 0.008
    for kind, words in KEY.items():
        if kind is None or kind in used:
            _draw_sign(axes, kind, x, 1.2, colours)
            axes.text(x + 0.014, 1.2, words, color=colours.muted, va="center", fontsize=8)
            x += 0.05 + 0.0068 * len(words)
    axes.text(_TO, _TOP, "better \u2192", color=colours.muted, ha="right", va="center", fontsize=8)


def _draw_line(axes: Axes, row: float, line: Line, colours: Colours) -> None:
    words: dict[str, Any] = {"va": "center", "fontsize": 9}
    axes.text(_LABEL, row, line.label, color=colours.text, **words)
    axes.text(_VALUE, row, line.text, color=colours.text, ha="right", fontweight="bold", **words)
    axes.text(_BESIDE, row, line.beside, color=colours.muted, va="center", fontsize=8)
    here = _at(line, line.value)
    lane: dict[str, Any] = {"linewidth": 3, "solid_capstyle": "round"}
    axes.plot((_FROM, _TO), (row, row), color=colours.faint, zorder=1, **lane)
    axes.plot((_FROM, here), (row, row), color=colours.accent, zorder=2, **lane)
    for mark in line.marks:
        _draw_sign(axes, mark.kind, _at(line, mark.value), row, colours)
    _draw_sign(axes, None, here, row, colours)


def _at(line: Line, value: float) -> float:
    return _FROM + (_TO - _FROM) * line.scale.place(value)


def _draw_sign(axes: Axes, kind: MarkKind | None, x: float, y: float, colours: Colours) -> None:
    paper = colours.background
    looks: dict[MarkKind | None, dict[str, Any]] = {
        None: {"marker": "o", "markersize": 7, "color": colours.accent, "markeredgecolor": paper},
        "pca": {"marker": "|", "markersize": 10, "color": colours.muted, "markeredgewidth": 1.8},
        "published": {"marker": "D", "markersize": 6, "color": colours.text, "markeredgecolor": paper},
        "scans": {"marker": "s", "markersize": 6, "color": paper, "markeredgecolor": colours.muted},
        "tuned": {"marker": "^", "markersize": 7, "color": paper, "markeredgecolor": colours.accent},
    }
    axes.plot(x, y, linestyle="none", zorder=4 if kind is None else 3, clip_on=False, **looks[kind])
