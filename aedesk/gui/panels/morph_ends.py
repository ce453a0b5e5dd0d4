"""The two ends of a morph, and the third code for arithmetic: what they are, and the buttons that set them."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

import numpy as np
import ttkbootstrap as ttk
from PIL import Image, ImageTk

from aedesk.app.morpher import End
from aedesk.gui.fields import explain
from aedesk.gui.panels.buttons import allow
from aedesk.gui.panels.cells import enlarged_all
from aedesk.gui.theme import GAP, Look

_EDGE = 36  # px, of an end's picture
_SOURCES = {
    "sketch": ("Sketch", "Take the code of your drawing.", "Draw a digit first: then its code can be taken."),
    "pick": (
        "Place",
        "Take the code picked on the map.",
        "Click on the map first: then its code can be taken.",
    ),
}


class EndRow(ttk.Frame):
    """A letter, a small picture and a button for each source."""

    def __init__(
        self, master: tk.Misc, look: Look, name: str, on_take: Callable[[str, str], object], tip: str
    ) -> None:
        """name: `a`, `b` or `c`; `on_take(name, source)` is told `sketch` or `pick`."""
        super().__init__(master)
        self._look, self._tip_when_empty = look, tip
        self._image: np.ndarray | None = None
        letter = ttk.Label(self, text=name.upper(), style="Heading.TLabel", width=2)
        letter.pack(side="left")
        self._edge = ttk.scale_size(self, _EDGE)
        self._photo = ImageTk.PhotoImage("RGB", (self._edge, self._edge))
        self._view = tk.Label(self, image=self._photo, borderwidth=0, highlightthickness=1)
        self._view.pack(side="left", padx=(0, 2))
        self._tip = explain(self._view, tip)
        self.buttons: dict[str, ttk.Button] = {}
        self._tips: dict[str, ttk.ToolTip] = {}
        for source, (text, _, reason) in _SOURCES.items():
            button = ttk.Button(
                self,
                text=text,
                command=lambda source=source: on_take(name, source),
                bootstyle="neutral outline",
                padding=(6, 2),
                state="disabled",
            )
            button.pack(side="left", padx=(4, 0))
            self.buttons[source] = button
            self._tips[source] = explain(button, reason)
        disconnect = look.changed.connect(lambda _: self._paint())
        self._view.bind("<Destroy>", lambda _: disconnect(), add="+")
        self._paint()

    def show(self, end: End | None) -> None:
        """The end as it is, or that there is none."""
        image = end.image if end is not None else None
        if image is not self._image:
            self._image = image
            self._tip.configure(text=f"From {end.words}." if end is not None else self._tip_when_empty)
            self._paint()

    def enable(self, source: str, on: bool) -> None:
        """Whether there is anything to take from a source; the tooltip says why not."""
        if allow(self.buttons[source], on):
            self._tips[source].configure(text=_SOURCES[source][1 if on else 2])

    def _paint(self) -> None:
        palette = self._look.palette
        image = np.zeros((28, 28), np.float32) if self._image is None else self._image
        self._photo.paste(Image.fromarray(enlarged_all(image[None], self._edge, palette)[0]))
        self._view.configure(highlightbackground=palette.faint)


class Ends(ttk.Frame):
    """A, B and C one below the other, with a button that swaps A and B."""

    def __init__(
        self,
        master: tk.Misc,
        look: Look,
        on_take: Callable[[str, str], object],
        on_swap: Callable[[], object],
    ) -> None:
        super().__init__(master)
        tips = {
            "a": "A: where the morph begins.",
            "b": "B: where the morph ends.",
            "c": "C: what A - B is added to.",
        }
        self.rows: dict[str, EndRow] = {}
        for place, (name, tip) in enumerate(tips.items()):
            row = self.rows[name] = EndRow(self, look, name, on_take, tip)
            row.grid(row=place, column=0, sticky="w", pady=(0, 2))
        self.swap = ttk.Button(
            self, icon="arrow-down-up", command=on_swap, bootstyle="ghost", padding=4, state="disabled"
        )
        self.swap.grid(row=0, column=1, rowspan=2, padx=(GAP // 2, 0))
        explain(self.swap, "Swap A and B.")
