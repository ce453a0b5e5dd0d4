"""`aedesk sizes`: the error of models against their code sizes, and how true their maps are."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from aedesk.cli import datasets, output
from aedesk.cli.progress import Stages
from aedesk.cli.run_tables import in_columns
from aedesk.errors import AedeskError

if TYPE_CHECKING:
    from aedesk.analysis.dimensionality import SizeReport
    from aedesk.analysis.faithfulness import FaithReport

_ABOUT = """\
Hold models of different code sizes against each other. Printed are, for each,
  code     how many numbers a code has, of a picture's 784 pixels
  mse      mean squared error of a pixel between 0 and 1 on test images; lower is better
  pca_mse  what PCA (the best linear method) reaches with as many numbers; --csv has it for 1 to 256
With --maps, instead, how true the flat maps of their codes are, by training images (Venna & Kaski 2001):
  trustworthiness  whether neighbours on the map are neighbours in truth, 1 is perfect
  continuity       whether neighbours in truth are neighbours on the map, 1 is perfect
"""
_EXAMPLE = """\
examples:
  aedesk sizes
  aedesk sizes dense-32 my-run --limit 1000 --figure sizes.svg --csv sizes.csv
  aedesk sizes dense-2d --maps --json
"""


def add_to(commands: Any) -> None:
    parser = commands.add_parser(
        "sizes",
        help="compare code sizes with PCA, and judge maps",
        description=_ABOUT,
        epilog=_EXAMPLE,
    )
    parser.add_argument(
        "models",
        nargs="*",
        metavar="MODEL",
        help="shipped names (see `aedesk models`), run folders or .safetensors files (default: all shipped)",
    )
    datasets.add_data(parser, "mnist")
    parser.add_argument("--maps", action="store_true", help="judge the maps instead")
    parser.add_argument(
        "--limit", type=int, metavar="N", help="at most N images (default: all test images; for maps 2,000)"
    )
    output.add_results(parser, "the result")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of a table")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from aedesk.storage import library

    references = list(dict.fromkeys(arguments.models)) or library.shipped()
    if not references:
        raise AedeskError("no models are shipped with this aedesk: name a run or a file")
    for reference in references:
        library.resolve(reference)
    if arguments.limit is not None and arguments.limit < 1:
        raise AedeskError(f"--limit must be 1 or more, not {arguments.limit}")
    output.check_results(arguments)
    return _maps(arguments, references) if arguments.maps else _sizes(arguments, references)


def _sizes(arguments: argparse.Namespace, references: list[str]) -> int:
    from aedesk.analysis import dimensionality
    from aedesk.gui.charts.sizes import size_chart

    data = datasets.load(arguments, arguments.data)
    models = dimensionality.load_models(references)
    with Stages("image") as bar:
        report = dimensionality.compare(models, data, limit=arguments.limit, progress=bar)
    chart = size_chart(report)
    output.write_results(arguments, chart.table, lambda: chart)
    if arguments.json:
        print(json.dumps(_size_document(report), indent=2))
        return 0
    rows = [
        (
            point.label,
            f"{point.code_size:,}",
            f"{point.mse:.5f}",
            "-" if point.pca_mse is None else f"{point.pca_mse:.5f}",
        )
        for point in report.points
    ]
    print("\n".join(in_columns([("model", "code", "mse", "pca_mse"), *rows], (0,))))
    print(f"\n{report.words}")
    return 0


def _maps(arguments: argparse.Namespace, references: list[str]) -> int:
    from aedesk.analysis import dimensionality, faithfulness
    from aedesk.cli.maps import load_model_with_atlas
    from aedesk.gui.charts.sizes import faith_chart

    atlases = []
    for reference in references:
        chosen = argparse.Namespace(**{**vars(arguments), "model": reference})
        atlases.append((dimensionality.label_of(reference), load_model_with_atlas(chosen)[1]))
    count = faithfulness.SAMPLE if arguments.limit is None else arguments.limit
    with Stages("step") as bar:
        report = faithfulness.compare(atlases, count=count, progress=bar)
    k = report.neighbours[0]
    chart = faith_chart(report, k)
    output.write_results(arguments, chart.table, lambda: chart)
    if arguments.json:
        print(json.dumps(_map_document(report), indent=2))
        return 0
    rows = [
        (
            faith.label,
            faith.kind,
            faith.space,
            f"{faith.trustworthiness[0]:.3f}",
            f"{faith.continuity[0]:.3f}",
        )
        for faith in report.faiths
    ]
    heads = ("model", "map", "compared with", "trustworthiness", "continuity")
    print("\n".join(in_columns([heads, *rows], range(3))))
    print(f"\nby {k} neighbours of {report.count:,} training images; --csv has more neighbours")
    for label in report.missing:
        print(f"{label}: its training images are not here, so that only codes were compared.")
    return 0


def _size_document(report: SizeReport) -> dict[str, Any]:
    return {
        "data": report.data,
        "test_images": report.tested,
        "pca_images": report.fitted,
        "models": [
            {
                "model": point.label,
                "code_size": point.code_size,
                "mse": point.mse,
                "pca_mse": point.pca_mse,
            }
            for point in report.points
        ],
        "pca": [{"code_size": size, "mse": mse} for size, mse in enumerate(report.pca.tolist(), start=1)],
    }


def _map_document(report: FaithReport) -> dict[str, Any]:
    return {
        "images": report.count,
        "neighbours": list(report.neighbours),
        "without_pixels": list(report.missing),
        "maps": report.table.records(),
    }
