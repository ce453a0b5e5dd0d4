import dataclasses
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from aedesk import paths
from aedesk.data.imageset import ImageSet
from aedesk.errors import AedeskError
from aedesk.latent import atlas as atlases
from aedesk.latent.atlas import Atlas
from aedesk.models.architecture import dense
from aedesk.models.checkpoint import Checkpoint
from aedesk.models.initialisation import initial_weights
from aedesk.models.model import Model
from aedesk.storage import checkpoint as checkpoints
from aedesk.storage import tensors
from aedesk.storage.runs import Run

CLASSES = ("zero", "one", "two")


@pytest.fixture(scope="module")
def images() -> ImageSet:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (300, 28, 28), dtype=np.uint8)
    return ImageSet(pixels, rng.integers(0, 3, 300).astype(np.int64), CLASSES)


@pytest.fixture(scope="module")
def model() -> Model:
    return Model(Checkpoint("tiny", dense(8, 3, 8), initial_weights(dense(8, 3, 8), 0)))


@pytest.fixture
def run(tmp_path: Path, model: Model) -> Run:
    run = Run.create(tmp_path / "run")
    run.save(model.checkpoint)
    return run


def same(one: Atlas, other: Atlas) -> bool:
    return (
        np.array_equal(one.codes, other.codes)
        and np.array_equal(one.labels, other.labels)
        and np.array_equal(np.atleast_1d(one.images), np.atleast_1d(other.images))
        and (one.classes, one.source, one.fingerprint, one.data)
        == (other.classes, other.source, other.fingerprint, other.data)
    )


def test_codes_and_labels_belong_to_the_same_images(model: Model, images: ImageSet) -> None:
    atlas = atlases.build(model, images, 200, source="noise", data="set")
    assert atlas.images is not None
    assert (np.diff(atlas.images) > 0).all()
    np.testing.assert_allclose(atlas.codes, model.encode(images.images[atlas.images]), rtol=1e-3)
    np.testing.assert_array_equal(atlas.labels, images.labels[atlas.images])
    assert (atlas.classes, atlas.source, atlas.code_size) == (CLASSES, "noise", 3)
    assert atlas.data == "set"
    assert atlas.fingerprint == checkpoints.fingerprint(model.checkpoint)


def test_the_seed_decides_which_images_are_taken(model: Model, images: ImageSet) -> None:
    one, again, other = (atlases.build(model, images, 50, seed) for seed in (1, 1, 2))
    assert len(one) == 50
    assert same(one, again)
    assert not np.array_equal(one.codes, other.codes)


def test_an_atlas_can_be_encoded_in_parts(model: Model, images: ImageSet) -> None:
    chosen = atlases.choose(images, model.code_size, 50, seed=1)
    parts = [model.encode(images.images[chosen[start : start + 20]]) for start in range(0, 50, 20)]
    whole = atlases.build(model, images, 50, seed=1, source="noise")
    assert same(atlases.assemble(model, images, chosen, np.concatenate(parts), "noise"), whole)


def test_an_atlas_of_all_images_has_them_in_their_order(model: Model, images: ImageSet) -> None:
    atlas = atlases.build(model, images, count=len(images))
    np.testing.assert_array_equal(np.asarray(atlas.images), np.arange(300))
    np.testing.assert_array_equal(atlas.labels, images.labels)


def test_all_images_are_taken_where_there_are_too_few(model: Model, images: ImageSet) -> None:
    assert len(atlases.build(model, images)) == 300
    with pytest.raises(AedeskError, match="no images"):
        atlases.build(model, images[:0])


def test_large_codes_make_smaller_atlases() -> None:
    assert [atlases.default_count(size) for size in (2, 64, 65, 512, 513)] == [
        10_000,
        10_000,
        5000,
        5000,
        1500,
    ]
    assert atlases.default_count(1024) == 1500


def test_an_atlas_is_the_same_after_saving(model: Model, images: ImageSet, tmp_path: Path) -> None:
    atlas = atlases.build(model, images, 200, source="noise", data="set")
    atlases.save(atlas, tmp_path / "a.safetensors")
    assert same(atlases.load(tmp_path / "a.safetensors", atlas.fingerprint), atlas)


def test_an_atlas_of_before_its_images_were_known_is_still_read(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    arrays = {"codes": np.ones((2, 3), np.float16), "labels": np.arange(2, dtype=np.int32)}
    tensors.write(path, "atlas", arrays, {"classes": list(CLASSES), "source": "old", "model": "f"})
    atlas = atlases.load(path, "f")
    assert (len(atlas), atlas.source, atlas.data, atlas.images) == (2, "old", "", None)


def test_codes_beyond_half_precision_keep_their_size(tmp_path: Path) -> None:
    atlas = Atlas(np.array([[1e6, 1.0]], np.float32), np.zeros(1, np.int64), ("a",), "far")
    atlases.save(atlas, tmp_path / "a.safetensors")
    assert same(atlases.load(tmp_path / "a.safetensors"), atlas)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(columns=st.data())
def test_a_compact_atlas_keeps_codes_within_half_a_step_and_moves_them_once(
    tmp_path: Path, columns: st.DataObject
) -> None:
    count, size = columns.draw(st.integers(1, 40)), 9
    numbers = arrays_of.arrays(np.float32, (count, size), elements=st.floats(-1, 1, width=32))
    across = st.lists(st.sampled_from([0, 1e-40, 1e-6, 0.3, 1, 7, 3e4]), min_size=size, max_size=size)
    away = st.lists(st.sampled_from([0, 1e-30, 0.1, -2, 3e4]), min_size=size, max_size=size)
    spread, middle = (np.array(columns.draw(of), np.float32) for of in (across, away))
    codes = columns.draw(numbers) * spread + middle
    codes[:, 0] = np.abs(codes[:, 0])
    compact = Atlas(codes, np.zeros(count, np.int64), ("a",), "some", images=np.arange(count, dtype=np.int32))
    atlases.save(compact, tmp_path / "a.safetensors", compact=True)
    kept = tensors.read(tmp_path / "a.safetensors", "atlas")[1]
    loaded = atlases.load(tmp_path / "a.safetensors")
    assert [kept[name].dtype for name in ("codes", "labels", "images")] == [np.uint8, np.uint8, np.uint16]
    assert (np.abs(loaded.codes.astype(np.float64) - codes) <= kept["scale"].astype(np.float64) / 2).all()
    span = np.ptp(codes.astype(np.float64), axis=0)
    assert (kept["scale"] <= np.maximum(span / 127, 2e-45)).all()
    assert (np.sign(loaded.codes) * np.sign(codes) >= 0).all()
    assert (loaded.codes[codes == 0] == 0).all()
    np.testing.assert_array_equal(loaded.codes[:, span == 0], codes[:, span == 0])
    atlases.save(loaded, tmp_path / "b.safetensors", compact=True)
    assert same(atlases.load(tmp_path / "b.safetensors"), loaded)


def test_a_compact_atlas_is_one_byte_a_number(model: Model, images: ImageSet, tmp_path: Path) -> None:
    codes = np.random.default_rng(0).normal(size=(1000, 32)).astype(np.float32)
    atlas = Atlas(codes, np.arange(1000) % 3, CLASSES, "noise", "f", "set", np.arange(1000, dtype=np.int32))
    atlases.save(atlas, tmp_path / "a.safetensors", compact=True)
    assert (tmp_path / "a.safetensors").stat().st_size < 1000 * (32 + 1 + 2) + 2000
    loaded = atlases.load(tmp_path / "a.safetensors", "f", 32)
    assert same(dataclasses.replace(loaded, codes=codes), atlas)
    assert loaded.labels.dtype == np.int64
    assert loaded.images is not None
    assert loaded.images.dtype == np.int32


def test_what_does_not_fit_in_a_compact_atlas_is_kept_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    many = tuple(str(name) for name in range(300))
    images = np.array([0, 70_000], np.int32)
    for codes in (np.full((2, 9), 1e6, np.float32), np.array([[0.1, 0.7], [3, 4]], np.float16)):
        atlas = Atlas(codes.astype(np.float32), np.array([0, 299]), many, "wide", images=images)
        atlases.save(atlas, path, compact=True)
        assert same(atlases.load(path), atlas)


@pytest.mark.parametrize(
    "arrays",
    [
        {"scale": None},
        {"offset": None},
        {"offset": None, "scale": None},
        {"codes": np.zeros((2, 3), np.float16)},
        {"codes": np.zeros((2, 3), np.uint16)},
        {
            "codes": np.zeros((2, 0), np.uint8),
            "scale": np.zeros(0, np.float32),
            "offset": np.zeros(0, np.float32),
        },
        {"scale": np.ones(2, np.float32)},
        {"scale": np.ones((1, 3), np.float32)},
        {"scale": np.ones(3, np.float16)},
        {"scale": np.full(3, -1, np.float32)},
        {"scale": np.full(3, 3e38, np.float32)},
        {"offset": np.ones(1, np.float32)},
        {"offset": np.ones(3, np.int32)},
        {"offset": np.full(3, -3e38, np.float32)},
        {"labels": np.array([0, 3], np.uint8)},
        {"labels": np.zeros(2, np.uint16)},
        {"images": np.zeros(3, np.uint16)},
        {"images": np.zeros(2, np.uint8)},
    ],
    ids=str,
)
def test_a_compact_atlas_that_does_not_fit_together_is_refused(
    tmp_path: Path, arrays: dict[str, np.ndarray | None]
) -> None:
    good = {
        "codes": np.zeros((2, 3), np.uint8),
        "labels": np.zeros(2, np.uint8),
        "offset": np.zeros(3, np.float32),
        "scale": np.ones(3, np.float32),
    }
    path = tmp_path / "a.safetensors"
    card = {"classes": list(CLASSES), "source": "", "model": ""}
    tensors.write(path, "atlas", good, card)
    assert len(atlases.load(path)) == 2
    tensors.write(
        path, "atlas", {name: one for name, one in {**good, **arrays}.items() if one is not None}, card
    )
    with pytest.raises(AedeskError, match=r"a\.safetensors: not an atlas"):
        atlases.load(path)


def test_codes_are_non_negative_after_a_relu_only() -> None:
    labels = np.zeros(2, np.int64)
    assert Atlas(np.array([[0, 1], [2, 0]], np.float32), labels, ("a",), "").non_negative
    assert not Atlas(np.array([[0, 1], [-2, 0]], np.float32), labels, ("a",), "").non_negative


def test_the_atlas_of_another_model_is_refused(model: Model, images: ImageSet, tmp_path: Path) -> None:
    atlases.save(atlases.build(model, images), tmp_path / "a.safetensors")
    with pytest.raises(AedeskError, match=r"a\.safetensors: an atlas of another model"):
        atlases.load(tmp_path / "a.safetensors", "0" * 64)


@pytest.mark.parametrize(
    ("arrays", "card"),
    [
        ({"codes": np.zeros((2, 3, 1), np.float16)}, {}),
        ({"codes": np.zeros((0, 3), np.float16), "labels": np.zeros(0, np.int32)}, {}),
        ({"codes": np.zeros((2, 3), np.int32)}, {}),
        ({"labels": np.array([0, 3], np.int32)}, {}),
        ({"labels": np.array([-1, 0], np.int32)}, {}),
        ({"labels": np.zeros(3, np.int32)}, {}),
        ({"labels": np.zeros(2, np.float32)}, {}),
        ({"more": np.zeros(1, np.float32)}, {}),
        ({"images": np.zeros(3, np.int32)}, {}),
        ({"images": np.zeros((2, 1), np.int32)}, {}),
        ({"images": np.zeros(2, np.int64)}, {}),
        ({"images": np.zeros(2, np.float32)}, {}),
        ({"images": np.array([0, -1], np.int32)}, {}),
        ({}, {"data": None}),
        ({}, {"classes": "abc"}),
        ({}, {"classes": [1, 2, 3]}),
        ({}, {"source": None}),
        ({}, {"model": 5}),
    ],
    ids=str,
)
def test_an_atlas_that_does_not_fit_together_is_refused(
    tmp_path: Path, arrays: dict[str, np.ndarray], card: dict[str, object]
) -> None:
    good = {"codes": np.zeros((2, 3), np.float16), "labels": np.zeros(2, np.int32)}
    path = tmp_path / "a.safetensors"
    tensors.write(
        path, "atlas", {**good, **arrays}, {"classes": list(CLASSES), "source": "", "model": "", **card}
    )
    with pytest.raises(AedeskError, match=r"a\.safetensors: not an atlas"):
        atlases.load(path)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    position=st.floats(0, 1, exclude_max=True),
    mask=st.integers(1, 255),
    cut=st.booleans(),
    size=st.sampled_from([2, 9]),
)
def test_a_damaged_atlas_is_refused_or_unchanged(
    tmp_path: Path, position: float, mask: int, cut: bool, size: int
) -> None:
    path = tmp_path / "a.safetensors"
    atlas = Atlas(
        np.ones((3, size), np.float32),
        np.arange(3),
        CLASSES,
        "ones",
        "f",
        "set",
        np.arange(3, dtype=np.int32),
    )
    atlases.save(atlas, path, compact=True)
    content = bytearray(path.read_bytes())
    place = int(position * len(content))
    content[place] ^= mask
    path.write_bytes(content[:place] if cut else content)
    try:
        loaded = atlases.load(path)
    except AedeskError:
        return
    assert same(loaded, atlas)


def test_the_atlas_beside_the_model_is_found(run: Run, model: Model, images: ImageSet) -> None:
    assert atlases.atlas_for(run.model) is None
    atlas = atlases.build(model, images, source="beside")
    atlases.save(atlas, run.atlas)
    found = atlases.atlas_for(run.model)
    assert found is not None
    assert same(found, atlas)
    assert atlases.ensure(run.model, model, images, "not needed").source == "beside"


def test_an_atlas_that_is_missing_is_built_once_and_kept(run: Run, model: Model, images: ImageSet) -> None:
    built = atlases.ensure(run.model, model, images, "built")
    assert same(atlases.ensure(run.model, model, images[:10], "not needed"), built)
    assert not run.atlas.exists()


@pytest.mark.parametrize("damage", ["other model", "other code size", "garbage"])
def test_an_atlas_that_cannot_be_used_is_passed_over(
    run: Run, model: Model, images: ImageSet, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    atlas = atlases.build(model, images)
    spoilt: dict[str, Any] = {"codes": atlas.codes[:, :2]}
    if damage == "other model":
        spoilt = {"fingerprint": "other"}
    atlases.save(dataclasses.replace(atlas, **spoilt), run.atlas)
    if damage == "garbage":
        run.atlas.write_bytes(b"garbage")
    with caplog.at_level(logging.WARNING):
        assert atlases.atlas_for(run.model) is None
    assert str(run.atlas) in caplog.text
    assert atlases.ensure(run.model, model, images, "new").source == "new"


def test_where_nothing_can_be_kept_the_atlas_is_used_all_the_same(
    run: Run, model: Model, images: ImageSet, caplog: pytest.LogCaptureFixture
) -> None:
    paths.cache().parent.mkdir(parents=True, exist_ok=True)
    paths.cache().touch()  # a file where the folder should be
    assert len(atlases.ensure(run.model, model, images)) == 300
    assert "not kept" in caplog.text


_KEEP = """
import sys
import numpy as np
from aedesk.latent.atlas import Atlas, save
atlas = Atlas(np.ones((2000, 3), np.float32), np.zeros(2000, np.int64), ("a",), "ones", sys.argv[2])
for _ in range(30):
    save(atlas, sys.argv[1])
"""


def test_two_windows_may_keep_the_same_atlas_at_once(run: Run) -> None:
    fingerprint = checkpoints.fingerprint(run.model)
    path = paths.cache() / "atlases" / f"{fingerprint}.safetensors"
    path.parent.mkdir(parents=True)
    command = [sys.executable, "-c", _KEEP, str(path), fingerprint]
    windows = [subprocess.Popen(command) for _ in range(2)]
    while any(window.poll() is None for window in windows):
        if path.exists():
            found = atlases.atlas_for(run.model)
            assert found is not None
            assert len(found) == 2000
    assert [window.returncode for window in windows] == [0, 0]
    assert list(path.parent.iterdir()) == [path]
