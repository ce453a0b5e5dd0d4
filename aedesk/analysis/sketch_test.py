"""How a model copes with sketches: test digits drawn again by many hands, beside the same digits as scans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from aedesk.analysis import fidelity
from aedesk.analysis.watch import IsCancelled, Progress, Watch
from aedesk.data.imageset import DataSet, ImageSet
from aedesk.errors import AedeskError
from aedesk.latent.neighbours import Neighbours
from aedesk.sketch.hand import HELD_OUT, KINDS
from aedesk.storage.sketched import sketches_by
from aedesk.storage.table import Cell, Table

if TYPE_CHECKING:
    from aedesk.models.model import Model

ALL_KINDS = KINDS + HELD_OUT
KIND_WORDS: dict[str, str] = {
    "plain": "Plain",
    "thin": "Thin pen",
    "thick": "Thick pen",
    "slanted": "Slanted",
    "shifted": "Small, off-centre",
    "jerky": "Jerky",
    "slow": "Slow and wavy",
    "rotated": "Rotated",
    "squashed": "Squashed",
    "stretched": "Narrow",
    "polyline": "Hasty, in corners",
    "broken": "Broken line",
    "uneven": "Uneven pen",
    "overshoot": "Ends too long",
}
"""How a digit is drawn, for people."""

WITHIN = 0.02
"""Sketches are recognised well if at most this share of them more than of the scans is not."""
TIMES = 1.3
"""Sketches are rebuilt well if their error is at most so many times that of the scans."""

_NEIGHBOURS = 5
_EXAMPLES = 6


@dataclass(frozen=True, eq=False)
class KindRow:
    """One kind of hand. accuracy: share of its sketches that 5-NN put into the right class. mse: of them rebuilt.

    examples: (n, 2, 28, 28) in [0, 1], of each of the report's examples the sketch and what is rebuilt of it.
    """

    kind: str
    accuracy: float
    mse: float
    examples: np.ndarray


@dataclass(frozen=True, eq=False)
class SketchReport:
    """What a model makes of sketches of `digits` test images of the data set `data`, each drawn once by each kind.

    scan_accuracy, scan_mse: of the same images as they are. examples: (n, 2, 28, 28), some of these, as in `KindRow`.
    """

    model: str
    data: str
    digits: int
    seed: int
    scan_accuracy: float
    scan_mse: float
    rows: tuple[KindRow, ...]
    examples: np.ndarray

    @property
    def usual(self) -> tuple[KindRow, ...]:
        """The hands of `KINDS`, which a model may have been trained on."""
        return tuple(row for row in self.rows if row.kind in KINDS)

    @property
    def unusual(self) -> tuple[KindRow, ...]:
        """The hands of `HELD_OUT`, which no model is trained on."""
        return tuple(row for row in self.rows if row.kind in HELD_OUT)

    @property
    def sketch_accuracy(self) -> float | None:
        """Over all sketches by `usual` hands; None without any, as the next three."""
        return _mean([row.accuracy for row in self.usual])

    @property
    def sketch_ratio(self) -> float | None:
        """The error of sketches by `usual` hands over that of the scans."""
        return self._ratio_of(self.usual)

    @property
    def held_out_accuracy(self) -> float | None:
        """Over all sketches by `unusual` hands."""
        return _mean([row.accuracy for row in self.unusual])

    @property
    def held_out_ratio(self) -> float | None:
        """The error of sketches by `unusual` hands over that of the scans."""
        return self._ratio_of(self.unusual)

    def ratio(self, mse: float) -> float:
        """An error over that of the scans; infinite where these are rebuilt without any."""
        return mse / self.scan_mse if self.scan_mse else float("inf")

    def table(self) -> Table:
        """A row for each kind."""
        return Table.of([self._record(row) for row in self.rows])

    def _ratio_of(self, rows: Sequence[KindRow]) -> float | None:
        mse = _mean([row.mse for row in rows])
        return None if mse is None else self.ratio(mse)

    def _record(self, row: KindRow) -> dict[str, Cell]:
        return {
            "model": self.model,
            "data": self.data,
            "digits": self.digits,
            "seed": self.seed,
            "kind": row.kind,
            "hand": "usual" if row.kind in KINDS else "unusual",
            "scan_accuracy": self.scan_accuracy,
            "sketch_accuracy": row.accuracy,
            "scan_mse": self.scan_mse,
            "sketch_mse": row.mse,
            "ratio": self.ratio(row.mse),
        }


def sketch_test(
    model: Model,
    data: DataSet,
    *,
    kinds: Sequence[str] = ALL_KINDS,
    limit: int | None = 500,
    seed: int = 0,
    neighbours: Neighbours | None = None,
    progress: Progress | None = None,
    cancelled: IsCancelled | None = None,
) -> SketchReport:
    """Have test images drawn again by each kind of hand; see whether the model knows and rebuilds them like the scans.

    kinds: of `ALL_KINDS`. limit: how many test images, evenly spread. neighbours: of the codes of all training images,
    which are encoded otherwise. Raises Cancelled, and AedeskError for another kind or where a part of `data` is empty.
    """
    if not len(data.train) or not len(data.test):
        raise AedeskError(f"{data.name} needs training and test images to judge sketches by.")
    watch = Watch(progress, cancelled)
    test = data.test.at_most(limit)
    drawn = sketches_by(test, kinds, seed, progress=progress, cancelled=cancelled)
    known = neighbours or _encoded(model, data.train, watch)
    shown = _examples(test)
    accuracy, mse, examples = _judged(model, known, test.images, test.labels, shown)
    rows = [
        KindRow(kind, *_judged(model, known, sketches, test.labels, shown))
        for kind, sketches in watch.each("rebuilding the sketches", list(zip(kinds, drawn, strict=True)))
    ]
    return SketchReport(model.name, data.name, len(test), seed, accuracy, mse, tuple(rows), examples)


def _encoded(model: Model, train: ImageSet, watch: Watch) -> Neighbours:
    codes = np.empty((len(train), model.code_size), np.float32)
    for chunk in watch.chunks("encoding the training images", len(train)):
        codes[chunk] = model.encode(train.pixels(chunk))
    return Neighbours(codes, train.labels)


def _judged(
    model: Model, known: Neighbours, images: np.ndarray, labels: np.ndarray, shown: np.ndarray
) -> tuple[float, float, np.ndarray]:
    """Of images (n, 28, 28) uint8: the share that 5-NN get right, the mean error, the shown ones as rebuilt."""
    pixels = images.astype(np.float32) / 255
    codes = model.encode(pixels)
    rebuilt = model.decode(codes)
    right = known.predict(codes, _NEIGHBOURS) == labels
    pairs = np.stack([pixels[shown], rebuilt[shown]], axis=1)
    return float(right.mean()), float(fidelity.mse(rebuilt, pixels).mean()), pairs


def _examples(images: ImageSet) -> np.ndarray:
    """Places of the first image of each of the first classes."""
    first: np.ndarray = np.unique(images.labels, return_index=True)[1][:_EXAMPLES]
    return first


def _mean(figures: Sequence[float]) -> float | None:
    return float(np.mean(figures)) if figures else None
