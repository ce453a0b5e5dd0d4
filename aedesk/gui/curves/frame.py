"""What a plot of losses draws seldom: axes, runs beside, marks of changes and the legend. No Tk in here."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.transforms import Bbox

from aedesk.gui.charts.paper import Colours
from aedesk.gui.curves.axes import Corner, freest_corner, loss_ticks, set_scales, shortened
from aedesk.gui.curves.losses import MOST_BESIDE, Kind, Other, Scene, Stroke
from aedesk.gui.curves.marks import Flag, arrange
from aedesk.gui.curves.run_colours import COUNT, run_colour

Entry = tuple[str, str, float, float, Any]  # words, colour, width, alpha and dashes of a line of the legend

_LEFT, _RIGHT, _BELOW, _ABOVE = 52, 12, 44, 8  # px around the axes
_LONG, _RIGHT_OF_LONG = 1000, 22  # epochs whose number is wide, and what half of it takes
_ROW = 15  # px: a row of words above the axes
_ENTRY = 17  # px: a row of the legend
_LEGEND_SHARE = 0.55  # of the height of the axes at most
_TICK = 60  # px that the number of an epoch may take
_FEW = 40  # points up to which each has a dot
_MOST_LABEL = 30
_SMALL = FontProperties(size=8)
_STYLES: dict[tuple[Kind, bool], dict[str, Any]] = {
    ("batch", True): {"linewidth": 0.8, "alpha": 0.3},
    ("batch", False): {"linewidth": 1.0, "alpha": 0.6},
    ("training", True): {"linewidth": 1.0, "alpha": 0.3, "clip_on": False},
    ("training", False): {"linewidth": 1.6, "clip_on": False},
    ("validation", True): {"linewidth": 1.0, "alpha": 0.35, "clip_on": False},
    ("validation", False): {"linewidth": 2.2, "clip_on": False},
}
_BESIDE: dict[Kind, dict[str, Any]] = {
    "training": {"linewidth": 1.0, "alpha": 0.7, "clip_on": False},
    "validation": {"linewidth": 1.8, "clip_on": False},
}
_DASHES: tuple[Any, ...] = ("-", (0, (4, 1.5)), (0, (1.2, 1.2)))  # where the colours begin again


class Frame:
    """The axes of a figure, in pixels of `scale` dots. `set` draws nothing yet."""

    def __init__(self, figure: Figure, scale: float, *, above: int = 0) -> None:
        """above: px that are kept free for a title."""
        self._figure = figure
        self._scale = scale
        self._above = _ABOVE + above
        self.axes = figure.add_subplot()
        self.axes.spines[["top", "right", "left"]].set_visible(False)
        self.axes.set_xlabel("Epoch", fontsize=9)
        self.axes.grid(True, axis="y", linewidth=0.8)
        self.axes.set_axisbelow(True)
        self.lines = {key: self._line(**style) for key, style in _STYLES.items()}
        self.running_lines = {
            key: self._line(**style) for key, style in _STYLES.items() if key[0] != "validation"
        }
        self.flags: list[Flag] = []
        self.beside = np.empty((0, 2))  # the points of other runs
        self._parts: list[Any] = []
        self._rows = 0
        self._right = _RIGHT
        self._corner: Corner = "upper right"
        self._legend_key: tuple[Any, ...] | None = None
        self._legend_share = (0.0, 0.0)
        self.fit()

    def _line(self, **style: Any) -> Line2D:
        (line,) = self.axes.plot([], [], solid_capstyle="round", markersize=4, **style)
        return line

    @property
    def legend_box(self) -> Bbox:
        """In dots of the figure."""
        legend = self.axes.get_legend()
        return Bbox.null() if legend is None else legend.get_window_extent()

    def key(self, scene: Scene, colours: Colours) -> tuple[Any, ...]:
        """What the frame follows from: two of the same key look the same."""
        beside = (scene.part, scene.smoothing) if scene.others else None
        return (
            scene.last_epoch,
            _ticks(scene),
            scene.log,
            scene.others,
            scene.marks,
            beside,
            self._entries(scene, colours),
            colours.name,
        )

    def set_lines(self, scene: Scene, strokes: list[Stroke], *, running: bool = False) -> None:
        """The lines of the run on show: of its epochs, or of the one that is running."""
        found = {(stroke.kind, stroke.faint): stroke for stroke in strokes}
        for key, line in (self.running_lines if running else self.lines).items():
            stroke = found.get(key)
            line.set_data(([], []) if stroke is None else (stroke.x, stroke.y))
            line.set_visible(stroke is not None)
            if stroke is None:
                continue
            has_dots = key == ("validation", False) or (key == ("training", False) and not scene.others)
            marker = "o" if (has_dots and len(scene.own) <= _FEW) or len(stroke.x) == 1 else ""
            if line.get_marker() != marker:  # Matplotlib would work out the form of even the same one again
                line.set_marker(marker)

    def set(self, scene: Scene, colours: Colours, renderer: Any) -> None:
        """Everything else. renderer: what measures words."""
        for part in self._parts:
            part.remove()
        self._parts = []
        right = _RIGHT if scene.last_epoch < _LONG else _RIGHT_OF_LONG
        if right != self._right:
            self._right = right
            self.fit()
        numbers = max(2, min(10, round(self.axes.bbox.width / self._scale / _TICK)))
        set_scales(self.axes, scene.last_epoch, _ticks(scene), log=scene.log, numbers=numbers)
        self._recolour(scene, colours)
        self._set_others(scene, colours)
        self._set_marks(scene, colours, renderer)
        self._set_legend(scene, colours, renderer)

    def _recolour(self, scene: Scene, colours: Colours) -> None:
        for background in (self._figure.patch, self.axes.patch):
            background.set_facecolor(colours.background)
        self.axes.tick_params(
            labelsize=9, length=0, pad=6, labelcolor=colours.muted, grid_color=colours.faint
        )
        self.axes.xaxis.label.set_color(colours.muted)
        self.axes.spines["bottom"].set_color(colours.faint)
        for (kind, _), line in (*self.lines.items(), *self.running_lines.items()):
            is_own = kind == "validation" or (kind == "training" and bool(scene.others))
            line.set_color(colours.accent if is_own else colours.muted)
        for lines in (self.lines, self.running_lines):
            lines["training", False].set_linewidth(1.0 if scene.others else 1.6)
        self.lines["validation", False].set_markersize(3 if scene.others else 4)

    def _set_others(self, scene: Scene, colours: Colours) -> None:
        beside = [np.empty((0, 2))]
        for other in scene.others:
            for stroke in scene.other_strokes(other, MOST_BESIDE):
                line = self._line(**_BESIDE[stroke.kind])
                line.set_data(stroke.x, stroke.y)
                if len(stroke.x) == 1 or (stroke.kind == "validation" and len(stroke.x) <= _FEW):
                    line.set_marker(".")
                line.set_color(run_colour(other.colour, dark=colours.name == "dark"))
                line.set_linestyle(_dashes(other))
                self._parts.append(line)
                beside.append(np.stack([stroke.x, stroke.y], axis=1))
        self.beside = np.concatenate(beside)

    def _set_marks(self, scene: Scene, colours: Colours, renderer: Any) -> None:
        def width_of(text: str) -> float:
            width, _, _ = renderer.get_text_width_height_descent(text, _SMALL, False)
            return float(width)

        def place(epoch: float) -> float:
            return float(self.axes.transData.transform((epoch, 1.0))[0])

        left, _, right, _ = self.axes.bbox.extents
        shown = [mark for mark in scene.marks if 0 <= mark.epoch <= scene.last_epoch]
        self.flags = arrange(shown, place, width_of, left, right)
        rows = 1 + max((flag.row for flag in self.flags), default=-1)
        if rows != self._rows:
            self._rows = rows
            self.fit()
        for flag in self.flags:
            self._draw_mark(flag, colours)

    def _draw_mark(self, flag: Flag, colours: Colours) -> None:
        above = (4 + flag.row * _ROW) * self._scale if flag.text else 0.0
        (line,) = self.axes.plot(
            [flag.marks[0].epoch] * 2,
            [0, 1 + above / self.axes.bbox.height],
            transform=self.axes.get_xaxis_transform(),
            color=colours.muted,
            linewidth=0.8,
            alpha=0.7,
            linestyle=(0, (3, 3)),
            clip_on=False,
        )
        self._parts.append(line)
        if flag.text:
            words = self.axes.annotate(
                flag.text,
                (flag.left / self._figure.bbox.width, 1),
                xycoords=("figure fraction", "axes fraction"),
                xytext=(0, above * 72 / self._figure.dpi),
                textcoords="offset points",
                fontproperties=_SMALL,
                color=colours.text,
                annotation_clip=False,
                zorder=3,  # over the lines of the marks in the row above
                bbox={"facecolor": colours.background, "edgecolor": "none", "pad": 0.5},
            )
            self._parts.append(words)

    def _entries(self, scene: Scene, colours: Colours) -> tuple[Entry, ...]:
        entries: list[Entry]
        if not scene.others:
            entries = [
                ("training", colours.muted, 1.6, 1.0, "-"),
                ("validation", colours.accent, 2.2, 1.0, "-"),
            ]
            if scene.shows_batches:
                entries.append(("single batches", colours.muted, 0.8, 0.5, "-"))
            return tuple(entries)
        is_dark = colours.name == "dark"
        entries = [
            (
                shortened(other.label, _MOST_LABEL),
                run_colour(other.colour, dark=is_dark),
                1.8,
                1.0,
                _dashes(other),
            )
            for other in scene.others
        ]
        if len(scene.own) or scene.live:
            entries.insert(
                0, (shortened(scene.run or "this run", _MOST_LABEL), colours.accent, 2.2, 1.0, "-")
            )
        room = max(2, int(self.axes.bbox.height / self._scale * _LEGEND_SHARE / _ENTRY) - 1)
        if len(entries) > room:
            left = len(entries) - room + 1
            entries[room - 1 :] = [(f"and {left} more", colours.background, 0.0, 0.0, "-")]
        return (*entries, ("thin: training", colours.muted, 1.0, 0.7, "-"))

    def _set_legend(self, scene: Scene, colours: Colours, renderer: Any) -> None:
        entries = self._entries(scene, colours)
        key = (entries, colours.background)
        if key != self._legend_key:
            self._legend_key = key
            self._make_legend(entries, colours, is_clear=bool(scene.others))
        legend = self.axes.get_legend()
        if legend is not None:
            box = legend.get_window_extent(renderer)
            self._legend_share = (box.width / self.axes.bbox.width, box.height / self.axes.bbox.height)

    def _make_legend(self, entries: tuple[Entry, ...], colours: Colours, *, is_clear: bool) -> None:
        samples = [
            Line2D([], [], label=label, color=colour, linewidth=width, alpha=alpha, linestyle=dashes)
            for label, colour, width, alpha, dashes in entries
        ]
        self.axes.legend(
            handles=samples,
            loc=self._corner,
            fontsize=9,
            edgecolor="none",
            facecolor=colours.background,
            framealpha=0.85 if is_clear else 1,
            borderaxespad=0,
            labelcolor=colours.text,
        )

    def choose_corner(self, points: np.ndarray) -> bool:
        """Put the legend where it hides least of `points` (n, 2) and of the runs beside; whether it has moved."""
        dots = self.axes.transData.transform(np.concatenate([points, self.beside]))
        box = self.axes.bbox
        shares = (dots - (box.x0, box.y0)) / (box.width, box.height)
        corner = freest_corner(shares, *self._legend_share, self._corner)
        if corner == self._corner:
            return False
        self._corner = corner
        legend = self.axes.get_legend()
        if legend is not None:
            legend.set_loc(corner)
        return True

    def fit(self) -> None:
        """Keep the margins as they are in pixels, whatever the size."""
        width, height = (self._figure.get_size_inches() * self._figure.dpi / self._scale).tolist()
        above = self._above + self._rows * _ROW
        if width > 2 * (_LEFT + self._right) and height > 2 * (_BELOW + above):
            self._figure.subplots_adjust(
                left=_LEFT / width,
                right=1 - self._right / width,
                bottom=_BELOW / height,
                top=1 - above / height,
            )


def _dashes(other: Other) -> Any:
    return _DASHES[other.colour // COUNT % len(_DASHES)]


def _ticks(scene: Scene) -> tuple[float, ...]:
    span = scene.span()
    return tuple(loss_ticks(*span, log=scene.log)) if span else (0.0, 1.0)
