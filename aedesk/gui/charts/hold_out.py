"""The figure of one class held out of training, beside what others have published."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from aedesk.gui.charts.anomalies import NAMES
from aedesk.gui.charts.chart import Chart, legend, line_colours, styled
from aedesk.gui.charts.paper import Colours
from aedesk.storage.table import Cell, Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from aedesk.analysis.anomaly import ScoreKind
    from aedesk.analysis.protocols import HeldOut, Published

PUBLISHED_CLASSES = 10
"""Published means are over so many classes held out; of fewer it is another figure, and says so."""


def hold_out_chart(
    results: Sequence[HeldOut], published: Sequence[Published] = (), *, kind: ScoreKind = "combined"
) -> Chart:
    """How well each class is told from those that a network was trained on, beside what others have published.

    kind: the score whose mean stands beside the published ones.
    """
    from aedesk.analysis.protocols import mean_auc

    kinds = list(results[0].aucs) if results else []
    records: list[dict[str, Cell]] = [
        {"held_out": result.name, **{f"auc_{each}": result.aucs[each] for each in kinds}}
        for result in results
    ]
    if results:
        records.append({"held_out": "mean", **{f"auc_{each}": mean_auc(results, each) for each in kinds}})
    records += [
        {"held_out": "published mean", "method": one.method, "auc": one.mean_auc, "source": one.source}
        for one in published
    ]
    return Chart(
        "One class held out",
        partial(_draw_hold_out, results=tuple(results), published=published, kind=kind),
        Table.of(records),
        (9.0, 4.4),
    )


def _draw_hold_out(
    figure: Figure,
    colours: Colours,
    *,
    results: Sequence[HeldOut],
    published: Sequence[Published],
    kind: ScoreKind,
) -> None:
    from aedesk.analysis.protocols import mean_auc

    kinds = list(results[0].aucs) if results else []
    palette = line_colours(colours)
    places = figure.add_gridspec(1, 2 if published else 1, width_ratios=(3, 2) if published else None)
    axes = styled(
        figure.add_subplot(places[0]),
        colours,
        title="AUC by what was held out (1 is perfect)",
        x="what the network has never seen",
        y="AUC",
    )
    groups = [result.name for result in results] + (["mean"] if len(results) > 1 else [])
    width = 0.8 / max(1, len(kinds))
    for place, each in enumerate(kinds):
        values = [result.aucs[each] for result in results]
        values += [mean_auc(results, each)] if len(results) > 1 else []
        at = np.arange(len(groups)) + (place - (len(kinds) - 1) / 2) * width
        axes.bar(at, values, width * 0.9, color=palette[place], label=NAMES.get(each, each))
    axes.set_xticks(np.arange(len(groups)), groups)
    axes.axhline(0.5, color=colours.muted, linewidth=1, linestyle="--")
    axes.set_ylim(0, 1.18)  # room for the legend
    axes.set_yticks(np.linspace(0, 1, 6))
    if kinds:
        close = {"columnspacing": 1.0, "handlelength": 1.0, "handletextpad": 0.5}
        legend(axes, colours, loc="upper left", ncols=len(kinds), fontsize=7.5, **close)
    if published:
        _draw_published(
            figure.add_subplot(places[1]),
            colours,
            published,
            mean_auc(results, kind) if results else None,
            len(results),
        )


def _draw_published(
    axes: Axes, colours: Colours, published: Sequence[Published], ours: float | None, count: int
) -> None:
    """Mean AUCs as bars with their names above them, the best at the top, ours among them in the accent."""
    bars = [(one.method, one.mean_auc, colours.muted) for one in published]
    if ours is not None:
        so_far = f": only {count} of {PUBLISHED_CLASSES}" if count < PUBLISHED_CLASSES else ""
        bars.append((f"this network{so_far}", ours, colours.accent))
    bars.sort(key=lambda bar: bar[1])
    styled(axes, colours, title="Beside published ones", x="mean AUC", grid="x")
    places = np.arange(len(bars))
    axes.barh(places - 0.2, [auc for _, auc, _ in bars], 0.28, color=[colour for *_, colour in bars])
    for place, (name, auc, _) in zip(places.tolist(), bars, strict=True):
        axes.text(0, place, f"{auc:.3f}  {name}", va="bottom", fontsize=7.5, color=colours.text)
    axes.set_yticks([])
    axes.set_xlim(0, 1)
    axes.set_ylim(-0.5, len(bars) - 0.2)
