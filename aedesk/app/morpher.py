"""One digit that becomes another, and sums of digits' codes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from aedesk.app.explorer import Explorer
from aedesk.app.jobs import Jobs
from aedesk.app.latest_wish import Found, LatestWish
from aedesk.app.loading import ActiveModel
from aedesk.app.signal import Signal
from aedesk.app.worker import Link
from aedesk.errors import AedeskError, Cancelled
from aedesk.storage.pictures import sheet, write_gif, write_png

if TYPE_CHECKING:
    from aedesk.latent.morph import Roads

WAYS = ("straight", "spherical", "data", "path")
SUM = "A - B + C"
FEWEST, MOST = 2, 64
"""Frames of a strip, its ends among them."""

_ENLARGED = 8  # pixels of a file for one of a frame
_AT_ONCE = 8  # frames decoded between two looks at whether they are still wanted


@dataclass(frozen=True, eq=False)
class End:
    """A digit to begin from or to arrive at: code (D,), image (28, 28), point (2,) on the map in use.

    words: where it came from.
    """

    code: np.ndarray
    image: np.ndarray
    point: np.ndarray
    words: str


@dataclass(frozen=True, eq=False)
class Strip:
    """The frames from A to B, both included: codes (n, D), images (n, 28, 28) in [0, 1], points (n, 2) on the map."""

    codes: np.ndarray
    images: np.ndarray
    points: np.ndarray


@dataclass(frozen=True, eq=False)
class _Wish:
    """What a strip is made from: the codes of its ends, (D,) each, or places of the map in use, (m, 2)."""

    active: ActiveModel
    how: str
    frames: int
    ends: tuple[np.ndarray, np.ndarray] | None = None
    places: np.ndarray | None = None


class Morpher:
    """The ends `a` and `b`, the way between them, and its frames; `c` is for sums only.

    how: `straight`, `spherical`, `data` (along the codes of training images) or `path` (drawn over the map, needs no
    ends). path: (m, 2) in map coordinates, or None. strip: None as long as something is missing. Signals:
    `changed` (any of these, or `is_busy`), `failed` (what went wrong).

    Another model reads the ends' images anew. A path belongs to the map that it was drawn on and goes with it.
    """

    def __init__(self, explorer: Explorer, jobs: Jobs) -> None:
        self._explorer = explorer
        self._active = explorer.active
        self._wish: _Wish | None = None  # the strip is of this, or will be
        self._work: LatestWish[_Wish, Roads, Strip] = LatestWish(
            jobs, "morph", _make, self._on_made, self._on_failed
        )
        self.ends: dict[str, End | None] = {"a": None, "b": None, "c": None}
        self.how = "straight"
        self.path: np.ndarray | None = None
        self.frames = 16
        self.strip: Strip | None = None
        self.changed: Signal[None] = Signal()
        self.failed: Signal[BaseException] = Signal()
        explorer.model_changed.connect(self._adopt)

    @property
    def is_busy(self) -> bool:
        """Whether another strip is on its way from the background."""
        return self._work.is_busy

    def take(self, name: str, source: str) -> None:
        """Make the `sketch` or the `pick` the end `name`. Raises AedeskError where there is none."""
        if source == "sketch":
            reading = self._explorer.reading
            if reading is None:
                raise AedeskError("There is no drawing to take; draw a digit first.")
            self.set_end(name, End(reading.code, reading.image, reading.point, "your drawing"))
        elif source == "pick":
            pick = self._explorer.pick
            if pick is None:
                raise AedeskError("No place of the map is picked; click on the map first.")
            self.set_end(name, End(pick.code, pick.image, pick.point, pick.origin))
        else:
            raise ValueError(f"an end is taken from the sketch or the pick, not {source!r}")

    def set_end(self, name: str, end: End | None) -> None:
        """Set the end `a`, `b` or `c`, or take it away."""
        if name not in self.ends:
            raise ValueError(f"an end is a, b or c, not {name!r}")
        self.ends[name] = end
        self._update()

    def set_how(self, how: str) -> None:
        """Choose the way."""
        if how not in WAYS:
            raise ValueError(f"a way is one of {', '.join(WAYS)}, not {how!r}")
        self.how = how
        self._update()

    def set_path(self, places: np.ndarray) -> None:
        """Set the path that `path` follows: (m, 2) in map coordinates; fewer than two places are no path."""
        places = np.array(places, np.float32).reshape(-1, 2)
        self.path = places if len(places) > 1 else None
        self._update()

    def set_frames(self, frames: int) -> None:
        """How many frames, both ends included. Raises AedeskError unless that is from 2 to 64."""
        if not FEWEST <= frames <= MOST:
            raise AedeskError(f"A morph has from {FEWEST} to {MOST} frames, not {frames}.")
        self.frames = frames
        self._update()

    def add_up(self) -> None:
        """Pick the code A - B + C on the map. Raises AedeskError where one of them is missing."""
        a, b, c = self.ends["a"], self.ends["b"], self.ends["c"]
        if self._active is None or a is None or b is None or c is None:
            raise AedeskError(
                "A - B + C needs three digits; take A, B and C from the drawing or the map first."
            )
        from aedesk.latent.morph import arithmetic

        self._explorer.pick_code(arithmetic(a.code, b.code, c.code, self._active.atlas.non_negative), SUM)

    def save_gif(self, path: str | os.PathLike[str]) -> None:
        """Write the frames, back and forth without end, as a GIF. Raises AedeskError."""
        write_gif(path, self._some().images)

    def save_strip(self, path: str | os.PathLike[str]) -> None:
        """Write the frames side by side as a PNG. Raises AedeskError."""
        write_png(path, sheet([self._some().images], _ENLARGED))

    def _some(self) -> Strip:
        if self.strip is None:
            raise AedeskError("There are no frames to save yet; give A and B a digit, or draw a path.")
        return self.strip

    def _adopt(self, active: ActiveModel) -> None:
        before, self._active = self._active, active
        if before is None or before.model is not active.model:
            self.ends = {name: end and _read_anew(end, active) for name, end in self.ends.items()}
            self.strip, self.path = None, None
        elif before.base is not active.base:
            self.ends = {name: end and _laid_out(end, active) for name, end in self.ends.items()}
            self.strip, self.path = self.strip and _strip_laid_out(self.strip, active), None
        self._update()

    # --- the strip ---

    def _update(self) -> None:
        """Make the strip that is wished for: now where that takes a moment, else in the background."""
        before, wish = self._wish, self._present_wish()
        if not _are_same(before, wish):
            self._wish = wish
            self._work.forget()
            if wish is None:
                self.strip = None
            elif wish.how != "data" and wish.active.model.architecture.is_dense:
                self.strip = _strip(wish, _codes(wish, None))
            else:
                self._work.ask(wish, wish.active.atlas.fingerprint, needs_help=wish.how == "data")
        self.changed.emit(None)

    def _present_wish(self) -> _Wish | None:
        active, a, b = self._active, self.ends["a"], self.ends["b"]
        if active is None:
            return None
        if self.how == "path":
            return None if self.path is None else _Wish(active, self.how, self.frames, places=self.path)
        if a is None or b is None:
            return None
        return _Wish(active, self.how, self.frames, ends=(a.code, b.code))

    def _on_made(self, _: _Wish, strip: Strip) -> None:
        if self._active is not None:
            self.strip = _strip_laid_out(strip, self._active)
            self.changed.emit(None)

    def _on_failed(self, problem: BaseException) -> None:
        self.failed.emit(problem)
        self.changed.emit(None)


def _make(wish: _Wish, roads: Roads | None, link: Link[Any]) -> Iterator[Found[Roads] | Strip]:
    """Yield the roads through the codes, where they are needed and not there yet, and the strip."""
    from aedesk.latent.morph import Roads

    if wish.how == "data" and roads is None:
        try:
            roads = Roads(wish.active.atlas.codes, cancelled=link.stopped)
        except Cancelled:
            return
        yield Found(roads)
    codes = _codes(wish, roads)
    images = []
    for start in range(0, len(codes), _AT_ONCE):
        if link.stopped():
            return
        images.append(wish.active.model.decode(codes[start : start + _AT_ONCE]))
    yield Strip(codes, np.concatenate(images), wish.active.projection.to_points(codes))


def _strip(wish: _Wish, codes: np.ndarray) -> Strip:
    return Strip(codes, wish.active.model.decode(codes), wish.active.projection.to_points(codes))


def _codes(wish: _Wish, roads: Roads | None) -> np.ndarray:
    """The codes (n, D) of the frames. roads: for the way along the data."""
    from aedesk.latent import morph

    if wish.places is not None:
        return morph.along(wish.active.projection, wish.places, wish.frames)
    assert wish.ends is not None
    if wish.how == "data":
        assert roads is not None
        return roads.between(*wish.ends, wish.frames)
    way = morph.straight if wish.how == "straight" else morph.spherical
    return way(*wish.ends, wish.frames)


def _are_same(one: _Wish | None, other: _Wish | None) -> bool:
    """Whether both come to the same codes: for a path the map counts, and it has gone when that changes."""
    if one is None or other is None:
        return one is other
    return (
        one.active.model is other.active.model
        and (one.how, one.frames) == (other.how, other.frames)
        and one.places is other.places
        and (one.ends is other.ends or all(map(np.array_equal, one.ends or (), other.ends or ())))
    )


def _read_anew(end: End, active: ActiveModel) -> End:
    """The same picture under another model."""
    return _laid_out(replace(end, code=active.model.encode(end.image)[0]), active)


def _laid_out(end: End, active: ActiveModel) -> End:
    """The same where its code lies on the map in use."""
    return replace(end, point=active.projection.to_points(end.code)[0])


def _strip_laid_out(strip: Strip, active: ActiveModel) -> Strip:
    return replace(strip, points=active.projection.to_points(strip.codes))
