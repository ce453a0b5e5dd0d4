"""Draws loss curves with Matplotlib in four layers: the frame, the epochs, the epoch that is running, the cursor.

Each lies over a picture of those beneath it, so that only what has changed is drawn: a batch costs the last of the
lines, and a full draw, which costs ten times as much, comes when the axes change. Their limits move in steps.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import Any

import numpy as np
import ttkbootstrap as ttk
from matplotlib.backends.backend_tkagg import FigureCanvasTkAgg
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from aedesk.gui.curves.cursor import Cursor, readout
from aedesk.gui.curves.frame import Frame
from aedesk.gui.curves.losses import Scene
from aedesk.gui.curves.marks import Flag
from aedesk.gui.theme import Palette

_REACH = 4  # px from a mark within which the pointer is on it
_AIR = 6  # px that the ends of lines take beyond their points


class LossPlot:
    """`show` draws a scene, `point` moves its cursor. `widget` shows them.

    on_place gets the place on the axis of epochs, with a fraction, where the left button is pressed or dragged.
    """

    def __init__(
        self, master: tk.Misc, palette: Palette, on_place: Callable[[float], object] | None = None
    ) -> None:
        self._palette = palette
        self._on_place = on_place
        self._scale = ttk.scale_size(master, 100) / 100
        self._figure = Figure(dpi=96 * self._scale)
        self._canvas = FigureCanvasTkAgg(self._figure, master)
        self.widget = self._canvas.get_tk_widget()
        # Matplotlib would multiply the dots per inch by the scale of the screen, too, when it is first seen.
        self.widget.unbind("<Map>")
        self.widget.configure(highlightthickness=0, borderwidth=0)
        self._frame = Frame(self._figure, self._scale)
        for line in (*self._frame.lines.values(), *self._frame.running_lines.values()):
            line.set_animated(True)
        self._cursor = Cursor(self._frame.axes, self.widget, self._scale)
        self._scene = Scene()
        self._epoch: float | None = None
        self._hovered: Flag | None = None
        self._frame_key: tuple[Any, ...] | None = None
        self._epochs_key: tuple[Any, ...] | None = None
        self._frame_picture: Any = None
        self._legend_picture: Any = None
        self._epochs_picture: Any = None
        self._lines_picture: Any = None
        self._points = np.empty((0, 2))
        self.drawn_epochs = 0
        self.full_draws = 0
        self._canvas.mpl_connect("resize_event", lambda _: self._on_resized())
        self._canvas.mpl_connect("draw_event", lambda _: self._on_drawn())
        self._bind()
        self.recolour(palette)

    def _bind(self) -> None:
        for widget in (self.widget, self._cursor.label):
            if self._on_place is not None:
                widget.configure(cursor="sb_h_double_arrow")
                widget.bind("<ButtonPress-1>", self._on_drag, add="+")
                widget.bind("<B1-Motion>", self._on_drag, add="+")
            widget.bind("<Motion>", self._on_motion, add="+")
        self.widget.bind("<Leave>", lambda _: self._hover(None), add="+")

    @property
    def marks_drawn(self) -> list[str]:
        """The words at the marks, from left to right; empty where there was no room for any."""
        return [flag.text for flag in self._frame.flags]

    @property
    def told(self) -> str:
        """What is said of the mark under the pointer, or else of the epoch that the cursor is at."""
        if self._hovered is not None:
            return "\n".join(mark.sentence for mark in self._hovered.marks)
        return readout(self._scene, self._epoch)

    def place_of(self, epoch: float, loss: float) -> tuple[float, float]:
        """Where a point is on the widget, in its px from the left and from the top."""
        x, y = self._frame.axes.transData.transform((epoch, loss)).tolist()
        return x, self._figure.bbox.height - y

    def show(self, scene: Scene, epoch: float | None) -> None:
        """Draw a scene, and the cursor at `epoch` if there is one."""
        moved = epoch != self._epoch
        self._scene, self._epoch = scene, epoch
        self._frame.set_lines(scene, scene.running_strokes(), running=True)
        frame_key = self._frame.key(scene, self._palette)
        # Of a list that grows, the object stays the same.
        epochs_key = (frame_key, scene.own, scene.own.version, scene.part, scene.smoothing)
        is_new = epochs_key != self._epochs_key
        if is_new:
            self._epochs_key = epochs_key
            self._set_epochs()
        if frame_key != self._frame_key:
            self._frame_key = frame_key
            self._set_frame()
        if (is_new and self._frame.choose_corner(self._points)) or self._frame_picture is None:
            self._canvas.draw()
        elif is_new:
            self._draw_epochs()
            self._canvas.blit()
        else:
            self._draw_running()
            if moved:  # from somewhere left of what is running
                self._canvas.blit()
            else:
                self._blit_running()

    def point(self, epoch: float | None) -> None:
        """Move the cursor: the cheapest of all draws."""
        self._epoch = epoch
        if self._lines_picture is not None:
            before = self._cursor.strip
            self._draw_cursor()
            for strip in (before, self._cursor.strip):
                if np.isfinite(strip.x0):
                    self._canvas.blit(strip)

    def _set_epochs(self) -> None:
        scene = self._scene
        strokes = scene.strokes()
        self._frame.set_lines(scene, strokes)
        lines = [np.stack([stroke.x, stroke.y], axis=1) for stroke in strokes if stroke.kind != "batch"]
        self._points = np.concatenate([np.empty((0, 2)), *lines])
        self.drawn_epochs = int(np.count_nonzero(scene.usable(scene.own.loss("validation", scene.part))))

    def _set_frame(self) -> None:
        self._forget()
        self._hovered = None
        self._frame.set(self._scene, self._palette, self._canvas.get_renderer())

    def _forget(self) -> None:
        """Nothing that is on the screen can be drawn upon."""
        self._frame_picture = self._epochs_picture = self._lines_picture = None

    def _on_drawn(self) -> None:
        """The frame is in the buffer, and goes to the screen after this."""
        self.full_draws += 1
        self._frame_picture = self._canvas.copy_from_bbox(self._figure.bbox)
        if self._frame_key is not None:
            self._legend_picture = self._canvas.copy_from_bbox(self._frame.legend_box)
        self._draw_epochs()

    def _draw_epochs(self) -> None:
        self._canvas.restore_region(self._frame_picture)
        for line in self._frame.lines.values():
            self._frame.axes.draw_artist(line)
        self._epochs_picture = self._canvas.copy_from_bbox(self._figure.bbox)
        self._draw_running()

    def _draw_running(self) -> None:
        self._canvas.restore_region(self._epochs_picture)
        for line in self._frame.running_lines.values():
            self._frame.axes.draw_artist(line)
        if self._legend_picture is not None:
            # Over the lines again, so that its words stay readable.
            self._canvas.restore_region(self._legend_picture)
        self._lines_picture = self._canvas.copy_from_bbox(self._figure.bbox)
        self._draw_cursor()

    def _blit_running(self) -> None:
        """Bring to the screen what lies right of the last epoch, where alone something has changed."""
        own = self._scene.own
        last = float(own.epochs[-1]) if len(own) else 0.0
        # The line of single batches begins with the last one of the epoch before.
        left = self._frame.axes.transData.transform((max(0.0, last - 1), 1.0))[0] - _AIR * self._scale
        width, height = self._figure.bbox.size
        self._canvas.blit(Bbox.from_extents(max(0.0, left), 0, width, height))

    def _draw_cursor(self) -> None:
        self._canvas.restore_region(self._lines_picture)
        self._cursor.x = np.nan
        if self._epoch is not None:
            self._cursor.draw_line(self._scene, self._epoch)
        x = self._cursor.x if self._hovered is None else self._hovered.x
        points = np.concatenate([self._points, self._frame.beside])
        shown = self._frame.axes.transData.transform(points)
        self._cursor.say(self.told, x, shown, [self._frame.legend_box])

    def _on_drag(self, event: tk.Event[Any]) -> None:
        if self._on_place is not None:
            x = event.x_root - self.widget.winfo_rootx()
            place = float(self._frame.axes.transData.inverted().transform((x, 0.0))[0])
            self._on_place(min(max(place, 0.0), float(self._scene.last_epoch)))

    def _on_motion(self, event: tk.Event[Any]) -> None:
        """Tell of the mark under the pointer."""
        x = event.x_root - self.widget.winfo_rootx()
        y = event.y_root - self.widget.winfo_rooty()
        is_above = y < self._figure.bbox.height - self._frame.axes.bbox.y1
        near = [flag for flag in self._frame.flags if flag.is_near(x, _REACH * self._scale, on_text=is_above)]
        self._hover(min(near, key=lambda flag: abs(flag.x - x), default=None))

    def _hover(self, flag: Flag | None) -> None:
        if flag != self._hovered:
            self._hovered = flag
            self.point(self._epoch)

    def recolour(self, palette: Palette) -> None:
        """Take on the colours of a theme; `show` then draws with them."""
        self._palette = palette
        self._frame_key = self._epochs_key = None
        self._forget()
        self._figure.patch.set_facecolor(palette.background)
        self.widget.configure(background=palette.background)
        self._cursor.recolour(palette)

    def _on_resized(self) -> None:
        """Matplotlib draws soon after this."""
        self._forget()
        self._frame.fit()
        if self._frame_key is not None:
            self._set_frame()
            self._frame.choose_corner(self._points)
