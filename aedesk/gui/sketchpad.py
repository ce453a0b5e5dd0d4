"""The drawing canvas: pen and eraser on the ink raster, repainted as soon as the mouse has been listened to."""

from __future__ import annotations

import math
import time
import tkinter as tk
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image, ImageTk

from aedesk.app.ink import SIZE, Ink
from aedesk.gui.brush import Brush
from aedesk.gui.platform import RIGHT_BUTTON
from aedesk.gui.theme import Look

_LISTEN = 0.004  # seconds after a tick for the mouse alone: while it is not heard, a stroke gets corners
_TILES = (64, 128)  # px, sides of what is repainted for a piece of a stroke
_FOCUS = 2  # px, the frame that shows where the keyboard is
_RIM = 3  # px around a change: what an antialiased edge reaches, and the rim of a tile
_HINT = "Draw a digit here"


class Sketchpad(tk.Canvas):
    """Shows `ink` and lets the mouse draw on it. `on_change` runs on the tick after something was drawn, once that is
    on the screen.

    Motion handlers only record: a slow one would make Tk drop points of the stroke. The tick comes at once, unless
    the one before has only just ended.
    """

    def __init__(
        self, master: tk.Misc, look: Look, ink: Ink, brush: Brush, on_change: Callable[[], object]
    ) -> None:
        super().__init__(master, highlightthickness=_FOCUS, borderwidth=0, cursor="none", takefocus=True)
        self._look = look
        self._ink = ink
        self._brush = brush
        self.on_change = on_change
        self._edge = 0
        self._pending: str | None = None
        self._listening_until = 0.0  # time.monotonic
        self._pointer = (0, 0)
        self._erase = False  # what the stroke in progress does
        self._photo: ImageTk.PhotoImage | None = None
        self._tiles = {side: ImageTk.PhotoImage("RGB", (side, side)) for side in _TILES}
        self._picture = self.create_image(0, 0, anchor="nw")
        self._hint = self.create_text(0, 0, text=_HINT, font=("TkDefaultFont", 14))
        self._pen = self.create_oval(0, 0, 0, 0, state="hidden")
        for button in (1, RIGHT_BUTTON):
            self.bind(f"<ButtonPress-{button}>", self._on_press)
            self.bind(f"<B{button}-Motion>", self._on_drag)
            self.bind(f"<ButtonRelease-{button}>", self._on_release)
        self.bind("<Motion>", self._on_hover)
        self.bind("<Leave>", lambda _: self.itemconfigure(self._pen, state="hidden"))
        self.bind("<Destroy>", self._on_destroy)
        self.bind("<Map>", lambda _: self._paint())  # it may have been drawn on another canvas meanwhile
        self._disconnects = [
            look.changed.connect(lambda _: self.refresh()),
            brush.changed.connect(lambda _: self._show_pen()),
        ]
        self._shades = b""  # red, green and blue of each of the 256 levels of the raster

    @property
    def edge(self) -> int:
        """Width and height of the drawing area on the screen, in px."""
        return self._edge

    def set_edge(self, edge: int) -> None:
        """Make the drawing area `edge` px square."""
        if edge == self._edge:
            return
        self._edge = edge
        self.configure(width=edge, height=edge)
        self._photo = ImageTk.PhotoImage("RGB", (edge, edge))
        self.itemconfigure(self._picture, image=self._photo)
        self.coords(self._picture, _FOCUS, _FOCUS)
        self.coords(self._hint, _FOCUS + edge / 2, _FOCUS + edge / 2)
        self.refresh()

    def refresh(self) -> None:
        """Repaint from the ink now."""
        palette = self._look.palette
        self.configure(
            background=palette.surface,
            highlightbackground=palette.surface,
            highlightcolor=palette.accent,
            highlightthickness=_FOCUS,  # a theme switch takes it away
        )
        self._show_pen()
        self._shades = palette.shade(np.arange(256, dtype=np.float32) / 255).tobytes()
        self.itemconfigure(self._hint, fill=palette.muted)
        if self._photo is not None:
            self._photo.paste(self._coloured((0, 0, SIZE, SIZE), self._edge))
            self.itemconfigure(self._hint, state="normal" if self._ink.is_blank else "hidden")

    def show_change(self) -> None:
        """Repaint and call `on_change`, for a change that did not come from the mouse."""
        self._schedule()

    def _raster(self, event: tk.Event[Any]) -> tuple[float, float]:
        # Tk counts canvas coordinates from the outer edge of the focus ring.
        scale = SIZE / self._edge
        return (event.x - _FOCUS + 0.5) * scale, (event.y - _FOCUS + 0.5) * scale

    def _on_press(self, event: tk.Event[Any]) -> None:
        self.focus_set()
        if not self._ink.is_drawing:
            self._erase = self._brush.erasing or event.num == RIGHT_BUTTON
            self._ink.press(*self._raster(event), self._brush.width, erase=self._erase)
            self._move_pen(event)
            self._schedule()

    def _on_drag(self, event: tk.Event[Any]) -> None:
        if self._ink.is_drawing:
            self._ink.drag(*self._raster(event), self._brush.width, erase=self._erase)
            self._move_pen(event)
            self._schedule()

    def _on_release(self, _: tk.Event[Any]) -> None:
        # Tk sends this here also when the pointer has left the canvas, so a pen never sticks.
        self._ink.release()

    def _on_hover(self, event: tk.Event[Any]) -> None:
        self._move_pen(event)

    def _move_pen(self, event: tk.Event[Any]) -> None:
        self._pointer = event.x, event.y
        self._show_pen(state="normal")

    def _show_pen(self, **options: Any) -> None:
        """The ring around the pointer: as wide as the brush, red if it erases."""
        (x, y), radius = self._pointer, self._brush.width * self._edge / SIZE / 2
        self.coords(self._pen, x - radius, y - radius, x + radius, y + radius)
        erasing = self._erase if self._ink.is_drawing else self._brush.erasing
        colour = self._look.palette.too_much if erasing else self._look.palette.accent
        self.itemconfigure(self._pen, outline=colour, **options)

    def _schedule(self) -> None:
        """At most one tick is pending, however many points arrive."""
        if self._pending is not None:
            return
        wait = self._listening_until - time.monotonic()
        self._pending = (
            self.after(math.ceil(1000 * wait), self.run_tick) if wait > 0 else self.after_idle(self.run_tick)
        )

    @property
    def ring_width(self) -> float:
        """Of the ring around the pointer, in px."""
        left, _, right, _ = self.coords(self._pen)
        return right - left

    @property
    def is_waiting(self) -> bool:
        """Whether something was drawn that is not yet on the screen."""
        return self._pending is not None

    def run_tick(self) -> None:
        """Do now what is due on the tick: repaint, and call `on_change`."""
        if self._pending is not None:
            self.after_cancel(self._pending)
            self._pending = None
        self._paint()
        self.update_idletasks()  # onto the screen, before what follows from it is worked out
        self.on_change()
        self._listening_until = time.monotonic() + _LISTEN

    def _paint(self) -> None:
        """Bring what has changed onto the screen: only that, for the whole would take Tk three times as long."""
        changed = self._ink.take_change(self)
        if self._photo is None or changed is None:
            return
        self.itemconfigure(self._hint, state="normal" if self._ink.is_blank else "hidden")
        scale = self._edge / SIZE
        left, top = (max(0, int(side * scale) - _RIM) for side in changed[:2])
        right, bottom = (math.ceil(side * scale) + _RIM for side in changed[2:])
        needed = max(right - left, bottom - top)
        tile = next((side for side in _TILES if needed <= side <= self._edge), None)
        if tile is None:
            self._photo.paste(self._coloured((0, 0, SIZE, SIZE), self._edge))
            return
        left, top = min(left, self._edge - tile), min(top, self._edge - tile)
        box = (left / scale, top / scale, (left + tile) / scale, (top + tile) / scale)
        photo = self._tiles[tile]
        photo.paste(self._coloured(box, tile))
        # Resampling does not look beyond its box: the rim of a tile is not quite what it would be in the whole,
        # but for where both end.
        x0, y0 = (0 if start == 0 else 1 for start in (left, top))
        x1, y1 = (tile if start + tile == self._edge else tile - 1 for start in (left, top))
        self.tk.call(self._photo, "copy", photo, "-from", x0, y0, x1, y1, "-to", left + x0, top + y0)

    def _coloured(self, box: tuple[float, float, float, float], edge: int) -> Image.Image:
        """The part `box` of the raster as a picture `edge` px square in the colours of the theme."""
        picture = Image.fromarray(self._ink.pixels).resize((edge, edge), Image.Resampling.BILINEAR, box=box)
        picture.putpalette(self._shades)
        return picture.convert("RGB")

    def _on_destroy(self, _: tk.Event[Any]) -> None:
        for disconnect in self._disconnects:
            disconnect()
        if self._pending is not None:
            self.after_cancel(self._pending)
            self._pending = None
