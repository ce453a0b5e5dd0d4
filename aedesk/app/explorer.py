"""The Explore tab's state: the model in use, what it makes of the drawing, and the digit picked on its map."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from aedesk.app.jobs import Jobs
from aedesk.app.loading import (
    ActiveModel,
    MapWish,
    News,
    Settling,
    load_active,
    load_test_images,
    settle,
    with_all_points,
    with_atlas_points,
    with_projection,
)
from aedesk.app.signal import Signal
from aedesk.app.worker import Link

if TYPE_CHECKING:
    from aedesk.app.ink import Ink
    from aedesk.data.imageset import ImageSet
    from aedesk.latent.neighbours import Guess


PLACE = "a place of the map"


@dataclass(frozen=True, eq=False)
class Reading:
    """What a model makes of one picture.

    image, reconstruction: (28, 28) float32 in [0, 1]. code: (D,). point: (2,) on the map.
    guess: the digit by the nearest neighbours of the code.
    """

    image: np.ndarray
    code: np.ndarray
    reconstruction: np.ndarray
    guess: Guess
    point: np.ndarray

    @property
    def error(self) -> np.ndarray:
        """(28, 28) in [-1, 1]: above 0 where the model put ink that was not there, below 0 where it lost some."""
        error: np.ndarray = self.reconstruction - self.image
        return error

    @property
    def mse(self) -> float:
        """Mean squared error per pixel."""
        return float((self.error**2).mean())

    @property
    def psnr(self) -> float:
        """Peak signal-to-noise ratio in dB for a peak of 1; infinite for a perfect reconstruction."""
        return float(-10 * np.log10(self.mse)) if self.mse else float("inf")


@dataclass(frozen=True, eq=False)
class Pick:
    """A code that was chosen, its place on the map and its digit: point (2,), code (D,), image (28, 28).

    origin: where the code comes from, in words: a place of the map, a sample, a neighbour ...
    """

    point: np.ndarray
    code: np.ndarray
    image: np.ndarray
    guess: Guess
    origin: str = PLACE


Make = Callable[[Link[News]], Iterator[News]]


class Explorer:
    """Holds the frozen model in use, and answers drawings and clicks with it at once.

    Signals: `model_changed` (ActiveModel), `reading_changed` (Reading, or None for a blank canvas),
    `settled` (the Reading again, its place on the map found more exactly), `picked` (Pick), `drawing_changed` (what
    is on the canvas now, in words), `settling` (Settling: a map on its way; None once that has ended), `status` (one
    line), `failed` (what went wrong).
    """

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._loading = threading.Event()  # set when another wish has overtaken the one in the background
        self._mapping = threading.Event()
        self._awaited: set[str] = set()
        self._test_images: dict[str, ImageSet] = {}
        self._rng = np.random.default_rng()
        self.active: ActiveModel | None = None
        self.reading: Reading | None = None
        self.pick: Pick | None = None
        self.model_changed: Signal[ActiveModel] = Signal()
        self.reading_changed: Signal[Reading | None] = Signal()
        self.settled: Signal[Reading] = Signal()
        self.picked: Signal[Pick] = Signal()
        self.settling: Signal[Settling | None] = Signal()
        self.drawing_changed: Signal[str] = Signal()
        self.status: Signal[str] = Signal()
        self.failed: Signal[BaseException] = Signal()

    def load(self, reference: str, otherwise: str | None = None) -> None:
        """Load a shipped name, a run folder or a file in the background, then use it; the latest wish wins.

        A model that cannot be loaded leaves the one in use, or gives way to `otherwise`.
        """
        self.cancel()
        self._loading = threading.Event()
        self._run(f"load {reference}", partial(load_active, reference, otherwise), self._loading)

    def set_projection(self, wish: MapWish) -> None:
        """Lay the map out anew in the background; a model that is coming in goes first."""
        if self.active is not None:
            self._map(f"project {wish.kind}", partial(with_projection, self.active, wish))

    def show_all_points(self, every: bool) -> None:
        """Show every training image on the map, or those of the atlas only."""
        if self.active is not None:
            make = with_all_points if every else with_atlas_points
            self._map("points of the map", partial(make, self.active))

    def cancel_map(self) -> None:
        """Give up the map that is being laid out; the one in use stays."""
        self._mapping.set()
        self.settling.emit(None)
        self.status.emit("Cancelled: the map is the one from before.")

    def cancel(self) -> None:
        """Give up what is being loaded or laid out; what is in use stays."""
        self._loading.set()
        self._mapping.set()

    def _map(self, name: str, make: Make) -> None:
        self._mapping.set()
        self._mapping = threading.Event()
        self._run(name, make, self._mapping)

    def _run(self, name: str, make: Make, overtaken: threading.Event) -> None:
        """Use what `make` comes to, unless it is overtaken by another wish."""

        def on_item(item: News) -> None:
            if overtaken.is_set():
                return
            if isinstance(item, str):
                self.status.emit(item)
            elif isinstance(item, Settling):
                self.settling.emit(item)
            else:
                self._adopt(item)

        def on_end(problem: BaseException | None) -> None:
            if problem is not None and not overtaken.is_set():
                self.settling.emit(None)
                self.failed.emit(problem)

        self._jobs.start(name, _until(overtaken, make), on_item, on_end)

    def _adopt(self, active: ActiveModel) -> None:
        """Swap the model in use whole, and what it makes of the drawing with it: nobody sees one without the other."""
        self._mapping.set()
        self.active = active
        self.pick = None
        if self.reading is not None:
            self.reading = _read(active, self.reading.image)
        self.model_changed.emit(active)
        if self.reading is not None:
            self.reading_changed.emit(self.reading)

    def set_drawing(self, ink: Ink) -> None:
        """Read the canvas with the model in use; takes a few milliseconds."""
        if ink.is_blank:
            self.reading = None
            self.reading_changed.emit(None)
        else:
            self._read(ink.seen)

    def _read(self, image: np.ndarray) -> None:
        if self.active is not None:
            self.reading = _read(self.active, image)
            self.reading_changed.emit(self.reading)

    def rest(self) -> None:
        """The pen rests: find the drawing's place on a t-SNE map more exactly, in the background."""
        active, reading = self.active, self.reading
        if active is None or reading is None or not active.can_settle:
            return

        def on_item(point: np.ndarray) -> None:
            if self.reading is reading and self.active is active:
                self.reading = replace(reading, point=point)
                self.settled.emit(self.reading)

        def on_end(problem: BaseException | None) -> None:
            if problem is not None:
                self.failed.emit(problem)

        make = partial(settle, active, reading.code, reading.point)
        self._jobs.start("settle the sketch", make, on_item, on_end)

    def pick_at(self, x: float, y: float) -> None:
        """Decode the place (x, y), in map coordinates."""
        active = self.active
        if active is None:
            return
        point = np.array([x, y], np.float32)
        code = active.projection.to_codes(point)[0]
        self._show(Pick(point, code, active.model.decode(code)[0], active.guess(code)))

    def pick_code(self, code: np.ndarray, origin: str) -> None:
        """Decode a code (D,) that comes from `origin`, and show where it lies."""
        active = self.active
        if active is None:
            return
        code = np.asarray(code, np.float32)
        point = active.projection.to_points(code)[0]
        self._show(Pick(point, code, active.model.decode(code)[0], active.guess(code), origin))

    def _show(self, pick: Pick) -> None:
        self.pick = pick
        self.picked.emit(pick)

    def draw_test_digit(self, ink: Ink, data: str) -> None:
        """Put a random test image of the data set `data` on the canvas, loading the set first if need be."""
        images = self._test_images.get(data)
        if images is not None:
            which = int(self._rng.integers(len(images)))
            ink.show_picture(images.pixels(slice(which, which + 1))[0])
            self.drawing_changed.emit(
                f"Test image {which:,} of {data}: {images.classes[images.labels[which]]}"
            )
            return
        if data in self._awaited:
            return

        def on_item(loaded: ImageSet) -> None:
            self._test_images[data] = loaded
            self.draw_test_digit(ink, data)

        def on_end(problem: BaseException | None) -> None:
            self._awaited.discard(data)
            if problem is not None:
                self.failed.emit(problem)

        self._awaited.add(data)
        self._jobs.start(f"test images of {data}", lambda link: load_test_images(data), on_item, on_end)


def _read(active: ActiveModel, image: np.ndarray) -> Reading:
    """What a model makes of a picture (28, 28)."""
    code = active.model.encode(image)[0]
    return Reading(
        image=image,
        code=code,
        reconstruction=active.model.decode(code)[0],
        guess=active.guess(code),
        point=active.projection.to_points(code)[0],
    )


def _until(overtaken: threading.Event, make: Make) -> Make:
    """`make`, told to stop once it is overtaken. Nothing of the window is within its reach: it runs in a thread."""
    return lambda link: make(replace(link, stopped=lambda: link.stopped() or overtaken.is_set()))
