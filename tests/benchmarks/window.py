"""How quick the real window is: start, stroke, map, and the tick while a model is being trained.

Run on a quiet machine with a screen, MNIST and the package installed:

    xvfb-run -a -s "-screen 0 1600x1200x24 -dpi 96" python tests/benchmarks/window.py [MODEL ...]

Prints one JSON document; times in milliseconds unless the name says otherwise.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

STARTS = 3
_LAUNCHED = "AEDESK_BENCHMARK_LAUNCHED"


def summary(seconds: list[float]) -> dict[str, float]:
    """Median, 95th and 99th percentile and largest, in ms."""
    import numpy as np

    quantiles = np.quantile(np.array(seconds) * 1000, [0.5, 0.95, 0.99, 1.0])
    names = ("p50", "p95", "p99", "max")
    return {**dict(zip(names, quantiles.round(2).tolist(), strict=True)), "count": len(seconds)}


class Bench:
    """A real window; handlers are called through real events, ticks are timed."""

    def __init__(self) -> None:
        self.launched = float(os.environ.get(_LAUNCHED, time.time()))
        from aedesk.gui.theme import Look
        from aedesk.gui.window import Window

        look = Look("light")
        self.root = look.open_root()
        self.window = Window(self.root, look, {})
        self.root.update()
        self.shown = time.time() - self.launched
        self.window.start()
        self.pump(lambda: self.window.explorer.active is not None)
        self.usable = time.time() - self.launched

    def pump(self, condition: Callable[[], bool], timeout: float = 120) -> None:
        until = time.monotonic() + timeout
        while not condition() and time.monotonic() < until:
            self.root.update()
            time.sleep(0.001)

    def load(self, model: str) -> None:
        self.window.load_model(model)
        self.pump(lambda: self.window.explorer.active.reference == model)
        self.pump(lambda: False, 0.5)

    def strokes(self, rounds: int = 6) -> dict[str, float]:
        """Work from pen motion to the reconstruction on screen: the handler, the tick, and Tk's own drawing."""
        pad = self.window.explore.sketchpad
        times: list[float] = []
        edge = pad.edge
        for turn in range(rounds):
            pad.event_generate("<ButtonPress-1>", x=edge // 3, y=edge // 5 + 5 * turn)
            for step in range(60):
                begun = time.perf_counter()
                x, y = edge // 3 + step * edge // 180, edge // 5 + step * edge // 110 + 5 * turn
                pad.event_generate("<B1-Motion>", x=x, y=y)
                pad.run_tick()
                self.root.update_idletasks()
                times.append(time.perf_counter() - begun)
                self.root.update()
            pad.event_generate("<ButtonRelease-1>", x=x, y=y)
            self.window.hands.clear()
            self.root.update()
        return summary(times)

    def picks(self, count: int = 200) -> dict[str, float]:
        """Work from a drag on the map to the generated digit on screen."""
        widget = self.window.explore.pane.map
        times = []
        for step in range(count):
            begun = time.perf_counter()
            widget.event_generate("<B1-Motion>", x=100 + 2 * step, y=150 + step)
            self.root.update_idletasks()
            times.append(time.perf_counter() - begun)
            self.root.update()
        return summary(times)

    def zooms(self, count: int = 40) -> dict[str, float]:
        """Work of a zoom step: every point drawn anew."""
        widget = self.window.explore.pane.map
        times = []
        for step in range(count):
            begun = time.perf_counter()
            widget.event_generate("<Button-4>" if step % 2 else "<Button-5>", x=300, y=300)
            self.root.update_idletasks()
            times.append(time.perf_counter() - begun)
            self.root.update()
        return summary(times)

    def lateness(self, seconds: float) -> dict[str, float]:
        """How late a 20 ms tick of the window comes."""
        late: list[float] = []
        due = time.perf_counter() + 0.02

        def tick() -> None:
            nonlocal due, next_tick
            late.append(time.perf_counter() - due)
            due = time.perf_counter() + 0.02
            next_tick = self.root.after(20, tick)

        next_tick = self.root.after(20, tick)
        until = time.monotonic() + seconds
        self.root.after(int(seconds * 1000), self.root.quit)
        while time.monotonic() < until:
            self.root.mainloop()
        self.root.after_cancel(next_tick)
        return summary(late)

    def train(self, preset: str, seconds: float = 20) -> dict[str, Any]:
        """The tick while `preset` is being trained on MNIST, with the curves in view and with the canvas; the pen."""
        from aedesk.training.config import TrainingConfig

        self.window.trainer.start(TrainingConfig.of(preset, epochs=1000))
        self.pump(lambda: self.window.trainer.folder is not None)
        self.pump(lambda: False, 2)
        late = {}
        for tab in ("train", "explore"):
            self.window.show_tab(tab)
            late[f"tick late, {tab} tab in view"] = self.lateness(seconds)
        strokes = self.strokes(3)
        self.window.trainer.stop()
        self.pump(lambda: self.window.trainer.state.value == "idle")
        return {**late, "stroke to screen": strokes}

    def close(self) -> None:
        closed: list[object] = []
        self.root.bind("<Destroy>", closed.append)
        self.window.close()
        while not closed:
            self.root.update()
            time.sleep(0.001)


def start_once() -> dict[str, float]:
    """A fresh process: seconds until the window is on the screen, and until a model and its map are in it."""
    environment = {**os.environ, _LAUNCHED: repr(time.time())}
    command = [sys.executable, __file__, "--start"]
    output = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    found: dict[str, float] = json.loads(output.splitlines()[-1])
    return found


def main() -> None:
    os.environ["AEDESK_HOME"] = os.environ.get("AEDESK_HOME") or tempfile.mkdtemp()
    if sys.argv[1:] == ["--start"]:
        bench = Bench()
        print(json.dumps({"shown_s": round(bench.shown, 2), "usable_s": round(bench.usable, 2)}))
        bench.close()
        return
    starts = [start_once() for _ in range(STARTS + 1)][1:]  # the first one warms the file cache
    bench = Bench()
    report: dict[str, Any] = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "date": time.strftime("%Y-%m-%d"),
        "starts": starts,
    }
    for model in sys.argv[1:] or ["dense-32", "conv"]:
        bench.load(model)
        report[model] = {
            "stroke to screen": bench.strokes(),
            "map drag": bench.picks(),
            "zoom": bench.zooms(),
        }
    bench.load("dense-32")
    report["while training vanilla-64"] = bench.train("vanilla-64")
    report["while training conv"] = bench.train("conv")
    bench.close()
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
