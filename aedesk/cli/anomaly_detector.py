"""What the ways of `aedesk anomalies` have in common: the detector, and the files that are asked for."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aedesk.cli import datasets
from aedesk.cli.progress import Stages
from aedesk.storage import files

if TYPE_CHECKING:
    from aedesk.analysis.anomaly import Detector
    from aedesk.data.imageset import DataSet, ImageSet
    from aedesk.gui.charts.chart import Chart
    from aedesk.storage.table import Table


def fitted(arguments: argparse.Namespace) -> tuple[Detector, DataSet]:
    """A detector that knows the training images of the data set, under the model."""
    from aedesk.storage.library import load_checkpoint

    checkpoint = load_checkpoint(arguments.model)
    data = datasets.load(arguments, datasets.of(arguments, checkpoint))

    from aedesk.analysis.anomaly import Detector
    from aedesk.models.model import Model

    with Stages("image") as bar:
        return Detector.fit(Model(checkpoint), data.train, progress=bar), data


def write(arguments: argparse.Namespace, table: Table, chart: Callable[[], Chart]) -> None:
    """The files that are asked for beside the printed result."""
    if arguments.csv is not None:
        files.make_folder(arguments.csv.parent)
        table.write(arguments.csv)
    if arguments.figure is not None:
        from aedesk.gui.charts.chart import write_chart

        files.make_folder(arguments.figure.parent)
        write_chart(arguments.figure, chart())


def print_json(arguments: argparse.Namespace, data: DataSet, figures: dict[str, Any]) -> None:
    print(json.dumps({"model": arguments.model, "known": data.name, **figures}, indent=2))


def at_most(images: ImageSet, limit: int | None) -> ImageSet:
    """Evenly spread over the set, because some are sorted by class."""
    return images[:: math.ceil(len(images) / limit)] if limit and len(images) > limit else images
