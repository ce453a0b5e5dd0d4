"""What travels over the map: the sketch, its trail, the path of a morph, and the ghost that goes along one of them."""

from __future__ import annotations

import numpy as np

from aedesk.app.desk import Desk
from aedesk.gui.map.latent_map import LatentMap
from aedesk.gui.panels.drawer import Drawer
from aedesk.gui.panels.morph import MorphPanel
from aedesk.gui.panels.trail import TrailPanel

_TRAIL = "line: your drawing's way"  # for the legend
_NOWHERE = np.zeros((0, 2), np.float32)


class Courses:
    """Keeps the map's markers and lines as the desk has them; nothing of it while a layout is on its way."""

    def __init__(
        self, latent_map: LatentMap, desk: Desk, drawer: Drawer, trail: TrailPanel, morph: MorphPanel
    ) -> None:
        self._map, self._desk, self._drawer = latent_map, desk, drawer
        self._trail_panel, self._morph_panel = trail, morph
        self._frame: int | None = None
        explorer = desk.explorer
        explorer.reading_changed.connect(lambda _: self.show_sketch())
        explorer.settled.connect(lambda _: self.show_sketch())
        desk.trail.changed.connect(lambda _: self._show_trail())
        desk.morpher.changed.connect(lambda _: self._show_path())
        trail.visible.connect(lambda _: self._show_trail())
        morph.frame_changed.connect(self._show_frame)
        drawer.changed.connect(lambda _: self.show())

    def show(self) -> None:
        """Show all of it anew."""
        self.show_sketch()
        self._show_trail()
        self._show_path()

    def show_sketch(self) -> None:
        reading = self._desk.explorer.reading
        if not self._map.is_settling:
            self._map.mark_sketch(reading.point if reading is not None else None)

    def _show_trail(self) -> None:
        trail = self._desk.trail
        # Two lines at once would be one too many.
        is_shown = self._trail_panel.is_visible and self._drawer.current != self._morph_panel.title
        if not self._map.is_settling:
            self._map.draw_trail(
                trail.points if is_shown else _NOWHERE, trail.strokes if is_shown else np.zeros(0, int)
            )
            # While the pen draws, from the first place on: not told for a moment, it would cost the stroke two
            # frames of the whole map.
            is_line = len(trail) > 1 or (len(trail) == 1 and self._desk.ink.is_drawing)
            remark = _TRAIL if is_shown and is_line else ""
            if remark != self._map.painter.remark:
                self._map.painter.remark = remark
                self._map.request()
            self._show_ghost()

    def _show_path(self) -> None:
        strip = self._desk.morpher.strip
        is_shown = strip is not None and self._drawer.current == self._morph_panel.title
        if not self._map.is_settling:
            self._map.draw_path(strip.points if strip is not None and is_shown else _NOWHERE)
            self._show_ghost()

    def _show_frame(self, frame: int | None) -> None:
        self._frame = frame
        self._show_ghost()

    def _show_ghost(self) -> None:
        """Where the replay or the animation of the open panel is."""
        if not self._map.is_settling:
            self._map.mark_ghost(self._place_of_ghost())

    def _place_of_ghost(self) -> np.ndarray | None:
        trail, strip = self._desk.trail, self._desk.morpher.strip
        place: np.ndarray | None = None
        if self._drawer.current == self._trail_panel.title and trail.position is not None:
            place = trail.points[trail.position]
        elif self._drawer.current == self._morph_panel.title and strip is not None:
            place = (
                strip.points[self._frame]
                if self._frame is not None and self._frame < len(strip.points)
                else None
            )
        return place
