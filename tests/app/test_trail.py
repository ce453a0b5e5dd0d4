"""The way of a drawing: what is recorded, what begins a new trail, and going back in it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aedesk.app import trail as trails
from aedesk.app.explorer import Explorer
from aedesk.app.ink import SIZE, Ink
from aedesk.app.jobs import Jobs
from aedesk.app.loading import MapWish
from aedesk.app.trail import Trail


@pytest.fixture
def trail(bench):
    trail = Trail(bench.explorer, bench.ink, bench.jobs)
    trail.changes = []
    trail.changed.connect(lambda _: trail.changes.append(len(trail)))
    return trail


def box(left, top, side=200):
    """A picture that no pen has drawn: (SIZE, SIZE) with a box on it."""
    pixels = np.zeros((SIZE, SIZE), np.uint8)
    pixels[top : top + side, left : left + side] = 255
    return pixels


def test_every_reading_of_a_stroke_is_a_step_with_its_place_on_the_map(bench, trail):
    bench.load("dense-2d")
    seen = []
    bench.explorer.reading_changed.connect(seen.append)
    bench.draw("7")
    assert len(trail) == 5 == len(trail.changes)
    np.testing.assert_array_equal(trail.points, [reading.point for reading in seen[:5]])
    np.testing.assert_array_equal(trail.images, [reading.image for reading in seen[:5]])
    assert trail.strokes.tolist() == [0] * 5


def test_strokes_are_numbered_from_the_first_of_the_drawing(bench, trail):
    bench.load("dense-2d")
    for _ in range(2):
        bench.stroke((150, 150), (400, 150))
        bench.stroke((400, 150), (300, 450))
        bench.stroke((200, 300), (400, 300))
        assert set(trail.strokes.tolist()) == {0, 1, 2}
        assert (np.diff(trail.strokes) >= 0).all()
        bench.ink.clear()
        bench.read()


def test_a_blank_canvas_leaves_the_trail_until_the_pen_draws_again(bench, trail):
    bench.load("dense-2d")
    bench.draw("7")
    bench.ink.clear()
    bench.read()
    assert len(trail) == 5
    bench.ink.press(50, 500, 40)  # a dot, which every drawing begins with, wherever it is
    bench.read()
    assert len(trail) == 1


def test_undoing_a_clear_goes_on_with_the_same_trail(bench, trail):
    bench.load("dense-2d")
    bench.draw("7")
    bench.ink.clear()
    bench.read()
    bench.ink.undo()
    bench.read()
    assert len(trail) == 5
    bench.stroke((160, 300), (400, 300))
    assert trail.strokes.tolist() == [0] * 5 + [1, 1]


def test_undo_and_redo_take_the_code_back_and_forth(bench, trail):
    bench.load("dense-2d")
    bench.draw("1")
    one, code = len(trail), trail.points[-1]
    bench.stroke((150, 100), (400, 100))
    two = len(trail)
    bench.ink.undo()
    bench.read()
    assert len(trail) == two + 1
    np.testing.assert_array_equal(trail.points[-1], code)
    np.testing.assert_array_equal(trail.images[-1], trail.images[one - 1])
    bench.ink.redo()
    bench.read()
    assert len(trail) == two + 2
    np.testing.assert_array_equal(trail.points[-1], trail.points[two - 1])
    assert trail.strokes.tolist() == [0] * one + [1] * (two - one + 2)


def test_a_stroke_that_ends_between_two_readings_is_part_of_the_trail(bench, trail):
    bench.load("dense-2d")
    bench.draw("1")
    before = len(trail)
    bench.ink.press(150, 100, 40)
    bench.read()
    bench.ink.drag(400, 100, 40)
    bench.ink.release()
    bench.read()
    assert len(trail) == before + 2
    assert trail.strokes[-2:].tolist() == [1, 1]


@pytest.mark.parametrize("exact", [True, False], ids=["of 28x28", "of another size"])
def test_a_picture_put_on_the_canvas_begins_a_new_trail(bench, trail, exact):
    bench.load("dense-2d")
    bench.draw("7")
    if exact:
        bench.ink.show_picture(np.pad(np.ones((12, 8), np.float32), ((8, 8), (10, 10))))
    else:
        bench.ink.replace(box(300, 300))
    bench.read()
    assert len(trail) == 1
    assert trail.strokes.tolist() == [0]
    np.testing.assert_array_equal(trail.points[0], bench.explorer.reading.point)
    bench.stroke((100, 100), (400, 100))
    assert set(trail.strokes.tolist()) == {0, 1}
    steps = len(trail)
    bench.ink.undo()
    bench.read()
    assert len(trail) == steps + 1  # back to the picture, which is not put there anew
    np.testing.assert_array_equal(trail.images[-1], trail.images[0])


@pytest.mark.parametrize("exact", [True, False], ids=["of 28x28", "of another size"])
def test_a_picture_that_covers_the_drawing_begins_a_new_trail(bench, trail, exact):
    bench.load("dense-2d")
    bench.draw("1")
    if exact:
        bench.ink.show_picture(np.ones((28, 28), np.float32))
    else:
        bench.ink.replace(np.maximum(bench.ink.pixels, box(60, 60)))
    bench.read()
    assert len(trail) == 1


def test_a_picture_like_a_step_before_begins_a_new_trail(bench, trail):
    bench.load("dense-2d")
    bench.draw("1")
    bench.ink.show_picture(trail.images[1])
    bench.read()
    assert len(trail) == 1


def test_undoing_a_picture_goes_on_with_its_trail_back_to_the_drawing(bench, trail):
    bench.load("dense-2d")
    bench.draw("1")
    drawn = trail.points[-1]
    bench.ink.replace(box(300, 300))
    bench.read()
    for undo, steps in ((bench.ink.undo, 2), (bench.ink.redo, 3)):
        undo()
        bench.read()
        assert len(trail) == steps
    np.testing.assert_array_equal(trail.points[1], drawn)


def test_undo_from_a_blank_canvas_to_an_earlier_drawing_is_no_step_of_the_later_one(bench, trail):
    bench.load("dense-2d")
    bench.draw("7")
    bench.ink.clear()
    bench.read()
    bench.draw("1")
    for _ in range(2):
        bench.ink.undo()
        bench.read()
    assert len(trail) == 1
    assert trail.strokes.tolist() == [0]


def test_what_was_not_drawn_is_no_step(bench, trail):
    bench.load("dense-2d")
    bench.draw("1")
    steps = len(trail)
    bench.read()
    bench.load("vanilla-64")
    bench.load("dense-2d")
    assert len(trail) == steps


def test_another_model_reads_all_steps_anew(bench, trail):
    bench.load("dense-2d")
    bench.draw("7")
    active = bench.load("vanilla-64")
    codes = active.model.encode(trail.images)
    np.testing.assert_allclose(trail.points, active.projection.to_points(codes), rtol=1e-4, atol=1e-4)
    trail.show(2)
    assert trail.shown.code.shape == (64,)
    np.testing.assert_allclose(trail.points[-1], bench.explorer.reading.point, rtol=1e-3, atol=1e-3)


def test_another_map_lays_the_steps_out_anew_and_keeps_the_replay(bench, trail):
    active = bench.load("vanilla-64")
    bench.draw("7")
    trail.show(1)
    code = trail.shown.code
    bench.explorer.set_projection(MapWish("pca"))
    bench.settle()
    assert bench.explorer.active is not active
    assert trail.position == 1
    np.testing.assert_array_equal(trail.shown.code, code)
    np.testing.assert_allclose(
        trail.shown.point, bench.explorer.active.projection.to_points(code)[0], rtol=1e-4, atol=1e-4
    )
    np.testing.assert_array_equal(trail.shown.point, trail.points[1])


@pytest.fixture
def slow(monkeypatch):
    """Nothing is done at once, and steps come back in threes."""
    monkeypatch.setattr(trails, "_MOMENT", -1)
    monkeypatch.setattr(trails, "_CHUNK", 3)


def adopt(bench, reference):
    """Another model is in use, and nothing that this sets off has come yet."""
    before = bench.explorer.active
    bench.explorer.load(reference)
    bench.poll_until(lambda: bench.explorer.active is not before)


def lay_out(bench, kind):
    """Another map is in use, and nothing that this sets off has come yet."""
    bench.explorer.set_projection(MapWish(kind))
    bench.poll_until(lambda: bench.explorer.active.projection.kind == kind)


def check_points(bench, trail):
    """Every step that is there lies where the model in use has it on the map in use."""
    active = bench.explorer.active
    if len(trail):
        expected = active.projection.to_points(active.model.encode(trail.images))
        np.testing.assert_allclose(trail.points, expected, rtol=1e-3, atol=1e-3)


def test_a_long_trail_is_read_anew_in_the_background_and_is_as_long_as_what_has_come(bench, trail, slow):
    bench.load("dense-2d")
    bench.draw("7")
    images = trail.images
    adopt(bench, "vanilla-64")
    assert (len(trail), trail.coming) == (0, 5)
    assert trail.points.shape == (0, 2)
    seen = []
    trail.changed.connect(lambda _: (seen.append((len(trail), trail.coming)), check_points(bench, trail)))
    bench.settle()
    assert seen == [(3, 2), (5, 0)]
    np.testing.assert_array_equal(trail.images, images)


def test_no_place_of_the_map_before_is_shown_while_another_map_is_on_its_way(bench, trail, slow):
    bench.load("vanilla-64")
    bench.draw("7")
    before = trail.points
    trail.changed.connect(lambda _: check_points(bench, trail))
    lay_out(bench, "pca")
    assert len(trail) == 0
    bench.settle()
    assert len(trail) == 5
    assert not np.allclose(trail.points, before)


def test_steps_drawn_while_the_trail_is_read_anew_come_after_the_others(bench, trail, slow):
    bench.load("dense-2d")
    bench.draw("7")
    images = trail.images
    adopt(bench, "vanilla-64")
    bench.stroke((150, 300), (420, 300))
    assert (len(trail), trail.coming) == (0, 7)
    bench.settle()
    np.testing.assert_array_equal(trail.images[:5], images)
    assert trail.strokes.tolist() == [0] * 5 + [1] * 2
    check_points(bench, trail)


@pytest.mark.parametrize(
    "turns", [("vanilla-64", "dense-2d"), ("vanilla-64", "pca"), ("vanilla-64", "dense-32")]
)
def test_the_model_and_the_map_wished_for_last_are_the_ones_the_trail_is_read_by(bench, trail, slow, turns):
    bench.load("dense-2d")
    bench.draw("7")
    bench.draw("1")
    trail.changed.connect(lambda _: check_points(bench, trail))
    for turn in turns:
        (lay_out if turn == "pca" else adopt)(bench, turn)
    bench.settle()
    assert trail.coming == 0
    assert len(trail) == len(trail.images) > 5
    check_points(bench, trail)


def test_the_step_of_the_replay_is_shown_again_once_it_has_come(bench, trail, slow):
    bench.load("dense-2d")
    bench.draw("7")
    trail.show(4)
    adopt(bench, "vanilla-64")
    assert trail.position is trail.shown is None
    bench.settle()
    assert trail.position == 4
    assert trail.shown.code.shape == (64,)


def test_a_trail_begun_while_another_is_read_anew_has_its_own_steps_only(bench, trail, slow):
    bench.load("dense-2d")
    bench.draw("7")
    adopt(bench, "vanilla-64")
    bench.ink.show_picture(np.pad(np.ones((12, 8), np.float32), ((8, 8), (10, 10))))
    bench.read()
    assert (len(trail), trail.coming) == (1, 0)
    bench.settle()
    assert (len(trail), trail.coming) == (1, 0)
    check_points(bench, trail)


def test_a_trail_that_is_full_while_it_is_read_anew_thins_out_and_loses_no_order(bench, slow, monkeypatch):
    monkeypatch.setattr(trails, "MOST", 12)
    trail = Trail(bench.explorer, bench.ink, bench.jobs)
    bench.load("dense-2d")
    seen = []
    bench.explorer.reading_changed.connect(lambda reading: seen.append(reading.image))
    way = [(120 + 14 * step, 100 + (step % 5) * 60) for step in range(22)]
    bench.ink.press(*way[0], 40)
    for place in way[:10]:
        bench.ink.drag(*place, 40)
        bench.read()
    adopt(bench, "vanilla-64")
    for place in way[10:]:
        bench.ink.drag(*place, 40)
        bench.read()
    bench.settle()
    assert trail.coming == 0
    places = [
        next(i for i, known in enumerate(seen) if np.array_equal(known, image)) for image in trail.images
    ]
    assert places == sorted(set(places))
    assert np.array_equal(trail.images[-1], seen[-1])
    check_points(bench, trail)


def test_steps_that_cannot_be_read_are_told_and_go(bench, trail, slow, monkeypatch):
    bench.load("dense-2d")
    bench.draw("7")
    monkeypatch.setattr(trails, "_read", lambda *_: 1 / 0)
    bench.load("vanilla-64")
    assert (len(trail), trail.coming) == (0, 0)
    assert [type(problem) for problem in bench.problems] == [ZeroDivisionError]


def test_a_moments_work_is_done_at_once(bench, trail, monkeypatch):
    monkeypatch.setattr(trails, "_MOMENT", 60)
    bench.load("vanilla-64")
    bench.draw("7")
    lay_out(bench, "pca")
    assert (len(trail), trail.coming) == (5, 0)
    check_points(bench, trail)


def test_a_step_is_shown_as_it_was_read(bench, trail):
    bench.load("dense-2d")
    seen = []
    bench.explorer.reading_changed.connect(seen.append)
    bench.draw("7")
    for step in (3, 0):
        trail.show(step)
        assert trail.position == step
        for name in ("image", "code", "reconstruction", "point"):
            np.testing.assert_array_equal(getattr(trail.shown, name), getattr(seen[step], name))
        assert trail.shown.guess.label == seen[step].guess.label
    trail.show(99)
    assert trail.position == 4
    trail.show(None)
    assert trail.position is trail.shown is None


def test_drawing_on_ends_the_replay(bench, trail):
    bench.load("dense-2d")
    bench.draw("1")
    trail.show(0)
    bench.stroke((150, 100), (400, 100))
    assert trail.position is trail.shown is None


def test_a_replay_is_possible_after_the_canvas_was_cleared(bench, trail):
    bench.load("dense-2d")
    bench.draw("1")
    bench.ink.clear()
    bench.read()
    trail.show(1)
    np.testing.assert_array_equal(trail.shown.image, trail.images[1])


def test_a_cleared_trail_is_empty_and_the_next_stroke_begins_one(bench, trail):
    bench.load("dense-2d")
    bench.draw("1")
    trail.show(1)
    trail.clear()
    assert len(trail) == 0
    assert trail.points.shape == (0, 2)
    assert trail.images.shape == (0, 28, 28)
    assert trail.position is trail.shown is None
    trail.show(3)
    assert trail.position is None
    bench.load("vanilla-64")
    assert len(trail) == 0
    bench.stroke((150, 100), (400, 100))
    assert set(trail.strokes.tolist()) == {0}
    assert len(trail) > 0


def test_the_trail_ends_where_the_drawing_has_settled(bench, trail):
    bench.load("dense-2d")
    bench.draw("1")
    settled = replace(bench.explorer.reading, point=np.array([5, 6], np.float32))
    before = trail.points
    bench.explorer.settled.emit(settled)
    np.testing.assert_array_equal(trail.points[-1], [5, 6])
    np.testing.assert_array_equal(trail.points[:-1], before[:-1])


def test_a_long_trail_keeps_its_newest_steps_and_thins_out_the_oldest(bench, monkeypatch):
    monkeypatch.setattr(trails, "MOST", 12)
    trail = Trail(bench.explorer, bench.ink, bench.jobs)
    bench.load("dense-2d")
    seen = []
    bench.explorer.reading_changed.connect(seen.append)
    way = [(120 + 14 * step, 100 + (step % 5) * 60) for step in range(24)]
    bench.stroke(*way)
    images = [reading.image for reading in seen[:24]]
    assert len(trail) <= 12
    places = [
        next(i for i, known in enumerate(images) if np.array_equal(known, image)) for image in trail.images
    ]
    assert places == sorted(set(places))
    assert places[0] == 0
    assert places[-5:] == [19, 20, 21, 22, 23]
    np.testing.assert_array_equal(trail.points, [seen[place].point for place in places])


@pytest.fixture(scope="module")
def loaded():
    """An explorer with a model, for many drawings."""
    jobs, ink = Jobs(), Ink()
    explorer = Explorer(jobs)
    explorer.load("dense-2d")
    while jobs.are_running:
        jobs.poll()
    return explorer, ink, jobs


PLACES = st.tuples(st.integers(60, 500), st.integers(60, 500))
STROKES = st.lists(st.tuples(st.booleans(), st.lists(PLACES, min_size=1, max_size=3)), min_size=1, max_size=4)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(strokes=STROKES, undone=st.integers(1, 4))
def test_undo_leads_over_the_trail_to_where_it_was(loaded, strokes, undone):
    explorer, ink, jobs = loaded
    ink.clear()
    explorer.set_drawing(ink)
    trail = Trail(explorer, ink, jobs)
    ends = []
    for number, (erase, places) in enumerate(strokes):
        ink.press(*places[0], 60, erase=erase and number > 0)
        explorer.set_drawing(ink)
        for place in places[1:]:
            ink.drag(*place, 60, erase=erase and number > 0)
            explorer.set_drawing(ink)
        ink.release()
        if ink.is_blank:
            return
        ends.append(trail.points[-1])
    steps = len(trail)
    for end in ends[-2::-1][:undone]:
        ink.undo()
        explorer.set_drawing(ink)
        np.testing.assert_array_equal(trail.points[-1], end)
    assert len(trail) >= steps  # nothing of the way is lost
