"""Finding points by what they are called: a class, or the number of a training image."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import ttkbootstrap as ttk

from aedesk.errors import AedeskError
from aedesk.gui.fields import explain
from aedesk.gui.theme import GAP

if TYPE_CHECKING:
    from aedesk.latent.atlas import Atlas


def matching(words: str, atlas: Atlas) -> np.ndarray:
    """The points that `words` name, (n,) int64: `7` a class, `#1234` a training image, several with commas between.

    Raises AedeskError in one line where there is no such class or image.
    """
    wanted = [word.strip() for word in words.split(",") if word.strip()]
    if not wanted:
        raise AedeskError(
            "Type the name of a class, such as 7, or the number of a training image, such as #1234."
        )
    found = [_points_of(word, atlas) for word in wanted]
    return np.unique(np.concatenate(found)).astype(np.int64)


def _points_of(word: str, atlas: Atlas) -> np.ndarray:
    if word.startswith("#"):
        digits = word[1:].replace(",", "")
        if not digits.isdecimal():
            raise AedeskError(f'"{word}" is no number of a training image, such as #1234.')
        numbers = atlas.images if atlas.images is not None else np.arange(len(atlas))
        places = np.flatnonzero(numbers == int(digits[:12]))
        if not len(places):
            raise AedeskError(f"Training image {word} is not on this map; the map may show all of them.")
        return places
    named = [number for number, name in enumerate(atlas.classes) if name.casefold() == word.casefold()]
    if not named:
        named = [n for n, name in enumerate(atlas.classes) if name.casefold().startswith(word.casefold())]
    if not named:
        shown = ", ".join(atlas.classes[:12])
        raise AedeskError(f'There is no class "{word}" on this map; there are: {shown}.')
    return np.flatnonzero(np.isin(atlas.labels, named))


class FindBar(ttk.Frame):
    """A field over the map; Return looks, Escape puts it away. `on_find` gets the words and may raise AedeskError."""

    def __init__(self, master: tk.Misc, on_find: Callable[[str], object]) -> None:
        super().__init__(master, padding=GAP // 2)
        self._on_find = on_find
        row = ttk.Frame(self)
        row.pack(anchor="w")
        ttk.Label(row, text="Find", style="Muted.TLabel").pack(side="left", padx=(4, GAP))
        self._entry = ttk.Entry(row, width=18)
        self._entry.pack(side="left")
        explain(self._entry, "A class such as 7, or a training image such as #1234; several with commas.")
        close = ttk.Button(row, icon="x-lg", command=self.hide, bootstyle="ghost", padding=2)
        close.pack(side="left", padx=(4, 0))
        self._problem = ttk.Label(self, style="Muted.TLabel", wraplength=ttk.scale_size(self, 260))
        self._entry.bind("<Return>", self._on_return)
        self._entry.bind("<Escape>", self._on_escape)

    @property
    def problem(self) -> str:
        """Why nothing was found; empty if something was."""
        return str(self._problem["text"])

    def open(self) -> None:
        """Show the field and put the cursor into it."""
        self.place(x=GAP, y=GAP)
        self.lift()
        self._entry.focus_set()
        self._entry.selection_range(0, "end")

    def hide(self) -> None:
        self.place_forget()

    def _on_return(self, _: tk.Event[Any]) -> None:
        try:
            self._on_find(self._entry.get())
        except AedeskError as problem:
            self._problem.configure(text=str(problem))
            self._problem.pack(anchor="w", padx=4, pady=(GAP // 2, 0))
        else:
            self._problem.configure(text="")
            self._problem.pack_forget()

    def _on_escape(self, _: tk.Event[Any]) -> str:
        self.hide()
        return "break"  # the selection is not meant
