"""The rows about the window, the map and the memory: the scripts beside this one, each in a process of its own."""

from __future__ import annotations

import functools
import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from report import Section, cell, table
from settings import Settings
from turns import Broken, Skip, environment

_FOLDER = Path(__file__).resolve().parent
_IDLE, _TRAINING = 8, 16  # milliseconds
_MOST_ABOVE, _MOST_GROWN = 700, 1.0  # MB, percent
_GROWTH = "growth, "
_ONCE = ("set points", "hide a class")


@functools.cache
def run_script(name: str, *words: object) -> Any:
    """The JSON that a script prints, in one document or in a line for each of its parts; run once for all rows.

    It runs on the screen that is there or on a virtual one. Raises Skip where there is neither, Broken where it fails.
    """
    command = [*_screen(), sys.executable, str(_FOLDER / name), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"]
        raise Broken(f"{name}: {said[-1]}")
    try:
        return json.loads(done.stdout)
    except ValueError:
        parts = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        return {key: value for part in parts for key, value in part.items()}


def _screen() -> list[str]:
    """What to put before a command so that it has a screen."""
    if sys.platform in {"win32", "darwin"} or os.environ.get("DISPLAY"):
        return []
    if shutil.which("xvfb-run") is None:
        raise Skip("there is no screen, and no xvfb-run to make one")
    return ["xvfb-run", "-a", "-s", "-screen 0 1920x1200x24 -dpi 96"]


def summaries(
    document: Any, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], dict[str, float]]]:
    """Every summary of times in a document, the objects with a `p95`, each with the names that lead there."""
    if not isinstance(document, dict):
        return
    if "p95" in document:
        yield path, document
        return
    for name, inner in document.items():
        yield from summaries(inner, (*path, name))


def latent_map(settings: Settings) -> Section:
    found = run_script("latent_map.py")
    parts, met = [], []
    for size in [name.removeprefix(_GROWTH) for name in found if name.startswith(_GROWTH)]:
        counts = [name.split()[0] for name in found if name.endswith(f"points, {size}")]
        rows = []
        for kind, grown in found[f"{_GROWTH}{size}"].items():
            times = [found[f"{count} points, {size}"][kind]["p50"] for count in counts]
            verdict: object = "" if kind in _ONCE else grown["exponent"] < 1
            met += [] if kind in _ONCE else [grown["exponent"] < 1]
            rows.append([kind, *times, f"{grown['exponent']:.2f}", verdict])
        parts.append(f"{size} pixels:\n\n" + table(["", *counts, "exponent", "met"], rows))
    about = """\
Milliseconds of work for a frame of the real widget, medians, by the number of its points; the exponent is that of a
power of this number, fitted to the logarithms. Bar: less than 1, which would be linear. What is done once has none."""
    return Section("\n\n".join([about, *parts]), met)


def hands(settings: Settings) -> Section:
    rows, met = [], []
    for path, times in summaries(run_script("window.py", *_models(settings))):
        bar = _IDLE if path[0] == "idle" else _TRAINING
        met.append(times["p95"] <= bar)
        rows.append([", ".join(path), times["p50"], times["p95"], times["max"], bar, met[-1]])
    parts = [
        "Milliseconds from the mouse to the screen, in the real window: of a stroke to its ink, and to all that is "
        "made of the ink (what the model sees and rebuilds, its guess, the place on the map); of a click or a drag "
        "on the map to the digit decoded there; of a pan to the map. Bars: the 95th percentile at most "
        f"{_IDLE} idle, {_TRAINING} while a network is being trained in the window.",
        table(["", "p50", "p95", "max", "bar", "met"], rows),
    ]
    if not settings.quick:
        plain = run_script("lab.py").items()
        parts += [
            "What the window costs the training in it:",
            table(["", ""], [[name, str(told)] for name, told in plain]),
        ]
    return Section("\n\n".join(parts), met)


def start(settings: Settings) -> Section:
    starts = run_script("window.py", *_models(settings))["start"]
    rows, met = [], []
    for what, name, bar in (("visible", "visible_s", 0.5), ("usable", "usable_s", 2.5)):
        seconds = [each[name] for each in starts]
        met.append(statistics.median(seconds) <= bar)
        rows.append([what, statistics.median(seconds), max(seconds), bar, met[-1]])
    about = f"""\
Seconds from the start of the process, files warm, {len(starts)} times: until the window and its canvas are painted, and
until the model, its map and the reading of a drawing are."""
    return Section(f"{about}\n\n{table(['', 'median, s', 'longest, s', 'bar, s', 'met'], rows)}", met)


def memory(settings: Settings) -> Section:
    minutes, presets = (0.0, ("--presets", "deep-64")) if settings.quick else (settings.minutes, ())
    found = run_script("memory.py", "--minutes", f"{minutes:g}", *presets)
    rows, met = [], []
    for what, taken in found["training"].items():
        above = taken["peak above imports"]
        met.append(above <= _MOST_ABOVE)
        rows.append([f"`{what}`", taken["imports"], taken["data"], above, _MOST_ABOVE, met[-1]])
    parts = [
        "Resident MB (of 10^6 bytes) of a process that trains on MNIST, at its peak above what its imports take."
    ]
    parts.append(table(["training", "imports", "data", "peak above the imports", "bar", "met"], rows))
    if "loop" in found:
        grown = found["loop"]["growth over the last two thirds"]
        met.append(grown["resident"]["growth %"] <= _MOST_GROWN)
        parts.append(
            f"A window in use, {found['loop']['minutes']} minutes and {found['loop']['rounds']} rounds of drawing, "
            f"walking the map, training and changing the model; growth over the last two thirds, of which that of "
            f"resident memory may be at most {_MOST_GROWN} %: {cell(met[-1])}."
        )
        columns = ["what", "at first", "growth, %", "between", "largest"]
        between = {name: f"{each['from %']} and {each['to %']}" for name, each in grown.items()}
        rows = [
            [name, each["first"], each["growth %"], between[name], each["largest"]]
            for name, each in grown.items()
        ]
        parts.append(table(columns, rows))
    return Section("\n\n".join(parts), met)


def _models(settings: Settings) -> tuple[str, ...]:
    """Those to draw with; without a name, all that `window.py` thinks of."""
    return ("dense-32",) if settings.quick else ()
