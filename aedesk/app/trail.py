"""The way of a drawing: every step of the pen, and what the model in use makes of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from aedesk.app.explorer import Explorer, Reading
from aedesk.app.ink import Ink
from aedesk.app.jobs import Jobs
from aedesk.app.loading import ActiveModel
from aedesk.app.signal import Signal
from aedesk.app.worker import Link, Worker

MOST = 2000
"""Steps of a trail; before there are more, every second one of the older half goes."""

_MOMENT = 0.008  # seconds of work that are done at once; the rest goes to the background
_FIRST = 1  # step that is read anew before it is known how long one takes
_CHUNK = 50  # steps that come from the background together

_Part = tuple[int, np.ndarray, np.ndarray]  # number of the first step, codes (k, D), points (k, 2)


class Trail:
    """Keeps every reading of a drawing, and shows any of them again.

    points: (n, 2) float32 on the map in use. strokes: (n,) int64, the number of the stroke that each step belongs to,
    from 0. position: the step that is shown again, None for now. `changed` tells of any of these.

    A trail goes on through undo and redo, which take the code back and forth. It begins anew with the first stroke on
    a blank canvas, and with a picture that was put on the canvas whole; until then a canvas that is blank again
    leaves it as it is. Another model reads all steps anew, another map lays them out anew: in the background where
    that takes more than a moment. Until the last of them has come the trail is as long as what is there, `coming` says
    how many are not, and new steps wait behind them.
    """

    def __init__(self, explorer: Explorer, ink: Ink, jobs: Jobs) -> None:
        self._explorer, self._ink, self._jobs = explorer, ink, jobs
        self._active = explorer.active
        self._images: list[np.ndarray] = []
        self._codes: list[np.ndarray | None] = []  # None: not read by the model in use yet
        self._points = np.empty((MOST, 2), np.float32)
        self._strokes = np.empty(MOST, np.int64)
        self._there = 0  # steps from the first on that have a code and a point of the map in use
        self._worker: Worker[Any] | None = None  # reads steps anew
        self._first_stroke = 0  # of this trail, as the ink counts them
        self._last_stroke = 0  # at the last reading, as the ink counts them
        self._last_picture = 0  # at the last reading, as the ink counts them
        self._read: np.ndarray | None = None  # the image of the last reading
        self._has_ended = False
        self._position: int | None = None
        self.shown: Reading | None = None
        self.changed: Signal[None] = Signal()
        explorer.model_changed.connect(self._adopt)
        explorer.reading_changed.connect(self._record)
        explorer.settled.connect(self._settle)

    def __len__(self) -> int:
        return self._there

    @property
    def coming(self) -> int:
        """Steps that the model in use has not read yet."""
        return len(self._images) - self._there

    @property
    def points(self) -> np.ndarray:
        """(n, 2) float32, a copy."""
        return self._points[: len(self)].copy()

    @property
    def strokes(self) -> np.ndarray:
        """(n,) int64, never descending, a copy."""
        return self._strokes[: len(self)].copy()

    @property
    def images(self) -> np.ndarray:
        """(n, 28, 28) float32 in [0, 1], put together at every call."""
        return np.stack(self._images[: len(self)]) if len(self) else np.empty((0, 28, 28), np.float32)

    @property
    def position(self) -> int | None:
        """The step that is shown again; None for now, and until the step has been read anew."""
        return self._position if self._position is not None and self._position < len(self) else None

    def show(self, position: int | None) -> None:
        """Show a step again in `shown`, the nearest one there is; None returns to now."""
        if position is not None:
            position = min(max(position, 0), len(self) - 1) if len(self) else None
        self._position = position
        self._show_again()

    def clear(self) -> None:
        """Forget all steps; the drawing stays, and the next stroke on it begins a trail."""
        self._forget()
        self.changed.emit(None)

    # --- recording ---

    def _record(self, reading: Reading | None) -> None:
        ink = self._ink
        if reading is None:
            self._read, self._has_ended, self._last_picture = None, True, ink.pictures
            return
        if self._read is not None and np.array_equal(reading.image, self._read):
            self._last_picture = ink.pictures
            return  # nothing was drawn: another model or another map reads the same picture
        if not self._goes_on(reading.image):
            self._forget()
            self._first_stroke = ink.strokes
        self._has_ended = False
        self._read = reading.image
        self._last_stroke, self._last_picture = ink.strokes, ink.pictures
        if self._images and np.array_equal(reading.image, self._images[-1]):
            return  # a cleared canvas was restored
        self._position, self.shown = None, None
        self._append(reading)
        self.changed.emit(None)

    def _goes_on(self, image: np.ndarray) -> bool:
        """Whether what is on the canvas came about from the last step, by the pen or by undo and redo."""
        ink = self._ink
        if not self._images or ink.pictures != self._last_picture:
            return False
        if not self._has_ended:
            return True
        # Undo brings a cleared drawing back; but it can also bring back one from before this trail.
        return ink.strokes == self._last_stroke and any(
            np.array_equal(image, known) for known in self._images
        )

    def _append(self, reading: Reading) -> None:
        if len(self._images) == MOST:
            self._thin()
        step = len(self._images)
        if self._there == step:
            self._there += 1
        self._points[step] = reading.point
        self._strokes[step] = self._ink.strokes - self._first_stroke
        self._images.append(reading.image)
        self._codes.append(reading.code)

    def _thin(self) -> None:
        """Drop every second step of the older half."""
        kept = np.r_[0 : MOST // 2 : 2, MOST // 2 : MOST]
        self._points[: len(kept)] = self._points[kept]
        self._strokes[: len(kept)] = self._strokes[kept]
        self._images = [self._images[step] for step in kept]
        self._codes = [self._codes[step] for step in kept]
        self._there = int(np.searchsorted(kept, self._there))
        if self.coming:
            self._read_rest()  # with the numbers that the steps have now

    def _forget(self) -> None:
        self._stop()
        self._images, self._codes, self._there = [], [], 0
        self._position, self.shown = None, None

    def _settle(self, reading: Reading) -> None:
        """The marker of the drawing has moved to a better place; the trail ends there as well."""
        if self._images and np.array_equal(reading.image, self._images[-1]):
            self._points[len(self._images) - 1] = reading.point
            self.changed.emit(None)

    # --- another model, another map ---

    def _adopt(self, active: ActiveModel) -> None:
        before, self._active = self._active, active
        if not self._images:
            return
        if before is None or before.model is not active.model:
            self._codes = [None] * len(self._images)
        elif before.base is active.base:
            return
        self._stop()
        self._there = 0
        self._read_some(active)
        if self.coming:
            self._read_rest()
        self._show_again()

    def _read_some(self, active: ActiveModel) -> None:
        """As many steps as a moment allows, by how long the ones before took."""
        began, count = time.perf_counter(), _FIRST
        spent = pace = 0.0  # seconds; seconds for a step
        while self.coming and spent + pace * count <= _MOMENT:
            part = slice(self._there, self._there + count)
            self._take(*_read(active, self._there, self._images[part], self._codes[part]))
            spent = time.perf_counter() - began
            pace = spent / self._there
            count *= 2

    def _read_rest(self) -> None:
        """The steps that are not there, in the background, instead of what is at work there."""
        self._stop()
        assert self._active is not None
        until = len(self._images)  # later ones are read as they are recorded

        def on_item(part: _Part) -> None:
            if self._worker is not worker:
                return  # of another model, or of steps that have other numbers now
            self._take(*part)
            if self._there == until:
                self._there = len(self._images)
                self._end_at_drawing()
            self._show_again()

        def on_end(problem: BaseException | None) -> None:
            if self._worker is worker:
                self._worker = None
                if problem is not None:
                    self.clear()
                    self._explorer.failed.emit(problem)

        make = partial(_read_all, self._active, self._there, list(self._images), list(self._codes))
        worker = self._jobs.start("trail", make, on_item, on_end)
        self._worker = worker

    def _stop(self) -> None:
        if self._worker is not None:
            self._worker.stop()
            self._worker = None

    def _take(self, start: int, codes: np.ndarray, points: np.ndarray) -> None:
        """Steps from `start` on, read by the model in use."""
        self._there = start + len(codes)
        self._codes[start : self._there] = list(codes)
        self._points[start : self._there] = points

    def _end_at_drawing(self) -> None:
        """The marker of the drawing may have moved to a better place in the meantime."""
        reading = self._explorer.reading
        if reading is not None and np.array_equal(reading.image, self._images[-1]):
            self._points[len(self._images) - 1] = reading.point

    # --- going back ---

    def _show_again(self) -> None:
        position = self.position
        self.shown = None if position is None else self._reading(position)
        self.changed.emit(None)

    def _reading(self, step: int) -> Reading | None:
        active, code = self._active, self._codes[step]
        if active is None or code is None:
            return None
        return Reading(
            image=self._images[step],
            code=code,
            reconstruction=active.model.decode(code)[0],
            guess=active.guess(code),
            point=self._points[step].copy(),
        )


def _read_all(
    active: ActiveModel,
    start: int,
    images: list[np.ndarray],
    codes: list[np.ndarray | None],
    link: Link[_Part],
) -> Iterator[_Part]:
    """Read the steps from `start` on with a model; those that it has a code of are only laid out."""
    for first in range(start, len(images), _CHUNK):
        if link.stopped():
            return
        part = slice(first, first + _CHUNK)
        yield _read(active, first, images[part], codes[part])


def _read(active: ActiveModel, start: int, images: list[np.ndarray], codes: list[np.ndarray | None]) -> _Part:
    unread = [step for step, code in enumerate(codes) if code is None]
    known = {step: code for step, code in enumerate(codes) if code is not None}
    if unread:
        known.update(
            zip(unread, active.model.encode(np.stack([images[step] for step in unread])), strict=True)
        )
    whole = np.stack([known[step] for step in range(len(images))])
    return start, whole, active.projection.to_points(whole)
