"""What the user does to the drawing besides drawing: undo, clear, pictures in and out."""

from __future__ import annotations

import contextlib
import tkinter as tk
from collections.abc import Callable, Iterator
from pathlib import Path
from tkinter import filedialog

import numpy as np
from PIL import Image

from aedesk import sketch
from aedesk.app.explorer import Explorer
from aedesk.app.ink import SIZE, Ink
from aedesk.app.signal import Signal
from aedesk.errors import AedeskError
from aedesk.gui import pictures
from aedesk.storage.pictures import enlarged, grey, side_by_side, write_png

_SCALE = 10  # pixels of a file for each of a 28x28 picture
_GAP = 10


class Hands:
    """`tell` gets one line, `on_problem` what went wrong.

    Signals: `changed` (the drawing is another one, by something else than the pen), `inked` (the same, however it came
    about, once it has been read).
    """

    def __init__(
        self,
        master: tk.Misc,
        ink: Ink,
        explorer: Explorer,
        tell: Callable[[str], object],
        on_problem: Callable[[BaseException], object],
    ) -> None:
        self._master, self._ink, self._explorer = master, ink, explorer
        self._tell, self._on_problem = tell, on_problem
        self.changed: Signal[None] = Signal()
        self.inked: Signal[None] = Signal()

    @property
    def can_undo(self) -> bool:
        return self._ink.can_undo

    @property
    def can_redo(self) -> bool:
        return self._ink.can_redo

    def on_ink(self) -> None:
        """What is on the canvas is another drawing: the model in use shall read it."""
        self._explorer.set_drawing(self._ink)
        self.inked.emit(None)

    def show(self, picture: np.ndarray, what: str) -> None:
        """Put a picture (28, 28) in [0, 1] onto the canvas, and say what it is."""
        self._ink.show_picture(picture)
        self.changed.emit(None)
        self._tell(what)

    def undo(self) -> None:
        self._ink.undo()
        self.changed.emit(None)

    def redo(self) -> None:
        self._ink.redo()
        self.changed.emit(None)

    def clear(self) -> None:
        self._ink.clear()
        self.changed.emit(None)

    def use_generated(self) -> None:
        """Put the digit that was picked on the map onto the canvas."""
        if self._explorer.pick is not None:
            self._ink.show_picture(self._explorer.pick.image)
            self.changed.emit(None)

    def open_picture(self) -> None:
        path = filedialog.askopenfilename(
            parent=self._master, title="Open a picture", filetypes=pictures.PICTURE_TYPES
        )
        if path:
            with self._telling():
                self._take(sketch.open_picture(path), Path(path).name)

    def paste(self) -> None:
        with self._telling():
            self._take(pictures.from_clipboard(), "the clipboard")

    def copy(self) -> None:
        with self._telling():
            pictures.to_clipboard(self._ink.image)
            self._tell("Drawing copied.")

    def save_drawing(self) -> None:
        """The drawing as it is, to be opened again: ink is bright."""
        if self._ink.is_blank:
            self._tell("There is nothing to save yet: draw a digit first.")
        else:
            self._save(self._ink.image, "sketch.png")

    def save_comparison(self) -> None:
        """The drawing, what the model sees and what it rebuilds, side by side in one PNG."""
        reading = self._explorer.reading
        if reading is None:
            self._tell("There is nothing to compare yet: draw a digit first.")
            return
        shown = [enlarged(grey(image), _SCALE) for image in (reading.image, reading.reconstruction)]
        drawing = np.asarray(self._ink.image.resize(shown[0].shape))
        self._save(side_by_side([drawing, *shown], _GAP), "comparison.png")

    def save_digit(self) -> None:
        """The digit that was picked on the map, as a PNG."""
        if self._explorer.pick is None:
            self._tell("Click on the map first: the digit that appears can be saved.")
            return
        self._save(enlarged(grey(self._explorer.pick.image), _SCALE), "generated.png")

    def _take(self, picture: Image.Image, origin: str) -> None:
        """Put a picture on the canvas; one of exactly 28x28 is seen by the model as it is."""
        if picture.size == (28, 28):
            self._ink.show_picture(sketch.from_picture(picture))
        else:
            ink = sketch.ink_of_picture(picture, SIZE)
            if not ink.any():
                raise AedeskError(f"No ink was found in {origin}: it is all of one shade")
            self._ink.replace(ink)
        self.changed.emit(None)
        self._tell(f"Picture from {origin}.")

    def _save(self, picture: np.ndarray | Image.Image, name: str) -> None:
        path = filedialog.asksaveasfilename(
            parent=self._master, initialfile=name, defaultextension=".png", filetypes=(("PNG", "*.png"),)
        )
        if path:
            with self._telling():
                write_png(path, picture)
                self._tell(f"Saved {path}")

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        """An expected problem becomes a dialog."""
        try:
            yield
        except AedeskError as problem:
            self._on_problem(problem)
