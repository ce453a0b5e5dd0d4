"""The windows of quality cards that are open: one for each model at most."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from aedesk.app.jobs import Jobs
from aedesk.app.loading import ActiveModel
from aedesk.gui.theme import Look

if TYPE_CHECKING:
    from aedesk.gui.card.window import CardWindow
    from aedesk.models.model import Model

_MOST_ASIDE = 6  # cards, before the next one lies where the first did


class Cards:
    """`show` the card of a model; the window's own module is imported with the first of them."""

    def __init__(
        self,
        master: tk.Misc,
        look: Look,
        jobs: Jobs,
        tell: Callable[[str], object],
        on_problem: Callable[[BaseException], object],
    ) -> None:
        self._master, self._look, self._jobs = master, look, jobs
        self._tell, self._on_problem = tell, on_problem
        self._windows: dict[str, CardWindow] = {}  # by the reference of the model, some closed by now

    def show(self, active: ActiveModel) -> CardWindow:
        """Open the card of a model, or bring it to the front."""
        from aedesk.gui.card.window import CardWindow

        window = self.open.get(active.reference)
        if window is not None and not _is_same(window.quality.model, active.model):
            window.destroy()  # the run has been trained on, and its model taken into use again
            window = None
        others = len(self.open) % _MOST_ASIDE
        if window is None:
            window = CardWindow(self._master, self._look, self._jobs, active, self._tell, self._on_problem)
            self._windows[active.reference] = window
        window.appear(others)
        return window

    @property
    def open(self) -> dict[str, CardWindow]:
        """The windows that are open, by the reference of their model."""
        self._windows = {name: window for name, window in self._windows.items() if window.winfo_exists()}
        return self._windows

    def follow(self, old: Path, new: Path) -> None:
        """The folder of a run has another name now."""
        for reference, window in list(self.open.items()):
            if Path(reference).is_relative_to(old):
                del self._windows[reference]
                renamed = str(new / Path(reference).relative_to(old))
                self._windows[renamed] = window
                window.rename(renamed)


def _is_same(one: Model, other: Model) -> bool:
    """Whether they have the same weights: a model that is taken into use again has been read again."""
    from aedesk.storage.checkpoint import fingerprint

    return one is other or fingerprint(one.checkpoint) == fingerprint(other.checkpoint)
