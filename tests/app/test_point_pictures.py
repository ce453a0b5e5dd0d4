"""The pictures of a map's points: the data set's own where they are what the atlas says, else decoded ones."""

import dataclasses
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from polling import PATIENCE

from aedesk.app import decoded
from aedesk.app.loading import ActiveModel, MapWish
from aedesk.app.point_pictures import PointPictures
from aedesk.data.imageset import DataSet
from aedesk.errors import Cancelled
from aedesk.latent import atlas as atlases
from aedesk.latent.atlas import Atlas
from aedesk.storage.runs import Run
from aedesk.training.config import TrainingConfig
from aedesk.training.session import run_training

SOME = np.array([3, 200, 0, 77])
BUDGET = PATIENCE  # seconds: more than it takes


class Desk:
    """A bench, and the pictures of its points."""

    def __init__(self, bench: Any) -> None:
        self.bench, self.explorer = bench, bench.explorer
        self.pictures = PointPictures(bench.explorer, bench.jobs)
        self.changes: list[bool] = []
        self.parts = 0
        self.pictures.changed.connect(lambda _: self.changes.append(self.pictures.are_originals))
        self.pictures.decoded.connect(self._count)

    def _count(self, _: None) -> None:
        self.parts += 1


@pytest.fixture
def desk(bench: Any) -> Desk:
    return Desk(bench)


def count_decoded(active: ActiveModel, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many codes each decoding was of, from now on."""
    counts: list[int] = []
    decode = active.model.decode

    def counting(codes: np.ndarray) -> np.ndarray:
        counts.append(len(codes))
        return decode(codes)

    monkeypatch.setattr(active.model, "decode", counting)
    return counts


def test_points_are_shown_by_the_pictures_they_were_encoded_from(
    desk: Desk, run: Path, digits: DataSet
) -> None:
    active = desk.bench.load(run)
    assert desk.pictures.are_originals
    assert desk.changes == [True]
    pictures = desk.pictures.of(active.atlas, SOME)
    assert pictures.dtype == np.float32
    assert active.atlas.images is not None
    np.testing.assert_array_equal(pictures, digits.train.pixels(active.atlas.images[SOME]))
    codes = active.model.encode(pictures)
    np.testing.assert_allclose(codes, active.atlas.codes[SOME], atol=0.01 * np.abs(codes).max())


def test_where_the_data_set_is_not_known_points_are_shown_by_what_their_codes_decode_to(
    desk: Desk, without_data: Path
) -> None:
    active = desk.bench.load(without_data)
    assert not desk.pictures.are_originals
    pictures = desk.pictures.of(active.atlas, SOME)
    np.testing.assert_allclose(pictures, active.model.decode(active.atlas.codes[SOME]), atol=0.51 / 255)
    assert desk.pictures.errors(active.atlas, SOME) is None


@pytest.mark.parametrize("how", ["absent", "labels", "range", "classes", "codes"])
def test_a_data_set_that_is_not_what_the_atlas_was_made_from_is_not_believed(
    desk: Desk, run: Path, with_atlas: Callable[..., Path], how: str
) -> None:
    atlas = atlases.load(run / "atlas.safetensors")
    assert atlas.images is not None
    changes: dict[str, Any] = {
        "absent": {"data": "/nowhere/at/all"},
        "labels": {"labels": (atlas.labels + 1) % 10},
        "range": {"images": atlas.images + 10_000},
        "classes": {"classes": tuple("abcdefghij")},
        # As where pictures were added to a folder without labels: others are at the same places.
        "codes": {"codes": np.roll(atlas.codes, 1, axis=0)},
    }
    active = desk.bench.load(with_atlas(**changes[how]))
    assert not desk.pictures.are_originals
    assert desk.pictures.of(active.atlas, SOME).shape == (4, 28, 28)


def test_the_users_own_images_are_found_again(desk: Desk, digits: DataSet, tmp_path: Path) -> None:
    path = tmp_path / "own.npz"
    np.savez(path, images=digits.train.images[:300])
    run = Run.create(tmp_path / "run")
    from aedesk.data.sources import load

    own = load(path)
    config = TrainingConfig.of("dense-2d", data=str(path), epochs=1, device="cpu")
    for _ in run_training(config, own, run):
        pass
    active = desk.bench.load(run.path)
    assert desk.pictures.are_originals
    np.testing.assert_array_equal(desk.pictures.of(active.atlas, SOME), own.train.pixels(SOME))


def test_no_code_is_decoded_twice(desk: Desk, without_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    active = desk.bench.load(without_data)
    counts = count_decoded(active, monkeypatch)
    first = desk.pictures.of(active.atlas, np.array([5, 6, 7, 5]))
    again = desk.pictures.of(active.atlas, np.array([7, 8, 5]))
    assert sum(counts) == 4
    np.testing.assert_array_equal(again[[0, 2]], first[[2, 0]])


def test_with_no_budget_nothing_is_decoded_and_with_a_small_one_something(
    desk: Desk, without_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    active = desk.bench.load(without_data)
    counts = count_decoded(active, monkeypatch)
    many = np.arange(1000)
    assert not desk.pictures.ready(active.atlas, many).any()
    assert counts == []
    for calls in range(1, 4):  # even where a single one takes longer than the budget
        ready = desk.pictures.ready(active.atlas, many, 1e-9)
        np.testing.assert_array_equal(ready.nonzero()[0], np.arange(calls))
    assert desk.pictures.ready(active.atlas, many, BUDGET).all()
    assert sum(counts) == 1000


def test_originals_are_ready_at_once(desk: Desk, run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    active = desk.bench.load(run)
    counts = count_decoded(active, monkeypatch)
    assert desk.pictures.ready(active.atlas, np.arange(1000)).all()
    assert counts == []


def test_the_errors_are_those_of_the_reconstructions(desk: Desk, run: Path) -> None:
    active = desk.bench.load(run)
    originals = desk.pictures.of(active.atlas, SOME)
    errors = desk.pictures.errors(active.atlas, SOME)
    assert errors is not None
    expected = ((active.model.reconstruct(originals) - originals) ** 2).mean(axis=(1, 2))
    np.testing.assert_allclose(errors, expected, rtol=0.01)
    partly = desk.pictures.errors(active.atlas, np.array([3, 4]), 0)
    assert partly is not None
    np.testing.assert_array_equal(np.isnan(partly), [False, True])


def test_what_is_prepared_in_the_background_is_there_without_a_budget(
    desk: Desk, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoded, "_LARGEST_PART", 50)
    active = desk.bench.load(run)
    counts = count_decoded(active, monkeypatch)
    for _ in range(5):  # asking again for what is coming begins nothing anew
        desk.pictures.prepare(active.atlas, np.arange(400))
    desk.bench.settle()
    assert sum(counts) == 400
    assert desk.parts > 1
    errors = desk.pictures.errors(active.atlas, np.arange(401), 0)
    assert errors is not None
    np.testing.assert_array_equal(np.isnan(errors), np.arange(401) == 400)


@pytest.mark.parametrize("originals", [True, False])
def test_a_lookup_finds_in_another_thread_what_the_pictures_have_and_the_rest(
    desk: Desk, run: Path, without_data: Path, originals: bool
) -> None:
    active = desk.bench.load(run if originals else without_data)
    desk.pictures.ready(active.shown, SOME[:2], BUDGET)
    lookup = desk.pictures.lookup(active, SOME)
    with ThreadPoolExecutor(1) as thread:
        pictures = thread.submit(lookup.pictures, lambda: False).result()
        errors = thread.submit(lookup.errors, lambda: False).result()
    np.testing.assert_allclose(pictures, desk.pictures.of(active.shown, SOME), atol=1.01 / 255)
    if originals:
        np.testing.assert_allclose(errors, desk.pictures.errors(active.shown, SOME), rtol=1e-3)
    else:
        assert errors is None


def test_a_lookup_that_is_not_wanted_any_more_ends(desk: Desk, without_data: Path) -> None:
    active = desk.bench.load(without_data)
    with pytest.raises(Cancelled):
        desk.pictures.lookup(active, SOME).pictures(lambda: True)


def test_the_mean_picture_is_the_mean(desk: Desk, run: Path) -> None:
    active = desk.bench.load(run)
    mean = desk.pictures.mean(active.atlas, np.arange(300))
    np.testing.assert_allclose(mean, desk.pictures.of(active.atlas, np.arange(300)).mean(axis=0), atol=1e-6)


def test_another_map_of_the_same_points_changes_no_picture(desk: Desk, run: Path) -> None:
    desk.bench.load(run)
    before = list(desk.changes)
    desk.explorer.set_projection(MapWish("pca"))
    desk.bench.settle()
    assert desk.changes == before
    assert desk.pictures.are_originals


def test_the_data_set_is_read_once_for_all_models_of_it(
    desk: Desk, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aedesk.data import sources

    desk.bench.load(run)
    monkeypatch.setattr(sources, "load", None)
    desk.bench.load(run)
    assert desk.changes == [True, True]


def test_more_points_of_the_same_data_have_their_originals_too(
    desk: Desk, run: Path, digits: DataSet
) -> None:
    active = desk.bench.load(run)
    every = atlases.build(active.model, digits.train, len(digits.train), data="digits")
    desk.explorer.active = dataclasses.replace(active, shown=every)
    desk.explorer.model_changed.emit(desk.explorer.active)
    assert not desk.pictures.are_originals
    desk.bench.settle()
    assert desk.pictures.are_originals
    np.testing.assert_array_equal(desk.pictures.of(every, SOME), digits.train.pixels(SOME))
    assert desk.pictures.of(active.atlas, SOME).shape == (4, 28, 28)


def test_an_atlas_that_is_gone_leaves_nothing_behind(desk: Desk, without_data: Path) -> None:
    import gc
    import weakref

    def look() -> "weakref.ref[Atlas]":
        active = desk.bench.load(without_data)
        desk.pictures.of(active.atlas, SOME)
        return weakref.ref(active.atlas)

    gone = look()
    desk.bench.load(without_data)
    desk.bench.jobs.poll()
    gc.collect()
    assert gone() is None
