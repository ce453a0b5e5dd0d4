"""The real handwritten digits inside scikit-learn: a data set that is always there, without a network."""

from __future__ import annotations

import numpy as np
from PIL import Image

from aedesk.data.imageset import DataSet, ImageSet

_BOX = 20  # pixels; MNIST's digits fill a box of 20x20 as well
_FLOOR = 64  # of 255: cuts the blur that enlarging adds, so that strokes are as wide as MNIST's
_TEST_SHARE = 0.2


def digits() -> DataSet:
    """1,797 real digits of 8x8 (UCI's Optical Recognition of Handwritten Digits), brought to MNIST's form.

    The last fifth of each digit, 359 in all, is the test part: by and large, other writers' digits.
    """
    from sklearn.datasets import load_digits

    source = load_digits()
    images = np.stack([_enlarge(image) for image in source.images])
    labels = source.target.astype(np.int64)
    is_test = np.zeros(len(labels), dtype=bool)
    for digit in range(10):
        places = np.flatnonzero(labels == digit)
        is_test[places[-round(len(places) * _TEST_SHARE) :]] = True
    whole = ImageSet(images, labels, tuple("0123456789"))
    return DataSet("digits", whole[~is_test], whole[is_test])


def _enlarge(image: np.ndarray) -> np.ndarray:
    """(8, 8) values 0 to 16 -> (28, 28) uint8: enlarged, the centre of mass in the middle as in MNIST."""
    small = Image.fromarray(np.rint(image * (255 / 16)).astype(np.uint8))
    blurred = np.asarray(small.resize((_BOX, _BOX), Image.Resampling.LANCZOS), dtype=np.float64)
    inked = np.clip((blurred - _FLOOR) / (255 - _FLOOR), 0, 1) * 255
    corner = [_corner(inked.sum(axis=1)), _corner(inked.sum(axis=0))]
    placed = np.zeros((28, 28), dtype=np.uint8)
    placed[corner[0] : corner[0] + _BOX, corner[1] : corner[1] + _BOX] = np.rint(inked)
    return placed


def _corner(profile: np.ndarray) -> int:
    """Where the box begins along one axis, given its ink along that axis."""
    centre = float(profile @ np.arange(_BOX) / profile.sum())
    return min(max(round(13.5 - centre), 0), 28 - _BOX)
