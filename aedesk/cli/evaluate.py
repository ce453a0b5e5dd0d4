"""`aedesk evaluate`: the quality figures of a model, taken on test images."""

from __future__ import annotations

import argparse
import json
import math
from typing import Any

from aedesk.cli import datasets
from aedesk.cli.arguments import add_model
from aedesk.cli.progress import Stages

_ABOUT = """\
Measure a model on the test images of a data set. Printed are
  mse           mean squared error of a pixel between 0 and 1; lower is better
  psnr          the same per image in decibels, averaged; higher is better
  ssim          structural similarity, 1 is perfect
  pca_mse       what PCA (the best linear method) reaches with a code of the same size
  knn_accuracy  how often the 5 nearest codes of training images tell the right class
"""
_EXAMPLE = """\
examples:
  aedesk evaluate dense-32
  aedesk evaluate my-run --data fashion-mnist --json
"""


def add_to(commands: Any) -> None:
    parser = commands.add_parser(
        "evaluate", help="measure a model on test images", description=_ABOUT, epilog=_EXAMPLE
    )
    add_model(parser)
    datasets.add_data(parser, None, otherwise="what the model was trained on")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of a table")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from aedesk.analysis.quality import caveat
    from aedesk.storage.library import load_checkpoint

    checkpoint = load_checkpoint(arguments.model)
    data = datasets.load(arguments, datasets.of(arguments, checkpoint))

    from aedesk.analysis.quality import evaluate
    from aedesk.models.model import Model

    with Stages("image") as bar:
        figures = evaluate(Model(checkpoint), data, progress=bar)
    report = {
        "model": checkpoint.name,
        "data": data.name,
        "test_images": len(data.test),
        **{name: value if value is None or math.isfinite(value) else None for name, value in figures.items()},
        "caveat": caveat(checkpoint.architecture.code_size),
    }
    if arguments.json:
        print(json.dumps(report, indent=2))
    else:
        _print_report(report)
    return 0


def _print_report(report: dict[str, Any]) -> None:
    digits = {"mse": ".5f", "pca_mse": ".5f", "psnr": ".2f", "ssim": ".4f", "knn_accuracy": ".4f"}
    remark = report.pop("caveat")
    for name, value in report.items():
        text = (
            format(value, digits.get(name, "" if isinstance(value, str) else ","))
            if value is not None
            else "-"
        )
        print(f"{name:<14}{text}")
    if remark:
        print(f"\n{report['model']}: {remark}.")
