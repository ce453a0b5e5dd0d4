"""Two ways to measure how well the odd is found: a class held out of training, and another data set."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from aedesk.analysis.anomaly import KINDS, Detector, ScoreKind, Scores
from aedesk.analysis.detection import Curve, at_false_alarms, precision_recall, roc
from aedesk.analysis.watch import IsCancelled, Progress, Watch
from aedesk.data.imageset import DataSet, ImageSet
from aedesk.errors import AedeskError
from aedesk.storage.table import Table

if TYPE_CHECKING:
    from aedesk.models.model import Model

Train = Callable[[ImageSet, Progress, IsCancelled], "Model"]
"""Trains a network on images: `training.in_memory.trainer(preset, epochs=...)` makes one."""


@dataclass(frozen=True)
class HeldOut:
    """What came of holding out a class: index `digit`, called `name`. aucs: the area under the ROC curve by score."""

    digit: int
    name: str
    aucs: dict[ScoreKind, float]


@dataclass(frozen=True)
class Published:
    """A published figure of the same protocol on MNIST. mean_auc: over the ten digits. source: where it is told."""

    method: str
    mean_auc: float
    source: str


_RAPP = (
    "Kim et al., RaPP: Novelty Detection with Reconstruction along Projection Pathway, ICLR 2020 (its multimodal"
    " normality), measured again in github.com/missflash/RaPP, with a split of its own"
)
_TONNAER = (
    "Tonnaer, PhD thesis, chapter Anomaly Detection with Variational Autoencoders, table 3.3, p. 41, mean of its ten"
    " columns (books.ipskampprinting.nl/thesis/603556-Tonnaer/65)"
)
PUBLISHED: tuple[Published, ...] = (
    Published("VAE with RaPP's SAP score", 0.930, _RAPP),
    Published("autoencoder with RaPP's NAP score", 0.916, _RAPP),
    Published("VAE, reconstruction error", 0.880, _RAPP),
    Published("autoencoder, reconstruction error", 0.859, _RAPP),
    Published("VAE of 2 numbers, likelihood bound", 0.855, _TONNAER),
    Published("VAE of 32 numbers, likelihood bound", 0.718, _TONNAER),
)
"""The best first. In each a digit of MNIST is held out, and no label of the other nine is used."""


@dataclass(frozen=True, eq=False)
class Told:
    """How well usual pictures are told from odd ones, by each kind of score."""

    usual: Scores
    odd: Scores
    roc: dict[ScoreKind, Curve]
    precision_recall: dict[ScoreKind, Curve]

    def flagged(self, false_alarms: float, kind: ScoreKind = "combined") -> float:
        """The share of odd ones flagged where the threshold flags this share of the usual ones."""
        return at_false_alarms(self.roc[kind], false_alarms)

    @property
    def table(self) -> Table:
        """A row for each kind of score."""
        return Table.of(
            [
                {
                    "score": kind,
                    "auc": self.roc[kind].auc,
                    "average_precision": self.precision_recall[kind].auc,
                    "hits_at_1_percent": self.flagged(0.01, kind),
                    "hits_at_5_percent": self.flagged(0.05, kind),
                }
                for kind in KINDS
            ]
        )


def hold_out(
    data: DataSet,
    digits: Sequence[int],
    train: Train,
    *,
    progress: Progress | None = None,
    cancelled: IsCancelled | None = None,
) -> Iterator[HeldOut]:
    """For each class of `digits`: train on the others' training images, and find its test images among the others'.

    Labels are used to hold the class out and to judge, nowhere else. Raises Cancelled.
    """
    watch = Watch(progress, cancelled)
    for digit in digits:
        name = data.train.classes[digit]
        told = _step_of(progress, f"without {name}: ")
        known = data.train[data.train.labels != digit]
        is_odd = data.test.labels == digit
        if not len(known) or is_odd.all() or not is_odd.any():
            raise AedeskError(
                f"{data.name}: class {name} cannot be held out, it is the only one or has no test images"
            )
        model = train(known, told, watch.cancelled)
        detector = Detector.fit(model, known, most_usual=0, progress=told, cancelled=cancelled)
        scores = detector.score(data.test.images, progress=told, cancelled=cancelled)
        aucs = {kind: roc(scores.of(kind)[~is_odd], scores.of(kind)[is_odd]).auc for kind in KINDS}
        yield HeldOut(digit, name, aucs)


def mean_auc(found: Sequence[HeldOut], kind: ScoreKind = "combined") -> float:
    return float(np.mean([one.aucs[kind] for one in found]))


def held_out_table(found: Sequence[HeldOut]) -> Table:
    """A row for each class held out."""
    return Table.of(
        [{"held_out": one.name, **{f"auc_{kind}": one.aucs[kind] for kind in KINDS}} for one in found]
    )


def other_set(
    detector: Detector,
    known_test: ImageSet,
    odd: ImageSet | np.ndarray,
    *,
    progress: Progress | None = None,
    cancelled: IsCancelled | None = None,
) -> Told:
    """Test images like the known ones against `odd`, another set or pictures (N, 28, 28). Raises Cancelled."""
    pictures = odd.images if isinstance(odd, ImageSet) else odd
    usual = detector.score(known_test.images, progress=progress, cancelled=cancelled)
    strange = detector.score(pictures, progress=progress, cancelled=cancelled)
    pairs = {kind: (usual.of(kind), strange.of(kind)) for kind in KINDS}
    return Told(
        usual,
        strange,
        {kind: roc(*pair) for kind, pair in pairs.items()},
        {kind: precision_recall(*pair) for kind, pair in pairs.items()},
    )


def _step_of(progress: Progress | None, before: str) -> Progress:
    def tell(what: str, done: int, total: int) -> None:
        if progress:
            progress(before + what, done, total)

    return tell
