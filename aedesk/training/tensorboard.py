"""A run as TensorBoard reads it: an event file, and an embedding with pictures for its projector."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aedesk.errors import AedeskError, Cancelled
from aedesk.models.checkpoint import Checkpoint
from aedesk.storage import checkpoint as checkpoints
from aedesk.storage import files, pictures, tensors
from aedesk.storage import sample as samples
from aedesk.storage.rewind import model_of, one_of_each, spread

if TYPE_CHECKING:
    from aedesk.storage.runs import Run
    from aedesk.storage.sample import Sample

Progress = Callable[[str, int, int | None], None]
"""Called with what is being done, how much of it is done, and out of how much."""

# TensorBoard reads every file with `tfevents` in its name: one name for ever, or a second export would be read as well.
EVENTS = "events.out.tfevents.0.aedesk"
PROJECTOR = "projector_config.pbtxt"
CODES, CLASSES, SPRITE = "codes.tsv", "metadata.tsv", "sprite.png"

_TAGS = {
    "train_loss": "loss/train",
    "validation_loss": "loss/validation",
    "train_penalty": "penalty/train",
    "validation_penalty": "penalty/validation",
    "learning_rate": "learning rate",
    "seconds": "seconds per epoch",
}
_PICTURES = "originals over reconstructions"
_MOST_EPOCHS, _SHOWN, _ENLARGED = 20, 10, 4  # pictures, digits in a row, pixels for one of a digit's
_SIDE = 28
_MOST_SPRITES = (8192 // _SIDE) ** 2  # the projector takes a picture of 8,192 px either way
_MISSING = 'TensorBoard files are written by the package tensorboard: pip install "aedesk[tensorboard]"'


def check() -> None:
    """Raise AedeskError, saying what to install, where the `tensorboard` extra is not here."""
    try:
        import tensorboard.compat.proto.event_pb2
        import tensorboard.plugins.projector.projector_config_pb2
        import tensorboard.summary.writer.record_writer  # noqa: F401
    except ImportError:
        raise AedeskError(_MISSING) from None


def export(
    run: Run,
    folder: Path,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> None:
    """Write the run into `folder`, for `tensorboard --logdir FOLDER`; what an older export left there is replaced.

    The scalars of every epoch; ten images over what kept epochs, at most 20, make of them; and the codes of the run's
    sample under its model, with classes, errors and pictures. What the run has not kept is left out. Nothing is written
    before all is made. Raises AedeskError (no `tensorboard` extra, no history, a damaged file, a full disk) and
    Cancelled.
    """
    check()
    history = run.read_history()
    if not history:
        raise AedeskError(
            f"{run.path}: no epoch of this run has been completed, so there is nothing to export"
        )
    tell = _Teller(progress, cancelled)
    sample = samples.load(run.sample) if files.is_file(run.sample) else None
    if sample is not None and not len(sample.labels):
        sample = None
    made = {EVENTS: _recorded(_events(run, history, sample, tell))}
    if sample is not None and files.is_file(run.model):
        tell("Encoding the sample", 0, 1)
        made |= _embedding(checkpoints.load(run.model), sample)
        tell("Encoding the sample", 1, 1)
    files.make_folder(folder)
    for name, content in made.items():  # the configuration last: it names the others
        files.write_whole(folder / name, content)


class _Teller:
    """Tells how far the work has come, and ends it where it is no longer wanted."""

    def __init__(self, progress: Progress | None, cancelled: Callable[[], bool] | None) -> None:
        self._progress, self._cancelled = progress, cancelled

    def __call__(self, stage: str, done: int, total: int) -> None:
        if self._cancelled is not None and self._cancelled():
            raise Cancelled("The export for TensorBoard was cancelled; nothing was written.")
        if self._progress is not None:
            self._progress(stage, done, total)


def _recorded(events: Iterator[Any]) -> bytes:
    """The bytes of an event file: records with checksums."""
    from tensorboard.summary.writer.record_writer import RecordWriter

    content = io.BytesIO()
    writer = RecordWriter(content)
    for event in events:
        writer.write(event.SerializeToString())
    return content.getvalue()


def _events(run: Run, history: list[dict[str, float]], sample: Sample | None, tell: _Teller) -> Iterator[Any]:
    """Every event of the run: what kind of file this is, scalars, pictures."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary

    times = _times(run, history)
    yield Event(wall_time=times[0], file_version="brain.Event:2")
    for row in history:
        epoch = int(row["epoch"])
        values = [
            Summary.Value(tag=tag, simple_value=row[name])
            for name, tag in _TAGS.items()
            if math.isfinite(row.get(name, math.nan))
        ]
        yield Event(wall_time=times[epoch], step=epoch, summary=Summary(value=values))
    if sample is None:
        return
    chosen = one_of_each(sample.labels, _SHOWN)
    originals = sample.images[chosen].astype(np.float32) / 255
    epochs = spread(run.epochs.kept(), _MOST_EPOCHS)
    for number, epoch in enumerate(epochs):
        tell("Reading epochs", number, len(epochs))
        if not files.is_file(
            run.epochs.path(epoch)
        ):  # a window that trains the run has thinned it a moment ago
            continue
        rebuilt = model_of(run.epochs.load(epoch)).reconstruct(originals)
        picture = pictures.sheet([originals, rebuilt], _ENLARGED)
        image = Summary.Image(
            height=picture.shape[0],
            width=picture.shape[1],
            colorspace=1,  # grey
            encoded_image_string=pictures.png(picture),
        )
        summary = Summary(value=[Summary.Value(tag=_PICTURES, image=image)])
        yield Event(wall_time=times.get(epoch, times[0]), step=epoch, summary=summary)
    tell("Reading epochs", len(epochs), len(epochs))


def _times(run: Run, history: list[dict[str, float]]) -> dict[int, float]:
    """When each epoch ended, and 0 began, had the run gone on without a pause until its history was written last."""
    worked = [0.0]
    for row in history:
        seconds = row.get("seconds", math.nan)
        worked.append(worked[-1] + (seconds if math.isfinite(seconds) else 0.0))
    try:
        began = run.history.stat().st_mtime - worked[-1]
    except OSError:
        began = 0.0
    epochs = [0, *(int(row["epoch"]) for row in history)]
    return {epoch: began + seconds for epoch, seconds in zip(epochs, worked, strict=True)}


def _embedding(checkpoint: Checkpoint, sample: Sample) -> dict[str, bytes]:
    """The files of the projector, by name: a row of codes, a row of words and a picture for each image."""
    from aedesk.models.model import Model

    model = Model(checkpoint)
    images = sample.images[:_MOST_SPRITES].astype(np.float32) / 255
    codes = model.encode(images)
    errors = np.square(model.decode(codes) - images).mean(axis=(1, 2))
    # The projector looks at three components, and draws nothing at all where there are fewer numbers.
    columns = np.pad(codes, ((0, 0), (0, max(0, 3 - codes.shape[1]))))
    rows = ["\t".join(f"{number:.6g}" for number in code) for code in columns]
    names = [tensors.one_line(name) or "-" for name in sample.classes]  # a tab would be a column
    words = [f"{names[label]}\t{error:.6f}" for label, error in zip(sample.labels, errors, strict=False)]
    return {
        CODES: ("\n".join(rows) + "\n").encode(),
        CLASSES: ("\n".join(["class\tsquared error", *words]) + "\n").encode(),
        SPRITE: pictures.png(_sprite(1 - images)),
        PROJECTOR: _configuration(checkpoint.name, columns.shape).encode(),
    }


def _sprite(images: np.ndarray) -> np.ndarray:
    """(n, 28, 28) row by row in one square picture, which is how the projector counts them; uint8.

    Dark ink: the projector colours what is bright, and so the whole square.
    """
    side = math.ceil(math.sqrt(len(images)))
    tiles = np.ones((side * side, _SIDE, _SIDE), np.float32)
    tiles[: len(images)] = images
    return pictures.sheet(list(tiles.reshape(side, side, _SIDE, _SIDE)), 1)


def _configuration(name: str, shape: tuple[int, ...]) -> str:
    from google.protobuf import text_format
    from tensorboard.plugins.projector.projector_config_pb2 import (
        EmbeddingInfo,
        ProjectorConfig,
        SpriteMetadata,
    )

    embedding = EmbeddingInfo(
        tensor_name=f"codes of {name}",
        tensor_shape=shape,
        tensor_path=CODES,
        metadata_path=CLASSES,
        sprite=SpriteMetadata(image_path=SPRITE, single_image_dim=[_SIDE, _SIDE]),
    )
    text: str = text_format.MessageToString(ProjectorConfig(embeddings=[embedding]))
    return text
