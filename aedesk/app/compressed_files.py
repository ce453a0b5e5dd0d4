"""Bits and quality of a whole data set, and pictures in .aez files: works for a `Task`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from aedesk.app.loading import ActiveModel
from aedesk.app.task import Work
from aedesk.data.sources import load
from aedesk.errors import Cancelled

if TYPE_CHECKING:
    from aedesk.analysis.rates import RatePoint
    from aedesk.analysis.watch import IsCancelled, Progress
    from aedesk.models.model import Model
    from aedesk.storage.aez import Aez
    from aedesk.storage.levels import Kind

_PIXELS = 28 * 28


@dataclass(frozen=True, eq=False)
class Measured:
    """points: of every method. data, count: which test images, and how many of them."""

    points: Sequence[RatePoint]
    data: str
    count: int


def measure(active: ActiveModel, data: str, limit: int | None, *, every_model: bool) -> Work[Measured]:
    """The work that measures bits and quality on test images of a data set.

    every_model: also of the shipped ones whose code has fewer numbers than a picture has pixels.
    """

    def work(progress: Progress, cancelled: IsCancelled) -> Measured:
        from aedesk.analysis.rates import BITS, rate_distortion
        from aedesk.storage.library import load_checkpoint, load_model, shipped

        progress("reading the data", 0, 1)
        images = load(data)
        models = [active.model]
        for name in shipped() if every_model else []:
            # The others take minutes, for codes that no one would call compressed.
            is_smaller = load_checkpoint(name).architecture.code_size < _PIXELS
            if is_smaller and name != active.model.name:
                models.append(load_model(name))
        points = rate_distortion(
            models, images, bits=BITS, limit=limit, progress=progress, cancelled=cancelled
        )
        return Measured(points, images.name, min(limit or len(images.test), len(images.test)))

    return work


def save_drawing(active: ActiveModel, image: np.ndarray, bits: int, kind: Kind, path: Path) -> Work[str]:
    """The work that writes one picture (28, 28) into an .aez file, and says what that took."""

    def work(progress: Progress, cancelled: IsCancelled) -> str:
        from aedesk.analysis.compression import compress

        aez = compress(
            active.model, image[None], bits=bits, kind=kind, names=["drawing.png"], codes=active.atlas.codes
        )
        return _write(aez, active.model, image[None], path)

    return work


def compress_data(active: ActiveModel, data: str, bits: int, kind: Kind, path: Path) -> Work[str]:
    """The work that writes the test images of a data set into an .aez file, and says what that took."""

    def work(progress: Progress, cancelled: IsCancelled) -> str:
        from aedesk.analysis.compression import compress

        progress("reading the data", 0, 1)
        images = load(data).test.images
        aez = compress(
            active.model,
            images,
            bits=bits,
            kind=kind,
            codes=active.atlas.codes,
            progress=progress,
            cancelled=cancelled,
        )
        progress("coding", 0, 1)
        if cancelled():
            raise Cancelled("Nothing was written.")
        return _write(aez, active.model, images.astype(np.float32) / 255, path)

    return work


@dataclass(frozen=True, eq=False)
class Opened:
    """What is in a file: images (N, 28, 28) float32 in [0, 1] with a name each; words: about it, in a line."""

    path: Path
    images: np.ndarray
    names: Sequence[str]
    words: str


def open_file(path: Path, active: ActiveModel | None) -> Work[Opened]:
    """The work that decodes the pictures of an .aez file, by the model in use if it is of that."""

    def work(progress: Progress, cancelled: IsCancelled) -> Opened:
        from aedesk.analysis.compression import decompress, find_model
        from aedesk.storage import aez as container
        from aedesk.storage.library import load_model

        progress("reading the file", 0, 1)
        aez = container.read(path)
        if active is not None and container.model_hash(active.model.checkpoint) == aez.model_hash:
            model = active.model
        else:
            model = load_model(find_model(aez))
        images = decompress(aez, model, progress=progress, cancelled=cancelled)
        size = 8 * path.stat().st_size / len(images)
        words = (
            f"{path.name}: {_pictures(len(images))} by {model.name}, {aez.levels.bits} bits for each number; "
            f"{size:,.0f} bits of the file for each picture"
        )
        return Opened(
            path, images, aez.names or [f"{number:,}" for number in range(1, len(images) + 1)], words
        )

    return work


def _write(aez: Aez, model: Model, images: np.ndarray, path: Path) -> str:
    """Write the file; images: (N, 28, 28) in [0, 1], what it is of."""
    from aedesk.analysis import fidelity
    from aedesk.analysis.compression import decompress
    from aedesk.storage import aez as container

    sizes = container.write(path, aez)
    psnr = float(fidelity.psnr(decompress(aez, model), images).mean())
    saved = f"Saved {path.name}: {_pictures(len(images))}, PSNR {psnr:.1f} dB, {sizes.file:,} bytes"
    if len(images) == 1:
        return (
            f"{saved}: {sizes.payload:,} of code, the rest for what many pictures would share (levels, names)"
        )
    return f"{saved}: {sizes.file_bits:,.0f} bits for each, {sizes.code_bits:,.0f} of them code"


def _pictures(count: int) -> str:
    return "1 picture" if count == 1 else f"{count:,} pictures"
