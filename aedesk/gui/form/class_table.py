"""The classes of a data set: how many pictures each has, as bars, and some of them."""

from __future__ import annotations

import tkinter as tk
from math import ceil
from tkinter.font import nametofont
from typing import Any

import numpy as np
import ttkbootstrap as ttk
from PIL import Image, ImageColor, ImageDraw, ImageTk

from aedesk.app.data_preview import Contents
from aedesk.gui.fitting_label import shortened
from aedesk.gui.platform import bind_wheel
from aedesk.gui.theme import GAP, Look

_EDGE = 36  # px of a picture
_BAR = 110  # px of the longest bar
_NAME = 110  # px, at most, of a class's name
_APART = 3  # pixels of the pictures' own between two of them
_MEASURED = 200  # names that say how wide their column is
_NOTCH = 1.0  # rows for a notch of the wheel


class ClassTable(ttk.Frame):
    """A row for each class, as many pictures as there is room for; rows out of sight cost nothing."""

    def __init__(self, master: tk.Misc, look: Look) -> None:
        super().__init__(master)
        self._look = look
        self._contents: Contents | None = None
        self._columns = (0, 0, 0)
        self._names: dict[int, str] = {}  # as much of each as there is room for
        self._page = 0
        self._first = 0.0  # rows above the top edge
        self._pending: str | None = None
        self._photo: ImageTk.PhotoImage | None = None
        self._font = nametofont("TkDefaultFont", root=self)
        self._edge: int = ttk.scale_size(self, _EDGE)
        self._stride: int = round(self._edge * (28 + _APART) / 28)
        self._row: int = self._edge + GAP
        self._head: int = self._font.metrics("linespace") + GAP
        self._paper = tk.Canvas(self, highlightthickness=0, borderwidth=0, width=1, height=1, takefocus=True)
        self._paper.pack(side="left", fill="both", expand=True)
        self._bar = ttk.Scrollbar(self, orient="vertical", command=self._on_bar, bootstyle="thin")
        bind_wheel(self._paper, self._on_wheel)
        for key, rows in (("Up", -1), ("Down", 1), ("Prior", -5), ("Next", 5), ("Home", -1e6), ("End", 1e6)):
            self._paper.bind(f"<{key}>", lambda _, rows=rows: self.scroll(rows))  # type: ignore[misc]
        disconnect = look.changed.connect(lambda _: self._soon())
        self._paper.bind("<Configure>", lambda _: self._soon(), add="+")
        self._paper.bind("<Destroy>", lambda _: self._on_destroy(disconnect), add="+")

    @property
    def page(self) -> int:
        """Which examples are shown, from 0."""
        return self._page

    @property
    def per_row(self) -> int:
        """How many pictures of a class are shown at once."""
        across: int = self._paper.winfo_width() - self._left
        return max(1, across // self._stride)

    def show(self, contents: Contents | None) -> None:
        """Show a data set from its first class and first examples on."""
        self._contents, self._page, self._first = contents, 0, 0.0
        self._names.clear()
        if contents is not None:
            self._columns = self._measure(contents)
        self._soon()

    def turn(self, pages: int) -> None:
        """Other examples: so many pages on, or back."""
        self._page = max(0, self._page + pages)
        self._soon()

    def scroll(self, rows: float) -> None:
        """Move so many classes down."""
        self._first += rows
        self._soon()

    @property
    def texts(self) -> list[str]:
        """What is written, in rows."""
        return [self._paper.itemcget(item, "text") for item in self._paper.find_withtag("text")]

    def _soon(self) -> None:
        if self._pending is None:
            self._pending = self._paper.after_idle(self._redraw)

    def _on_destroy(self, disconnect: Any) -> None:
        disconnect()
        if self._pending is not None:
            self._paper.after_cancel(self._pending)

    def _on_wheel(self, _: tk.Event[Any], notches: float) -> str:
        self.scroll(-notches * _NOTCH)
        return "break"

    def _on_bar(self, *words: str) -> None:
        """What a scrollbar asks for: `moveto SHARE`, or `scroll N units|pages`."""
        if words[0] == "moveto":
            self._first = float(words[1]) * self._rows
            self._soon()
        else:
            self.scroll(float(words[1]) * (self._fitting if words[2] == "pages" else 1))

    @property
    def _rows(self) -> int:
        return 0 if self._contents is None else len(self._contents.classes)

    @property
    def _fitting(self) -> float:
        """How many rows there is room for."""
        room: float = self._paper.winfo_height() - self._head
        return max(1.0, room / self._row)

    def _measure(self, contents: Contents) -> tuple[int, int, int]:
        """Where the bars begin, and where the two counts end, px."""
        widest = max(map(self._font.measure, ("Class", *contents.classes[:_MEASURED])))
        bars = min(ttk.scale_size(self, _NAME), widest) + 2 * GAP
        counts = self._font.measure("000,000") + 2 * GAP
        train = bars + ttk.scale_size(self, _BAR) + counts
        return bars, train, train + counts

    @property
    def _left(self) -> int:
        """Where the pictures begin, px."""
        return self._columns[2] + 3 * GAP

    def _redraw(self) -> None:
        self._pending = None
        palette, paper = self._look.palette, self._paper
        paper.configure(background=palette.background)
        paper.delete("all")
        width, height = paper.winfo_width(), paper.winfo_height()
        contents = self._contents
        if contents is None or width < self._left or height < self._row:
            return
        self._first = min(max(0.0, self._first), max(0.0, self._rows - self._fitting))
        self._tell_bar()
        bars, train, test = self._columns
        sheet = Image.new("RGB", (width, height), palette.background)
        self._photo = None
        colours = palette.class_colours(self._rows)
        texts: list[tuple[float, float, Any, str, str]] = []
        shades = palette.shade(np.linspace(0, 1, 256, dtype=np.float32))
        per_row, longest = self.per_row, max(1, int(contents.counts.max()))
        last = min(self._rows, ceil(self._first + self._fitting))
        for place in range(int(self._first), last):
            top = round(self._head + (place - self._first) * self._row)
            middle = top + self._edge / 2
            count = int(contents.counts[place])
            end = bars + ttk.scale_size(self, _BAR) * count / longest
            if count:
                box = (bars, middle - 7, max(bars + 2, end), middle + 7)
                ImageDraw.Draw(sheet).rounded_rectangle(box, 3, fill=colours[place])
            self._paste(sheet, contents.examples(place, self._page, per_row), shades, top)
            if place not in self._names:
                self._names[place] = shortened(contents.classes[place], self._font, bars - 2 * GAP, 1.0)
            texts += [
                (0, middle, "w", self._names[place], palette.text),
                (train, middle, "e", f"{count:,}", palette.text),
                (test, middle, "e", f"{int(contents.test_counts[place]):,}", palette.muted),
            ]
        ImageDraw.Draw(sheet).rectangle((0, 0, width, self._head - 1), palette.background)  # a row cut in two
        self._photo = ImageTk.PhotoImage(sheet)
        paper.create_image(0, 0, anchor="nw", image=self._photo)
        line = self._font.metrics("linespace") / 2
        heads = (
            (0, "w", "Class"),
            (train, "e", "to train"),
            (test, "e", "to test"),
            (self._left, "w", "Examples"),
        )
        shown: list[tuple[float, float, Any, str, str]] = [
            (x, line, anchor, words, palette.muted) for x, anchor, words in heads
        ]
        shown += [text for text in texts if text[1] > self._head + line]
        for x, y, anchor, words, ink in shown:
            paper.create_text(x, y, anchor=anchor, text=words, fill=ink, font=self._font, tags="text")

    def _paste(self, sheet: Image.Image, images: np.ndarray, shades: np.ndarray, top: int) -> None:
        """A row of (n, 28, 28) uint8 pictures, enlarged all at once."""
        if len(images):
            paper = ImageColor.getrgb(self._look.palette.background)[:3]
            row = np.full((28, len(images), 28 + _APART, 3), paper, np.uint8)
            row[:, :, :28] = shades[images].transpose(1, 0, 2, 3)
            size = (len(images) * self._stride, self._edge)
            flat = Image.fromarray(row.reshape(28, -1, 3))
            sheet.paste(flat.resize(size, Image.Resampling.BILINEAR), (self._left, top))

    def _tell_bar(self) -> None:
        if self._rows <= self._fitting:
            self._bar.pack_forget()
            return
        self._bar.set(self._first / self._rows, (self._first + self._fitting) / self._rows)
        if not self._bar.winfo_ismapped():
            self._bar.pack(side="right", fill="y", padx=(GAP, 0))
