"""Many small pictures in a row, or in a grid that scrolls: one photo for all, painted only where it is in view."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from functools import partial
from tkinter.font import nametofont
from typing import Any, Protocol

import numpy as np
import ttkbootstrap as ttk
from PIL import Image, ImageColor, ImageTk

from aedesk.gui.fitting_label import shortened
from aedesk.gui.panels.cells import Cells, blit, enlarged_all
from aedesk.gui.platform import bind_wheel
from aedesk.gui.theme import GAP, Look, Palette

_LINE = 3  # px, of the coloured line under a picture
_LETTER = 0.9  # of a digit's width: what a letter of a caption takes, points and spaces among them
_WIDEST_CAPTION = 2.0  # times the picture's edge; a longer caption is shortened
_NONE = np.zeros((0, 28, 28), np.float32)


class Pictures(Protocol):
    """An array (n, 28, 28) of float32 in [0, 1], or what makes the pictures of a list of indices when they are seen."""

    def __len__(self) -> int: ...

    def __getitem__(self, indices: list[int], /) -> np.ndarray: ...


class PictureRow(ttk.Frame):
    """Pictures with a caption and a coloured line each; click, pointer and keyboard say which one is meant.

    With `wrap` they fill a grid that scrolls up and down, else a film strip that scrolls sideways; a drag along a film
    strip clicks every picture it comes to. Left and Right (in a grid also Up and Down) move the current picture while
    the row has the focus and tell `on_current`, Return clicks it. `canvas` is what a tooltip goes to.
    """

    def __init__(
        self,
        master: tk.Misc,
        look: Look,
        *,
        edge: int = 44,
        largest: int | None = None,
        captions: bool = True,
        wrap: bool = False,
        on_click: Callable[[int], object] | None = None,
        on_hover: Callable[[int | None], object] | None = None,
        on_current: Callable[[int], object] | None = None,
        empty: str = "",
    ) -> None:
        """edge: px of a picture at 96 dpi; up to `largest` where all of them have room. captions: keep a line for them.

        empty: shown where there is no picture.
        """
        super().__init__(master)
        self._look, self._wrap = look, wrap
        self._on_click, self._on_hover, self._on_current = on_click, on_hover, on_current
        self._least, self._largest = ttk.scale_size(self, [edge, largest or edge])
        self._line, self._gap = ttk.scale_size(self, [_LINE, GAP])
        self._edge = self._least
        self._font = nametofont("TkDefaultFont", root=self)
        self._caption_height = self._font.metrics("linespace") if captions else 0
        self._empty = empty
        self._images: Pictures = _NONE
        self._captions: Sequence[str] = ()
        self._colours: Sequence[str] = ()
        self._current: int | None = None
        self._hovered: int | None = None
        self._offset = 0  # px of the whole that lie before the view, along the way it scrolls
        self._size = (1, 1)
        self._cells = Cells(0, 1, self._edge, self._edge, self._edge, self._gap)
        self._build()
        disconnect = look.changed.connect(self._recolour)
        self.canvas.bind("<Destroy>", lambda _: disconnect(), add="+")
        self._recolour(look.palette)

    def _build(self) -> None:
        self.canvas = tk.Canvas(
            self,
            highlightthickness=0,
            borderwidth=0,
            width=1,
            height=self._edge + self._line + self._caption_height if not self._wrap else 1,
            takefocus=True,
            cursor="hand2" if self._on_click else "",
        )
        orient = "vertical" if self._wrap else "horizontal"
        self._bar = ttk.Scrollbar(self, orient=orient, command=self._on_bar, bootstyle="thin")
        self.columnconfigure(0, weight=1)
        self.rowconfigure(0, weight=1)
        # The lane is kept, so that a bar that comes or goes moves nothing.
        if self._wrap:
            self.columnconfigure(1, minsize=self._bar.winfo_reqwidth() + GAP // 2)
        else:
            self.rowconfigure(1, minsize=self._bar.winfo_reqheight() + GAP // 2)
        self.canvas.grid(row=0, column=0, sticky="nsew")
        self._photo = ImageTk.PhotoImage("RGB", (1, 1))
        self._picture = self.canvas.create_image(0, 0, anchor="nw", image=self._photo)
        self._texts: list[int] = []
        self._hover_box = self.canvas.create_rectangle(0, 0, 0, 0, state="hidden", width=1)
        self._current_box = self.canvas.create_rectangle(0, 0, 0, 0, state="hidden", width=2)
        self._words = self.canvas.create_text(0, 0, anchor="center", justify="center", text=self._empty)
        self.canvas.bind("<Configure>", self._on_resized)
        self.canvas.bind("<Motion>", lambda event: self._hover(self._at(event)))
        self.canvas.bind("<Leave>", lambda _: self._hover(None))
        self.canvas.bind("<Button-1>", self._on_press)
        self.canvas.bind("<B1-Motion>", self._on_drag)
        self.canvas.bind("<FocusIn>", lambda _: self._place_boxes())
        self.canvas.bind("<FocusOut>", lambda _: self._place_boxes())
        for key, columns, rows in (("Left", -1, 0), ("Right", 1, 0), ("Up", 0, -1), ("Down", 0, 1)):
            if self._wrap or columns:
                self.canvas.bind(f"<{key}>", partial(self._on_arrow, columns, rows))
        self.canvas.bind("<Return>", lambda _: self._click(self._current))
        for widget in (self.canvas, self._bar):
            bind_wheel(widget, self._on_wheel)

    # --- what is shown ---

    def show(
        self,
        images: Pictures,
        captions: Sequence[str] = (),
        colours: Sequence[str] = (),
        current: int | None = None,
    ) -> None:
        """images: (n, 28, 28) in [0, 1], kept, not copied; only those in view are asked for.

        captions, colours: n of each, or none at all. current: which of them has a frame; it is scrolled into view.
        """
        self._images, self._captions, self._colours = images, captions, colours
        self._current = current if current is not None and current < len(images) else None
        if self._hovered is not None and self._hovered >= len(images):
            self._hover(None)
        self._arrange()
        self._see(self._current)
        self._paint()

    def clear(self) -> None:
        """Show the words for nothing."""
        self._offset = 0
        self.show(_NONE)

    def repaint(self) -> None:
        """Ask again for the pictures in view: some have come that were blank."""
        self._paint()

    def set_empty(self, words: str) -> None:
        """Other words for where there is no picture."""
        self._empty = words
        self.canvas.itemconfigure(self._words, text=words if not len(self._images) else "")

    def __len__(self) -> int:
        return len(self._images)

    @property
    def captions(self) -> tuple[str, ...]:
        """All captions, those out of view as well."""
        return tuple(self._captions)

    @property
    def current(self) -> int | None:
        """Which picture has the frame."""
        return self._current

    def set_current(self, index: int | None) -> None:
        """Put the frame around another picture, and scroll it into view; the pictures stay."""
        self._current = index if index is not None and 0 <= index < len(self._images) else None
        if self._see(self._current):
            self._paint()
        else:
            self._place_boxes()

    def centre_of(self, index: int) -> tuple[int, int]:
        """Where a picture's middle lies on the canvas now, in px."""
        x, y = self._place(index)
        return x + self._cells.width // 2, y + self._edge // 2

    # --- layout ---

    def _arrange(self) -> None:
        """Lay out the cells for the present pictures and size."""
        longest = max(map(len, self._captions), default=0) if self._caption_height else 0
        for edge in range(self._largest, self._least, -4):
            self._cells = self._cells_of(edge, longest)
            if all(whole <= room for whole, room in zip(self._cells.size, self._size, strict=True)):
                break
        else:
            self._cells = self._cells_of(self._least, longest)
        self._edge = self._cells.edge
        self._scroll_to(self._offset)

    def _cells_of(self, edge: int, longest: int) -> Cells:
        """The cells of pictures `edge` px wide. longest: letters of a caption."""
        # By the number of letters, not by the letters: else the grid would tremble with every number in it.
        wanted = min(round(_LETTER * self._font.measure("0") * longest), round(_WIDEST_CAPTION * edge))
        width, height = max(edge, wanted), edge + self._line + self._caption_height
        columns = (self._size[0] + self._gap) // (width + self._gap) if self._wrap else len(self._images)
        return Cells(len(self._images), max(1, columns), width, height, edge, self._gap)

    @property
    def _most(self) -> int:
        """The largest offset there can be."""
        axis = 1 if self._wrap else 0
        return max(0, self._cells.size[axis] - self._size[axis])

    def _scroll_to(self, offset: float) -> bool:
        """Move the view, and say whether it has moved; painting is the caller's."""
        before = self._offset
        self._offset = max(0, min(round(offset), self._most))
        axis = 1 if self._wrap else 0
        if self._most and len(self._images):
            whole = self._cells.size[axis]
            self._bar.set(self._offset / whole, (self._offset + self._size[axis]) / whole)
            if not self._bar.winfo_manager():
                # Placed, not gridded: a grid that changes while it lays out its master unmaps the canvas (Tk 8.6).
                if self._wrap:
                    self._bar.place(relx=1, rely=0, relheight=1, anchor="ne")
                else:
                    self._bar.place(relx=0, rely=1, relwidth=1, anchor="sw")
        elif self._bar.winfo_manager():
            self._bar.place_forget()
        return self._offset != before

    def _see(self, index: int | None) -> bool:
        """Scroll a picture into view, and say whether anything moved."""
        if index is None:
            return False
        axis = 1 if self._wrap else 0
        start = self._cells.place(index)[axis]
        length = self._cells.height if self._wrap else self._cells.width
        if start < self._offset:
            return self._scroll_to(start)
        if start + length > self._offset + self._size[axis]:
            return self._scroll_to(start + length - self._size[axis])
        return False

    def _place(self, index: int) -> tuple[int, int]:
        """The upper left corner of a cell on the canvas."""
        x, y = self._cells.place(index)
        return (x, y - self._offset) if self._wrap else (x - self._offset, y)

    # --- painting ---

    def _paint(self) -> None:
        width, height = self._size
        if width < 2 or height < 2:
            return
        palette, edge = self._look.palette, self._edge
        left, top = (0, self._offset) if self._wrap else (self._offset, 0)
        visible = self._cells.within(left, top, width, height)
        sheet = np.empty((height, width, 3), np.uint8)
        sheet[:] = ImageColor.getrgb(palette.background)
        inset = (self._cells.width - edge) // 2
        enlarged = enlarged_all(self._images[visible], edge, palette) if visible else ()
        for index, picture in zip(visible, enlarged, strict=True):
            x, y = self._place(index)
            blit(sheet, picture, x + inset, y)
            if len(self._colours):
                line = np.empty((self._line, edge, 3), np.uint8)
                line[:] = ImageColor.getrgb(self._colours[index])
                blit(sheet, line, x + inset, y + edge)
        self._photo.paste(Image.fromarray(sheet))
        self._write_captions(visible if len(self._captions) and self._caption_height else [])
        self.canvas.itemconfigure(self._words, text="" if len(self._images) else self._empty)
        self._place_boxes()

    def _write_captions(self, visible: list[int]) -> None:
        while len(self._texts) < len(visible):
            self._texts.append(self.canvas.create_text(0, 0, anchor="n", fill=self._look.palette.muted))
        for text, index in zip(self._texts, visible, strict=False):
            x, y = self._place(index)
            self.canvas.coords(text, x + self._cells.width // 2, y + self._edge + self._line)
            words = self._captions[index]
            if len(words) * self._edge > 4 * self._cells.width:  # long enough that it may not fit
                words = shortened(words, self._font, self._cells.width + self._gap // 2, 1.0)
            self.canvas.itemconfigure(text, text=words)
        for text in self._texts[len(visible) :]:
            self.canvas.itemconfigure(text, text="")

    def _place_boxes(self) -> None:
        """The frames around the current picture and around the one under the pointer."""
        for box, index in ((self._current_box, self._current), (self._hover_box, self._hovered)):
            if index is None:
                self.canvas.itemconfigure(box, state="hidden")
                continue
            x, y = self._place(index)
            x += (self._cells.width - self._edge) // 2
            self.canvas.coords(box, x, y, x + self._edge - 1, y + self._edge - 1)
            self.canvas.itemconfigure(box, state="normal")
        focused = self.canvas.focus_displayof() is self.canvas
        self.canvas.itemconfigure(self._current_box, width=3 if focused else 2)

    def _recolour(self, palette: Palette) -> None:
        self.canvas.configure(background=palette.background)
        self.canvas.itemconfigure(self._words, fill=palette.muted)
        self.canvas.itemconfigure(self._current_box, outline=palette.accent)
        self.canvas.itemconfigure(self._hover_box, outline=palette.text)
        for text in self._texts:
            self.canvas.itemconfigure(text, fill=palette.muted)
        self._paint()

    # --- the user's hands ---

    def _on_resized(self, event: tk.Event[Any]) -> None:
        if (event.width, event.height) == self._size:
            return
        self._size = (event.width, event.height)
        self._photo = ImageTk.PhotoImage("RGB", self._size)
        self.canvas.itemconfigure(self._picture, image=self._photo)
        self.canvas.coords(self._words, event.width // 2, event.height // 2)
        self.canvas.itemconfigure(self._words, width=max(1, event.width - 2 * self._gap))
        self._arrange()
        self._paint()

    def _at(self, event: tk.Event[Any]) -> int | None:
        left, top = (0, self._offset) if self._wrap else (self._offset, 0)
        return self._cells.at(event.x + left, event.y + top) if len(self._images) else None

    def _hover(self, index: int | None) -> None:
        if index != self._hovered:
            self._hovered = index
            self._place_boxes()
            if self._on_hover is not None:
                self._on_hover(index)

    def _on_press(self, event: tk.Event[Any]) -> None:
        self.canvas.focus_set()
        self._click(self._at(event))

    def _on_drag(self, event: tk.Event[Any]) -> None:
        index = self._at(event)
        self._hover(index)
        if not self._wrap and index != self._current:
            self._click(index)

    def _click(self, index: int | None) -> None:
        if index is not None and index < len(self._images):
            self.set_current(index)
            if self._on_click is not None:
                self._on_click(index)

    def _on_arrow(self, columns: int, rows: int, _: tk.Event[Any]) -> str:
        if len(self._images):
            by = columns + rows * self._cells.columns
            start = (-1 if by > 0 else len(self._images)) if self._current is None else self._current
            target = start + (by if self._current is not None else (1 if by > 0 else -1))
            if 0 <= target < len(self._images):
                self.set_current(target)
                if self._on_current is not None:
                    self._on_current(target)
        return "break"

    def _on_bar(self, how: str, amount: str, unit: str = "") -> None:
        if how == "moveto":
            moved = self._scroll_to(float(amount) * self._cells.size[1 if self._wrap else 0])
        else:
            moved = self._scroll_by(int(amount) * (4 if unit == "pages" else 1))
        if moved:
            self._paint()

    def _scroll_by(self, pictures: float) -> bool:
        step = self._cells.height if self._wrap else self._cells.width
        return self._scroll_to(self._offset + pictures * (step + self._gap))

    def _on_wheel(self, event: tk.Event[Any], notches: float) -> str:
        if self._scroll_by(-notches * (1 if self._wrap else 2)):
            self._paint()
            if event.widget is self.canvas:
                self._hover(self._at(event))
        return "break"
