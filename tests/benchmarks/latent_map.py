"""What a frame of the map costs from 1,000 to 1,000,000 points, idle and while a network is being trained.

On a quiet machine with a screen and the package installed:

    xvfb-run -a -s "-screen 0 1920x1200x24 -dpi 96" python tests/benchmarks/latent_map.py

The points are ten blobs, the widget is the real one at two sizes, events are real; the work of each is timed from the
event until Tk has nothing left to draw. All numbers of points take turns. Prints one JSON document: milliseconds per
frame; for each kind of frame by which power of the number of points it grows (linear would be 1) and how much longer
it takes at 1,000,000 points than at 1,000; what setting points and hiding a class takes once; and how long 20x20
decoded digits take with the shipped dense models.
"""

from __future__ import annotations

import json
import os
import platform
import tempfile
import threading
import time
import tkinter as tk
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

COUNTS = (1_000, 10_000, 60_000, 100_000, 300_000, 1_000_000)
SIZES = ((800, 640), (1380, 930))
ZOOMS = (1, 4, 16)
KINDS = ("pan", "zoom", "hover", "drag")
ROUNDS, FRAMES = 3, 20
Times = dict[str, list[float]]
"""Seconds of each frame, by what was done."""


def blobs(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Places (N, 2) and groups (N,)."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, count)
    places = rng.normal(size=(10, 2))[labels] * 4 + rng.normal(size=(count, 2))
    return places.astype(np.float32), labels


class Bench:
    """The real widget in a window of its own."""

    def __init__(self) -> None:
        from aedesk.gui.map.latent_map import LatentMap
        from aedesk.gui.theme import Look

        look = Look("light")
        self.root = look.open_root()
        self.map = LatentMap(self.root, look, lambda x, y: self.map.mark_pick(np.array([x, y])))
        self.map.pack(fill="both", expand=True)
        self.root.deiconify()

    def resize(self, size: tuple[int, int]) -> None:
        self.root.geometry(f"{size[0]}x{size[1]}+0+0")
        self.root.update()

    def frames(self, count: int) -> Times:
        """Of so many points, new ones: what is done once, and every kind of frame at every zoom."""
        from aedesk.gui.map.painter import Groups

        places, labels = blobs(count)
        painter = self.map.painter
        times = {
            "set points": [self._timed(lambda: self.map.show(places, Groups(labels, tuple("0123456789"))))]
        }
        times["hide a class"] = [self._timed(lambda: self._hide({1}))]
        self._hide(set())
        for zoom in ZOOMS:
            self.map.fit()
            self.map.zoom(zoom, *self.map.view.to_pixels(places[0]).tolist())
            self.root.update()
            for kind in KINDS:
                name = f"{kind}, zoomed in {zoom} times" if zoom > 1 else kind
                times[name] = self._each(getattr(self, kind))
        self.map.fit()
        painter.as_density = True
        times["pan, density"] = self._each(self.pan)
        painter.as_density = False
        return times

    def _hide(self, groups: set[int]) -> None:
        self.map.painter.set_hidden(groups)
        self.map.request()
        self.root.update()

    def _each(self, act: Callable[[int], object]) -> list[float]:
        return [self._timed(lambda frame=frame: act(frame)) for frame in range(FRAMES)]

    def _timed(self, act: Callable[[], object]) -> float:
        begun = time.perf_counter()
        act()
        self.root.update()
        return time.perf_counter() - begun

    def pan(self, frame: int) -> None:
        x, y = 200 + 3 * (frame % 20), 200 + 2 * (frame % 20)
        self.map.event_generate("<B3-Motion>" if frame else "<ButtonPress-3>", x=x, y=y)

    def zoom(self, frame: int) -> None:
        self.map.event_generate("<Button-4>" if frame % 2 else "<Button-5>", x=300, y=300)

    def hover(self, frame: int) -> None:
        self.map.event_generate("<Motion>", x=100 + 5 * frame, y=120 + 4 * frame)

    def drag(self, frame: int) -> None:
        """A press, and motions that take the marker of the pick along."""
        x, y = 100 + 5 * frame, 120 + 4 * frame
        self.map.event_generate("<B1-Motion>" if frame else "<ButtonPress-1>", x=x, y=y)


def measure() -> dict[str, object]:
    """All frames, in ms, and how they grow."""
    bench = Bench()
    report: dict[str, object] = {}
    for size in SIZES:
        bench.resize(size)
        pooled = in_turns(bench)
        for count, times in pooled.items():
            found = {kind: summary(seconds) for kind, seconds in times.items()}
            report[f"{count:,} points, {size[0]}x{size[1]}"] = found
        report[f"growth, {size[0]}x{size[1]}"] = growth(pooled)
    with training():
        found = {kind: summary(seconds) for kind, seconds in bench.frames(60_000).items()}
    report[f"60,000 points, {size[0]}x{size[1]}, while a network is being trained"] = found
    bench.root.destroy()
    return report


def in_turns(bench: Bench) -> dict[int, Times]:
    """The frames of every number of points; the first round only warms up."""
    pooled: dict[int, Times] = {count: {} for count in COUNTS}
    for turn in range(1 + ROUNDS):
        for count in COUNTS:
            for kind, seconds in bench.frames(count).items():
                if turn:
                    pooled[count].setdefault(kind, []).extend(seconds)
    return pooled


def growth(pooled: dict[int, Times]) -> dict[str, dict[str, float]]:
    """Of each kind of frame's median: the power of the number of points, fitted to the logarithms, and the ratio."""
    grown = {}
    for kind in pooled[COUNTS[0]]:
        medians = [float(np.median(pooled[count][kind])) for count in COUNTS]
        power = np.polyfit(np.log(COUNTS), np.log(medians), 1)[0]
        ratio = medians[-1] / medians[0]
        grown[kind] = {"exponent": round(float(power), 3), "1,000,000 to 1,000": round(ratio, 2)}
    return grown


def digits(model: str) -> dict[str, float]:
    """Milliseconds from an empty backdrop of 20x20 decoded digits to the finished picture, as the window does it."""
    from aedesk.app.backdrop import Backdrop
    from aedesk.app.explorer import Explorer
    from aedesk.app.jobs import Jobs
    from aedesk.app.viewport import around
    from aedesk.gui.map.ground import paint_ground
    from aedesk.gui.theme import LIGHT

    jobs = Jobs()
    explorer = Explorer(jobs)

    def settle() -> None:
        while jobs.are_running:
            jobs.poll()
            time.sleep(0.0005)  # or this loop would keep the worker waiting

    explorer.load(model)
    settle()
    assert explorer.active is not None
    points = explorer.active.projection.points
    view = around(points.min(axis=0), points.max(axis=0), 640, 640)
    backdrop, times = Backdrop(explorer, jobs), []
    for _ in range(12):
        backdrop.show("digits")
        begun = time.perf_counter()
        backdrop.mosaic(view)
        settle()
        mosaic = backdrop.mosaic(view)
        assert mosaic is not None
        paint_ground(mosaic, "digits", view, LIGHT)
        times.append(time.perf_counter() - begun)
        settle()
    return summary(times[2:])


def summary(seconds: list[float]) -> dict[str, float]:
    """In ms."""
    quantiles = np.quantile(np.array(seconds) * 1000, [0.5, 0.95, 1.0]).round(2).tolist()
    return dict(zip(("p50", "p95", "max"), quantiles, strict=True))


@contextmanager
def training() -> Iterator[None]:
    """A network is being trained in another thread, as in the Train tab: one thread of torch's."""
    import torch

    torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))
    ended = threading.Event()

    def work() -> None:
        network = torch.nn.Sequential(
            torch.nn.Linear(784, 64), torch.nn.ReLU(), torch.nn.Linear(64, 784), torch.nn.Sigmoid()
        )
        optimiser = torch.optim.Adam(network.parameters(), fused=True)
        images = torch.rand(256, 784)
        while not ended.is_set():
            loss = torch.nn.functional.mse_loss(network(images), images)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()

    thread = threading.Thread(target=work)
    thread.start()
    time.sleep(3)
    try:
        yield
    finally:
        ended.set()
        thread.join()


def main() -> None:
    os.environ["AEDESK_HOME"] = os.environ.get("AEDESK_HOME") or tempfile.mkdtemp()
    report: dict[str, object] = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "tk": tk.TkVersion,
        "date": time.strftime("%Y-%m-%d"),
        "unit": "ms of work per frame",
        **measure(),
        "20x20 decoded digits": {model: digits(model) for model in ("dense-2d", "dense-32", "deep-64")},
    }
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
