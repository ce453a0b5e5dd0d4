"""The window as a whole: what it remembers, how it ends, what it says when something is wrong."""

import gc
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
from gestures import ONE, SEVEN
from kept_run import make_run
from polling import PATIENCE

from aedesk import paths
from aedesk.app import settings
from aedesk.app.trainer import State
from aedesk.data import sources
from aedesk.gui import dialogs
from aedesk.storage import trash
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
    assert app.window.explorer.active.reference == "conv-2d"


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
    assert "foreign.safetensors" in app.take_problems()[0]
    app.draw(SEVEN)
    assert app.window.explorer.reading is not None


def test_closing_during_training_asks_first_and_keeps_what_was_learnt(app, monkeypatch):
    answers = [False, True]
    monkeypatch.setattr(dialogs, "ask_to_stop_training", lambda _: answers.pop(0))
    app.window.trainer.start(TrainingConfig.of("vanilla-64", data="digits", epochs=10_000))
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
    app.window.trainer.start(TrainingConfig.of("vanilla-64", data="digits", epochs=10_000))
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
    app.window.trainer.start(TrainingConfig.of("vanilla-64", data="digits", epochs=10_000))
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


TELLS_WHEN_READY = """
import sys
from aedesk.cli import main
from aedesk.gui.window import Window
take = Window._on_model
def take_and_tell(window, active):
    take(window, active)
    print("ready", flush=True)
Window._on_model = take_and_tell
sys.exit(main([]))
"""


def test_two_windows_share_a_home_and_end_on_a_signal(home):
    windows = [
        subprocess.Popen(
            [sys.executable, "-c", TELLS_WHEN_READY], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(2)
    ]
    for window in windows:
        assert window.stdout.readline() == b"ready\n"
    for window in windows:
        window.send_signal(signal.SIGTERM)
    for window in windows:
        _, told = window.communicate(timeout=PATIENCE)
        assert (window.returncode, told.decode()) == (0, "")
    assert settings.load()["theme"] == "light"


def test_the_shortcuts_of_the_tabs_change_tabs(app):
    app.key("<Control-Key-2>")
    assert app.window.train.winfo_ismapped()
    assert not app.window.explore.winfo_ismapped()
    app.window.train.focus_force()
    app.root.update()
    app.window.train.event_generate("<Control-Key-1>")
    app.pump()
    assert app.window.explore.winfo_ismapped()


def test_what_is_typed_goes_to_the_tab_that_is_seen(app):
    app.window.show_tab("train")
    field = app.window.train.form.fields["epochs"]
    before = str(field.control.get())
    field.control.focus_force()
    app.root.update()
    app.key_anywhere("<Control-Key-1>")
    app.key_anywhere("e")
    assert str(field.control.get()) == before
    assert app.window.brush.erasing


def test_a_letter_with_a_modifier_is_no_letter_and_caps_lock_does_not_matter(app):
    app.key("<Control-Key-e>")
    assert not app.window.brush.erasing
    app.key("E")
    assert app.window.brush.erasing


def test_every_command_of_the_menus_has_a_key_of_its_own(app):
    keys = [(command.key.lower(), command.shift) for command in app.window.commands if command.key]
    assert len(keys) == len(set(keys))


def test_a_model_from_a_file_anywhere_comes_back(open_app: Callable, tmp_path):
    first = open_app()
    first.wait_for_model()
    elsewhere = shutil.copytree(paths.weights() / "vanilla-64", tmp_path / "mine")
    first.window.explorer.load(str(elsewhere))
    first.pump_until(lambda: first.window.explorer.active.reference == str(elsewhere))
    first.close()
    second = open_app()
    second.wait_for_model()
    assert second.window.explorer.active.reference == str(elsewhere)


def test_after_a_failed_load_the_pickers_name_what_is_in_use(app, tmp_path):
    app.window.explorer.load(str(tmp_path / "nothing"))
    app.pump_until(lambda: bool(app.problems))
    app.take_problems()
    assert app.window.header.chosen == "conv-2d"


def test_the_collector_passes_over_what_was_imported(whole_collector, app):
    assert gc.get_freeze_count() > 200_000
    assert gc.isenabled()


def test_work_goes_on_behind_an_error_dialog(app, monkeypatch):
    seen = []
    app.window.trainer.event.connect(seen.append)

    def dialog(*_: object) -> None:
        before = len(seen)
        app.pump_until(lambda: len(seen) > before + 2)

    monkeypatch.setattr(dialogs, "show_problem", dialog)
    app.window.trainer.start(TrainingConfig.of("vanilla-64", data="digits", epochs=200))
    app.window.explorer.load("/nowhere/at/all")
    app.pump_until(lambda: len(seen) > 5)


def test_an_error_that_comes_again_and_again_opens_one_dialog(app, monkeypatch):
    opened = []

    def dialog(*_: object) -> None:
        opened.append(1)
        app.window.tell_problem(RuntimeError("again"))

    monkeypatch.setattr(dialogs, "show_problem", dialog)
    app.window.tell_problem(RuntimeError("first"))
    assert opened == [1]


def test_a_request_from_the_terminal_closes_without_a_question_and_keeps_the_run(app, monkeypatch):
    monkeypatch.setattr(dialogs, "ask_to_stop_training", lambda _: pytest.fail("asked"))
    app.window.trainer.start(TrainingConfig.of("vanilla-64", data="digits", epochs=10_000))
    app.pump_until(lambda: app.window.trainer.folder is not None)
    app.pump(0.3)
    folder = app.window.trainer.folder
    app.window.request_end()
    app.pump_until(lambda: not app.is_open)
    assert (folder / "model.safetensors").is_file()


def test_closing_at_once_after_opening_ends_cleanly(open_app: Callable):
    app = open_app()
    app.close()
    assert not app.is_open


def test_with_the_window_ends_the_time_in_which_deleted_runs_can_be_had_back(open_app: Callable):
    run = make_run(paths.runs() / "a run", sources.load("digits"))
    app = open_app()
    app.window.run_list.refresh()
    app.pump_until(lambda: bool(app.window.run_list.cards))
    app.window.run_list.delete([run.path])
    assert list((paths.runs() / trash.TRASH).rglob("config.json"))
    app.close()
    assert not (paths.runs() / trash.TRASH).exists()


def test_the_keyboard_too_opens_a_list_of_models_that_has_the_newest_run(open_app: Callable):
    app = open_app()
    app.wait_for_model()
    run = make_run(paths.runs() / "a run", sources.load("digits"))
    picker = app.window.header._picker
    picker.focus_force()
    app.pump()
    picker.event_generate("<Down>")
    app.pump()
    app.root.tk.call("ttk::combobox::Unpost", picker)
    assert str(run.path) in app.window.header.models()
    assert "a run" in picker["values"]


def test_a_run_without_kept_epochs_is_not_branched_without_a_word(open_app: Callable):
    run = make_run(paths.runs() / "a run", sources.load("digits"))
    shutil.rmtree(run.path / "epochs")
    app = open_app()
    app.wait_for_model()
    app.window.branch_run(run.path)
    assert "nothing can branch" in app.window._status.words
