"""Chooses the data of a page; a set that is not here is looked at, and fetched, in a window of its own."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from aedesk.gui.apply.page import Surroundings
from aedesk.gui.form.data_picker import DataPicker
from aedesk.gui.form.data_preview import DataPreviewWindow


class DataChoice(DataPicker):
    """A `DataPicker` whose preview can fetch. on_change runs after a fetch as well."""

    def __init__(
        self, master: tk.Misc, around: Surroundings, wraplength: int, on_change: Callable[[], object]
    ) -> None:
        self._around = around
        self._window: DataPreviewWindow | None = None
        super().__init__(
            master,
            wraplength,
            on_change,
            self._look_into,
            sentence="The pictures to work on.",
            fetched_by="Preview",
        )

    def _look_into(self, data: str) -> None:
        if self._window is None or not self._window.winfo_exists():
            self._window = DataPreviewWindow(self, self._around.look, self._around.jobs, self._on_fetched)
        self._window.look_into(data)

    def _on_fetched(self) -> None:
        self.refresh()
        self._on_change()
