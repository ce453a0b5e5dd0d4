"""The page of the Apply tab that compresses: the drawing live, whole data sets against other formats, and files."""

from __future__ import annotations

from typing import Any, ClassVar

import ttkbootstrap as ttk

from aedesk.app.compressor import Compressor
from aedesk.app.explorer import Reading
from aedesk.app.loading import ActiveModel
from aedesk.gui.apply.compress_files import FilesView
from aedesk.gui.apply.compress_live import LiveSection
from aedesk.gui.apply.compress_rates import RatesView
from aedesk.gui.apply.data_choice import DataChoice
from aedesk.gui.apply.page import Page
from aedesk.gui.choice_row import ChoiceRow
from aedesk.gui.theme import GAP

_PICKER = 168  # px, before scaling
_VIEWS = {
    "rates": ("Comparison", "Measure how many bits a picture takes, and what is left of it."),
    "files": ("Files", "Save the drawing, compress a data set, or open a compressed file."),
}


class CompressPage(Page):
    name: ClassVar[str] = "compress"
    about: ClassVar[str] = (
        "Keep the code instead of the pixels: far fewer bits, if the model knows such pictures."
    )

    def build(self) -> None:
        self.compressor = Compressor(self.explorer, self.jobs)
        self.live = LiveSection(self, self.look, self.compressor.set)
        self.live.pack(fill="x")
        self.live.set_setting(self.compressor.bits, self.compressor.kind)
        self._choice = ChoiceRow(self, _VIEWS, self._show_view)
        self._choice.pack(fill="x", pady=(GAP, 0))
        lower = ttk.Frame(self)
        lower.pack(fill="both", expand=True, pady=(GAP // 2, 0))
        lower.columnconfigure(1, weight=1)
        lower.rowconfigure(0, weight=1)
        width = ttk.scale_size(self, _PICKER)
        side = ttk.Frame(lower, width=width)
        side.pack_propagate(False)
        side.grid(row=0, column=0, sticky="ns", padx=(0, 2 * GAP))
        self.picker = DataChoice(side, self.around, width)
        self.picker.pack(fill="x")
        around = self.around
        self.rates = RatesView(
            lower, side, self.look, self.jobs, lambda: self.picker.value, around.tell, around.on_problem
        )
        self.files = FilesView(
            lower,
            self.look,
            self.jobs,
            self.explorer,
            self.compressor,
            around.hands,
            lambda: self.picker.value,
            around.tell,
            around.on_problem,
        )
        for view in (self.rates, self.files):
            view.grid(row=0, column=1, sticky="nsew")
        self._show_view()
        self.compressor.changed.connect(lambda _: self._show())
        self.compressor.failed.connect(around.on_problem)

    def on_model(self, active: ActiveModel) -> None:
        self.picker.propose(active)
        self.rates.use(active)
        self.compressor.attend()

    def on_reading(self, reading: Reading | None) -> None:
        self.compressor.show(reading)

    def remember(self) -> dict[str, Any]:
        return {
            "bits": self.compressor.bits,
            "kind": self.compressor.kind,
            "view": self._choice.get(),
            "data": self.picker.chosen,
            **self.rates.remember(),
        }

    def restore(self, remembered: dict[str, Any]) -> None:
        self.compressor.set(remembered.get("bits"), remembered.get("kind"))
        self.live.set_setting(self.compressor.bits, self.compressor.kind)
        self.rates.restore(remembered)
        self.picker.restore(remembered.get("data"))
        view = remembered.get("view")
        if isinstance(view, str) and view in _VIEWS:
            self.show_view(view)

    def give_up(self) -> None:
        self.rates.run_bar.give_up()
        self.files.give_up()

    def _show(self) -> None:
        reading, active = self.explorer.reading, self.explorer.active
        if active is None or reading is None:
            self.live.show(None, None, "")
            return
        size, bits = active.model.code_size, self.compressor.bits
        note = f"{size:,} \u00d7 {bits} = {size * bits:,} bits"
        self.live.show(reading.image, self.compressor.shrunk, note)

    def show_view(self, name: str) -> None:
        """Show `rates` or `files` in the lower half."""
        self._choice.set(name)
        self._show_view()

    def _show_view(self) -> None:
        if self._choice.get() == "rates":
            self.files.grid_remove()
            self.rates.grid()
            self.rates.options.pack(fill="x")
        else:
            self.rates.grid_remove()
            self.rates.options.pack_forget()
            self.files.grid()
