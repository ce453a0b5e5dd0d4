"""The Train tab in a real window: what a person does, and what they then see."""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest
import ttkbootstrap as ttk
from polling import PATIENCE

from aedesk.app.ink import Ink
from aedesk.app.jobs import Jobs
from aedesk.app.trainer import State, Trainer
from aedesk.data import sources
from aedesk.errors import AedeskError, Cancelled
from aedesk.gui.theme import Look
from aedesk.gui.train.figures import NOTHING, duration_text
from aedesk.gui.train.tab import TrainTab
from aedesk.training.config import TrainingConfig


class Bench:
    """A root window with nothing but the Train tab in it, and the tick that a window has."""

    def __init__(self, root: ttk.App, look: Look, *, plots: bool = True) -> None:
        self.root = root
        self.jobs = Jobs()
        self.trainer = Trainer(self.jobs)
        self.used: list[Path] = []
        self.statuses: list[str] = []
        self.problems: list[BaseException] = []
        self.trainer.failed.connect(self.problems.append)
        self.tab = TrainTab(
            root,
            look,
            self.trainer,
            self.jobs,
            Ink(),
            on_use=self.used.append,
            on_status=self.statuses.append,
            on_problem=self.problems.append,
        )
        self.tab.pack(fill="both", expand=True)
        if plots:
            self.tab.build_plots()
        self.form = self.tab.form
        self.set(data="digits", epochs="3")
        root.update()

    def set(self, *, data: str | None = None, preset: str | None = None, **fields: str) -> None:
        """Fill in the form as a remembered one would be."""
        if preset is not None:
            self.form.preset.set(preset)
        if data is not None:
            self.form.data.set(data)
        for name, text in fields.items():
            self.form.fields[name].set(text)
        self.form.recheck()

    def until(self, condition: Callable[[], object], seconds: float = PATIENCE) -> None:
        """Let the window live until `condition` holds."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"waited in vain; the tab says: {self.tab.view.notice.headline}"
            self.jobs.poll()
            self.root.update()
            time.sleep(0.005)

    def live(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        self.until(lambda: time.monotonic() > end)

    def until_idle(self) -> None:
        self.until(lambda: self.trainer.state is State.IDLE)

    def epoch(self) -> int:
        """The epoch that the figures show; 0 before the first."""
        shown = self.tab.view.figures.text("epoch").partition(" ")[0]
        return 0 if shown == NOTHING else int(shown.replace(",", ""))

    def answer(self, button: str) -> None:
        """Press a button of the next dialog as soon as it is there."""

        def press() -> None:
            for widget in descendants(self.root):
                in_dialog = isinstance(widget.winfo_toplevel(), tk.Toplevel)
                if in_dialog and isinstance(widget, ttk.Button) and widget["text"].startswith(button):
                    widget.invoke()
                    return
            self.root.after(20, press)

        self.root.after(20, press)

    def close(self) -> None:
        self.jobs.stop_all()
        self.until(lambda: not self.jobs.are_running)
        self.tab.destroy()
        self.root.update()


def descendants(widget: tk.Misc) -> Iterator[tk.Misc]:
    for child in widget.winfo_children():
        yield child
        yield from descendants(child)


def is_enabled(button: ttk.Button) -> bool:
    return not button.instate(["disabled"])


@pytest.fixture(scope="module")
def look() -> Look:
    return Look("light")


@pytest.fixture(scope="module")
def root(screen: None, look: Look) -> Iterator[ttk.App]:
    root = look.open_root()
    root.geometry("1280x800+0+0")
    root.deiconify()
    yield root
    root.destroy()


@pytest.fixture
def bench(root: ttk.App, look: Look) -> Iterator[Bench]:
    errors: list[BaseException | None] = []

    def report(kind: type[BaseException], problem: BaseException, traceback: TracebackType | None) -> None:
        errors.append(problem)

    root.report_callback_exception = report
    bench = Bench(root, look)
    yield bench
    bench.close()
    assert not errors, f"a callback of Tk raised: {errors[0]!r}"


def test_start_trains_and_the_curves_grow_with_every_epoch(bench: Bench) -> None:
    bench.set(epochs="12")
    bench.tab.controls.start.invoke()
    bench.until(lambda: bench.tab.view.curves.drawn_epochs >= 2)
    seen = bench.tab.view.curves.drawn_epochs
    bench.until(lambda: bench.tab.view.curves.drawn_epochs > seen)
    bench.until_idle()
    bench.until(lambda: bench.tab.view.curves.drawn_epochs == 12)
    assert bench.tab.view.figures.text("epoch") == "12 of 12"
    assert float(bench.tab.view.figures.text("validation")) < 0.2
    assert bench.tab.view.bar["value"] == pytest.approx(1)


def test_a_run_that_began_before_matplotlib_was_there_is_drawn_afterwards(root: ttk.App, look: Look) -> None:
    bench = Bench(root, look, plots=False)
    bench.tab.start()
    bench.until_idle()
    assert bench.tab.view.curves.drawn_epochs == 0
    bench.tab.build_plots()
    bench.until(lambda: bench.tab.view.curves.drawn_epochs == 3)
    bench.close()


def test_what_is_prepared_is_shown_and_a_stop_cancels_it(bench: Bench) -> None:
    bench.set(sketches="10")  # for many seconds
    bench.tab.controls.start.invoke()
    bench.until(lambda: bench.tab.view.notice.headline == "Preparing dense-2d on digits")
    bench.until(lambda: "Drawing sketches: " in bench.tab.view.notice.detail)
    bench.until(lambda: bench.tab.view.bar["value"] > 0)
    assert any(said.startswith("Preparing dense-2d on digits: drawing sketches") for said in bench.statuses)
    bench.tab.controls.stop.invoke()
    bench.until_idle()
    assert bench.tab.view.notice.headline == "Cancelled"
    assert bench.tab.view.notice.detail == "dense-2d on digits was not begun."
    assert bench.problems == []
    assert bench.tab.view.bar["value"] == 0
    bench.set(sketches="0")


def test_pause_holds_the_epoch_and_resume_lets_it_go_on(bench: Bench) -> None:
    bench.set(epochs="5000")
    bench.tab.controls.start.invoke()
    bench.until(lambda: bench.epoch() >= 2)
    bench.tab.controls.pause.invoke()
    bench.live(0.3)  # what was on its way arrives
    held = bench.epoch()
    bench.live(0.5)
    assert bench.epoch() == held
    assert bench.tab.view.notice.headline == "Paused: dense-2d on digits"
    assert bench.tab.controls.pause.cget("text") == "Resume"
    bench.tab.controls.pause.invoke()
    bench.until(lambda: bench.epoch() > held)
    assert bench.tab.controls.pause.cget("text") == "Pause"


def test_stop_keeps_the_model_and_offers_it(bench: Bench) -> None:
    bench.set(epochs="5000")
    bench.tab.controls.start.invoke()
    bench.until(lambda: bench.epoch() >= 3)
    bench.tab.controls.stop.invoke()
    bench.until_idle()
    assert bench.tab.view.notice.headline.startswith("Stopped after")
    assert bench.tab.view.notice.offers_model
    assert bench.trainer.folder is not None
    assert (bench.trainer.folder / "model.safetensors").is_file()
    assert bench.trainer.folder.name in bench.tab.view.notice.detail


def test_use_this_model_hands_over_the_folder_of_the_run(bench: Bench) -> None:
    bench.set(epochs="1")
    bench.tab.controls.start.invoke()
    bench.until_idle()
    assert bench.tab.view.notice.headline == "Finished"
    assert bench.tab.view.notice.detail.startswith("Best loss 0.")
    bench.tab.view.notice.use_button.invoke()
    assert bench.used == [bench.trainer.folder]
    assert (bench.used[0] / "history.csv").read_text().count("\n") == 2


def test_the_settings_of_the_form_are_those_of_the_run(bench: Bench) -> None:
    bench.set(preset="dense-32", epochs="2", batch_size="100", learning_rate="0.002", seed="7")
    bench.tab.controls.start.invoke()
    bench.until_idle()
    assert bench.trainer.folder is not None
    text = (bench.trainer.folder / "config.json").read_text()
    for expected in ('"preset": "dense-32"', '"batch_size": 100', '"learning_rate": 0.002', '"seed": 7'):
        assert expected in text


def test_a_learning_rate_that_makes_no_sense_is_refused_beside_its_field(bench: Bench) -> None:
    entry = bench.form.fields["learning_rate"].control
    entry.focus_force()
    entry.delete(0, "end")
    for key in ("minus", "1"):
        entry.event_generate(f"<Key-{key}>")
    bench.root.update()
    line = bench.form.problems["learning_rate"]
    assert line.winfo_ismapped()
    assert "above 0" in line.cget("text")
    assert not is_enabled(bench.tab.controls.start)
    bench.tab.start()  # as the keyboard shortcut does
    assert bench.trainer.state is State.IDLE
    entry.delete(0, "end")
    entry.insert(0, "0.01")
    bench.root.update()
    assert not line.winfo_ismapped()
    assert is_enabled(bench.tab.controls.start)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("epochs", "ten", '"ten" is not a whole number'),
        ("epochs", "0", "between 1 and"),
        ("batch_size", "", "the field is empty"),
        ("learning_rate", "nan", "above 0"),
        ("validation_fraction", "0.9", "at most 0.5"),
        ("seed", "-1", "between 0"),
        ("seed", "9" * 5000, "not a whole number"),
    ],
)
def test_nonsense_is_told_in_words(bench: Bench, name: str, text: str, words: str) -> None:
    bench.set(**{name: text})
    bench.root.update()
    assert words in bench.form.problems[name].cget("text")
    assert bench.form.problems[name].winfo_manager()
    assert bench.form.is_advanced == (name in {"validation_fraction", "seed"})
    assert not is_enabled(bench.tab.controls.start)


def test_the_numpy_engine_is_refused_for_convolutions_and_trains_dense_networks(bench: Bench) -> None:
    bench.set(preset="conv", data="digits")
    engine = bench.form.fields["engine"].control
    assert isinstance(engine, ttk.Combobox)
    engine.current(1)
    bench.root.update()
    assert "dense networks only" in bench.form.problems["engine"].cget("text")
    assert not is_enabled(bench.tab.controls.start)
    bench.set(preset="dense-2d", epochs="1")
    bench.tab.controls.start.invoke()
    bench.until_idle()
    assert "NumPy" in (bench.trainer.folder / "config.json").read_text()  # type: ignore[operator]


def test_a_preset_brings_its_recipe_and_the_reset_brings_it_back(bench: Bench) -> None:
    bench.set(preset="mlp-128")
    shown = {name: bench.form.fields[name].text for name in ("optimiser", "batch_size", "epochs")}
    assert shown == {"optimiser": "sgd", "batch_size": "64", "epochs": "100"}
    assert not is_enabled(bench.form.reset_button)
    bench.set(batch_size="8", seed="3")
    bench.form.reset_button.invoke()
    assert bench.form.chosen == TrainingConfig.of("mlp-128", data="digits")


def test_a_run_that_fails_leaves_the_tab_usable(bench: Bench, tmp_path: Path) -> None:
    broken = tmp_path / "broken.npz"
    broken.write_bytes(b"PK\3\4 and no more")
    bench.set(data=str(broken))
    bench.tab.controls.start.invoke()
    bench.until(lambda: bench.problems)
    assert isinstance(bench.problems[0], AedeskError)
    assert "broken.npz" in bench.tab.view.notice.detail
    assert not bench.tab.view.notice.offers_model
    bench.set(data="digits", epochs="1")
    bench.tab.controls.start.invoke()
    bench.until_idle()
    assert bench.tab.view.notice.headline.startswith("Finished")


def test_data_that_is_not_here_is_asked_about(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AEDESK_DATA_DIR", str(tmp_path))
    bench.set(data="mnist", epochs="1")
    bench.answer("Cancel")
    bench.tab.controls.start.invoke()
    assert bench.trainer.state is State.IDLE
    bench.answer("Use digits")
    bench.tab.controls.start.invoke()
    assert bench.form.data.value == "digits"
    bench.until_idle()
    assert bench.tab.view.notice.headline.startswith("Finished")


def test_a_fetch_shows_its_progress_and_stop_cancels_it(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless_load(name: str, *, progress: Callable[..., None], cancelled: Callable[[], bool]) -> Any:
        while not cancelled():
            progress("train-images-idx3-ubyte.gz", 2_500_000, 10_000_000)
            time.sleep(0.01)
        raise Cancelled("the fetch was cancelled")

    monkeypatch.setenv("AEDESK_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(sources, "load", endless_load)
    bench.set(data="mnist")
    bench.answer("Fetch")
    bench.tab.controls.start.invoke()
    bench.until(lambda: bench.tab.view.notice.headline == "Getting mnist")
    assert "2.5 of 10.0 MB" in bench.tab.view.notice.detail
    assert bench.tab.view.bar["value"] == pytest.approx(0.25)
    assert not is_enabled(bench.tab.controls.pause)
    bench.tab.controls.stop.invoke()
    bench.until_idle()
    assert bench.problems == []
    assert is_enabled(bench.tab.controls.start)
    assert bench.tab.view.notice.headline == "Cancelled"


def test_the_form_comes_back_as_it_was(bench: Bench) -> None:
    bench.set(preset="deep-64", epochs="17", loss="bce", seed="5", device="cpu")
    bench.until(lambda: bench.form.fields["device"].text == "auto")
    bench.form.toggle_advanced()
    bench.tab.view.curves.log_switch.invoke()
    remembered = bench.tab.remember()
    bench.set(preset="conv", data="mnist", seed="1")
    bench.form.toggle_advanced()
    bench.tab.view.curves.log_switch.invoke()
    bench.tab.restore(remembered)
    assert bench.tab.remember() == remembered


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"preset": "gone", "loss": "gone", "epochs": 12, "data": None, "advanced": "yes", "log": 1},
        {"preset": [], "device": "cuda:9", "engine": {}},
    ],
)
def test_settings_that_make_no_sense_any_more_are_passed_over(bench: Bench, settings: dict[str, Any]) -> None:
    before = bench.form.chosen
    bench.tab.restore(settings)
    assert bench.form.chosen == before


def test_the_wheel_over_a_list_of_choices_does_not_change_the_choice(bench: Bench) -> None:
    control = bench.form.fields["optimiser"].control
    before = control.get()
    for _ in range(3):
        control.event_generate("<Button-5>")
        control.event_generate("<MouseWheel>", delta=-120)
    bench.root.update()
    assert control.get() == before


def test_a_field_that_gets_the_focus_comes_into_view(bench: Bench) -> None:
    bench.root.geometry("1000x680")
    bench.form.toggle_advanced()
    bench.live(0.2)
    control = bench.form.fields["precision"].control
    bottom = bench.tab.column.winfo_rooty() + bench.tab.column.winfo_height()
    assert control.winfo_rooty() > bottom
    control.focus_force()
    bench.root.update()
    assert control.winfo_rooty() + control.winfo_height() <= bottom


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "0 s"), (59.6, "1 min 00 s"), (200, "3 min 20 s"), (3900, "1 h 05 min"), (float("inf"), NOTHING)],
)
def test_time_left_is_told_in_words(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text
