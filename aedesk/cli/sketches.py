"""`aedesk sketches`: how a model copes with sketches of test digits by many hands."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from aedesk.cli import datasets, output
from aedesk.cli.arguments import add_model, count_of_images
from aedesk.cli.progress import Stages
from aedesk.cli.run_tables import in_columns

if TYPE_CHECKING:
    from aedesk.analysis.sketch_test import SketchReport
    from aedesk.gui.charts.chart import Chart

_ABOUT = """\
Have test digits drawn again by a simulated pen, as a mouse draws them on the canvas, and measure what a model makes of
these sketches beside the very same digits as scans. Printed are, for each kind of hand,
  recognised  how often the 5 nearest codes of training images tell the right class
  error       the mean squared error of the rebuilt sketches, and how many times that of the scans it is
Models may be trained with sketches by the usual hands; by the unusual ones, none is.
"""
_EXAMPLE = """\
examples:
  aedesk sketches dense-32
  aedesk sketches my-run --data mnist --limit 100 --figure sketches.png
  aedesk sketches dense-2d --csv sketches.csv
"""


def add_to(commands: Any) -> None:
    parser = commands.add_parser(
        "sketches", help="how well a model copes with sketches", description=_ABOUT, epilog=_EXAMPLE
    )
    add_model(parser)
    datasets.add_data(parser, None, otherwise="what the model was trained on")
    parser.add_argument(
        "--limit",
        type=count_of_images,
        default=500,
        metavar="N",
        help="draw N test images, evenly spread (500)",
    )
    parser.add_argument("--seed", type=_seed, default=0, metavar="N", help="the same seed draws the same (0)")
    output.add_results(parser, "them, with examples")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of a table")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from aedesk.storage.library import load_checkpoint

    output.check_results(arguments)
    checkpoint = load_checkpoint(arguments.model)
    data = datasets.load(arguments, datasets.of(arguments, checkpoint))

    from aedesk.analysis.sketch_test import sketch_test
    from aedesk.models.model import Model

    with Stages("image") as bar:
        report = sketch_test(
            Model(checkpoint), data, limit=arguments.limit, seed=arguments.seed, progress=bar
        )

    def chart() -> Chart:
        from aedesk.gui.charts.sketches import sketches_chart

        return sketches_chart(report)

    output.write_results(arguments, report.table(), chart)
    if arguments.json:
        print(json.dumps(_document(report), indent=2))
    else:
        _print(report)
    return 0


def _document(report: SketchReport) -> dict[str, Any]:
    return {
        "model": report.model,
        "data": report.data,
        "digits": report.digits,
        "seed": report.seed,
        "scan_accuracy": report.scan_accuracy,
        "scan_mse": report.scan_mse,
        "sketch_accuracy": report.sketch_accuracy,
        "sketch_ratio": report.sketch_ratio,
        "held_out_accuracy": report.held_out_accuracy,
        "held_out_ratio": report.held_out_ratio,
        "kinds": report.table().records(),
    }


def _print(report: SketchReport) -> None:
    from aedesk.analysis.sketch_test import KIND_WORDS, TIMES, WITHIN

    rows = [
        ("", "recognised", "error", "of the scans'"),
        _line("Scans", report.scan_accuracy, report.scan_mse),
    ]
    for title, kinds, accuracy, ratio in (
        ("Usual hands", report.usual, report.sketch_accuracy, report.sketch_ratio),
        ("Unusual hands", report.unusual, report.held_out_accuracy, report.held_out_ratio),
    ):
        rows.append(_line(title, accuracy, None, ratio))
        rows += [
            _line(f"  {KIND_WORDS[row.kind]}", row.accuracy, row.mse, report.ratio(row.mse)) for row in kinds
        ]
    print(f"{report.digits:,} test images of {report.data}, each drawn again by every kind of hand")
    print("\n".join(in_columns(rows, {0})))
    print(
        f"good: recognised at most {100 * WITHIN:.0f} points less often than the scans, error up to {TIMES:g} times"
    )


def _line(
    name: str, accuracy: float | None, mse: float | None, ratio: float | None = None
) -> tuple[str, ...]:
    figures = (accuracy, "{:.1%}"), (mse, "{:.4f}"), (ratio, "{:.2f} times")
    return name, *("" if figure is None else words.format(figure) for figure, words in figures)


def _seed(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"{text!r} is no seed; give a whole number from 0 to {2**32 - 1}")
    return int(text)
