"""The pictures of a data set in the order of their oddness."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aedesk.analysis.anomaly import Detector, ScoreKind, Scores
from aedesk.analysis.watch import IsCancelled, Progress
from aedesk.data.imageset import ImageSet
from aedesk.storage.table import Table


@dataclass(frozen=True, eq=False)
class Ranking:
    """order: (N,) int64, which of the images, the oddest first. scores: of the images, in their own order.

    shares: (N,) float64, of the usual pictures that are less odd, for each image in its own order.
    """

    images: ImageSet
    order: np.ndarray
    scores: Scores
    shares: np.ndarray
    kind: ScoreKind = "combined"

    def __len__(self) -> int:
        return len(self.order)

    def strangest(self, count: int) -> np.ndarray:
        """The first `count` of the order, as (n, 28, 28) float32 in [0, 1]."""
        return self.images.pixels(self.order[:count])

    def flagged(self, threshold: float) -> int:
        """How many images are odder than a threshold of `Detector.threshold`."""
        return int((self.scores.of(self.kind) > threshold).sum())

    @property
    def table(self) -> Table:
        """A row for each image, the oddest first."""
        names = self.images.classes
        return Table.of(
            [
                {
                    "rank": rank,
                    "image": int(image),
                    "class": names[self.images.labels[image]],
                    "combined": float(self.scores.combined[image]),
                    "reconstruction": float(self.scores.reconstruction[image]),
                    "code": float(self.scores.code[image]),
                    "share_below": float(self.shares[image]),
                }
                for rank, image in enumerate(self.order, 1)
            ]
        )


def rank(
    detector: Detector,
    images: ImageSet,
    *,
    kind: ScoreKind = "combined",
    progress: Progress | None = None,
    cancelled: IsCancelled | None = None,
) -> Ranking:
    """The images, the oddest first by `kind`; ties in their own order. Raises Cancelled."""
    scores = detector.score(images.images, progress=progress, cancelled=cancelled)
    values = scores.of(kind)
    shares = np.array([detector.share_below(float(value), kind) for value in values])
    return Ranking(images, np.argsort(-values, kind="stable"), scores, shares, kind)
