"""The rows about training: epochs beside those of Keras and a DataLoader loop, and beside what the machine can do."""

from __future__ import annotations

import statistics
import subprocess
import sys
from pathlib import Path

import flops
from contenders import BATCH, DENSE, RECIPES, Begin, keras, keras_or_why_not, loader, matrix_peak, ours
from report import Section, table
from settings import Settings
from turns import Skip, compete

from aedesk.models.presets import PRESETS

TIMES = {"keras": 4, "loader": 5}
"""How many times as fast as each peer an epoch of a dense recipe has to be."""


def dense(settings: Settings) -> Section:
    python = keras_or_why_not(settings)
    rows, met, versions = [], [], ""
    for preset in DENSE:
        peers: dict[str, Begin] = {"loader": loader(preset, settings.images)}
        if isinstance(python, Path):
            peers = {"keras": keras(python, preset, settings.images), **peers}
        found = compete({"ours": ours(preset, settings.images), **peers}, settings.rounds)
        versions = found.about.get("keras", {}).get("versions", "")
        cells: list[object] = [
            f"`{preset}`",
            *(found.median("ours", each) for each in ("seconds", "kept", "whole")),
        ]
        for peer, bar in TIMES.items():
            if peer in peers:
                times = found.ratio(peer, "ours")
                cells += [found.median(peer), f"{times:.2f}", times >= bar]
                met.append(times >= bar)
            else:
                cells += ["", "", "not measured"]
        rows.append([*cells, found.about["ours"]["runs as"]])
    columns = ["recipe", "epoch, s", "of these to keep it, s", "with its validation, s"]
    columns += ["Keras, s", "times as fast", "met"]
    columns += ["DataLoader loop, s", "times as fast", "met", "runs as"]
    about = f"""\
{settings.images:,} images, batches of {BATCH}. All are warm processes, of which one computes at a time: an epoch of
each peer and the median of three of ours take turns, {settings.rounds} rounds; shown are medians, of seconds and of
each round's ratios. Bars: {TIMES["keras"]} times as fast as `Model.fit` of Keras on float32 arrays in memory,
{TIMES["loader"]} times as fast as torchvision's `MNIST` and `ToTensor` through a `DataLoader`. An epoch of ours is that
of `aedesk train`: the steps, what is watched, and the epoch on the disk; its validation, which the peers have not, is
told apart."""
    if isinstance(python, str):
        about += f"\n\nKeras is missing: {python}"
    return Section(f"{about}\n\n{table(columns, rows)}", met, versions)


def conv(settings: Settings) -> Section:
    python, images = keras_or_why_not(settings), settings.images_of_convolutions
    if isinstance(python, str):
        raise Skip(python)
    beginnings = {
        "as chosen": ours("conv", images, epochs=1),
        "float32": ours("conv", images, "--precision", "float32", epochs=1),
        "keras": keras(python, "conv", images),
    }
    found = compete(beginnings, settings.rounds)
    rows, met = [], []
    for name in ("as chosen", "float32"):
        runs_as, times = found.about[name]["runs as"], found.ratio("keras", name)
        bar = 5 if "bfloat16" in runs_as else 1.5
        met.append(times >= bar)
        seconds = [found.median(name), found.median(name, "whole"), found.median("keras")]
        rows.append([runs_as, *seconds, f"{times:.2f}", f"{bar:g}", met[-1]])
    columns = ["runs as", "epoch, s", "with its validation, s", "Keras, s", "times as fast", "bar", "met"]
    about = f"""\
{images:,} images in batches of {BATCH}, because Keras takes minutes for 60,000 and steps are all alike; an epoch of
each in turn, else as for the dense recipes. In bfloat16 the bar is 5 times as fast as Keras, in float32 1.5 times."""
    return Section(f"{about}\n\n{table(columns, rows)}", met, found.about["keras"]["versions"])


def peak(settings: Settings) -> Section:
    rows, met = [], []
    for preset, bar in (("mlp-128", 0.6), ("deep-64", 0.4)):
        found = compete({"ours": ours(preset, settings.images), "peak": matrix_peak}, settings.rounds)
        work = flops.of_epoch(PRESETS[preset].architecture, settings.images) / 1e9
        pairs = zip(found.answers["ours"], found.answers["peak"], strict=True)
        share = statistics.median(work / mine["seconds"] / best["gigaflops"] for mine, best in pairs)
        fastest = found.median("peak", "gigaflops")
        met.append(share >= bar)
        seconds = [found.median("ours"), work / fastest / bar]
        cells = [f"`{preset}`", work, fastest, *seconds, f"{share:.0%}", f"{bar:.0%}", met[-1]]
        rows.append([*cells, found.about["ours"]["runs as"]])
    columns = [
        "recipe",
        "operations of an epoch, 1e9",
        "peak, 1e9 a second",
        "epoch, s",
        "the bar as a time, s",
    ]
    columns += ["share of the peak", "bar", "met", "runs as"]
    about = f"""\
{settings.images:,} images, batches of {BATCH}. The peak is that of `torch.mm` in float32 over the best of five shapes,
in turn with the epochs. Counted are the matrix products alone: six operations for each weight and image, four in the
first layer. An epoch at lower precision counts by the time that it takes."""
    return Section(f"{about}\n\n{table(columns, rows)}", met)


def numpy(settings: Settings) -> Section:
    bar = 2
    rows, met = [], []
    for batch in (BATCH, PRESETS["mlp-128"].recipe.batch_size):
        beginnings = {
            engine: ours("mlp-128", settings.images, *words, batch=batch)
            for engine, words in {"numpy": ("--engine", "numpy"), "torch": ("--precision", "float32")}.items()
        }
        found = compete(beginnings, settings.rounds)
        times = found.ratio("numpy", "torch")
        met.append(times <= bar)
        rows.append([batch, found.median("numpy"), found.median("torch"), f"{times:.2f}", bar, met[-1]])
    columns = ["batch", "NumPy, s", "torch in float32, s", "times as long", "bar", "met"]
    about = f"""\
Epochs of `mlp-128`, {settings.images:,} images, on the same cores in turn; the second batch is the recipe's own."""
    return Section(f"{about}\n\n{table(columns, rows)}", met)


def gpu(settings: Settings) -> Section:
    # Asked for in another process: this one does without torch, and leaves the device alone.
    ask = "import sys, torch; sys.exit(not torch.cuda.is_available())"
    if subprocess.run([sys.executable, "-c", ask], check=False).returncode:
        raise Skip("no CUDA device on this machine")
    rows, met = [], []
    for preset in RECIPES:
        contender = ours(preset, settings.images, "--device", "cuda", epochs=5)
        found = compete({"ours": contender}, settings.rounds)
        bar = 0.5 if preset == "conv" else 0.05
        seconds = found.median("ours")
        met.append(seconds <= bar)
        whole = found.median("ours", "whole")
        rows.append([f"`{preset}`", seconds, whole, bar, met[-1], found.about["ours"]["runs as"]])
    columns = ["recipe", "epoch, s", "with its validation, s", "bar, s", "met", "runs as"]
    about = f"{settings.images:,} images, batches of {BATCH}; medians of {settings.rounds} times five epochs."
    return Section(f"{about}\n\n{table(columns, rows)}", met)
