"""A real window on a real (or virtual) screen, driven by events; every error on the way fails the test."""

from __future__ import annotations

import gc
import os
import threading
import time
import tkinter as tk
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import missing
from PIL import Image, ImageGrab
from polling import PATIENCE

from aedesk.app import settings
from aedesk.gui import dialogs, window
from aedesk.gui.theme import Look
from aedesk.gui.window import Window


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs a screen."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.fixturenames.insert(0, "screen")  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def screen() -> None:
    try:
        tk.Tk().destroy()
    except tk.TclError as problem:
        missing(f"there is no screen to open a window on: {problem}")


class App:
    """The window, and hands to use it with."""

    def __init__(self, remembered: dict[str, Any]) -> None:
        self.errors: list[BaseException] = []
        self.problems: list[str] = []  # what was told in error dialogs
        look = Look(str(remembered.get("theme", "light")))
        self.root = look.open_root()
        self.root.report_callback_exception = lambda _, problem, __: self.errors.append(problem)
        self.window = Window(self.root, look, remembered)
        self.window.start()

    @property
    def is_open(self) -> bool:
        try:
            return bool(self.root.winfo_exists())
        except tk.TclError:
            return False

    def take_problems(self) -> list[str]:
        """What error dialogs have said since the last call."""
        told = list(self.problems)
        self.problems.clear()
        return told

    def pump(self, seconds: float = 0.05) -> None:
        """Let the window work for a while."""
        self.pump_until(lambda: False, seconds, must=False)

    def pump_until(
        self, condition: Callable[[], bool], seconds: float = PATIENCE, *, must: bool = True
    ) -> None:
        """Let the window work until `condition` holds."""
        until = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > until:
                assert not must, "the window did not get there in time"
                return
            if self.is_open:
                self.root.update()
            time.sleep(0.002)

    def draw(self, stroke: list[tuple[float, float]], *, button: int = 1) -> None:
        """Drag the mouse along points of the canvas on show, each in [0, 1] x [0, 1]."""
        pad = self.window.canvas_tab.sketchpad
        places = [(round(x * pad.edge), round(y * pad.edge)) for x, y in stroke]
        pad.event_generate(f"<ButtonPress-{button}>", x=places[0][0], y=places[0][1])
        for x, y in places:
            pad.event_generate(f"<B{button}-Motion>", x=x, y=y)
        pad.event_generate(f"<ButtonRelease-{button}>", x=places[-1][0], y=places[-1][1])
        self.pump()

    def screenshot(self, widget: tk.Misc) -> Image.Image:
        """What the screen shows of a widget."""
        x, y = widget.winfo_rootx(), widget.winfo_rooty()
        box = (x, y, x + widget.winfo_width(), y + widget.winfo_height())
        return ImageGrab.grab(box, xdisplay=os.environ.get("DISPLAY"))

    def key(self, sequence: str) -> None:
        """Press a key with the canvas on show in focus."""
        pad = self.window.canvas_tab.sketchpad
        pad.focus_force()
        self.root.update()
        pad.event_generate(sequence)
        self.pump()

    def key_anywhere(self, sequence: str) -> None:
        """Press a key wherever the focus is."""
        self.root.update()
        focus = self.root.focus_get()
        assert focus is not None
        focus.focus_force()
        self.root.update()
        focus.event_generate(sequence)
        self.pump()

    def wait_for_model(self) -> None:
        self.pump_until(lambda: self.window.explorer.active is not None)
        self.pump(0.05)

    def use(self, model: str) -> None:
        """Take a model unless it is the one in use, and wait until it is there."""
        if self.window.explorer.active.reference == model:
            return
        self.window.load_model(model)
        self.pump_until(lambda: self.window.explorer.active.reference == model)
        self.pump(0.05)

    def close(self) -> None:
        if self.is_open:
            self.window.close()
            self.pump_until(lambda: not self.is_open)
            forget_callbacks(self.root)


def nothing(*_: object) -> None:
    pass


def forget_callbacks(root: tk.Tk) -> None:
    """Let go of what Tcl would still call, which would keep every closed window, and its models, in the memory."""
    for name in root.tk.splitlist(root.tk.call("info", "commands")):
        if name[0].isdigit():  # tkinter's own; each stays as a name, for whoever deletes it later
            root.tk.createcommand(name, nothing)


@pytest.fixture(autouse=True)
def quick_collector(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is imported stays out of the collector's sight from window to window: looking takes 0.2 s each time."""
    if len(gc.get_objects()) > 100_000:
        gc.collect()
        gc.freeze()
    instead = dict.fromkeys(("freeze", "unfreeze", "disable", "enable"), nothing)
    monkeypatch.setattr(window, "gc", SimpleNamespace(collect=gc.collect, **instead))


@pytest.fixture
def whole_collector(quick_collector: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The collector as a window finds it in a process of its own."""
    monkeypatch.setattr(window, "gc", gc)
    gc.unfreeze()


def pytest_sessionfinish() -> None:
    gc.unfreeze()  # or libraries report at the exit what was never collected


@pytest.fixture
def open_app(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., App]]:
    """Opens windows that remember what `settings` has, and closes them; no error, no thread may be left."""
    apps: list[App] = []
    problems: list[str] = []
    crashes: list[BaseException | None] = []
    monkeypatch.setattr(dialogs, "show_problem", lambda _, problem: problems.append(str(problem)))
    monkeypatch.setattr(dialogs, "ask_to_stop_training", lambda _: True)
    monkeypatch.setattr(threading, "excepthook", lambda args: crashes.append(args.exc_value))

    def open_one() -> App:
        app = App(settings.load())
        app.problems = problems
        apps.append(app)
        return app

    yield open_one
    for app in apps:
        app.close()
        assert app.errors == []
    assert problems == [], "an error dialog came that the test did not expect"
    assert crashes == []
    assert [t for t in threading.enumerate() if t is not threading.main_thread() and not t.daemon] == []


@pytest.fixture
def first_model() -> str | None:
    """What the window opens with where a file's tests would take this model at once; None for what it opens with."""
    return None


@pytest.fixture
def app(open_app: Callable[..., App], first_model: str | None) -> App:
    """A window with its model and map in place."""
    if first_model is not None:
        settings.save({"model": first_model})
    app = open_app()
    app.wait_for_model()
    return app
