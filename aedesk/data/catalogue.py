"""The data sets known by name that are fetched: their files in torchvision's layout, and how to read them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from string import ascii_lowercase, digits

import numpy as np

from aedesk.data import idx
from aedesk.data.imageset import ImageSet
from aedesk.errors import AedeskError

_DIGITS = tuple(digits)


@dataclass(frozen=True)
class Source:
    """A published set of 28x28 images in four IDX files: images and labels, to train and to test.

    family: torchvision's class for it, which is also its folder. megabytes: what a fetch brings in; the two of
    EMNIST come in one archive. train, test: how the files' names begin.
    transposed: the images are stored column by column. first_label: the label of `classes[0]` in the files.
    """

    name: str
    family: str
    description: str
    megabytes: int
    classes: tuple[str, ...] = _DIGITS
    train: str = "train"
    test: str = "t10k"
    transposed: bool = False
    first_label: int = 0

    def folder(self, data: Path) -> Path:
        """Where the files lie below the folder of data sets."""
        return data / self.family / "raw"

    @property
    def parts(self) -> tuple[str, str]:
        """How the files' names begin: of the training part, of the test part."""
        return self.train, self.test

    def find(self, data: Path, file: str) -> Path | None:
        """The file, plain or gzipped, if it is there; EMNIST's archive unpacks into a folder `gzip`."""
        folder = self.folder(data)
        places = (folder / file, folder / f"{file}.gz", folder / "gzip" / f"{file}.gz")
        return next((place for place in places if place.is_file()), None)

    def missing(self, data: Path) -> list[str]:
        """The names of the files that are not there."""
        return [file for part in self.parts for file in files_of(part) if self.find(data, file) is None]

    def read(self, data: Path, part: str) -> ImageSet:
        """One of `parts`; a missing, broken or foreign file raises AedeskError naming it."""
        places = [self.find(data, file) or self.folder(data) / file for file in files_of(part)]
        images, labels = read_pair(*places)
        if images.shape[1:] != (28, 28):
            raise AedeskError(f"{places[0]} holds images of {images.shape[1]}x{images.shape[2]}, not 28x28")
        labels -= self.first_label
        if labels.min() < 0 or labels.max() >= len(self.classes):
            wrong = int(labels[(labels < 0) | (labels >= len(self.classes))][0]) + self.first_label
            last = self.first_label + len(self.classes) - 1
            raise AedeskError(f"{places[1]} has a label {wrong}, outside {self.first_label} to {last}")
        if self.transposed:
            images = np.ascontiguousarray(images.transpose(0, 2, 1))
        return ImageSet(images, labels, self.classes)


def files_of(part: str) -> tuple[str, str]:
    """The names of the images file and of the labels file."""
    return f"{part}-images-idx3-ubyte", f"{part}-labels-idx1-ubyte"


def read_pair(images_path: Path, labels_path: Path) -> tuple[np.ndarray, np.ndarray]:
    """(N, H, W) uint8 images with their (N,) int64 labels, from two IDX files that must belong together."""
    images = idx.read(images_path, dimensions=3)
    labels = idx.read(labels_path, dimensions=1).astype(np.int64)
    if len(images) != len(labels):
        raise AedeskError(
            f"{labels_path} has {len(labels):,} labels, but {images_path.name} has {len(images):,} images"
        )
    return images, labels


_FASHION = (
    "T-shirt",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
_KANA = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")

SOURCES = {
    source.name: source
    for source in (
        Source("mnist", "MNIST", "MNIST: handwritten digits, 60,000 to train and 10,000 to test", 12),
        Source(
            "fashion-mnist",
            "FashionMNIST",
            "Fashion-MNIST: clothes of ten kinds, 60,000 to train and 10,000 to test",
            31,
            _FASHION,
        ),
        Source(
            "kmnist",
            "KMNIST",
            "Kuzushiji-MNIST: ten cursive Japanese characters, 60,000 to train and 10,000 to test",
            21,
            _KANA,
        ),
        Source(
            "emnist-digits",
            "EMNIST",
            "EMNIST digits: handwritten digits, 240,000 to train and 40,000 to test",
            560,
            train="emnist-digits-train",
            test="emnist-digits-test",
            transposed=True,
        ),
        Source(
            "emnist-letters",
            "EMNIST",
            "EMNIST letters: handwritten a to z, small and capital as one, 124,800 to train and 20,800"
            " to test",
            560,
            tuple(ascii_lowercase),
            train="emnist-letters-train",
            test="emnist-letters-test",
            transposed=True,
            first_label=1,
        ),
    )
}
