"""What lies behind the points: digits and trust on a lattice, computed in the background."""

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polling import PATIENCE

from aedesk.app import backdrop as backdrops
from aedesk.app.backdrop import Backdrop, Lattice, Region
from aedesk.app.viewport import Viewport, around

EDGE = 28


@pytest.fixture
def backdrop(bench) -> Backdrop:
    bench.load("dense-2d")
    made = Backdrop(bench.explorer, bench.jobs)
    made.failed.connect(bench.problems.append)
    return made


def whole_map(bench, width: int = 800, height: int = 640) -> Viewport:
    points = bench.explorer.active.projection.points
    return around(points.min(axis=0), points.max(axis=0), width, height)


def complete(bench, backdrop: Backdrop, view: Viewport):
    """The mosaic once everything in view is there."""
    for _ in range(100):
        mosaic = backdrop.mosaic(view)
        bench.settle()
        if backdrop.is_complete and mosaic is not None and not lacking(backdrop, view):
            return backdrop.mosaic(view)
    raise AssertionError("the mosaic never was complete")


def lacking(backdrop: Backdrop, view: Viewport) -> list[tuple[int, int]]:
    return [tuple(key) for key in backdrop._region.missing(*backdrop._region.lattice.keys_in(view)).tolist()]


def there(backdrop: Backdrop) -> dict[tuple[int, int], np.ndarray]:
    """The cells that have been computed, by their keys."""
    return cells_of(backdrop._region)


def cells_of(region: Region) -> dict[tuple[int, int], np.ndarray]:
    return {
        (region.low[0] + column, region.high[1] - row): region.values[row, :, column]
        for row, column in np.argwhere(region.there).tolist()
    }


@given(
    st.floats(-50, 50), st.floats(-50, 50), st.floats(0.1, 100), st.integers(50, 2000), st.integers(50, 2000)
)
def test_the_cells_in_view_cover_it_and_are_square_on_the_screen(
    left: float, bottom: float, size: float, width: int, height: int
) -> None:
    view = around(np.array([left, bottom]), np.array([left + size, bottom + 0.7 * size]), width, height)
    lattice = Lattice.over(view, 20)
    low, high = lattice.keys_in(view)
    half = np.array(lattice.step) / 2
    corners = lattice.centres(np.array([low, high]))
    assert (corners[0] - half <= view.low + 1e-3 * size).all()
    assert (corners[1] + half >= view.high - 1e-3 * size).all()
    sides = np.array(lattice.step) * [view.width, view.height] / view.size
    assert sides[0] == pytest.approx(sides[1], rel=1e-6)
    assert lattice.fits(view, 20)


@given(st.integers(-30, 30), st.integers(-30, 30))
def test_a_cell_is_found_from_its_middle(i: int, j: int) -> None:
    lattice = Lattice((0.37, -2.1), (0.25, 0.5))
    assert lattice.keys_at(lattice.centres(np.array([(i, j)]))).tolist() == [[i, j]]


SPANS = st.tuples(st.integers(-6, 6), st.integers(-6, 6), st.integers(0, 5), st.integers(0, 5)).map(
    lambda span: ((span[0], span[1]), (span[0] + span[2], span[1] + span[3]))
)
KEYS = st.lists(st.tuples(st.integers(-8, 8), st.integers(-8, 8)), max_size=30, unique=True)


@given(SPANS, SPANS, KEYS)
def test_what_a_region_has_another_takes_over_cell_by_cell(one, other, keys) -> None:
    lattice = Lattice((0.37, -2.1), (0.25, 0.5))
    before, after = Region(lattice, *one, 2), Region(lattice, *other, 2)
    values = np.random.default_rng(0).integers(1, 256, (len(keys), 2, 2), np.uint8)
    before.put(np.array(keys, np.int64).reshape(-1, 2), values)
    known = {key: cell for key, cell in zip(keys, values, strict=True) if is_within(key, one)}
    missing = list(map(tuple, before.missing(*one).tolist()))
    assert len(missing) == before.there.size - len(known)
    assert not set(missing) & set(known)
    after.take_over(before)
    found = cells_of(after)
    assert set(found) == {key for key in known if is_within(key, other)}
    assert all((found[key] == known[key]).all() for key in found)


def is_within(key: tuple[int, int], span: tuple[tuple[int, int], tuple[int, int]]) -> bool:
    (left, bottom), (right, top) = span
    return left <= key[0] <= right and bottom <= key[1] <= top


def test_a_cell_of_another_lattice_stands_in_where_it_lies_and_is_to_be_computed_all_the_same() -> None:
    before = Region(Lattice((0, 0), (2, 2)), (0, 0), (1, 1), 1)
    keys = np.array([(0, 0), (1, 0), (0, 1), (1, 1)])
    before.put(keys, np.array([10, 20, 30, 40], np.uint8).reshape(-1, 1, 1))
    finer = Region(Lattice((0, 0), (1, 1)), (0, 0), (3, 3), 1)
    finer.take_over(before)
    assert finer.values[:, 0, :, 0].tolist() == [[30, 30, 40, 40]] * 2 + [[10, 10, 20, 20]] * 2
    assert len(finer.missing((0, 0), (3, 3))) == 16


def test_nothing_lies_behind_the_points_until_it_is_asked_for(bench, backdrop) -> None:
    assert backdrop.mosaic(whole_map(bench)) is None


def test_each_cell_is_the_digit_that_its_middle_decodes_to(bench, backdrop) -> None:
    view = whole_map(bench)
    backdrop.show("digits")
    mosaic = complete(bench, backdrop, view)
    (left, _), (right, top) = backdrop._region.lattice.keys_in(view)
    assert 18 <= right - left + 1 <= 22
    active = bench.explorer.active
    for i, j in ((left + 3, top - 2), (left + 10, top - 7)):
        code = active.projection.to_codes(backdrop._region.lattice.centres(np.array([(i, j)])))
        expected = np.rint(active.model.decode(code)[0] * 255)
        row, column = (top - j) * EDGE, (i - left) * EDGE
        found = mosaic.values[row : row + EDGE, column : column + EDGE]
        assert np.abs(found.astype(int) - expected).max() <= 1


def test_the_box_is_where_the_view_lies_in_the_mosaic(bench, backdrop) -> None:
    view = whole_map(bench).panned(7, -9)
    backdrop.show("digits")
    mosaic = complete(bench, backdrop, view)
    (left, bottom), (right, top) = backdrop._region.lattice.keys_in(view)
    rows, columns = mosaic.values.shape
    assert (rows, columns) == ((top - bottom + 1) * EDGE, (right - left + 1) * EDGE)
    x0, y0, x1, y1 = mosaic.box
    assert 0 <= x0 < EDGE
    assert 0 <= y0 < EDGE
    assert (x1 - x0) / (y1 - y0) == pytest.approx(view.width / view.height, rel=0.01)


def test_moving_the_map_keeps_what_was_decoded_and_adds_only_the_new_edge(
    bench, backdrop, monkeypatch
) -> None:
    view = whole_map(bench)
    backdrop.show("digits")
    complete(bench, backdrop, view)
    before = dict(there(backdrop))
    complete(bench, backdrop, view.panned(45, 0))
    after = there(backdrop)
    added = set(after) - set(before)
    assert 0 < len(added) <= 2 * 18
    assert all((after[key] == cell).all() for key, cell in before.items())


def test_zooming_far_lays_the_lattice_anew_and_shows_the_old_digits_meanwhile(bench, backdrop) -> None:
    view = whole_map(bench)
    backdrop.show("digits")
    complete(bench, backdrop, view)
    closer = view.zoomed(4, 400, 320)
    at_once = backdrop.mosaic(closer)
    assert at_once is not None
    assert at_once.values.any(), "until the new ones are there, the old ones stand in"
    assert lacking(backdrop, closer)
    complete(bench, backdrop, closer)
    assert not lacking(backdrop, closer)


def test_trust_is_low_far_outside_and_high_among_the_codes(bench, backdrop) -> None:
    points = bench.explorer.active.projection.points
    view = whole_map(bench).zoomed(0.4, 400, 320)
    backdrop.show("trust")
    complete(bench, backdrop, view)
    lattice, cells = backdrop._region.lattice, there(backdrop)
    corner, *among = lattice.keys_at(np.vstack([view.low + view.size * 0.03, points[::100]])).tolist()
    assert cells[tuple(corner)].item() < 60
    among = [cells[tuple(key)].item() for key in among]
    assert np.median(among) > 128


def test_a_slow_decoder_is_asked_for_a_few_cells_at_a_time_the_middle_first(
    bench, backdrop, monkeypatch
) -> None:
    asked: list[np.ndarray] = []

    def slowly(places: np.ndarray) -> np.ndarray:
        asked.append(places)
        return np.zeros((len(places), EDGE, EDGE), np.float32)

    clock = iter(np.arange(10_000) * 0.5)
    monkeypatch.setattr(backdrops, "_digits", lambda _: slowly)
    monkeypatch.setattr(backdrops.time, "perf_counter", lambda: float(next(clock)))
    view = whole_map(bench)
    backdrop.show("digits")
    backdrop.mosaic(view)
    bench.poll_until(lambda: len(asked) > 30)
    monkeypatch.undo()
    assert all(len(places) <= 2 for places in asked[2:])
    middle = (view.low + view.high) / 2
    first = np.abs((asked[0] - middle) / view.size).max()
    later = np.abs((asked[-1] - middle) / view.size).max()
    assert first < later
    backdrop.show("none")
    bench.settle()


def test_another_model_brings_its_own_digits(bench, backdrop) -> None:
    view = whole_map(bench)
    backdrop.show("digits")
    complete(bench, backdrop, view)
    bench.load("dense-32")
    assert backdrop.mosaic(whole_map(bench)) is None
    complete(bench, backdrop, whole_map(bench))
    assert bench.problems == []


def test_a_backdrop_that_fails_is_told_and_switched_off(bench, backdrop, monkeypatch) -> None:
    def broken(_: object) -> None:
        raise MemoryError("no room")

    monkeypatch.setattr(backdrops, "_digits", lambda _: broken)
    backdrop.show("digits")
    backdrop.mosaic(whole_map(bench))
    bench.settle()
    assert backdrop.kind == "none"
    assert isinstance(bench.problems[0], MemoryError)


def test_the_error_of_what_is_not_asked_for_any_more_switches_nothing_off(
    bench, backdrop, monkeypatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def broken(_: object) -> None:
        begun.set()
        go_on.wait(PATIENCE)
        raise MemoryError("no room")

    monkeypatch.setattr(backdrops, "_digits", lambda _: broken)
    backdrop.show("digits")
    backdrop.mosaic(whole_map(bench))
    assert begun.wait(PATIENCE)
    backdrop.show("trust")
    go_on.set()
    bench.settle()
    assert bench.problems == []
    assert backdrop.kind == "trust"
    assert complete(bench, backdrop, whole_map(bench)).values.any()
