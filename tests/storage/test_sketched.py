"""Sketches of a set: of whose images, by which hands, kept in the cache and made without it."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from aedesk import paths
from aedesk.data.imageset import DataSet, ImageSet
from aedesk.errors import AedeskError, Cancelled
from aedesk.sketch.hand import HELD_OUT, KINDS, sketched
from aedesk.sketch.strokes import trace
from aedesk.storage import sketched as subject
from aedesk.storage.sketched import sketch_pool, sketches_by


@pytest.fixture
def images(digits: DataSet) -> ImageSet:
    return digits.train[:20]


def kept() -> list[Path]:
    return sorted((paths.cache() / "sketches").glob("*"))


def test_each_image_is_drawn_once_before_any_is_drawn_twice(images: ImageSet) -> None:
    pool = sketch_pool(images, 50, 3)
    assert pool.images.shape == (50, 28, 28)
    assert pool.images.dtype == np.uint8
    assert (len(pool), pool.of.dtype) == (50, np.int32)
    assert sorted(pool.of[:20]) == sorted(pool.of[20:40]) == list(range(20))
    assert not np.array_equal(pool.of[:20], pool.of[20:40])


def test_the_hands_take_turns_and_none_of_the_held_out_ones_is_among_them(images: ImageSet) -> None:
    pool = sketch_pool(images, 15, 3)
    for number, (image, of) in enumerate(zip(pool.images, pool.of, strict=True)):
        kind = KINDS[number % len(KINDS)]
        expected = sketched(trace(images.images[of]), kind, np.random.default_rng([3, number]))
        assert np.array_equal(image, expected)


def test_a_sketch_looks_like_the_image_it_is_of(mnist: DataSet) -> None:
    images = mnist.train[:30]
    pool = sketch_pool(images, 30, 0)
    scans = images.pixels().reshape(30, -1)
    likeness = np.corrcoef(pool.images.reshape(30, -1) / 255, scans)[:30, 30:]
    assert (likeness.argmax(axis=1) == pool.of).mean() > 0.8


def test_the_same_seed_draws_the_same_and_more_begin_with_the_same_ones(images: ImageSet) -> None:
    pool, longer = sketch_pool(images, 8, 1), sketch_pool(images, 12, 1)
    assert np.array_equal(pool.images, longer.images[:8])
    assert np.array_equal(pool.of, longer.of[:8])
    assert not np.array_equal(pool.images, sketch_pool(images, 8, 2).images)


def test_what_was_drawn_is_taken_from_the_cache(images: ImageSet, monkeypatch: pytest.MonkeyPatch) -> None:
    pool = sketch_pool(images, 8, 1)
    assert len(kept()) == 1
    monkeypatch.setattr(subject, "trace", lambda digit: pytest.fail("drawn again"))
    again = sketch_pool(images, 8, 1)
    assert np.array_equal(pool.images, again.images)
    assert np.array_equal(pool.of, again.of)


@pytest.mark.parametrize("damage", [b"", b"no sketches", None])
def test_a_damaged_file_of_the_cache_is_drawn_again(images: ImageSet, damage: bytes | None, caplog) -> None:
    pool = sketch_pool(images, 8, 1)
    (file,) = kept()
    file.write_bytes(file.read_bytes()[:-9] if damage is None else damage)
    with caplog.at_level(logging.WARNING):
        assert np.array_equal(sketch_pool(images, 8, 1).images, pool.images)
    assert "made again" in caplog.text


def test_where_nothing_can_be_kept_the_work_goes_on(images: ImageSet, home: Path, caplog) -> None:
    (home / "cache").write_text("a file in the way of the folder")
    with caplog.at_level(logging.WARNING):
        assert len(sketch_pool(images, 8, 1)) == 8
    assert "not kept" in caplog.text


def test_the_work_tells_how_far_it_is_and_ends_when_it_is_not_wanted(images: ImageSet) -> None:
    told: list[tuple[str, int, int]] = []
    sketch_pool(images, 60, 0, progress=lambda *news: told.append(news))
    assert [news[1:] for news in told] == [(0, 60), (50, 60), (60, 60)]
    with pytest.raises(Cancelled):
        sketch_pool(images, 60, 1, cancelled=lambda: True)
    assert len(kept()) == 1


@pytest.mark.parametrize("count", [0, 1])
def test_few_are_few(images: ImageSet, count: int) -> None:
    assert len(sketch_pool(images, count, 0)) == count


def test_images_without_ink_give_sketches_without_ink(images: ImageSet) -> None:
    blank = ImageSet(np.zeros_like(images.images), images.labels, images.classes)
    assert not sketch_pool(blank, 20, 0).images.any()


def test_each_kind_draws_each_image(images: ImageSet) -> None:
    kinds = (KINDS[1], *HELD_OUT[:2])
    drawn = sketches_by(images, kinds, 5)
    assert drawn.shape == (3, 20, 28, 28)
    expected = sketched(trace(images.images[7]), kinds[2], np.random.default_rng([5, 7 * 3 + 2]))
    assert np.array_equal(drawn[2, 7], expected)
    assert np.array_equal(sketches_by(images, kinds, 5), drawn)


def test_a_kind_that_is_not_known_is_told(images: ImageSet) -> None:
    with pytest.raises(AedeskError, match="plain, thin"):
        sketches_by(images, ["both hands"], 0)
