"""What lies on the map above its points: the sketch, the pick, the trail and a path, each an item of the canvas."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw, ImageTk

from aedesk.app.viewport import Viewport
from aedesk.gui.theme import Palette

_FINE = 4  # times finer than the screen, for smooth edges
_SPRITES = {"sketch": 20, "pick": 22, "ghost": 16, "ring": 18}  # px
_NAMES = tuple(_SPRITES)
_Line = tuple[int, int]  # the items of a rim and of the line on it
_LINE_WIDTHS = {"trail": 1.2, "path": 2}  # px


class Markers:
    """Places in map coordinates that follow the view.

    `sketch` is where the drawing lies, `pick` the place that was chosen, `ghost` where a replay or an animation is,
    `ring` the point under the pointer.
    """

    def __init__(self, canvas: tk.Canvas, scale: float) -> None:
        self._canvas, self._scale = canvas, scale
        self._places: dict[str, np.ndarray | None] = dict.fromkeys(_NAMES)
        self._photos: dict[str, ImageTk.PhotoImage] = {}
        self._lines: dict[str, list[np.ndarray]] = {"trail": [], "path": []}
        self._line_items: dict[str, list[_Line]] = {"trail": [], "path": []}
        self._surface = ""
        self._colours = {"trail": "", "path": ""}
        self._items = {name: canvas.create_image(0, 0, state="hidden", tags="marker") for name in _NAMES}

    def recolour(self, palette: Palette) -> None:
        """Paint the markers in the colours of a theme."""
        for name, size in _SPRITES.items():
            self._photos[name] = ImageTk.PhotoImage(_sprite(name, round(size * self._scale), palette))
            self._canvas.itemconfigure(self._items[name], image=self._photos[name])
        self._surface, self._colours = palette.surface, {"trail": palette.accent, "path": palette.text}
        for name, lines in self._line_items.items():
            for rim, line in lines:
                self._canvas.itemconfigure(rim, fill=self._surface)
                self._canvas.itemconfigure(line, fill=self._colours[name])

    def place(self, name: str, point: np.ndarray | None, view: Viewport) -> None:
        """Put a marker at a place of the map (2,), or take it away."""
        self._places[name] = point
        self._follow(name, view)

    def place_of(self, name: str) -> np.ndarray | None:
        return self._places[name]

    def draw_lines(self, name: str, lines: Sequence[np.ndarray], view: Viewport) -> None:
        """Lines through places, (n, 2) each, as `trail` or `path`; only those that changed are drawn anew."""
        known, items = self._lines[name], self._line_items[name]
        while len(items) > len(lines):
            self._canvas.delete(*items.pop())
        for number, line in enumerate(lines):
            if number == len(items):
                items.append(self._new_line(name))
            elif number < len(known) and np.array_equal(known[number], line):
                continue
            self._trace(items[number], line, view)
        self._lines[name] = list(lines)

    def follow(self, view: Viewport) -> None:
        """Another part of the map is in view."""
        for name in _NAMES:
            self._follow(name, view)
        for name, lines in self._lines.items():
            for items, line in zip(self._line_items[name], lines, strict=True):
                self._trace(items, line, view)

    def is_within(self, view: Viewport, left: float, top: float, right: float, bottom: float) -> bool:
        """Whether the sketch's or the pick's marker is in a box of pixels."""
        for name in ("sketch", "pick"):
            place = self._places[name]
            if place is not None:
                x, y = view.to_pixels(place).tolist()
                if left <= x <= right and top <= y <= bottom:
                    return True
        return False

    def _follow(self, name: str, view: Viewport) -> None:
        place, item = self._places[name], self._items[name]
        if place is None:
            self._canvas.itemconfigure(item, state="hidden")
            return
        self._canvas.coords(item, *_for_tk(view.to_pixels(place)))
        self._canvas.itemconfigure(item, state="normal")

    def _new_line(self, name: str) -> _Line:
        """A line with a rim in the colour of the surface, which sets it off from the points."""
        width = _LINE_WIDTHS[name] * self._scale
        items = []
        for colour, extra in ((self._surface, 2 * self._scale), (self._colours[name], 0)):
            items.append(
                self._canvas.create_line(0, 0, 0, 0, fill=colour, width=width + extra, joinstyle="round")
            )
            self._canvas.tag_lower(items[-1], self._items["sketch"])
        return items[0], items[1]

    def _trace(self, items: _Line, line: np.ndarray, view: Viewport) -> None:
        for item in items:
            if len(line) > 1:
                self._canvas.coords(item, *_for_tk(view.to_pixels(line)))
            self._canvas.itemconfigure(item, state="normal" if len(line) > 1 else "hidden")


def by_stroke(points: np.ndarray, strokes: np.ndarray) -> list[np.ndarray]:
    """The trail, (n, 2), cut into strokes by their numbers (n,); each begins where the one before ended."""
    if not len(points):
        return []
    cuts = [0, *(np.flatnonzero(np.diff(strokes)) + 1).tolist(), len(points)]
    return [points[max(0, start - 1) : end] for start, end in pairwise(cuts)]


def _for_tk(pixels: np.ndarray) -> list[float]:
    """Numbers that Tk takes, also for what is far outside the view."""
    numbers: list[float] = np.clip(pixels, -20_000, 20_000).ravel().tolist()
    return numbers


def _sprite(name: str, size: int, palette: Palette) -> Image.Image:
    """A marker with smooth edges, (size, size) RGBA."""
    fine = size * _FINE
    image = Image.new("RGBA", (fine, fine))
    draw = ImageDraw.Draw(image)
    line = 2 * _FINE
    if name == "sketch":
        draw.ellipse((0, 0, fine - 1, fine - 1), fill=palette.surface)
        draw.ellipse((line, line, fine - 1 - line, fine - 1 - line), fill=palette.text)
        draw.ellipse(
            (2.2 * line, 2.2 * line, fine - 1 - 2.2 * line, fine - 1 - 2.2 * line), fill=palette.accent
        )
    elif name == "pick":
        middle, gap = fine / 2, fine / 8
        for width, colour in ((3 * line, palette.surface), (1.4 * line, palette.text)):
            for near, far in ((0, middle - gap), (middle + gap, fine)):
                draw.line((near, middle, far, middle), fill=colour, width=round(width))
                draw.line((middle, near, middle, far), fill=colour, width=round(width))
    elif name == "ghost":
        draw.ellipse((0, 0, fine - 1, fine - 1), fill=palette.surface)
        draw.ellipse((line, line, fine - 1 - line, fine - 1 - line), outline=palette.accent, width=2 * line)
    else:
        draw.ellipse((0, 0, fine - 1, fine - 1), outline=palette.surface, width=2 * line)
        draw.ellipse((line // 2, line // 2, fine - line, fine - line), outline=palette.text, width=line)
    return image.resize((size, size), Image.Resampling.LANCZOS)
