"""Errors against code sizes, PCA at every size, and how true flat maps are; scikit-learn is the oracle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness

from aedesk.analysis import dimensionality, faithfulness, quality
from aedesk.analysis.pca import PixelPca
from aedesk.data.imageset import DataSet
from aedesk.errors import AedeskError, Cancelled
from aedesk.latent import atlas as atlases
from aedesk.models.checkpoint import Checkpoint
from aedesk.models.initialisation import initial_weights
from aedesk.models.model import Model
from aedesk.models.presets import PRESETS
from aedesk.storage import library


def untrained(preset: str) -> Model:
    architecture = PRESETS[preset].architecture
    return Model(Checkpoint(preset, architecture, initial_weights(architecture, 0)))


@pytest.fixture(scope="module")
def pca(digits: DataSet) -> PixelPca:
    return PixelPca.fit(digits.train, 100)


# --- PCA of pixels ---


def test_components_are_scikit_learns(digits: DataSet, pca: PixelPca) -> None:
    oracle = PCA(100, svd_solver="full").fit(digits.train.pixels().reshape(-1, 784).astype(np.float64))
    assert np.abs(pca.mean - oracle.mean_).max() < 1e-7
    assert np.abs(pca.components @ pca.components.T - np.eye(100)).max() < 1e-9
    # Beyond the first, directions of nearly equal variance may turn among themselves.
    assert np.abs((pca.components[:20] * oracle.components_[:20]).sum(axis=1)) == pytest.approx(1, abs=1e-5)
    assert all(row[np.abs(row).argmax()] > 0 for row in pca.components)


def test_one_fit_tells_the_error_of_every_size(digits: DataSet, pca: PixelPca) -> None:
    images = digits.test.pixels().astype(np.float64)
    errors = pca.errors(digits.test)
    assert len(errors) == 101
    for size in (0, 1, 2, 17, 64, 100):
        smaller = pca.truncated(size)
        assert smaller.size == size
        rebuilt = smaller.decode(smaller.encode(images))
        assert errors[size] == pytest.approx(((rebuilt - images) ** 2).mean(), rel=1e-6)
    assert (np.diff(errors) <= 0).all()


def test_with_all_components_nothing_is_lost(digits: DataSet) -> None:
    few = digits.train[:40]
    pca = PixelPca.fit(few)
    assert pca.size == 39
    images = few.pixels().astype(np.float64)
    assert pca.decode(pca.encode(images)) == pytest.approx(images, abs=1e-7)
    assert pca.errors(few)[-1] == pytest.approx(0, abs=1e-12)


def test_one_image_has_no_components(digits: DataSet) -> None:
    pca = PixelPca.fit(digits.train[:1], 8)
    assert pca.encode(digits.test.pixels()[:3]).shape == (3, 0)
    assert pca.errors(digits.train[:1]) == pytest.approx([0])


# --- error against size ---


def test_models_stand_in_the_order_of_their_sizes_beside_pca_of_the_same(digits: DataSet) -> None:
    models = [(name, untrained(name)) for name in ("conv", "dense-32", "dense-2d")]
    report = dimensionality.compare(models, digits, limit=60)
    assert [(point.label, point.code_size) for point in report.points] == [
        ("dense-2d", 2),
        ("dense-32", 32),
        ("conv", 1024),
    ]
    assert (report.tested, report.fitted, report.data) == (60, len(digits.train), "digits")
    assert len(report.pca) == dimensionality.MOST
    assert report.points[1].pca_mse == report.pca[31]
    assert report.points[2].pca_mse is None


def test_the_errors_are_those_of_a_quality_card(digits: DataSet) -> None:
    model = untrained("vanilla-64")
    (point,) = dimensionality.compare([("mine", model)], digits).points
    figures = quality.evaluate(model, digits)
    assert point.mse == pytest.approx(figures["mse"], rel=1e-9)
    assert point.pca_mse == pytest.approx(figures["pca_mse"], rel=1e-9)


def test_a_sample_is_drawn_from_all_test_images_and_always_the_same(digits: DataSet) -> None:
    some = dimensionality.sample(digits.test, 50)
    assert len(some) == 50
    assert np.array_equal(some.images, dimensionality.sample(digits.test, 50).images)
    assert not np.array_equal(some.images, digits.test.images[:50])
    assert dimensionality.sample(digits.test, 10_000) is digits.test


def test_pca_of_few_images_stands_for_larger_codes_too(digits: DataSet) -> None:
    data = DataSet("few", digits.train[:10], digits.test[:10])
    report = dimensionality.compare([("dense-32", untrained("dense-32"))], data)
    assert len(report.pca) == 9
    assert report.points[0].pca_mse == report.pca[-1]


def test_the_table_has_the_models_and_the_whole_curve(digits: DataSet) -> None:
    table = dimensionality.compare([("mine", untrained("dense-2d"))], digits, limit=5).table
    rows = table.records()
    assert rows[0]["method"] == "mine"
    assert [row["code_size"] for row in rows[1:]] == list(range(1, 257))


@pytest.mark.parametrize("name", ["dense-2d", "dense-32", "deep-64"])
def test_shipped_models_have_the_error_on_mnist_that_they_are_shipped_with(mnist: DataSet, name: str) -> None:
    model = library.load_model(name)
    few = DataSet("mnist", mnist.train[:300], mnist.test)
    (point,) = dimensionality.compare([(name, model)], few).points
    assert point.mse == pytest.approx(model.checkpoint.metrics["test_mse"], rel=1e-3)


def test_nothing_is_measured_without_test_images(digits: DataSet) -> None:
    with pytest.raises(AedeskError, match="none needs"):
        dimensionality.compare([], DataSet("none", digits.train, digits.test[:0]))


def test_labels_are_names_of_models_or_of_their_files(tmp_path, digits: DataSet) -> None:
    from aedesk.storage import checkpoint as checkpoints

    for name in ("mine", "other"):
        (tmp_path / name).mkdir()
        checkpoints.save(untrained("dense-2d").checkpoint, tmp_path / name / "model.safetensors")
    references = ["dense-32", str(tmp_path / "mine"), str(tmp_path / "other" / "model.safetensors")]
    labels = [label for label, _ in dimensionality.load_models([*references, references[1]])]
    assert labels == ["dense-32", "mine", "other", references[1]]


# --- trustworthiness and continuity ---

places = st.integers(0, 2**32 - 1).map(lambda seed: np.random.default_rng(seed).normal(size=(31, 6)))


@pytest.mark.parametrize("k", [1, 5, 20, 40])
def test_trustworthiness_is_scikit_learns_and_continuity_its_mirror(digits: DataSet, k: int) -> None:
    before = digits.test.pixels().reshape(len(digits.test), -1).astype(np.float64)
    after = PCA(2, svd_solver="full").fit_transform(before)
    ranks = faithfulness.ranks(before), faithfulness.ranks(after)
    assert faithfulness.trustworthiness(*ranks, k) == pytest.approx(
        trustworthiness(before, after, n_neighbors=k), abs=1e-9
    )
    assert faithfulness.continuity(*ranks, k) == pytest.approx(
        trustworthiness(after, before, n_neighbors=k), abs=1e-9
    )


@given(places, st.integers(1, 15))
def test_both_agree_with_the_oracle_on_any_points(points: np.ndarray, k: int) -> None:
    before, after = points, points[:, :2]
    ranks = faithfulness.ranks(before), faithfulness.ranks(after)
    assert faithfulness.trustworthiness(*ranks, k) == pytest.approx(
        trustworthiness(before, after, n_neighbors=k)
    )
    assert faithfulness.continuity(*ranks, k) == pytest.approx(trustworthiness(after, before, n_neighbors=k))


@given(places, st.floats(0.01, 100), st.integers(1, 15))
def test_a_map_that_is_turned_moved_and_scaled_is_as_true_as_before(
    points: np.ndarray, scale: float, k: int
) -> None:
    turned = scale * points[:, ::-1] + 3
    ranks = faithfulness.ranks(points), faithfulness.ranks(turned)
    assert faithfulness.trustworthiness(*ranks, k) == 1
    assert faithfulness.continuity(*ranks, k) == 1


def test_ranks_count_from_the_nearest_and_leave_out_oneself() -> None:
    ranks = faithfulness.ranks(np.array([[0.0], [1.0], [3.0], [10.0]]))
    assert ranks.tolist() == [[0, 1, 2, 3], [1, 0, 2, 3], [2, 1, 0, 3], [3, 2, 1, 0]]


def test_two_places_torn_apart_cost_continuity_and_not_trust() -> None:
    """A ring, cut open to lie on a line: who is near on the line is near on the ring, but the ends have parted."""
    angles = np.linspace(0, 2 * np.pi, 60, endpoint=False) + 1e-3 * np.random.default_rng(0).normal(size=60)
    ranks = (
        faithfulness.ranks(np.stack([np.cos(angles), np.sin(angles)], axis=1)),
        faithfulness.ranks(angles[:, None]),
    )
    assert faithfulness.continuity(*ranks, 5) < 0.98 < 0.995 < faithfulness.trustworthiness(*ranks, 5)


@pytest.mark.parametrize("k", [0, 16])
def test_neighbours_are_fewer_than_half_of_the_points(k: int) -> None:
    ranks = faithfulness.ranks(np.random.default_rng(0).normal(size=(31, 2)))
    with pytest.raises(ValueError, match="among 31 points"):
        faithfulness.trustworthiness(ranks, ranks, k)


# --- the maps of models ---


@pytest.fixture(scope="module")
def flat_atlas(digits: DataSet) -> atlases.Atlas:
    return atlases.build(untrained("dense-2d"), digits.train, 300, source="digits", data="digits")


@pytest.fixture(scope="module")
def deep_atlas(digits: DataSet) -> atlases.Atlas:
    return atlases.build(untrained("dense-32"), digits.train, 300, source="digits", data="digits")


def test_every_map_is_held_against_pixels_and_codes(flat_atlas, deep_atlas) -> None:
    report = faithfulness.compare([("flat", flat_atlas), ("deep", deep_atlas)], count=120)
    judged = [(faith.label, faith.kind, faith.space) for faith in report.faiths]
    assert judged == [
        ("pixels", "pca", "pixels"),
        ("flat", "native", "pixels"),
        ("flat", "native", "codes"),
        ("flat", "tsne", "pixels"),
        ("flat", "tsne", "codes"),
        ("deep", "code", "pixels"),
        ("deep", "pca", "pixels"),
        ("deep", "pca", "codes"),
        ("deep", "tsne", "pixels"),
        ("deep", "tsne", "codes"),
    ]
    assert (report.count, report.neighbours, report.missing) == (120, (5, 10, 20, 50), ())
    native = report.faiths[2]
    assert native.trustworthiness == native.continuity == (1, 1, 1, 1)
    assert len(report.table.rows) == 4 * len(report.faiths)


def test_a_map_is_judged_by_the_images_it_is_of(digits: DataSet, deep_atlas) -> None:
    report = faithfulness.compare([("deep", deep_atlas)], count=300)
    (code,) = [faith for faith in report.faiths if faith.kind == "code"]
    pixels = digits.train.pixels(deep_atlas.images).reshape(300, -1)
    expected = trustworthiness(pixels.astype(np.float64), deep_atlas.codes.astype(np.float64), n_neighbors=5)
    assert code.trustworthiness[0] == pytest.approx(expected, abs=1e-6)


def test_without_the_images_codes_alone_are_compared(digits: DataSet) -> None:
    atlas = atlases.build(untrained("dense-2d"), digits.train, 100, source="somewhere")
    report = faithfulness.compare([("mine", atlas)])
    assert {faith.space for faith in report.faiths} == {"codes"}
    assert report.missing == ("mine",)
    assert report.neighbours == (5, 10, 20)  # of 100 images fewer than half


def test_too_few_images_cannot_be_judged(flat_atlas) -> None:
    with pytest.raises(AedeskError, match="9 images are too few"):
        faithfulness.compare([("flat", flat_atlas)], count=9)


def test_judging_ends_when_it_is_cancelled(flat_atlas) -> None:
    with pytest.raises(Cancelled):
        faithfulness.compare([("flat", flat_atlas)], cancelled=lambda: True)
