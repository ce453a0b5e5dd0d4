"""A set of images: what is chosen of it."""

from __future__ import annotations

import numpy as np
import pytest

from aedesk.data.imageset import ImageSet


@pytest.mark.parametrize("limit", [1, 7, 60, 99, 100])
def test_as_many_images_as_asked_for_come_from_all_over_the_set(limit: int) -> None:
    labels = np.repeat(np.arange(10), 10)  # sorted by class, as some sets are
    images = ImageSet(np.zeros((100, 28, 28), np.uint8), labels, tuple("0123456789"))
    some = images.at_most(limit)
    assert len(some) == limit
    assert len(np.unique(some.labels)) == min(limit, 10)


@pytest.mark.parametrize("limit", [None, 100, 10**30])
def test_a_set_that_is_small_enough_stays_whole(limit: int | None) -> None:
    images = ImageSet(np.zeros((100, 28, 28), np.uint8), np.zeros(100, np.int64), ("0",))
    assert images.at_most(limit) is images
