"""What a frame of the map costs at 2,000, 10,000 and 60,000 points, idle and while a network is being trained.

On a quiet machine with a screen and the package installed:

    xvfb-run -a -s "-screen 0 1920x1200x24 -dpi 96" python tests/benchmarks/latent_map.py

The points are ten blobs, the widget is the real one at two sizes, events are real; the work of each is timed from the
event until Tk has nothing left to draw. Prints one JSON document: milliseconds per frame, how much longer a frame takes
at 60,000 points than at 2,000, and how long 20x20 decoded digits take with the shipped dense models.
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

COUNTS = (2_000, 10_000, 60_000)
SIZES = ((800, 640), (1380, 930))
ZOOMS = (1, 4, 16, 64)
FRAMES = 60


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

    def prepare(self, count: int, size: tuple[int, int]) -> None:
        from aedesk.gui.map.painter import Groups

        places, labels = blobs(count)
        self.root.geometry(f"{size[0]}x{size[1]}+0+0")
        self.root.update()
        self.map.show(places, Groups(labels, tuple("0123456789")))
        self.root.update()

    def frames(self, act: Callable[[int], object]) -> list[float]:
        """Seconds of work for each frame."""
        times = []
        for frame in range(FRAMES):
            begun = time.perf_counter()
            act(frame)
            self.root.update()
            times.append(time.perf_counter() - begun)
        return times

    def pan(self, frame: int) -> None:
        x, y = 200 + 3 * (frame % 20), 200 + 2 * (frame % 20)
        self.map.event_generate("<B3-Motion>" if frame else "<ButtonPress-3>", x=x, y=y)

    def zoom(self, frame: int) -> None:
        self.map.event_generate("<Button-4>" if frame % 2 else "<Button-5>", x=300, y=300)

    def hover(self, frame: int) -> None:
        self.map.event_generate("<Motion>", x=100 + 5 * frame, y=120 + 4 * frame)

    def marker(self, frame: int) -> None:
        place = self.map.place_at(100 + 5 * frame, 120 + 4 * frame)
        self.map.mark_sketch(place)

    def measure(self) -> dict[str, dict[str, float]]:
        """Median, 95th percentile and worst of each kind of frame, at the zoom where it is the slowest."""
        report = {}
        for name in ("pan", "zoom", "hover", "marker"):
            slowest: dict[str, float] = {"p95": 0.0}
            for factor in ZOOMS:
                self.map.fit()
                self.map.zoom(factor)
                self.root.update()
                found = summary(self.frames(getattr(self, name)))
                if found["p95"] > slowest["p95"]:
                    slowest = {**found, "at zoom": factor}
            report[name] = slowest
        self.map.painter.as_density = True
        self.map.fit()
        self.root.update()
        report["pan, density"] = summary(self.frames(self.pan))
        self.map.painter.as_density = False
        return report


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
    bench = Bench()
    report: dict[str, object] = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "tk": tk.TkVersion,
        "date": time.strftime("%Y-%m-%d"),
        "unit": "ms of work per frame",
    }
    medians: dict[tuple[str, int], float] = {}
    for size in SIZES:
        for count in COUNTS:
            bench.prepare(count, size)
            found = bench.measure()
            report[f"{count:,} points, {size[0]}x{size[1]}"] = found
            medians[f"{size[0]}x{size[1]}", count] = found["pan"]["p50"]
    report["growth of a moved frame, 60,000 points to 2,000"] = {
        f"{width}x{height}": round(
            medians[f"{width}x{height}", 60_000] / medians[f"{width}x{height}", 2_000], 2
        )
        for width, height in SIZES
    }
    bench.prepare(60_000, SIZES[1])
    with training():
        report["60,000 points, 1380x930, while a network is being trained"] = bench.measure()
    bench.root.destroy()
    report["20x20 decoded digits"] = {model: digits(model) for model in ("dense-2d", "dense-32", "deep-64")}
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
