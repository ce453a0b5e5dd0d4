"""What the pointer is at: the card with a point's picture, or with what the decoder makes of an empty place."""

from __future__ import annotations

import numpy as np

from aedesk.app.desk import Desk
from aedesk.app.loading import ActiveModel
from aedesk.gui.map.latent_map import LatentMap, Pointed
from aedesk.gui.timers import Timers

_REST = 40  # ms that the pointer stays on a point before its card comes
_REST_IN_A_HOLE = 250  # ms, where there is no point
_TIMER = "hover"


class Pointing:
    """Shows the map's card when the pointer rests."""

    def __init__(self, latent_map: LatentMap, desk: Desk, timers: Timers) -> None:
        self._map, self._desk, self._timers = latent_map, desk, timers
        latent_map.hovered.connect(self._on_hover)
        # What was pointed at is gone, or somewhere else.
        desk.explorer.model_changed.connect(lambda _: self.forget())
        desk.explorer.settling.connect(lambda _: self.forget())
        latent_map.viewed.connect(lambda _: self.forget())

    def forget(self) -> None:
        """Nothing is pointed at any more."""
        self._timers.cancel(_TIMER)
        self._map.card.hide()

    def describe(self, active: ActiveModel, index: int) -> tuple[np.ndarray, str]:
        """The picture of a point, and a few lines about it."""
        shown, pictures, chosen = active.shown, self._desk.pictures, np.array([index])
        image = pictures.of(shown, chosen)[0]
        lines = [f"class {shown.classes[shown.labels[index]]}"]
        if shown.images is not None:
            lines.append(f"training image #{shown.images[index]}")
        errors = pictures.errors(shown, chosen)
        lines.append("decoded from its code" if errors is None else f"error {errors[0]:.4f}")
        return image, "\n".join(lines)

    def _on_hover(self, pointed: Pointed | None) -> None:
        self.forget()
        if pointed is not None:
            rest = _REST if pointed.index is not None else _REST_IN_A_HOLE
            self._timers.later(_TIMER, rest, lambda: self._show(pointed))

    def _show(self, pointed: Pointed) -> None:
        active = self._desk.explorer.active
        if active is None:
            return
        if pointed.index is None:
            code = active.projection.to_codes(self._map.place_at(pointed.x, pointed.y))
            self._map.card.show(pointed.x, pointed.y, active.model.decode(code)[0], "decoded here")
        else:
            x, y = self._map.view.to_pixels(active.projection.points[pointed.index]).tolist()
            self._map.card.show(x, y, *self.describe(active, pointed.index))
