"""The quality card of a model: how good it is, how that was measured, and how the model was made."""

from __future__ import annotations

import datetime
import logging
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aedesk.analysis import card_figures, quality
from aedesk.analysis.judge import Judge
from aedesk.analysis.watch import IsCancelled, Progress, Watch
from aedesk.data.imageset import DataSet
from aedesk.errors import AedeskError
from aedesk.latent import atlas as atlases
from aedesk.latent.atlas import Atlas
from aedesk.storage import card_file, files
from aedesk.storage import checkpoint as checkpoints
from aedesk.storage.strict_fields import checked
from aedesk.storage.tensors import one_line

if TYPE_CHECKING:
    from aedesk.models.model import Model

_KNOWN = 0.9  # the judge's accuracy below which these are no digits as it knows them, whatever their classes are called
_OF_DIGITS = (
    "sampler",
    "sample_score",
    "map_kind",
    "map_sure",
    "map_sure_near",
    "map_dead",
    "judge_accuracy",
    "sketches",
    "scan_accuracy",
    "sketch_accuracy",
    "sketch_ratio",
    "held_out_accuracy",
    "held_out_ratio",
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Tuned:
    """What a better schedule makes of the same network.

    mse: on the same test images. command: that trains it. seconds: of training, on `device`. date: ISO, of training.
    """

    mse: float
    command: str
    seconds: float
    device: str
    date: str


@dataclass(frozen=True)
class Card:
    """The figures of one model, taken on `test_images` test images of `data`; None is what does not apply.

    fingerprint: of the weights, by `storage.checkpoint.fingerprint`. model: its name. network: its layers, in short.
    kind: of the recipe, such as `plain` or `variational`. data: the name of the data set that was measured on.

    Rebuilding. mse: mean over all pixels, in [0, 1]. psnr: dB at peak 1, of each image, then the mean. ssim: 7x7
    window, mean over images. pca_mse: of PCA with as many numbers; None where a code is larger than the picture.

    Classes and neighbours, of the mean code where the model is variational. knn_accuracy, nn_accuracy: shares of the
    test images whose class the 5 nearest, the nearest of the codes of all training images tell. trustworthiness: in
    [0, 1], of the codes against the pixels, 12 neighbours, the first 5,000 test images; None where there are too few.
    active_dimensions: how many of the `code_size` numbers tell of the picture (`quality.active_dimensions`).

    Generating, as the judge sees it (`analysis.judge`), of digits only. sample_score: share of 2,000 samples by
    `sampler`, the first that the window offers, that it gives one class with p > .9. map_kind: of the map that the
    window shows first. map_sure: the share of its cells whose digit the judge is sure of, over all that is visible;
    map_sure_near: of those cells near a code. map_dead: the largest connected area it is not sure of, as a share of all
    cells. judge_accuracy: of the judge itself on the test images.

    Sketches, drawn by a simulated pen after `sketches` test digits, once by each kind of hand. scan_accuracy: 5-NN of
    these digits as scans. sketch_accuracy, held_out_accuracy: of sketches by hands that may have been trained on, and
    by hands never trained on. sketch_ratio, held_out_ratio: the MSE of these sketches over that of the scans.

    Making. trained_on: a data set. epochs, seconds: of training. device, precision, threads, command: of training; ""
    or None where that is not known. date: ISO, of measuring. versions: of what was measured with, by package.
    tuned: better schedules of this network.
    """

    fingerprint: str
    model: str
    network: str
    kind: str
    code_size: int
    parameters: int

    data: str
    train_images: int
    test_images: int

    mse: float
    psnr: float | None
    ssim: float
    pca_mse: float | None

    knn_accuracy: float
    nn_accuracy: float
    trustworthiness: float | None
    active_dimensions: int

    sampler: str | None
    sample_score: float | None
    map_kind: str | None
    map_sure: float | None
    map_sure_near: float | None
    map_dead: float | None
    judge_accuracy: float | None

    sketches: int | None
    scan_accuracy: float | None
    sketch_accuracy: float | None
    sketch_ratio: float | None
    held_out_accuracy: float | None
    held_out_ratio: float | None

    trained_on: str
    loss: str
    epochs: int
    seconds: float | None
    device: str
    precision: str
    threads: int | None
    command: str

    date: str
    versions: dict[str, str]
    tuned: tuple[Tuned, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """JSON-safe, in the order of the fields; `from_json` reads it back."""
        return asdict(self)

    @classmethod
    def from_json(cls, plain: object) -> Card:
        """What `to_json` made, and nothing else. Raises ValueError that says what is wrong."""
        return checked(cls, plain)


def measure(
    model: Model,
    data: DataSet,
    atlas: Atlas | None = None,
    model_path: Path | None = None,
    *,
    progress: Progress | None = None,
    cancelled: IsCancelled | None = None,
) -> Card:
    """Take all figures of a model on `data.test`; `data.train` and the atlas serve as reference only.

    atlas: of the model, as `atlas_for` finds it, so that samples and the map are those of the window; else one is made
    from `data.train`. model_path: of the model's file, beside which its mixture may lie. What only digits have is None
    for pictures of anything else.
    Raises Cancelled, and AedeskError where a part of `data` is empty.
    """
    codes = quality.encode(model, data, progress=progress, cancelled=cancelled)
    figures = quality.evaluate(model, data, codes, progress=progress, cancelled=cancelled)
    if atlas is None:
        chosen = atlases.choose(data.train, model.code_size)
        atlas = atlases.assemble(model, data.train, chosen, codes.train[chosen])
    found: dict[str, Any] = dict.fromkeys(_OF_DIGITS)
    judge = Judge.load()
    found["judge_accuracy"] = card_figures.judge_accuracy(judge, data.test, Watch(progress, cancelled))
    if (found["judge_accuracy"] or 0.0) >= _KNOWN:
        found |= card_figures.generating(judge, model, atlas, model_path, progress, cancelled)
        found |= card_figures.sketching(model, data, codes.train, progress, cancelled)
    return checked(
        Card,
        {
            **figures,
            **found,
            **card_figures.making(model.checkpoint),
            "data": one_line(data.name),
            "train_images": len(data.train),
            "test_images": len(data.test),
            "date": datetime.date.today().isoformat(),
            "versions": card_figures.versions(),
            "tuned": (),
        },
    )


def card_of(model_path: Path) -> Card | None:
    """The card that is kept beside a model file, if it is whole and of these weights; else None."""
    path = card_file.path_of(model_path)
    if not files.is_file(path):
        return None
    try:
        card = Card.from_json(card_file.read(path))
        if card.fingerprint != checkpoints.fingerprint(model_path):
            raise ValueError("it is of other weights")
    except (AedeskError, ValueError) as problem:
        _log.warning("%s: card passed over: %s", path, problem)
        return None
    return card


def keep(card: Card, model_path: Path) -> Card:
    """Write the card beside the model file it is of, whole or not at all; better schedules known before stay.

    Returned as it was written. Raises AedeskError where that cannot be, or where the file holds other weights.
    """
    if card.fingerprint != checkpoints.fingerprint(model_path):
        raise AedeskError(f"{model_path}: these weights are not those that were measured; measure them again")
    before = card_of(model_path)
    if before is not None and not card.tuned:
        card = replace(card, tuned=before.tuned)
    card_file.write(card_file.path_of(model_path), card.to_json())
    return card
