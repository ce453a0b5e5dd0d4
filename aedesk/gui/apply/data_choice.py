"""Chooses the data of a page; a set that is not here is looked at, and fetched, in a window of its own."""

from __future__ import annotations

import tkinter as tk
from pathlib import Path

from aedesk.app.loading import ActiveModel
from aedesk.data.sources import NAMES, is_present
from aedesk.gui.apply.page import Surroundings
from aedesk.gui.form.data_picker import DataPicker
from aedesk.gui.form.data_preview import DataPreviewWindow

_ALWAYS_HERE = "digits"


class DataChoice(DataPicker):
    """A `DataPicker` whose preview can fetch, and that goes with the model in use until something is chosen.

    chosen: by hand, or brought back; None while it is the model's own set that is proposed.
    """

    def __init__(self, master: tk.Misc, around: Surroundings, wraplength: int) -> None:
        self._around = around
        self._window: DataPreviewWindow | None = None
        self.chosen: str | None = None
        super().__init__(
            master,
            wraplength,
            self._on_chosen,
            self._look_into,
            sentence="The pictures to work on.",
            fetched_by="Preview",
        )

    def propose(self, active: ActiveModel) -> None:
        """What the model was trained on where that is here, else what always is; unless something was chosen."""
        if self.chosen is None:
            own = str(active.model.checkpoint.config.get("data") or "")
            self.set(own if _is_here(own) else _ALWAYS_HERE)

    def choose(self, data: str) -> None:
        """As if it had been chosen by hand."""
        self.chosen = data
        self.set(data)

    def restore(self, remembered: object) -> None:
        """Choose what was `chosen` once, unless that makes no sense or is not here any more."""
        if isinstance(remembered, str) and _is_here(remembered):
            self.choose(remembered)

    def _on_chosen(self) -> None:
        self.chosen = self.value

    def _look_into(self, data: str) -> None:
        if self._window is None or not self._window.winfo_exists():
            self._window = DataPreviewWindow(self, self._around.look, self._around.jobs, self.refresh)
        self._window.look_into(data)


def _is_here(data: str) -> bool:
    """Whether a data set, by its name or path, is on this machine."""
    return bool(data) and (is_present(data) if data in NAMES else Path(data).exists())
