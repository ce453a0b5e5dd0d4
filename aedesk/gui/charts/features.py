"""What a representation is worth: accuracy against the number of labels, for pixels, PCA and codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aedesk.gui.charts.chart import Chart, line_colours, styled
from aedesk.gui.charts.paper import Colours

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from aedesk.analysis.feature_report import FeatureReport

_TITLES = {"linear probe": "Accuracy of a linear probe", "k-NN": "Accuracy of k nearest neighbours"}
_APART = 0.05  # of a label's number: so that bars of the same one are beside each other
_CROWDED = 1.6  # two numbers of labels nearer than this times each other: only the larger is written
_MARKERS = {"codes": "o", "pca": "s", "pixels": "^"}  # told apart without colours, too


def features_chart(report: FeatureReport) -> Chart:
    """A panel for each method, a line for each representation; bars are the spread over the draws of labels."""

    def draw(figure: Figure, colours: Colours) -> None:
        panels = figure.subplots(1, len(_TITLES), sharey=True, squeeze=False)[0]
        for axes, method in zip(panels, _TITLES, strict=True):
            _draw_method(axes, report, method, colours)
        lines, names = panels[0].get_legend_handles_labels()
        figure.legend(
            lines[::-1],
            names[::-1],
            loc="outside lower center",
            ncols=len(lines),
            fontsize=9,
            frameon=False,
            labelcolor=colours.text,
        )

    return Chart(f"Accuracy against labels {report.model} {report.data}", draw, report.table(), (8.4, 4.0))


def _draw_method(axes: Axes, report: FeatureReport, method: str, colours: Colours) -> None:
    from matplotlib.ticker import NullLocator, PercentFormatter

    styled(axes, colours, title=_TITLES[method], x="labelled images")
    lines = dict(zip(("codes", "pca", "pixels"), line_colours(colours), strict=False))
    # Codes come last, on top of the others.
    for order, each in enumerate(report.representations):
        scores = [report.score(each.name, method, labels) for labels in report.labels]
        axes.errorbar(
            [score.labels * (1 + (order - 1) * _APART) for score in scores],
            [score.accuracy for score in scores],
            yerr=[score.spread or 0.0 for score in scores],
            color=lines[each.name],
            marker=_MARKERS[each.name],
            markersize=5,
            linewidth=1.8,
            elinewidth=1.2,
            capsize=3,
            zorder=3 + order,
            label=each.title if each.name != "codes" else f"Codes of {report.model}",
        )
    axes.set_xscale("log")
    following = (*report.labels[1:], float("inf"))
    words = [
        f"{at:,}" if after > _CROWDED * at else "" for at, after in zip(report.labels, following, strict=True)
    ]
    axes.set_xticks(report.labels, words)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.margins(x=0.08)
