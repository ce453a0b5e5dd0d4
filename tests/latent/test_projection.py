import logging
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from aedesk import paths
from aedesk.errors import AedeskError, Cancelled
from aedesk.latent import pca, tsne
from aedesk.latent.atlas import Atlas
from aedesk.latent.projection import kinds, project, widen


def atlas_of(codes: np.ndarray) -> Atlas:
    return Atlas(codes.astype(np.float32), np.zeros(len(codes), np.int64), ("a",), "random")


def clusters(n: int, size: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(codes (n, size), which of three clusters far apart each is in)."""
    rng = np.random.default_rng(seed)
    which = np.arange(n) % 3
    return rng.normal(size=(n, size)) + 30 * np.eye(3, size)[which], which


def assert_passes_through_its_atlas(projection: object, codes: np.ndarray) -> None:
    np.testing.assert_allclose(projection.to_points(codes), projection.points, atol=1e-3)  # type: ignore[attr-defined]
    np.testing.assert_allclose(projection.to_codes(projection.points), codes, atol=1e-3)  # type: ignore[attr-defined]


@settings(max_examples=25, deadline=None)
@given(n=st.integers(2, 60), size=st.integers(1, 12), seed=st.integers(0, 1000))
def test_a_local_map_passes_through_every_code_of_the_atlas(n: int, size: int, seed: int) -> None:
    atlas = atlas_of(np.random.default_rng(seed).normal(size=(n, size)))
    projection = project("pca", atlas)
    assert projection.points.shape == (n, 2)
    assert_passes_through_its_atlas(projection, atlas.codes)


@settings(max_examples=25, deadline=None)
@given(n=st.integers(4, 60), size=st.integers(2, 12), seed=st.integers(0, 1000))
def test_the_exact_inverse_of_pca_leads_to_the_place_asked_for(n: int, size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    projection = project("pca", atlas_of(rng.normal(size=(n, size))), inverse="exact")
    places = rng.normal(scale=3, size=(9, 2)).astype(np.float32)
    np.testing.assert_allclose(projection.to_points(projection.to_codes(places)), places, atol=1e-4)


def test_pca_is_that_of_scikit_learn_with_signs_of_its_own() -> None:
    codes = np.random.default_rng(0).normal(size=(200, 6)) * np.arange(1, 7)
    projection = pca.fit(codes)
    expected = PCA(2).fit(codes)
    np.testing.assert_allclose(np.abs(projection.axes), np.abs(expected.components_), atol=1e-5)
    assert (projection.axes[[0, 1], np.abs(projection.axes).argmax(axis=1)] > 0).all()
    np.testing.assert_allclose(pca.fit(codes[::-1]).axes, projection.axes, atol=1e-5)


def test_the_native_map_is_the_code_itself() -> None:
    codes = np.random.default_rng(0).normal(size=(10, 2))
    projection = project("native", atlas_of(codes))
    assert_passes_through_its_atlas(projection, codes)
    np.testing.assert_allclose(projection.to_codes(np.array([3.0, -4.0])), [[3, -4]])


def test_between_codes_after_a_relu_no_number_is_negative() -> None:
    rng = np.random.default_rng(0)
    atlas = atlas_of(np.maximum(rng.normal(size=(80, 10)), 0))
    places = rng.normal(scale=5, size=(200, 2))
    codes = project("pca", atlas).to_codes(places)
    assert codes.min() >= 0
    assert codes.max() <= atlas.codes.max()


def test_small_steps_on_the_map_are_small_steps_between_codes() -> None:
    rng = np.random.default_rng(0)
    projection = project("pca", atlas_of(rng.normal(size=(300, 6))))
    path = np.linspace([-2, -2], [2, 2], 20_001)
    steps = np.linalg.norm(np.diff(projection.to_codes(path), axis=0), axis=1)
    coarse = np.linalg.norm(np.diff(projection.to_codes(path[::10]), axis=0), axis=1)
    assert steps.max() < 0.3 * coarse.max()  # a jump would be as large at any step


@settings(max_examples=25, deadline=None)
@given(n=st.integers(2, 60), size=st.integers(2, 12), seed=st.integers(0, 1000), data=st.data())
def test_two_axes_of_the_code_are_a_map(n: int, size: int, seed: int, data: st.DataObject) -> None:
    i, j = data.draw(st.lists(st.integers(0, size - 1), min_size=2, max_size=2, unique=True))
    codes = np.random.default_rng(seed).normal(size=(n, max(size, 3))).astype(np.float32)
    projection = project("axes", atlas_of(codes), axes=(i, j))
    np.testing.assert_array_equal(projection.points, codes[:, [i, j]])
    np.testing.assert_array_equal(projection.to_points(codes[0]), codes[:1, [i, j]])
    assert_passes_through_its_atlas(projection, codes)


@pytest.mark.parametrize("axes", [(0, 5), (-1, 0), (2, 2)], ids=str)
def test_axes_that_are_none_of_the_code_or_one_are_refused_in_a_line(axes: tuple[int, int]) -> None:
    with pytest.raises(
        AedeskError, match=r"^Numbers .* make no map; choose two different ones from 1 to 5\.$"
    ):
        project("axes", atlas_of(np.zeros((4, 5))), axes=axes)


def test_codes_of_one_number_have_no_axes() -> None:
    with pytest.raises(AedeskError, match="one number"):
        project("axes", atlas_of(np.zeros((4, 1))))


@pytest.mark.parametrize("kind", ["native", "pca", "axes"])
def test_a_map_of_more_points_has_the_ways_of_the_one_it_is_made_from(kind: str) -> None:
    rng = np.random.default_rng(0)
    size = 2 if kind == "native" else 5
    base = project(kind, atlas_of(rng.normal(size=(40, size))))
    many = rng.normal(size=(2500, size)).astype(np.float32)
    told: list[tuple[int, int]] = []
    wider = widen(base, many, progress=lambda done, total: told.append((done, total)))
    assert told == [(1000, 2500), (2000, 2500), (2500, 2500)]
    assert wider.kind == kind
    assert wider.points.shape == (2500, 2)
    np.testing.assert_allclose(wider.points, wider.to_points(many), atol=1e-6)
    np.testing.assert_array_equal(wider.to_codes(many[:5, :2]), base.to_codes(many[:5, :2]))


@pytest.mark.usefixtures("quick")
def test_codes_of_the_atlas_keep_their_places_on_a_wider_tsne_map() -> None:
    codes, which = clusters(90, 5)
    base = project("tsne", atlas_of(codes))
    more, _ = clusters(90, 5, seed=1)
    wider = widen(base, np.concatenate([codes, more]).astype(np.float32))
    np.testing.assert_allclose(wider.points[:90], base.points, atol=1e-3)
    centres = np.stack([base.points[which == c].mean(axis=0) for c in range(3)])
    nearest = np.linalg.norm(wider.points[90:, None] - centres, axis=2).argmin(axis=1)
    assert (nearest == which).all()


def test_placing_more_points_can_be_cancelled() -> None:
    base = project("pca", atlas_of(clusters(30, 4)[0]))
    asked: list[bool] = []

    def cancelled() -> bool:
        asked.append(True)
        return len(asked) == 2

    with pytest.raises(Cancelled):
        widen(base, np.zeros((5000, 4), np.float32), cancelled=cancelled)
    assert len(asked) == 2


def test_maps_on_offer_depend_on_the_size_of_the_code() -> None:
    assert kinds(2) == ("native", "pca", "tsne", "umap")
    assert kinds(64) == ("pca", "tsne", "umap", "axes")
    with pytest.raises(AedeskError, match=r"no map 'native' of codes of 3 numbers.*pca, tsne, umap, axes"):
        project("native", atlas_of(np.zeros((4, 3))))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tsne, "_EARLY_STEPS", 60)
    monkeypatch.setattr(tsne, "_STEPS", 60)


@pytest.mark.usefixtures("quick")
def test_tsne_parts_clusters_and_finds_the_cluster_of_a_new_code() -> None:
    codes, which = clusters(120, 5)
    projection = project("tsne", atlas_of(codes))
    assert_passes_through_its_atlas(projection, codes)
    centres = np.stack([projection.points[which == c].mean(axis=0) for c in range(3)])
    for sample, expected in (
        (projection.points, which),
        (projection.to_points(clusters(30, 5, 1)[0]), which[:30]),
    ):
        nearest = np.linalg.norm(sample[:, None] - centres, axis=2).argmin(axis=1)
        assert (nearest == expected).all()


@pytest.mark.usefixtures("quick")
def test_tsne_is_computed_once_for_an_atlas_and_the_same_again(monkeypatch: pytest.MonkeyPatch) -> None:
    atlas = atlas_of(clusters(60, 4)[0])
    first = project("tsne", atlas)
    project("tsne", atlas, progress=lambda *step: pytest.fail("it was in the cache"))
    monkeypatch.setenv("AEDESK_HOME", str(paths.cache() / "elsewhere"))
    np.testing.assert_array_equal(project("tsne", atlas).points, first.points)
    other = project("tsne", atlas_of(clusters(60, 4, seed=5)[0]))
    assert not np.array_equal(other.points, first.points)


@pytest.mark.usefixtures("quick")
def test_tsne_can_be_watched_as_it_settles() -> None:
    atlas = atlas_of(clusters(60, 4)[0])
    told: list[tuple[int, int]] = []
    layouts: list[np.ndarray] = []

    def watch(done: int, total: int, points: np.ndarray) -> None:
        told.append((done, total))
        layouts.append(points)

    final = project("tsne", atlas, progress=watch).points
    assert told == [(done, 120) for done in range(10, 121, 10)]
    assert {(layout.shape, layout.dtype) for layout in layouts} == {((60, 2), np.dtype(np.float32))}
    missing = [np.linalg.norm(layout - final) for layout in layouts]
    assert missing[-1] < 0.2 * np.linalg.norm(final) < missing[0]  # in the units of the final map
    assert not np.shares_memory(layouts[-1], layouts[-2])


@pytest.mark.usefixtures("quick")
def test_a_tsne_map_started_from_another_resembles_it_and_is_not_kept() -> None:
    rng = np.random.default_rng(3)
    codes = rng.normal(size=(300, 8)) + 6 * rng.normal(size=(6, 8))[np.arange(300) % 6]
    earlier = project("tsne", atlas_of(codes)).points[:, ::-1] * [1, -1]  # turned, as no start from PCA is
    later = atlas_of(codes + 0.2 * rng.normal(size=codes.shape))
    watched: list[int] = []
    following = tsne.layout(later.codes, start=earlier, progress=lambda done, *_: watched.append(done))
    assert watched
    assert tsne.known(later) is None
    alone = tsne.fit(later).points

    def likeness(points: np.ndarray) -> float:
        return float(np.corrcoef(points.ravel(), earlier.ravel())[0, 1])

    assert likeness(following) > 0.9
    assert likeness(following) > likeness(alone) + 0.3


def test_a_start_of_another_atlas_is_refused() -> None:
    with pytest.raises(ValueError, match="60 codes cannot start"):
        tsne.layout(clusters(60, 4)[0], start=np.zeros((50, 2)))


@pytest.mark.usefixtures("quick")
def test_a_damaged_cache_is_computed_again(caplog: pytest.LogCaptureFixture) -> None:
    atlas = atlas_of(clusters(60, 4)[0])
    first = project("tsne", atlas).points
    (cached,) = (paths.cache() / "maps").iterdir()
    cached.write_bytes(cached.read_bytes()[:-3])
    with caplog.at_level(logging.WARNING):
        np.testing.assert_array_equal(project("tsne", atlas).points, first)
    assert str(cached) in caplog.text


@pytest.mark.usefixtures("quick")
def test_a_cache_that_cannot_be_written_costs_only_a_line_in_the_log(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (home / "cache").touch()
    assert project("tsne", atlas_of(clusters(30, 4)[0])).points.shape == (30, 2)
    assert "not kept" in caplog.text


def test_a_cancelled_tsne_ends_soon_and_leaves_nothing() -> None:
    asked = []

    def cancelled() -> bool:
        asked.append(True)
        return len(asked) == 2

    with pytest.raises(Cancelled):
        project("tsne", atlas_of(clusters(60, 4)[0]), cancelled=cancelled)
    assert len(asked) == 2
    assert not (paths.cache() / "maps").exists()


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    "codes", [np.ones((40, 3)), np.arange(20.0)[:, None]], ids=["all equal", "one number"]
)
def test_tsne_copes_with_odd_codes(codes: np.ndarray) -> None:
    points = project("tsne", atlas_of(codes)).points
    assert points.shape == (len(codes), 2)
    assert np.isfinite(points).all()


def test_tsne_of_a_handful_is_refused_in_words() -> None:
    with pytest.raises(AedeskError, match="at least 10 codes, and there are 4"):
        project("tsne", atlas_of(np.zeros((4, 3))))
