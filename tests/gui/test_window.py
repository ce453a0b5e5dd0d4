"""The window as a whole: what it remembers, how it ends, what it says when something is wrong."""

from collections.abc import Callable

import numpy as np
from gestures import ONE, SEVEN

from aedesk import paths
from aedesk.app import settings
from aedesk.app.trainer import State
from aedesk.gui import dialogs
from aedesk.training.config import TrainingConfig


def test_the_last_sketch_model_theme_and_size_come_back(open_app: Callable):
    first = open_app()
    first.wait_for_model()
    first.draw(ONE)
    drawn = first.window.ink.pixels.copy()
    first.window.load_model("vanilla-64")
    first.pump_until(lambda: first.window.explorer.active.reference == "vanilla-64")
    first.window.toggle_theme()
    first.root.geometry("1100x700+10+10")
    first.pump(0.3)
    first.close()

    second = open_app()
    second.wait_for_model()
    assert np.array_equal(second.window.ink.pixels, drawn)
    assert second.window.explorer.active.reference == "vanilla-64"
    assert second.window.look.palette.name == "dark"
    assert (second.root.winfo_width(), second.root.winfo_height()) == (1100, 700)
    assert second.window.explorer.reading is not None, "the sketch that came back is read"


def test_broken_settings_do_not_stop_the_window(open_app: Callable):
    paths.settings().mkdir(parents=True)
    (paths.settings() / "settings.json").write_text(
        '{"geometry": [1], "model": 7, "brush": "wide", "train": 3}'
    )
    (paths.settings() / "sketch.png").write_bytes(b"no picture")
    app = open_app()
    app.wait_for_model()
    assert app.window.ink.is_blank
    assert app.problems == []


def test_a_model_that_is_gone_gives_way_to_the_usual_one(open_app: Callable):
    settings.save({"model": "/nowhere/at/all"})
    app = open_app()
    app.wait_for_model()
    assert app.window.explorer.active.reference == "dense-32"


def test_the_theme_switches_while_everything_is_shown(app):
    app.draw(SEVEN)
    app.window.explorer.pick_at(0.0, 0.0)
    for _ in range(2):
        app.key("<Control-d>")
    assert app.window.look.palette.name == "light"


def test_a_model_file_of_somebody_else_is_refused_in_a_dialog_and_the_old_one_stays(app, tmp_path):
    path = tmp_path / "foreign.safetensors"
    path.write_bytes(b"\x08\0\0\0\0\0\0\0{}      ")
    app.window.explorer.load(str(path))
    app.pump_until(lambda: bool(app.problems))
    assert "foreign.safetensors" in app.problems[0]
    app.draw(SEVEN)
    assert app.window.explorer.reading is not None


def test_closing_during_training_asks_first_and_keeps_what_was_learnt(app, monkeypatch):
    answers = [False, True]
    monkeypatch.setattr(dialogs, "ask_to_stop_training", lambda _: answers.pop(0))
    app.window.trainer.start(TrainingConfig.of("vanilla-64", data="digits", epochs=100_000))
    app.pump_until(lambda: app.window.trainer.folder is not None)
    app.pump(0.5)
    app.window.close()
    app.pump(0.2)
    assert app.window.trainer.state is State.RUNNING, "asked, and told not to close"
    folder = app.window.trainer.folder
    app.close()
    assert not app.is_open
    assert (folder / "model.safetensors").is_file()


def test_a_paused_run_does_not_keep_the_window_from_closing(app):
    app.window.trainer.start(TrainingConfig.of("vanilla-64", data="digits", epochs=100_000))
    app.pump(0.5)
    app.window.trainer.pause()
    app.pump(0.2)
    app.close()
    assert not app.is_open


def test_a_trained_model_is_used_and_drawn_on(app):
    app.window.trainer.start(TrainingConfig.of("vanilla-64", data="digits", epochs=3))
    app.pump_until(lambda: app.window.trainer.state is State.IDLE)
    folder = app.window.trainer.folder
    app.window.use_run(folder)
    app.pump_until(lambda: app.window.explorer.active.reference == str(folder))
    app.draw(SEVEN)
    assert app.window.explorer.reading.code.shape == (64,)
    assert str(folder) in app.window.header.models()


def test_the_window_stays_usable_while_a_model_is_being_trained(app):
    app.window.trainer.start(TrainingConfig.of("vanilla-64", data="digits", epochs=100_000))
    app.pump(0.5)
    app.draw(SEVEN)
    assert app.window.explorer.reading is not None
    app.window.explorer.pick_at(0.0, 0.0)
    assert app.window.explorer.pick is not None
    app.window.trainer.stop()
    app.pump_until(lambda: app.window.trainer.state is State.IDLE)


def test_help_lists_the_shortcuts_and_escape_closes_it(app):
    app.key("<F1>")
    windows = [child for child in app.root.winfo_children() if child.winfo_class() == "Toplevel"]
    assert len(windows) == 1
    windows[0].event_generate("<Escape>")
    app.pump()
    assert not windows[0].winfo_exists()


def test_two_windows_share_a_home_without_harm(open_app: Callable):
    from aedesk.storage.runs import Run

    first, second = Run.new("vanilla-64"), Run.new("vanilla-64")
    assert first.path != second.path
