"""From one digit to another: a real model, a real panel, real events."""

from tkinter import filedialog

import numpy as np
import pytest
from gestures import SEVEN
from panel_bench import bench_for
from PIL import Image

from aedesk.gui.panels.morph import MorphPanel


@pytest.fixture
def bench():
    with bench_for(MorphPanel) as bench:
        yield bench


@pytest.fixture
def strip(bench):
    """With a strip from a drawn seven to a place of the map."""
    bench.draw(SEVEN)
    bench.pick(5)
    take(bench, "a", "sketch")
    take(bench, "b", "pick")
    bench.pump_until(lambda: bench.desk.morpher.strip is not None)
    bench.pump()
    return bench


def take(bench, name, source):
    bench.panel.ends.rows[name].buttons[source].invoke()
    bench.pump()


def states(bench, name):
    return {source: str(button["state"]) for source, button in bench.panel.ends.rows[name].buttons.items()}


def click(bench, frame):
    row = bench.panel.row
    x, y = row.centre_of(frame)
    row.canvas.event_generate("<Button-1>", x=x, y=y)
    row.canvas.event_generate("<ButtonRelease-1>", x=x, y=y)
    bench.pump()


def answer(monkeypatch, path):
    monkeypatch.setattr(filedialog, "asksaveasfilename", lambda **_: str(path) if path else "")


def test_without_ends_the_panel_says_how_to_give_them_and_nothing_can_be_played_or_saved(bench):
    assert "Give A and B a code" in bench.panel.words
    bar = bench.panel.bar
    for button in (bar.play, bar.save_gif, bar.save_strip, bench.panel.add, bench.panel.ends.swap):
        assert str(button["state"]) == "disabled"
    bench.panel.play()
    assert not bench.panel.is_playing


def test_an_end_can_be_taken_from_what_there_is_only(bench):
    assert states(bench, "a") == {"sketch": "disabled", "pick": "disabled"}
    bench.draw(SEVEN)
    assert states(bench, "a") == {"sketch": "normal", "pick": "disabled"}
    bench.pick()
    assert states(bench, "c") == {"sketch": "normal", "pick": "normal"}
    bench.ink.clear()
    bench.explorer.set_drawing(bench.ink)
    assert states(bench, "a") == {"sketch": "disabled", "pick": "normal"}


def test_both_ends_make_a_strip_from_one_to_the_other(strip):
    morpher, panel = strip.desk.morpher, strip.panel
    assert len(panel.row) == len(morpher.strip.images) == 16
    assert np.allclose(morpher.strip.codes[0], strip.explorer.reading.code, atol=1e-4)
    assert np.allclose(morpher.strip.codes[-1], strip.explorer.pick.code, atol=1e-4)
    assert panel.words == "frame 1 of 16"


def test_swapping_turns_the_strip_round(strip):
    before = strip.desk.morpher.strip.codes
    strip.panel.ends.swap.invoke()
    strip.pump()
    assert np.allclose(strip.desk.morpher.strip.codes[::-1], before, atol=1e-4)


def test_the_number_of_frames_can_be_chosen(strip):
    strip.panel.bar.count.set("8")
    strip.panel.bar.count.event_generate("<<ComboboxSelected>>")
    strip.pump()
    assert len(strip.panel.row) == 8


def test_the_way_along_the_data_is_found_in_the_background_and_the_panel_says_so(strip):
    straight = strip.desk.morpher.strip.codes
    strip.panel.bar.ways["data"].invoke()
    assert strip.panel.words.startswith("Finding roads")
    strip.pump_until(lambda: not strip.desk.morpher.is_busy)
    strip.pump()
    assert strip.panel.words == "frame 1 of 16"
    assert not np.allclose(strip.desk.morpher.strip.codes, straight)


def test_a_drawn_path_is_asked_for_and_then_followed(bench):
    bench.panel.bar.ways["path"].invoke()
    bench.pump()
    assert "path tool (F)" in bench.panel.words
    points = bench.explorer.active.projection.points
    bench.desk.morpher.set_path(np.stack([points[0], points[1], points[2]]))
    bench.pump_until(lambda: bench.desk.morpher.strip is not None)
    bench.pump()
    assert len(bench.panel.row) == 16


def test_a_click_on_a_frame_picks_its_code_on_the_map(strip):
    click(strip, 3)
    assert np.allclose(strip.explorer.pick.code, strip.desk.morpher.strip.codes[3])
    assert strip.explorer.pick.origin == "a frame of the morph"
    assert strip.panel.frame == 3


def test_the_frame_under_the_pointer_is_the_one_that_is_shown(strip):
    told = []
    strip.panel.frame_changed.connect(told.append)
    x, y = strip.panel.row.centre_of(2)
    strip.panel.row.canvas.event_generate("<Motion>", x=x, y=y)
    strip.pump()
    assert told == [2]
    assert strip.panel.words == "frame 3 of 16"


def test_arrow_keys_go_through_the_frames_on_the_strip_large_and_on_the_map(strip):
    told, panel = [], strip.panel
    panel.frame_changed.connect(told.append)
    for key in ("<Right>", "<Right>", "<Left>"):
        strip.key(panel.row.canvas, key)
    assert told == [1, 2, 1]
    assert panel.frame == panel.row.current == 1
    assert panel.words == "frame 2 of 16"
    assert strip.explorer.pick.origin != "a frame of the morph"
    strip.key(panel.row.canvas, "<Return>")
    assert np.allclose(strip.explorer.pick.code, strip.desk.morpher.strip.codes[1])


def test_an_arrow_key_stops_the_play(strip):
    strip.panel.play()
    strip.key(strip.panel.row.canvas, "<Right>")
    assert not strip.panel.is_playing


def test_play_goes_forth_and_back_until_it_is_paused(strip):
    told = []
    strip.desk.morpher.set_frames(3)
    strip.panel.frame_changed.connect(told.append)
    strip.panel.bar.play.invoke()
    strip.pump_until(lambda: len(told) >= 6)
    strip.panel.bar.play.invoke()
    assert told[:6] == [1, 2, 1, 0, 1, 2]
    count = len(told)
    strip.pump(0.3)
    assert len(told) == count


def test_a_panel_that_is_put_away_plays_no_more_and_takes_its_marker_from_the_map(strip):
    told = []
    strip.panel.frame_changed.connect(told.append)
    strip.panel.play()
    strip.panel.hidden()
    strip.pump(0.3)
    assert told == [None]
    strip.panel.shown()
    assert told == [None, 0]


def test_a_minus_b_plus_c_is_picked_on_the_map_once_there_are_three(strip):
    assert str(strip.panel.add["state"]) == "disabled"
    take(strip, "c", "pick")
    strip.panel.add.invoke()
    # B and C are the same place: A is left.
    assert np.allclose(strip.explorer.pick.code, strip.explorer.reading.code, atol=1e-3)


def test_frames_are_saved_as_gif_and_as_png_and_the_window_is_told(strip, tmp_path, monkeypatch):
    answer(monkeypatch, tmp_path / "morph.gif")
    strip.panel.bar.save_gif.invoke()
    answer(monkeypatch, tmp_path / "morph.png")
    strip.panel.bar.save_strip.invoke()
    with Image.open(tmp_path / "morph.gif") as film:
        assert film.n_frames >= 16
    with Image.open(tmp_path / "morph.png") as row:
        assert row.width > 15 * row.height
    assert [words.startswith("Saved") for words in strip.told] == [True, True]


def test_a_file_that_cannot_be_written_is_told_as_a_problem(strip, tmp_path, monkeypatch):
    answer(monkeypatch, tmp_path / "no such folder" / "deep" / "morph.gif")
    (tmp_path / "no such folder").write_text("a file in the way")
    strip.panel.bar.save_gif.invoke()
    assert len(strip.problems) == 1
    assert strip.told == []


def test_saving_can_be_thought_better_of(strip, monkeypatch):
    answer(monkeypatch, None)
    strip.panel.bar.save_gif.invoke()
    assert strip.told == strip.problems == []


def test_another_model_rebuilds_the_strip_of_the_same_pictures(strip):
    strip.load("dense-2d")
    strip.pump_until(lambda: strip.desk.morpher.strip is not None)
    strip.pump()
    assert strip.desk.morpher.strip.codes.shape == (16, 2)
    assert len(strip.panel.row) == 16
