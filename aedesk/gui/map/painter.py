"""Puts one frame of the map together: backdrop, dots or density, and pictures where there is room."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
from PIL import ImageColor

from aedesk.app.viewport import Viewport
from aedesk.gui.map import thumbnails
from aedesk.gui.map.density import paint_density
from aedesk.gui.map.dots import Dots, InView, pack
from aedesk.gui.map.legend import Entry
from aedesk.gui.theme import Palette

_DIMMED = 0.78  # of the way to the surface, for what is not selected
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
        self._dots = Dots(_NO_POINTS, np.zeros(0, np.int64))
        self._palette = palette
        self.recolour(palette)

    def recolour(self, palette: Palette) -> None:
        self._palette = palette
        self._surface = np.array(ImageColor.getrgb(palette.surface)[:3], np.float32)
        self._hex = palette.class_colours(max(1, len(self.groups.names)))
        plain = np.array([ImageColor.getrgb(colour)[:3] for colour in self._hex], np.float32)
        dimmed = plain + _DIMMED * (self._surface - plain)
        self._colours = np.concatenate([plain, dimmed])

    def set_points(self, points: np.ndarray) -> None:
        """Other places, (N, 2), of the same points or of those that `set_groups` then colours."""
        self.points = points
        self._arrange()

    def set_groups(self, groups: Groups) -> None:
        """Colour the points by other groups; what is hidden stays so where the groups are called the same."""
        if groups.names != self.groups.names:
            self.hidden = frozenset()
        self.groups = groups
        self._counts = np.bincount(groups.of_point, minlength=len(groups.names)).tolist()
        self.recolour(self._palette)
        self._arrange()

    def set_hidden(self, groups: Collection[int]) -> None:
        """Hide the points of these groups."""
        self.hidden = frozenset(groups)
        self._arrange()

    def set_selected(self, indices: np.ndarray) -> None:
        """Let these points stand out; with none, all are equal."""
        self.selected = indices
        self._arrange()

    @property
    def visible(self) -> np.ndarray:
        """Which points are not hidden, (N,) bool."""
        if not self.hidden:
            return np.ones(len(self.points), bool)
        return ~np.isin(self.groups.of_point, list(self.hidden))

    @property
    def shows_pictures(self) -> bool:
        """Whether there were pictures of points in the last frame."""
        return self._shown_pictures is not None

    def paint(self, view: Viewport, scale: float) -> tuple[np.ndarray, InView]:
        """One frame: (H, W) uint32 as of `dots.pack`, and the points in view."""
        backdrop = self.backdrop(view)
        in_view = self._dots.in_view(view)
        if self.as_density:
            picture = self._density(view, in_view, backdrop)
        else:
            ground = int(pack(self._surface)) if backdrop is None else backdrop
            picture = self._dots.paint(view, in_view, self._colours, self._surface, scale).over(ground)
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
        count, painted = len(self.points), len(self._dots)
        lines = [self.groups.title] if self.groups.title else []
        lines.append(f"{count:,} {self.source}".rstrip())
        if painted < count:
            lines.append(f"{count - painted:,} hidden")
        if in_view is not None and len(in_view) < painted:
            lines.append(f"{len(in_view):,} in view")
        if self._shown_pictures is not None:
            shown, possible = self._shown_pictures
            lines.append(f"{shown:,} of {possible:,} as pictures")
        return "\n".join([*lines, self.remark]) if self.remark else "\n".join(lines)

    def _density(self, view: Viewport, points: InView, ground: np.ndarray | None) -> np.ndarray:
        colours, size = self._colours[points.tints], (view.width, view.height)
        return paint_density(points.x, points.y, colours, size, self._surface, ground)

    def _paint_pictures(self, picture: np.ndarray, view: Viewport, in_view: InView, scale: float) -> None:
        self._shown_pictures = None
        placed = thumbnails.place(in_view, view.width, view.height, scale)
        if placed is None or self.pictures is None:
            return
        there, images = self.pictures(placed.indices)
        placed_now = thumbnails.Placed(placed.indices[there], placed.left[there], placed.top[there])
        frames = self._colours[self.groups.of_point[placed_now.indices]]
        thumbnails.paint(picture, placed_now, self._palette.shade(images), frames, scale)
        self._shown_pictures = len(placed_now.indices), len(in_view)

    def _arrange(self) -> None:
        """Which dots are painted, in which colours; what is selected lies on top."""
        tints = self.groups.of_point
        if len(tints) != len(self.points):
            return  # `set_groups` is about to follow
        order = np.flatnonzero(self.visible)
        if len(self.selected):
            chosen = np.zeros(len(self.points), bool)
            chosen[self.selected] = True
            order = np.concatenate([order[~chosen[order]], order[chosen[order]]])
            tints = np.where(chosen, tints, tints + len(self.groups.names))
        self._dots = Dots(self.points, tints, order)
