"""The map of codes: a dot for every point, and what the mouse, the wheel and the keys do with it."""

from __future__ import annotations

import math
import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import ttkbootstrap as ttk
from PIL import Image, ImageTk

from aedesk.app.selection import How
from aedesk.app.signal import Signal
from aedesk.app.viewport import Viewport, around
from aedesk.gui.map.dots import InView
from aedesk.gui.map.hint import Hint
from aedesk.gui.map.hover import HoverCard
from aedesk.gui.map.legend import Legend
from aedesk.gui.map.markers import Markers, by_stroke
from aedesk.gui.map.painter import Groups, Painter
from aedesk.gui.map.rubber import Rubber, Shape
from aedesk.gui.map.tools import TOOLS
from aedesk.gui.platform import MODIFIERS, RIGHT_BUTTON, bind_wheel
from aedesk.gui.theme import Look
from aedesk.latent.extent import fitted

_ZOOM_STEP = 1.25  # per notch of the wheel
_WALK = 0.02  # of the visible width, per arrow key
_CLOSEST, _FARTHEST = 1e-3, 10.0  # of the extent of all points
_FITTED = 100_000  # points that say where all are; more would not say it better
_MOST_COVERED = 0.35  # of the width, that the legend may take from the points
_REACH = 9  # px from the pointer to the point it means
_REACH_OF_PICTURES = 18  # px, where points are shown as pictures
_LEAST_BOX = 6  # px; a smaller one was a click
_SHIFT, _CONTROL = 0x1, 0x4
_SHAPES: dict[str, Shape] = {"zoom": "box", "box": "box", "lasso": "loop", "path": "path"}


@dataclass(frozen=True)
class Pointed:
    """What the pointer is at: a pixel, and the point there, if any."""

    index: int | None
    x: float
    y: float


class LatentMap(tk.Canvas):
    """A canvas with one picture that `Painter` fills, and items above it for all that moves.

    `on_pick(x, y)` gets map coordinates. Signals: `hovered` (what the pointer is at, None outside of the map),
    `selected` (what a loop or a box encloses: its corners (n, 2) in map coordinates, and what to do with it),
    `path_drawn` ((n, 2) places), `viewed` (Viewport), `tool_changed` (name), `legend_clicked` (entry, alone).
    """

    def __init__(self, master: tk.Misc, look: Look, on_pick: Callable[[float, float], object]) -> None:
        super().__init__(master, borderwidth=0, highlightthickness=2, takefocus=True)
        self._look, self._on_pick = look, on_pick
        self.scale_of_screen = float(ttk.scale_size(self, 100)) / 100
        self.painter = Painter(look.palette)
        self.view = Viewport(0, 0, 1, 1, 1, 1)
        self._extent = np.ones(2)
        self._is_fitted = False
        self.is_settling = False
        self._tool = "pick"
        self._panned_from: tuple[int, int] | None = None
        self._pointed: Pointed | None = None
        self._pending: str | None = None
        self._in_view: InView | None = None
        self.hovered: Signal[Pointed | None] = Signal()
        self.selected: Signal[tuple[np.ndarray, How]] = Signal()
        self.path_drawn: Signal[np.ndarray] = Signal()
        self.viewed: Signal[Viewport] = Signal()
        self.tool_changed: Signal[str] = Signal()
        self.legend_clicked: Signal[tuple[int, bool]] = Signal()

        self._photo: ImageTk.PhotoImage | None = None
        self._picture = self.create_image(0, 0, anchor="nw")
        self._markers = Markers(self, self.scale_of_screen)
        self._rubber = Rubber(self)
        self.legend = Legend(self)
        self.card = HoverCard(self, look)
        self._hint = Hint(self)
        self._bind_events()
        self._disconnect = look.changed.connect(lambda _: self._restyle())
        self._restyle()

    # --- what is shown ---

    def show(self, points: np.ndarray, groups: Groups, *, fit: bool = True) -> None:
        """Show other points, (N, 2), coloured by their groups; the view is fitted to them if `fit`."""
        self.is_settling = False
        self.painter.set_points(points)
        self.painter.set_groups(groups)
        self.legend.show(self.painter.entries(), self.painter.notes(None), self._look.palette)
        if fit:
            self.fit()
        else:
            self._look_at(self.view)

    def show_settling(self, points: np.ndarray, groups: Groups) -> None:
        """Show a layout that is still on its way; nothing can be picked, selected or marked on it."""
        self.is_settling = True
        self._rubber.cancel()
        if len(points) != len(self.painter.points):
            self.painter.set_points(points)
            self.painter.set_groups(groups)
        else:
            self.painter.set_points(points)
        for name in ("sketch", "pick", "ghost", "ring"):
            self._markers.place(name, None, self.view)
        for name in ("trail", "path"):
            self._markers.draw_lines(name, [], self.view)
        self.card.hide()
        self.fit()

    def mark_sketch(self, point: np.ndarray | None) -> None:
        """Put the sketch's marker at a place of the map, or take it away."""
        self._markers.place("sketch", point, self.view)

    def mark_pick(self, point: np.ndarray | None) -> None:
        """Put the pick's marker at a place of the map, or take it away."""
        self._markers.place("pick", point, self.view)
        if point is not None:
            self._hint.dismiss()

    def mark_ghost(self, point: np.ndarray | None) -> None:
        """Put the marker of a replay at a place of the map, or take it away."""
        self._markers.place("ghost", point, self.view)

    def draw_trail(self, points: np.ndarray, strokes: np.ndarray) -> None:
        """The sketch's way over the map: places (n, 2), and the number of the stroke of each."""
        self._markers.draw_lines("trail", by_stroke(points, strokes), self.view)

    def draw_path(self, points: np.ndarray) -> None:
        """A path between codes: places (n, 2), none to take it away."""
        self._markers.draw_lines("path", [points] if len(points) > 1 else [], self.view)

    def covered(self, left: float, top: float, right: float, bottom: float) -> float:
        """How many points are within a box of pixels; infinitely much if a marker or the legend is."""
        x0, y0, x1, y1 = self.legend.plate
        covers_legend = left < x1 and right > x0 and top < y1 and bottom > y0
        if covers_legend or self._markers.is_within(self.view, left, top, right, bottom):
            return math.inf
        if self._in_view is None:
            return 0.0
        shown = max(0.0, left), max(0.0, top), min(right, self.view.width), min(bottom, self.view.height)
        return float(self._in_view.count(shown))

    # --- the view ---

    @property
    def tool(self) -> str:
        """What the left button does: the name of one of `TOOLS`."""
        return self._tool

    @tool.setter
    def tool(self, name: str) -> None:
        self._rubber.cancel()
        self._tool = name
        self.configure(cursor=next(tool.cursor for tool in TOOLS if tool.name == name))
        self.tool_changed.emit(name)

    def fit(self) -> None:
        """Make all points visible, but for a thousandth that may lie far out."""
        points = self.painter.points
        if not len(points):
            return
        low, high = fitted(points[:: max(1, len(points) // _FITTED)])
        self._extent = high - low
        # The legend lies on the right; where there is room for both, it covers no point.
        covered = self.view.width - self.legend.plate[0] if self.legend.plate[2] else 0.0
        if 0 < covered < _MOST_COVERED * self.view.width:
            high[0] += self._extent[0] * covered / (self.view.width - covered)
        self._look_at(around(low, high, self.view.width, self.view.height))
        self._is_fitted = True

    def zoom(self, factor: float, x: float | None = None, y: float | None = None) -> None:
        """Show the map `factor` times as large, about a pixel or the middle."""
        x = self.view.width / 2 if x is None else x
        y = self.view.height / 2 if y is None else y
        self._look_at_sane(self.view.zoomed(factor, x, y))

    def place_at(self, x: float, y: float) -> np.ndarray:
        """The map coordinates (2,) at a pixel."""
        return self.view.to_places(np.array([x, y]))

    def _look_at_sane(self, view: Viewport) -> None:
        size = view.size / self._extent
        if (
            (size > _CLOSEST) & (size < _FARTHEST)
        ).all():  # beyond, there is nothing to see, and numbers run out
            self._look_at(view)

    def _look_at(self, view: Viewport) -> None:
        self.view = view
        self._is_fitted = False
        self.card.hide()
        self._markers.place("ring", None, view)
        self._pointed = None
        self._markers.follow(view)
        self.viewed.emit(view)
        self.request()

    # --- painting ---

    def request(self) -> None:
        """Paint anew as soon as there is nothing else to do; asked many times, done once."""
        if self._pending is None:
            self._pending = self.after_idle(self._paint)

    def _paint(self) -> None:
        self._pending = None
        width, height = self.view.width, self.view.height
        if width < 8 or height < 8:
            return
        if self._photo is None or (self._photo.width(), self._photo.height()) != (width, height):
            self._photo = ImageTk.PhotoImage("RGBA", (width, height))
            self.itemconfigure(self._picture, image=self._photo)
        picture, self._in_view = self.painter.paint(self.view, self.scale_of_screen)
        # Tk copies a picture with an alpha channel as it is; without one it goes through it pixel by pixel.
        self._photo.paste(Image.frombuffer("RGBA", (width, height), picture, "raw", "RGBA", 0, 1))
        if len(self.painter.points):
            self.legend.show(self.painter.entries(), self.painter.notes(self._in_view), self._look.palette)

    def _restyle(self) -> None:
        palette = self._look.palette
        self.configure(
            background=palette.surface, highlightbackground=palette.surface, highlightcolor=palette.accent
        )
        self._hint.recolour(palette)
        self._markers.recolour(palette)
        self.painter.recolour(palette)
        self.card.hide()
        self.request()

    # --- the mouse ---

    def _bind_events(self) -> None:
        self.bind("<ButtonPress-1>", self._on_press)
        self.bind("<B1-Motion>", self._on_drag)
        self.bind("<ButtonRelease-1>", self._on_release)
        self.bind("<Double-Button-1>", self._on_double)
        for button in {2, 3} | {RIGHT_BUTTON}:
            self.bind(f"<ButtonPress-{button}>", self._on_pan_start)
            self.bind(f"<B{button}-Motion>", self._on_pan)
        self.bind("<Motion>", self._on_motion)
        self.bind("<Leave>", lambda _: self._point_at(None))
        self.bind("<Configure>", self._on_configure)
        self.bind("<Destroy>", self._on_destroy, add="+")
        bind_wheel(self, self._on_wheel)
        for key, step in {"Left": (-1, 0), "Right": (1, 0), "Up": (0, 1), "Down": (0, -1)}.items():
            self.bind(f"<{key}>", partial(self._walk, *step))

    def _on_press(self, event: tk.Event[Any]) -> None:
        self.focus_set()
        self._point_at(None)
        if self.legend.covers(event.x, event.y):
            self._on_legend(event, alone=bool(int(event.state) & _SHIFT))
        elif self._tool == "pan":
            self._on_pan_start(event)
        elif self._tool == "pick":
            self._pick_under(event)
        elif self._can_point or self._tool == "zoom":
            self._rubber.begin(_SHAPES[self._tool], event.x, event.y, self._look.palette.accent)

    def _on_drag(self, event: tk.Event[Any]) -> None:
        if self._rubber.is_drawing:
            self._rubber.follow(event.x, event.y)
        elif self._tool == "pan":
            self._on_pan(event)
        elif self._tool == "pick" and not self.legend.covers(event.x, event.y):
            self._pick_under(event)

    def _on_release(self, event: tk.Event[Any]) -> None:
        self._panned_from = None
        corners = self._rubber.end()
        if len(corners) < 2 or np.ptp(corners, axis=0).max() < _LEAST_BOX:
            return
        places = self.view.to_places(corners)
        if self._tool == "zoom":
            low, high = places.min(axis=0), places.max(axis=0)
            if np.ptp(corners, axis=0).min() >= _LEAST_BOX:
                self._look_at_sane(around(low, high, self.view.width, self.view.height))
        elif self._tool == "path":
            self.path_drawn.emit(places)
        else:
            if self._tool == "box":
                (x0, y0), (x1, y1) = places
                places = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
            state = int(event.state)
            how: How = "add" if state & _SHIFT else "remove" if state & (_CONTROL | MODIFIERS) else "replace"
            self.selected.emit((places, how))

    def _on_double(self, event: tk.Event[Any]) -> None:
        if self.legend.covers(event.x, event.y):
            self._on_legend(event, alone=False)  # the first of the two clicks did something: undo it
            self._on_legend(event, alone=True)
        else:
            self._rubber.cancel()
            self.fit()

    def _on_legend(self, event: tk.Event[Any], *, alone: bool) -> None:
        entry = self.legend.entry_at(event.x, event.y)
        if entry is None:
            self.legend.toggle_folded()
        else:
            self.legend_clicked.emit((entry, alone))

    def _on_pan_start(self, event: tk.Event[Any]) -> None:
        self._point_at(None)
        self._panned_from = event.x, event.y

    def _on_pan(self, event: tk.Event[Any]) -> None:
        if self._panned_from is not None:
            x, y = self._panned_from
            self._panned_from = event.x, event.y
            self._look_at(self.view.panned(event.x - x, event.y - y))

    def _on_wheel(self, event: tk.Event[Any], notches: float) -> None:
        self.zoom(_ZOOM_STEP**notches, event.x, event.y)

    def _on_motion(self, event: tk.Event[Any]) -> None:
        if self._in_view is None or not self._can_point or self.legend.covers(event.x, event.y):
            self._point_at(None)
            return
        reach = _REACH_OF_PICTURES if self.painter.shows_pictures else _REACH
        index = self._in_view.nearest(event.x, event.y, reach * self.scale_of_screen)
        self._point_at(Pointed(index, event.x, event.y))

    def _point_at(self, pointed: Pointed | None) -> None:
        index = pointed.index if pointed is not None else None
        if index is not None and self._pointed is not None and index == self._pointed.index:
            return
        self._pointed = pointed
        self._markers.place("ring", self.painter.points[index] if index is not None else None, self.view)
        self.hovered.emit(pointed)

    # --- picking ---

    @property
    def _can_point(self) -> bool:
        """Whether places of the map mean something: there is one, and it is not still on its way."""
        return bool(len(self.painter.points)) and not self.is_settling

    def _pick_under(self, event: tk.Event[Any]) -> None:
        if self._can_point:
            self._on_pick(*map(float, self.place_at(event.x, event.y)))

    def _walk(self, dx: int, dy: int, _: tk.Event[Any]) -> str:
        picked = self._markers.place_of("pick")
        start = picked if picked is not None else (self.view.low + self.view.high) / 2
        if self._can_point:
            self._on_pick(*map(float, start + _WALK * self.view.size * (dx, dy)))
        return "break"  # Tk would scroll the canvas

    def give_up(self) -> bool:
        """Stop what is being drawn over the map; whether there was anything."""
        was_drawing = self._rubber.is_drawing
        self._rubber.cancel()
        return was_drawing

    # --- the widget ---

    def _on_configure(self, event: tk.Event[Any]) -> None:
        width, height = max(1, event.width), max(1, event.height)
        if (width, height) == (self.view.width, self.view.height):
            return
        fit = self._is_fitted or self.view.width <= 1
        view = self.view = self.view.resized(width, height)
        self.legend.redraw()
        self._hint.place(width, height)
        if fit and len(self.painter.points):
            self.fit()
        else:
            self._look_at(view)

    def _on_destroy(self, _: tk.Event[Any]) -> None:
        self._disconnect()
        if self._pending is not None:
            self.after_cancel(self._pending)
            self._pending = None
