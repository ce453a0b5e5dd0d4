"""Pulls the plug: `kill -9` at random moments of many runs, during saves too; then each goes on to its end.

    python tests/benchmarks/pull_the_plug.py [RUNS] [SEED]

Each run is killed up to three times, wherever it is then. After every kill each file of it must open; after the last
one it goes on, and its history, its model and its last epoch must be those of a run that nothing held up, bit for bit.
Prints one JSON document, and exits with 1 if anything was broken.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"
WORDS = [sys.executable, "-m", "aedesk", "train"]
KINDS = (
    ["--preset", "dense-2d"],
    ["--preset", "dense-32", "--kind", "denoising", "--schedule", "plateau"],
    ["--preset", "vanilla-64", "--code", "8", "--kind", "variational", "--warm-up", "5", "--batch-norm"],
    ["--preset", "mlp-128", "--engine", "numpy", "--dropout", "0.1"],
)


def run_of(kind: list[str], folder: Path) -> list[str]:
    common = [
        "--data",
        "digits",
        "--epochs",
        "25",
        "--batch-size",
        "128",
        "--threads",
        "1",
        "--keep-mb",
        "20",
    ]
    return [*WORDS, *kind, *common, "--out", str(folder)]


def timed(command: list[str]) -> float:
    """Seconds from the first word of a command to its end."""
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    assert process.stderr is not None
    process.stderr.readline()
    begun = time.monotonic()
    process.communicate()
    assert process.returncode == 0
    return time.monotonic() - begun


def kill_at(command: list[str], delay: float) -> bool:
    """Start the command and kill it `delay` seconds after its first word; whether it was still at work then."""
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    assert process.stderr is not None
    process.stderr.readline()
    time.sleep(delay)
    was_alive = process.poll() is None
    process.kill()
    process.communicate()
    return was_alive


def problems_of(folder: Path) -> list[str]:
    """What does not open."""
    from aedesk.errors import AedeskError
    from aedesk.storage import checkpoint, sample
    from aedesk.storage.runs import Run

    run, found = Run(folder), []
    looks = [run.read_config, run.read_history, lambda: sample.load(run.sample)]
    looks += [lambda epoch=epoch: run.epochs.load(epoch) for epoch in run.epochs.kept()]
    if run.model.exists():
        looks.append(lambda: checkpoint.load(run.model))
    for look in looks:
        try:
            look()
        except AedeskError as problem:
            found.append(str(problem))
    return found


def state_of(folder: Path) -> Any:
    """All that must be the same, whatever happened on the way."""
    from aedesk.storage import checkpoint, tensors
    from aedesk.storage.runs import Run

    run = Run(folder)
    newest = run.epochs.newest()
    assert newest is not None
    rows = [{**row, "seconds": 0} for row in run.read_history()]
    arrays = {**newest.weights, **{f"optimiser {name}": array for name, array in newest.optimiser.items()}}
    return newest.epoch, rows, tensors.digest(arrays), checkpoint.fingerprint(run.model)


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    generator = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    place = Path(tempfile.mkdtemp())
    wholes, lasted = [], []
    for number, kind in enumerate(KINDS):
        lasted.append(timed(run_of(kind, place / f"whole-{number}")))
        wholes.append(state_of(place / f"whole-{number}"))
    kills, broken, different = 0, [], []
    for number in range(count):
        which = number % len(KINDS)
        folder = place / f"run-{number}"
        command = run_of(KINDS[which], folder)
        for _ in range(generator.randint(1, 3)):
            kills += kill_at(command, generator.uniform(0, 0.9 * lasted[which]))
            if (folder / "config.json").exists() and any((folder / "epochs").glob("*.safetensors")):
                broken += problems_of(folder)
                command = [*WORDS, "--resume", str(folder)]
        subprocess.run(command, check=False, capture_output=True)
        if state_of(folder) != wholes[which]:
            different.append(number)
    print(
        json.dumps(
            {
                "date": time.strftime("%Y-%m-%d"),
                "runs": count,
                "kills of a run at work": kills,
                "files that did not open": broken,
                "runs that ended otherwise": different,
            },
            indent=1,
        )
    )
    return 1 if broken or different else 0


if __name__ == "__main__":
    raise SystemExit(main())
