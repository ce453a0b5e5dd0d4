"""The places that codes are led to: a map of the images, made once, and the same map as one normal heap."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from aedesk import paths
from aedesk.data.imageset import DataSet, ImageSet
from aedesk.errors import AedeskError, Cancelled
from aedesk.latent import tsne
from aedesk.latent.guide import made_normal, places


@pytest.fixture(scope="module")
def images(digits: DataSet) -> ImageSet:
    return digits.train[:150]


@pytest.fixture
def layouts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many points each map had that was laid out; laid out at once, by the first two components."""
    counts: list[int] = []

    def layout(parts: np.ndarray, **_: Any) -> np.ndarray:
        counts.append(len(parts))
        return parts[:, :2].copy()

    monkeypatch.setattr(tsne, "layout", layout)
    return counts


def kept() -> list[Path]:
    return sorted((paths.cache() / "guides").glob("*"))


def nearest(points: np.ndarray, count: int) -> np.ndarray:
    """The nearest other points of each, (N, count)."""
    squares = ((points[:, None] - points) ** 2).sum(2)
    np.fill_diagonal(squares, np.inf)
    return squares.argsort(axis=1)[:, :count]


def test_images_of_a_class_lie_together_though_no_label_is_known(images: ImageSet) -> None:
    told: list[tuple[str, int, int]] = []
    found = places(images.images, progress=lambda *news: told.append(news))
    assert (found.shape, found.dtype) == ((150, 2), np.float32)
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-5)
    assert found.std() == pytest.approx(1, abs=1e-5)
    neighbour = nearest(found, 1)[:, 0]
    assert (images.labels[neighbour] == images.labels).mean() > 0.9
    assert {what for what, _, _ in told} == {"laying out the training images"}
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)
    assert told[-1][1] == told[-1][2]


def test_the_places_are_known_the_second_time(images: ImageSet, layouts: list[int]) -> None:
    first = places(images.images)
    again = places(images.images.copy())
    np.testing.assert_array_equal(first, again)
    assert layouts == [150]
    assert len(kept()) == 1
    places(images.images, normal=True)
    assert layouts == [150]
    places(images.images[:149])
    assert layouts == [150, 149]


@pytest.mark.parametrize("damage", ["cut off", "junk", "other places"])
def test_a_damaged_cache_is_computed_again(
    damage: str, images: ImageSet, layouts: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    first = places(images.images)
    (file,) = kept()
    if damage == "other places":
        places(images.images[:80])
        (other,) = set(kept()) - {file}
        other.replace(file)
    else:
        file.write_bytes(file.read_bytes()[:200] if damage == "cut off" else b"junk")
    layouts.clear()
    with caplog.at_level(logging.WARNING):
        np.testing.assert_array_equal(places(images.images), first)
    assert layouts == [150]
    assert ("made again" in caplog.text) == (damage != "other places")
    layouts.clear()
    places(images.images)  # mended
    assert layouts == []


def test_without_a_cache_it_goes_on(
    images: ImageSet, layouts: list[int], home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = places(images.images)
    for file in kept():
        file.unlink()
    (paths.cache() / "guides").rmdir()
    (paths.cache() / "guides").write_text("in the way")  # as good as a read-only disk, for root as well
    with caplog.at_level(logging.WARNING):
        np.testing.assert_array_equal(places(images.images), first)
    assert "the places are not kept" in caplog.text
    assert layouts == [150, 150]


def test_a_map_that_is_not_wanted_any_more_is_cancelled_and_nothing_kept(images: ImageSet) -> None:
    done: list[int] = []
    with pytest.raises(Cancelled):
        places(
            images.images,
            progress=lambda what, steps, total: done.append(steps),
            cancelled=lambda: len(done) > 3,
        )
    assert 3 < len(done) < 10
    assert kept() == []


def test_a_map_of_too_few_images_is_refused_with_advice(digits: DataSet) -> None:
    with pytest.raises(AedeskError, match=r"10 training images or more, and there are 9; .*guidance to 0"):
        places(digits.train.images[:9])


def test_equal_images_have_places_too() -> None:
    found = places(np.full((12, 28, 28), 90, np.uint8))
    assert np.isfinite(found).all()


def islands(seed: int) -> np.ndarray:
    """Points in four islands of different sizes, far apart."""
    rng = np.random.default_rng(seed)
    sizes, middles = (300, 150, 100, 50), rng.normal(0, 6, (4, 2))
    heaps = [rng.normal(middle, 0.5, (size, 2)) for size, middle in zip(sizes, middles, strict=True)]
    return rng.permutation(np.concatenate(heaps)).astype(np.float32)


@pytest.mark.parametrize("seed", range(3))
def test_islands_become_one_normal_heap_in_which_neighbours_stay_neighbours(seed: int) -> None:
    before = islands(seed)
    after = made_normal(before)
    assert (after.shape, after.dtype) == (before.shape, np.float32)
    np.testing.assert_allclose(after.mean(axis=0), 0, atol=0.02)
    np.testing.assert_allclose(np.cov(after.T), np.eye(2), atol=0.05)
    radii = np.hypot(*after.T)
    assert (
        stats.kstest(radii, stats.rayleigh.cdf).statistic < 0.06
    )  # 5 % of normal samples of this size exceed 0.055
    for angle in np.linspace(0, np.pi, 7):
        assert stats.kstest(after @ (np.cos(angle), np.sin(angle)), stats.norm.cdf).statistic < 0.06
    shared = [
        len(set(one) & set(other)) / 20
        for one, other in zip(nearest(before, 20), nearest(after, 20), strict=True)
    ]
    assert np.mean(shared) > 0.5  # 0.03 by chance
    np.testing.assert_array_equal(made_normal(before), after)


@settings(max_examples=40)
@given(
    count=st.integers(1, 10),
    kind=st.sampled_from(["random", "equal", "in a line", "two places", "far off"]),
    seed=st.integers(0, 9),
)
def test_few_or_equal_points_are_made_as_normal_as_they_can_be(count: int, kind: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(count, 2)).astype(np.float32)
    if kind == "equal":
        points[:] = 3
    elif kind == "in a line":
        points[:, 1] = 2 * points[:, 0]
    elif kind == "two places":
        points = points[rng.integers(0, min(2, count), count)]
    elif kind == "far off":
        points = points * 1e6 + 1e7
    before = points.copy()
    after = made_normal(points)
    assert (after.shape, after.dtype) == ((count, 2), np.float32)
    assert np.isfinite(after).all()
    np.testing.assert_allclose(after.mean(axis=0), 0, atol=1e-2)
    assert np.abs(after).max() < 4
    np.testing.assert_array_equal(points, before)
