"""`aedesk rates`: how many bits a picture takes, and what is left of it, against PCA, PNG, JPEG and WebP."""

from __future__ import annotations

import argparse
import json
import re
from typing import TYPE_CHECKING, Any

from aedesk.cli import datasets, output
from aedesk.cli.arguments import count_of_images
from aedesk.cli.progress import Stages

if TYPE_CHECKING:
    from aedesk.analysis.rates import RatePoint
    from aedesk.gui.charts.chart import Chart

_ABOUT = """\
Compress the test images of a data set in many ways and measure each: the codes of models, quantised and
entropy-coded; PCA with the same quantiser and coder; PNG, JPEG and WebP by Pillow. Levels, frequencies and PCA are
fitted on training images only. Printed are, for each method and setting,
  bits  per image, on the average; a picture of 28x28 bytes has 6,272
  psnr  in decibels, per image, averaged; higher is better
  ssim  structural similarity, 1 is perfect
and what the bits are of: codes (what the range coder takes; model and tables are there on both sides), or a picture
file each, the same without its fixed header, and one large sheet of all pictures.
"""
_EXAMPLE = """\
examples:
  aedesk rates dense-32 --figure rates.png
  aedesk rates dense-32 deep-64 --data mnist --bits 2-6 --quantiser kmeans --csv rates.csv
  aedesk rates my-run --limit 1000 --json
"""
_RANGE = re.compile(r"(\d+)(?:-(\d+))?")
_FEWEST, _MOST = 2, 16


def add_to(commands: Any) -> None:
    parser = commands.add_parser(
        "rates", help="bits and quality of codes, PCA, PNG, JPEG, WebP", description=_ABOUT, epilog=_EXAMPLE
    )
    parser.add_argument(
        "models", metavar="MODEL", nargs="+", help="shipped names (see `aedesk models`), run folders or files"
    )
    datasets.add_data(parser, None, otherwise="what the first model was trained on")
    parser.add_argument(
        "--bits", type=bits, default=bits("2-8"), metavar="B", help="of the quantiser: 4, 2-8 or 2,4,8 (2-8)"
    )
    parser.add_argument(
        "--quantiser", choices=("uniform", "kmeans", "both"), default="both", help="(default: %(default)s)"
    )
    parser.add_argument(
        "--limit",
        type=count_of_images,
        metavar="N",
        help="at most N test images, evenly spread (default: all)",
    )
    output.add_results(parser, "them")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of a table")
    parser.set_defaults(run=run)


def bits(text: str) -> tuple[int, ...]:
    """`4`, `2-8` or `2,4,8` as ascending numbers from 2 to 16, for argparse."""
    found: set[int] = set()
    for part in text.split(","):
        match = _RANGE.fullmatch(part.strip())
        # Looked at before they are counted up: a range may be as long as somebody likes to type.
        ends = [int(end) for end in match.groups(default=match[1])] if match else []
        if not ends or not _FEWEST <= ends[0] <= ends[1] <= _MOST:
            raise argparse.ArgumentTypeError(
                f"{text!r} is not a number of bits from {_FEWEST} to {_MOST}, such as 4, 2-8 or 2,4,8"
            )
        found.update(range(ends[0], ends[1] + 1))
    return tuple(sorted(found))


def run(arguments: argparse.Namespace) -> int:
    from aedesk.storage.library import load_checkpoint

    output.check_results(arguments)
    checkpoints = [load_checkpoint(model) for model in dict.fromkeys(arguments.models)]
    data = datasets.load(arguments, datasets.of(arguments, checkpoints[0]))

    from aedesk.analysis import rates
    from aedesk.models.model import Model
    from aedesk.storage.levels import KINDS

    kinds = KINDS if arguments.quantiser == "both" else (arguments.quantiser,)
    with Stages("step") as bar:
        points = rates.rate_distortion(
            [Model(checkpoint) for checkpoint in checkpoints],
            data,
            bits=arguments.bits,
            kinds=kinds,
            limit=arguments.limit,
            progress=bar,
        )
    count = min(len(data.test), arguments.limit or len(data.test))
    numbers = rates.table(points)

    def chart() -> Chart:
        from aedesk.gui.charts.rates import rates_chart

        return rates_chart(points, data.name, count)

    output.write_results(arguments, numbers, chart)
    if arguments.json:
        report = {"data": data.name, "test_images": count, "points": numbers.records()}
        print(json.dumps(report, indent=2))
    else:
        _print(points, data.name, count)
    return 0


def _print(points: list[RatePoint], data: str, count: int) -> None:
    print(f"{count:,} test images of {data}, 6,272 bits each as they are")
    widest = max(len(point.method) for point in points)
    for point in sorted(points, key=lambda point: point.bits_per_image):
        print(
            f"{point.bits_per_image:>9,.1f} bits  {point.psnr:>5.2f} dB  SSIM {point.ssim:.3f}"
            f"  {point.method:<{widest}}  {point.setting:<16}  {point.counting}"
        )
