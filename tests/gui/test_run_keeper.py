"""The menu Run in a real window: what it steers, and what it keeps of the run on show."""

from __future__ import annotations

import tkinter as tk
from functools import partial
from pathlib import Path
from tkinter import filedialog
from typing import TYPE_CHECKING, Any

import pytest
from kept_run import make_run
from PIL import Image

from aedesk import paths
from aedesk.analysis import animation
from aedesk.app.trainer import State
from aedesk.data.imageset import DataSet
from aedesk.gui.train import keeper as run_keeper
from aedesk.storage import movie
from aedesk.storage.runs import Run

if TYPE_CHECKING:
    from gui.conftest import App


class Dialogs:
    """Stands for the system's file dialogs: answers each with `answer`, and keeps what was asked."""

    def __init__(self) -> None:
        self.answer = ""
        self.asked: list[dict[str, Any]] = []

    def ask(self, **options: Any) -> str:
        self.asked.append(options)
        return self.answer


@pytest.fixture
def dialogs(monkeypatch: pytest.MonkeyPatch) -> Dialogs:
    dialogs = Dialogs()
    monkeypatch.setattr(filedialog, "asksaveasfilename", dialogs.ask)
    monkeypatch.setattr(filedialog, "askdirectory", dialogs.ask)
    return dialogs


@pytest.fixture
def run(digits: DataSet) -> Run:
    """A finished run among the user's own."""
    paths.runs().mkdir(parents=True)
    return make_run(paths.runs() / "tiny", digits)


@pytest.fixture
def watching(app: App, run: Run) -> App:
    """A window with that run on show."""
    app.window.open_run(run.path)
    app.pump_until(lambda: app.window.train.machine.view is not None)
    return app


def choose(app: App, label: str) -> None:
    """Choose an entry of the menu Run."""
    bar = app.root.nametowidget(app.root["menu"])
    titles = [bar.entrycget(index, "label") for index in range(bar.index("end") + 1)]
    menu = bar.nametowidget(bar.entrycget(titles.index("Run"), "menu"))
    menu.invoke(label)
    app.root.update()


def said(app: App) -> str:
    return app.window._status.words


def bar_of(app: App) -> Any:
    return app.window.keeper.bar


def until_kept(app: App) -> None:
    app.pump_until(lambda: not app.window.keeper.keeper.is_busy)


SAVES = [
    ("Save animation of the map ...", "tiny-map.gif"),
    ("Save animation of reconstructions ...", "tiny-digits.gif"),
    ("Save loss plot ...", "tiny-losses.png"),
    ("Save history ...", "tiny-history.csv"),
    ("Save training log ...", "tiny-log.txt"),
]


def test_everything_has_a_sensible_name_and_is_where_the_window_says(
    watching: App, dialogs: Dialogs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []
    monkeypatch.setattr(run_keeper, "open_folder", opened.append)
    monkeypatch.setattr(animation, "of_map", partial(animation.of_map, frames=7))
    height = watching.window._foot.winfo_height()
    for label, name in SAVES:
        dialogs.answer = str(tmp_path / name)
        choose(watching, label)
        until_kept(watching)
        assert dialogs.asked[-1]["initialfile"] == name
        assert (tmp_path / name).stat().st_size > 0, label
        assert str(tmp_path / name) in bar_of(watching).words
    with Image.open(tmp_path / "tiny-map.gif") as film:
        assert film.n_frames == 7
    assert watching.window._foot.winfo_height() == height, "nothing moves when the bar comes"
    bar_of(watching).open.invoke()
    assert opened == [tmp_path]
    bar_of(watching).close.invoke()
    assert bar_of(watching).words == ""


def test_films_are_offered_as_mp4_only_where_ffmpeg_is(
    watching: App, dialogs: Dialogs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for here, kinds in ((True, ["*.gif", "*.mp4"]), (False, ["*.gif"])):
        monkeypatch.setattr(movie, "has_ffmpeg", lambda here=here: here)
        choose(watching, "Save animation of the map ...")
        assert [pattern for _, pattern in dialogs.asked[-1]["filetypes"]] == kinds
    dialogs.answer = str(tmp_path / "film.mp4")
    choose(watching, "Save animation of the map ...")
    assert "ffmpeg, which is not installed here" in watching.take_problems()[0]
    assert list(tmp_path.iterdir()) == []


def test_films_follow_the_theme(watching: App, dialogs: Dialogs, tmp_path: Path) -> None:
    corners = []
    for name in ("light.gif", "dark.gif"):
        dialogs.answer = str(tmp_path / name)
        choose(watching, "Save animation of reconstructions ...")
        until_kept(watching)
        with Image.open(tmp_path / name) as film:
            corners.append(film.convert("L").getpixel((0, 0)))
        watching.window.toggle_theme()
    assert corners[0] > 200
    assert corners[1] < 50


def test_long_work_shows_how_far_it_is_and_can_be_cancelled_with_a_button(
    watching: App, dialogs: Dialogs, tmp_path: Path
) -> None:
    dialogs.answer = str(tmp_path / "map.gif")
    choose(watching, "Save animation of the map ...")
    watching.pump_until(lambda: "drawing frames" in bar_of(watching).words)
    assert bar_of(watching).words.endswith("of 100")
    asked = len(dialogs.asked)
    choose(watching, "Save history ...")
    assert "Still writing the map animation" in watching.take_problems()[0]
    choose(watching, "Save loss plot ...")
    assert "Still writing the map animation" in watching.take_problems()[0]
    assert len(dialogs.asked) == asked, "it is said before a name is asked for"
    bar_of(watching).cancel.invoke()
    until_kept(watching)
    assert said(watching) == "The animation was cancelled; nothing was written."
    assert bar_of(watching).words == ""
    assert list(tmp_path.iterdir()) == []


def test_closing_the_window_ends_the_work_and_leaves_nothing_half_written(
    watching: App, dialogs: Dialogs, tmp_path: Path
) -> None:
    dialogs.answer = str(tmp_path / "map.gif")
    choose(watching, "Save animation of the map ...")
    watching.pump_until(lambda: bar_of(watching).words)
    watching.close()
    assert not watching.is_open
    assert list(tmp_path.iterdir()) == []


def test_a_name_gets_the_ending_of_its_kind_but_no_other_file_is_lost_by_that(
    watching: App, dialogs: Dialogs, tmp_path: Path
) -> None:
    dialogs.answer = str(tmp_path / "run-1.5")
    choose(watching, "Save history ...")
    until_kept(watching)
    saved = (tmp_path / "run-1.5.csv").read_text()
    assert saved.startswith("epoch,")
    choose(watching, "Save history ...")
    assert "is there already" in watching.take_problems()[0]
    dialogs.answer = ""
    choose(watching, "Save history ...")
    assert not watching.window.keeper.keeper.is_busy


def test_what_cannot_be_written_is_said_in_one_line(watching: App, dialogs: Dialogs, run: Run) -> None:
    before = run.history.read_bytes()
    for label, out in (
        ("Save history ...", run.history),
        ("Save loss plot ...", run.path / "x.png"),
        ("Save history ...", run.path.parent / "nowhere" / "x.csv"),
        ("Save loss plot ...", run.path.parent / "nowhere" / "x.png"),
    ):
        dialogs.answer = str(out)
        choose(watching, label)
        until_kept(watching)
        problem = watching.take_problems()[0]
        assert str(out) in problem
        assert "\n" not in problem
        assert bar_of(watching).words == ""
    assert run.history.read_bytes() == before


def test_tensorboard_files_lie_in_a_folder_of_the_runs_name(
    watching: App, dialogs: Dialogs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("tensorboard")
    dialogs.answer = str(tmp_path)
    choose(watching, "Save TensorBoard files ...")
    until_kept(watching)
    assert any("tfevents" in path.name for path in (tmp_path / "tiny").iterdir())
    assert f"tensorboard --logdir {tmp_path}" in bar_of(watching).words
    opened: list[Path] = []
    monkeypatch.setattr(run_keeper, "open_folder", opened.append)
    bar_of(watching).open.invoke()
    assert opened == [tmp_path / "tiny"]


def test_without_tensorboard_it_is_said_what_to_install_before_a_folder_is_asked_for(
    watching: App, dialogs: Dialogs, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setattr(run_keeper, "find_spec", lambda _: None)
    monkeypatch.setitem(sys.modules, "tensorboard.compat.proto.event_pb2", None)
    choose(watching, "Save TensorBoard files ...")
    assert "pip install" in watching.take_problems()[0]
    assert dialogs.asked == []


def test_where_no_run_is_on_show_every_entry_says_so_and_asks_nothing(app: App, dialogs: Dialogs) -> None:
    labels = [command.label for command in app.window.commands if command.menu == "Run"]
    for label in labels[4:]:  # those before steer: they begin a run where there is none
        app.window._status.set("")
        choose(app, label)
        assert said(app).startswith("No run is on show"), label
    choose(app, "Stop training")
    assert said(app) == "No run is being trained."
    assert dialogs.asked == []
    assert app.window.trainer.state is State.IDLE


def test_the_folder_of_the_run_is_opened_and_said_to_be_gone_once_it_is(
    watching: App, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    opened: list[Path] = []
    monkeypatch.setattr(run_keeper, "open_folder", opened.append)
    choose(watching, "Open run's folder")
    assert opened == [run.path]
    shutil.rmtree(run.path)
    choose(watching, "Open run's folder")
    assert said(watching) == f"{run.path} is no longer there."
    assert len(opened) == 1


def test_a_run_is_stepped_stopped_continued_and_branched_from_by_menu_and_keys(
    app: App, dialogs: Dialogs, tmp_path: Path
) -> None:
    train, trainer = app.window.train, app.window.trainer
    train.form.data.set("digits")
    train.form.fields["epochs"].set("3")
    train.form.recheck()
    app.key("<Control-Shift-Key-E>")
    app.pump_until(lambda: trainer.state is State.PAUSED)
    assert train.winfo_ismapped()
    assert train.view.epochs_shown == 1
    app.key_anywhere("<Control-Shift-Key-B>")
    app.pump_until(lambda: trainer.state is State.PAUSED)
    dialogs.answer = str(tmp_path / "so-far.csv")
    choose(app, "Save history ...")  # of a run in progress
    until_kept(app)
    assert len((tmp_path / "so-far.csv").read_text().splitlines()) == 2
    choose(app, "Branch from the epoch on show")
    assert said(app) == "A run is being trained: stop it, or wait for its end."
    app.key_anywhere("<Control-Shift-Key-P>")
    app.pump_until(lambda: trainer.state is State.IDLE)
    app.pump_until(lambda: train.machine.view is not None)
    first = train.machine.folder
    choose(app, "Branch from the epoch on show")
    assert train.branch_line.winfo_ismapped()
    train.give_up_branch()
    choose(app, "Continue the run on show")
    app.pump_until(lambda: trainer.state is State.IDLE)
    assert train.machine.folder == first
    assert first is not None
    assert Run(first).read_history()[-1]["epoch"] == 3


def test_a_key_of_the_menu_does_nothing_while_a_dialog_has_the_focus(app: App) -> None:
    window = tk.Toplevel(app.root)
    entry = tk.Entry(window)
    entry.pack()
    app.root.update()
    entry.focus_force()
    app.root.update()
    entry.event_generate("<Control-Shift-Key-E>")
    app.pump()
    assert app.window.trainer.state is State.IDLE
    window.destroy()
