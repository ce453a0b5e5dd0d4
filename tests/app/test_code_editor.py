"""A code changed number by number: where it begins, how far it goes, and the way back."""

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from aedesk.app.code_editor import ORIGIN, CodeEditor
from aedesk.app.explorer import PLACE, Explorer
from aedesk.app.jobs import Jobs
from aedesk.app.loading import MapWish


@pytest.fixture
def editor(bench):
    return CodeEditor(bench.explorer)


def test_without_a_code_there_is_nothing_to_change(bench, editor):
    assert editor.code is editor.image is editor.change is editor.moved is None
    editor.set(0, 1.0)
    editor.reset()
    editor.reset_one(0)
    editor.begin(np.zeros(2), "nowhere")
    bench.load("dense-2d")
    assert editor.code is None
    assert sorted(editor.dims.tolist()) == [0, 1]
    editor.set(0, 1.0)
    assert bench.explorer.pick is None


def test_the_numbers_that_vary_most_come_first_and_never_more_than_64(bench, editor):
    active = bench.load("conv")
    assert len(editor.dims) == 64 == len(editor.low) == len(editor.high)
    variances = active.atlas.codes.var(axis=0)
    assert (np.diff(variances[editor.dims]) <= 0).all()
    assert variances[editor.dims].min() >= np.delete(variances, editor.dims).max()


@pytest.mark.parametrize("name", ["vanilla-64", "dense-2d"])
def test_ranges_hold_nearly_all_codes_of_the_atlas(bench, editor, name):
    active = bench.load(name)
    codes = active.atlas.codes[:, editor.dims]
    inside = ((codes >= editor.low) & (codes <= editor.high)).mean(axis=0)
    assert inside.min() > 0.998
    assert (editor.high > editor.low).all()
    assert (editor.low.min() >= 0) == active.atlas.non_negative


def test_it_begins_from_the_drawing_or_the_pick_whichever_came_last(bench, editor):
    bench.load("dense-2d")
    bench.draw("1")
    np.testing.assert_array_equal(editor.code, bench.explorer.reading.code)
    np.testing.assert_array_equal(editor.image, bench.explorer.reading.reconstruction)
    assert editor.words == "your drawing"
    bench.explorer.pick_at(1.0, 2.0)
    np.testing.assert_array_equal(editor.code, [1, 2])
    assert editor.words == PLACE
    bench.explorer.pick_code(np.array([3, 4]), "a sample")
    assert editor.words == "a sample"
    bench.stroke((150, 100), (400, 100))
    assert editor.words == "your drawing"
    np.testing.assert_array_equal(editor.code, bench.explorer.reading.code)
    assert not editor.change.any()


def test_a_cleared_canvas_leaves_the_picked_code_or_none(bench, editor):
    bench.load("dense-2d")
    bench.draw("1")
    editor.set(0, 1.0)
    editor.reset()
    bench.ink.clear()
    bench.read()
    assert editor.code is None  # what it has picked itself is nothing to begin from
    bench.explorer.pick_at(1.0, 2.0)
    bench.draw("7")
    bench.ink.clear()
    bench.read()
    np.testing.assert_array_equal(editor.code, [1, 2])


def test_a_move_is_picked_on_the_map_and_changes_the_digit(bench, editor):
    bench.load("vanilla-64")
    bench.draw("7")
    before, came = editor.code.copy(), editor.image
    picks = []
    bench.explorer.picked.connect(picks.append)
    editor.set(3, float(editor.high[3]))
    assert editor.moved == 3
    assert [pick.origin for pick in picks] == [ORIGIN]
    np.testing.assert_array_equal(picks[0].code, editor.code)
    assert np.flatnonzero(editor.code != before).tolist() == [editor.dims[3]]
    np.testing.assert_array_equal(editor.image, picks[0].image)
    np.testing.assert_array_equal(editor.change, editor.image - came)
    assert editor.change.any()
    np.testing.assert_array_equal(bench.explorer.reading.code, before)  # the drawing's own is not touched


def test_no_number_leaves_its_range(bench, editor):
    bench.load("vanilla-64")
    bench.draw("7")
    editor.set(0, 1e9)
    assert editor.code[editor.dims[0]] == editor.high[0]
    editor.set(0, -1e9)
    assert editor.code[editor.dims[0]] == editor.low[0] == 0
    with pytest.raises(ValueError, match="finite"):
        editor.set(0, float("nan"))


def test_a_code_from_beyond_is_within_its_ranges(bench, editor):
    bench.load("dense-2d")
    usual = editor.high.copy()
    editor.begin(np.array([1e4, -1e4]), "afar")
    assert (editor.low <= editor.code[editor.dims]).all()
    assert (editor.high >= editor.code[editor.dims]).all()
    editor.begin(np.zeros(2), "the middle")
    np.testing.assert_array_equal(editor.high, usual)
    assert editor.words == "the middle"


def test_once_moved_it_stays_until_it_is_reset_or_begun_anew(bench, editor):
    bench.load("dense-2d")
    bench.draw("1")
    came = editor.code.copy()
    editor.set(0, 5.0)
    moved = editor.code.copy()
    bench.explorer.pick_at(1.0, 2.0)
    bench.stroke((150, 100), (400, 100))
    np.testing.assert_array_equal(editor.code, moved)
    editor.reset()
    np.testing.assert_array_equal(editor.code, came)
    np.testing.assert_array_equal(bench.explorer.pick.code, came)
    bench.explorer.pick_at(1.0, 2.0)
    np.testing.assert_array_equal(editor.code, [1, 2])
    editor.set(1, 7.0)
    editor.begin(np.array([8.0, 9.0]), "elsewhere")
    np.testing.assert_array_equal(editor.code, [8, 9])
    assert editor.moved is None


def test_one_number_goes_back_alone_and_the_last_one_makes_it_as_it_came(bench, editor):
    bench.load("vanilla-64")
    bench.draw("7")
    came = editor.code.copy()
    editor.set(0, 1.0)
    editor.set(5, 2.0)
    editor.reset_one(0)
    assert editor.moved == 0
    assert np.flatnonzero(editor.code != came).tolist() == [editor.dims[5]]
    editor.reset_one(5)
    assert editor.moved is None
    assert not editor.change.any()


def test_another_map_keeps_the_code_and_another_model_does_not(bench, editor):
    bench.load("vanilla-64")
    bench.draw("7")
    bench.explorer.pick_at(0.0, 0.0)
    code = editor.code.copy()
    bench.explorer.set_projection(MapWish("pca"))
    bench.settle()
    np.testing.assert_array_equal(editor.code, code)  # the sketch, read again for the map, is no news
    editor.set(0, 1.0)
    bench.load("dense-2d")
    assert editor.moved is None
    np.testing.assert_array_equal(editor.code, bench.explorer.reading.code)
    assert len(editor.dims) == 2


def test_every_change_is_told(bench, editor):
    told = []
    editor.changed.connect(lambda _: told.append(editor.moved))
    bench.load("dense-2d")
    bench.explorer.pick_at(1.0, 2.0)
    told.clear()
    editor.set(1, 3.0)
    editor.reset_one(1)
    assert told == [1, None]


@pytest.fixture(scope="module")
def loaded():
    jobs = Jobs()
    explorer = Explorer(jobs)
    explorer.load("vanilla-64")
    while jobs.are_running:
        jobs.poll()
    return explorer


MOVES = st.lists(st.tuples(st.integers(0, 40), st.floats(-1e6, 1e6)), max_size=6)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(start=st.lists(st.floats(-50, 50, width=32), min_size=64, max_size=64), moves=MOVES)
@example(start=[-0.0] * 64, moves=[(2, 0.0)])
def test_a_reset_restores_the_code_bit_for_bit(loaded, start, moves):
    editor = CodeEditor(loaded)
    code = np.array(start, np.float32)
    editor.begin(code, "anywhere")
    for position, value in moves:
        editor.set(position, value)
        assert (editor.code[editor.dims] >= editor.low).all()
        assert (editor.code[editor.dims] <= editor.high).all()
    editor.reset()
    assert editor.code.tobytes() == code.tobytes()
    assert editor.moved is None
