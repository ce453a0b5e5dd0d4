"""The map of codes: a point for every training image of the atlas, markers for the sketch and the pick."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.backends.backend_tkagg import FigureCanvasTkAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from aedesk.gui.platform import RIGHT_BUTTON, bind_wheel
from aedesk.gui.point_cloud import PointCloud
from aedesk.gui.theme import Look

_DPI = 100
_ZOOM_STEP = 1.25  # per notch of the wheel
_WALK = 0.02  # of the visible width, per arrow key
_CLOSEST, _FARTHEST = 1e-3, 10.0  # of the extent of all points
_MARGIN = 0.06  # of the extent, around all points when the map is fitted
_RESIZE_PAUSE = 60  # ms without a further <Configure> before the map is redrawn


class LatentMap(tk.Frame):
    """Click, drag or walk with the arrow keys to pick a place; wheel to zoom, right-drag to pan.

    `on_pick(x, y)` gets map coordinates. The points are drawn once per view; markers are blitted over them.
    """

    def __init__(self, master: tk.Misc, look: Look, on_pick: Callable[[float, float], object]) -> None:
        super().__init__(master, borderwidth=0, highlightthickness=0)
        self._look = look
        self._on_pick = on_pick
        self._points = np.zeros((0, 2), np.float32)
        self._labels = np.zeros(0, np.int64)
        self._classes: tuple[str, ...] = ()
        self._cloud: PointCloud | None = None
        self._background: Any = None
        self._resizing: str | None = None
        self._extent = np.ones(2)
        self._panned_from: tuple[int, int] | None = None

        self._figure = Figure(dpi=_DPI)
        self._axes = self._figure.add_axes((0, 0, 1, 1))
        self._axes.axis("off")
        self._sketch = self._marker("o", 15)
        self._pick = self._marker("+", 17)
        self._canvas = FigureCanvasTkAgg(self._figure, self)
        self._canvas.mpl_connect("draw_event", self._on_drawn)
        self._widget = self._canvas.get_tk_widget()
        self._widget.configure(cursor="crosshair", takefocus=True, highlightthickness=2)
        self._widget.pack(fill="both", expand=True)
        self._legend: list[Any] = []
        self._bind()
        self._disconnect = look.changed.connect(lambda _: self._restyle())
        self._restyle()

    def show(self, points: np.ndarray, labels: np.ndarray, classes: tuple[str, ...]) -> None:
        """Show another atlas: points (N, 2), labels (N,) into `classes`; the view is fitted to it."""
        self._points, self._labels, self._classes = points, labels, classes
        self._sketch.set_visible(False)
        self._pick.set_visible(False)
        self._restyle()
        self.fit()

    def get_tk_widget(self) -> tk.Canvas:
        """The canvas that gets the mouse and the keys."""
        widget: tk.Canvas = self._widget
        return widget

    def fit(self) -> None:
        """Make all points visible."""
        if not len(self._points):
            return
        low, high = np.quantile(self._points, (0.001, 0.999), axis=0)
        margin = (high - low) * _MARGIN + 1e-6
        self._extent = high - low + 2 * margin
        self._set_view(low - margin, high + margin)

    def covers_marker(self, left: float, top: float, right: float, bottom: float) -> bool:
        """Whether a marker is shown within this box of pixels of the widget."""
        height = self._figure.bbox.height
        for marker in (self._sketch, self._pick):
            if marker.get_visible():
                x, y = self._axes.transData.transform(np.asarray(marker.get_xydata(), float)[0])
                if left <= x <= right and top <= height - y <= bottom:
                    return True
        return False

    def mark_sketch(self, point: np.ndarray | None) -> None:
        """Put the sketch's marker at a place of the map, or take it away."""
        self._move(self._sketch, point)

    def mark_pick(self, point: np.ndarray | None) -> None:
        """Put the pick's marker at a place of the map, or take it away."""
        self._move(self._pick, point)

    def _marker(self, shape: str, size: float) -> Line2D:
        (line,) = self._axes.plot([], [], shape, markersize=size, animated=True, visible=False)
        return line

    def _bind(self) -> None:
        widget = self._widget
        widget.bind("<ButtonPress-1>", self._on_press)
        widget.bind("<B1-Motion>", self._pick_under)
        widget.bind(f"<ButtonPress-{RIGHT_BUTTON}>", self._on_pan_start)
        widget.bind(f"<B{RIGHT_BUTTON}-Motion>", self._on_pan)
        widget.bind("<Configure>", self._on_configure)
        widget.bind("<Destroy>", self._on_destroy, add="+")
        bind_wheel(widget, self._on_wheel)
        for key, step in {"Left": (-1, 0), "Right": (1, 0), "Up": (0, 1), "Down": (0, -1)}.items():
            widget.bind(f"<{key}>", lambda _, step=step: self._walk(*step))

    # --- the view ---

    def place_at(self, x: float, y: float) -> np.ndarray:
        """The map coordinates (2,) at a pixel of the widget."""
        height = self._figure.bbox.height
        place: np.ndarray = self._axes.transData.inverted().transform((x, height - 1 - y))
        return place

    def view(self) -> tuple[np.ndarray, np.ndarray]:
        """The lower left and the upper right corner in map coordinates, (2,) each."""
        (left, right), (bottom, top) = self._axes.get_xlim(), self._axes.get_ylim()
        return np.array([left, bottom]), np.array([right, top])

    def _set_view(self, low: np.ndarray, high: np.ndarray) -> None:
        self._axes.set_xlim(low[0], high[0])
        self._axes.set_ylim(low[1], high[1])
        self._redraw()

    def _on_wheel(self, event: tk.Event[Any], notches: float) -> None:
        place = self.place_at(event.x, event.y)
        low, high = self.view()
        factor = _ZOOM_STEP**-notches
        size = (high - low) * factor / self._extent
        if not ((size > _CLOSEST) & (size < _FARTHEST)).all():
            return  # beyond, there is nothing to see, and numbers run out
        self._set_view(place + (low - place) * factor, place + (high - place) * factor)

    def _on_pan_start(self, event: tk.Event[Any]) -> None:
        self._panned_from = event.x, event.y

    def _on_pan(self, event: tk.Event[Any]) -> None:
        if self._panned_from is None:
            return
        low, high = self.view()
        size = np.array([self._figure.bbox.width, -self._figure.bbox.height])
        moved = (np.array([event.x, event.y]) - self._panned_from) / size * (high - low)
        self._panned_from = event.x, event.y
        self._set_view(low - moved, high - moved)

    # --- picking ---

    def _on_press(self, event: tk.Event[Any]) -> None:
        self._widget.focus_set()
        self._pick_under(event)

    def _pick_under(self, event: tk.Event[Any]) -> None:
        if len(self._points):
            self._on_pick(*map(float, self.place_at(event.x, event.y)))

    def _walk(self, dx: int, dy: int) -> str:
        low, high = self.view()
        picked = np.asarray(self._pick.get_xydata(), float)
        start = picked[0] if self._pick.get_visible() else (low + high) / 2
        step = _WALK * (high - low) * (dx, dy)
        if len(self._points):
            self._on_pick(*map(float, start + step))
        return "break"  # Tk would scroll the canvas

    # --- drawing ---

    def _restyle(self) -> None:
        """Colours of the theme, and the points and legend in them."""
        palette = self._look.palette
        self._figure.set_facecolor(palette.surface)
        self._widget.configure(
            background=palette.surface,
            highlightbackground=palette.surface,
            highlightcolor=palette.accent,
            highlightthickness=2,  # a theme switch takes it away
        )
        self.configure(background=palette.surface)
        self._sketch.set(markerfacecolor=palette.accent, markeredgecolor=palette.text, markeredgewidth=2.5)
        self._pick.set(markeredgecolor=palette.text, markeredgewidth=2.5)
        if self._cloud is not None:
            self._cloud.remove()
            self._cloud = None
        if len(self._points):
            radius = (2.4 if len(self._points) <= 10_000 else 1.2) * self._figure.dpi / _DPI
            colours = self._look.palette.class_colours(len(self._classes))
            self._cloud = PointCloud(self._points, self._labels, colours, radius)
            self._axes.add_artist(self._cloud)
        self._write_legend()
        self._redraw()

    def _write_legend(self) -> None:
        for text in self._legend:
            text.remove()
        self._legend.clear()
        if not 1 < len(self._classes) <= 26:
            return
        width, height = (max(side, 1) for side in self._figure.bbox.size)
        scale = self._figure.dpi / _DPI  # Matplotlib raises its dpi on a fine screen
        x, y, right = 16.0, 22.0, 0.0
        colours = self._look.palette.class_colours(len(self._classes))
        for name, colour in zip(self._classes, colours, strict=True):
            room = 30 + 7 * len(name)
            if (x + room) * scale > width and x > 16:
                x, y = 16.0, y + 20
            for text, offset, shade in (("\u25cf", 0, colour), (name, 14, self._look.palette.muted)):
                place = ((x + offset) * scale / width, 1 - y * scale / height)
                self._legend.append(
                    self._figure.text(*place, text, color=shade, fontsize=9, va="center", zorder=5)
                )
            x += room
            right = max(right, x)
        plate = Rectangle(
            (6 * scale / width, 1 - (y + 13) * scale / height),
            (right - 6) * scale / width,
            (y + 5) * scale / height,
            transform=self._figure.transFigure,
            facecolor=self._look.palette.surface,
            alpha=0.85,
            zorder=4,
        )
        self._legend.append(self._figure.add_artist(plate))

    def _redraw(self) -> None:
        self._background = None
        self._canvas.draw_idle()

    def _on_drawn(self, _: Any) -> None:
        self._background = self._canvas.copy_from_bbox(self._figure.bbox)
        for marker in (self._sketch, self._pick):
            self._figure.draw_artist(marker)

    def _move(self, marker: Line2D, point: np.ndarray | None) -> None:
        before = self._box(marker)
        marker.set_visible(point is not None)
        if point is not None:
            marker.set_data([point[0]], [point[1]])
        if self._background is None:
            return  # a whole redraw is due and will draw the markers
        self._canvas.restore_region(self._background)
        for other in (self._sketch, self._pick):
            self._figure.draw_artist(other)
        for box in (before, self._box(marker)):
            if box is not None:
                self._canvas.blit(box)

    def _box(self, marker: Line2D) -> Any:
        """What a visible marker covers, in pixels."""
        if not marker.get_visible():
            return None
        return marker.get_window_extent(self._canvas.get_renderer()).padded(6)

    def _on_configure(self, event: tk.Event[Any]) -> None:
        if self._resizing is not None:
            self.after_cancel(self._resizing)
        self._resizing = self.after(_RESIZE_PAUSE, lambda: self._resize(event))

    def _resize(self, event: tk.Event[Any]) -> None:
        self._resizing = None
        self._canvas.resize(event)
        self._write_legend()
        self._redraw()

    def _on_destroy(self, _: tk.Event[Any]) -> None:
        self._disconnect()
        if self._resizing is not None:
            self.after_cancel(self._resizing)
            self._resizing = None
