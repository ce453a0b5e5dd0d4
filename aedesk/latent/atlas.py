"""The codes of many training images under a model: what maps, guesses and samplers are made from."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from aedesk import paths
from aedesk.data.imageset import ImageSet
from aedesk.errors import AedeskError
from aedesk.latent import steps
from aedesk.storage import checkpoint as checkpoints
from aedesk.storage import files, library, runs, tensors

if TYPE_CHECKING:
    from aedesk.models.model import Model

_KIND = "atlas"
_MAX_CLASSES = 10_000
_MAX_EXACT = 8  # numbers of a code that a compact file keeps as float16: so few may be a map themselves

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Atlas:
    """Codes of training images, with their classes.

    codes: (N, D) float32, rounded to what `save` writes of them, float16 or bytes, where that is possible. labels:
    (N,) int64, indices into `classes`. source: what the images are, in words. fingerprint: of the model, by
    `storage.checkpoint.fingerprint`. data: the data set of the images, as `data.sources.load` takes it, or "" where
    it is not known. images: (N,) int32, which of its training images they are, or None where that is not known.
    """

    codes: np.ndarray = field(repr=False)
    labels: np.ndarray = field(repr=False)
    classes: tuple[str, ...]
    source: str
    fingerprint: str = ""
    data: str = ""
    images: np.ndarray | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def code_size(self) -> int:
        """How many numbers a code has."""
        return int(self.codes.shape[1])

    @property
    def non_negative(self) -> bool:
        """Whether the codes have gone through a ReLU: none is below zero."""
        return bool(self.codes.min() >= 0)

    def can_be_of(self, training_images: ImageSet) -> bool:
        """Whether these have the classes and the labels of the images that the codes are of."""
        if self.images is None or self.images.max() >= len(training_images):
            return False
        labels = training_images.labels[self.images]
        return self.classes == training_images.classes and np.array_equal(labels, self.labels)


def default_count(code_size: int) -> int:
    """How many codes an atlas holds unless told otherwise: at float16, 3 MB at most for the presets."""
    if code_size > 512:
        return 1500
    return 5000 if code_size > 64 else 10_000


def build(
    model: Model,
    training_images: ImageSet,
    count: int | None = None,
    seed: int = 0,
    source: str = "",
    data: str = "",
) -> Atlas:
    """The atlas of `count` training images drawn at random by `seed` (all of them where there are fewer)."""
    chosen = choose(training_images, model.code_size, count, seed)
    return assemble(
        model, training_images, chosen, model.encode(training_images.images[chosen]), source, data
    )


def choose(training_images: ImageSet, code_size: int, count: int | None = None, seed: int = 0) -> np.ndarray:
    """Which images `build` takes, (n,) int32 in ascending order. Raises AedeskError where there are none."""
    if not len(training_images):
        raise AedeskError("There are no images to make an atlas from; choose another data set.")
    order = np.random.default_rng(seed).permutation(len(training_images))
    return np.sort(order[: count or default_count(code_size)]).astype(np.int32)


def assemble(
    model: Model,
    training_images: ImageSet,
    chosen: np.ndarray,
    codes: np.ndarray,
    source: str = "",
    data: str = "",
) -> Atlas:
    """The atlas of images that have been encoded already, perhaps in parts.

    chosen: (n,), which of `training_images`. codes: (n, D), one for each of them. source, data: as in `Atlas`.
    """
    return Atlas(
        codes=_compact(codes).astype(np.float32),
        labels=training_images.labels[chosen].astype(np.int64),
        classes=training_images.classes,
        source=source,
        fingerprint=checkpoints.fingerprint(model.checkpoint),
        data=data,
        images=chosen.astype(np.int32),
    )


def save(atlas: Atlas, path: str | os.PathLike[str], compact: bool = False) -> None:
    """Write the atlas, whole or not at all, codes as float16 where their size allows. Raises AedeskError.

    compact: in about half the bytes, as what is shipped. Codes of more than 8 numbers become bytes, and no number
    moves by more than 1/254 of the range of its column (see `steps.taken`).
    """
    card = {
        "classes": list(atlas.classes),
        "source": atlas.source,
        "model": atlas.fingerprint,
        "data": atlas.data,
    }
    codes = _compact(atlas.codes)
    arrays = {"codes": codes, "labels": _narrow(atlas.labels, np.uint8 if compact else np.int32)}
    if compact and atlas.code_size > _MAX_EXACT and codes.dtype == np.float16:
        arrays["codes"], arrays["offset"], arrays["scale"] = steps.taken(atlas.codes, np.uint8)
    if atlas.images is not None:
        arrays["images"] = _narrow(atlas.images, np.uint16 if compact else np.int32)
    tensors.write(path, _KIND, arrays, card)


def load(path: str | os.PathLike[str], fingerprint: str | None = None, code_size: int | None = None) -> Atlas:
    """Read an atlas; with `fingerprint` and `code_size`, only if it belongs to that model.

    Raises AedeskError in one line that names the file.
    """
    path = Path(path)
    card, arrays = tensors.read(path, _KIND)
    try:
        atlas = _from_file(card, arrays)
    except (ValueError, TypeError, LookupError) as problem:
        raise AedeskError(f"{path}: not an atlas that aedesk can use: {tensors.one_line(problem)}") from None
    if fingerprint not in {None, atlas.fingerprint} or code_size not in {None, atlas.code_size}:
        raise AedeskError(f"{path}: an atlas of another model; delete it, and it will be made again")
    return atlas


def atlas_for(model_path: Path) -> Atlas | None:
    """The atlas of a model file, or of an epoch of a run: beside it, or in the cache, or None; one of no use is passed
    over."""
    if model_path.parent.name == runs.EPOCHS:
        checkpoint = library.load_checkpoint(model_path)
        fingerprint = checkpoints.fingerprint(checkpoint)
    else:
        checkpoint = checkpoints.read_card(model_path)
        fingerprint = checkpoints.fingerprint(model_path)
    code_size = checkpoint.architecture.code_size
    for path in (model_path.parent / runs.ATLAS, _cache_path(fingerprint)):
        if files.is_file(path):
            try:
                return load(path, fingerprint, code_size)
            except AedeskError as problem:
                _log.warning("atlas passed over: %s", problem)
    return None


def ensure(
    model_path: Path,
    model: Model,
    training_images: ImageSet,
    source: str = "",
    seed: int = 0,
    data: str = "",
) -> Atlas:
    """The atlas of a model file, built from `training_images` and kept in the cache if there is none yet."""
    known = atlas_for(model_path)
    if known is not None:
        return known
    built = build(model, training_images, seed=seed, source=source, data=data)
    path = _cache_path(built.fingerprint)
    try:
        files.make_folder(path.parent)
        save(built, path)
    except AedeskError as problem:
        _log.warning("the atlas is not kept: %s", problem)
    return built


def _cache_path(fingerprint: str) -> Path:
    return paths.cache() / "atlases" / f"{fingerprint}.safetensors"


def _compact(codes: np.ndarray) -> np.ndarray:
    """Half the bytes; codes too large for float16 (above 65,504) stay as they are."""
    largest = np.abs(codes).max(initial=0)
    return codes.astype(np.float16) if largest <= np.finfo(np.float16).max else codes


def _narrow(indices: np.ndarray, dtype: type[np.unsignedinteger | np.signedinteger]) -> np.ndarray:
    """Whole numbers from 0 in this type where they fit, else int32."""
    return indices.astype(dtype if indices.max(initial=0) <= np.iinfo(dtype).max else np.int32)


def _from_file(card: tensors.Card, arrays: tensors.Arrays) -> Atlas:
    """The atlas in what a file held; ValueError, TypeError or LookupError if there is none in it."""
    whole = "offset" in arrays  # then codes are bytes
    needed = {"codes", "labels"} | ({"offset", "scale"} if whole else set())
    if not needed <= arrays.keys() <= needed | {"images"}:
        raise ValueError("codes and labels expected, perhaps images, offset and scale, and nothing else")
    codes, labels, classes = arrays["codes"], arrays["labels"], card["classes"]
    if (
        codes.dtype not in ((np.uint8,) if whole else (np.float16, np.float32))
        or codes.ndim != 2
        or not codes.size
    ):
        raise ValueError(f"codes of the form {codes.dtype} {codes.shape}")
    if whole:
        codes = steps.values_of(codes, arrays["offset"], arrays["scale"])
    if labels.dtype not in (np.int32, np.uint8) or labels.shape != codes.shape[:1]:
        raise ValueError(f"{len(codes)} codes but labels of the form {labels.dtype} {labels.shape}")
    if not (
        isinstance(classes, list)
        and len(classes) <= _MAX_CLASSES
        and all(isinstance(c, str) for c in classes)
    ):
        raise ValueError("classes without names")
    if labels.min() < 0 or labels.max() >= len(classes):
        raise ValueError(f"labels from {labels.min()} to {labels.max()} for {len(classes)} classes")
    images, data = arrays.get("images"), card.get("data", "")  # an atlas of before they were kept has neither
    if images is not None:
        if images.dtype not in (np.int32, np.uint16) or images.shape != labels.shape or images.min() < 0:
            raise ValueError(
                f"{len(codes)} codes but indices of images of the form {images.dtype} {images.shape}"
            )
        images = images.astype(np.int32)
    if not all(isinstance(words, str) for words in (card["source"], card["model"], data)):
        raise ValueError("source, model or data of an unknown form")
    return Atlas(
        codes.astype(np.float32),
        labels.astype(np.int64),
        tuple(classes),
        card["source"],
        card["model"],
        data,
        images,
    )
