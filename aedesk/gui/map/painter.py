"""Puts one frame of the map together: backdrop, dots or density, and pictures where there is room."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
from PIL import ImageColor

from aedesk.app.viewport import Viewport
from aedesk.app.z_order import ZOrder
from aedesk.gui.map import thumbnails
from aedesk.gui.map.crowd import MOST_DOTS, Crowd, CrowdInView
from aedesk.gui.map.density import paint_density, paint_tiles
from aedesk.gui.map.dots import Dots, InView, PointsInView, pack, paint_dots
from aedesk.gui.map.legend import Entry
from aedesk.gui.theme import Palette

_DIMMED = 0.78  # of the way to the surface, for what is not selected
_CHOSEN = 2.2  # px, radius of a selected dot where the others are too many to be dots
_NO_POINTS = np.zeros((0, 2), np.float32)


@dataclass(frozen=True, eq=False)
class Groups:
    """What points are coloured by: each point's group (N,), and the groups' names."""

    of_point: np.ndarray
    names: tuple[str, ...]
    title: str = ""


Pictures = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""Indices (n,) of points -> which of them can be shown now (n,) bool, and the pictures of those, (m, 28, 28)."""


class Painter:
    """All that decides what a frame of the map looks like; it knows no widget."""

    def __init__(self, palette: Palette) -> None:
        self.points = _NO_POINTS
        self.groups = Groups(np.zeros(0, np.int64), ())
        self.hidden: frozenset[int] = frozenset()
        self.selected = np.zeros(0, np.int64)
        self.as_density = False
        self.pictures: Pictures | None = None
        self.backdrop: Callable[[Viewport], np.ndarray | None] = lambda _: None
        self.source = ""  # what the points are, in words
        self.remark = ""  # what else is on the map, in words
        self._shown_pictures: tuple[int, int] | None = None
        self._counts: list[int] = []
        self._index: ZOrder | None = None
        self._dots: Dots | Crowd | None = None  # None: to be arranged before the next frame
        self._chosen = Dots(_NO_POINTS, np.zeros(0, np.int64))  # of a crowd
        self._palette = palette
        self.recolour(palette)

    def recolour(self, palette: Palette) -> None:
        self._palette = palette
        self._surface = np.array(ImageColor.getrgb(palette.surface)[:3], np.float32)
        self._hex = palette.class_colours(max(1, len(self.groups.names)))
        plain = np.array([ImageColor.getrgb(colour)[:3] for colour in self._hex], np.float32)
        dimmed = plain + _DIMMED * (self._surface - plain)
        self._colours = np.concatenate([plain, dimmed])
        self._dots = None

    def set_points(self, points: np.ndarray) -> None:
        """Other places, (N, 2), of the same points or of those that `set_groups` then colours."""
        self.points = points
        self._index = self._dots = None

    def set_groups(self, groups: Groups) -> None:
        """Colour the points by other groups; what is hidden stays so where the groups are called the same."""
        if groups.names != self.groups.names:
            self.hidden = frozenset()
        self.groups = groups
        self._counts = np.bincount(groups.of_point, minlength=len(groups.names)).tolist()
        self.recolour(self._palette)

    def set_hidden(self, groups: Collection[int]) -> None:
        """Hide the points of these groups."""
        self.hidden = frozenset(groups)
        self._dots = None

    def set_selected(self, indices: np.ndarray) -> None:
        """Let these points stand out; with none, all are equal."""
        self.selected = indices
        self._dots = None

    @property
    def visible(self) -> np.ndarray:
        """Which points are not hidden, (N,) bool."""
        if not self.hidden:
            return np.ones(len(self.points), bool)
        shown = np.ones(len(self.groups.names), bool)
        shown[list(self.hidden)] = False
        visible: np.ndarray = shown[self.groups.of_point]
        return visible

    @property
    def shows_pictures(self) -> bool:
        """Whether there were pictures of points in the last frame."""
        return self._shown_pictures is not None

    def paint(self, view: Viewport, scale: float) -> tuple[np.ndarray, InView]:
        """One frame: (H, W) uint32 as of `dots.pack`, and the points in view."""
        backdrop = self.backdrop(view)
        self._shown_pictures = None
        if self._dots is None:
            self._dots = self._arranged()
        in_view = self._dots.in_view(view)
        if isinstance(in_view, CrowdInView):
            picture = self._tiles(view, in_view, backdrop, scale)
        else:
            picture = self._one_by_one(view, in_view, backdrop, scale)
            self._paint_pictures(picture, view, in_view, scale)
        return picture, in_view

    def entries(self) -> tuple[Entry, ...]:
        """The legend's entries; empty where all points are of one group."""
        if len(self.groups.names) < 2:
            return ()
        rows = zip(self.groups.names, self._hex, self._counts, strict=True)
        return tuple(
            Entry(name, colour, count, number in self.hidden)
            for number, (name, colour, count) in enumerate(rows)
        )

    def notes(self, in_view: InView | None) -> str:
        """What the legend says below its entries: nothing is left out without a word."""
        count, hidden = len(self.points), sum(self._counts[group] for group in self.hidden)
        lines = [self.groups.title] if self.groups.title else []
        lines.append(f"{count:,} {self.source}".rstrip())
        if hidden:
            lines.append(f"{hidden:,} hidden")
        if in_view is not None and len(in_view) < count - hidden:
            lines.append(f"{len(in_view):,} in view")
        if isinstance(in_view, CrowdInView) and not self.as_density:
            lines.append(f"density above {MOST_DOTS:,} in view: zoom in for dots")
        if self._shown_pictures is not None:
            shown, possible = self._shown_pictures
            lines.append(f"{shown:,} of {possible:,} as pictures")
        return "\n".join([*lines, self.remark]) if self.remark else "\n".join(lines)

    def _one_by_one(
        self, view: Viewport, points: PointsInView, backdrop: np.ndarray | None, scale: float
    ) -> np.ndarray:
        if self.as_density:
            colours, size = self._colours[points.tints], (view.width, view.height)
            return paint_density(points, colours, size, self._surface, backdrop)
        ground = int(pack(self._surface)) if backdrop is None else backdrop
        return paint_dots(view, points, self._colours, self._surface, scale).over(ground)

    def _tiles(
        self, view: Viewport, crowd: CrowdInView, backdrop: np.ndarray | None, scale: float
    ) -> np.ndarray:
        """Density, and what is selected as dots above it: in the mixture of colours it would be lost."""
        picture = paint_tiles(crowd.tiles(), self._surface, backdrop)
        if not 0 < len(self._chosen) <= MOST_DOTS:
            return picture
        points = self._chosen.in_view(view)
        return paint_dots(view, points, self._colours, self._surface, scale, _CHOSEN).over(picture)

    def _paint_pictures(
        self, picture: np.ndarray, view: Viewport, in_view: PointsInView, scale: float
    ) -> None:
        placed = thumbnails.place(in_view, view.width, view.height, scale)
        if placed is None or self.pictures is None:
            return
        there, images = self.pictures(placed.indices)
        placed_now = thumbnails.Placed(placed.indices[there], placed.left[there], placed.top[there])
        frames = self._colours[self.groups.of_point[placed_now.indices]]
        thumbnails.paint(picture, placed_now, self._palette.shade(images), frames, scale)
        self._shown_pictures = len(placed_now.indices), len(in_view)

    def _arranged(self) -> Dots | Crowd:
        """Which dots are painted, in which colours; what is selected lies on top."""
        tints = self.groups.of_point
        if len(tints) != len(self.points):
            return Dots(_NO_POINTS, np.zeros(0, np.int64))  # `set_groups` has yet to follow
        order = np.flatnonzero(self.visible) if self.hidden or len(self.selected) else None
        chosen = np.zeros(0, np.int64)
        if order is not None and len(self.selected):
            on_top = np.zeros(len(self.points), bool)
            on_top[self.selected] = True
            chosen = order[on_top[order]]
            order = np.concatenate([order[~on_top[order]], chosen])
            tints = np.where(on_top, tints, tints + len(self.groups.names))
        if len(self.points) <= MOST_DOTS:
            return Dots(self.points, tints, order)
        self._chosen = Dots(self.points, tints, chosen)
        self._index = self._index or ZOrder(self.points)
        return Crowd(self.points, tints, order, self._colours, self._index)
