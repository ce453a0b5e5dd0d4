"""The replay of a drawing: a real model, a real panel, real events."""

import numpy as np
import pytest
from gestures import SEVEN, line
from panel_bench import bench_for

from aedesk.app import trail as trails
from aedesk.gui.panels.trail import TrailPanel

BAR = line((0.35, 0.5), (0.65, 0.5))


@pytest.fixture
def bench():
    with bench_for(TrailPanel) as bench:
        yield bench


@pytest.fixture
def drawn(bench):
    """With a seven of two strokes."""
    bench.draw(SEVEN)
    bench.draw(BAR)
    return bench


def slide(bench, step):
    """Press on the slider where a step lies, and let go."""
    slider = bench.panel.slider
    x, y = round(slider.x_of(step)), slider.winfo_height() // 2
    slider.event_generate("<ButtonPress-1>", x=x, y=y)
    slider.event_generate("<ButtonRelease-1>", x=x, y=y)
    bench.pump()


def test_before_there_is_a_drawing_the_panel_says_what_it_is_for(bench):
    assert "Draw a digit" in bench.panel.words
    assert bench.panel.guess == ""
    bench.panel.play()
    assert not bench.panel.is_playing


def test_every_stroke_has_a_tick_where_it_begins(drawn):
    strokes = drawn.desk.trail.strokes
    assert drawn.panel.slider.ticks == (int(np.flatnonzero(strokes == 1)[0]),)
    assert drawn.panel.words == f"now: {len(strokes)} steps, 2 strokes"


def test_sliding_shows_the_drawing_as_it_was_and_the_guess_then(drawn):
    trail = drawn.desk.trail
    slide(drawn, 12)
    assert trail.position == 12
    assert drawn.panel.words == f"step 13 of {len(trail)}, stroke 1"
    classes = drawn.explorer.active.atlas.classes
    assert drawn.panel.guess.startswith(classes[trail.shown.guess.label])
    slide(drawn, len(trail) - 1)
    assert drawn.panel.words.endswith("stroke 2")


def test_dragging_beyond_the_ends_stays_at_the_first_and_the_last_step(drawn):
    slider, trail = drawn.panel.slider, drawn.desk.trail
    slider.event_generate("<ButtonPress-1>", x=200, y=8)
    slider.event_generate("<B1-Motion>", x=-500, y=8)
    drawn.pump()
    assert trail.position == 0
    slider.event_generate("<B1-Motion>", x=5000, y=90)
    slider.event_generate("<ButtonRelease-1>", x=5000, y=90)
    assert trail.position == len(trail) - 1


def test_arrow_keys_and_the_buttons_go_by_single_steps(drawn):
    trail, panel = drawn.desk.trail, drawn.panel
    last = len(trail) - 1
    drawn.key(panel.slider, "<Left>")
    assert trail.position == last - 1
    panel.step(-1)
    assert trail.position == last - 2
    drawn.key(panel.slider, "<Right>")
    assert trail.position == last - 1
    drawn.key(panel.slider, "<Home>")
    assert trail.position == 0


def test_play_goes_through_the_steps_to_the_last_and_stops(drawn):
    trail, panel = drawn.desk.trail, drawn.panel
    seen = []
    trail.changed.connect(lambda _: seen.append(trail.position))
    panel.play()
    assert panel.is_playing
    drawn.pump_until(lambda: not panel.is_playing)
    assert seen == list(range(len(trail)))


def test_leaving_the_replay_shows_the_drawing_of_now(drawn):
    slide(drawn, 3)
    drawn.panel.leave()
    assert drawn.desk.trail.position is None
    assert drawn.panel.words.startswith("now")


def test_drawing_on_ends_the_replay(drawn):
    drawn.panel.play()
    drawn.pump(0.1)
    drawn.draw(line((0.2, 0.8), (0.8, 0.8)))
    drawn.pump_until(lambda: not drawn.panel.is_playing)
    assert drawn.desk.trail.position is None
    assert drawn.panel.words.endswith("3 strokes")


def test_a_panel_that_is_put_away_plays_no_more_and_shows_what_it_missed_when_it_comes_back(drawn):
    drawn.panel.play()
    drawn.panel.hidden()
    assert not drawn.panel.is_playing
    words = drawn.panel.words
    drawn.desk.trail.show(5)
    assert drawn.panel.words == words
    drawn.panel.shown()
    assert drawn.panel.words.startswith("step 6 of")


def test_clearing_forgets_the_steps_and_invites_anew(drawn):
    drawn.panel.clear()
    assert len(drawn.desk.trail) == 0
    assert "Draw a digit" in drawn.panel.words


def test_the_toggle_tells_whether_the_trail_is_wanted_on_the_map(bench):
    told = []
    bench.panel.visible.connect(told.append)
    before = bench.panel.is_visible
    bench.panel.on_map.invoke()
    bench.panel.on_map.invoke()
    assert told == [not before, before]


def test_another_model_shows_its_own_reconstruction_of_the_same_step(drawn):
    slide(drawn, 8)
    before = drawn.desk.trail.shown.reconstruction
    drawn.load("dense-2d")
    drawn.pump_until(lambda: drawn.desk.trail.coming == 0)  # a slow machine reads in the background
    assert drawn.desk.trail.position == 8
    assert drawn.panel.words.startswith("step 9 of")
    assert not np.array_equal(before, drawn.desk.trail.shown.reconstruction)


def test_while_a_trail_is_read_anew_the_panel_says_how_far_it_is(drawn, monkeypatch):
    monkeypatch.setattr(trails, "_MOMENT", -1)
    monkeypatch.setattr(trails, "_CHUNK", 10)
    trail, panel, said = drawn.desk.trail, drawn.panel, []
    count = len(trail)
    trail.changed.connect(lambda _: said.append(panel.words))
    drawn.load("dense-2d")
    drawn.pump_until(lambda: trail.coming == 0)
    drawn.pump()
    assert said[0] == f"reading {count} steps anew: 0 done"
    assert said[1] == f"reading {count} steps anew: 10 done"
    assert panel.words == f"now: {count} steps, 2 strokes"


def test_a_trail_that_is_read_anew_can_be_forgotten(drawn, monkeypatch):
    monkeypatch.setattr(trails, "_MOMENT", -1)
    panel = drawn.panel
    before = drawn.explorer.active
    drawn.explorer.load("dense-2d")
    while drawn.explorer.active is before:
        drawn.jobs.poll()
    panel.clear()
    drawn.pump(0.2)
    assert (len(drawn.desk.trail), drawn.desk.trail.coming) == (0, 0)
    assert "Draw a digit" in panel.words


def test_closing_the_window_while_it_plays_leaves_nothing_behind(drawn):
    drawn.panel.play()
    drawn.panel.destroy()
    drawn.pump(0.2)
    drawn.desk.trail.show(2)
    assert drawn.errors == []
