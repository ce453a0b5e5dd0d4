"""Beside the status line: how far something that is kept has come, a way to cancel it, then where it is."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

import ttkbootstrap as ttk

from aedesk.app.keeping import Kept, Progress
from aedesk.gui.fields import explain
from aedesk.gui.fitting_label import FittingLabel
from aedesk.gui.theme import GAP

_WORDS = 52  # characters that there is room for
_BAR = 120  # px, before scaling


class KeepingBar(ttk.Frame):
    """Packed at the right of its parent while it has something to say.

    on_cancel, on_open: the user wishes the work to end, or to see the folder where its result is.
    """

    def __init__(
        self, master: tk.Misc, on_cancel: Callable[[], object], on_open: Callable[[], object]
    ) -> None:
        super().__init__(master, padding=(0, 0, GAP, 0))
        self._label = FittingLabel(self)
        self._label.configure(width=_WORDS, anchor="e")
        self._label.pack(side="left", padx=(0, GAP))
        self._bar = ttk.Progressbar(self, maximum=1.0, bootstyle="primary", length=ttk.scale_size(self, _BAR))
        self.cancel = self._button("Cancel", "x-lg", on_cancel)
        self.open = self._button("Open folder", "folder2-open", on_open)
        self.close = self._button("", "x-lg", self.hide)
        explain(self.cancel, "End this work; nothing is written.")
        explain(self.open, "Show where it is.")

    def _button(self, text: str, icon: str, command: Callable[[], object]) -> ttk.Button:
        # As low as the status line: nothing in the window moves when the bar comes.
        return ttk.Button(self, text=text, icon=icon, command=command, bootstyle="ghost", padding=(5, 1))

    @property
    def words(self) -> str:
        """What is said; empty while the bar is away."""
        return self._label.words if self.winfo_manager() else ""

    @property
    def share(self) -> float:
        """How much of the progress bar is filled, in [0, 1]."""
        return float(self._bar.cget("value"))

    def show_progress(self, progress: Progress) -> None:
        thing = progress.thing[0].upper() + progress.thing[1:]
        stage = progress.stage[0].lower() + progress.stage[1:]
        count = f", {progress.done:,} of {progress.total:,}" if progress.total else ""
        self._label.set(f"{thing}: {stage}{count}")
        self._bar.configure(value=progress.done / progress.total if progress.total else 0.0)
        self._show(self._bar, self.cancel)

    def show_kept(self, kept: Kept) -> None:
        self._label.set(kept.words)
        self._show(self.open, self.close)

    def hide(self) -> None:
        self.pack_forget()

    def _show(self, *widgets: tk.Widget) -> None:
        for other in (self._bar, self.cancel, self.open, self.close):
            if other not in widgets:
                other.pack_forget()
        for widget in widgets:
            if not widget.winfo_manager():
                widget.pack(side="left", padx=(0, GAP // 2))
        if not self.winfo_manager():
            self.pack(side="right")
