"""A bare window, and one with a panel of the drawer over a real model, with hands to use them."""

import contextlib
import gc
import time

from polling import PATIENCE

from aedesk.app.desk import Desk
from aedesk.app.ink import SIZE, Ink
from aedesk.app.jobs import Jobs
from aedesk.gui.theme import Look


class WindowBench:
    """A window with nothing in it yet; `errors` are those of its callbacks."""

    def __init__(self, size="640x260"):
        gc.collect()  # what a test kept of the window before, which a thread must not be the one to drop
        self.errors = []
        self.look = Look("light")
        self.root = self.look.open_root()
        self.root.geometry(f"{size}+0+0")
        self.root.deiconify()
        self.root.report_callback_exception = lambda _, problem, __: self.errors.append(problem)
        self.jobs = Jobs()

    def pump(self, seconds=0.05):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.jobs.poll()
            self.root.update()
            time.sleep(0.002)

    def pump_until(self, condition, seconds=PATIENCE):
        until = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < until, "it did not get there in time"
            self.pump(0.01)

    def key(self, widget, sequence):
        widget.focus_force()
        self.root.update()
        widget.event_generate(sequence)
        self.pump()

    def close(self):
        self.jobs.stop_all()
        self.pump_until(lambda: not self.jobs.are_running)
        self.root.destroy()
        self.__dict__.clear()
        # Here and now: what is left of a window must not be collected in the thread that loads the next model.
        gc.collect()


class PanelBench(WindowBench):
    """`panel` lies in a window of the drawer's height; `told` and `problems` are what it has said."""

    def __init__(self, kind, model="dense-32"):
        super().__init__("900x176")
        self.told, self.problems = [], []
        self.ink = Ink()
        self.desk = Desk(self.jobs, self.ink)
        self.explorer = self.desk.explorer
        self.panel = kind(self.root, self.look, self.desk, self.told.append, self.problems.append)
        self.panel.pack(fill="both", expand=True)
        self.panel.shown()
        self.load(model)
        self.pump(0.05)

    def load(self, model):
        before = self.explorer.active
        self.explorer.load(model)
        self.pump_until(lambda: self.explorer.active is not before)

    def draw(self, stroke):
        """Points of the canvas, each in [0, 1] x [0, 1]; the model reads every one."""
        self.ink.press(stroke[0][0] * SIZE, stroke[0][1] * SIZE, 46)
        for x, y in stroke:
            self.ink.drag(x * SIZE, y * SIZE, 46)
            self.explorer.set_drawing(self.ink)
        self.ink.release()
        self.pump()

    def pick(self, which=0):
        """Pick the place of a code of the atlas."""
        self.explorer.pick_at(*self.explorer.active.projection.points[which])
        self.pump()


@contextlib.contextmanager
def closing(bench):
    """For one test; no error may be left."""
    yield bench
    errors = bench.errors
    bench.close()
    assert errors == []


def bench_for(kind, model="dense-32"):
    """A panel's bench for one test."""
    return closing(PanelBench(kind, model))
