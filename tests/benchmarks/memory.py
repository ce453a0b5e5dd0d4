"""What training takes above the imports, and whether a window in use for long goes on growing.

Run on a quiet machine with a screen, MNIST and the package installed:

    xvfb-run -a -s "-screen 0 1920x1200x24 -dpi 96" python tests/benchmarks/memory.py [--minutes N] [--presets NAME ...]

Prints one JSON document; sizes in MB of 10^6 bytes, resident: what the process has of the machine's memory, shared
libraries as far as they are read. Bars: a training takes at most 700 MB above its imports at its peak; the line through
the last two thirds of the loop rises by at most 1 %. `--minutes 0` leaves the loop out, a bare `--presets` the
trainings.

Training: each preset in a process of its own. "imports" is taken after `aedesk.training.session`, torch with it, and
before anything is computed or read; the peak is the kernel's own. All of MNIST is there, and a dense network has an
epoch, its validation and its test; one of convolutions is stopped after some steps, as no later one takes more.

Loop: rounds of drawing, walking the map, training MNIST for an epoch from the Train tab while drawing goes on, and
another model. What `growth` tells apart: resident memory; the part of it that the C library has handed out (`in use`),
which the gaps between what is freed do not blur; and what Python and Tk count.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import math
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

BAR = 700  # MB above the imports
GROWTH_BAR = 1.0  # percent over the last two thirds
SAMPLE_EVERY = 10.0  # seconds
STEPS = {"conv-2d": 30, "conv": 4, "conv-32": 30, "conv-64": 30, "denoise-conv": 12}
"""Of the networks with convolutions."""
MODELS = ("dense-32", "conv-2d", "vae-2d", "conv-32")
TRAINED = ("vanilla-64", "dense-2d")


# --- one training ---


def status(name: str) -> float:
    """A line of /proc/self/status, `VmRSS` or the peak since the last `forget_peak`, `VmHWM`."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise OSError(f"the kernel tells no {name}")


def forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def train_once(preset: str, engine: str) -> dict[str, float]:
    """Train in this process, which has done nothing else yet."""
    from aedesk.data.sources import load
    from aedesk.storage.runs import Run
    from aedesk.training.config import TrainingConfig
    from aedesk.training.controls import Controls
    from aedesk.training.events import BatchDone
    from aedesk.training.session import run_training

    imports = status("VmRSS")
    forget_peak()
    config = TrainingConfig.of(preset, epochs=1, engine=engine)
    seen = {"steps": 0}
    controls = Controls(lambda: seen["steps"] >= STEPS.get(preset, math.inf))
    controls.every_step = preset in STEPS
    data = load(config.data, offline=True)
    loaded = status("VmRSS")
    folder = Path(tempfile.mkdtemp())
    try:
        for event in run_training(config, data, Run.create(folder / "run"), controls):
            if isinstance(event, BatchDone):
                seen["steps"] = event.step
    finally:
        shutil.rmtree(folder)
    peak = status("VmHWM")
    return {
        "imports": round(imports),
        "data": round(loaded - imports),
        "peak above imports": round(peak - imports),
        "left above imports": round(status("VmRSS") - imports),
        "steps": seen["steps"],
    }


def training(presets: list[str]) -> dict[str, Any]:
    """Preset -> what it takes; `mlp-128` with the NumPy engine besides."""
    ways = [(preset, "torch") for preset in presets] + [("mlp-128", "numpy")] * ("mlp-128" in presets)
    found = {}
    for preset, engine in ways:
        name = preset if engine == "torch" else f"{preset}, NumPy"
        output = subprocess.run(
            [sys.executable, __file__, "--train", preset, engine], check=True, capture_output=True, text=True
        ).stdout
        found[name] = json.loads(output.splitlines()[-1])
    return found


# --- the loop ---


class _MallInfo(ctypes.Structure):
    """`struct mallinfo2` of glibc."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost",
        )
    ]  # fmt: skip


def handed_out() -> float:
    """MB that the C library has handed out and not been given back; NaN without glibc."""
    try:
        ask = ctypes.CDLL(None).mallinfo2
    except (AttributeError, OSError):
        return math.nan
    ask.restype = _MallInfo
    told = ask()
    return (told.uordblks + told.hblkhd) / 1e6


class Loop:
    """A real window, and somebody who never tires. `samples` has a row per `SAMPLE_EVERY` seconds."""

    def __init__(self) -> None:
        from aedesk.gui.theme import Look
        from aedesk.gui.window import Window

        self.samples: list[dict[str, float]] = []
        self.rounds = 0
        look = Look("light")
        self.root = look.open_root()
        self.problems: list[BaseException] = []
        self.root.report_callback_exception = lambda kind, problem, trace: self.problems.append(problem)
        self.window = Window(self.root, look, {})
        self.window.start()
        self.begun = time.monotonic()
        self.wait(lambda: self.window.explorer.active is not None)
        self.wait(lambda: gc.get_freeze_count() > 0)

    def wait(self, condition: Callable[[], bool], seconds: float = 300) -> None:
        until = time.monotonic() + seconds
        while not condition() and time.monotonic() < until:
            self.root.update()
            time.sleep(0.004)
            self._sample()

    def rest(self, seconds: float) -> None:
        self.wait(lambda: False, seconds)

    def _sample(self) -> None:
        now = time.monotonic() - self.begun
        if self.samples and now - self.samples[-1]["seconds"] < SAMPLE_EVERY:
            return
        self.samples.append(
            {
                "seconds": round(now, 1),
                "rounds": self.rounds,
                "resident": round(status("VmRSS"), 2),
                "in use": round(handed_out(), 2),
                "objects": len(gc.get_objects()),
                "images of Tk": len(self.root.tk.call("image", "names")),
                "after": len(self.root.tk.call("after", "info")),
                "commands of Tk": len(self.root.tk.call("info", "commands")),
            }
        )

    def run(self, minutes: float) -> None:
        """Whole rounds, for so long at least."""
        while time.monotonic() - self.begun < 60 * minutes:
            self.load(MODELS[self.rounds % len(MODELS)])
            self.draw()
            self.walk()
            self.train(TRAINED[self.rounds % len(TRAINED)])
            self.rounds += 1
            if self.problems:
                raise self.problems[0]

    def load(self, reference: str) -> None:
        self.window.show_tab("explore")
        self.window.load_model(reference)
        self.wait(lambda: self.window.explorer.active.reference == reference)
        self.rest(0.5)

    def draw(self) -> None:
        """Two strokes, one of them taken back, and a clean canvas."""
        pad = self.window.explore.sketchpad
        edge = pad.edge
        for stroke in range(2):
            pad.event_generate("<ButtonPress-1>", x=edge // 3 + 20 * stroke, y=edge // 5)
            for step in range(40):
                x, y = edge // 3 + 20 * stroke + step * edge // 120, edge // 5 + step * edge // 75
                pad.event_generate("<B1-Motion>", x=x, y=y)
                self.rest(0.008)
            pad.event_generate("<ButtonRelease-1>", x=x, y=y)
        self.window.hands.undo()
        self.rest(0.05)
        self.window.hands.clear()
        self.rest(0.05)

    def walk(self) -> None:
        """Over the map: hovering, clicking, drawing the picked place along, moving the view, in and out."""
        chart = self.window.explore.pane.map
        width, height = chart.winfo_width(), chart.winfo_height()
        places = [
            (
                round(width * (0.5 + 0.3 * math.cos(step / 6))),
                round(height * (0.5 + 0.3 * math.sin(step / 5))),
            )
            for step in range(40)
        ]
        for x, y in places:
            chart.event_generate("<Motion>", x=x, y=y)
            self.rest(0.008)
        for button in (1, 3):
            chart.event_generate(f"<ButtonPress-{button}>", x=places[0][0], y=places[0][1])
            for x, y in places:
                chart.event_generate(f"<B{button}-Motion>", x=x, y=y)
                self.rest(0.008)
            chart.event_generate(f"<ButtonRelease-{button}>", x=x, y=y)
        for wheel in (4, 4, 4, 4, 5, 5, 5, 5):
            chart.event_generate(f"<Button-{wheel}>", x=places[9][0], y=places[9][1])
            self.rest(0.03)
        chart.fit()

    def train(self, preset: str) -> None:
        """An epoch of MNIST; its curves and samples are watched, then drawing goes on beside it; its model is used."""
        from aedesk.storage.runs import Run
        from aedesk.training.config import TrainingConfig

        trainer = self.window.trainer
        self.window.show_tab("train")
        config = TrainingConfig.of(preset, epochs=1)
        self.window.train.view.begin(config)
        trainer.start(config)
        self.wait(lambda: trainer.folder is not None)
        self.rest(1)
        self.window.show_tab("explore")
        self.draw()
        self.wait(lambda: trainer.state.value == "idle")
        folder = trainer.folder
        assert folder is not None
        self.window.use_run(folder)
        self.wait(lambda: self.window.explorer.active.reference == str(folder))
        self.rest(0.5)
        self.walk()
        self.load(MODELS[self.rounds % len(MODELS)])
        Run(folder).discard()  # or lists of runs would be what grows

    def close(self) -> None:
        closed: list[object] = []
        self.root.bind("<Destroy>", closed.append)
        self.window.close(ask=False)
        while not closed:
            self.root.update()
            time.sleep(0.001)


def growth(samples: list[dict[str, float]]) -> dict[str, dict[str, float]]:
    """Of each number, over the last two thirds: where its line begins, and by how much percent it rises to its end.

    The line is Theil's and Sen's, the median slope between any two samples: what a training takes for a moment, at
    whatever time of the round it is looked at, does not tilt it.
    """
    import numpy as np
    from scipy.stats import theilslopes

    late = samples[len(samples) // 3 :]
    seconds = np.array([sample["seconds"] for sample in late])
    found = {}
    for name in ("resident", "in use", "objects", "images of Tk", "after", "commands of Tk"):
        values = np.array([sample[name] for sample in late])
        slope, intercept, low, high = theilslopes(values, seconds)
        first, length = intercept + slope * seconds[0], seconds[-1] - seconds[0]
        found[name] = {
            "first": round(float(first), 1),
            "growth %": round(float(100 * slope * length / first), 2) if first else 0.0,
            "from %": round(float(100 * low * length / first), 2) if first else 0.0,
            "to %": round(float(100 * high * length / first), 2) if first else 0.0,
            "largest": round(float(values.max()), 1),
        }
    return found


def loop(minutes: float) -> dict[str, Any]:
    """The window in use for so long, in this process; needs a screen."""
    bench = Loop()
    bench.run(minutes)
    found = growth(bench.samples)
    report = {
        "minutes": round(bench.samples[-1]["seconds"] / 60, 1),
        "rounds": bench.rounds,
        "growth over the last two thirds": found,
        "samples": bench.samples,
    }
    bench.close()
    return report


def measure(minutes: float = 30, presets: list[str] | None = None) -> dict[str, Any]:
    """Both, each in processes of their own: `training`, of all presets unless some are named, and `loop`."""
    from aedesk import paths
    from aedesk.models.presets import PRESETS

    report: dict[str, Any] = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "date": time.strftime("%Y-%m-%d"),
    }
    if presets or presets is None:
        report["training"] = training(presets or list(PRESETS))
        worst = max(found["peak above imports"] for found in report["training"].values())
        report["largest peak above imports"] = worst
        report["within the bar of a training"] = worst <= BAR
    if minutes:
        with tempfile.TemporaryDirectory() as home:
            output = subprocess.run(
                [sys.executable, __file__, "--loop", str(minutes)],
                check=True,
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, "AEDESK_HOME": home, "AEDESK_DATA_DIR": str(paths.data())},
            ).stdout
        report["loop"] = json.loads(output.splitlines()[-1])
        grown = report["loop"]["growth over the last two thirds"]["resident"]["growth %"]
        report["within the bar of the loop"] = grown <= GROWTH_BAR
    return report


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=30, help="of the loop; 0 for none")
    parser.add_argument(
        "--presets", nargs="*", help="to be trained; all unless some are named, none without names"
    )
    parser.add_argument("--train", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--loop", type=float, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.train:
        print(json.dumps(train_once(*arguments.train)))
    elif arguments.loop is not None:
        print(json.dumps(loop(arguments.loop)))
    else:
        print(json.dumps(measure(arguments.minutes, arguments.presets), indent=1))


if __name__ == "__main__":
    main()
