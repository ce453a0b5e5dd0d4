"""Measures what this project promises about speed and memory, beside what people would use instead.

    python tests/benchmarks [ROW ...] [--keras PYTHON] [--quick] [--minutes M]

writes `benchmarks.md` in this folder: the sections of these rows anew, the others as they were. All rows take about
half an hour on two cores, and the loop that watches the memory 30 minutes more; `--quick` takes some minutes and only
prints, as its figures are not for keeping. Needs the package installed, MNIST (`aedesk fetch mnist`), a screen or
xvfb-run, and for Keras an environment of its own, which is made in the user's cache unless one is named.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

import accuracy
import growth
import scripts
import training
from report import SKIPPED, TITLES, Section, merged, written
from settings import Settings
from turns import Broken, Skip

from aedesk.data.sources import load
from aedesk.errors import AedeskError
from aedesk.storage.files import write_whole

MEASURES = {
    "dense": training.dense,
    "conv": training.conv,
    "peak": training.peak,
    "accuracy": accuracy.accuracy,
    "gpu": training.gpu,
    "numpy": training.numpy,
    "growth": growth.growth,
    "map": scripts.latent_map,
    "ui": scripts.hands,
    "start": scripts.start,
    "memory": scripts.memory,
}
REPORT = Path(__file__).parent / "benchmarks.md"
_QUIET = 0.5


def main() -> int:
    arguments = _parser().parse_args()
    settings = Settings(arguments.quick, arguments.keras, arguments.minutes)
    try:
        load("mnist", offline=True)
    except AedeskError as problem:
        print(problem, file=sys.stderr)
        return 2
    if hasattr(os, "getloadavg") and os.getloadavg()[0] > _QUIET:
        say(f"this machine is busy (load {os.getloadavg()[0]:.1f}): the figures will not be worth much")
    broken = False
    for row in arguments.rows or TITLES:
        begun = time.monotonic()
        try:
            section = MEASURES[row](settings)
        except Skip as reason:
            section = Section(f"{SKIPPED} {reason}")
            say(f"{row}: skipped: {reason}")
        except Broken as problem:
            say(f"{row}: broken: {problem}")
            broken = True
            continue
        else:
            say(f"{row}: bars {section.verdict.strip('*')}, after {time.monotonic() - begun:.0f} s")
        text = written(section, row, command(row, settings))
        if settings.quick:
            print(text)
        else:
            before = REPORT.read_text(encoding="utf-8") if REPORT.exists() else ""
            write_whole(REPORT, merged(before, {row: text}).encode())
    return int(broken)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python tests/benchmarks", description=__doc__.split("\n")[0])
    named = ", ".join(TITLES)
    parser.add_argument("rows", nargs="*", type=known, metavar="ROW", help=f"of {named}; all unless named")
    parser.add_argument("--keras", type=Path, metavar="PYTHON", help="one that has Keras and TensorFlow")
    parser.add_argument(
        "--quick", action="store_true", help="fewer images and rounds, to see that it works; only prints"
    )
    parser.add_argument("--minutes", type=float, default=30, help="of the loop that watches the memory")
    return parser


def known(name: str) -> str:
    if name not in TITLES:
        raise argparse.ArgumentTypeError(f"there is no row {name!r}; choose of {', '.join(TITLES)}")
    return name


def command(row: str, settings: Settings) -> str:
    """What measures this row alone."""
    words = ["python tests/benchmarks", row, *(["--quick"] if settings.quick else [])]
    if row == "memory" and settings.minutes != Settings.minutes:
        words.append(f"--minutes {settings.minutes:g}")
    return " ".join(words)


def say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
