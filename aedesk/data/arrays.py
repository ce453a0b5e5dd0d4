"""Images and labels from an .npz file, which is taken for hostile until its headers have been checked."""

from __future__ import annotations

import zipfile
from math import prod
from pathlib import Path

import numpy as np

from aedesk.errors import AedeskError

LIMIT = 1 << 30  # bytes of one array

# Images and labels of each part, by the names that Keras, MedMNIST and plain habit give them.
_LAYOUTS = (
    (("x_train", "y_train"), ("x_test", "y_test")),
    (("train_images", "train_labels"), ("test_images", "test_labels")),
    (("images", "labels"),),
    (("x", "y"),),
)
_FORMS = "(N, height, width), (N, height, width, 1) or (N, 784)"


def is_npz(path: Path) -> bool:
    """Whether the file calls itself .npz or is an archive as .npz files are; AedeskError if it is no file."""
    try:
        if not path.is_file():  # a named pipe would be waited for, and some devices have no end
            raise AedeskError(f"{path} is not a regular file: give an IDX file, an .npz file or a folder")
        with path.open("rb") as file:
            return path.suffix.lower() == ".npz" or file.read(4) == b"PK\3\4"
    except OSError as problem:
        raise AedeskError(f"{path} cannot be read: {problem.strerror or problem}") from None


def read_npz(path: Path) -> list[tuple[np.ndarray, np.ndarray | None]]:
    """The training part, then the test part if there is one: (N, H, W) uint8 images, (N,) labels or None.

    Labels are whole numbers or strings. Pixels may be 0 to 255, or 0 to 1. Raises AedeskError.
    """
    arrays = _read_arrays(path)
    layout = next((layout for layout in _LAYOUTS if layout[0][0] in arrays), None)
    if layout is None:
        raise AedeskError(
            f"{path} holds neither `images` and `labels` nor `x_train`, `y_train`, `x_test` and `y_test`"
        )
    parts: list[tuple[np.ndarray, np.ndarray | None]] = []
    for images_name, labels_name in layout:
        if images_name not in arrays:
            continue
        images = _as_images(arrays[images_name], f"{path}: {images_name}")
        labels = arrays.get(labels_name)
        parts.append(
            (images, None if labels is None else _as_labels(labels, len(images), f"{path}: {labels_name}"))
        )
    if len({labels is None for _, labels in parts}) > 1:
        raise AedeskError(f"{path} has labels for one of its two parts only")
    return parts


def _read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Every array that a layout names."""
    wanted = {name for layout in _LAYOUTS for part in layout for name in part}
    try:
        with zipfile.ZipFile(path) as archive:
            names = [info.filename.removesuffix(".npy") for info in archive.infolist()]
            return {name: _read_array(archive, name, path) for name in names if name in wanted}
    except AedeskError:
        raise
    except Exception as problem:  # numpy's and zipfile's parsers promise no set of errors for foreign bytes
        reason = str(problem).splitlines()[0] if str(problem) else type(problem).__name__
        raise AedeskError(f"{path} is not a sound .npz file: {reason}") from None


def _read_array(archive: zipfile.ZipFile, name: str, path: Path) -> np.ndarray:
    """Refused before anything is allocated; zipfile never gives more than a member's own size."""
    member = f"{name}.npy" if f"{name}.npy" in archive.namelist() else name
    size = archive.getinfo(member).file_size
    with archive.open(member) as file:
        version = np.lib.format.read_magic(file)
        read_header = (
            np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        )
        shape, _, dtype = read_header(file)
    if dtype.hasobject:
        raise AedeskError(f"{path}: {name} holds Python objects, which are not read: save it as numbers")
    claimed = prod(shape) * dtype.itemsize
    if claimed > LIMIT:
        raise AedeskError(f"{path}: {name} claims {claimed:,} bytes, more than the {LIMIT:,} that are read")
    if claimed > size:
        raise AedeskError(
            f"{path}: {name} is truncated: {size:,} bytes are too few for shape {shape} of {dtype}"
        )
    with archive.open(member) as file:
        array: np.ndarray = np.lib.format.read_array(file, allow_pickle=False)
    return array


def _as_images(array: np.ndarray, where: str) -> np.ndarray:
    """(N, H, W) uint8, whatever form and range the array has of those that are known."""
    shape = array.shape
    if len(shape) == 4 and 1 in (shape[1], shape[3]):
        array = array.reshape(shape[0], *(shape[1:3] if shape[3] == 1 else shape[2:]))
    elif len(shape) == 2 and shape[1] == 784:
        array = array.reshape(-1, 28, 28)
    if array.ndim != 3 or 0 in array.shape or array.dtype.kind not in "buif":
        raise AedeskError(f"{where} has shape {shape} of {array.dtype}; grey images of {_FORMS} are needed")
    low, high = float(array.min()), float(array.max())
    if not (low >= 0 and high <= 255):  # so put, not-a-number is refused as well
        raise AedeskError(f"{where} has values from {low:g} to {high:g}; 0 to 255, or 0 to 1, are needed")
    if array.dtype == np.uint8 and high > 1:
        return np.ascontiguousarray(array)
    scale = 255 if high <= 1 else 1
    pixels = np.empty(array.shape, dtype=np.uint8)
    for place, image in enumerate(
        array
    ):  # one at a time: the array may be large, and is float64 often enough
        pixels[place] = np.rint(image.astype(np.float64) * scale)
    return pixels


def _as_labels(array: np.ndarray, images: int, where: str) -> np.ndarray:
    labels = array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
    if labels.shape != (images,):
        raise AedeskError(
            f"{where} has shape {array.shape}, but there are {images:,} images: one label each is needed"
        )
    if labels.dtype.kind == "f" and np.isfinite(labels).all() and (labels == np.rint(labels)).all():
        labels = labels.astype(np.int64)
    if labels.dtype.kind == "S":
        labels = np.char.decode(labels, "utf-8", "replace")
    if labels.dtype.kind not in "biuU":
        raise AedeskError(f"{where} holds {array.dtype}; labels must be whole numbers or names")
    return labels
