"""The pictures behind the points of a map: the data set's own where it is here, else what their codes decode to."""

from __future__ import annotations

import logging
import math
import time
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from aedesk.app.decoded import CHUNK, Decoded, Lookup, Part, decode, decode_in_parts, originals
from aedesk.app.jobs import Jobs
from aedesk.app.loading import ActiveModel
from aedesk.app.signal import Signal
from aedesk.app.worker import Link, Worker
from aedesk.errors import AedeskError

if TYPE_CHECKING:
    from aedesk.app.explorer import Explorer
    from aedesk.data.imageset import ImageSet
    from aedesk.latent.atlas import Atlas
    from aedesk.models.model import Model

_TRIED = 16  # codes that are made anew to see whether a data set is the one an atlas was made from
_CODES_AGREE = (
    0.01  # of the codes' largest number: other machines round otherwise, other pictures differ by far more
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class _Loaded:
    """From the background: the training images of `data`, and the atlases that were made from them."""

    data: str
    images: ImageSet
    atlases: tuple[Atlas, ...] = field(repr=False)


class PointPictures:
    """Pictures of the points of the map in use, by their indices in `active.atlas` or `active.shown`.

    Signals: `changed` (other pictures of the same points: the data set has been read), `decoded` (some that `prepare`
    asked for are there now). Another model has other pictures, which is no news beside `Explorer.model_changed`.
    """

    def __init__(self, explorer: Explorer, jobs: Jobs) -> None:
        self._explorer = explorer
        self._jobs = jobs
        self._set: tuple[str, ImageSet] | None = None  # one, for all the models of the same data
        self._originals: weakref.WeakKeyDictionary[Atlas, ImageSet] = weakref.WeakKeyDictionary()
        self._decoded: weakref.WeakKeyDictionary[Atlas, Decoded] = weakref.WeakKeyDictionary()
        self._judged: weakref.WeakSet[Atlas] = weakref.WeakSet()
        self._loading: Worker[Any] | None = None
        self._preparing: Worker[Any] | None = None
        self._coming: tuple[Atlas, np.ndarray] | None = None  # what `_preparing` was asked for
        self.changed: Signal[None] = Signal()
        self.decoded: Signal[None] = Signal()
        explorer.model_changed.connect(self._adopt)

    @property
    def are_originals(self) -> bool:
        """Whether the points on the map are shown by the pictures that they were encoded from."""
        active = self._explorer.active
        return active is not None and active.shown in self._originals

    def of(self, atlas: Atlas, indices: np.ndarray) -> np.ndarray:
        """The pictures of some points, (n, 28, 28) float32 in [0, 1]; decodes what has not been decoded yet."""
        return self._bytes_of(atlas, indices).astype(np.float32) / 255

    def mean(self, atlas: Atlas, indices: np.ndarray) -> np.ndarray:
        """The mean picture of some points, at least one, (28, 28) float32 in [0, 1]; 60,000 originals take 20 ms."""
        pictures = self._bytes_of(atlas, indices)
        total = pictures.sum(axis=0, dtype=np.uint32)
        mean: np.ndarray = (total / (255 * len(pictures))).astype(np.float32)
        return mean

    def ready(self, atlas: Atlas, indices: np.ndarray, budget_seconds: float = 0.0) -> np.ndarray:
        """Which of them can be shown at once, (n,) bool; decodes missing ones until the budget is spent.

        A budget above 0 decodes one at the least, unless all are being decoded in the background.
        """
        indices = np.asarray(indices, np.int64)
        if atlas in self._originals:
            return np.ones(len(indices), bool)
        there = self._kept(atlas).there
        self._decode(atlas, indices[~there[indices]], budget_seconds)
        which: np.ndarray = there[indices]
        return which

    def errors(
        self, atlas: Atlas, indices: np.ndarray, budget_seconds: float = math.inf
    ) -> np.ndarray | None:
        """The mean squared error per pixel with which the model rebuilds each of them, (n,) float32.

        NaN where the budget did not reach. None without the originals.
        """
        if atlas not in self._originals:
            return None
        indices = np.asarray(indices, np.int64)
        errors = self._kept(atlas).errors
        self._decode(atlas, indices[np.isnan(errors[indices])], budget_seconds)
        which: np.ndarray = errors[indices]
        return which

    def prepare(self, atlas: Atlas, indices: np.ndarray) -> None:
        """Decode in the background what `ready` and `errors` have not got yet of these; the latest wish wins."""
        active = self._explorer.active
        kept = self._kept(atlas)
        missing = np.asarray(indices, np.int64)
        missing = missing[~kept.there[missing]]
        if active is None or not len(missing) or self._is_coming(atlas, missing):
            return
        self._stop_preparing()

        def on_item(part: Part) -> None:
            kept.keep(part)
            self.decoded.emit(None)

        def on_end(problem: BaseException | None) -> None:
            if self._preparing is worker:
                self._stop_preparing()
            _report(problem)

        images = self._originals.get(atlas)
        make = partial(decode_in_parts, active.model, atlas, images, missing)
        worker = self._jobs.start("decode points", make, on_item, on_end)
        self._preparing, self._coming = worker, (atlas, missing)

    def lookup(self, active: ActiveModel, indices: np.ndarray) -> Lookup:
        """Some points of `active.shown`, to be looked up in a thread that can wait."""
        shown = active.shown
        return Lookup(active.model, shown, self._originals.get(shown), indices, self._kept(shown))

    def _adopt(self, active: ActiveModel) -> None:
        """Look for the originals of the atlases in use, if that has not been done."""
        atlases = tuple(dict.fromkeys((active.atlas, active.shown)))
        if all(atlas in self._judged for atlas in atlases):
            return  # another map of the same points
        if self._loading is not None:
            self._loading.stop()
        self._stop_preparing()
        self._judged.update(atlases)
        if not active.atlas.data or active.atlas.images is None:
            return

        def on_item(loaded: _Loaded) -> None:
            self._set = loaded.data, loaded.images
            for atlas in loaded.atlases:
                self._originals[atlas] = loaded.images
                self._decoded.pop(atlas, None)  # without their errors
            if loaded.atlases:
                self._stop_preparing()
                self.changed.emit(None)

        make = partial(_load, active.atlas.data, self._set, active.model, atlases)
        self._loading = self._jobs.start(f"pictures of {active.atlas.data}", make, on_item, _report)

    def _is_coming(self, atlas: Atlas, indices: np.ndarray) -> bool:
        """Whether the background is at these already."""
        if self._coming is None or self._coming[0] is not atlas:
            return False
        return bool(np.isin(indices, self._coming[1]).all())

    def _stop_preparing(self) -> None:
        if self._preparing is not None:
            self._preparing.stop()
        self._preparing = self._coming = None

    def _kept(self, atlas: Atlas) -> Decoded:
        kept = self._decoded.get(atlas)
        if kept is None:
            kept = self._decoded[atlas] = Decoded.of(len(atlas))
        return kept

    def _bytes_of(self, atlas: Atlas, indices: np.ndarray) -> np.ndarray:
        """(n, 28, 28) uint8, a copy."""
        indices = np.asarray(indices, np.int64)
        images = self._originals.get(atlas)
        if images is not None:
            return originals(images, atlas, indices)
        self.ready(atlas, indices, math.inf)
        pictures: np.ndarray = self._kept(atlas).pictures[indices]
        return pictures

    def _decode(self, atlas: Atlas, missing: np.ndarray, budget_seconds: float) -> None:
        """Decode the codes of `missing` indices until the budget, if there is any, is spent; one at the least."""
        active = self._explorer.active
        if active is None or budget_seconds <= 0:
            return
        if math.isfinite(budget_seconds) and self._is_coming(atlas, missing):
            return
        images, kept = self._originals.get(atlas), self._kept(atlas)
        missing = np.unique(missing)
        until = time.perf_counter() + budget_seconds
        size = 1
        while len(missing):
            began = time.perf_counter()
            now, missing = missing[:size], missing[size:]
            kept.keep(decode(active.model, atlas, images, now))
            ended = time.perf_counter()
            # As many as the last ones were give no reason to doubt that there is time for.
            affordable = (until - ended) * size / (ended - began)
            if affordable < 1:
                return
            size = int(min(2 * size, CHUNK, affordable))


def _load(
    data: str, known: tuple[str, ImageSet] | None, model: Model, atlases: Sequence[Atlas], link: Link[_Loaded]
) -> Iterator[_Loaded]:
    """The training images of `data`, if they are on this machine, and which of the atlases are of them."""
    from aedesk.data.sources import load

    if known is not None and known[0] == data:
        images = known[1]
    else:
        try:
            images = load(data, offline=True, cancelled=link.stopped).train
        except AedeskError as problem:
            _log.info("points are shown by their codes: %s", problem)
            return
    if not link.stopped():
        yield _Loaded(
            data, images, tuple(atlas for atlas in atlases if _is_made_from(atlas, data, images, model))
        )


def _is_made_from(atlas: Atlas, data: str, images: ImageSet, model: Model) -> bool:
    """Whether the labels are those of the atlas, and, as a set may have but one, some of the codes too."""
    if atlas.data != data or atlas.images is None or not atlas.can_be_of(images):
        return False
    tried = np.unique(np.linspace(0, len(atlas) - 1, _TRIED).round().astype(np.int64))
    codes = model.encode(images.images[atlas.images[tried]])
    difference = np.abs(codes - atlas.codes[tried]).max()
    return bool(difference <= _CODES_AGREE * np.abs(codes).max())


def _report(problem: BaseException | None) -> None:
    """Points are then shown by what their codes decode to, or a little later: nothing the user should hear of."""
    if problem is not None:
        _log.warning("pictures of points: %s", problem)
