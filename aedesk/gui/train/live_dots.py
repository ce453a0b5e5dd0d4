"""The dots of a fixed sample while the model learns: the same ones, gliding from epoch to epoch."""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Sequence
from typing import Any

import numpy as np
import ttkbootstrap as ttk
from PIL import Image, ImageTk

from aedesk.app.viewport import Viewport, around
from aedesk.gui.map.dots import InView
from aedesk.gui.map.hover import HoverCard
from aedesk.gui.map.markers import Markers
from aedesk.gui.map.painter import Groups, Painter
from aedesk.gui.repaint import Repaint
from aedesk.gui.theme import GAP, Look
from aedesk.gui.timers import Timers
from aedesk.gui.train.class_key import ClassKey
from aedesk.gui.train.glide import Frame, Scene, fit

_GLIDE = 0.25  # s from one epoch's places to the next one's
_FRAME = 30  # ms between two frames on the way
_REACH = 9  # px from the pointer to the dot it means
_INSIDE = 12  # px from the edge, where a sketch that lies beyond it is marked
_INVITATION = (
    "The latent map: each dot is an image held out of training, where the model places it.\n"
    "Press Start: after every epoch the dots move, and the classes part."
)
_DIVERGED = "The codes are no longer numbers: the run has diverged.\nTry a smaller learning rate."


class LiveDots(tk.Canvas):
    """`show` takes an epoch's points; dots glide to new places when there is time for it.

    One picture, and items above it for all else. A click on a class hides it.
    """

    def __init__(self, master: tk.Misc, look: Look) -> None:
        super().__init__(master, borderwidth=0, highlightthickness=0, width=1, height=1)
        self._look = look
        self._screen = float(ttk.scale_size(self, 100)) / 100
        self._pictures: np.ndarray | None = None
        self._scene: Scene | None = None  # what is painted
        self._aim: Scene | None = None  # what it will be at the end of the way
        self._left: tuple[Scene, float] | None = None  # where the way began, and when
        self._told = -1e9  # when `show` was last called
        self._painter = Painter(look.palette)
        self._view = Viewport(0, 0, 1, 1, 1, 1)
        self._in_view: InView | None = None
        self._pointer: tuple[int, int] | None = None
        self._pointed: int | None = None
        self._about = ""
        self._photo: ImageTk.PhotoImage | None = None
        self._picture = self.create_image(0, 0, anchor="nw")
        self._key = ClassKey(self)
        self._markers = Markers(self, self._screen)
        self._card = HoverCard(self, look)
        self._caption = self.create_text(GAP, GAP, anchor="nw", font="TkSmallCaptionFont")
        self._words = self.create_text(0, 0, justify="center", text=_INVITATION)
        self._timers = Timers(self)
        self._repaint = Repaint(self, self._paint)
        self._listen()
        self._recolour()

    def _listen(self) -> None:
        self.bind("<Configure>", lambda _: self._on_resized(), add="+")
        self.bind("<Motion>", self._on_motion)
        self.bind("<Leave>", lambda _: self._on_leave())
        self.bind("<Button-1>", self._on_click)
        disconnect = self._look.changed.connect(lambda _: self._recolour())
        self.bind("<Destroy>", lambda _: disconnect(), add="+")

    # --- what is shown ---

    @property
    def is_gliding(self) -> bool:
        """Whether dots are on their way."""
        return self._left is not None

    @property
    def points(self) -> np.ndarray | None:
        """The places of the dots as they are painted, (n, 2) in map coordinates."""
        return None if self._scene is None else self._scene.points

    @property
    def view(self) -> Viewport:
        """The part of the map that is painted."""
        return self._view

    @property
    def words(self) -> str:
        """What is said in place of a map."""
        hidden = self.itemcget(self._words, "state") == "hidden"
        return "" if hidden else self.itemcget(self._words, "text")

    @property
    def caption(self) -> str:
        """What is said about the map."""
        return str(self.itemcget(self._caption, "text"))

    @property
    def pointed(self) -> int | None:
        """The dot under the pointer."""
        return self._pointed

    @property
    def key(self) -> ClassKey:
        """What says which colour is which class."""
        return self._key

    def show(
        self,
        points: np.ndarray,
        labels: np.ndarray,
        classes: Sequence[str],
        caption: str = "",
        *,
        pictures: np.ndarray | None = None,
        animate: bool = True,
    ) -> None:
        """points: (n, 2); labels: (n,) indices into classes; pictures: (n, 28, 28) uint8, for the card of a dot.

        Dots glide from where they were if they are as many and `animate`, unless calls come faster than that.
        """
        points = np.asarray(points, np.float32)
        if not len(points) or not np.isfinite(points).all():
            self._empty(_DIVERGED if len(points) else _INVITATION)
            return
        now = time.perf_counter()
        has_time, self._told = now - self._told > _GLIDE, now
        before, aim = self._scene, self._aim
        same = before is not None and aim is not None and len(before.points) == len(points)
        frame = aim.frame.follow(points) if same and aim is not None else fit(points)
        self._aim = Scene(points, aim.sketch if aim is not None else None, frame)
        self._pictures = pictures
        self._about = caption or f"{len(points):,} images held out of training"
        self._say(self._about)
        self._set_groups(Groups(np.asarray(labels), tuple(classes)), points)
        if before is not None and same and animate and has_time and self.winfo_viewable():
            self._left = before, now
        else:
            self._left = None
        self._advance()

    def show_sketch(self, point: np.ndarray | None) -> None:
        """Mark where the user's sketch lies, (2,) in map coordinates; None takes the marker away."""
        if self._aim is None or self._scene is None:
            return
        if point is not None and not np.isfinite(point).all():
            point = None
        appears = (point is None) != (self._aim.sketch is None)
        self._aim = Scene(self._aim.points, point, self._aim.frame)
        if self._left is None:
            self._scene = self._aim
        if appears:
            self._draw_key()
        self._repaint.request()

    def clear(self) -> None:
        """No map: say what one would show."""
        self._empty(_INVITATION)

    def _empty(self, words: str) -> None:
        self._scene = self._aim = self._left = self._in_view = self._pictures = None
        self._timers.cancel("glide")
        self._set_groups(Groups(np.zeros(0, np.int64), ()), np.zeros((0, 2), np.float32))
        self._about = ""
        self._say("")
        self.itemconfigure(self._words, text=words)
        self._repaint.request()

    def _set_groups(self, groups: Groups, points: np.ndarray) -> None:
        known = self._painter.groups
        same = known.names == groups.names and np.array_equal(known.of_point, groups.of_point)
        if not same:
            self._painter.set_points(points)
            self._painter.set_groups(groups)
            self._draw_key()

    def _say(self, words: str) -> None:
        if words != self.caption:
            self.itemconfigure(self._caption, text=words)

    # --- the way from epoch to epoch ---

    def _advance(self) -> None:
        """The next frame on the way, or the end of it."""
        aim = self._aim
        if aim is None:
            return
        self._scene = aim
        if self._left is not None:
            start, since = self._left
            share = (time.perf_counter() - since) / _GLIDE
            self._scene = start.towards(aim, share)
            if share < 1:
                self._timers.later("glide", _FRAME, self._advance)
            else:
                self._left = None
        self._repaint.request()

    def _paint(self) -> None:
        scene = self._scene
        width, height = self.winfo_width(), self.winfo_height() - self._key.height
        if width < 8 or height < 8:
            return
        self.itemconfigure(self._words, state="normal" if scene is None else "hidden")
        self.itemconfigure(self._picture, state="hidden" if scene is None else "normal")
        self._forget_pointed()
        if scene is None:
            self._markers.place("sketch", None, self._view)
            return
        if self._photo is None or (self._photo.width(), self._photo.height()) != (width, height):
            self._photo = ImageTk.PhotoImage("RGBA", (width, height))
            self.itemconfigure(self._picture, image=self._photo)
        self._view = around(scene.frame.low, self._below_caption(scene.frame, height), width, height)
        self._painter.set_points(scene.points)
        picture, self._in_view = self._painter.paint(self._view, self._screen)
        # Tk copies a picture with an alpha channel as it is; without one it goes through it pixel by pixel.
        self._photo.paste(Image.frombuffer("RGBA", (width, height), picture, "raw", "RGBA", 0, 1))
        self._markers.place("sketch", self._inside(scene.sketch), self._view)
        if self._left is None:
            self._point()

    def _below_caption(self, frame: Frame, height: int) -> np.ndarray:
        """The upper end of the frame, raised by as much as the caption takes of `height`."""
        line = self.bbox(self._caption)[3]
        share = min(0.5, line / height)
        raised: np.ndarray = frame.high + np.array([0, share / (1 - share)]) * (frame.high - frame.low)
        return raised

    def _inside(self, place: np.ndarray | None) -> np.ndarray | None:
        """The place, or where the edge is nearest to it."""
        if place is None:
            return None
        most = np.array([self._view.width, self._view.height]) - _INSIDE
        return self._view.to_places(np.clip(self._view.to_pixels(place), _INSIDE, most))

    # --- the widget ---

    def _draw_key(self) -> None:
        with_sketch = self._aim is not None and self._aim.sketch is not None
        self._key.show(self._painter.entries(), self._look.palette, with_sketch=with_sketch)

    def _on_resized(self) -> None:
        self._key.draw(self._look.palette)
        width, height = self.winfo_width(), self.winfo_height()
        self.coords(self._words, width / 2, height / 2)
        self.itemconfigure(self._words, width=max(1, width - 6 * GAP))
        self.itemconfigure(self._caption, width=max(1, width - 2 * GAP))
        self._repaint.request()

    def _recolour(self) -> None:
        palette = self._look.palette
        self.configure(background=palette.surface)
        for item in (self._words, self._caption):
            self.itemconfigure(item, fill=palette.muted)
        self._painter.recolour(palette)
        self._markers.recolour(palette)
        self._draw_key()
        self._repaint.request()

    # --- the user's hands ---

    def _on_click(self, event: tk.Event[Any]) -> None:
        entry = self._key.entry_at(event.x, event.y)
        if entry is not None:
            self._painter.set_hidden(self._painter.hidden ^ {entry})
            self._draw_key()
            self._repaint.request()

    def _on_motion(self, event: tk.Event[Any]) -> None:
        self._pointer = event.x, event.y
        if self._left is None:
            self._point()

    def _on_leave(self) -> None:
        self._pointer = None
        self._forget_pointed()

    def _point(self) -> None:
        """Say what is under the pointer."""
        if self._pointer is None or self._in_view is None:
            return
        index = self._in_view.nearest(*self._pointer, _REACH * self._screen)
        if index == self._pointed:
            return
        self._forget_pointed()
        if index is not None:
            self._pointed = index
            groups, place = self._painter.groups, self._painter.points[index]
            self._markers.place("ring", place, self._view)
            x, y = self._view.to_pixels(place).tolist()
            words = f"class {groups.names[groups.of_point[index]]}"
            if self._pictures is None:
                self._say(words)
            else:
                self._card.show(x, y, self._pictures[index] / np.float32(255), words)

    def _forget_pointed(self) -> None:
        if self._pointed is not None:
            self._pointed = None
            self._say(self._about)
            self._card.hide()
            self._markers.place("ring", None, self._view)
