"""Start, Pause or Resume, Stop; single steps, and slow motion."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import Any

import ttkbootstrap as ttk

from aedesk.app.pace import Stride
from aedesk.gui.fields import explain
from aedesk.gui.panels.buttons import allow
from aedesk.gui.theme import GAP

DELAYS = {"Fastest": 0.0, "20 steps/s": 0.05, "5 steps/s": 0.2, "2 steps/s": 0.5, "1 step/s": 1.0}
"""Slow motion: what it is called, and the seconds that pass between the beginnings of two steps."""


class RunControls(ttk.Frame):
    """Two rows of three, all of equal width."""

    def __init__(
        self,
        master: tk.Misc,
        *,
        on_start: Callable[[], object],
        on_pause: Callable[[], object],
        on_stop: Callable[[], object],
        on_step: Callable[[Stride], object] = lambda _: None,
        on_delay: Callable[[float], object] = lambda _: None,
    ) -> None:
        super().__init__(master)
        self._on_delay = on_delay
        self.columnconfigure((0, 1, 2), weight=1, uniform="controls")
        self.start = self._add(0, "Start", "play-fill", on_start, "primary")
        self.pause = self._add(1, "Pause", "pause-fill", on_pause)
        self.stop = self._add(2, "Stop", "stop-fill", on_stop)
        self.step_batch = self._add(3, "1 batch", "skip-end-fill", lambda: on_step("batch"))
        self.step_epoch = self._add(4, "1 epoch", "skip-forward-fill", lambda: on_step("epoch"))
        self.speed = ttk.Combobox(self, values=list(DELAYS), state="readonly", width=1)
        self._place(self.speed, 5)
        self.speed.current(0)
        self.speed.bind("<<ComboboxSelected>>", self._on_speed)
        explain(self.start, "Train a new model with these settings, into a folder of its own.")
        explain(self.pause, "Hold the run where it is, or let it go on.")
        explain(self.stop, "End the run now; the best model so far is kept and can be used.")
        explain(self.step_batch, "Learn from one batch of images and pause: a single step downhill.")
        explain(self.step_epoch, "Learn to the end of the epoch and pause.")
        explain(self.speed, "Slow motion: so many steps a second at most, to watch what each one changes.")

    def _add(
        self, place: int, text: str, icon: str, command: Callable[[], object], bootstyle: str = "neutral"
    ) -> ttk.Button:
        # One character wide: the column says how wide the button is, so that Pause and Resume are alike.
        button = ttk.Button(
            self, text=text, icon=icon, bootstyle=bootstyle, width=1, padding=(4, 5), command=command
        )
        self._place(button, place)
        return button

    def _place(self, widget: ttk.Button | ttk.Combobox, place: int) -> None:
        row, column = divmod(place, 3)
        # As much taken from each of the three columns: only so they are equally wide.
        inside = (GAP * column / 3, GAP * (2 - column) / 3)
        widget.grid(
            row=row, column=column, sticky="nsew", padx=tuple(map(round, inside)), pady=(GAP * row, 0)
        )

    def show(
        self, *, can_start: bool, can_pause: bool, can_resume: bool, can_stop: bool, can_step: bool = False
    ) -> None:
        """Enable what can be done now."""
        allow(self.start, can_start)
        allow(self.pause, can_pause or can_resume)
        allow(self.stop, can_stop)
        allow(self.step_batch, can_step)
        allow(self.step_epoch, can_step)
        label = "Resume" if can_resume else "Pause"
        if self.pause.cget("text") != label:
            self.pause.configure(text=label, icon="play-fill" if can_resume else "pause-fill")

    @property
    def delay(self) -> float:
        """Seconds from step to step that are asked for; 0 at full speed."""
        return DELAYS[self.speed.get()]

    def set_delay(self, seconds: float) -> None:
        """Show the speed that comes nearest, without asking for it."""
        self.speed.set(min(DELAYS, key=lambda words: abs(DELAYS[words] - seconds)))

    def _on_speed(self, _: tk.Event[Any]) -> None:
        self.speed.selection_clear()  # else the words look as if they were to be typed over
        self._on_delay(self.delay)
