"""A map that moves while a network learns is like the one before, and shows what principal components show."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aedesk.latent import pca
from aedesk.latent.following import follow

seeds = st.integers(0, 10_000)
sizes = st.integers(3, 12)


def codes_of(seed: int, size: int, count: int = 40) -> np.ndarray:
    """Codes whose principal components can be told apart from each other."""
    random = np.random.default_rng(seed)
    spread = 2.0 ** -np.arange(size)
    turn, _ = np.linalg.qr(random.normal(size=(size, size)))
    codes: np.ndarray = (random.normal(size=(count, size)) * spread @ turn + random.normal(size=size)).astype(
        np.float32
    )
    return codes


def orthogonal(seed: int, size: int = 2, *, mirrored: bool | None = None) -> np.ndarray:
    """A turn, mirrored or not; None leaves that to chance."""
    turn, _ = np.linalg.qr(np.random.default_rng(seed + 77).normal(size=(size, size)))
    if mirrored is not None and (np.linalg.det(turn) < 0) != mirrored:
        turn[:, 0] *= -1
    matrix: np.ndarray = turn
    return matrix


def distances(points: np.ndarray) -> np.ndarray:
    return np.linalg.norm(points[:, None] - points, axis=-1)


@given(seed=seeds)
def test_codes_of_two_numbers_are_their_own_places(seed: int) -> None:
    codes = codes_of(seed, 3)[:, :2].copy()
    before = np.random.default_rng(seed).normal(size=(40, 2)).astype(np.float32)
    for points in (follow(codes), follow(codes, before)):
        np.testing.assert_array_equal(points, codes)
        assert points is not codes
        assert points.dtype == np.float32


@given(seed=seeds)
def test_codes_of_one_number_lie_on_a_line(seed: int) -> None:
    codes = np.random.default_rng(seed).normal(size=(30, 1)).astype(np.float32)
    points = follow(codes)
    assert points.shape == (30, 2)
    np.testing.assert_array_equal(points[:, 1], 0)
    np.testing.assert_allclose(distances(points), np.abs(codes - codes.T), atol=1e-5)
    np.testing.assert_allclose(follow(-codes, points), points, atol=1e-5)


@settings(deadline=None)
@given(seed=seeds, size=sizes)
def test_a_map_lies_as_the_one_before_however_the_codes_were_turned_or_mirrored(seed: int, size: int) -> None:
    codes = codes_of(seed, size)
    before = follow(codes)
    np.testing.assert_allclose(before, pca.fit(codes).points)
    turned = (codes @ orthogonal(seed, size)).astype(np.float32)
    np.testing.assert_allclose(follow(turned, before), before, atol=2e-4)


@settings(deadline=None)
@given(seed=seeds, size=sizes, mirrored=st.booleans())
def test_a_map_turns_and_mirrors_with_the_one_before(seed: int, size: int, mirrored: bool) -> None:
    codes = codes_of(seed, size)
    turn = orthogonal(seed, mirrored=mirrored)
    before = follow(codes) @ turn
    np.testing.assert_allclose(follow(codes, before), before, atol=2e-4)
    np.testing.assert_allclose(follow(codes, before + np.array([3, -2])), before, atol=2e-4)


@settings(deadline=None)
@given(seed=seeds, size=sizes, other=seeds, angle=st.floats(0, 6.3), mirrored=st.booleans())
def test_no_other_turn_of_the_principal_components_lies_closer_to_the_map_before(
    seed: int, size: int, other: int, angle: float, mirrored: bool
) -> None:
    codes = codes_of(seed, size)
    before = np.random.default_rng(other).normal(size=(len(codes), 2)).astype(np.float32)
    before -= before.mean(axis=0)
    points = follow(codes, before)
    np.testing.assert_allclose(distances(points), distances(pca.fit(codes).points), atol=2e-4)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    rival = pca.fit(codes).points @ (turn * [1, -1] if mirrored else turn)
    assert np.square(points - before).sum() <= np.square(rival - before).sum() + 1e-3


@pytest.mark.parametrize("size", [1, 2, 5])
def test_codes_that_all_coincide_still_have_places(size: int) -> None:
    codes = np.full((20, size), 0.5, np.float32)
    points = follow(codes, follow(codes))
    assert points.shape == (20, 2)
    assert np.isfinite(points).all()
    np.testing.assert_allclose(points, points[:1].repeat(20, axis=0), atol=1e-6)
    later = follow(codes_of(0, 5, 20), points)
    assert np.isfinite(later).all(), "and the next map can begin from them"


def test_a_map_of_other_images_is_not_followed() -> None:
    codes = codes_of(1, 5)
    np.testing.assert_array_equal(follow(codes, np.ones((7, 2), np.float32)), follow(codes))
