"""Pictures in .aez files: the drawing saved, a data set compressed, and what is in a file that was opened."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from pathlib import Path
from tkinter import filedialog
from typing import TYPE_CHECKING

import ttkbootstrap as ttk

from aedesk.app.compressed_files import compress_data, open_file, save_drawing
from aedesk.app.compressor import Compressor
from aedesk.app.explorer import Explorer
from aedesk.app.jobs import Jobs
from aedesk.app.task import Task
from aedesk.gui.apply.run_bar import RunBar
from aedesk.gui.fields import explain
from aedesk.gui.fitting_label import FittingLabel
from aedesk.gui.hands import Hands
from aedesk.gui.panels.picture_row import PictureRow
from aedesk.gui.theme import GAP, Look

if TYPE_CHECKING:
    from aedesk.app.compressed_files import Opened

ENDING = ".aez"

_TYPES = (("Compressed pictures", f"*{ENDING}"), ("All files", "*"))
_EMPTY = (
    "An .aez file holds pictures as compressed codes: open one, and they appear here.\n"
    "A click puts one onto the canvas. The file needs the model that wrote it."
)


class FilesView(ttk.Frame):
    """Buttons, what was last done in a line, and the pictures of a file. data: the choice in the page's picker."""

    def __init__(
        self,
        master: tk.Misc,
        look: Look,
        jobs: Jobs,
        explorer: Explorer,
        compressor: Compressor,
        hands: Hands,
        data: Callable[[], str],
        tell: Callable[[str], object],
        on_problem: Callable[[BaseException], object],
    ) -> None:
        super().__init__(master)
        self._explorer, self._compressor, self._hands = explorer, compressor, hands
        self._data, self._tell = data, tell
        self._opened: Opened | None = None
        # Each of its own: a drawing that is saved must not end what is being compressed.
        self.saving: Task[str] = Task(jobs, "save a drawing")
        self.writing: Task[str] = Task(jobs, "compress pictures")
        self.opening: Task[Opened] = Task(jobs, "open compressed pictures")
        self._build(look)
        for task in (self.saving, self.writing, self.opening):
            task.failed.connect(on_problem)
        for task in (self.saving, self.writing):
            task.done.connect(self._on_written)
        self.opening.done.connect(self._on_opened)
        self.opening.failed.connect(lambda _: self.line.set(""))

    def _build(self, look: Look) -> None:
        bar = ttk.Frame(self)
        bar.pack(fill="x")
        self.save_button = ttk.Button(bar, text="Save drawing ...", command=self._on_save)
        explain(self.save_button, "Write the drawing's quantised code into an .aez file.")
        self.open_button = ttk.Button(bar, text="Open ...", command=self._on_open)
        explain(self.open_button, "Decode the pictures of an .aez file.")
        for button in (self.save_button, self.open_button):
            button.pack(side="left", padx=(0, GAP))
        self.run_bar = RunBar(
            bar,
            self.writing,
            "Compress data ...",
            "Write all test images of the chosen data set into one .aez file, with the model in use.",
            self._on_compress,
        )
        self.run_bar.pack(side="left")
        self.line = FittingLabel(self, keep_end=False)
        self.line.pack(fill="x", pady=(GAP // 2, 0))
        self.row = PictureRow(
            self, look, edge=40, largest=84, wrap=True, on_click=self._on_click, empty=_EMPTY
        )
        self.row.pack(fill="both", expand=True, pady=(GAP // 2, 0))
        self.row.clear()

    def give_up(self) -> None:
        """Cancel what takes long."""
        self.run_bar.give_up()
        if self.opening.is_running:
            self.opening.cancel()
            self.line.set("")

    # --- the user's hands ---

    def _on_save(self) -> None:
        active, reading = self._explorer.active, self._explorer.reading
        if active is None or reading is None:
            self._tell("There is nothing to save yet: draw a digit first.")
            return
        path = self._ask_where("drawing")
        if path:
            self.saving.start(
                save_drawing(active, reading.image, self._compressor.bits, self._compressor.kind, path)
            )

    def _on_compress(self) -> None:
        active, data = self._explorer.active, self._data()
        if active is None:
            self.run_bar.say("Wait for the model")
            return
        path = self._ask_where(Path(data).stem)
        if path:
            self.writing.start(
                compress_data(active, data, self._compressor.bits, self._compressor.kind, path)
            )

    def _ask_where(self, name: str) -> Path | None:
        path = filedialog.asksaveasfilename(
            parent=self, initialfile=f"{name}{ENDING}", defaultextension=ENDING, filetypes=_TYPES
        )
        if not path:
            return None
        # What is in a file is what its name says.
        return Path(path if Path(path).suffix.lower() == ENDING else f"{path}{ENDING}")

    def _on_open(self) -> None:
        path = filedialog.askopenfilename(parent=self, title="Open compressed pictures", filetypes=_TYPES)
        if path:
            self.line.set("Opening ...")
            self.opening.start(open_file(Path(path), self._explorer.active))

    def _on_click(self, index: int) -> None:
        if self._opened is not None and index < len(self._opened.images):
            name = self._opened.names[index]
            self._hands.show(self._opened.images[index], f"{name} of {self._opened.path.name}")

    # --- what came of it ---

    def _on_written(self, words: str) -> None:
        self.line.set(words)
        self._tell(words)

    def _on_opened(self, opened: Opened) -> None:
        self._opened = opened
        self.line.set(opened.words)
        self.row.show(opened.images, [_short(name) for name in opened.names])
        if len(opened.images) == 1:
            self._on_click(0)
        self._tell(opened.words)


def _short(name: str) -> str:
    return Path(name).stem or name
