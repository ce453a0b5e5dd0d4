"""Figures of what is odd: scores beside a threshold, curves of detection, the strangest pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from aedesk.gui.charts.chart import Chart, legend, line_colours, show_picture, styled
from aedesk.gui.charts.paper import Colours
from aedesk.storage.table import Cell, Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from aedesk.analysis.protocols import Told

NAMES = {
    "combined": "code and strokes",
    "reconstruction": "reconstruction",
    "code": "code distance",
}
"""The kinds of score in words, as in `analysis.anomaly.KINDS`."""

BINS = 60
_SAME, _NOTHING = 1e-9, 1e-12  # differences of scores, as a share of them, and scores that are none
_MOST_ROWS = 500  # of a curve, in its table
_PER_ROW = 10  # pictures of a gallery


def bins_of(scores: np.ndarray, others: Sequence[float] = ()) -> tuple[np.ndarray, bool]:
    """The edges of a histogram's bins, and whether they lie evenly on a logarithmic scale.

    scores: (N,) of known pictures. others: what shall be in sight as well. Errors and distances are above 0 and have a
    long tail, so their scale is logarithmic; the score of both together is one already.
    """
    seen = np.concatenate([np.asarray(scores, np.float64), np.asarray(others, np.float64)])
    seen = seen[np.isfinite(seen)]
    least, most = (
        float(seen.min(initial=0.0 if not len(seen) else seen[0])),
        float(seen.max(initial=-math.inf)),
    )
    if not math.isfinite(most):
        least, most = 0.0, 1.0
    size = max(abs(least), abs(most))
    if most - least <= _SAME * size or size < _NOTHING:  # too near to each other for edges between them
        most = least + 0.1 * (size if size >= _NOTHING else 1.0)
    if least > 0:
        return np.geomspace(least, most, BINS + 1), True
    return np.linspace(least, most, BINS + 1), False


def scores_chart(
    usual: np.ndarray,
    kind: str,
    *,
    false_alarms: float,
    threshold: float,
    sketch: float | None = None,
    odd: np.ndarray | None = None,
    known_name: str = "known pictures",
    odd_name: str = "odd ones",
) -> Chart:
    """How the scores of known pictures lie, where odd begins, and where the drawing is.

    usual: (N,) scores of known pictures; odd: (M,) of others, if any. kind: of `NAMES`. false_alarms: the share, in
    [0, 1], of known pictures above the threshold.
    """
    marks = [threshold] if sketch is None else [threshold, sketch]
    edges, _ = bins_of(np.concatenate([usual, usual[:0] if odd is None else odd]), marks)
    usual_counts = np.histogram(usual, edges)[0]
    odd_counts = None if odd is None else np.histogram(odd, edges)[0]
    records: list[dict[str, Cell]] = []
    for place, count in enumerate(usual_counts.tolist()):
        record: dict[str, Cell] = {"from": float(edges[place]), "to": float(edges[place + 1]), "known": count}
        if odd_counts is not None:
            record["odd"] = int(odd_counts[place])
        record |= {"threshold": threshold, "false_alarms": false_alarms}
        if sketch is not None:
            record["drawing"] = sketch
        records.append(record)
    return Chart(
        f"Scores, {NAMES.get(kind, kind)}",
        partial(
            _draw_scores,
            usual=usual,
            odd=odd,
            kind=kind,
            threshold=threshold,
            false_alarms=false_alarms,
            sketch=sketch,
            names=(known_name, odd_name),
        ),
        Table.of(records),
    )


def _draw_scores(
    figure: Figure,
    colours: Colours,
    *,
    usual: np.ndarray,
    odd: np.ndarray | None,
    kind: str,
    threshold: float,
    false_alarms: float,
    sketch: float | None,
    names: tuple[str, str],
) -> None:
    marks = [threshold] if sketch is None else [threshold, sketch]
    edges, logarithmic = bins_of(np.concatenate([usual, usual[:0] if odd is None else odd]), marks)
    first, second, third, *_ = line_colours(colours)
    axes = styled(
        figure.add_subplot(),
        colours,
        title="How odd known pictures are",
        x=f"score: {NAMES.get(kind, kind)} (further right is odder)",
        y="share of the pictures",
    )
    for scores, colour, name in ((usual, first, names[0]), (odd, second, names[1])):
        if scores is not None and len(scores):
            axes.hist(
                scores,
                edges.tolist(),
                weights=np.full(len(scores), 1 / len(scores)),
                color=colour,
                alpha=0.45,
                label=f"{name} ({len(scores):,})",
            )
    axes.axvline(
        threshold,
        color=colours.muted,
        linestyle="--",
        linewidth=1.2,
        label=f"odd from here on ({_percent(false_alarms)} false alarms)",
    )
    if sketch is not None:
        axes.axvline(sketch, color=third, linewidth=2, label="the drawing")
    if logarithmic:
        axes.set_xscale("log")
        _few_ticks(axes)
    axes.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    legend(axes, colours, loc="best")


def detection_chart(
    told: Told, *, false_alarms: float, known_name: str = "known", odd_name: str = "odd"
) -> Chart:
    """ROC and precision over recall of each kind of score, with the chosen rate of false alarms marked."""
    records: list[dict[str, Cell]] = []
    for name, area, curves in (
        ("roc", "auc", told.roc),
        ("precision-recall", "average_precision", told.precision_recall),
    ):
        for kind, curve in curves.items():
            records += [
                {
                    "curve": name,
                    "score": kind,
                    "x": float(curve.x[at]),
                    "y": float(curve.y[at]),
                    area: curve.auc,
                }
                for at in _thinned(len(curve.x))
            ]
    return Chart(
        f"Detection of {odd_name}",
        partial(_draw_detection, told=told, false_alarms=false_alarms, names=(known_name, odd_name)),
        Table.of(records),
        (9.0, 4.4),
    )


def _draw_detection(
    figure: Figure,
    colours: Colours,
    *,
    told: Told,
    false_alarms: float,
    names: tuple[str, str],
) -> None:
    palette = line_colours(colours)
    left = styled(
        figure.add_subplot(1, 2, 1),
        colours,
        title="ROC: top left is best",
        x=f"false alarms: {names[0]} flagged",
        y=f"hits: {names[1]} flagged",
        grid="both",
    )
    right = styled(
        figure.add_subplot(1, 2, 2),
        colours,
        title="Precision: top right is best",
        x=f"recall: {names[1]} found",
        y="precision",
        grid="both",
    )
    for colour, (kind, curve) in zip(palette, told.roc.items(), strict=False):
        name, precision = NAMES.get(kind, kind), told.precision_recall[kind]
        width = 2.2 if kind == "combined" else 1.4
        left.plot(curve.x, curve.y, color=colour, linewidth=width, label=f"AUC {curve.auc:.3f}, {name}")
        left.plot([false_alarms], [told.flagged(false_alarms, kind)], "o", color=colour, markersize=5)
        right.step(
            precision.x,
            precision.y,
            where="pre",
            color=colour,
            linewidth=width,
            label=f"average {precision.auc:.3f}",
        )
    odd_share = len(told.odd) / (len(told.odd) + len(told.usual))
    left.plot([0, 1], [0, 1], color=colours.faint, linewidth=1.2, label="AUC 0.5, by chance")
    left.axvline(false_alarms, color=colours.muted, linestyle="--", linewidth=1)
    right.axhline(odd_share, color=colours.faint, linewidth=1.2, label=f"by chance {odd_share:.3f}")
    for axes in (left, right):
        axes.set_xlim(-0.02, 1.02)
        axes.set_ylim(-0.02, 1.04)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(lambda share, _: f"{share:.0%}")
    # Curves of what is hard to find run below the words: those are to be read all the same.
    over = {"fontsize": 8, "frameon": True, "facecolor": colours.background, "edgecolor": "none"}
    legend(left, colours, loc="lower right", **over)
    legend(right, colours, loc="lower left", **over)


def gallery_chart(
    pictures: np.ndarray, captions: Sequence[str], table: Table, *, name: str = "The strangest"
) -> Chart:
    """Pictures (N, 28, 28) in [0, 1], the strangest first, with a caption each; table: what is known of them."""
    rows = max(1, math.ceil(len(pictures) / _PER_ROW))
    return Chart(
        name,
        partial(_draw_gallery, pictures=pictures, captions=captions, title=name, rows=rows),
        table,
        (9.0, 0.5 + 1.15 * rows),
    )


def _draw_gallery(
    figure: Figure, colours: Colours, *, pictures: np.ndarray, captions: Sequence[str], title: str, rows: int
) -> None:
    figure.suptitle(title, fontsize=10, fontweight="bold", color=colours.text)
    for place, (picture, caption) in enumerate(zip(pictures, captions, strict=True), 1):
        axes = figure.add_subplot(rows, _PER_ROW, place)
        show_picture(axes, picture, colours, below=caption)


def _thinned(count: int) -> list[int]:
    """Places along a curve of `count` points, its ends among them: a table of 10,000 rows helps nobody."""
    places = np.linspace(0, count - 1, min(count, _MOST_ROWS)).round().astype(int)
    return [int(place) for place in np.unique(places)]


def _percent(share: float) -> str:
    return f"{share:.1%}" if share < 0.0995 else f"{share:.0%}"


def _few_ticks(axes: Axes) -> None:
    """A logarithmic axis with plain numbers on it."""
    from matplotlib.ticker import LogLocator, NullLocator

    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda score, _: f"{score:g}")
