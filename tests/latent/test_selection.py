import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.path import Path

from aedesk.latent.selection import inside, within


def distance_to_rim(points: np.ndarray, polygon: np.ndarray) -> np.ndarray:
    """How far each point (N, 2) is from the nearest edge of a polygon: on the rim either answer is right."""
    starts, ends = polygon, np.roll(polygon, -1, axis=0)
    edges = ends - starts
    lengths = (edges**2).sum(axis=1) + 1e-30
    share = (((points[:, None] - starts) * edges).sum(axis=2) / lengths).clip(0, 1)
    return np.linalg.norm(points[:, None] - starts - share[..., None] * edges, axis=2).min(axis=1)


@settings(max_examples=100, deadline=None)
@given(corners=st.integers(3, 30), seed=st.integers(0, 10_000), scale=st.sampled_from([0.01, 1.0, 1000.0]))
def test_a_simple_polygon_holds_what_matplotlib_says(corners: int, seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    angles = np.sort(rng.uniform(0, 2 * np.pi, corners))  # star-shaped: never crosses itself
    polygon = scale * rng.uniform(0.2, 1, (corners, 1)) * np.c_[np.cos(angles), np.sin(angles)]
    points = (scale * rng.uniform(-1.2, 1.2, (400, 2))).astype(np.float32)
    clear = distance_to_rim(points, polygon) > 1e-5 * scale
    expected = np.flatnonzero(Path(np.vstack([polygon, polygon[:1]]), closed=True).contains_points(points))
    found = inside(points, polygon)
    assert found.dtype == np.int64
    assert np.array_equal(found[clear[found]], expected[clear[expected]])


@settings(max_examples=60, deadline=None)
@given(corners=st.integers(3, 12), seed=st.integers(0, 10_000))
def test_a_polygon_that_crosses_itself_holds_what_a_ray_crosses_an_odd_number_of_times(
    corners: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    polygon, points = rng.uniform(-1, 1, (corners, 2)), rng.uniform(-1, 1, (60, 2))
    expected = []
    for index, (x, y) in enumerate(points):
        crossed = 0
        for (x0, y0), (x1, y1) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
            crossed += (y0 > y) != (y1 > y) and x < x0 + (y - y0) * (x1 - x0) / (y1 - y0)
        if crossed % 2:
            expected.append(index)
    assert inside(points, polygon).tolist() == expected


def test_the_middle_of_a_five_pointed_star_is_outside() -> None:
    angles = np.arange(5) * 4 * np.pi / 5
    star = np.c_[np.cos(angles), np.sin(angles)]
    assert inside(np.array([[0, 0], [0.9, 0.0]]), star).tolist() == [1]


def test_two_halves_of_a_square_share_its_points_without_doubles() -> None:
    points = np.stack(np.meshgrid(np.arange(5), np.arange(5)), axis=-1).reshape(-1, 2) + 0.25
    lower = inside(points, np.array([[0, 0], [5, 0], [5, 5]]))
    upper = inside(points, np.array([[0, 0], [5, 5], [0, 5]]))
    assert sorted([*lower, *upper]) == list(range(25))


def test_a_line_holds_nothing() -> None:
    points = np.zeros((3, 2))
    for corners in (0, 1, 2):
        assert len(inside(points, np.ones((corners, 2)))) == 0
    assert len(inside(points, np.array([[-1, 0], [1, 0], [2, 0]]))) == 0


def test_points_that_are_nowhere_are_never_inside() -> None:
    points = np.array([[np.nan, 0], [0, np.inf], [0, 0]])
    square = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    assert inside(points, square).tolist() == [2]
    assert within(points, [-1, -1], [1, 1]).tolist() == [2]


@given(seed=st.integers(0, 1000))
def test_a_box_is_the_same_from_any_of_its_corners(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.uniform(-1, 1, (50, 2)).astype(np.float32)
    (x0, y0), (x1, y1) = rng.uniform(-1, 1, (2, 2))
    found = within(points, [x0, y0], [x1, y1])
    for corners in (([x1, y1], [x0, y0]), ([x0, y1], [x1, y0]), ([x1, y0], [x0, y1])):
        assert np.array_equal(within(points, *corners), found)
    square = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
    assert np.array_equal(inside(points, square), found)


def test_the_rim_of_a_box_belongs_to_it() -> None:
    assert within(np.array([[0, 0], [1, 1], [1.001, 1]]), [0, 0], [1, 1]).tolist() == [0, 1]
