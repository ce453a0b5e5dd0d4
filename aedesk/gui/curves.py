"""The loss of a run as it goes: training and validation per epoch, and the epoch in progress."""

from __future__ import annotations

import math
import tkinter as tk
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import ttkbootstrap as ttk

from aedesk.gui.fields import explain
from aedesk.gui.theme import GAP, Look

if TYPE_CHECKING:
    from aedesk.gui.loss_plot import LossPlot

_REDRAW = 100  # ms: the least time between two redraws
_EMPTY = "The loss on training and on validation images\nwill be drawn here while the model learns."


class Curves(ttk.Frame):
    """Losses over epochs, linear or logarithmic. Usable before Matplotlib is there; `build` then draws."""

    def __init__(self, master: tk.Misc, look: Look) -> None:
        super().__init__(master)
        self._look = look
        self._training: list[tuple[float, float]] = []
        self._validation: list[tuple[float, float]] = []
        self._running: list[tuple[float, float]] = []
        self._epochs = 1
        self._is_live = False
        self._pending: str | None = None
        self._plot: LossPlot | None = None
        bar = ttk.Frame(self)
        bar.pack(fill="x")
        self._title = ttk.Label(bar, text="Loss per pixel", style="Heading.TLabel")
        self._title.pack(side="left")
        self._log = tk.BooleanVar(self, value=False)
        self.log_switch = ttk.Checkbutton(
            bar, text="Log scale", variable=self._log, bootstyle="round-toggle", command=self.refresh
        )
        self.log_switch.pack(side="right")
        explain(self.log_switch, "Draw equal ratios of the loss as equal distances, to see late progress.")
        self._place = ttk.Frame(self)
        self._place.pack(fill="both", expand=True, pady=(GAP, 0))
        self._empty = ttk.Label(self._place, text=_EMPTY, style="Muted.TLabel", justify="center")
        self._empty.place(relx=0.5, rely=0.5, anchor="center")
        disconnect = look.changed.connect(lambda _: self._recolour())
        self.bind("<Destroy>", lambda event: self._on_destroy(event, disconnect), add="+")

    def build(self) -> None:
        """Put the axes in place; this imports Matplotlib unless it has been."""
        from aedesk.gui.loss_plot import LossPlot

        if self._plot is None:
            self._plot = LossPlot(self._place, self._look.palette)
            self._redraw()

    @property
    def is_log(self) -> bool:
        return bool(self._log.get())

    def set_log(self, on: bool) -> None:
        self._log.set(on)
        self.refresh()

    def begin(self, epochs: int, title: str) -> None:
        """Clear the curves for a run of `epochs`. title: what the loss is."""
        self._training, self._validation, self._running = [], [], []
        self._epochs = epochs
        self._is_live = True
        self._title.configure(text=title)
        self.refresh()

    def add_batch(self, epochs_done: float, loss: float) -> None:
        """The mean over the epoch so far; epochs_done has a fraction."""
        self._running.append((epochs_done, loss))
        self.refresh()

    def add_epoch(self, epochs_done: float, training: float, validation: float) -> None:
        """Losses at the end of an epoch; one that is not finite is left out."""
        for points, loss in ((self._training, training), (self._validation, validation)):
            if math.isfinite(loss):
                points.append((epochs_done, loss))
        self._running = []
        self.refresh()

    def end(self) -> None:
        """Show the epochs that were run, not those that were planned."""
        self._is_live = False
        self._running = []
        if self._validation:
            self._epochs = math.ceil(self._validation[-1][0])
        self.refresh()

    @property
    def drawn_epochs(self) -> int:
        """How many epochs the validation curve has on the screen."""
        return self._plot.drawn_epochs if self._plot else 0

    def refresh(self) -> None:
        """Redraw soon, whatever has come in by then."""
        if self._plot is not None and self._pending is None:
            self._pending = self.after(_REDRAW, self._redraw)

    def _redraw(self) -> None:
        self._pending = None
        if self._plot is None or not self.winfo_viewable():
            return  # whoever shows the tab again calls `refresh`
        is_empty = not (self._validation or self._running)
        if is_empty:
            self._plot.widget.place_forget()
            self._empty.place(relx=0.5, rely=0.5, anchor="center")
        else:
            self._empty.place_forget()
            self._plot.widget.place(relwidth=1, relheight=1)
        self._plot.show(
            self._training,
            self._validation,
            self._running,
            self._epochs,
            log=self.is_log,
            live=self._is_live,
        )

    def _recolour(self) -> None:
        if self._plot is not None:
            self._plot.recolour(self._look.palette)

    def _on_destroy(self, event: tk.Event[Any], disconnect: Callable[[], None]) -> None:
        if event.widget is self:
            disconnect()
            if self._pending is not None:
                self.after_cancel(self._pending)
