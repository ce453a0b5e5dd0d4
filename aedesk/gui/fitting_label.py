"""Text that is shortened to the room it has."""

from __future__ import annotations

import tkinter as tk
from tkinter.font import Font, nametofont
from typing import Any

import ttkbootstrap as ttk

from aedesk.gui.fields import explain


class FittingLabel(ttk.Label):
    """Muted words on one line; what does not fit is told by the tooltip."""

    def __init__(self, master: tk.Misc, *, keep_end: bool = True, **options: Any) -> None:
        """keep_end: of a path the end says most; of a sentence without one, the beginning."""
        super().__init__(master, style="Muted.TLabel", width=1, **options)
        self._words = ""
        self._keep_end = keep_end
        self._font = nametofont("TkDefaultFont", root=master)
        self._tip = explain(self, "")
        self.bind("<Configure>", lambda _: self._fit())

    @property
    def words(self) -> str:
        """The whole text."""
        return self._words

    def set(self, words: str) -> None:
        """Show other words."""
        if words != self._words:
            self._words = words
            self._tip.configure(text=words)
            self._fit()

    def _fit(self) -> None:
        left, _, right, _ = (int(str(side)) for side in (*(self.cget("padding") or (0,)), 0, 0, 0, 0)[:4])
        has_path = "/" in self._words or "\\" in self._words
        share = 1 / 3 if self._keep_end and has_path else 1.0
        self.configure(text=shortened(self._words, self._font, self.winfo_width() - left - right, share))


def shortened(text: str, font: Font, width: int, head: float = 1 / 3) -> str:
    """`text`, if it is wider than `width` px, without what follows the first `head` of what can be kept."""
    if width < 2 or font.measure(text) <= width:
        return text
    fitting, too_long = 0, len(text)
    while too_long - fitting > 1:
        kept = (fitting + too_long) // 2
        fitting, too_long = (
            (kept, too_long) if font.measure(_ends(text, kept, head)) <= width else (fitting, kept)
        )
    return _ends(text, fitting, head)


def _ends(text: str, kept: int, head: float) -> str:
    first = int(kept * head)
    return f"{text[:first]} \u2026 {text[len(text) - (kept - first) :]}".rstrip()
