"""The row of tools over a canvas: pen, eraser, width, undo, and what else is done to a drawing."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import Any

import ttkbootstrap as ttk

from aedesk.gui.brush import THICKEST, THINNEST, Brush
from aedesk.gui.fields import explain
from aedesk.gui.hands import Hands
from aedesk.gui.theme import GAP

_TOOLS = (
    ("pen", "pencil-fill", "Pen (P): draw ink."),
    ("eraser", "eraser-fill", "Eraser (E): take ink away; so does the right mouse button."),
)


class DrawingTools(ttk.Frame):
    """with_files: whether pictures can be opened, pasted and saved from here as well."""

    def __init__(
        self,
        master: tk.Misc,
        brush: Brush,
        hands: Hands,
        on_random_digit: Callable[[], object],
        *,
        with_files: bool,
    ) -> None:
        super().__init__(master)
        self._brush, self._hands = brush, hands
        self._tool = tk.StringVar(self)
        for value, icon, tip in _TOOLS:
            choice = ttk.Radiobutton(
                self,
                icon=icon,
                value=value,
                variable=self._tool,
                command=self._on_tool,
                bootstyle="primary ghost toolbutton",
            )
            choice.pack(side="left", padx=(0, 2))
            explain(choice, tip)
        self._size = tk.DoubleVar(self)
        size = ttk.Scale(
            self, from_=THINNEST, to=THICKEST, variable=self._size, length=72, command=self._on_size
        )
        size.pack(side="left", padx=(GAP, GAP))
        explain(size, "Width of the pen and the eraser ([ and ]).")
        self._undo = self._button("arrow-counterclockwise", "Undo", hands.undo)
        self._redo = self._button("arrow-clockwise", "Redo", hands.redo)
        self._button("trash3", "Clear the canvas (it can be undone)", hands.clear)
        if with_files:
            self._button("folder2-open", "Open a picture of any size", hands.open_picture)
            self._button("clipboard", "Paste a picture", hands.paste)
            words = "Save the drawing (beside its reconstruction: File menu)"
            self._button("download", words, hands.save_drawing)
        self._button("dice-5", "A random test digit of the data set", on_random_digit)
        disconnects = [
            brush.changed.connect(lambda _: self._show_brush()),
            hands.inked.connect(lambda _: self._show_possible()),
        ]

        def on_destroy(event: tk.Event[Any]) -> None:
            if event.widget is self:
                for disconnect in disconnects:
                    disconnect()

        self.bind("<Destroy>", on_destroy, add="+")
        self._show_brush()
        self._show_possible()

    def _button(self, icon: str, tip: str, command: Callable[[], object]) -> ttk.Button:
        button = ttk.Button(self, icon=icon, command=command, bootstyle="ghost", padding=5)
        button.pack(side="left")
        explain(button, tip)
        return button

    def _on_tool(self) -> None:
        self._brush.erasing = self._tool.get() == "eraser"

    def _on_size(self, _: str) -> None:
        self._brush.width = self._size.get()

    def _show_brush(self) -> None:
        self._tool.set("eraser" if self._brush.erasing else "pen")
        self._size.set(self._brush.width)

    def _show_possible(self) -> None:
        for button, possible in ((self._undo, self._hands.can_undo), (self._redo, self._hands.can_redo)):
            state = "normal" if possible else "disabled"
            if str(button["state"]) != state:
                button.configure(state=state)
