"""Start, Pause or Resume, Stop."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

import ttkbootstrap as ttk

from aedesk.gui.fields import explain
from aedesk.gui.theme import GAP


class RunControls(ttk.Frame):
    """Three buttons of equal width."""

    def __init__(
        self,
        master: tk.Misc,
        *,
        on_start: Callable[[], object],
        on_pause: Callable[[], object],
        on_stop: Callable[[], object],
    ) -> None:
        super().__init__(master)
        self.start = self._add("Start", "play-fill", on_start, "primary")
        self.pause = self._add("Pause", "pause-fill", on_pause)
        self.stop = self._add("Stop", "stop-fill", on_stop)
        explain(self.start, "Train a new model with these settings, into a folder of its own.")
        explain(self.pause, "Hold the run where it is, or let it go on.")
        explain(self.stop, "End the run now; the model as it is then is kept and can be used.")

    def _add(
        self, text: str, icon: str, command: Callable[[], object], bootstyle: str = "neutral"
    ) -> ttk.Button:
        # One character wide: the column says how wide the button is, so that Pause and Resume are alike.
        button = ttk.Button(
            self, text=text, icon=icon, bootstyle=bootstyle, width=1, padding=(4, 5), command=command
        )
        column = self.grid_size()[0]
        self.columnconfigure(column, weight=1, uniform="buttons")
        button.grid(row=0, column=column, sticky="ew", padx=(GAP if column else 0, 0))
        return button

    def show(self, *, can_start: bool, can_pause: bool, can_resume: bool, can_stop: bool) -> None:
        """Enable what can be done now."""
        for button, on in (
            (self.start, can_start),
            (self.pause, can_pause or can_resume),
            (self.stop, can_stop),
        ):
            button.state(["!disabled" if on else "disabled"])
        label = "Resume" if can_resume else "Pause"
        if self.pause.cget("text") != label:
            self.pause.configure(text=label, icon="play-fill" if can_resume else "pause-fill")
