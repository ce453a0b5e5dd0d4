"""`aedesk features`: the codes of a data set as a file, and what they are worth beside pixels and PCA."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aedesk.cli import datasets
from aedesk.cli.arguments import add_model, count, user_path
from aedesk.cli.output import DRAWN, add_results, destination, write_results
from aedesk.cli.progress import Stages
from aedesk.cli.run_tables import in_columns
from aedesk.errors import AedeskError

if TYPE_CHECKING:
    from aedesk.analysis.feature_report import FeatureReport
    from aedesk.data.imageset import DataSet
    from aedesk.gui.charts.chart import Chart
    from aedesk.models.model import Model

_PARTS = ("train", "test", "both")
_FILES = (".csv", ".npz", ".parquet")
_KNOWN, _DRAWS = 10_000, 10

_ABOUT = """\
Write the codes of a data set to a file (--out), or tell what they are worth to somebody with labels (--table).

The table holds the codes against the raw pixels and against PCA of the same size: how often a linear probe
(logistic regression) and the nearest neighbours tell the class of a test image, having learnt from 10, 100 or
1,000 labels or from all; and how well k-means groups the test images without any. Every representation gets the
same labelled images; settings are chosen on training images that are used for nothing else.
  purity            share of images whose class is that of most in their group; higher is better
  silhouette        how far apart the groups are, from -1 to 1; higher is better
  class_silhouette  the same of the true classes
"""
_EXAMPLE = """\
examples:
  aedesk features dense-32 --out codes.parquet
  aedesk features dense-32 --data fashion-mnist --part test --out codes.csv
  aedesk features dense-32 --table --labels 10,100,1000 --figure labels.svg --csv labels.csv
"""


def add_to(commands: Any) -> None:
    parser = commands.add_parser(
        "features",
        help="codes as a file, and what they are worth beside pixels and PCA",
        description=_ABOUT,
        epilog=_EXAMPLE,
    )
    add_model(parser)
    datasets.add_data(parser, None, otherwise="what the model was trained on")
    parser.add_argument(
        "--out", type=user_path, metavar="FILE", help="write the codes to this .csv, .npz or .parquet file"
    )
    parser.add_argument(
        "--part", choices=_PARTS, default="both", help="whose codes --out writes (default: both)"
    )
    parser.add_argument("--table", action="store_true", help="compare codes with pixels and PCA")
    parser.add_argument(
        "--labels",
        type=label_counts,
        metavar="LIST",
        help="how many labels to learn from, such as 10,100,1000,all (the default)",
    )
    parser.add_argument(
        "--known",
        type=_known,
        default=_KNOWN,
        metavar="N",
        help=f"at most N training images have labels, or `all` (default: {_KNOWN:,}; more take longer)",
    )
    parser.add_argument(
        "--draws", type=count, default=_DRAWS, metavar="N", help=f"of the labels (default: {_DRAWS})"
    )
    parser.add_argument(
        "--limit", type=count, metavar="N", help="at most N test images; of --out, N of each part"
    )
    parser.add_argument("--seed", type=_seed, default=0, metavar="S", help="of all draws (default: 0)")
    add_results(parser, "the table")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.set_defaults(run=run)


def label_counts(text: str) -> tuple[int | None, ...]:
    """Whole numbers from 1 with commas between, and `all`, which is None; for argparse."""
    return tuple(None if word.strip().lower() == "all" else count(word) for word in text.split(","))


def run(arguments: argparse.Namespace) -> int:
    compares = arguments.table or arguments.figure is not None or arguments.csv is not None
    compares = compares or arguments.labels is not None
    if not compares and arguments.out is None:
        raise AedeskError(
            "nothing to do: --out FILE writes the codes, --table compares them with pixels and PCA"
        )
    _check_files(arguments)
    from aedesk.storage.library import load_checkpoint

    checkpoint = load_checkpoint(arguments.model)
    data = datasets.load(arguments, datasets.of(arguments, checkpoint))

    from aedesk.models.model import Model

    model = Model(checkpoint)
    report: dict[str, Any] = {"model": model.name, "data": data.name}
    lines: list[str] = []
    if arguments.out is not None:
        count = _export(arguments, model, data)
        report["codes"] = {"file": str(arguments.out), "count": count, "numbers": model.code_size}
        lines.append(f"{count:,} codes of {model.code_size:,} numbers in {arguments.out}")
    if compares:
        found = _compare(arguments, model, data)
        report |= _document(found)
        lines += _lines(found)
    print(json.dumps(report, indent=2) if arguments.json else "\n".join(lines))
    return 0


def _check_files(arguments: argparse.Namespace) -> None:
    wanted = [
        (arguments.out, _FILES, "--out"),
        (arguments.figure, DRAWN, "--figure"),
        (arguments.csv, (".csv",), "--csv"),
    ]
    taken: dict[Path, str] = {}
    for path, endings, option in wanted:
        if path is None:
            continue
        where = destination(path, endings).absolute()
        if where in taken:
            raise AedeskError(f"{path}: {taken[where]} and {option} name the same file; choose two")
        taken[where] = option


def _export(arguments: argparse.Namespace, model: Model, data: DataSet) -> int:
    from aedesk.analysis.features import codes_of
    from aedesk.storage import code_files, files

    with Stages("image") as bar:
        codes = codes_of(model, data, arguments.part, limit=arguments.limit, progress=bar)
        files.make_folder(arguments.out.parent)
        code_files.write(arguments.out, codes, progress=bar)
    return len(codes)


def _compare(arguments: argparse.Namespace, model: Model, data: DataSet) -> FeatureReport:
    from aedesk.analysis.features import compare

    with Stages("step") as bar:
        found = compare(
            model,
            data,
            labels=arguments.labels,
            known=arguments.known,
            draws=arguments.draws,
            limit=arguments.limit,
            seed=arguments.seed,
            progress=bar,
        )

    def chart() -> Chart:
        from aedesk.gui.charts.features import features_chart

        return features_chart(found)

    write_results(arguments, found.table(), chart)
    return found


def _document(found: FeatureReport) -> dict[str, Any]:
    return {
        "labelled_images": found.known,
        "validation_images": found.validation,
        "test_images": found.test,
        "draws": found.draws,
        "representations": [
            {"name": each.name, "numbers": each.numbers, "seconds": each.seconds}
            for each in found.representations
        ],
        "results": found.table().records(),
        "verdict": [found.verdict(labels) for labels in found.labels],
        "how": found.how(),
    }


def _lines(found: FeatureReport) -> list[str]:
    """The table for people: a line for each representation and method, then what follows from it."""
    from aedesk.analysis.feature_report import METHODS, percent

    heads = ["", "", *(f"{labels:,}" for labels in found.labels), "seconds"]
    rows = [["accuracy by labels", *heads[1:]]]
    for method in METHODS:
        for each in found.representations:
            scores = [found.score(each.name, method, labels) for labels in found.labels]
            rows.append([method, each.title, *map(percent, scores), f"{scores[-1].seconds:.2f}"])
    lines = in_columns(rows, (0, 1))
    rows = [["without labels", "", "purity", "silhouette", "class silhouette", "seconds"]]
    titles = {each.name: each.title for each in found.representations}
    for groups in found.groups:
        measured = [groups.silhouette, groups.class_silhouette]
        told = ["-" if value is None else f"{value:.3f}" for value in measured]
        rows.append(
            ["k-means", titles[groups.representation], f"{groups.purity:.1%}", *told, f"{groups.seconds:.2f}"]
        )
    verdicts = [found.verdict(labels) for labels in found.labels]
    return [*lines, "", *in_columns(rows, (0, 1)), "", *verdicts, "", found.how()]


def _known(text: str) -> int | None:
    return None if text.lower() == "all" else count(text)


def _seed(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = -1
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0")
    return number
