"""The training lab in the whole window: watch a run, hold it, go back, branch, go on, and put it to use."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from tkinter.font import Font

import numpy as np
import pytest
from gestures import ONE, line
from lab_bench import STEPS, Lab, is_enabled, make_small, runs_in

from aedesk.app import settings
from aedesk.app.jobs import Jobs
from aedesk.app.trainer import State, Trainer
from aedesk.data.imageset import DataSet
from aedesk.errors import AedeskError
from aedesk.gui.train import tab as train
from aedesk.latent import tsne
from aedesk.storage.runs import Run
from aedesk.training.events import BatchDone
from aedesk.training.record import Record

ENDLESS = "5000"
ACROSS = line((0.2, 0.5), (0.8, 0.5))


@pytest.fixture(scope="module")
def window(screen: None, digits: DataSet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One window for all tests that do not close it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AEDESK_HOME", str(tmp_path_factory.mktemp("home")))
        make_small(patch, digits)
        patch.setattr(train, "_LOOK_AGAIN", 100)  # ms
        lab = Lab(patch)
        yield lab
        lab.close()


@pytest.fixture
def lab(window: Lab, home: Path) -> Iterator[Lab]:
    window.prepare()
    yield window
    window.reset()
    assert window.errors == []
    assert window.take_problems() == [], "an error dialog came that the test did not expect"


def config_of(run: Run) -> dict:
    return json.loads(run.config.read_text())


def legend(lab: Lab) -> set[str]:
    """What the curves name."""
    drawn = lab.view.curves.plot._frame.axes.get_legend()
    return set() if drawn is None else {text.get_text() for text in drawn.get_texts()}


# --- closing and coming back: before the window that the other tests share, as there can be one only ---


@pytest.fixture
def open_lab(digits: DataSet, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Lab]]:
    """Opens one window after another, with what the last one has left."""
    make_small(monkeypatch, digits)
    opened: list[Lab] = []

    def open_one() -> Lab:
        opened.append(Lab(monkeypatch, settings.load() or None))
        return opened[-1]

    yield open_one
    for lab in opened:
        lab.close()
        assert lab.errors == []
        assert lab.problems == []


def test_a_window_closed_in_mid_run_comes_back_with_it_and_goes_on(open_lab: Callable[[], Lab]) -> None:
    first = open_lab()
    first.begin_slowly(epochs="6")
    run = first.shown
    first.close()
    assert config_of(run)["status"] == "stopped"
    done = len(run.read_history())
    second = open_lab()
    second.until(lambda: second.machine.view is not None)
    assert second.shown == run
    assert second.view.notice.headline.startswith("Stopped after")
    assert second.view.epochs_shown == done
    assert second.view.page == "run"
    second.choose(second.controls.speed, "Fastest")
    second.click(second.view.notice.continue_button)
    second.until_idle()
    assert [row["epoch"] for row in run.read_history()] == [1, 2, 3, 4, 5, 6]


# --- watching ---


def test_curves_map_strip_and_figures_follow_the_epochs(lab: Lab) -> None:
    lab.set(epochs=ENDLESS)
    lab.click(lab.controls.step_epoch)
    lab.until_paused()
    lab.until_shown()
    first, places = lab.pictures(1), lab.view.map.dots.points
    originals = lab.pictures(0)
    assert lab.machine.view.epoch == 1
    for _ in range(3):
        lab.click(lab.controls.step_epoch)
        lab.until_paused()
    lab.until_shown()
    lab.until(lambda: lab.view.curves.drawn_epochs == 4)
    assert lab.machine.view.epoch == 4
    assert lab.epoch() == "4 of 5,000"
    assert "epoch 4" in lab.view.map.dots.caption
    assert len(places) == 30
    lab.until(lambda: not lab.view.map.dots.is_gliding)
    assert not np.array_equal(lab.view.map.dots.points, places)
    assert np.array_equal(lab.pictures(0), originals), "the digits that are watched stay the same"
    assert not np.array_equal(lab.pictures(1), first), "what is made of them does not"


def test_the_own_sketch_is_rebuilt_and_changes_with_the_drawing(lab: Lab) -> None:
    assert lab.view.strip.words[-1] == "draw in Explore"
    lab.draw(ONE)
    assert lab.view.strip.words[-1] == "after an epoch"
    lab.run(epochs="2")
    one, rebuilt = lab.sketch(0), lab.sketch(1)
    assert "Your sketch" in lab.view.strip.words
    assert one.std() > 20
    lab.draw(ACROSS)
    assert not np.array_equal(lab.sketch(0), one)
    assert not np.array_equal(lab.sketch(1), rebuilt)
    lab.window.hands.clear()
    lab.window.show_tab("train")
    lab.pump()
    assert lab.view.strip.words[-1] == "draw in Explore"


def test_a_tsne_map_of_the_epoch_on_show_can_be_asked_for(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    laid_out = np.random.default_rng(0).normal(size=(30, 2)).astype(np.float32)
    monkeypatch.setattr(tsne, "layout", lambda codes, **_: laid_out)
    lab.run(epochs="1")
    lab.click(lab.view.map.kinds["tsne"])
    lab.until(lambda: np.array_equal(lab.view.map.dots.points, laid_out))


# --- holding and stepping ---


def test_a_step_from_idle_begins_a_run_and_holds_after_its_first_batch(lab: Lab) -> None:
    lab.click(lab.controls.step_batch)
    lab.until_paused()
    assert lab.view.notice.headline == "Paused: dense-2 on digits"
    assert lab.view.bar["value"] == pytest.approx(1 / STEPS / 6)
    assert lab.view.epochs_shown == 0
    lab.click(lab.controls.step_batch)
    lab.until_paused()
    assert lab.view.bar["value"] == pytest.approx(2 / STEPS / 6)
    lab.click(lab.controls.step_epoch)
    lab.until_paused()
    assert lab.view.bar["value"] == pytest.approx(1 / 6)
    assert lab.view.epochs_shown == 1
    lab.click(lab.controls.pause)
    lab.until_idle()
    assert lab.view.notice.headline == "Finished"


def test_a_single_batch_moves_the_map_and_the_digits(lab: Lab) -> None:
    lab.click(lab.controls.step_batch)
    lab.until_paused()
    lab.until(lambda: lab.machine.view is not None and lab.machine.view.step == 1)
    before = lab.machine.view
    lab.click(lab.controls.step_batch)
    lab.until(lambda: lab.machine.view.step == 2)
    lab.until_paused()
    after = lab.machine.view
    assert not np.array_equal(before.points, after.points)
    assert not np.array_equal(before.reconstructions, after.reconstructions)
    assert lab.view.map.dots.caption == "epoch 1, batch 2"
    lab.until(lambda: "batch 2 of" in lab.window._status.words)


def test_what_changed_while_it_was_hidden_is_drawn_when_it_is_seen(lab: Lab) -> None:
    lab.click(lab.controls.start)
    lab.until_idle()
    lab.view.show_page("network")
    lab.until(lambda: lab.view.network.find_all())
    assert len(lab.view.network.find_all()) > 5
    lab.window.show_tab("runs")
    lab.view.show_page("run")
    history = Run(lab.train._folder).read_history()
    lab.view.curves.set_history(history[:2])
    lab.pump(0.2)
    lab.window.show_tab("train")
    lab.until(lambda: lab.view.curves.drawn_epochs == 2)


def test_slow_motion_tells_every_batch_and_outlasts_a_stop(lab: Lab) -> None:
    seen = []
    disconnect = lab.trainer.event.connect(seen.append)
    lab.choose(lab.controls.speed, "20 steps/s")
    lab.begin(epochs=ENDLESS)
    lab.click(lab.controls.stop)
    lab.until_idle()
    disconnect()
    assert [event.step for event in seen if isinstance(event, BatchDone)][:STEPS] == [1, 2, 3, 4, 5]
    assert lab.trainer.delay == lab.controls.delay == pytest.approx(0.05)


def test_a_learning_rate_changed_in_mid_run_is_marked_and_kept(lab: Lab) -> None:
    lab.set(epochs=ENDLESS, learning_rate="0.001")
    lab.click(lab.controls.step_epoch)
    lab.until_paused()
    lab.click(lab.knobs.rows["learning_rate"].halve)
    assert "0.0005" in lab.status
    lab.click(lab.controls.step_epoch)
    lab.until_paused()
    assert lab.knobs.rows["learning_rate"].text == "0.0005"
    lab.until(lambda: lab.view.curves.plot.marks_drawn == ["rate 0.001 \u2192 0.0005"])
    lab.click(lab.controls.stop)
    lab.until_idle()
    change = {"epoch": 1.0, "name": "learning_rate", "old": 0.001, "new": 0.0005}
    assert config_of(lab.shown)["changes"] == [change]
    assert config_of(lab.shown)["learning_rate"] == 0.001


def test_the_form_is_held_while_a_run_has_it_and_the_knobs_are_there_instead(lab: Lab) -> None:
    assert not lab.knobs.winfo_ismapped()
    lab.begin(epochs=ENDLESS, kind="variational", warm_up="3")
    lab.pump()
    assert lab.knobs.shown == ("learning_rate", "beta")
    assert lab.knobs.winfo_ismapped()
    assert not is_enabled(lab.form.fields["epochs"].control)
    lab.click(lab.controls.stop)
    lab.until_idle()
    assert not lab.knobs.winfo_ismapped()
    assert is_enabled(lab.form.fields["epochs"].control)


# --- back in time ---


def test_going_back_shows_curves_strip_map_and_sketch_as_they_were_and_live_comes_back(lab: Lab) -> None:
    lab.draw(ONE)
    lab.set(epochs="20")
    past = {}
    for epoch in (1, 2, 3):
        lab.click(lab.controls.step_epoch)
        lab.until_paused()
        lab.until_shown()
        lab.until(lambda: not lab.view.map.dots.is_gliding)
        past[epoch] = (lab.pictures(1), lab.sketch(1), lab.view.map.dots.points.copy())
    lab.go_to(1)
    assert lab.view.curves.epoch == 1
    assert lab.view.slider.words == "Epoch 1 of 20"
    strip, sketch, points = past[1]
    assert np.array_equal(lab.pictures(1), strip)
    assert np.array_equal(lab.sketch(1), sketch)
    assert np.array_equal(lab.view.map.dots.points, points)
    lab.click(lab.controls.step_epoch)
    lab.until_paused()
    assert lab.machine.view.epoch == 1, "training goes on; who looks at the past stays there"
    lab.click(lab.view.slider.live)
    lab.until_shown()
    assert lab.machine.view.epoch == 4
    assert lab.view.curves.epoch is None
    assert not np.array_equal(lab.pictures(1), strip)


def test_the_newest_epoch_can_be_stayed_at_and_left_for_live(lab: Lab) -> None:
    lab.run(epochs="3")
    lab.go_to(3)
    lab.until(lambda: lab.view.curves.epoch == 3)
    assert not lab.view.slider.is_following
    lab.click(lab.view.slider.live)
    lab.until(lambda: lab.view.curves.epoch is None)
    assert lab.view.slider.is_following


def test_a_click_on_the_curves_goes_to_that_epoch(lab: Lab) -> None:
    lab.run()
    plot = lab.view.curves.plot
    lab.until(lambda: lab.view.curves.drawn_epochs == 6)
    x, y = plot.place_of(2.0, 0.05)
    lab.click(plot.widget, round(x), round(y))
    lab.until(lambda: lab.machine.view.epoch == 2)
    assert lab.view.slider.epoch == 2
    assert not lab.view.slider.is_following


def test_use_this_epoch_takes_that_very_network_into_explore(lab: Lab) -> None:
    run = lab.run(epochs="3")
    lab.go_to(2)
    lab.click(lab.view.slider.use_button)
    file = str(run.epochs.path(2))
    lab.until(lambda: lab.window.explorer.active.reference == file)
    assert lab.window.explore.winfo_ismapped()
    assert lab.window.header.chosen == f"Epoch 2 of {run.name}"
    used, kept = lab.window.explorer.active.model.checkpoint.weights, run.epochs.load(2).weights
    assert all(np.array_equal(used[name], kept[name]) for name in kept)


# --- branching ---


def test_a_branch_begins_at_the_epoch_on_show_and_is_drawn_with_its_run(lab: Lab) -> None:
    parent = lab.run()
    lab.go_to(2)
    lab.click(lab.view.slider.branch_button)
    assert lab.train.branch_line.words == f"Branch from epoch 2 of {parent.name}"
    assert not is_enabled(lab.form.preset.control)
    assert not is_enabled(lab.form.fields["code"].control)
    lab.set(learning_rate="0.01")
    lab.click(lab.controls.start)
    lab.until_idle()
    assert config_of(lab.shown)["branched_from"] == {"run": parent.name, "epoch": 2}
    assert [row["epoch"] for row in lab.shown.read_history()] == [2, 3, 4, 5, 6]
    assert parent.read_history()[1] == lab.shown.read_history()[0]
    lab.until(lambda: {parent.name, lab.shown.name} <= legend(lab))
    assert not lab.train.branch_line.winfo_ismapped()
    assert is_enabled(lab.form.preset.control)


def test_a_branch_that_is_given_up_leaves_the_form_free(lab: Lab) -> None:
    lab.run(epochs="2")
    lab.click(lab.view.slider.branch_button)
    lab.pump()
    assert lab.train.branch_line.winfo_ismapped()
    lab.click(lab.train.branch_line.give_up)
    assert not lab.train.branch_line.winfo_ismapped()
    assert is_enabled(lab.form.preset.control)
    run = lab.run(epochs="1")
    assert "branched_from" not in config_of(run)


def test_a_branch_from_the_last_epoch_is_planned_as_long_again(lab: Lab) -> None:
    lab.run(epochs="3")
    lab.click(lab.view.slider.branch_button)
    assert lab.form.fields["epochs"].text == "6"
    assert is_enabled(lab.controls.start)


@pytest.mark.parametrize(
    ("setting", "text", "words"),
    [("epochs", "2", "a branch from 2 needs more"), ("seed", "9", "The seed must stay")],
)
def test_a_branch_that_makes_no_sense_is_refused_before_it_begins(
    lab: Lab, setting: str, text: str, words: str
) -> None:
    lab.run(epochs="2")
    lab.click(lab.view.slider.branch_button)
    lab.set(**{setting: text})
    assert words in lab.train.branch_line.problem
    assert not is_enabled(lab.controls.start)
    lab.train.start()  # as the keyboard shortcut does
    assert lab.trainer.state is State.IDLE


# --- going on ---


def test_a_run_that_was_stopped_goes_on_in_its_folder_to_its_end(lab: Lab) -> None:
    lab.begin_slowly()
    lab.click(lab.controls.stop)
    lab.until_idle()
    run = lab.shown
    assert lab.view.notice.headline == "Stopped after 1 epoch"
    lab.choose(lab.controls.speed, "Fastest")
    lab.click(lab.view.notice.continue_button)
    lab.until_idle()
    assert lab.view.notice.headline == "Finished"
    assert not lab.view.notice.offers_to_continue
    assert lab.shown == run
    assert [row["epoch"] for row in run.read_history()] == [1, 2, 3, 4, 5, 6]
    lab.until(lambda: lab.view.curves.drawn_epochs == 6)


def test_continue_goes_past_the_bound_that_ended_the_run(lab: Lab) -> None:
    run = lab.run(target="100")
    assert lab.view.notice.headline == "Ended: target loss reached"
    assert len(run.read_history()) == 1
    lab.click(lab.view.notice.continue_button)
    lab.until_idle()
    assert len(run.read_history()) == 6
    assert lab.view.notice.headline == "Finished"


def test_a_run_that_fails_offers_to_go_on_from_what_it_has_saved(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = Record.keep

    def full(self: Record, event, *rest) -> None:
        if event.row["epoch"] == 3:
            raise AedeskError("the disk is full")
        keep(self, event, *rest)

    monkeypatch.setattr(Record, "keep", full)
    lab.set(epochs="4")
    lab.click(lab.controls.start)
    lab.until(lambda: lab.problems)
    assert lab.take_problems() == ["the disk is full"]
    assert lab.view.notice.detail == "the disk is full"
    assert lab.view.notice.offers_model
    monkeypatch.undo()
    lab.click(lab.view.notice.continue_button)
    lab.until_idle()
    assert lab.epoch() == "4 of 4"


def test_a_run_that_comes_to_nothing_leaves_nothing_on_show(lab: Lab) -> None:
    lab.set(learning_rate="100", optimiser="sgd", activation="linear", output="linear")
    lab.click(lab.controls.start)
    lab.until(lambda: lab.problems)
    assert "no longer a number" in lab.take_problems()[0]
    lab.pump()
    assert runs_in(Path(os.environ["AEDESK_HOME"])) == []
    assert lab.machine.folder is None
    assert not lab.view.notice.offers_to_continue
    assert not is_enabled(lab.view.slider.branch_button)
    assert lab.train.remember()["run"] is None


# --- one run and others ---


def test_another_run_is_refused_in_a_line_while_one_is_trained(lab: Lab) -> None:
    other = lab.run(epochs="1")
    lab.begin(epochs=ENDLESS)
    mine = lab.machine.folder
    for verb in (lab.window.open_run, lab.window.continue_run, lab.window.branch_run):
        verb(other.path)
        (words,) = lab.take_problems()
        assert words.startswith("A run is being trained here")
        assert "\n" not in words
    assert lab.machine.folder == mine
    assert lab.trainer.state is State.RUNNING


def test_a_run_that_cannot_be_opened_is_told_and_the_one_on_show_is_left_alone(lab: Lab) -> None:
    run = lab.run(epochs="2")
    for verb in (lab.window.continue_run, lab.window.branch_run):
        verb(run.path.with_name("gone"))
        assert "gone" in lab.take_problems()[0]
    assert lab.trainer.state is State.IDLE
    assert not lab.train.branch_line.winfo_ismapped()


@pytest.fixture
def somebody() -> Iterator[Trainer]:
    """Who trains without this window."""
    jobs = Jobs()
    trainer = Trainer(jobs)
    trainer.delay = 0.02
    trainer.poll = jobs.poll  # type: ignore[attr-defined]
    yield trainer
    jobs.stop_all()
    while jobs.are_running:
        jobs.poll()


def test_a_run_that_somebody_else_trains_is_followed_to_its_end(lab: Lab, somebody: Trainer) -> None:
    def until(condition: Callable[[], object]) -> None:
        lab.until(lambda: somebody.poll() or condition())  # type: ignore[attr-defined]

    lab.set(epochs=ENDLESS)
    somebody.start(lab.form.chosen)
    until(lambda: somebody.folder is not None and Run(somebody.folder).read_history())
    folder = somebody.folder
    assert lab.window.open_run(folder)
    assert lab.view.notice.headline == f"{folder.name} is being trained"
    assert not lab.view.notice.offers_to_continue
    seen = lab.view.epochs_shown
    until(lambda: lab.view.epochs_shown > seen)
    until(lambda: lab.machine.view is not None and lab.machine.view.epoch > seen)
    assert lab.view.notice.headline == f"{folder.name} is being trained"
    somebody.stop()
    until(lambda: lab.view.notice.headline.startswith("Stopped after"))
    assert lab.view.notice.offers_to_continue
    assert lab.view.epochs_shown == len(Run(folder).read_history())


def test_a_run_that_is_renamed_in_the_list_stays_on_show_at_its_epoch(lab: Lab) -> None:
    run = lab.run(epochs="3")
    lab.go_to(2)
    lab.click(lab.view.slider.use_button)
    lab.until(lambda: lab.window.explorer.active.reference.endswith("00002.safetensors"))
    lab.window.show_tab("train")
    lab.click(lab.view.slider.branch_button)
    listed = lab.window.run_list
    listed.refresh()
    lab.until(lambda: listed.card(run.path) is not None)
    new = listed.rename(run.path, "mine")
    lab.until_shown()
    assert lab.machine.folder == new
    assert lab.machine.view.epoch == 2
    assert lab.train.branch_line.words == "Branch from epoch 2 of mine"
    assert lab.window.header.chosen == "Epoch 2 of mine"
    lab.window.show_tab("train")
    lab.click(lab.controls.start)
    lab.until_idle()
    assert config_of(lab.shown)["branched_from"] == {"run": "mine", "epoch": 2}


def test_deleting_the_run_on_show_clears_the_tab_and_leaves_the_model_in_use(lab: Lab) -> None:
    run = lab.run(epochs="2")
    lab.click(lab.view.notice.use_button)
    lab.until(lambda: lab.window.explorer.active.reference == str(run.path))
    lab.window.show_tab("train")
    lab.click(lab.view.slider.branch_button)
    listed = lab.window.run_list
    listed.refresh()
    lab.until(lambda: listed.card(run.path) is not None)
    listed.delete([run.path])
    lab.pump(0.1)
    assert lab.view.is_empty
    assert lab.view.notice.headline == "Train a model of your own"
    assert not lab.view.notice.offers_model
    assert lab.view.page == "network"
    assert not is_enabled(lab.view.slider.branch_button)
    assert not lab.train.branch_line.winfo_ismapped()
    assert lab.train.remember()["run"] is None
    assert lab.window.explorer.active.reference == str(run.path), "it is in memory"
    (back,) = listed.undo_delete()
    assert lab.window.open_run(back)
    lab.until_shown()
    assert lab.machine.view.epoch == 2


def test_a_run_that_vanishes_from_the_disk_is_let_go(lab: Lab) -> None:
    run = lab.run(epochs="1")
    run.path.rename(run.path.with_name("elsewhere"))
    lab.until(lambda: lab.view.is_empty)
    assert run.name in lab.status


def test_the_run_that_is_being_trained_cannot_be_deleted_or_renamed(lab: Lab) -> None:
    lab.begin(epochs=ENDLESS)
    folder = lab.machine.folder
    listed = lab.window.run_list
    listed.refresh()
    lab.until(lambda: listed.card(folder) is not None)
    assert listed.delete([folder]) == []
    assert "being trained" in lab.take_problems()[0]
    with pytest.raises(AedeskError, match="being trained"):
        listed.rename(folder, "other")
    seen = lab.view.epochs_shown
    lab.until(lambda: lab.view.epochs_shown > seen)


# --- the network ---


def test_the_network_comes_to_the_front_when_it_is_edited_and_only_then(lab: Lab) -> None:
    lab.run(epochs="2")
    assert lab.view.page == "run"
    lab.set(epochs="9", learning_rate="0.1")
    assert lab.view.page == "run"
    lab.set(code="3")
    assert lab.view.page == "network"
    assert "Code of 3," in lab.view.network.caption
    lab.view.show_page("run")
    lab.click(lab.view.slider.branch_button)
    assert lab.view.page == "run", "the program filled in the form"
    assert "Code of 2," in lab.view.network.caption
    lab.click(lab.train.branch_line.give_up)
    assert lab.view.page == "run"


def test_a_run_that_was_cut_off_says_so_and_offers_to_go_on(lab: Lab) -> None:
    run = lab.run(epochs="3")
    config = config_of(run)
    run.write_config({**config, "epochs": 9, "status": "running", "reason": None})
    assert lab.window.open_run(run.path)
    assert lab.view.notice.headline == "Cut off after 3 epochs"
    assert lab.view.notice.offers_to_continue
    lab.click(lab.view.notice.continue_button)
    lab.until_idle()
    assert lab.epoch() == "9 of 9"


# --- room ---


def cut_off(lab: Lab) -> list[str]:
    """What does not fit: widgets that reach beyond the tab, buttons and figures that are less wide than their words."""
    tab, view = lab.train, lab.view
    right, bottom = tab.winfo_rootx() + tab.winfo_width(), tab.winfo_rooty() + tab.winfo_height()
    parts = {
        "strip": view.strip,
        "slider": view.slider,
        "branch button": view.slider.branch_button,
        "curves": view.curves,
        "map": view.map,
        "network": view.network,
        "notice": view.notice,
        "figures": view.figures,
        "use": view.notice.use_button,
        "continue": view.notice.continue_button,
        **{name: getattr(lab.controls, name) for name in ("start", "pause", "stop", "step_batch", "speed")},
        "knobs": lab.knobs,
        "branch line": tab.branch_line,
        "column": tab.column,
    }
    seen = {name: widget for name, widget in parts.items() if widget.winfo_viewable()}
    wrong = [
        name
        for name, widget in seen.items()
        if widget.winfo_rootx() + widget.winfo_width() > right
        or widget.winfo_rooty() + widget.winfo_height() > bottom
    ]
    for name in ("use", "continue", "branch button", "knobs", "branch line"):
        if name in seen and seen[name].winfo_height() < seen[name].winfo_reqheight():
            wrong.append(f"{name} is squeezed")
    if view.strip.winfo_height() < view.strip.winfo_reqheight():
        wrong.append("strip is squeezed")
    font = Font(lab.root, font=("TkDefaultFont", 13, "bold"))
    for name, label in view.figures._cells.items():
        if font.measure(label.cget("text")) > label.winfo_width():
            wrong.append(f"figure {name}")
    if view.notice._headline.cget("text") != view.notice.headline:
        wrong.append(f"headline: {view.notice._headline.cget('text')}")
    if view.page == "run" and view.curves.winfo_height() < 150:
        wrong.append(f"curves are {view.curves.winfo_height()} px high")
    if tab.column.winfo_height() < 120:
        wrong.append(f"the form is {tab.column.winfo_height()} px high")
    return wrong


def test_nothing_is_cut_off_in_any_size(lab: Lab) -> None:
    sizes = ("1000x680", "1280x800", "1920x1080")

    def look(what: str) -> None:
        for size in sizes:
            lab.root.geometry(size)
            lab.until(lambda size=size: f"{lab.root.winfo_width()}x{lab.root.winfo_height()}" == size)
            lab.pump(0.15)
            assert cut_off(lab) == [], f"{what}, {size}"

    look("nothing trained yet")
    lab.set(kind="variational", warm_up="2", epochs=ENDLESS)
    lab.form.network.open(True)
    look("an own network")
    lab.click(lab.controls.step_epoch)
    lab.until_paused()
    look("a variational run that holds")
    lab.click(lab.controls.stop)
    lab.until_idle()
    look("stopped")
    lab.click(lab.view.slider.branch_button)
    lab.set(seed="9")
    look("a branch that is refused")
