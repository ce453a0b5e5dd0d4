"""Rate against distortion: bits per picture and what is left of it, for codes of networks, PCA, PNG, JPEG and WebP."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from aedesk.analysis import fidelity
from aedesk.analysis.pca import PIXELS, PixelPca
from aedesk.analysis.picture_formats import FORMATS, write_all
from aedesk.analysis.watch import IsCancelled, Progress, Watch
from aedesk.data.imageset import DataSet, ImageSet
from aedesk.errors import AedeskError
from aedesk.latent.quantiser import Quantiser
from aedesk.storage.aez import Aez, pack
from aedesk.storage.levels import KINDS, Kind
from aedesk.storage.table import Table

if TYPE_CHECKING:
    from aedesk.models.model import Model

BITS = tuple(range(2, 9))
PCA_SIZES = (8, 16, 32, 64, 128)
RAW_BITS = 8 * PIXELS

CODES = "codes"
"""What the range coder takes; the model and the levels of its codes are on both sides, as the rules of a format are."""
AEZ = "one .aez file of all"
"""With the levels and all else that is in a file; the model alone is on both sides."""

_NO_HASH = "0" * 32  # the files are measured, not kept
_REFERENCE = 20_000  # training images that levels and frequencies are fitted on
_SSIM_IMAGES = 1000  # SSIM takes half a millisecond for each


@dataclass(frozen=True)
class RatePoint:
    """One method at one setting, on the average over the same test images.

    family: "model", "pca" or "picture". counting: what the bits are of, in words. psnr: in dB at peak 1, per image,
    then the mean; infinite for what loses nothing. ssim: over a thousand of the images, evenly spread.
    """

    method: str
    family: str
    setting: str
    counting: str
    bits_per_image: float
    mse: float
    psnr: float
    ssim: float


class _Coder(Protocol):
    def encode(self, images: np.ndarray, /) -> np.ndarray: ...

    def decode(self, codes: np.ndarray, /) -> np.ndarray: ...


def rate_distortion(
    models: Sequence[Model],
    data: DataSet,
    *,
    bits: Sequence[int] = BITS,
    kinds: Sequence[Kind] = KINDS,
    limit: int | None = None,
    progress: Progress | None = None,
    cancelled: IsCancelled | None = None,
) -> list[RatePoint]:
    """Every method on at most `limit` test images, evenly spread, as many as there are by default.

    bits: of the quantiser, 2 to 16. kinds: of `storage.levels.KINDS`. Levels and PCA are fitted on training images
    alone; how often each level comes is learned by the range coder as it goes on. Raises Cancelled, and AedeskError
    where a part of `data` is empty.
    """
    if not len(data.train) or not len(data.test):
        raise AedeskError(f"{data.name} needs training and test images to measure rates on.")
    watch = Watch(progress, cancelled)
    known, test = data.train.at_most(_REFERENCE), data.test.at_most(limit)
    judge = _Judge(test)
    points = list(_picture_points(test, judge, watch))
    settings = [(count, kind) for kind in kinds for count in bits]
    for model, name in zip(models, _told_apart([model.name for model in models]), strict=True):
        points += _code_points(model, name, "model", known, test, settings, judge, watch)
    sizes = {*PCA_SIZES, *(model.code_size for model in models if model.code_size <= max(PCA_SIZES))}
    pca = PixelPca.fit(data.train, max(sizes), progress=progress, cancelled=cancelled)
    for size in sorted(size for size in sizes if size <= pca.size):
        points += _code_points(pca.truncated(size), f"PCA {size}", "pca", known, test, settings, judge, watch)
    return points


def table(points: Sequence[RatePoint]) -> Table:
    """The points as rows."""
    return Table.of([asdict(point) for point in points])


class _Judge:
    """Measures pictures against the test images they are to be."""

    def __init__(self, test: ImageSet) -> None:
        self._clean = test.pixels()
        self._some = _evenly(len(test), _SSIM_IMAGES)

    def figures(self, images: np.ndarray) -> dict[str, float]:
        """images: (N, 28, 28) in [0, 1]."""
        return {
            "mse": float(fidelity.mse(images, self._clean).mean()),
            "psnr": float(fidelity.psnr(images, self._clean).mean()),
            "ssim": float(fidelity.ssim(images[self._some], self._clean[self._some]).mean()),
        }


def _picture_points(test: ImageSet, judge: _Judge, watch: Watch) -> Iterator[RatePoint]:
    total = len(FORMATS) * len(test)
    for place, way in enumerate(FORMATS):
        for news in write_all(test.images, way):
            if isinstance(news, int):
                watch.tell("writing PNG, JPEG and WebP", place * len(test) + news, total)
                continue
            for written in news:
                figures = judge.figures(written.decoded.astype(np.float32) / 255)
                yield RatePoint(way.method, "picture", way.setting, written.counting, written.bits, **figures)


def _code_points(
    coder: _Coder,
    name: str,
    family: str,
    known: ImageSet,
    test: ImageSet,
    settings: Sequence[tuple[int, Kind]],
    judge: _Judge,
    watch: Watch,
) -> Iterator[RatePoint]:
    reference = _encoded(coder, known, f"{name}: encoding the training images", watch)
    codes = _encoded(coder, test, f"{name}: encoding the test images", watch)
    for bits, kind in watch.each(f"{name}: quantising", settings):
        quantiser = Quantiser.fit(reference, bits, kind)
        aez = Aez(name, _NO_HASH, quantiser.table, quantiser.indices(codes))
        figures = judge.figures(coder.decode(aez.codes).clip(0, 1))
        sizes = pack(aez)[1]
        setting = f"{bits} bits, {'k-means' if kind == 'kmeans' else kind}"
        yield RatePoint(name, family, setting, CODES, sizes.code_bits, **figures)
        yield RatePoint(name, family, setting, AEZ, sizes.file_bits, **figures)


def _told_apart(names: Sequence[str]) -> list[str]:
    """The names, with a number behind each that has been there before."""
    return [
        name if name not in names[:place] else f"{name} ({names[: place + 1].count(name)})"
        for place, name in enumerate(names)
    ]


def _encoded(coder: _Coder, images: ImageSet, what: str, watch: Watch) -> np.ndarray:
    return np.concatenate(
        [coder.encode(images.pixels(chunk)) for chunk in watch.chunks(what, len(images))]
    ).astype(np.float32)


def _evenly(count: int, most: int) -> np.ndarray:
    """At most so many of `count` places."""
    chosen: np.ndarray = np.arange(min(count, most)) * count // min(count, most)
    return chosen
