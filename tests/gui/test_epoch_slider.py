"""The time machine's slider: where it goes, what it asks for, and what it says."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from panel_bench import WindowBench, closing

from aedesk.gui.train.epoch_slider import EpochSlider

KEPT = [0, 2, 4, 6, 8, 10]


@pytest.fixture
def bench():
    """A run of 20 epochs, of which ten are done and every second is kept; it shows at once what it is asked for."""
    with closing(WindowBench("700x80")) as bench:
        bench.asked, bench.handed = [], []
        bench.answers = True

        def on_epoch(epoch):
            bench.asked.append(epoch)
            if bench.answers:
                bench.slider.show(KEPT[-1] if epoch is None else epoch, epoch is None)

        bench.slider = EpochSlider(
            bench.root,
            bench.look,
            on_epoch=on_epoch,
            on_branch=lambda epoch: bench.handed.append(("branch", epoch)),
            on_use=lambda epoch: bench.handed.append(("use", epoch)),
        )
        bench.slider.pack(fill="x")
        bench.track = bench.slider.track
        bench.pump(0.1)
        bench.slider.set_epochs(KEPT, 10, 20)
        bench.slider.show(10, True)
        bench.pump()
        yield bench


def press(bench, epoch, release=True):
    """Press on the track where an epoch lies."""
    x = round(bench.track.x_of(epoch))
    bench.track.event_generate("<ButtonPress-1>", x=x, y=10)
    if release:
        bench.track.event_generate("<ButtonRelease-1>", x=x, y=10)
    bench.pump()


def is_enabled(button):
    return not button.instate(["disabled"])


def test_before_the_first_epoch_nothing_can_be_done_and_it_says_what_it_is_for(bench):
    bench.slider.set_epochs([], 0, 20)
    bench.slider.show(None, True)
    slider = bench.slider
    assert not any(map(is_enabled, (slider.play, slider.live, slider.branch_button, slider.use_button)))
    assert slider.words == ""
    assert "go back in time" in slider.disk_words
    press(bench, 3)
    bench.key(bench.track, "<Left>")
    bench.key(bench.track, "<space>")
    assert bench.asked == []


def test_it_says_which_epoch_is_on_show_and_what_the_kept_ones_take(bench):
    assert bench.slider.words == "Epoch 10 of 20"
    bench.slider.show(0, False)
    assert bench.slider.words == "Before training"
    bench.slider.set_epochs(range(1, 1201), 1200, 1000)
    bench.slider.show(1200, True)
    assert bench.slider.words == "Epoch 1,200 of 1,200"


@pytest.mark.parametrize(
    ("used", "budget", "words"),
    [
        (78_300_000, 256_000_000, "30 of 30 epochs kept, 78 of 256 MB"),
        (400_000, 256_000_000, "30 of 30 epochs kept, 0.4 of 256 MB"),
        (1_260_000_000, 4_000_000_000, "30 of 30 epochs kept, 1.3 of 4 GB"),
        (0, 5_000_000, "30 of 30 epochs kept, 0.0 of 5 MB"),
    ],
)
def test_the_disk_is_told_in_the_unit_of_the_budget(bench, used, budget, words):
    bench.slider.set_disk(used, budget, 30, 30)
    assert bench.slider.disk_words == words


def test_a_press_goes_to_the_nearest_epoch_that_is_kept(bench):
    press(bench, 3.2)
    assert bench.asked == [4]
    assert bench.slider.words == "Epoch 4 of 20"
    assert not bench.slider.is_following
    press(bench, 19)
    assert bench.asked == [4, 10]
    assert not bench.slider.is_following


def test_dragging_asks_once_for_each_epoch_on_the_way_and_stays_at_the_ends(bench):
    press(bench, 6, release=False)
    for x in (bench.track.x_of(6) + 1, bench.track.x_of(4), bench.track.x_of(4) + 1, -500, 5000):
        bench.track.event_generate("<B1-Motion>", x=round(x), y=10)
        bench.pump()
    assert bench.asked == [6, 4, 0, 10]


def test_keys_go_from_one_kept_epoch_to_another(bench):
    for key, epoch in {"Left": 8, "Prior": 4, "Home": 0, "Right": 2, "Next": 6, "End": 10}.items():
        bench.key(bench.track, f"<{key}>")
        assert bench.asked[-1] == epoch
        assert bench.slider.epoch == epoch
    bench.key(bench.track, "<Right>")
    assert bench.asked[-1] == 10


def test_from_an_epoch_that_is_no_longer_kept_the_arrows_go_to_its_neighbours(bench):
    bench.slider.show(5, False)
    bench.key(bench.track, "<Left>")
    assert bench.asked == [4]
    bench.slider.show(5, False)
    bench.key(bench.track, "<Right>")
    assert bench.asked == [4, 6]


def test_live_lights_while_the_newest_epoch_is_followed(bench):
    press(bench, 4)
    assert not bench.slider.live.instate(["selected"])
    bench.slider.live.invoke()
    assert bench.asked == [4, None]
    assert bench.slider.live.instate(["selected"])
    assert bench.slider.epoch == 10


def test_a_new_epoch_moves_the_knob_while_following_and_leaves_it_else(bench):
    before = bench.track.x_of(10)
    bench.slider.set_epochs([*KEPT, 12], 12, 20)
    bench.slider.show(12, True)
    assert bench.track.epoch == 12
    assert bench.track.x_of(10) == before  # the track is as long as the run is planned
    press(bench, 4)
    bench.slider.set_epochs([*KEPT, 12, 14], 14, 20)
    bench.slider.show(4, False)
    assert bench.track.epoch == 4


def test_the_knob_is_where_the_user_put_it_before_the_epoch_has_come(bench):
    bench.answers = False
    press(bench, 4)
    assert bench.track.epoch == 4
    assert not is_enabled(bench.slider.use_button)  # what would be used is not on show yet
    bench.slider.show(8, False)  # what had been asked for before
    assert bench.track.epoch == 4
    bench.slider.show(4, False)
    assert bench.track.epoch == 4
    assert is_enabled(bench.slider.use_button)


def test_an_epoch_that_never_comes_is_given_up(bench):
    bench.answers = False
    press(bench, 4)
    bench.pump_until(lambda: bench.track.epoch == 10)
    bench.key(bench.track, "<Left>")
    assert bench.asked == [4, 8]


def test_space_plays_the_epochs_from_the_first_and_stops_at_the_last(bench):
    bench.key(bench.track, "<space>")
    assert bench.slider.is_playing
    bench.pump_until(lambda: not bench.slider.is_playing)
    assert bench.asked == KEPT


def test_playing_begins_at_the_epoch_on_show_and_ends_with_space_or_a_press(bench):
    press(bench, 4)
    bench.slider.play.invoke()
    bench.pump_until(lambda: 6 in bench.asked)
    bench.key(bench.track, "<space>")
    assert not bench.slider.is_playing
    assert bench.asked[:2] == [4, 6]
    bench.slider.play.invoke()
    press(bench, 0)
    assert not bench.slider.is_playing
    assert bench.asked[-1] == 0


def test_playing_leaves_no_epoch_out_where_they_come_slowly(bench):
    bench.answers = False
    bench.slider.toggle_playing()
    bench.pump(0.4)
    assert bench.asked == [0]
    bench.slider.show(0, False)
    bench.pump_until(lambda: len(bench.asked) > 1)
    assert bench.asked == [0, 2]


def test_live_ends_playing(bench):
    bench.slider.toggle_playing()
    bench.slider.live.invoke()
    assert not bench.slider.is_playing
    assert bench.asked[-1] is None


def test_the_buttons_hand_over_the_epoch_on_show(bench):
    press(bench, 6)
    bench.slider.branch_button.invoke()
    bench.slider.use_button.invoke()
    assert bench.handed == [("branch", 6), ("use", 6)]
    bench.slider.set_epochs([0, 4, 8], 10, 20)  # thinned: the file is gone
    assert not is_enabled(bench.slider.branch_button)
    bench.slider.show(8, False)
    assert is_enabled(bench.slider.branch_button)


def test_every_kept_epoch_has_a_tick_unless_there_are_too_many(bench):
    assert bench.track.ticks == tuple(KEPT)
    bench.slider.set_epochs(range(1000), 999, 1000)
    assert bench.track.ticks == ()
    bench.slider.set_epochs([3], 3, 20)
    assert bench.track.ticks == (3,)


def test_the_theme_can_change_while_epochs_are_played(bench):
    bench.slider.toggle_playing()
    bench.look.toggle(bench.root)
    bench.pump_until(lambda: not bench.slider.is_playing)
    assert bench.asked == KEPT
    assert bench.track.cget("background") == bench.look.palette.background


def test_closing_the_window_while_epochs_are_played_leaves_nothing_behind():
    with closing(WindowBench("700x80")) as bench:
        slider = EpochSlider(
            bench.root, bench.look, on_epoch=lambda _: None, on_branch=lambda _: None, on_use=lambda _: None
        )
        slider.set_epochs(KEPT, 10, 20)
        slider.toggle_playing()
        slider.destroy()
        bench.pump(0.3)


@pytest.fixture(scope="module")
def tracks():
    with closing(WindowBench("700x80")) as bench:
        slider = EpochSlider(
            bench.root, bench.look, on_epoch=lambda _: None, on_branch=lambda _: None, on_use=lambda _: None
        )
        slider.pack(fill="x")
        bench.pump(0.1)
        yield slider.track


@given(kept=st.sets(st.integers(0, 10_000), min_size=1, max_size=40).map(sorted), more=st.integers(0, 500))
def test_every_kept_epoch_can_be_reached_by_hand_and_by_keys(tracks, kept, more):
    tracks.set_epochs(kept, kept[-1], kept[-1] + more)
    tracks.show(kept[0])
    for before, after in pairwise(kept):
        assert tracks.neighbour(1) == after
        tracks.show(after)
        assert tracks.neighbour(-1) == before
        assert tracks.stop_at(tracks.x_of(after)) == after
        assert 0 <= tracks.x_of(after) <= tracks.winfo_width()
