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
_THINNEST, _BRUSH, _THICKEST = (
    12,
    46,
    90,
)  # raster px, of the brush; digits that fill the canvas then look like MNIST's
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
        on_random_digit: Callable[[], object],
        tell: Callable[[str], object],
        on_problem: Callable[[BaseException], object],
    ) -> None:
        super().__init__(master, padding=(2 * GAP, GAP))
        explorer = desk.explorer
        self._look, self._explorer, self.ink = look, explorer, desk.ink
        self._hands, self._on_random_digit = hands, on_random_digit
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
        self._tools = self._build_tools(left)
        self._tools.pack(fill="x", pady=(0, GAP))
        self.sketchpad = Sketchpad(left, self._look, self.ink, self._on_ink)
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

    def _build_tools(self, master: tk.Misc) -> ttk.Frame:
        tools = ttk.Frame(master)
        self._tool = tk.StringVar(value="pen")
        for value, icon, tip in (
            ("pen", "pencil-fill", "Pen (P): draw ink."),
            ("eraser", "eraser-fill", "Eraser (E): take ink away; so does the right mouse button."),
        ):
            choice = ttk.Radiobutton(
                tools,
                icon=icon,
                value=value,
                variable=self._tool,
                command=self._on_tool,
                bootstyle="primary ghost toolbutton",
            )
            choice.pack(side="left", padx=(0, 2))
            explain(choice, tip)
        self._size = tk.DoubleVar(value=_BRUSH)
        size = ttk.Scale(
            tools, from_=_THINNEST, to=_THICKEST, variable=self._size, length=72, command=self._on_size
        )
        size.pack(side="left", padx=(GAP, GAP))
        explain(size, "Width of the pen and the eraser ([ and ]).")
        hands = self._hands
        self._undo = _tool_button(tools, "arrow-counterclockwise", "Undo", hands.undo)
        self._redo = _tool_button(tools, "arrow-clockwise", "Redo", hands.redo)
        _tool_button(tools, "trash3", "Clear the canvas (it can be undone)", hands.clear)
        _tool_button(tools, "folder2-open", "Open a picture of any size", hands.open_picture)
        _tool_button(tools, "clipboard", "Paste a picture", hands.paste)
        _tool_button(
            tools,
            "download",
            "Save the drawing (beside its reconstruction: File menu)",
            hands.save_drawing,
        )
        _tool_button(tools, "dice-5", "A random test digit of the data set", self._on_random_digit)
        return tools

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

    def set_tool(self, tool: str) -> None:
        """`pen` or `eraser`."""
        self._tool.set(tool)
        self._on_tool()

    @property
    def brush(self) -> float:
        """Width of the brush in raster pixels."""
        return self._size.get()

    @brush.setter
    def brush(self, width: float) -> None:
        self._size.set(min(max(width, _THINNEST), _THICKEST))
        self._on_size()

    def change_brush(self, by: float) -> None:
        """Make the brush thicker, or thinner if `by` is negative."""
        self.brush += by

    def ink_changed(self) -> None:
        """The ink was changed by something other than the mouse."""
        self.sketchpad.show_change()

    def _on_ink(self) -> None:
        self._explorer.set_drawing(self.ink)
        self._update_buttons()

    def _update_buttons(self) -> None:
        for button, possible in ((self._undo, self.ink.can_undo), (self._redo, self.ink.can_redo)):
            state = "normal" if possible else "disabled"
            if str(button["state"]) != state:
                button.configure(state=state)

    def _on_tool(self) -> None:
        self.sketchpad.erasing = self._tool.get() == "eraser"

    def _on_size(self, _: str = "") -> None:
        self.sketchpad.brush = self._size.get()

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


def _tool_button(master: tk.Misc, icon: str, tip: str, command: Callable[[], object]) -> ttk.Button:
    button = ttk.Button(master, icon=icon, command=command, bootstyle="ghost", padding=5)
    button.pack(side="left")
    explain(button, tip)
    return button
