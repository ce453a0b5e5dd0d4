"""Draws loss curves with Matplotlib: a frame that is drawn when it changes, and lines that are drawn over it.

A full draw is ten times the work of the lines alone: so limits move in steps, from tick to tick.
"""

from __future__ import annotations

import math
import tkinter as tk
from collections.abc import Sequence
from typing import Any

import numpy as np
import ttkbootstrap as ttk
from matplotlib.backends.backend_tkagg import FigureCanvasTkAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, MaxNLocator, NullFormatter, NullLocator, StrMethodFormatter

from aedesk.gui.theme import Palette

Points = Sequence[tuple[float, float]]  # (epochs done, loss)

_LEFT, _RIGHT, _BELOW, _ABOVE = 52, 12, 44, 8  # px around the axes
_FEW = 40  # points up to which each has a dot
_WIDE = 3  # largest over smallest loss from which a log axis has its ticks at 1, 2 and 5


class LossPlot:
    """Three lines over epochs: training, validation, and the epoch in progress. `widget` shows them."""

    def __init__(self, master: tk.Misc, palette: Palette) -> None:
        self._scale = ttk.scale_size(master, 100) / 100
        self._figure = Figure(dpi=96 * self._scale)
        self._canvas = FigureCanvasTkAgg(self._figure, master)
        self.widget = self._canvas.get_tk_widget()
        self.widget.configure(highlightthickness=0, borderwidth=0)
        self._axes = self._figure.add_subplot()
        self._axes.spines[["top", "right", "left"]].set_visible(False)
        self._axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=10))
        self._axes.set_xlabel("Epoch", fontsize=9)
        self._axes.grid(True, axis="y", linewidth=0.8)
        self._axes.set_axisbelow(True)
        self._running = self._line("this epoch so far", linewidth=1.2, alpha=0.5)
        self._training = self._line("training", linewidth=1.6)
        self._validation = self._line("validation", linewidth=2.2)
        self._lines = (self._training, self._validation, self._running)
        self._legend = self._axes.legend(
            handles=self._lines,
            loc="upper right",
            fontsize=9,
            edgecolor="none",
            framealpha=1,
            borderaxespad=0,
        )
        self._frame: tuple[Any, ...] | None = None
        self._background: Any = None
        self._figure.canvas.mpl_connect("resize_event", lambda _: self._fit())
        self._figure.canvas.mpl_connect("draw_event", lambda _: self._on_drawn())
        self._fit()
        self.recolour(palette)

    def _line(self, label: str, **style: Any) -> Line2D:
        (line,) = self._axes.plot(
            [], [], label=label, animated=True, clip_on=False, solid_capstyle="round", markersize=4, **style
        )
        return line

    @property
    def drawn_epochs(self) -> int:
        """How many points the validation curve has."""
        return len(np.asarray(self._validation.get_xdata()))

    def show(
        self, training: Points, validation: Points, running: Points, epochs: int, *, log: bool, live: bool
    ) -> None:
        """Draw these points on an axis of `epochs`. live: there is an epoch in progress."""
        losses = []
        for line, points in zip(self._lines, (training, validation, running), strict=True):
            points = [(x, y) for x, y in points if math.isfinite(y) and (y > 0 or not log)]
            line.set_data([x for x, _ in points], [y for _, y in points])
            losses += [y for _, y in points]
        for line in (self._training, self._validation):
            line.set_marker("o" if self.drawn_epochs <= _FEW else "")
        ticks = tuple(loss_ticks(min(losses), max(losses), log=log)) if losses else (0.0, 1.0)
        frame = (epochs, ticks, log, live)
        if frame != self._frame or self._background is None:
            self._frame = frame
            self._set_frame(epochs, ticks, log, live)
            self._canvas.draw_idle()
        else:
            self._canvas.restore_region(self._background)
            self._draw_lines()
            self._canvas.blit()

    def _set_frame(self, epochs: int, ticks: tuple[float, ...], log: bool, live: bool) -> None:
        axis = self._axes.yaxis
        self._axes.set_yscale("log" if log else "linear")
        axis.set_major_locator(FixedLocator(ticks))
        axis.set_major_formatter(StrMethodFormatter("{x:.3g}"))
        axis.set_minor_locator(NullLocator())
        axis.set_minor_formatter(NullFormatter())
        self._axes.set_xlim(0, max(1, epochs))
        self._axes.set_ylim(ticks[0], ticks[-1])
        for part in (self._legend.get_texts()[-1], self._legend.get_lines()[-1]):
            part.set_visible(live)

    def _on_drawn(self) -> None:
        """The frame is in the buffer, and goes to the screen after this."""
        self._background = self._canvas.copy_from_bbox(self._figure.bbox)
        self._draw_lines()

    def _draw_lines(self) -> None:
        for line in reversed(self._lines):
            self._axes.draw_artist(line)

    def recolour(self, palette: Palette) -> None:
        """Take on the colours of a theme."""
        for background in (self._figure.patch, self._axes.patch, self._legend.get_frame()):
            background.set_facecolor(palette.background)
        self.widget.configure(background=palette.background)
        self._axes.tick_params(
            labelsize=9, length=0, pad=6, labelcolor=palette.muted, grid_color=palette.faint
        )
        self._axes.xaxis.label.set_color(palette.muted)
        self._axes.spines["bottom"].set_color(palette.faint)
        for line, sample, name, colour in zip(
            self._lines,
            self._legend.get_lines(),
            self._legend.get_texts(),
            (palette.muted, palette.accent, palette.muted),
            strict=True,
        ):
            line.set_color(colour)
            sample.set_color(colour)
            name.set_color(palette.text)
        self._canvas.draw_idle()

    def _fit(self) -> None:
        """Keep the margins as they are in pixels, whatever the size."""
        self._background = None
        width, height = (self._figure.get_size_inches() * self._figure.dpi / self._scale).tolist()
        if width > 2 * (_LEFT + _RIGHT) and height > 2 * (_BELOW + _ABOVE):
            self._figure.subplots_adjust(
                left=_LEFT / width, right=1 - _RIGHT / width, bottom=_BELOW / height, top=1 - _ABOVE / height
            )


def loss_ticks(low: float, high: float, *, log: bool) -> list[float]:
    """Round numbers from at most `low` to at least `high`; 1, 2, 5 of each decade where `log` asks for it."""
    if not (log and high / low >= _WIDE):
        air = max(high - low, abs(high) * 0.02, 1e-9) * 0.04
        bottom = max(low - air, low / 2 if log else 0.0)  # no loss is below 0
        ticks = [float(tick) for tick in MaxNLocator(nbins=5).tick_values(bottom, high + air)]
        return ticks if ticks[0] > 0 or not log else ticks[1:]
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    round_numbers = [digit * 10.0**decade for decade in decades for digit in (1, 2, 5)]
    first = max(number for number in round_numbers if number <= low * (1 + 1e-9))
    last = min(number for number in round_numbers if number >= high * (1 - 1e-9))
    return [number for number in round_numbers if first <= number <= last]
