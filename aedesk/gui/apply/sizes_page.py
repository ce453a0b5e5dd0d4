"""The page of the Apply tab about code sizes: the model arena, error against size, and how true the maps are."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence
from typing import Any, ClassVar

import ttkbootstrap as ttk

from aedesk.app.explorer import Reading
from aedesk.app.loading import ActiveModel
from aedesk.app.sizes import Arena, Standing
from aedesk.gui.apply.page import Page
from aedesk.gui.apply.sizes_arena import ArenaView
from aedesk.gui.apply.sizes_bench import NEIGHBOURS, ErrorBench, MapsBench
from aedesk.gui.choice_row import ChoiceRow
from aedesk.gui.fields import explain
from aedesk.gui.fitting_label import FittingLabel
from aedesk.gui.theme import GAP

_ARENA_SHARE = 0.38  # of the page's height, at the most
_WIDE = 1100  # px, before scaling: from here on both charts are side by side
_BENCHES = {
    "errors": ("Error against size", "How much is lost by codes of so many numbers, and by PCA."),
    "maps": ("Trust in the maps", "Whether neighbours on the flat maps are neighbours in truth."),
}
_BLANK = "Draw a digit: it is shown here as every model rebuilds it, and as PCA does."


class SizesPage(Page):
    name: ClassVar[str] = "sizes"
    about: ClassVar[str] = (
        "How few numbers are enough? More numbers lose less, and bends lose less than straight lines."
    )

    def build(self) -> None:
        self.arena = Arena(self.jobs)
        self._active: ActiveModel | None = None
        self._layout = ""
        heading = ttk.Frame(self)
        heading.pack(fill="x")
        ttk.Label(heading, text="Model arena", style="Heading.TLabel").pack(side="left")
        self.summary = FittingLabel(heading, keep_end=False)
        self.summary.pack(side="left", fill="x", expand=True, padx=(GAP, 0))
        self.summary.set(_BLANK)
        self.view = ArenaView(self, self.look, self.explorer.load)
        explain(self.view, "A click on a model puts it to use, here and on the other tabs.")
        self.view.pack(fill="x", pady=(GAP // 2, GAP))
        self._benches = ttk.Frame(self)
        self._benches.pack(fill="both", expand=True)
        self._chosen = ChoiceRow(self._benches, _BENCHES, self._lay_out, padding=(12, 4), upright=True)
        self.errors = ErrorBench(self._benches, self.around)
        self.maps = MapsBench(self._benches, self.around)
        disconnects = [
            self.arena.changed.connect(self._on_standings),
            self.arena.failed.connect(self.around.on_problem),
        ]

        def on_destroy(event: tk.Event[Any]) -> None:
            if event.widget is self:
                for disconnect in disconnects:
                    disconnect()

        self.bind("<Destroy>", on_destroy, add="+")
        self.bind("<Configure>", lambda event: self._lay_out() if event.widget is self else None, add="+")

    def on_model(self, active: ActiveModel) -> None:
        self._active = active
        self.errors.picker.propose(active)
        reading = self.explorer.reading
        self.arena.show(None if reading is None else reading.image, active)

    def on_reading(self, reading: Reading | None) -> None:
        self.arena.show(None if reading is None else reading.image, self._active)

    def remember(self) -> dict[str, Any]:
        return {
            "bench": self._chosen.get(),
            "data": self.errors.picker.chosen,
            "neighbours": self.maps.neighbours.text,
        }

    def restore(self, remembered: dict[str, Any]) -> None:
        if remembered.get("bench") in _BENCHES:
            self._chosen.set(remembered["bench"])
            self._lay_out()
        self.errors.picker.restore(remembered.get("data"))
        if remembered.get("neighbours") in NEIGHBOURS:
            self.maps.neighbours.set(remembered["neighbours"])

    def give_up(self) -> None:
        self.errors.run_bar.give_up()
        self.maps.run_bar.give_up()

    def _on_standings(self, standings: Sequence[Standing]) -> None:
        self.view.show(standings)
        self.summary.set(_summary(standings, self.arena.pca_words))

    def _lay_out(self) -> None:
        """Both measurements side by side where there is room, else the chosen one."""
        self.view.set_max_height(int(self.winfo_height() * _ARENA_SHARE))
        both = self.winfo_width() >= ttk.scale_size(self, _WIDE)
        layout = "both" if both else self._chosen.get()
        if layout == self._layout:
            return
        self._layout = layout
        benches: dict[str, ErrorBench | MapsBench] = {"errors": self.errors, "maps": self.maps}
        self._chosen.grid_forget()
        for bench in benches.values():
            bench.settings.grid_forget()
            bench.grid_forget()
        if both:
            for column, bench in enumerate(benches.values()):
                left = 3 * GAP if column else 0
                bench.settings.grid(row=0, column=column, sticky="nw", padx=(left, 0), pady=(0, GAP))
                bench.grid(row=1, column=column, sticky="nsew", padx=(left, 0))
        else:
            bench = benches[self._chosen.get()]
            self._chosen.grid(row=0, column=0, sticky="new", pady=(0, GAP))
            bench.settings.grid(row=1, column=0, sticky="nw")
            bench.grid(row=0, column=1, rowspan=2, sticky="nsew", padx=(2 * GAP, 0))
        self._benches.rowconfigure(1, weight=1)
        self._benches.columnconfigure(0, weight=int(both), uniform="bench" if both else "")
        self._benches.columnconfigure(1, weight=1, uniform="bench" if both else "")


def _summary(standings: Sequence[Standing], pca: str) -> str:
    """Who rebuilds the drawing best, and how often PCA is beaten."""
    errors = [(standing.mse, standing.label) for standing in standings if standing.mse is not None]
    if not errors:
        return _BLANK
    least, label = min(errors)
    words = f"Lower is better. Best: {label} ({least:.4f})."
    compared = [standing.beats_pca for standing in standings if standing.beats_pca is not None]
    if not compared:
        return f"{words} PCA {pca}"
    return f"{words} {sum(compared)} of {len(compared)} beat PCA of their size ({pca})."
