"""The training lab under load: how smooth the window stays while it trains, and what the window costs the training.

Run on a quiet machine with a screen, MNIST and the package installed:

    xvfb-run -a -s "-screen 0 1600x1200x24 -dpi 96" python tests/benchmarks/lab.py [PRESET] [ROUNDS]

The largest dense preset, `mlp-128`, unless another is named. A round trains a few epochs headless on one thread, then
as many from the Train tab while somebody draws and drags the map without a pause; in turn, so that a machine whose
speed changes does so for both. Prints one JSON document; times in milliseconds unless the name says otherwise.
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
from pathlib import Path
from typing import Any

import numpy as np
from window import Bench, summary

EPOCHS = 4
FRAME = 1 / 60


def headless(preset: str) -> float:
    """Images a second of `aedesk train` on one thread, from the end of the first epoch to that of the last."""
    folder = Path(tempfile.mkdtemp()) / "run"
    words = ["train", "--preset", preset, "--threads", "1", "--epochs", str(EPOCHS + 1), "--out", str(folder)]
    ends = []
    with subprocess.Popen(
        [sys.executable, "-m", "aedesk", *words], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("epoch"):
                ends.append(time.perf_counter())
    return EPOCHS * _images() / (ends[-1] - ends[0])


def _images() -> int:
    """How many of MNIST's training images the usual validation share leaves."""
    return 57_000


def in_the_window(bench: Bench, preset: str) -> tuple[float, dict[str, list[float]]]:
    """The same from the Train tab, while somebody draws and drags; and the work of each frame in seconds."""
    from aedesk.app.trainer import State
    from aedesk.training.config import TrainingConfig
    from aedesk.training.events import EpochDone

    ends: list[float] = []
    disconnect = bench.window.trainer.event.connect(
        lambda event: ends.append(time.perf_counter()) if isinstance(event, EpochDone) else None
    )
    config = TrainingConfig.of(preset, epochs=1000)
    bench.window.train.view.begin(config)
    bench.window.trainer.start(config)
    bench.pump(lambda: bool(ends), 300)
    frames: dict[str, list[float]] = {"drawing": [], "map drag": []}
    while len(ends) < EPOCHS + 1:
        for name, play in (("drawing", _draw), ("map drag", _drag)):
            frames[name] += play(bench)
    disconnect()
    bench.window.trainer.stop()
    bench.pump(lambda: bench.window.trainer.state is State.IDLE, 300)
    return EPOCHS * _images() / (ends[EPOCHS] - ends[0]), frames


def _frame(bench: Bench, act: Callable[[], object]) -> float:
    """Seconds from an event until all that it and whatever else was due have done is on the screen; then the rest."""
    begun = time.perf_counter()
    act()
    bench.root.update()
    spent = time.perf_counter() - begun
    time.sleep(max(0, FRAME - spent))
    return spent


def _draw(bench: Bench) -> list[float]:
    pad = bench.window.explore.sketchpad
    edge = pad.edge
    pad.event_generate("<ButtonPress-1>", x=edge // 3, y=edge // 5)
    spent = []
    for step in range(60):
        x, y = edge // 3 + step * edge // 180, edge // 5 + step * edge // 110

        def act(x: int = x, y: int = y) -> None:
            pad.event_generate("<B1-Motion>", x=x, y=y)
            pad.run_tick()

        spent.append(_frame(bench, act))
    pad.event_generate("<ButtonRelease-1>", x=x, y=y)
    bench.window.hands.clear()
    return spent


def _drag(bench: Bench) -> list[float]:
    chart = bench.window.explore.pane.map
    chart.event_generate("<ButtonPress-3>", x=300, y=300)
    spent = []
    for step in range(60):
        place = 300 + round(80 * np.sin(step / 6))
        spent.append(_frame(bench, lambda place=place: chart.event_generate("<B3-Motion>", x=place, y=300)))
    chart.event_generate("<ButtonRelease-3>", x=300, y=300)
    return spent


def main() -> None:
    os.environ["AEDESK_HOME"] = os.environ.get("AEDESK_HOME") or tempfile.mkdtemp()
    preset = sys.argv[1] if len(sys.argv) > 1 else "mlp-128"
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    bench = Bench()
    bench.load("dense-32")
    alone, beside = [], []
    frames: dict[str, list[float]] = {}
    for _ in range(rounds):
        alone.append(headless(preset))
        pace, times = in_the_window(bench, preset)
        beside.append(pace)
        for name, spent in times.items():
            frames.setdefault(name, []).extend(spent)
    bench.close()
    report: dict[str, Any] = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "date": time.strftime("%Y-%m-%d"),
        "preset": preset,
        "images a second, headless on one thread": [round(pace) for pace in alone],
        "images a second, in the window": [round(pace) for pace in beside],
        "share kept": round(float(np.median(np.array(beside) / np.array(alone))), 3),
        **{name: summary(spent) for name, spent in frames.items()},
    }
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
