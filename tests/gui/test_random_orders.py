"""Whatever is done in the lab, in whatever order: the window stays consistent, and no thread outlives it.

`AEDESK_ORDERS=3000` drives that many orders, `AEDESK_SEED=7` others than the usual ones.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from gestures import ONE
from lab_bench import Lab, is_enabled, make_small

from aedesk import paths
from aedesk.app import settings
from aedesk.app.trainer import State
from aedesk.data.imageset import DataSet
from aedesk.errors import AedeskError
from aedesk.gui.train.controls import DELAYS
from aedesk.latent import tsne

ORDERS = int(os.environ.get("AEDESK_ORDERS", "200"))
SEED = int(os.environ.get("AEDESK_SEED", "1"))
WINDOWS = int(os.environ.get("AEDESK_WINDOWS", "2"))  # one after another
LENGTH = (2, 5)  # deeds of an order
EDITS = (
    {"preset": "dense-2d", "widths": "4"},
    {"preset": "vanilla-64"},
    {"preset": "dense-2d", "widths": "4", "kind": "variational", "warm_up": "0"},
    {"preset": "dense-2d", "widths": "4", "kind": "denoising"},
    {"code": "3"},
    {"code": "many"},
    {"epochs": "2"},
    {"epochs": "40"},
    {"epochs": "4000"},
    {"epochs": "0"},
    {"engine": "numpy"},
    {"engine": "torch"},
    {"learning_rate": "1e9", "optimiser": "sgd"},
    {"patience": "1"},
)


class Driver:
    """Deeds of a user who is not thinking; each does what can be done just now, or nothing."""

    def __init__(self, lab: Lab, dice: random.Random) -> None:
        self.lab, self.dice = lab, dice
        self.done: list[str] = []
        controls, slider, notice = lab.controls, lab.view.slider, lab.view.notice
        self._deeds: dict[Callable[[], object], int] = {
            self.press(controls.start): 8,
            self.press(controls.pause): 8,
            self.press(controls.step_batch): 6,
            self.press(controls.step_epoch): 6,
            self.press(controls.stop): 9,
            self.press(slider.branch_button): 8,
            self.press(slider.live): 2,
            self.press(slider.play): 2,
            self.press(lab.train.branch_line.give_up): 2,
            self.press(notice.continue_button): 4,
            self.press(notice.use_button): 1,
            self.press(slider.use_button): 1,
            self.second_start: 3,
            self.edit: 6,
            self.show_tab: 6,
            self.show_page: 2,
            self.scrub: 8,
            self.turn_knob: 3,
            self.change_speed: 2,
            self.choose_map: 2,
            self.open_run: 4,
            self.continue_run: 2,
            self.branch_run: 2,
            self.delete: 3,
            self.undo_delete: 2,
            self.rename: 2,
            self.lose: 1,
            self.draw: 2,
            self.resize: 1,
            self.switch_theme: 1,
            self.wait: 10,
        }

    def order(self) -> None:
        """A few deeds, quick or slow, one after another."""
        self.done.clear()
        for _ in range(self.dice.randint(*LENGTH)):
            deed = self.dice.choices(list(self._deeds), list(self._deeds.values()))[0]
            self.done.append(deed.__name__)
            deed()
            if self.dice.random() < 0.3:
                self.lab.root.update()

    def press(self, button) -> Callable[[], object]:
        def press() -> None:
            if button.winfo_manager() and is_enabled(button):
                button.invoke()

        press.__name__ = f"press {button.cget('text') or button}"
        return press

    def second_start(self) -> None:
        """As by the keyboard."""
        self.lab.train.start()

    def edit(self) -> None:
        if self.lab.trainer.state is State.IDLE:
            texts = dict(self.dice.choice(EDITS))
            if not is_enabled(self.lab.form.preset.control):
                texts = {name: text for name, text in texts.items() if name in {"epochs", "learning_rate"}}
            self.lab.set(**texts)

    def show_tab(self) -> None:
        self.lab.window.show_tab(self.dice.choice(["explore", "train", "train", "runs"]))

    def show_page(self) -> None:
        self.lab.view.show_page(self.dice.choice(["network", "run"]))

    def scrub(self) -> None:
        track = self.lab.view.slider.track
        for _ in range(self.dice.randint(1, 3)):
            track.event_generate("<ButtonPress-1>", x=self.dice.randint(0, track.winfo_width()), y=4)

    def turn_knob(self) -> None:
        shown = self.lab.knobs.shown
        if shown and self.lab.knobs.winfo_manager():
            row = self.lab.knobs.rows[self.dice.choice(shown)]
            self.dice.choice([row.halve, row.double]).invoke()

    def change_speed(self) -> None:
        speed = self.lab.controls.speed
        speed.set(self.dice.choice(list(DELAYS)))
        speed.event_generate("<<ComboboxSelected>>")

    def choose_map(self) -> None:
        self.dice.choice(list(self.lab.view.map.kinds.values())).invoke()

    def _some_run(self):
        folder = paths.runs()
        there = sorted(path for path in folder.glob("[!.]*")) if folder.is_dir() else []
        if self.lab.machine.folder in there and self.dice.random() < 0.5:
            return self.lab.machine.folder
        return self.dice.choice(there) if there else None

    def open_run(self) -> None:
        if (run := self._some_run()) is not None:
            self.lab.window.open_run(run)

    def continue_run(self) -> None:
        if (run := self._some_run()) is not None:
            self.lab.window.continue_run(run)

    def branch_run(self) -> None:
        if (run := self._some_run()) is not None:
            self.lab.window.branch_run(run)

    def _listed(self):
        listed = self.lab.window.run_list
        listed.refresh()
        run = self._some_run()
        return listed, run if run is not None and listed.card(run) is not None else None

    def delete(self) -> None:
        listed, run = self._listed()
        if run is not None:
            listed.delete([run])

    def undo_delete(self) -> None:
        self.lab.window.run_list.undo_delete()

    def rename(self) -> None:
        listed, run = self._listed()
        if run is not None:
            try:
                listed.rename(run, f"r{self.dice.randrange(10**9)}")
            except AedeskError as problem:
                self.lab.problems.append(str(problem))

    def lose(self) -> None:
        """Somebody else deletes a run that nobody trains."""
        run = self._some_run()
        if run is not None and run not in {self.lab.trainer.folder, self.lab.machine.folder}:
            shutil.rmtree(run)

    def draw(self) -> None:
        if self.dice.random() < 0.3:
            self.lab.window.hands.clear()
        else:
            self.lab.draw(ONE)

    def resize(self) -> None:
        self.lab.root.geometry(self.dice.choice(["1000x680", "1100x700"]))

    def switch_theme(self) -> None:
        self.lab.window.toggle_theme()

    def wait(self) -> None:
        self.lab.pump(self.dice.choice([0.005, 0.01, 0.03]))


def odds(lab: Lab) -> list[str]:
    """What does not go together in the window as it is."""
    state, view, train = lab.trainer.state, lab.view, lab.train
    idle = state is State.IDLE
    branch = train.branch_line
    is_planned = bool(branch.winfo_manager())
    can_start = idle and lab.form.chosen is not None and not (is_planned and branch.problem)
    headline = view.notice.headline
    seen = lab.machine.view
    tabs = {name for name, page in lab.window._pages.items() if page.winfo_manager()}
    wanted = {
        "Start": is_enabled(lab.controls.start) == can_start,
        "Stop": is_enabled(lab.controls.stop) == (state in {State.RUNNING, State.STEPPING, State.PAUSED}),
        "Step": is_enabled(lab.controls.step_batch) == (can_start or state is State.PAUSED),
        "Resume": (lab.controls.pause.cget("text") == "Resume") == (state is State.PAUSED),
        "form": is_enabled(lab.form.fields["epochs"].control) == idle,
        "preset": is_enabled(lab.form.preset.control) == (idle and not is_planned),
        "plan": not is_planned or idle,
        "knobs": bool(lab.knobs.winfo_manager()) == (not idle and view.has_started),
        "headline": not idle or not headline.startswith(("Training", "Paused", "Stopping", "Finishing")),
        "paused": state is not State.PAUSED or headline.startswith("Paused"),
        "stopping": state is not State.STOPPING or not headline.startswith(("Paused", "Training")),
        "busy": idle or not (view.notice.offers_model or view.notice.offers_to_continue),
        "tab": tabs == {lab.window.header._tab.get()},
        "page": {name for name, page in view._pages.items() if page.winfo_manager()} == {view.page},
        "run on show": lab.machine.folder is None or not view.is_empty,
        "no run": not view.is_empty or (lab.machine.folder is None and not lab.machine.kept),
        "model": not view.notice.offers_model or train.remember()["run"] is not None,
        "kept": lab.machine.folder is not None or not is_enabled(view.slider.branch_button),
        "badge": idle == (lab.window.header._device.cget("text") == lab.window.header.device),
        "delay": lab.trainer.delay == lab.controls.delay,
        "cursor": seen is None
        or seen.epoch != lab.machine.epoch
        or view.curves.epoch == (None if lab.machine.is_following else seen.epoch),
    }
    return [name for name, holds in wanted.items() if not holds]


@pytest.fixture
def open_lab(digits: DataSet, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Lab]]:
    make_small(monkeypatch, digits)
    monkeypatch.setattr(tsne, "layout", lambda codes, **_: np.ascontiguousarray(codes[:, :2]))
    opened: list[Lab] = []

    def open_one() -> Lab:
        opened.append(Lab(monkeypatch, settings.load() or None))
        opened[-1].root.geometry("1000x680")
        return opened[-1]

    yield open_one
    for lab in opened:
        lab.close()


def test_any_order_of_deeds_leaves_a_consistent_window_and_no_thread(open_lab: Callable[[], Lab]) -> None:
    dice = random.Random(SEED)
    for window in range(WINDOWS):
        lab = open_lab()
        lab.set(preset="dense-2d", widths="4", epochs="40", batch_size="35", validation_fraction="0.3")
        driver = Driver(lab, dice)
        for order in range(ORDERS // WINDOWS):
            driver.order()
            lab.root.update()
            where = f"seed {SEED}, window {window}, order {order}: {driver.done}"
            assert lab.errors == [], where
            assert lab.bugs == [], where
            assert odds(lab) == [], f"{where}; {lab.trainer.state}, {lab.view.notice.headline!r}"
        lab.close()  # in the middle of whatever is going on; no thread is left
        assert lab.errors == []
        assert lab.bugs == []
