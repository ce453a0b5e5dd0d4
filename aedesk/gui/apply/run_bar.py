"""A button that starts long work and then cancels it, with how far it is beside it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import Any

import ttkbootstrap as ttk

from aedesk.app.task import Task
from aedesk.gui.fields import explain
from aedesk.gui.theme import GAP

_BAR = 140  # px, before scaling


class RunBar(ttk.Frame):
    """`words` on the button start the work by `on_start`; while it runs the button cancels it."""

    def __init__(
        self, master: tk.Misc, task: Task[Any], words: str, sentence: str, on_start: Callable[[], object]
    ) -> None:
        super().__init__(master)
        self._task, self._words, self._on_start = task, words, on_start
        self.button = ttk.Button(self, text=words, command=self._on_pressed, bootstyle="primary")
        self.button.pack(side="left")
        explain(self.button, sentence)
        self._bar = ttk.Progressbar(self, length=ttk.scale_size(self, _BAR), maximum=1.0)
        self._stage = ttk.Label(self, style="Muted.TLabel")
        self._stage.pack(side="left", padx=(GAP, 0))
        disconnect = task.changed.connect(lambda _: self._show())
        self.bind("<Destroy>", lambda event: disconnect() if event.widget is self else None, add="+")

    def say(self, words: str) -> None:
        """Beside the button, until the work is started again."""
        self._stage.configure(text=words)

    def give_up(self) -> None:
        """Cancel the work if there is some, and say so."""
        if self._task.is_running:
            self._task.cancel()
            self.say("Cancelled")

    def _on_pressed(self) -> None:
        if self._task.is_running:
            self.give_up()
        else:
            self._on_start()

    def _show(self) -> None:
        running = self._task.is_running
        self.button.configure(text="Cancel" if running else self._words)
        if not running:
            self._bar.pack_forget()
            self.say("")
            return
        if not self._bar.winfo_manager():
            self._bar.pack(side="left", padx=(GAP, 0), after=self.button)
        stage = self._task.stage
        self._bar.configure(value=0.0 if stage is None else stage.share)
        self.say("Getting ready ..." if stage is None else f"{stage.what}: {stage.share:.0%}")
