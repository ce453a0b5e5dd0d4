"""Shows a chart in the window, with buttons that save it and export its numbers."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import ttkbootstrap as ttk

from aedesk.gui.charts import chart as charts
from aedesk.gui.charts.chart import Chart
from aedesk.gui.charts.file_buttons import FileButtons
from aedesk.gui.theme import GAP, Look
from aedesk.gui.timers import Timers

if TYPE_CHECKING:
    from matplotlib.backends.backend_tkagg import FigureCanvasTkAgg
    from matplotlib.figure import Figure

_REST = 60  # ms without another change of size before it is drawn again


class ChartView(ttk.Frame):
    """Call `show` with a chart. Usable before Matplotlib is there: it is imported by the first chart that is seen.

    empty: what is said while there is none. on_status gets a line about what was saved, on_problem why it was not.
    """

    def __init__(
        self,
        master: tk.Misc,
        look: Look,
        *,
        title: str,
        empty: str,
        on_status: Callable[[str], object],
        on_problem: Callable[[BaseException], object],
    ) -> None:
        super().__init__(master)
        self._look = look
        self.chart: Chart | None = None
        self._figure: Figure | None = None
        self._canvas: FigureCanvasTkAgg | None = None
        self._drawn: tuple[Any, ...] | None = None  # what is on the screen
        self._timers = Timers(self)
        bar = ttk.Frame(self)
        bar.pack(fill="x")
        ttk.Label(bar, text=title, style="Heading.TLabel").pack(side="left")
        self.files = FileButtons(bar, lambda: self.chart, on_status, on_problem)
        self.files.pack(side="right")
        self._place = ttk.Frame(self)
        self._place.pack(fill="both", expand=True, pady=(GAP // 2, 0))
        self._empty = ttk.Label(self._place, text=empty, style="Muted.TLabel", justify="center")
        self._empty.place(relx=0.5, rely=0.5, anchor="center")
        disconnect = look.changed.connect(lambda _: self._refresh())
        self.bind("<Destroy>", lambda event: disconnect() if event.widget is self else None, add="+")
        self._place.bind("<Configure>", lambda _: self._timers.later("draw", _REST, self._refresh), add="+")
        self._place.bind("<Map>", lambda _: self._refresh(), add="+")

    def show(self, chart: Chart | None) -> None:
        """Show another chart; None empties the view."""
        self.chart = chart
        self.files.enable(chart is not None)
        self._refresh()

    def _refresh(self) -> None:
        """Draw what is to be seen, unless it is on the screen or nobody sees it."""
        if self.chart is None:
            if self._canvas is not None:
                self._canvas.get_tk_widget().place_forget()
            self._drawn = None
            self._empty.place(relx=0.5, rely=0.5, anchor="center")
            return
        if not self._place.winfo_viewable() or self._place.winfo_width() < 2 * GAP:
            return
        wanted = (self.chart, self._look.palette, self._place.winfo_width(), self._place.winfo_height())
        if wanted == self._drawn:
            return
        self._drawn = wanted
        self._empty.place_forget()
        if self._canvas is None:
            self._build()
        assert self._canvas is not None
        assert self._figure is not None
        self._canvas.get_tk_widget().place(x=0, y=0, relwidth=1, relheight=1)
        self._figure.set_size_inches(
            wanted[2] / self._figure.dpi, wanted[3] / self._figure.dpi, forward=False
        )
        self._figure.clear()
        self._canvas.get_tk_widget().configure(background=self._look.palette.background)
        charts.draw(self.chart, self._figure, self._look.palette)
        self._canvas.draw_idle()

    def _build(self) -> None:
        from matplotlib.backends.backend_tkagg import FigureCanvasTkAgg
        from matplotlib.figure import Figure

        self._figure = Figure(dpi=96 * ttk.scale_size(self, 100) / 100, layout="constrained")
        self._canvas = FigureCanvasTkAgg(self._figure, self._place)
        widget = self._canvas.get_tk_widget()
        # Matplotlib would multiply the dots per inch by the scale of the screen, too, when it is first seen.
        widget.unbind("<Map>")
        widget.configure(highlightthickness=0, borderwidth=0)
