"""The whole window over a handful of digits, whose epochs take milliseconds, and hands to train with."""

from __future__ import annotations

import gc
import os
import threading
import time
import tkinter as tk
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageGrab
from polling import PATIENCE

from aedesk.app.trainer import State
from aedesk.data import sources
from aedesk.data.imageset import DataSet
from aedesk.errors import AedeskError
from aedesk.gui import dialogs
from aedesk.gui.theme import Look
from aedesk.gui.window import Window
from aedesk.storage.runs import Run

STEPS = 5  # of an epoch
SIZE = "1280x800"


def few(digits: DataSet) -> DataSet:
    """100 digits to train on, 30 of which are held out."""
    return DataSet("digits", digits.train[:100], digits.test[:20])


def make_small(patch: pytest.MonkeyPatch, digits: DataSet) -> None:
    """Every data set is a few digits; nothing is asked in dialogs."""
    small = few(digits)
    patch.setattr(sources, "load", lambda *_, **__: small)
    patch.setattr(dialogs, "ask_to_stop_training", lambda _: True)


class Lab:
    """A window; `errors` are its callbacks', `problems` what it said in dialogs, `bugs` what nobody expected."""

    def __init__(self, patch: pytest.MonkeyPatch, remembered: dict[str, Any] | None = None) -> None:
        self.errors: list[BaseException] = []
        self.problems: list[str] = []
        self.bugs: list[BaseException] = []
        patch.setattr(dialogs, "show_problem", lambda _, problem: self._note(problem))
        look = Look("light")
        self.root = look.open_root()
        self.root.report_callback_exception = lambda _, problem, __: self.errors.append(problem)
        self.window = Window(self.root, look, {"geometry": f"{SIZE}+0+0", **(remembered or {})})
        self.window.start()
        self.until(lambda: self.window.explorer.active is not None)
        self.train, self.trainer = self.window.train, self.window.trainer
        self.view, self.form, self.controls = self.train.view, self.train.form, self.train.controls
        self.machine, self.knobs = self.train.machine, self.train.knobs
        self.window.show_tab("train")
        if remembered is None:
            self.prepare()

    def prepare(self) -> None:
        """The form for a small run."""
        self.set(
            preset="dense-2d", widths="16", batch_size="14", epochs="6", validation_fraction="0.3", seed="1"
        )

    def _note(self, problem: BaseException) -> None:
        self.problems.append(str(problem))
        if not isinstance(problem, AedeskError):
            self.bugs.append(problem)

    # --- time ---

    def pump(self, seconds: float = 0.05) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.root.update()
            time.sleep(0.002)

    def until(self, condition: Callable[[], object], seconds: float = PATIENCE) -> None:
        """Let the window live until `condition` holds."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"in vain; errors {self.errors}, problems {self.problems}"
            self.root.update()
            time.sleep(0.002)

    def until_idle(self) -> None:
        """The run has ended, and its last epoch is on show."""
        self.until(lambda: self.trainer.state is State.IDLE)
        self.until_shown()

    def until_paused(self) -> None:
        """The run holds, and all that was on its way has been told."""
        self.until(lambda: self.trainer.state is State.PAUSED)
        self.pump(0.1)

    def until_shown(self) -> None:
        """The newest kept epoch is on show, or the one that was asked for."""
        self.until(lambda: not self.machine.kept or self.machine.view is not None)
        wanted = (
            self.machine.kept[-1] if self.machine.is_following and self.machine.kept else self.machine.epoch
        )
        self.until(lambda: wanted is None or self.machine.view.epoch == wanted)

    # --- hands ---

    def click(self, widget: tk.Misc, x: int | None = None, y: int | None = None) -> None:
        """The left mouse button, in the middle of a widget unless told where."""
        self.root.update()
        assert widget.winfo_viewable(), f"{widget} cannot be seen"
        place = {
            "x": widget.winfo_width() // 2 if x is None else x,
            "y": widget.winfo_height() // 2 if y is None else y,
        }
        for event in ("<Enter>", "<ButtonPress-1>", "<ButtonRelease-1>", "<Leave>"):
            widget.event_generate(event, **place)
        self.root.update()

    def choose(self, combobox: tk.Misc, text: str) -> None:
        combobox.set(text)
        combobox.event_generate("<<ComboboxSelected>>")
        self.root.update()

    def go_to(self, epoch: int) -> None:
        """Press the left button on the track of epochs."""
        track = self.view.slider.track
        self.click(track, round(track.x_of(epoch)))
        self.until_shown()

    def set(self, **texts: str) -> None:
        """Fill in the form as a user does, field by field."""
        for name, text in {"data": "digits", **texts}.items():
            if name == "preset":
                self.form.preset.set(text)
            elif name == "data":
                self.form.data.set(text)
            else:
                self.form.fields[name].set(text)
        self.form.recheck()
        self.root.update()

    def draw(self, stroke: list[tuple[float, float]]) -> None:
        """A stroke on the canvas of the Explore tab, which comes to the front for it."""
        self.window.show_tab("explore")
        self.root.update()
        pad = self.window.explore.sketchpad
        places = [(round(x * pad.edge), round(y * pad.edge)) for x, y in stroke]
        pad.event_generate("<ButtonPress-1>", x=places[0][0], y=places[0][1])
        for x, y in places:
            pad.event_generate("<B1-Motion>", x=x, y=y)
        pad.event_generate("<ButtonRelease-1>", x=places[-1][0], y=places[-1][1])
        self.window.show_tab("train")
        self.pump(0.1)

    def begin(self, **texts: str) -> None:
        """Start a run, and wait until its first epoch is told."""
        self.set(**texts)
        self.click(self.controls.start)
        self.until(lambda: self.view.epochs_shown >= 1)

    def begin_slowly(self, **texts: str) -> None:
        """Begin a run that then takes a second for each step: what is done after the first epoch is done in mid-run."""
        self.set(**texts)
        self.click(self.controls.step_epoch)
        self.until_paused()
        self.choose(self.controls.speed, "1 step/s")
        self.click(self.controls.pause)
        self.until(lambda: self.trainer.state is State.RUNNING)

    def run(self, **texts: str) -> Run:
        """Train a run to its end."""
        self.set(**texts)
        self.click(self.controls.start)
        self.until_idle()
        return self.shown

    # --- eyes ---

    @property
    def shown(self) -> Run:
        """The run on show."""
        assert self.machine.folder is not None
        return Run(self.machine.folder)

    @property
    def status(self) -> str:
        return self.window._status.words

    def epoch(self) -> str:
        """What the figures say of the epoch."""
        return self.view.figures.text("epoch")

    def pictures(self, row: int, columns: range = range(10)) -> np.ndarray:
        """What the screen shows of the strip: row 0 or 1, and columns of it; 10 is the user's sketch."""
        self.pump(0.1)
        strip = self.view.strip
        left, top = strip.winfo_rootx(), strip.winfo_rooty()
        boxes = [strip.box(row, column) for column in columns]
        return np.concatenate(
            [_grabbed((left + x0, top + y0, left + x1, top + y1)) for x0, y0, x1, y1 in boxes]
        )

    def sketch(self, row: int) -> np.ndarray:
        return self.pictures(row, range(10, 11))

    def take_problems(self) -> list[str]:
        told = list(self.problems)
        self.problems.clear()
        return told

    # --- from one test to the next ---

    def reset(self) -> None:
        """As a new window has it, but for the runs in the folder."""
        self.trainer.stop()
        self.until(lambda: self.trainer.state is State.IDLE)
        if self.machine.folder is not None:
            self.window.run_list.removed.emit([self.machine.folder])
        self.train.give_up_branch()
        self.until(lambda: not self.window.jobs.are_running)
        self.choose(self.controls.speed, "Fastest")
        self.machine.choose_map("plain")
        self.view.curves.set_log(False)
        self.view.curves.set_smoothing("none")
        self.window.ink.clear()
        self.window.explore.ink_changed()
        self.root.geometry(f"{SIZE}+0+0")
        self.form.network.open(False)
        self.set(preset="dense-32")
        self.form.reset()
        self.form.reset_network()
        self.window.show_tab("train")
        self.prepare()

    def close(self) -> None:
        """As the window's button does; all threads end."""
        self.window.close()
        while self.is_open:
            self.root.update()
            time.sleep(0.002)
        gc.collect()
        alive = [t for t in threading.enumerate() if t is not threading.main_thread() and not t.daemon]
        assert alive == []

    @property
    def is_open(self) -> bool:
        try:
            return bool(self.root.winfo_exists())
        except tk.TclError:
            return False


def _grabbed(box: tuple[int, int, int, int]) -> np.ndarray:
    picture: Image.Image = ImageGrab.grab(box, xdisplay=os.environ.get("DISPLAY"))
    return np.asarray(picture.convert("RGB"), np.int16)


def is_enabled(widget: Any) -> bool:
    return not widget.instate(["disabled"])


def runs_in(home: Path) -> list[Path]:
    """The folders of all runs."""
    folder = home / "runs"
    return (
        sorted(path for path in folder.iterdir() if not path.name.startswith(".")) if folder.is_dir() else []
    )
