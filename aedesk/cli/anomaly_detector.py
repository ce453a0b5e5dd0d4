"""What the ways of `aedesk anomalies` have in common: the detector, and one document of what was found."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from aedesk.cli import datasets
from aedesk.cli.progress import Stages

if TYPE_CHECKING:
    from aedesk.analysis.anomaly import Detector
    from aedesk.data.imageset import DataSet


def fitted(arguments: argparse.Namespace) -> tuple[Detector, DataSet]:
    """A detector that knows the training images of the data set, under the model."""
    from aedesk.storage.library import load_checkpoint

    checkpoint = load_checkpoint(arguments.model)
    data = datasets.load(arguments, datasets.of(arguments, checkpoint))

    from aedesk.analysis.anomaly import Detector
    from aedesk.models.model import Model

    with Stages("image") as bar:
        return Detector.fit(Model(checkpoint), data.train, progress=bar), data


def print_json(arguments: argparse.Namespace, data: DataSet, figures: dict[str, Any]) -> None:
    print(json.dumps({"model": arguments.model, "known": data.name, **figures}, indent=2))
