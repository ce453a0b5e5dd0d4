"""The Explore tab: draw on the left, the map of codes on the right, a digit at every place of it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import Any

import ttkbootstrap as ttk

from aedesk.app.desk import Desk
from aedesk.app.explorer import Reading
from aedesk.app.jobs import Jobs
from aedesk.app.loading import ActiveModel
from aedesk.gui.brush import Brush
from aedesk.gui.drawing_tools import DrawingTools
from aedesk.gui.fields import explain
from aedesk.gui.guess import GuessLine
from aedesk.gui.hands import Hands
from aedesk.gui.map.pane import MapPane
from aedesk.gui.sketchpad import Sketchpad
from aedesk.gui.theme import GAP, Look
from aedesk.gui.tiles import CodeTile, ImageTile
from aedesk.gui.timers import Timers

_WIDEST, _NARROWEST = 640, 160  # px, of the canvas's edge
_CAPTION = 22  # px, height of the words above a tile
_SHARE = 0.36  # of the tab's width, for the canvas
_TILES = 4
_REST = 200  # ms without a change of the drawing: the pen rests


class ExploreTab(ttk.Frame):
    """Wires the canvas and the tiles to an `Explorer`; `pane` is the map with all that belongs to it."""

    def __init__(
        self,
        master: tk.Misc,
        look: Look,
        desk: Desk,
        jobs: Jobs,
        hands: Hands,
        brush: Brush,
        on_random_digit: Callable[[], object],
        tell: Callable[[str], object],
        on_problem: Callable[[BaseException], object],
    ) -> None:
        super().__init__(master, padding=(2 * GAP, GAP))
        explorer = desk.explorer
        self._look, self._explorer, self.ink = look, explorer, desk.ink
        self._hands, self._brush, self._on_random_digit = hands, brush, on_random_digit
        self._timers = Timers(self)
        self.columnconfigure(1, weight=1)
        self.rowconfigure(0, weight=1)
        self._build_left().grid(row=0, column=0, sticky="ns", padx=(0, 2 * GAP))
        self.pane = MapPane(self, look, desk, jobs, hands, tell, on_problem)
        self.pane.grid(row=0, column=1, sticky="nsew")
        explorer.model_changed.connect(self._show_model)
        explorer.reading_changed.connect(self._show_reading)
        look.changed.connect(lambda _: self.guess.show(explorer.reading))
        self.bind("<Configure>", self._on_configure)

    # --- building ---

    def _build_left(self) -> ttk.Frame:
        left = ttk.Frame(self)
        self._tools = DrawingTools(left, self._brush, self._hands, self._on_random_digit, with_files=True)
        self._tools.pack(fill="x", pady=(0, GAP))
        self.sketchpad = Sketchpad(left, self._look, self.ink, self._brush, self._hands.on_ink)
        self.sketchpad.pack(anchor="w")
        tiles = ttk.Frame(left)
        tiles.pack(fill="x", pady=(GAP, 0))
        self._sees = ImageTile(tiles, self._look, "Model sees")
        self._code = CodeTile(tiles, self._look)
        self._rebuilds = ImageTile(tiles, self._look, "Rebuilds")
        self._errs = ImageTile(tiles, self._look, "Errs")
        self._tiles = (self._sees, self._code, self._rebuilds, self._errs)
        for column, tile in enumerate(self._tiles):
            tile.grid(row=0, column=column, padx=(GAP if column else 0, 0))
        explain(
            self._sees, "Your drawing as the network gets it: 28x28 pixels, framed like the training digits."
        )
        explain(self._code, "All that is kept of the drawing: the numbers between encoder and decoder.")
        explain(self._rebuilds, "What the decoder makes of the code alone.")
        explain(self._errs, "Red: ink that was not there. Blue: ink that got lost.")
        self.guess = GuessLine(left, self._look)
        self.guess.pack(fill="x", pady=(GAP, 0))
        return left

    # --- the explorer's news ---

    def _show_model(self, active: ActiveModel) -> None:
        self._code.set_scale(active.atlas.codes)
        self.guess.set_classes(active.atlas.classes)
        if self._explorer.reading is None and not self.ink.is_blank:
            self._explorer.set_drawing(self.ink)

    def _show_reading(self, reading: Reading | None) -> None:
        self._sees.show(reading.image if reading else None)
        self._code.show(reading.code if reading else None)
        self._rebuilds.show(reading.reconstruction if reading else None)
        self._errs.show(reading.error if reading else None, signed=True)
        self.guess.show(reading)
        if reading is not None:
            self._timers.later("rest", _REST, self._explorer.rest)
        else:
            self._timers.cancel("rest")

    # --- the user's wishes ---

    def ink_changed(self) -> None:
        """The ink was changed by something other than the mouse."""
        self.sketchpad.show_change()

    def _on_configure(self, event: tk.Event[Any]) -> None:
        """The canvas grows with the window, as far as height and width allow."""
        if event.widget is not self:
            return
        others = self._tools.winfo_reqheight() + self.guess.winfo_reqheight() + _CAPTION + 6 * GAP
        by_height = (event.height - others) / (1 + 1 / _TILES)
        limit, least = ttk.scale_size(self, [_WIDEST, _NARROWEST])
        widest = max(self._tools.winfo_reqwidth(), event.width * _SHARE)
        edge = int(max(least, min(widest, by_height, limit)))
        self.sketchpad.set_edge(edge)
        for tile in self._tiles:
            tile.set_edge((edge + 4 - (_TILES - 1) * GAP) // _TILES)
