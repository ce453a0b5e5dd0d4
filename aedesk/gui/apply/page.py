"""What the pages of the Apply tab have in common."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import ttkbootstrap as ttk

from aedesk.app.desk import Desk
from aedesk.app.explorer import Reading
from aedesk.app.jobs import Jobs
from aedesk.app.loading import ActiveModel
from aedesk.gui.hands import Hands
from aedesk.gui.theme import GAP, Look


@dataclass(frozen=True)
class Surroundings:
    """What every page is given. tell: one line for the status bar. on_problem: for what could not be done.

    hands: what is done to the drawing besides drawing; `hands.show` puts a picture onto the canvas.
    """

    look: Look
    desk: Desk
    jobs: Jobs
    tell: Callable[[str], object]
    on_problem: Callable[[BaseException], object]
    hands: Hands


class Page(ttk.Frame):
    """One use of autoencoders: build widgets in `build`, answer news in `on_reading` and `on_model`.

    Both are called only while the page is seen; what was missed meanwhile is told as soon as it is seen again.
    name: as in `pages.PAGES`. about: one line over the page.
    """

    name: ClassVar[str]
    about: ClassVar[str]

    def __init__(self, master: tk.Misc, around: Surroundings) -> None:
        super().__init__(master)
        self.around = around
        self.look, self.jobs = around.look, around.jobs
        self.explorer, self.ink = around.desk.explorer, around.desk.ink
        self._seen: tuple[ActiveModel | None, Reading | None] = (None, None)
        ttk.Label(self, text=self.about, style="Muted.TLabel").pack(anchor="w", pady=(0, GAP))
        self.build()
        disconnects = [
            self.explorer.model_changed.connect(lambda _: self._catch_up()),
            self.explorer.reading_changed.connect(lambda _: self._catch_up()),
        ]
        self.bind("<Map>", lambda _: self._catch_up(), add="+")

        def on_destroy(event: tk.Event[Any]) -> None:
            if event.widget is self:
                for disconnect in disconnects:
                    disconnect()

        self.bind("<Destroy>", on_destroy, add="+")

    # --- for a page to fill ---

    def build(self) -> None:
        """Make the widgets."""

    def on_model(self, active: ActiveModel) -> None:
        """Another model is in use."""

    def on_reading(self, reading: Reading | None) -> None:
        """The drawing has changed, or what the model makes of it; None for a blank canvas."""

    def remember(self) -> dict[str, Any]:
        """What shall come back at the next start, safe for JSON."""
        return {}

    def restore(self, remembered: dict[str, Any]) -> None:
        """Take back what `remember` told, perhaps long ago or edited: ignore what makes no sense."""

    def give_up(self) -> None:
        """Escape was pressed: cancel what takes long."""

    # --- the rest ---

    def _catch_up(self) -> None:
        if not self.winfo_ismapped():
            return
        active, reading = self.explorer.active, self.explorer.reading
        known_active, known_reading = self._seen
        self._seen = active, reading
        if active is not None and (known_active is None or known_active.model is not active.model):
            self.on_model(active)
        if reading is not known_reading:
            self.on_reading(reading)
