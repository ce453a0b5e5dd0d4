"""What the window costs the training that runs in it, while somebody draws and drags the map without a pause.

Run on a quiet machine with MNIST and the package installed:

    xvfb-run -a -s "-screen 0 1600x1200x24 -dpi 96" python tests/benchmarks/lab.py [PRESET] [ROUNDS]

The largest dense preset unless another is named. A round trains a few epochs headless on one thread, then as many from
the Train tab; in turn, so that a machine whose speed changes does so for both. Prints one JSON document.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from window import TRAINED, Bench

EPOCHS = 4
_IMAGES = 57_000  # of MNIST, that the usual validation share leaves


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
    return EPOCHS * _IMAGES / (ends[-1] - ends[0])


def in_the_window(bench: Bench, preset: str) -> float:
    """The same from the Train tab, with drawing and dragging."""
    ends: list[float] = []
    bench.train(preset, on_epoch=lambda: ends.append(time.perf_counter()))
    first = len(ends) - 1
    while len(ends) <= first + EPOCHS:
        bench.strokes()
        bench.pans()
    bench.end_training()
    return EPOCHS * _IMAGES / (ends[first + EPOCHS] - ends[first])


def measure(preset: str = TRAINED, rounds: int = 3) -> dict[str, Any]:
    """Images a second, headless and in the window, a round each, and the median of their ratios."""
    bench = Bench()
    alone, beside = [], []
    for _ in range(rounds):
        alone.append(headless(preset))
        beside.append(in_the_window(bench, preset))
    bench.close()
    return {
        "preset": preset,
        "images a second, headless on one thread": [round(pace) for pace in alone],
        "images a second, in the window": [round(pace) for pace in beside],
        "share kept": round(statistics.median(b / a for a, b in zip(alone, beside, strict=True)), 3),
    }


if __name__ == "__main__":
    preset = sys.argv[1] if len(sys.argv) > 1 else TRAINED
    print(json.dumps(measure(preset, int(sys.argv[2]) if len(sys.argv) > 2 else 3), indent=1))
