"""What the drawing takes as a compressed code of the model in use, found in the background as it is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from aedesk.app.explorer import Explorer, Reading
from aedesk.app.jobs import Jobs
from aedesk.app.latest_wish import Found, LatestWish
from aedesk.app.loading import ActiveModel
from aedesk.app.signal import Signal
from aedesk.app.worker import Link

if TYPE_CHECKING:
    from aedesk.analysis.compression import Codec
    from aedesk.models.model import Model
    from aedesk.storage.levels import Kind

FEWEST_BITS, MOST_BITS = 2, 16
RAW_BITS = 8 * 28 * 28

_KINDS: tuple[Kind, ...] = ("kmeans", "uniform")
_KEPT = 4  # codecs: those of 16 bits for long codes are large
_RIVALS = (("PNG", "lossless"), ("WebP", "lossless"), ("JPEG", "quality 10"), ("WebP", "quality 0"))


@dataclass(frozen=True, eq=False)
class Shrunk:
    """What a drawing comes to.

    bits: of its coded code. rebuilt, quantised: (28, 28) in [0, 1], from the code as it is, and from the quantised one;
    rebuilt_psnr and psnr in dB, rebuilt_ssim and ssim, of both against the drawing. files: (format, bits of the file,
    PSNR) of the drawing in other formats; the PSNR is infinite for those that lose nothing.
    """

    bits: float
    rebuilt: np.ndarray
    rebuilt_psnr: float
    rebuilt_ssim: float
    quantised: np.ndarray
    psnr: float
    ssim: float
    files: tuple[tuple[str, int, float], ...]

    @property
    def is_no_gain(self) -> bool:
        """Whether some format that loses nothing takes no more bits than the code."""
        return any(bits <= self.bits for _, bits, psnr in self.files if np.isinf(psnr))


class Compressor:
    """What the drawing takes as a code of the model in use, quantised as is wished: found in the background.

    bits, kind: the wish. shrunk: of the latest drawing that is done, None until there is one for this model and wish.
    Signals: `changed` (the wish, the levels or `shrunk`), `failed`.
    """

    def __init__(self, explorer: Explorer, jobs: Jobs) -> None:
        self._explorer, self._jobs = explorer, jobs
        self.bits = 4
        self.kind: Kind = _KINDS[0]
        self.shrunk: Shrunk | None = None
        self._codecs: dict[tuple[str, int, Kind], Codec] = {}
        self._wanted: Reading | None = None
        self._is_shrinking = False
        self.changed: Signal[None] = Signal()
        self.failed: Signal[BaseException] = Signal()
        self._levels: LatestWish[tuple[ActiveModel, int, Kind], None, Codec] = LatestWish(
            jobs, "levels of codes", _fit, self._on_fitted, self.failed.emit
        )

    def set(self, bits: object, kind: object) -> None:
        """Wish for other levels; what makes no sense is passed over."""
        if isinstance(bits, int) and not isinstance(bits, bool) and FEWEST_BITS <= bits <= MOST_BITS:
            self.bits = bits
        self.kind = next((known for known in _KINDS if known == kind), self.kind)
        self.attend()

    def attend(self) -> None:
        """The model or the wish is another: see to it that there are levels for it."""
        active = self._explorer.active
        self.shrunk = None
        if active is not None and self.codec is None:
            self._levels.ask((active, self.bits, self.kind), active.atlas.fingerprint, needs_help=False)
        else:
            self._levels.stop()
        self.show(self._explorer.reading)

    def show(self, reading: Reading | None) -> None:
        """Find out what this drawing comes to, as soon as there are levels; None for a blank canvas.

        Drawings that come while one is being looked at are passed over, but for the last.
        """
        self._wanted = reading
        if reading is None:
            self.shrunk = None
        self.changed.emit(None)
        self._shrink_next()

    @property
    def is_busy(self) -> bool:
        """Whether something is on its way: levels, or what the drawing comes to."""
        return self._levels.is_busy or self._is_shrinking

    @property
    def codec(self) -> Codec | None:
        """For the model in use and the present wish; None until it has been made."""
        key = self._key
        return self._codecs.get(key) if key is not None else None

    @property
    def _key(self) -> tuple[str, int, Kind] | None:
        active = self._explorer.active
        return (active.atlas.fingerprint, self.bits, self.kind) if active is not None else None

    def _on_fitted(self, wish: tuple[ActiveModel, int, Kind], codec: Codec) -> None:
        active, bits, kind = wish
        self._codecs[active.atlas.fingerprint, bits, kind] = codec
        for oldest in list(self._codecs)[:-_KEPT]:
            del self._codecs[oldest]
        self.changed.emit(None)
        self._shrink_next()

    def _shrink_next(self) -> None:
        active, codec, reading, key = self._explorer.active, self.codec, self._wanted, self._key
        if active is None or codec is None or reading is None or self._is_shrinking:
            return
        if reading.code.shape != (
            active.model.code_size,
        ):  # of the model before: another reading is on its way
            return
        self._wanted, self._is_shrinking = None, True

        def on_item(shrunk: Shrunk) -> None:
            if self._key == key and self._explorer.reading is not None:
                self.shrunk = shrunk
                self.changed.emit(None)

        def on_end(problem: BaseException | None) -> None:
            self._is_shrinking = False
            if problem is not None:
                self.failed.emit(problem)
            self._shrink_next()

        self._jobs.start(
            "compress the drawing", partial(_shrink, active.model, codec, reading), on_item, on_end
        )


def _shrink(model: Model, codec: Codec, reading: Reading, _: Link[Shrunk]) -> Iterator[Shrunk]:
    from aedesk.analysis import fidelity

    code = reading.code[None]
    both = np.stack([reading.reconstruction, model.decode(codec.quantised(code))[0]])
    drawing = np.broadcast_to(reading.image, both.shape)
    psnr, ssim = fidelity.psnr(both, drawing), fidelity.ssim(both, drawing)
    yield Shrunk(
        bits=float(codec.bits(code)[0]),
        rebuilt=both[0],
        rebuilt_psnr=float(psnr[0]),
        rebuilt_ssim=float(ssim[0]),
        quantised=both[1],
        psnr=float(psnr[1]),
        ssim=float(ssim[1]),
        files=_files(reading.image),
    )


def _fit(wish: tuple[ActiveModel, int, Kind], _: None, link: Link[Codec]) -> Iterator[Found[None] | Codec]:
    from aedesk.analysis.compression import Codec

    active, bits, kind = wish
    if not link.stopped():
        yield Codec.fit(active.model, active.atlas.codes, bits, kind)


def _files(image: np.ndarray) -> tuple[tuple[str, int, float], ...]:
    """What other formats make of a picture (28, 28) in [0, 1]."""
    from aedesk.analysis import fidelity
    from aedesk.analysis.picture_formats import FORMATS, write_one

    levels = np.rint(image.clip(0, 1) * 255).astype(np.uint8)
    told = []
    for way in FORMATS:
        if (way.method, way.setting) in _RIVALS:
            size, decoded = write_one(levels, way)
            psnr = float(fidelity.psnr(decoded[None] / 255, levels[None] / 255)[0])
            told.append((way.method, 8 * size, psnr))
    return tuple(told)
