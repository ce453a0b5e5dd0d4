"""How quick the real window is: its start, and what a pen, a click and a drag wait for, idle and while it trains.

Run on a quiet machine with MNIST and the package installed:

    xvfb-run -a -s "-screen 0 1600x1200x24 -dpi 96" python tests/benchmarks/window.py [MODEL ...]

Prints one JSON document; times in milliseconds unless the name says otherwise. A time begins when another process
moves the mouse or presses its button, `pointer.RATE` times a second, and ends when the X server has painted what
follows from that: for a stroke its ink, and told apart from it all that is made of the ink, tiles, guess and marker on
the map; for a click or a drag on the map the digit decoded there; for a pan the map itself. A motion that the window
has passed over for a later one counts up to the frame of the later one.

A start is of a fresh process, with the files in the cache: `visible_s` until the window and its canvas are painted,
`usable_s` until the model, its map and the reading of the drawing that was there before are.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
import time
import tkinter as tk
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from pointer import Action, Player, clicked, dragged

STARTS = 5
MODELS = ("conv-2d", "vae-2d", "dense-2d", "dense-32", "conv-64", "conv")
TRAINED = "mlp-128"
"""The largest dense preset."""
_LAUNCHED = "AEDESK_BENCHMARK_LAUNCHED"
_START = "--start"
_STROKES, _STEPS = 5, 60

Connect = Callable[[Callable[[Any], object]], Callable[[], None]]
"""Has a function called at every answer, until what it returns is called."""


def summary(seconds: list[float]) -> dict[str, float]:
    """Median, 95th and 99th percentile and largest, in ms."""
    import numpy as np

    quantiles = np.quantile(np.array(seconds) * 1000, [0.5, 0.95, 0.99, 1.0])
    names = ("p50", "p95", "p99", "max")
    return {**dict(zip(names, quantiles.round(2).tolist(), strict=True)), "count": len(seconds)}


class Bench:
    """A real window, and a mouse."""

    def __init__(self) -> None:
        launched = float(os.environ.get(_LAUNCHED, time.time()))
        self.visible = self.usable = math.nan
        from aedesk.gui.theme import Look
        from aedesk.gui.window import Window

        look = Look("light")
        self.root = look.open_root()

        def on_map(event: tk.Event[Any]) -> None:
            if event.widget is self.root:
                self.root.after_idle(painted)

        def painted() -> None:
            self.settle()
            self.visible = time.time() - launched

        self.root.bind("<Map>", on_map, add="+")
        self.window = Window(self.root, look, {})
        self.window.start()
        self.wait(lambda: self.window.explorer.active is not None)
        self.settle()
        self.usable = time.time() - launched

    def settle(self) -> None:
        """Until all that is due is painted."""
        self.root.update_idletasks()
        self.root.winfo_pointerxy()  # a question to the X server, which it answers once it has painted

    def wait(self, condition: Callable[[], bool], timeout: float = 120) -> None:
        """Let the window work until `condition` holds."""
        until = time.monotonic() + timeout

        def look() -> None:
            if condition() or time.monotonic() > until:
                self.root.quit()
            else:
                self.root.after(5, look)

        self.root.after(0, look)
        self.root.mainloop()

    def load(self, model: str) -> None:
        self.window.load_model(model)
        self.wait(lambda: self.window.explorer.active.reference == model)
        self.wait(lambda: False, 0.5)

    # --- gestures ---

    def strokes(self) -> dict[str, float]:
        """From the pen to all that the tab shows of the drawing."""
        return self._strokes(self.window.hands.inked.connect)

    def ink(self) -> dict[str, float]:
        """From the pen to its stroke."""
        pad = self.window.explore.sketchpad
        then = pad.on_change

        def connect(tell: Callable[[Any], object]) -> Callable[[], None]:
            def on_change() -> None:
                tell(None)
                then()

            pad.on_change = on_change
            return lambda: setattr(pad, "on_change", then)

        return self._strokes(connect, is_painted=True)

    def _strokes(self, connect: Connect, *, is_painted: bool = False) -> dict[str, float]:
        pad = self.window.explore.sketchpad
        edge, times = pad.edge, []
        for turn in range(_STROKES):
            self.window.hands.clear()
            self.wait(lambda: False, 0.1)
            places = [
                (edge // 3 + step * edge // 180 + 5 * turn, edge // 5 + step * edge // 110)
                for step in range(_STEPS)
            ]
            times += self.gesture(pad, dragged(places, 1), connect, is_painted=is_painted)
        return summary(times)

    def clicks(self) -> dict[str, float]:
        """Here and there on the map."""
        chart = self.window.explore.pane.map
        actions = clicked(_spiral(chart, 150, 2.4))
        return summary(self.gesture(chart, actions, self.window.explorer.picked.connect))

    def drags(self) -> dict[str, float]:
        """The picked place drawn over the map."""
        chart = self.window.explore.pane.map
        actions = dragged(_spiral(chart, 300, 0.08), 1)
        return summary(self.gesture(chart, actions, self.window.explorer.picked.connect))

    def pans(self) -> dict[str, float]:
        chart = self.window.explore.pane.map
        actions = dragged(_spiral(chart, 300, 0.08), 3)[1:]  # the press alone changes nothing
        return summary(self.gesture(chart, actions, chart.viewed.connect))

    def gesture(
        self,
        widget: tk.Misc,
        actions: list[Action],
        connect: Connect,
        *,
        is_painted: bool = False,
    ) -> list[float]:
        """Do it in the widget: seconds from each action that is answered to the frame that shows the answer.

        connect: to the signal that tells of an answer. is_painted: it tells of what has been given to the X server.
        """
        left, top = widget.winfo_rootx(), widget.winfo_rooty()
        numbers = {
            (left + action.x, top + action.y): n for n, action in enumerate(actions) if action.is_answered
        }
        last = -1  # action that the window has heard of
        done: dict[int, float] = {}

        def on_event(event: tk.Event[Any]) -> None:
            nonlocal last
            last = numbers.get((event.x_root, event.y_root), last)

        def on_answer(_: object) -> None:
            if is_painted:
                painted(last)
            else:
                self.root.after_idle(painted, last)

        def painted(until: int) -> None:
            self.settle()
            now = time.perf_counter()
            for number in numbers.values():
                if number <= until:
                    done.setdefault(number, now)

        tags = widget.bindtags()
        widget.bindtags(("benchmark", *tags))  # hears of an event before the window does
        for sequence in ("<ButtonPress>", "<Motion>"):
            widget.bind_class("benchmark", sequence, on_event)
        disconnect = connect(on_answer)
        player = Player([replace(action, x=left + action.x, y=top + action.y) for action in actions])
        self.wait(lambda: player.is_done)
        self.wait(lambda: len(done) == len(numbers), 2)
        disconnect()
        widget.bindtags(tags)
        begun = player.times()
        return [done[number] - begun[number] for number in numbers.values()]

    # --- training ---

    def train(self, preset: str, on_epoch: Callable[[], object] = lambda: None) -> None:
        """Begin to train from the Train tab, and come back to Explore after the first epoch."""
        from aedesk.training.config import TrainingConfig
        from aedesk.training.events import EpochDone

        epochs: list[EpochDone] = []

        def on_event(event: object) -> None:
            if isinstance(event, EpochDone):
                epochs.append(event)
                on_epoch()

        config = TrainingConfig.of(preset, epochs=1000)
        self.window.show_tab("train")
        self.window.train.view.begin(config)
        self._disconnect = self.window.trainer.event.connect(on_event)
        self.window.trainer.start(config)
        self.wait(lambda: bool(epochs))
        self.window.show_tab("explore")
        self.wait(lambda: False, 0.5)

    def end_training(self) -> None:
        self._disconnect()
        self.window.trainer.stop()
        self.wait(lambda: self.window.trainer.state.value == "idle")

    def close(self) -> None:
        closed: list[object] = []
        self.root.bind("<Destroy>", closed.append)
        self.window.close()
        while not closed:
            self.root.update()
            time.sleep(0.001)


def _spiral(widget: tk.Misc, count: int, turn: float) -> list[tuple[int, int]]:
    """Places of a widget around its middle, each `turn` radians on, in px."""
    width, height = widget.winfo_width(), widget.winfo_height()
    reach = 0.25 * min(width, height)
    return [
        (
            round(0.45 * width + reach * (0.3 + 0.7 * step / count) * math.cos(turn * step)),
            round(0.5 * height + reach * (0.3 + 0.7 * step / count) * math.sin(turn * step)),
        )
        for step in range(count)
    ]


def start_once() -> dict[str, float]:
    """The seconds that a fresh process takes."""
    environment = {**os.environ, _LAUNCHED: repr(time.time())}
    command = [sys.executable, __file__, _START]
    output = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    found: dict[str, float] = json.loads(output.splitlines()[-1])
    return found


def gestures(bench: Bench) -> dict[str, dict[str, float]]:
    return {
        "stroke": bench.ink(),
        "all that is made of it": bench.strokes(),
        "click": bench.clicks(),
        "drag": bench.drags(),
        "pan": bench.pans(),
    }


def measure(models: Sequence[str] = MODELS) -> dict[str, Any]:
    """Starts, and every gesture with each model; the same with the first of them while `TRAINED` is being trained."""
    os.environ["AEDESK_HOME"] = tempfile.mkdtemp()
    bench = Bench()  # the first start warms the cache of files
    idle = {}
    for model in models:
        bench.load(model)
        idle[model] = gestures(bench)
    bench.load(models[0])
    bench.train(TRAINED)
    training = gestures(bench)
    bench.end_training()
    bench.close()  # the drawing stays, for the next start to read
    return {
        "start": [start_once() for _ in range(STARTS)],
        "idle": idle,
        f"while training {TRAINED}": {models[0]: training},
    }


def main() -> None:
    if sys.argv[1:] == [_START]:
        bench = Bench()
        print(json.dumps({"visible_s": round(bench.visible, 3), "usable_s": round(bench.usable, 3)}))
        bench.close()
    else:
        print(json.dumps(measure(sys.argv[1:] or MODELS), indent=1))


if __name__ == "__main__":
    main()
