"""The Apply tab: the drawing at the left, and what autoencoders are for at the right, a page for each use."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import Any

import ttkbootstrap as ttk

from aedesk.app.explorer import Reading
from aedesk.gui.apply.page import Page, Surroundings
from aedesk.gui.apply.pages import PAGES
from aedesk.gui.brush import Brush
from aedesk.gui.choice_row import ChoiceRow
from aedesk.gui.drawing_tools import DrawingTools
from aedesk.gui.guess import GuessLine
from aedesk.gui.sketchpad import Sketchpad
from aedesk.gui.theme import GAP
from aedesk.gui.tiles import ImageTile

_SHARE = 0.25  # of the tab's width, for the canvas
_WIDEST, _NARROWEST = 420, 200  # px, of the canvas's edge
_BELOW = 40  # px, of words around the tiles
_TILES = 2


class ApplyTab(ttk.Frame):
    """`page` is the one on show, `pages` all by their names; each is made when it is first shown."""

    def __init__(
        self,
        master: tk.Misc,
        around: Surroundings,
        brush: Brush,
        on_random_digit: Callable[[], object],
    ) -> None:
        super().__init__(master, padding=(2 * GAP, GAP))
        self._around, self._explorer = around, around.desk.explorer
        self._remembered: dict[str, Any] = {}
        self.pages: dict[str, Page] = {}
        self.columnconfigure(1, weight=1)
        self.rowconfigure(0, weight=1)
        self._build_left(brush, on_random_digit).grid(row=0, column=0, sticky="ns", padx=(0, 3 * GAP))
        self._build_right().grid(row=0, column=1, sticky="nsew")
        self._explorer.model_changed.connect(lambda active: self.guess.set_classes(active.atlas.classes))
        self._explorer.reading_changed.connect(lambda _: self._show_reading())
        around.look.changed.connect(lambda _: self.guess.show(self._explorer.reading))
        self.bind("<Configure>", self._on_configure)
        self.bind("<Map>", self._on_mapped, add="+")

    # --- building ---

    def _build_left(self, brush: Brush, on_random_digit: Callable[[], object]) -> ttk.Frame:
        left = ttk.Frame(self)
        look, hands = self._around.look, self._around.hands
        self._tools = DrawingTools(left, brush, hands, on_random_digit, with_files=False)
        self._tools.pack(fill="x", pady=(0, GAP))
        self.sketchpad = Sketchpad(left, look, self._around.desk.ink, brush, hands.on_ink)
        self.sketchpad.pack(anchor="w")
        tiles = ttk.Frame(left)
        tiles.pack(fill="x", pady=(GAP, 0))
        self._sees = ImageTile(tiles, look, "Model sees")
        self._rebuilds = ImageTile(tiles, look, "Rebuilds")
        for column, tile in enumerate((self._sees, self._rebuilds)):
            tile.grid(row=0, column=column, padx=(GAP if column else 0, 0))
        self.guess = GuessLine(left, look)
        self.guess.pack(fill="x", pady=(GAP, 0))
        return left

    def _build_right(self) -> ttk.Frame:
        right = ttk.Frame(self)
        self._choice = ChoiceRow(
            right,
            {page.name: (page.title, "") for page in PAGES},
            lambda: self.show_page(self._choice.get()),
            padding=(12, 4),
        )
        self._choice.pack(fill="x", pady=(0, GAP))
        self._place = ttk.Frame(right)
        self._place.pack(fill="both", expand=True)
        return right

    # --- pages ---

    @property
    def page(self) -> Page:
        """The page on show; it is made now if it has not been seen before."""
        name = self._choice.get()
        if name not in self.pages:
            kind = next(use for use in PAGES if use.name == name).load()
            page = self.pages[name] = kind(self._place, self._around)
            remembered = self._remembered.get(name)
            page.restore(remembered if isinstance(remembered, dict) else {})
        return self.pages[name]

    def show_page(self, name: str) -> None:
        """Show the page of that name."""
        self._choice.set(name)
        page = self.page
        for other in self.pages.values():
            if other is not page:
                other.place_forget()
        page.place(relwidth=1, relheight=1)

    def remember(self) -> dict[str, Any]:
        """What shall come back at the next start: the page on show, and what each page tells."""
        told = {name: page.remember() for name, page in self.pages.items()}
        return {**self._remembered, **told, "page": self._choice.get()}

    def restore(self, remembered: dict[str, Any]) -> None:
        self._remembered = remembered
        if remembered.get("page") in {page.name for page in PAGES}:
            self._choice.set(remembered["page"])

    def give_up(self) -> None:
        """Escape: cancel what takes long on the page on show."""
        self.page.give_up()

    def focus_set(self) -> None:
        """The keyboard goes to the canvas."""
        self.sketchpad.focus_set()

    # --- news ---

    def ink_changed(self) -> None:
        """The ink was changed by something other than the mouse."""
        self.sketchpad.show_change()

    def _on_mapped(self, event: tk.Event[Any]) -> None:
        if event.widget is self:
            self.show_page(self._choice.get())
            self._show_reading()

    def _show_reading(self) -> None:
        if not self.winfo_ismapped():
            return
        reading: Reading | None = self._explorer.reading
        self._sees.show(reading.image if reading else None)
        self._rebuilds.show(reading.reconstruction if reading else None)
        self.guess.show(reading)

    def _on_configure(self, event: tk.Event[Any]) -> None:
        """The canvas grows with the window, as far as height and width allow."""
        if event.widget is not self:
            return
        others = self._tools.winfo_reqheight() + self.guess.winfo_reqheight() + 6 * GAP
        others += ttk.scale_size(self, _BELOW)
        by_height = (event.height - others) / (1 + 1 / _TILES)
        widest, least = ttk.scale_size(self, [_WIDEST, _NARROWEST])
        by_width = max(self._tools.winfo_reqwidth(), event.width * _SHARE)
        edge = int(max(least, min(by_width, by_height, widest)))
        self.sketchpad.set_edge(edge)
        for tile in (self._sees, self._rebuilds):
            tile.set_edge((edge + 4 - (_TILES - 1) * GAP) // _TILES)
