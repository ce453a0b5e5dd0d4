"""The loss of a run as it goes: training and validation per epoch, and the epoch in progress."""

from __future__ import annotations

import math
import tkinter as tk
from typing import TYPE_CHECKING, Any

import ttkbootstrap as ttk

from aedesk.gui.fields import explain
from aedesk.gui.theme import GAP, Look

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.backends.backend_tkagg import FigureCanvasTkAgg
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

_REDRAW = 100  # ms: the least time between two redraws
_MARGINS = (56, 16, 44, 12)  # px around the axes: left, right, bottom, top
_EMPTY = "The loss on training and on validation images\nwill be drawn here while the model learns."
_FEW = 40  # epochs up to which each has a dot of its own
_DECADES = 8  # a span, as a ratio, from which a log axis has its ticks at 1, 2, 5


class Curves(ttk.Frame):
    """Losses over epochs, linear or logarithmic. Usable before Matplotlib is there; `build` then draws."""

    def __init__(self, master: tk.Misc, look: Look) -> None:
        super().__init__(master)
        self._look = look
        self._training: list[tuple[float, float]] = []
        self._validation: list[tuple[float, float]] = []
        self._running: list[tuple[float, float]] = []
        self._epochs = 0
        self._pending: str | None = None
        self._axes: Axes | None = None
        bar = ttk.Frame(self)
        bar.pack(fill="x")
        self._title = ttk.Label(bar, text="Loss", style="Heading.TLabel")
        self._title.pack(side="left")
        self._log = tk.BooleanVar(self, value=False)
        self.log_switch = ttk.Checkbutton(
            bar, text="Log scale", variable=self._log, bootstyle="round-toggle", command=self._redraw_soon
        )
        self.log_switch.pack(side="right")
        explain(self.log_switch, "Draw equal ratios of the loss as equal distances, to see late progress.")
        self._place = ttk.Frame(self)
        self._place.pack(fill="both", expand=True, pady=(GAP, 0))
        self._waiting = ttk.Label(self._place, text=_EMPTY, style="Muted.TLabel", justify="center")
        self._waiting.place(relx=0.5, rely=0.5, anchor="center")
        disconnect = look.changed.connect(lambda _: self._recolour())
        self.bind("<Destroy>", lambda event: self._on_destroy(event, disconnect), add="+")
        self.bind("<Map>", lambda _: self._redraw_soon(), add="+")

    @property
    def is_log(self) -> bool:
        return bool(self._log.get())

    def set_log(self, on: bool) -> None:
        self._log.set(on)
        self._redraw_soon()

    def build(self) -> None:
        """Put the axes in place; Matplotlib is imported here unless it has been."""
        from matplotlib.backends.backend_tkagg import FigureCanvasTkAgg
        from matplotlib.figure import Figure
        from matplotlib.ticker import MaxNLocator

        if self._axes is not None:
            return
        self._figure: Figure = Figure(dpi=96 * ttk.scale_size(self, 100) / 100)
        self._canvas: FigureCanvasTkAgg = FigureCanvasTkAgg(self._figure, self._place)
        self._axes = self._figure.add_subplot()
        self._axes.spines[["top", "right"]].set_visible(False)
        self._axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=10))
        self._axes.set_xlabel("Epoch", fontsize=9, loc="right")
        self._axes.tick_params(labelsize=9, length=3)
        self._running_line = self._line("this epoch so far", linewidth=1.2, alpha=0.45)
        self._training_line = self._line("training", linewidth=1.8)
        self._validation_line = self._line("validation", linewidth=2.2)
        self._figure.canvas.mpl_connect("resize_event", lambda _: self._fit())
        self._recolour()
        self._redraw()

    def _line(self, label: str, **style: Any) -> Line2D:
        assert self._axes is not None
        (line,) = self._axes.plot([], [], label=label, solid_capstyle="round", markersize=4, **style)
        return line

    def begin(self, epochs: int, title: str) -> None:
        """Clear the curves for a run of `epochs`. title: what the loss is."""
        self._training, self._validation, self._running = [], [], []
        self._epochs = epochs
        self._title.configure(text=title)
        self._redraw_soon()

    def add_batch(self, epochs_done: float, loss: float) -> None:
        """The running mean of the present epoch; epochs_done has a fraction."""
        if self._running and math.floor(self._running[0][0]) != math.floor(epochs_done - 1e-9):
            self._running = []
        self._running.append((epochs_done, loss))
        self._redraw_soon()

    def add_epoch(self, epochs_done: float, training: float, validation: float) -> None:
        """Losses at the end of an epoch; one that is not finite is left out."""
        for points, loss in ((self._training, training), (self._validation, validation)):
            if math.isfinite(loss):
                points.append((epochs_done, loss))
        self._running = []
        self._redraw_soon()

    def end(self) -> None:
        """Show the epochs that were run, not those that were planned."""
        self._running = []
        if self._validation:
            self._epochs = max(1, math.ceil(self._validation[-1][0]))
        self._redraw_soon()

    @property
    def drawn_epochs(self) -> int:
        """How many epochs the validation curve shows on the screen."""
        return len(self._validation_line.get_xdata()) if self._axes is not None else 0

    def refresh(self) -> None:
        """Draw what came in while the curves could not be seen."""
        self._redraw_soon()

    def _redraw_soon(self) -> None:
        if self._axes is not None and self._pending is None:
            self._pending = self.after(_REDRAW, self._redraw)

    def _redraw(self) -> None:
        self._pending = None
        if self._axes is None or not self.winfo_viewable():
            return
        lines = {
            self._running_line: self._running,
            self._training_line: self._training,
            self._validation_line: self._validation,
        }
        for line, points in lines.items():
            line.set_data([x for x, _ in points], [y for _, y in points])
            line.set_marker("o" if line is not self._running_line and len(points) <= _FEW else "")
        losses = [y for points in lines.values() for _, y in points if math.isfinite(y) and y > 0]
        if losses:
            self._scale(self._axes, min(losses), max(losses))
        self._waiting.place_forget() if losses else self._waiting.place(relx=0.5, rely=0.5, anchor="center")
        self._canvas.draw_idle()

    def _scale(self, axes: Axes, low: float, high: float) -> None:
        """Limits with a little air, and ticks that suit the span."""
        from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, NullLocator, StrMethodFormatter

        axes.set_xlim(0, max(1, self._epochs))
        wide = self.is_log and high / low >= _WIDE
        axes.set_yscale("log" if self.is_log else "linear")
        if self.is_log:
            air = max(high / low, 1.02) ** 0.06
            axes.set_ylim(low / air, high * air)
        else:
            air = max(high - low, 0.02 * high) * 0.06
            axes.set_ylim(low - air, high + air)
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)) if wide else MaxNLocator(nbins=5))
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_minor_formatter(NullFormatter())
