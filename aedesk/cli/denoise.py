"""`aedesk denoise`: damaged pictures mended, and how well that goes on test images."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aedesk.cli import datasets, ends, output
from aedesk.cli.arguments import add_model, user_path
from aedesk.cli.progress import Stages
from aedesk.cli.run_tables import in_columns
from aedesk.data.corruption import MOST, Corruption, Mixture, corrupt
from aedesk.data.imageset import DataSet
from aedesk.errors import AedeskError
from aedesk.storage.pictures import grey, in_rows, sheet
from aedesk.storage.table import Cell, Table

if TYPE_CHECKING:
    from aedesk.analysis.denoising import Comparison
    from aedesk.models.model import Model

_ABOUT = """\
Mend damaged pictures of digits with a model, best with one that was trained for it. Pictures are framed like the
digits of MNIST first; one of exactly 28x28 pixels is taken as it is.

With --noise each picture is damaged first, and how near the mended one comes to it is told: PSNR in dB and SSIM,
where 1 is perfect; higher is better in both. Beside the model stand a median filter and total variation, each at the
setting that is best for these very pictures.

With --data all this is measured on the test images of a data set, and the filters' settings are chosen on training
images.
"""
_EXAMPLE = """\
examples:
  aedesk denoise denoise-conv scan.png --out mended/
  aedesk denoise denoise-conv 3.png 8.png --noise gaussian --strength 0.5 --out sheet.png
  aedesk denoise denoise-conv --data mnist --noise gaussian --strength 0.5 --figure denoising.pdf
  aedesk denoise denoise-conv --data mnist --noise strokes --sweep --limit 500 --csv strokes.csv
"""
_OUT = "a sheet if it ends in .png (damaged over mended, with --noise below the clean), else a folder; made if need be"
_PER_ROW = 20
_OF_DATA = ("limit", "sweep", "figure", "csv")


def add_to(commands: Any) -> None:
    parser = commands.add_parser("denoise", help="mend damaged pictures", description=_ABOUT, epilog=_EXAMPLE)
    add_model(parser)
    images = parser.add_argument(
        "images", metavar="IMAGE", nargs="+", type=user_path, help="picture files; none with --data"
    )
    # By "*" Python 3.11 would not find pictures that are named after an option.
    images.required = False
    parser.add_argument("--out", type=user_path, metavar="OUT", help=_OUT)
    noise = parser.add_argument_group("damage")
    noise.add_argument(
        "--noise", choices=list(MOST), help="what befalls the pictures first (with --data: gaussian)"
    )
    noise.add_argument(
        "--strength", type=float, metavar="S", help="0 is none, 1 a lot; of gaussian noise, sigma (0.5)"
    )
    noise.add_argument("--seed", type=int, default=0, metavar="N", help="the same seed draws the same (0)")
    measured = parser.add_argument_group("measured on test images")
    datasets.add_data(parser, None, otherwise="no data set, but the pictures that are named")
    measured.add_argument("--limit", type=int, metavar="N", help="at most so many test images (default: all)")
    measured.add_argument("--sweep", action="store_true", help="at strengths from 0.1 to 1 instead of one")
    output.add_results(measured, "them")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of a table")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    _check_damage(arguments)
    if arguments.data is not None:
        return _measure(arguments)
    if not arguments.images:
        raise AedeskError(
            "name the pictures to mend, or a data set to measure on by --data, such as --data mnist"
        )
    return _mend(arguments)


def _check_damage(arguments: argparse.Namespace) -> None:
    """Fill in what was left out, and refuse what makes no sense."""
    if arguments.noise is None and arguments.strength is not None and arguments.data is None:
        raise AedeskError(
            "--strength says how strong the damage is; say by --noise which, such as --noise gaussian"
        )
    if not 0 <= arguments.seed < 2**32:
        raise AedeskError(f"--seed must be between 0 and {2**32 - 1}, not {arguments.seed}")
    if arguments.strength is not None and arguments.sweep:
        raise AedeskError("--sweep goes through all strengths; leave out --strength")
    most = MOST[arguments.noise or "gaussian"]
    if arguments.strength is None:
        arguments.strength = 0.5
    if not 0 <= arguments.strength <= most:  # nor is it NaN
        raise AedeskError(f"--strength must be between 0 and {most:g}, not {arguments.strength:g}")


# --- pictures ---


def _mend(arguments: argparse.Namespace) -> int:
    targets = _targets(arguments)
    from aedesk.storage.library import load_checkpoint

    checkpoint = load_checkpoint(arguments.model)
    clean = np.stack([ends.read_picture(image) for image in arguments.images])
    damaged = clean
    if arguments.noise is not None:
        damaged = corrupt(clean, arguments.noise, arguments.strength, np.random.default_rng(arguments.seed))

    from aedesk.analysis.denoising import denoise
    from aedesk.models.model import Model

    model = Model(checkpoint)
    mended = denoise(model, damaged)
    if targets == [arguments.out]:
        above = [damaged, mended] if arguments.noise is None else [clean, damaged, mended]
        groups = zip(*(in_rows(images.clip(0, 1), _PER_ROW) for images in above), strict=True)
        picture = sheet([row for group in groups for row in group], output.SHEET_SCALE)
        output.write_picture(arguments.out, picture)
    else:
        for target, picture in zip(targets, mended, strict=True):
            output.write_picture(target, grey(picture))
    rows = _figures(arguments, model, clean, damaged, mended) if arguments.noise is not None else None
    told = f"{len(mended)} mended by {checkpoint.name}, in {arguments.out}"
    if arguments.json:
        report = {
            "model": checkpoint.name,
            "out": str(arguments.out),
            "files": [str(path) for path in targets],
        }
        print(json.dumps({**report, "figures": rows.records() if rows else None}, indent=2))
        return 0
    print(told)
    if rows is not None:
        _print(rows)
    return 0


def _targets(arguments: argparse.Namespace) -> list[Path]:
    """The files to write, once it is certain that they can be."""
    misplaced = [name for name in _OF_DATA if getattr(arguments, name)]
    if misplaced:
        raise AedeskError(f"--{misplaced[0]} is for measuring on test images: name a data set by --data")
    if arguments.out is None:
        raise AedeskError(
            "say by --out where the mended pictures go: a folder, or a sheet such as mended.png"
        )
    out = output.destination(arguments.out, [".png"], or_folder=True)
    targets = [out]
    if out.suffix.lower() != ".png":
        targets = [out / name for name in output.unique_names(image.stem for image in arguments.images)]
    output.spare(targets, arguments.images)
    return targets


def _figures(
    arguments: argparse.Namespace, model: Model, clean: np.ndarray, damaged: np.ndarray, mended: np.ndarray
) -> Table:
    """How near each method comes to each picture; the filters at their best for these."""
    from aedesk.analysis import denoising, fidelity

    methods = {denoising.UNTOUCHED: ("", damaged)}
    for method in denoising.FILTERS:
        setting = denoising.best_setting(method, clean, damaged)
        words = denoising.setting_words(method, setting)
        methods[denoising.FILTER_WORDS[method]] = words, denoising.filtered(method, damaged, setting)
    methods[model.name] = "", mended
    records: list[dict[str, Cell]] = []
    for name, (how, images) in methods.items():
        figures = zip(
            arguments.images, fidelity.psnr(images, clean), fidelity.ssim(images, clean), strict=True
        )
        for image, psnr, ssim in figures:
            records.append(
                {
                    "picture": str(image),
                    "method": name,
                    "setting": how,
                    "psnr": float(psnr),
                    "ssim": float(ssim),
                }
            )
    return Table.of(records)


# --- test images ---


def _measure(arguments: argparse.Namespace) -> int:
    if arguments.images or arguments.out is not None:
        raise AedeskError(
            "--data measures on test images: leave out the pictures and --out, or leave out --data"
        )
    if arguments.limit is not None and arguments.limit < 1:
        raise AedeskError(f"--limit must be 1 or more, not {arguments.limit}")
    output.check_results(arguments)
    from aedesk.storage.library import load_checkpoint

    checkpoint = load_checkpoint(arguments.model)
    data = datasets.load(arguments, arguments.data)

    from aedesk.models.model import Model

    comparisons = _compare(arguments, Model(checkpoint), data)
    from aedesk.gui.charts import denoising as charts

    chart = charts.sweep_chart(comparisons) if arguments.sweep else charts.comparison_chart(comparisons[0])
    output.write_results(arguments, chart.table, lambda: chart)
    first = comparisons[0]
    if arguments.json:
        report = {
            "model": checkpoint.name,
            "data": first.data,
            "noise": first.kind,
            "seed": first.seed,
            "test_images": first.images,
            "tuned_on": first.tuned_on,
            "figures": chart.table.records(),
        }
        print(json.dumps(report, indent=2))
        return 0
    print(
        f"{first.images:,} test images of {first.data}, {first.kind}; filters tuned on {first.tuned_on:,}"
        " training images"
    )
    _print(_short(chart.table))
    return 0


def _compare(arguments: argparse.Namespace, model: Model, data: DataSet) -> list[Comparison]:
    from aedesk.analysis.denoising import compare, sweep

    kind: Corruption | Mixture = arguments.noise or "gaussian"
    with Stages("image") as bar:
        if arguments.sweep:
            return sweep([model], data, kind, limit=arguments.limit, seed=arguments.seed, progress=bar)
        return [
            compare(
                [model],
                data,
                kind,
                arguments.strength,
                limit=arguments.limit,
                seed=arguments.seed,
                progress=bar,
            )
        ]


# --- tables ---

_SHOWN = (
    "strength",
    "method",
    "setting",
    "psnr",
    "psnr_of_mean_mse",
    "ssim",
    "mse",
    "psnr_above_best_filter",
)
_DIGITS = {"psnr": 2, "psnr_of_mean_mse": 2, "ssim": 4, "mse": 5, "psnr_above_best_filter": 2}
_WORDS = {"psnr_of_mean_mse": "of mean mse", "psnr_above_best_filter": "above filters"}


def _short(table: Table) -> Table:
    """The columns that differ from row to row."""
    places = [table.columns.index(name) for name in _SHOWN]
    return Table(_SHOWN, tuple(tuple(row[place] for place in places) for row in table.rows))


def _print(table: Table) -> None:
    lines = [[_WORDS.get(name, name) for name in table.columns]]
    for row in table.rows:
        lines.append([_told(name, cell) for name, cell in zip(table.columns, row, strict=True)])
    in_words = {
        table.columns.index(name) for name in ("picture", "method", "setting") if name in table.columns
    }
    print("\n".join(in_columns(lines, in_words)))


def _told(name: str, cell: Cell) -> str:
    return f"{cell:.{_DIGITS[name]}f}" if name in _DIGITS else f"{cell}" if cell != "" else "-"
