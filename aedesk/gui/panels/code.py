"""The panel in which a code is changed number by number."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import Any

import numpy as np
import ttkbootstrap as ttk

from aedesk.app.code_editor import ORIGIN, SKETCH
from aedesk.app.desk import Desk
from aedesk.app.explorer import Pick, Reading
from aedesk.gui.fields import explain
from aedesk.gui.fitting_label import FittingLabel
from aedesk.gui.panels.buttons import allow
from aedesk.gui.panels.equaliser import Equaliser
from aedesk.gui.panels.panel import Panel
from aedesk.gui.theme import GAP, Look
from aedesk.gui.tiles import ImageTile

_CAPTION = 22  # px, height of the words above a tile
_LARGEST, _SMALLEST = 116, 88  # px, of a tile's edge
_SHARE = 1 / 6  # of the panel's width, for a tile
_INVITATION = "Draw a digit, or click on the map: its code appears here as bars to pull."


class CodePanel(Panel):
    """An equaliser over the numbers of a code, beside the digit that they make.

    A code that was moved stays while the user draws or clicks on; `begin_anew` leaves it for what came last.
    """

    title = "Code"
    tip = "Pull the numbers of a code up and down, and watch the digit change."

    def __init__(
        self,
        master: tk.Misc,
        look: Look,
        desk: Desk,
        tell: Callable[[str], object],
        on_problem: Callable[[BaseException], object],
    ) -> None:
        super().__init__(master)
        self._editor, self._explorer = desk.editor, desk.explorer
        self.columnconfigure(0, weight=1)
        self.rowconfigure(1, weight=1)
        self._words = FittingLabel(self, keep_end=False)
        self._words.grid(row=0, column=0, sticky="ew", pady=(2, 0))
        self._newer: Pick | Reading | None = None  # has come since the code was moved
        self._read: np.ndarray | None = None  # the image of the last reading
        self._build_buttons().grid(row=2, column=1, columnspan=2, sticky="ew", padx=(GAP, 0), pady=(4, 0))
        self.equaliser = Equaliser(self, look, self._editor.set, self._editor.reset_one, _INVITATION)
        self.equaliser.grid(row=1, column=0, rowspan=2, sticky="nsew", pady=(4, 0))
        self._digit = ImageTile(self, look, "Digit", _SMALLEST)
        self._changes = ImageTile(self, look, "Changes", _SMALLEST)
        for column, tile in ((1, self._digit), (2, self._changes)):
            tile.grid(row=0, column=column, rowspan=2, sticky="n", padx=(GAP, 0))
        explain(self._digit, "What the decoder makes of these numbers.")
        explain(
            self._changes, "Against the code as it came. Red: ink that was added. Blue: ink that went away."
        )
        explain(self.equaliser, "Drag a bar, or use the arrow keys and the wheel. Double click: as it came.")
        self.bind("<Configure>", self._on_configure, add="+")
        self.until_destroyed(  # before `watch`: what is noted is then shown
            self._editor.changed.connect(self._note_change),
            self._explorer.picked.connect(self._note_pick),
            self._explorer.reading_changed.connect(self._note_reading),
        )
        self.watch(self._editor.changed, self._explorer.model_changed)

    def _build_buttons(self) -> ttk.Frame:
        row = ttk.Frame(self)
        row.columnconfigure(0, weight=1)
        self.reset = ttk.Button(
            row, text="Reset", command=self._editor.reset, bootstyle="neutral outline", padding=(GAP, 2)
        )
        self.reset.grid(row=0, column=0, sticky="ew")
        explain(self.reset, "Back to the code as it came. A double click on a bar does this for one number.")
        self.follow = ttk.Button(
            row, text="Follow the map", command=self.begin_anew, bootstyle="neutral outline", padding=(6, 2)
        )
        self.follow.grid(row=0, column=1, padx=(4, 0))
        self.follow.grid_remove()
        explain(self.follow, "Leave these changes, and begin from what you drew or clicked on last.")
        return row

    @property
    def words(self) -> str:
        """What the panel says about the code."""
        return self._words.words

    def refresh(self) -> None:
        """Bars, tiles and words as the editor has them."""
        editor = self._editor
        code = editor.code
        self.equaliser.set_dimensions(editor.dims, editor.low, editor.high)
        self.equaliser.show(None if code is None else code[editor.dims])
        self._digit.show(editor.image)
        self._changes.show(editor.change, signed=True)
        self._words.set(self._sentence())
        allow(self.reset, editor.moved is not None)

    def _sentence(self) -> str:
        editor = self._editor
        if editor.code is None:
            return ""
        if self._newer is not None:
            return "Moved: Reset, or Follow the map"
        shown, whole = len(editor.dims), len(editor.code)
        count = f"{shown} of {whole:,} numbers" if shown < whole else f"{whole} numbers"
        return f"{editor.words[:1].upper()}{editor.words[1:]}: {count}, by variance"

    # --- what has come since the code was moved ---

    def _note_change(self, _: None) -> None:
        if self._editor.moved is None:
            self._set_newer(None)

    def _note_pick(self, pick: Pick) -> None:
        if self._editor.moved is not None and pick.origin != ORIGIN:
            self._set_newer(pick)

    def _note_reading(self, reading: Reading | None) -> None:
        before, self._read = self._read, None if reading is None else reading.image
        if reading is None:
            if isinstance(self._newer, Reading):
                self._set_newer(None)
        elif self._editor.moved is not None and (before is None or not np.array_equal(reading.image, before)):
            self._set_newer(reading)

    def _set_newer(self, newer: Pick | Reading | None) -> None:
        changes = (newer is None) != (self._newer is None)
        self._newer = newer
        if changes:
            self.follow.grid_remove() if newer is None else self.follow.grid()
            self._words.set(self._sentence())

    def begin_anew(self) -> None:
        """Begin from what came last, the drawing or a place of the map."""
        newer = self._newer
        if isinstance(newer, Reading):
            self._editor.begin(newer.code, SKETCH)
        elif newer is not None:
            self._editor.begin(newer.code, newer.origin)
            if self._explorer.pick is not newer:  # a bar was pulled after it
                self._explorer.pick_code(newer.code, newer.origin)

    def _on_configure(self, event: tk.Event[Any]) -> None:
        if event.widget is not self:
            return
        least, most, caption = ttk.scale_size(self, [_SMALLEST, _LARGEST, _CAPTION])
        by_height = event.height - caption - self.reset.winfo_reqheight() - 2 * GAP
        edge = int(max(least, min(event.width * _SHARE, most, by_height)))
        for tile in (self._digit, self._changes):
            tile.set_edge(edge)
