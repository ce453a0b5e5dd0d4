from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from aedesk.errors import AedeskError, Cancelled
from aedesk.latent import pca
from aedesk.latent.morph import Roads, along, arithmetic, even, spherical, straight
from aedesk.latent.projection import Native

NUMBERS = st.floats(-1000, 1000, width=32)
PAIRS = st.integers(1, 12).flatmap(lambda size: arrays(np.float32, (2, size), elements=NUMBERS))
WAY = pytest.mark.parametrize("way", [straight, spherical])


def test_every_second_code_is_met_on_a_line() -> None:
    found = straight(np.array([0, 0]), np.array([4, -8]), 5)
    assert found.dtype == np.float32
    assert found.tolist() == [[0, 0], [1, -2], [2, -4], [3, -6], [4, -8]]


@WAY
@given(ends=PAIRS, n=st.integers(2, 20))
def test_a_way_is_finite_and_meets_its_ends(way: Callable[..., np.ndarray], ends: np.ndarray, n: int) -> None:
    found = way(*ends, n)
    assert found.shape == (n, ends.shape[1])
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    assert np.array_equal(found[[0, -1]], ends)


@given(ends=PAIRS, n=st.integers(2, 20))
def test_an_arc_between_codes_that_are_not_negative_is_not_negative(ends: np.ndarray, n: int) -> None:
    assert spherical(*np.abs(ends), n).min() >= 0


@given(ends=PAIRS, n=st.integers(2, 20))
def test_lengths_on_an_arc_change_evenly(ends: np.ndarray, n: int) -> None:
    one, other = np.linalg.norm(ends.astype(np.float64), axis=1)
    if min(one, other) == 0 or abs(ends[0] / one @ (ends[1] / other)) > 0.999:
        return  # straight instead
    lengths = np.linalg.norm(spherical(*ends, n).astype(np.float64), axis=1)
    np.testing.assert_allclose(lengths, np.linspace(one, other, n), rtol=1e-4)


def test_an_arc_turns_by_even_angles() -> None:
    found = spherical(np.array([2, 0]), np.array([0, 4]), 7)
    np.testing.assert_allclose(
        np.degrees(np.arctan2(found[:, 1], found[:, 0])), np.arange(0, 91, 15), atol=1e-4
    )


@pytest.mark.parametrize("other", [[0, 0, 0], [2, 4, 6], [-1, -2, -3], [1, 2, 3]])
def test_an_arc_without_a_direction_of_its_own_is_a_line(other: list[float]) -> None:
    code = np.array([1, 2, 3], np.float32)
    np.testing.assert_array_equal(spherical(code, np.array(other), 5), straight(code, np.array(other), 5))


@given(
    path=st.integers(1, 9).flatmap(lambda m: arrays(np.float32, (m, 2), elements=NUMBERS)),
    n=st.integers(2, 40),
)
def test_places_along_a_path_are_on_it_at_even_distances(path: np.ndarray, n: int) -> None:
    found = even(path, n)
    assert np.array_equal(found[[0, -1]], path[[0, -1]])
    legs = np.linalg.norm(np.diff(path.astype(np.float64), axis=0), axis=1)
    total = legs.sum()
    corners = np.concatenate([[0], legs.cumsum()])
    for number, place in enumerate(found):
        wanted = total * number / (n - 1)
        expected = [np.interp(wanted, corners, path[:, axis].astype(np.float64)) for axis in range(2)]
        np.testing.assert_allclose(place, expected, atol=1e-3 * max(1, total * 1e-3))


def test_a_path_over_the_map_is_decoded_at_its_places() -> None:
    found = along(Native(np.zeros((1, 2), np.float32)), np.array([[0, 0], [1, 0], [1, 3]]), 5)
    np.testing.assert_allclose(found, [[0, 0], [1, 0], [1, 1], [1, 2], [1, 3]], atol=1e-6)


def test_a_path_over_a_map_gives_codes_of_the_size_of_the_model() -> None:
    codes = np.random.default_rng(0).normal(size=(50, 6)).astype(np.float32)
    projection = pca.fit(codes)
    found = along(projection, projection.points[[3, 8]], 4)
    np.testing.assert_allclose(found[[0, -1]], codes[[3, 8]], atol=1e-4)


def ring(n: int = 300, empty: float = 0.0) -> np.ndarray:
    angles = np.linspace(empty, 2 * np.pi - empty, n)
    return np.c_[np.cos(angles), np.sin(angles)].astype(np.float32)


def test_a_way_along_the_data_keeps_to_the_data() -> None:
    found = Roads(ring()).between(np.array([1, 0]), np.array([-1, 0]), 30)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=0.01)
    assert np.linalg.norm(straight(found[0], found[-1], 30), axis=1).min() < 0.1  # a line does not


def test_a_way_along_the_data_takes_the_side_that_has_data() -> None:
    codes = ring(empty=0.8)  # nothing to the right
    found = Roads(codes).between(codes[10], codes[-10], 40)
    assert found[:, 0].min() < -0.9


@settings(max_examples=50, deadline=None)
@given(
    n=st.integers(1, 40),
    size=st.integers(1, 5),
    heaps=st.integers(1, 4),
    frames=st.integers(2, 20),
    seed=st.integers(0, 1000),
)
def test_a_way_along_any_data_meets_its_ends(n: int, size: int, heaps: int, frames: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    codes = rng.normal(size=(n, size)) + 100 * rng.integers(heaps, size=(n, 1))
    codes[: n // 3] = codes[0]  # some coincide
    ends = rng.normal(size=(2, size)).astype(np.float32) * 50
    found = Roads(codes, k=3).between(*ends, frames)
    assert found.shape == (frames, size)
    assert np.isfinite(found).all()
    assert np.array_equal(found[[0, -1]], ends)


def test_frames_of_a_way_along_the_data_are_evenly_apart() -> None:
    found = Roads(ring(80)).between(np.array([1, 0]), np.array([-1, 0]), 25)
    steps = np.linalg.norm(np.diff(found, axis=0), axis=1)
    assert steps.max() / steps.min() < 1.05


def test_heaps_without_a_neighbour_in_common_are_still_connected() -> None:
    rng = np.random.default_rng(0)
    codes = np.concatenate([rng.normal(centre, 1, (30, 2)) for centre in (0, 100, 200)]).astype(np.float32)
    found = Roads(codes, k=4).between(codes[0], codes[-1], 200)
    at_the_middle_heap = np.linalg.norm(found - 100, axis=1).min()
    assert at_the_middle_heap < 5


def test_a_way_from_a_code_to_itself_stays_there() -> None:
    codes = ring()
    assert np.array_equal(Roads(codes).between(codes[5], codes[5], 4), codes[[5] * 4])


def test_many_short_steps_are_preferred_to_one_leap() -> None:
    codes = ring(60)
    found = Roads(codes, k=59).between(codes[0], codes[30], 30)  # every code is every other's neighbour
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=0.01)


def test_codes_next_to_each_other_need_no_detour() -> None:
    codes = np.random.default_rng(0).normal(size=(200, 2)).astype(np.float32)
    a, b = codes[0] + [0.05, 0], codes[0] + [0.05, 0.02]  # nearer to each other than to any code
    np.testing.assert_allclose(Roads(codes).between(a, b, 5), straight(a, b, 5), atol=1e-6)


def test_looking_for_roads_can_be_ended() -> None:
    with pytest.raises(Cancelled):
        Roads(ring(), cancelled=lambda: True)


def test_codes_add_up() -> None:
    a, b, c = np.array([[5, 1, 0], [2, 3, 0], [1, 1, 1]], np.float32)
    assert arithmetic(a, b, c).tolist() == [4, -1, 1]
    assert arithmetic(a, b, c, non_negative=True).tolist() == [4, 0, 1]


@WAY
def test_one_frame_is_no_way(way: Callable[..., np.ndarray]) -> None:
    with pytest.raises(AedeskError, match="at least 2 frames, not 1"):
        way(np.zeros(2), np.ones(2), 1)


def test_a_path_of_no_places_is_refused() -> None:
    with pytest.raises(AedeskError, match="at least two places"):
        even(np.empty((0, 2)), 5)
