"""A window that shows what a data set holds, and fetches it where it is not on this machine."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ttkbootstrap as ttk

from aedesk.app.data_preview import Contents, DataPreview, Progress, State
from aedesk.app.jobs import Jobs
from aedesk.data.sources import NAMES, describe, fetch_size
from aedesk.errors import AedeskError
from aedesk.gui.fields import explain
from aedesk.gui.fitting_label import FittingLabel
from aedesk.gui.form.class_table import ClassTable
from aedesk.gui.theme import GAP, Look

_SIZE = (760, 620)  # px, before scaling
_LEAST = (560, 320)


class DataPreviewWindow(ttk.Toplevel):
    """`look_into` a data set, as often as one likes; Escape closes, and ends a fetch that is on its way."""

    def __init__(
        self, master: tk.Misc, look: Look, jobs: Jobs, on_fetched: Callable[[], object] = lambda: None
    ) -> None:
        """on_fetched runs when a set that was missing has come in."""
        super().__init__(title="Data", master=master)
        self.withdraw()
        self.transient(master.winfo_toplevel())
        self._over = master.winfo_toplevel()
        self.preview = DataPreview(jobs)
        disconnects = [
            self.preview.changed.connect(lambda _: self._refresh()),
            self.preview.progress.connect(self._on_progress),
            self.preview.fetched.connect(lambda _: on_fetched()),
        ]
        page = ttk.Frame(self, padding=2 * GAP)
        page.pack(fill="both", expand=True)
        self.title_label = ttk.Label(page, style="Heading.TLabel")
        self.title_label.pack(anchor="w")
        self.line = FittingLabel(page, keep_end=False)
        self.line.pack(fill="x", pady=(4, GAP))
        self._build_buttons(page)
        self._middle = ttk.Frame(page)
        self._middle.pack(fill="both", expand=True)
        self.table = ClassTable(self._middle, look)
        self._build_waiting()
        self.bind("<Escape>", lambda _: self.destroy())
        self.bind("<Destroy>", lambda event: self._on_destroy(event, disconnects), add="+")

    def _build_buttons(self, page: ttk.Frame) -> None:
        bar = ttk.Frame(page)
        bar.pack(side="bottom", fill="x", pady=(2 * GAP, 0))
        self.back = ttk.Button(
            bar, text="Back", icon="chevron-left", bootstyle="ghost", command=lambda: self._turn(-1)
        )
        self.more = ttk.Button(
            bar, text="Other examples", icon="chevron-right", bootstyle="ghost", command=lambda: self._turn(1)
        )
        explain(self.back, "The examples before these.")
        explain(self.more, "The next examples of each class; after its last comes its first again.")
        self.back.pack(side="left")
        self.more.pack(side="left", padx=(GAP, 0))
        self.close_button = ttk.Button(bar, text="Close", command=self.destroy)
        self.close_button.pack(side="right")

    def _build_waiting(self) -> None:
        """What stands in the table's place until there is one."""
        self._waiting = ttk.Frame(self._middle)
        self.message = ttk.Label(self._waiting, justify="center", wraplength=ttk.scale_size(self, 520))
        self.message.pack()
        self.bar = ttk.Progressbar(
            self._waiting, maximum=1.0, bootstyle="primary", length=ttk.scale_size(self, 320)
        )
        self.action = ttk.Button(self._waiting, bootstyle="primary")

    def look_into(self, data: str) -> None:
        """Show this data: a name of `data.sources.NAMES` or a path."""
        name = data if data in NAMES else Path(data).name or data
        self.title(f"Data: {name}")
        self.title_label.configure(text=name)
        self.line.set(describe(data) if data in NAMES else data)
        self.preview.open(data)
        if self.state() == "withdrawn":
            self._appear()
        else:
            self.lift()
        self.close_button.focus_set()

    def _appear(self) -> None:
        """In the middle of the main window, on the screen."""
        width, height = (ttk.scale_size(self, edge) for edge in _SIZE)
        x = self._over.winfo_rootx() + (self._over.winfo_width() - width) // 2
        y = self._over.winfo_rooty() + (self._over.winfo_height() - height) // 2
        self.minsize(*(ttk.scale_size(self, edge) for edge in _LEAST))
        self.geometry(f"{width}x{height}+{max(0, x)}+{max(0, y)}")
        self.deiconify()

    def _turn(self, pages: int) -> None:
        self.table.turn(pages)
        self._enable()

    def _refresh(self) -> None:
        """As the state of the preview has it."""
        contents = self.preview.contents
        self.table.show(contents)
        self._enable()
        if contents is not None:
            self._waiting.place_forget()
            self.table.pack(fill="both", expand=True)
            self.line.set(_in_words(contents))
            return
        self.table.pack_forget()
        self._waiting.place(relx=0.5, rely=0.45, anchor="center")
        self.bar.pack_forget()
        self.action.pack_forget()
        self.message.configure(text=self._message())
        state = self.preview.state
        if state is State.FETCHING:
            self._show_bar(None)
            self._offer("Cancel", self.preview.cancel)
        elif state is State.MISSING:
            self._offer(f"Fetch {fetch_size(self.preview.data)}", self.preview.fetch)
        elif state is State.FAILED:
            self._offer("Try again", self.preview.fetch)

    def _message(self) -> str:
        state, problem = self.preview.state, self.preview.problem
        if state is State.MISSING:
            size = fetch_size(self.preview.data)
            return f"This data set is not on this machine yet; a fetch brings in {size}."
        if state is State.FETCHING:
            return "Looking for a server that has it \u2026"
        if isinstance(problem, AedeskError):
            words = str(problem)
            return words[:1].upper() + words[1:]
        return f"Something went wrong that should not: {problem!r}" if problem else "Reading \u2026"

    def _offer(self, words: str, command: Callable[[], object]) -> None:
        self.action.configure(text=words, command=command)
        self.action.pack(pady=(2 * GAP, 0))

    def _on_progress(self, progress: Progress) -> None:
        if self.preview.state in {State.FETCHING, State.LOADING}:
            done, total = progress.done, progress.total
            whole = f" of {total / 1e6:,.1f}" if total else ""
            self.message.configure(text=f"{progress.file}: {done / 1e6:,.1f}{whole} MB")
            self._show_bar(done / total if total else None)

    def _show_bar(self, share: float | None) -> None:
        self.bar["value"] = share or 0.0
        if not self.bar.winfo_manager():
            self.bar.pack(pady=(2 * GAP, 0), after=self.message)

    def _enable(self) -> None:
        shown = self.preview.contents is not None
        self.more.configure(state="normal" if shown else "disabled")
        self.back.configure(state="normal" if shown and self.table.page > 0 else "disabled")

    def _on_destroy(self, event: tk.Event[Any], disconnects: list[Callable[[], None]]) -> None:
        if event.widget is self:
            for disconnect in disconnects:
                disconnect()
            self.preview.stop()


def _in_words(contents: Contents) -> str:
    train, test, classes = int(contents.counts.sum()), int(contents.test_counts.sum()), len(contents.classes)
    of_classes = "one class" if classes == 1 else f"{classes:,} classes"
    return f"{train:,} pictures to train on, {test:,} to test with, {of_classes}"
