"""The validation images that a run is watched with: they read back, or are refused in one line."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from aedesk.data.imageset import DataSet, ImageSet
from aedesk.errors import AedeskError
from aedesk.storage import sample as samples
from aedesk.storage import tensors
from aedesk.storage.sample import Sample

FIVE = Sample(
    np.random.default_rng(0).integers(0, 256, (5, 28, 28), np.uint8),
    np.array([0, 1, 2, 1, 0]),
    ("a", "b", "c"),
)


def refusal(path: Path) -> str:
    with pytest.raises(AedeskError) as caught:
        samples.load(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@settings(max_examples=25, deadline=None)
@given(
    count=st.integers(0, 20),
    classes=st.lists(st.text(max_size=5), min_size=1, max_size=12).map(tuple),
    seed=st.integers(0, 99),
)
def test_what_is_saved_reads_back(
    tmp_path_factory: pytest.TempPathFactory, count: int, classes: tuple[str, ...], seed: int
) -> None:
    random = np.random.default_rng(seed)
    images = random.integers(0, 256, (count, 28, 28), np.uint8)
    before = Sample(images, random.integers(0, len(classes), count).astype(np.uint8), classes)
    path = tmp_path_factory.mktemp("run") / "sample.safetensors"
    samples.save(before, path)
    after = samples.load(path)
    np.testing.assert_array_equal(after.images, images)
    np.testing.assert_array_equal(after.labels, before.labels)
    assert (after.images.dtype, after.labels.dtype, after.classes) == (np.uint8, np.int64, classes)


@settings(max_examples=40, deadline=None)
@given(at=st.floats(0, 1, exclude_max=True), flip=st.integers(0, 255))
def test_a_damaged_sample_is_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, at: float, flip: int
) -> None:
    """flip: the bits turned over in one byte; none of them cuts the file off there."""
    path = tmp_path_factory.mktemp("run") / "sample.safetensors"
    samples.save(FIVE, path)
    content = bytearray(path.read_bytes())
    where = int(at * len(content))
    assume(not flip or content[where] != ord(" "))  # which may become another blank of a header
    content[where] ^= flip
    path.write_bytes(content if flip else content[:where])
    refusal(path)


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("no images", lambda card, arrays: arrays.pop("images")),
        ("no labels", lambda card, arrays: arrays.pop("labels")),
        ("pictures of real numbers", lambda card, arrays: arrays.update(images=np.zeros((5, 28, 28)))),
        ("pictures of another size", lambda card, arrays: arrays.update(images=FIVE.images[:, 1:].copy())),
        ("a row of pixels", lambda card, arrays: arrays.update(images=np.zeros(5, np.uint8))),
        ("too few labels", lambda card, arrays: arrays.update(labels=FIVE.labels[1:].copy())),
        ("labels of real numbers", lambda card, arrays: arrays.update(labels=FIVE.labels + 0.5)),
        ("a label without a class", lambda card, arrays: card.update(classes=["a", "b"])),
        ("a label below zero", lambda card, arrays: arrays.update(labels=FIVE.labels - 1)),
        ("no classes", lambda card, arrays: card.pop("classes")),
        ("a number of classes", lambda card, arrays: card.update(classes=3)),
    ],
    ids=lambda what: what if isinstance(what, str) else "",
)
def test_what_is_whole_but_makes_no_sense_is_refused(tmp_path: Path, what: str, change: Any) -> None:
    path = tmp_path / "sample.safetensors"
    samples.save(FIVE, path)
    card, arrays = tensors.read(path, "sample")
    change(card, arrays)
    tensors.write(path, "sample", arrays, card)
    assert "not a sample that aedesk can use" in refusal(path)


def test_a_file_of_another_kind_or_none_at_all_is_refused(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "sample.safetensors")
    tensors.write(tmp_path / "other.safetensors", "epoch", {"images": FIVE.images}, {})
    assert "not a sample but an epoch" in refusal(tmp_path / "other.safetensors")


@given(count=st.integers(1, 60), size=st.integers(1, 50))
def test_a_sample_is_spread_over_a_set_that_is_sorted_by_class(count: int, size: int) -> None:
    labels = np.sort(np.arange(size) % 5)
    images = np.zeros((size, 28, 28), np.uint8)
    images[:, 0, 0] = np.arange(size)
    chosen = samples.choose(ImageSet(images, labels, tuple("abcde")), count)
    which = chosen.images[:, 0, 0].astype(int)
    assert len(which) == min(count, size)
    np.testing.assert_array_equal(chosen.labels, labels[which])
    steps = np.diff(which)
    assert which[0] == 0
    assert len(which) == 1 or (which[-1] == size - 1 and steps.min() > 0 and np.ptp(steps) <= 1)


def test_the_same_images_are_chosen_every_time(digits: DataSet) -> None:
    one, other = (samples.choose(digits.test, 50) for _ in range(2))
    np.testing.assert_array_equal(one.images, other.images)
    assert set(one.labels) == set(range(10))
