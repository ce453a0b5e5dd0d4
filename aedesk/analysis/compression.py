"""Compression by a model: codes in few bits each, and what that costs and saves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from aedesk.analysis.watch import IsCancelled, Progress, Watch
from aedesk.errors import AedeskError
from aedesk.latent.quantiser import Quantiser
from aedesk.storage import aez as container
from aedesk.storage import library, runs
from aedesk.storage.aez import Aez
from aedesk.storage.frequencies import Bins
from aedesk.storage.groups import MOST_TABLES, Groups
from aedesk.storage.levels import Kind
from aedesk.storage.tensors import one_line

if TYPE_CHECKING:
    from aedesk.models.model import Model

RAW_BITS = 28 * 28 * 8
"""Of a picture whose pixels are bytes."""

_ENOUGH = 1000  # pictures that are their own best training set for a quantiser
_GROUPS = 32
_NO_CODES = "The file is damaged: its codes are none that its model can have made; make it again."
_FEW_STEPS = 300  # different values of a code number that has been rounded to a byte


@dataclass(frozen=True, eq=False)
class Codec:
    """A quantiser, and how often each of its levels comes, both from training codes: what two ends may agree on.

    A file does not take this for granted: see `compress`.
    """

    quantiser: Quantiser
    groups: Groups = field(repr=False)

    @classmethod
    def fit(cls, model: Model | None, codes: np.ndarray, bits: int, kind: Kind = "uniform") -> Codec:
        """From training codes (N, D), of `model` if it is given: of another size they raise ValueError."""
        if model is not None and codes.shape[1:] != (model.code_size,):
            raise ValueError(f"codes of {model.name} have {model.code_size} numbers, not {codes.shape[1:]}")
        codes = unrounded(codes)
        quantiser = Quantiser.fit(codes, bits, kind)
        bins = Bins(quantiser.table.counts)
        return cls(quantiser, Groups.alike(quantiser.indices(codes), bins, bits, _groups(codes)))

    def bits(self, codes: np.ndarray) -> np.ndarray:
        """(N,) float64: what the range coder takes for each of codes (N, D), where both ends have this codec."""
        return self.groups.bits(self.quantiser.indices(codes))

    def quantised(self, codes: np.ndarray) -> np.ndarray:
        """Codes (N, D) as they come back: (N, D) float32."""
        return self.quantiser.codes(self.quantiser.indices(codes))


def compress(
    model: Model,
    images: np.ndarray,
    *,
    bits: int = 4,
    kind: Kind = "uniform",
    names: Sequence[str] = (),
    codes: np.ndarray | None = None,
    progress: Progress | None = None,
    cancelled: IsCancelled | None = None,
) -> Aez:
    """Images (N, 28, 28), floats in [0, 1] or uint8, as what `storage.aez.write` writes.

    names: a file name for each image, or none. codes: (n, D) of training images, to fit the quantiser to where there
    are fewer than a thousand images; without them it is fitted to the images alone. Raises Cancelled, and AedeskError
    where there are no images.
    """
    if not len(images):
        raise AedeskError("There are no pictures to compress; choose at least one.")
    if len(names) not in {0, len(images)}:
        raise ValueError(f"{len(names)} names for {len(images)} images")
    try:
        container.check_extent(len(images), model.code_size)
    except ValueError as problem:
        raise AedeskError(f"The pictures cannot be compressed into one file: {problem}.") from None
    watch = Watch(progress, cancelled)
    own = np.concatenate([model.encode(images[chunk]) for chunk in watch.chunks("encoding", len(images))])
    fitted = own if codes is None or len(own) >= _ENOUGH else unrounded(codes)
    quantiser = Quantiser.fit(fitted, bits, kind)
    indices = quantiser.indices(own)
    found = container.model_hash(model.checkpoint)
    return Aez(one_line(model.name), found, quantiser.table, indices, tuple(names))


def decompress(
    aez: Aez, model: Model, *, progress: Progress | None = None, cancelled: IsCancelled | None = None
) -> np.ndarray:
    """The pictures, (N, 28, 28) float32 in [0, 1].

    Raises Cancelled, and AedeskError for another model's file and for codes that no picture has.
    """
    if container.model_hash(model.checkpoint) != aez.model_hash:
        raise AedeskError(
            f"The pictures were compressed by {aez.model!r} (weights {aez.model_hash[:12]}), and the model "
            f"{model.name!r} here has other weights ({container.model_hash(model.checkpoint)[:12]}); choose that one."
        )
    if aez.levels.code_size != model.code_size:
        raise AedeskError(_NO_CODES)
    watch = Watch(progress, cancelled)
    pictures = np.empty((len(aez), 28, 28), np.float32)
    for chunk in watch.chunks("decoding", len(aez)):
        codes = aez.levels.codes(aez.indices[chunk])
        if not np.isfinite(codes).all():
            raise AedeskError(_NO_CODES)
        pictures[chunk] = model.decode(codes)
        if not np.isfinite(pictures[chunk]).all():
            raise AedeskError(_NO_CODES)
    return pictures


def find_model(aez: Aez) -> library.ModelName:
    """What `storage.library` loads the file's model by, among the shipped models and the user's runs.

    Raises AedeskError that names the model where none has these weights.
    """
    names: list[library.ModelName] = [*library.shipped(), *runs.list_runs()]
    for name in sorted(names, key=lambda name: str(name) != aez.model):  # the most likely one first
        try:
            if container.model_hash(library.resolve(name)) == aez.model_hash:
                return name
        except AedeskError:  # a run that is damaged is not the one
            continue
    raise AedeskError(
        f"The pictures were compressed by the model {aez.model!r} with weights {aez.model_hash[:12]}, which is neither "
        "shipped nor among your runs; name its file with --model."
    )


def unrounded(codes: np.ndarray) -> np.ndarray:
    """Codes (N, D) as before an atlas rounded them to bytes, as far as can be: spread evenly within each step.

    Zeros stay, since a ReLU gives them. What was not rounded stays as it is.
    """
    spread = codes.astype(np.float32)
    evenly, rng = np.linspace(-0.5, 0.5, len(codes)), np.random.default_rng(0)
    for column in spread.T:
        values = np.unique(column)
        if 1 < len(values) <= min(_FEW_STEPS, len(codes) // 4):
            column += np.where(column == 0, 0, np.diff(values).min() * rng.permutation(evenly)).astype(
                np.float32
            )
    return spread


def _groups(codes: np.ndarray) -> int:
    """How many groups of alike images training codes (N, D) can teach."""
    return max(1, min(_GROUPS, len(codes) // 200, MOST_TABLES // int(codes.shape[1])))
