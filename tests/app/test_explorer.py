"""The Explore tab without a window: reading drawings, picking from the map, and changing models in between."""

import math
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aedesk import sketch
from aedesk.app import explorer as explorers
from aedesk.app.explorer import Pick, Reading
from aedesk.app.loading import ActiveModel, MapWish, News
from aedesk.app.worker import Link
from aedesk.data.imageset import DataSet
from aedesk.errors import AedeskError
from aedesk.storage.library import load_model
from aedesk.storage.runs import ATLAS


class Desk:
    """A bench, and everything that its explorer has said."""

    def __init__(self, bench: Any) -> None:
        self.bench = bench
        self.jobs, self.explorer, self.ink = bench.jobs, bench.explorer, bench.ink
        self.problems: list[BaseException] = bench.problems
        self.models: list[ActiveModel] = []
        self.readings: list[Reading | None] = []
        self.picks: list[Pick] = []
        self.status: list[str] = []
        self.explorer.model_changed.connect(self.models.append)
        self.explorer.reading_changed.connect(self.readings.append)
        self.explorer.picked.connect(self.picks.append)
        self.explorer.status.connect(self.status.append)

    def draw(self) -> None:
        """A one, more or less, read when it is there."""
        self.ink.press(290, 120, 40)
        self.ink.drag(270, 440, 40)
        self.ink.release()
        self.bench.read()


@pytest.fixture
def desk(bench: Any) -> Desk:
    return Desk(bench)


def test_without_a_model_nothing_is_read_and_nothing_fails(desk: Desk) -> None:
    desk.draw()
    desk.explorer.pick_at(0, 0)
    desk.explorer.set_projection(MapWish("pca"))
    assert not desk.jobs.are_running
    assert desk.explorer.reading is None
    assert desk.readings == desk.picks == desk.problems == []


def test_a_loaded_model_comes_with_its_map_and_says_what_it_did(desk: Desk, flat: Path) -> None:
    active = desk.bench.load(flat)
    assert desk.models == [active]
    assert active.reference == str(flat)
    assert active.model.code_size == 2
    assert active.projection.kind == "native"
    assert active.projection.points.shape == (len(active.atlas), 2)
    assert active.atlas.classes == tuple("0123456789")
    assert str(flat) in desk.status[0]
    assert desk.problems == []


def test_a_drawing_is_read_as_the_model_would_read_it(desk: Desk, flat: Path) -> None:
    active = desk.bench.load(flat)
    desk.draw()
    reading = desk.explorer.reading
    assert reading is not None
    assert desk.readings == [reading]
    image = sketch.normalise(desk.ink.pixels)
    np.testing.assert_array_equal(reading.image, image)
    np.testing.assert_array_equal(reading.code, active.model.encode(image)[0])
    np.testing.assert_allclose(reading.reconstruction, active.model.reconstruct(image)[0], atol=1e-6)
    np.testing.assert_array_equal(reading.point, reading.code)  # a native map is the code itself
    assert reading.guess.label == active.neighbours.guess(reading.code).label
    assert 0 < reading.guess.share <= 1
    np.testing.assert_array_equal(reading.error, reading.reconstruction - image)
    assert reading.mse == pytest.approx(((reading.reconstruction - image) ** 2).mean())
    assert reading.psnr == pytest.approx(10 * math.log10(1 / reading.mse))


def test_a_perfect_reconstruction_has_no_end_of_decibels(desk: Desk, flat: Path) -> None:
    desk.bench.load(flat)
    desk.draw()
    reading = desk.explorer.reading
    assert reading is not None
    perfect = replace(reading, reconstruction=reading.image)
    assert perfect.mse == 0
    assert perfect.psnr == math.inf


def test_a_blank_canvas_is_no_reading(desk: Desk, flat: Path) -> None:
    desk.bench.load(flat)
    desk.draw()
    desk.ink.clear()
    desk.bench.read()
    assert desk.explorer.reading is None
    assert desk.readings[-1] is None
    desk.ink.undo()
    desk.bench.read()
    assert desk.explorer.reading is not None


def test_a_picture_of_28x28_is_seen_as_it_is_and_its_drawing_over_is_not(
    desk: Desk, flat: Path, digits: DataSet
) -> None:
    desk.bench.load(flat)
    digit = digits.test.pixels(slice(1))[0]
    desk.ink.show_picture(digit)
    desk.bench.read()
    assert desk.explorer.reading is not None
    np.testing.assert_array_equal(desk.explorer.reading.image, digit)
    desk.draw()
    assert not np.array_equal(desk.explorer.reading.image, digit)


@pytest.mark.parametrize("kind", ["native", "pca"])
def test_a_place_on_the_map_becomes_a_digit(desk: Desk, flat: Path, kind: str) -> None:
    desk.bench.load(flat)
    desk.explorer.set_projection(MapWish(kind))
    desk.bench.settle()
    active = desk.explorer.active
    assert active is not None
    assert active.projection.kind == kind
    x, y = active.projection.points[7]
    desk.explorer.pick_at(float(x), float(y))
    pick = desk.explorer.pick
    assert pick is not None
    assert desk.picks == [pick]
    np.testing.assert_allclose(pick.point, [x, y], rtol=1e-6)
    assert pick.code.shape == (2,)
    np.testing.assert_allclose(pick.image, active.model.decode(pick.code)[0], atol=1e-6)
    np.testing.assert_allclose(active.projection.to_points(pick.code)[0], [x, y], atol=0.2)
    assert pick.guess.label in range(10)


def test_far_beyond_the_map_there_still_is_a_digit(desk: Desk, deep: Path) -> None:
    desk.bench.load(deep)
    desk.explorer.pick_at(1e6, -1e6)
    assert desk.explorer.pick is not None
    assert np.isfinite(desk.explorer.pick.image).all()


def test_another_map_reads_the_drawing_anew_and_forgets_the_pick(desk: Desk, flat: Path) -> None:
    desk.bench.load(flat)
    desk.draw()
    desk.explorer.pick_at(0, 0)
    before = desk.explorer.reading
    desk.explorer.set_projection(MapWish("pca"))
    desk.bench.settle()
    after = desk.explorer.reading
    assert before is not None
    assert after is not None
    np.testing.assert_array_equal(after.code, before.code)
    active = desk.explorer.active
    assert active is not None
    np.testing.assert_array_equal(after.point, active.projection.to_points(after.code)[0])
    assert desk.explorer.pick is None


def test_another_model_reads_the_same_drawing_anew(desk: Desk, flat: Path, deep: Path) -> None:
    desk.bench.load(flat)
    desk.draw()
    first = desk.explorer.reading
    desk.bench.load(deep)
    second = desk.explorer.reading
    assert first is not None
    assert second is not None
    np.testing.assert_array_equal(first.image, second.image)
    assert (first.code.shape, second.code.shape) == ((2,), (64,))
    assert len(desk.models) == 2


def test_the_latest_wish_wins_whatever_comes_first(desk: Desk, flat: Path, deep: Path) -> None:
    for reference in (flat, deep, flat, deep):
        desk.explorer.load(str(reference))
    desk.bench.settle()
    assert [active.reference for active in desk.models] == [str(deep)]
    assert desk.explorer.active is desk.models[0]
    assert set(desk.status) == {f"Loading {deep} ..."}


def test_a_map_wished_for_while_a_model_loads_does_not_lose_the_model(
    desk: Desk, flat: Path, deep: Path
) -> None:
    desk.bench.load(flat)
    desk.explorer.load(str(deep))
    desk.explorer.set_projection(MapWish("pca"))
    desk.bench.settle()
    assert desk.explorer.active is not None
    assert desk.explorer.active.reference == str(deep)
    assert desk.models[-1] is desk.explorer.active


def test_a_model_wished_for_while_a_map_is_laid_out_ends_that_work(
    desk: Desk, flat: Path, deep: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = []

    def slowly(active: ActiveModel, wish: MapWish, link: Link[News]) -> Iterator[News]:
        while not link.stopped():
            time.sleep(0.001)
        ended.append(wish.kind)
        yield replace(active, reference="the old one, laid out anew")

    monkeypatch.setattr(explorers, "with_projection", slowly)
    desk.bench.load(flat)
    desk.explorer.set_projection(MapWish("tsne"))
    desk.bench.load(deep)
    assert ended == ["tsne"]
    assert [active.reference for active in desk.models] == [str(flat), str(deep)]


def test_a_newer_map_ends_the_work_on_an_older_one(
    desk: Desk, flat: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def patiently(active: ActiveModel, wish: MapWish, link: Link[News]) -> Iterator[News]:
        while wish.kind == "tsne" and not link.stopped():
            time.sleep(0.001)
        yield replace(active, reference=wish.kind)

    monkeypatch.setattr(explorers, "with_projection", patiently)
    desk.bench.load(flat)
    desk.explorer.set_projection(MapWish("tsne"))
    desk.explorer.set_projection(MapWish("pca"))
    desk.bench.settle()
    assert [active.reference for active in desk.models] == [str(flat), "pca"]


def test_a_load_that_fails_is_told_and_what_was_in_use_stays(desk: Desk, flat: Path, tmp_path: Path) -> None:
    active = desk.bench.load(flat)
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"nonsense")
    for reference in (broken, tmp_path / "missing", "no-such-name"):
        desk.explorer.load(str(reference))
        desk.bench.settle()
        assert isinstance(desk.problems[-1], AedeskError)
    assert len(desk.problems) == 3
    assert desk.explorer.active is active
    desk.draw()
    assert desk.explorer.reading is not None


def test_a_failure_that_nobody_waits_for_is_not_told(desk: Desk, flat: Path) -> None:
    desk.explorer.load("no-such-name")
    desk.bench.load(flat)
    assert desk.problems == []


def test_a_map_that_does_not_exist_is_told_and_the_old_one_stays(desk: Desk, deep: Path) -> None:
    desk.bench.load(deep)
    desk.explorer.set_projection(MapWish("native"))
    desk.bench.settle()
    assert len(desk.problems) == 1
    assert desk.explorer.active is not None
    assert desk.explorer.active.projection.kind == "pca"


def test_what_was_given_up_never_arrives(desk: Desk, flat: Path, deep: Path) -> None:
    active = desk.bench.load(flat)
    desk.explorer.load(str(deep))
    desk.explorer.cancel()
    desk.bench.settle()
    desk.explorer.set_projection(MapWish("pca"))
    desk.explorer.cancel()
    desk.bench.settle()
    assert desk.explorer.active is active
    assert desk.models == [active]


def test_a_model_without_an_atlas_gets_one_from_images_that_are_here(
    desk: Desk, flat: Path, home: Path, tmp_path: Path
) -> None:
    bare = tmp_path / "bare"
    shutil.copytree(flat, bare)
    (bare / ATLAS).unlink()
    active = desk.bench.load(bare)
    assert len(active.atlas) > 1000
    assert any("Encoding" in line and "digits" in line for line in desk.status)
    assert list((home / "cache").rglob("*.safetensors"))
    assert not (bare / ATLAS).exists()
    desk.status.clear()
    desk.bench.load(bare)
    assert not any("Encoding" in line for line in desk.status)  # it was kept


def test_the_model_in_use_stands_on_its_own(desk: Desk, flat: Path, tmp_path: Path, digits: DataSet) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(flat, copy)
    active = desk.bench.load(copy)
    shutil.rmtree(copy)
    expected = load_model(flat).encode(digits.test.images[:5])
    np.testing.assert_array_equal(active.model.encode(digits.test.images[:5]), expected)
    desk.draw()
    assert desk.explorer.reading is not None


def test_a_random_test_digit_is_put_on_the_canvas_exactly(desk: Desk, flat: Path, digits: DataSet) -> None:
    desk.bench.load(flat)
    said: list[str] = []
    desk.explorer.drawing_changed.connect(said.append)
    desk.explorer.draw_test_digit(desk.ink, "digits")
    desk.explorer.draw_test_digit(desk.ink, "digits")  # once more before the set is there: still one digit
    desk.bench.settle()
    assert len(said) == 1
    desk.bench.read()
    shown = desk.ink.exact
    assert shown is not None
    (place,) = np.flatnonzero((digits.test.pixels() == shown).all(axis=(1, 2)))
    assert f"Test image {place} of digits: {digits.test.labels[place]}" in said[-1]
    assert desk.explorer.reading is not None
    np.testing.assert_array_equal(desk.explorer.reading.image, shown)
    versions = set()
    for _ in range(5):  # from now on at once
        desk.explorer.draw_test_digit(desk.ink, "digits")
        assert not desk.jobs.are_running
        assert desk.ink.exact is not None
        versions.add(desk.ink.exact.tobytes())
    assert len(versions) > 1
    desk.ink.undo()
    assert desk.ink.exact is not None


def test_a_data_set_that_is_not_here_is_told_and_the_canvas_stays(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AEDESK_DATA_DIR", str(tmp_path))
    desk.explorer.draw_test_digit(desk.ink, "mnist")
    desk.bench.settle()
    assert isinstance(desk.problems[-1], AedeskError)
    assert desk.ink.is_blank
