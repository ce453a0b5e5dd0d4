"""Chooses what to train on: a data set known by name, or the user's own."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from pathlib import Path
from tkinter import filedialog
from typing import Any

import ttkbootstrap as ttk

from aedesk.data.sources import NAMES, describe, fetch_size, is_present
from aedesk.gui.fields import explain

_OWN_FILE = "Own file ..."
_OWN_FOLDER = "Own folder of pictures ..."


class DataPicker(ttk.Frame):
    """A list of data sets over a line that says how big the chosen one is and whether it is on this machine.

    `value` is a name of `aedesk.data.sources.NAMES`, or the path of a file or folder.
    """

    def __init__(
        self,
        master: tk.Misc,
        wraplength: int,
        on_change: Callable[[], object],
        on_preview: Callable[[str], object] | None = None,
        *,
        sentence: str = "The pictures to learn from: a published set, or an IDX, .npz or folder of your own.",
        fetched_by: str = "Start",
    ) -> None:
        """on_preview gets `value` when its preview is wanted; without it there is no button for that.

        sentence: what the choice is for. fetched_by: the button that offers to fetch a set that is not here.
        """
        super().__init__(master)
        self._on_change = on_change
        self._fetched_by = fetched_by
        self._own: str | None = None
        self.value = NAMES[0]
        bar = ttk.Frame(self)
        bar.pack(fill="x", pady=(0, 2))
        name = ttk.Label(bar, text="Data", style="Heading.TLabel")
        name.pack(side="left")
        self.preview_button = ttk.Button(
            bar, text="Preview", icon="eye", bootstyle="ghost", padding=(2, 4), command=self._preview
        )
        self._on_preview = on_preview
        if on_preview is not None:
            self.preview_button.pack(side="right")
        explain(self.preview_button, "Look at the data: how many there are of each class, and some of them.")
        self.control = ttk.Combobox(self, state="readonly", width=1)
        self.control.pack(fill="x")
        for widget in (name, self.control):
            explain(widget, sentence)
        self.control.bind("<<ComboboxSelected>>", self._on_selected, add="+")
        self._line = ttk.Label(self, style="Muted.TLabel", wraplength=wraplength)
        self._line.pack(anchor="w", pady=(4, 0))
        self.refresh()

    @property
    def is_missing(self) -> bool:
        """Whether the chosen set would have to be fetched first."""
        return self.value in NAMES and not is_present(self.value)

    def set(self, value: str) -> None:
        """Choose a name, or the path of the user's own data."""
        if value not in NAMES:
            self._own = value
        self.value = value
        self.refresh()

    def refresh(self) -> None:
        """Say anew what is chosen: a fetch may have brought it in."""
        own = [_label(self._own)] if self._own else []
        self.control.configure(values=[*NAMES, *own, _OWN_FILE, _OWN_FOLDER])
        self.control.set(self.value if self.value in NAMES else _label(self.value))
        self.control.selection_clear()
        self._line.configure(text=self._describe())

    def enable(self, on: bool) -> None:
        self.control.configure(state="readonly" if on else "disabled")

    def _describe(self) -> str:
        if self.value not in NAMES:
            return f"Your own: {self.value}"
        about = describe(self.value).partition(": ")[2].partition(", always")[0].partition(" (")[0]
        about = about[:1].upper() + about[1:]
        if self.value == "digits":
            return f"{about}. Always there."
        if is_present(self.value):
            return f"{about}. On this machine."
        return (
            f"{about}. Not on this machine yet: {self._fetched_by} offers to fetch {fetch_size(self.value)}."
        )

    def _preview(self) -> None:
        if self._on_preview is not None:
            self._on_preview(self.value)

    def _on_selected(self, _: tk.Event[Any]) -> None:
        chosen = self.control.get()
        if chosen == _OWN_FILE:
            chosen = self._ask_file()
        elif chosen == _OWN_FOLDER:
            chosen = filedialog.askdirectory(
                parent=self, title="A folder with a folder of pictures for each class"
            )
        elif self._own and chosen == _label(self._own):
            chosen = self._own
        if chosen:
            self.set(chosen)
            self._on_change()
        else:
            self.refresh()

    def _ask_file(self) -> str:
        chosen = filedialog.askopenfilename(
            parent=self,
            title="Images to train on",
            filetypes=[("IDX images or NumPy archives", "*ubyte *ubyte.gz *.npz"), ("All files", "*")],
        )
        return chosen if isinstance(chosen, str) else ""


def _label(path: str) -> str:
    """A path as it is listed; never mistaken for a name."""
    return f"{Path(path).name or path} (own)"
