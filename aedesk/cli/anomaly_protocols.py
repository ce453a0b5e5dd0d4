"""`aedesk anomalies --odd` and `--hold-out`: how well the odd is found, measured by labels that the score never saw."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from aedesk.cli import datasets, output
from aedesk.cli.anomaly_detector import fitted, print_json
from aedesk.cli.progress import Stages
from aedesk.errors import AedeskError

if TYPE_CHECKING:
    from aedesk.data.imageset import DataSet, ImageSet
    from aedesk.gui.charts.chart import Chart

_SCRIBBLES = "scribbles"


def run_odd(arguments: argparse.Namespace) -> int:
    odd_set = None if arguments.odd == _SCRIBBLES else datasets.load(arguments, arguments.odd)
    if odd_set is not None and not len(odd_set.test):
        raise AedeskError(f"{odd_set.name} has no test images; choose another data set for --odd")
    detector, data = fitted(arguments)
    from aedesk.analysis.protocols import other_set
    from aedesk.sketch.scribbles import scribbles

    odd: ImageSet | np.ndarray
    odd = (
        scribbles(arguments.count, arguments.seed)
        if odd_set is None
        else odd_set.test.at_most(arguments.limit)
    )
    with Stages("image") as bar:
        told = other_set(detector, data.test.at_most(arguments.limit), odd, progress=bar)
    rate, table = arguments.false_alarms, told.table

    def chart() -> Chart:
        from aedesk.gui.charts.anomalies import detection_chart

        return detection_chart(told, false_alarms=rate, known_name=data.name, odd_name=arguments.odd)

    output.write_results(arguments, table, chart)
    threshold = detector.threshold(rate)
    at_threshold = {
        "false_alarms": rate,
        "flagged": told.flagged(rate),
        "threshold": threshold,
        "flagged_above_threshold": float((told.odd.combined > threshold).mean()),
        "false_alarms_above_threshold": float((told.usual.combined > threshold).mean()),
    }
    if arguments.json:
        counts = {"odd": arguments.odd, "test_images": len(told.usual), "odd_images": len(told.odd)}
        print_json(arguments, data, {**counts, **at_threshold, "scores": table.records()})
        return 0
    print(f"{len(told.usual):,} test images of {data.name}, and {len(told.odd):,} odd ones: {arguments.odd}")
    print(f"{'score':<16}{'AUC':>7}{'AP':>7}{'hits at 1 %':>13}{'at 5 %':>9}")
    for row in table.records():
        print(
            f"{row['score']:<16}{row['auc']:>7.3f}{row['average_precision']:>7.3f}"
            f"{row['hits_at_1_percent']:>13.1%}{row['hits_at_5_percent']:>9.1%}"
        )
    print(
        f"Above the threshold that {rate:.2%} of usual training images exceed ({threshold:.3f}): "
        f"{at_threshold['flagged_above_threshold']:.1%} of the odd ones, and "
        f"{at_threshold['false_alarms_above_threshold']:.2%} of the test images"
    )
    return 0


def run_hold_out(arguments: argparse.Namespace) -> int:
    from aedesk.analysis.protocols import PUBLISHED, held_out_table, hold_out, mean_auc
    from aedesk.training.in_memory import trainer

    preset = arguments.preset or "dense-32"
    train = trainer(preset, epochs=arguments.epochs, seed=arguments.seed)
    data = datasets.load(arguments, arguments.data or "mnist")
    chosen = _classes(arguments.hold_out, data)
    data = replace(data, test=data.test.at_most(arguments.limit))
    found = []
    if not arguments.json:
        print(f"{'held out':<12}{'combined':>10}{'reconstruction':>16}{'code':>8}   (AUC)", flush=True)
    with Stages("step") as bar:
        for one in hold_out(data, chosen, train, progress=bar):
            found.append(one)
            if not arguments.json:
                _print_aucs(one.name, one.aucs)
    table = held_out_table(found)
    published = PUBLISHED if data.name == "mnist" else ()  # which is what they were measured on

    def chart() -> Chart:
        from aedesk.gui.charts.hold_out import hold_out_chart

        return hold_out_chart(found, published)

    output.write_results(arguments, table, chart)
    means = {kind: mean_auc(found, kind) for kind in found[0].aucs}
    if arguments.json:
        report = {
            "preset": preset,
            "data": data.name,
            "mean_auc": means,
            "held_out": table.records(),
            "published": [vars(one) for one in published],
        }
        print(json.dumps(report, indent=2))
        return 0
    _print_aucs("mean", means)
    if published:
        print("\npublished means over the ten digits, by the same protocol:")
    for source, told in groupby(published, lambda figure: figure.source):
        for figure in told:
            print(f"{figure.mean_auc:>8.3f}  {figure.method}")
        print(f"{'':>10}{source}")
    return 0


def _print_aucs(name: str, aucs: Any) -> None:
    print(
        f"{name:<12}{aucs['combined']:>10.3f}{aucs['reconstruction']:>16.3f}{aucs['code']:>8.3f}", flush=True
    )


def _classes(text: str, data: DataSet) -> list[int]:
    """`all`, or names of classes with commas between, as their indices."""
    names = list(data.train.classes)
    if text == "all":
        return [int(label) for label in np.unique(data.test.labels)]
    unknown = [name for name in text.split(",") if name.strip() not in names]
    if unknown:
        raise AedeskError(
            f"{data.name} has no class {unknown[0]!r} to hold out; give all, or some of: {', '.join(names)}"
        )
    return list(dict.fromkeys(names.index(name.strip()) for name in text.split(",")))
