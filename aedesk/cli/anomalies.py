"""`aedesk anomalies`: how odd pictures are, the strangest of a data set, and how well the odd is found."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aedesk.cli import anomaly_protocols, datasets, ends, output
from aedesk.cli.anomaly_detector import fitted, print_json
from aedesk.cli.arguments import user_path
from aedesk.cli.progress import Stages
from aedesk.errors import AedeskError
from aedesk.storage.pictures import in_rows, sheet

if TYPE_CHECKING:
    from aedesk.analysis.anomaly import Detector
    from aedesk.gui.charts.chart import Chart

_ABOUT = """\
Find what is odd, with no label of what odd is. Three scores, higher is odder:
  reconstruction  the mean squared error of a pixel of what the model rebuilds
  code            how far the code lies from the nearest codes of known pictures
  combined        how unlike the known pictures of the nearest codes it is, whose strokes may bend a little, and a
                  fifth as much of `code`
Known are the training images of DATA; a part of them, held out of the comparison, says what is usual.
Pictures in files are judged one by one; without any, the test images of DATA are ranked, the oddest first.
"""
_EXAMPLE = """\
examples:
  aedesk anomalies dense-32 mine.png photo.jpg --out see.png      each over the nearest known one and what is odd
  aedesk anomalies dense-32 --top 100 --out strangest.png         of all test images
  aedesk anomalies dense-32 --odd scribbles --figure curves.svg   against pen strokes that are no digits
  aedesk anomalies dense-32 --odd fashion-mnist --json            another data set as the odd one
  aedesk anomalies --hold-out all --preset dense-32               trained on nine digits, the tenth is odd
"""
_MODES = {
    "pictures": {"out", "false_alarms"},
    "ranking": {"out", "false_alarms", "csv", "top", "figure", "limit"},
    "odd": {"false_alarms", "csv", "figure", "limit", "count", "seed"},
    "hold_out": {"csv", "figure", "preset", "epochs", "limit", "seed"},
}
_OPTIONS = {
    "out": None, "false_alarms": 0.01, "csv": None, "top": 100, "figure": None, "limit": None, "count": 200, "seed": 0,
    "preset": None, "epochs": None,
}  # fmt: skip


def add_to(commands: Any) -> None:
    parser = commands.add_parser("anomalies", help="find what is odd", description=_ABOUT, epilog=_EXAMPLE)
    parser.add_argument(
        "model",
        metavar="MODEL",
        nargs="?",
        help="a shipped name (see `aedesk models`), a run folder or a .safetensors file; none for --hold-out",
    )
    parser.add_argument("images", metavar="IMAGE", nargs="*", type=user_path, help="picture files to judge")
    datasets.add_data(parser, None, otherwise="what the model was trained on")
    parser.add_argument(
        "--odd", metavar="ODD", help="test images of this data set, or `scribbles`, are the odd ones"
    )
    parser.add_argument(
        "--hold-out", metavar="DIGITS", help="train without a class, and find it: all, or some, such as 3,7"
    )
    parser.add_argument("--preset", metavar="NAME", help="with --hold-out: the network to train (dense-32)")
    parser.add_argument(
        "--epochs", type=_whole, metavar="N", help="with --hold-out: for how long (the preset's own)"
    )
    parser.add_argument(
        "--false-alarms", type=_share, metavar="SHARE", help="of usual pictures that may be flagged (0.01)"
    )
    parser.add_argument("--top", type=_whole, metavar="N", help="how many of the strangest to show (100)")
    parser.add_argument("--count", type=_whole, metavar="N", help="how many scribbles (200)")
    parser.add_argument(
        "--seed", type=_seed, metavar="S", help="of scribbles, and of networks that are trained (0)"
    )
    parser.add_argument("--limit", type=_whole, metavar="N", help="at most N test images of each set (all)")
    parser.add_argument(
        "--out", type=user_path, metavar="PNG", help="a sheet of pictures, the strangest first"
    )
    output.add_results(parser, "it")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of a table")
    _allow_options_between(parser)
    parser.set_defaults(run=run)


def _allow_options_between(parser: argparse.ArgumentParser) -> None:
    """Let pictures follow an option: argparse (before Python 3.13) takes none for them at the first option it meets."""
    plain = parser.parse_known_args

    def parse(arguments: Any = None, namespace: Any = None) -> Any:
        parser.parse_known_args = plain  # type: ignore[method-assign]
        try:
            return parser.parse_known_intermixed_args(arguments, namespace)
        finally:
            parser.parse_known_args = parse  # type: ignore[assignment,method-assign]

    parser.parse_known_args = parse  # type: ignore[assignment,method-assign]


def run(arguments: argparse.Namespace) -> int:
    mode = _mode(arguments)
    for name, usual in _OPTIONS.items():
        if getattr(arguments, name) is None:
            setattr(arguments, name, usual)
        elif name not in _MODES[mode]:
            raise AedeskError(f"--{name.replace('_', '-')} does not go with {_WORDS[mode]}; leave it out")
    if arguments.out is not None:
        output.destination(arguments.out, [".png"])
        output.spare([arguments.out], arguments.images)
    output.check_results(arguments)
    if arguments.out is not None and arguments.out == arguments.figure:
        raise AedeskError(f"{arguments.out}: --out and --figure name the same file; choose two")
    return _RUN[mode](arguments)


def _mode(arguments: argparse.Namespace) -> str:
    if arguments.hold_out is not None:
        if arguments.model is not None or arguments.odd is not None:
            raise AedeskError(
                "--hold-out trains its own networks: leave out MODEL and --odd, and give --preset NAME"
            )
        return "hold_out"
    if arguments.model is None:
        raise AedeskError("the following arguments are required: MODEL; see `aedesk anomalies --help`")
    if arguments.odd is not None:
        if arguments.images:
            raise AedeskError("--odd measures on whole data sets: leave out the picture files")
        return "odd"
    return "pictures" if arguments.images else "ranking"


def _run_pictures(arguments: argparse.Namespace) -> int:
    pictures = np.stack([ends.read_picture(image) for image in arguments.images])
    detector, data = fitted(arguments)
    threshold = detector.threshold(arguments.false_alarms)
    verdicts = [detector.verdict(picture) for picture in pictures]
    rows = [
        {
            "file": str(image),
            "combined": float(verdict.scores.combined[0]),
            "reconstruction": float(verdict.scores.reconstruction[0]),
            "code": float(verdict.scores.code[0]),
            "share_below": verdict.share,
            "odd": bool(verdict.scores.combined[0] > threshold),
            "words": verdict.words,
        }
        for image, verdict in zip(arguments.images, verdicts, strict=True)
    ]
    if arguments.out is not None:
        nearest = np.stack([detector.nearest(picture) for picture in pictures])
        heat = np.stack([detector.heat(picture) for picture in pictures])
        below = zip(*(in_rows(images, _PER_ROW) for images in (pictures, nearest, heat)), strict=True)
        _write_sheet(arguments.out, [row for rows in below for row in rows])
    if arguments.json:
        print_json(arguments, data, {"threshold": threshold, "pictures": rows})
        return 0
    for row in rows:
        flag = f"  flagged at {arguments.false_alarms:.2%} false alarms" if row["odd"] else ""
        print(f"{row['file']}: {row['words']}{flag}")
    return 0


def _run_ranking(arguments: argparse.Namespace) -> int:
    detector, data = fitted(arguments)
    from aedesk.analysis.ranking import rank

    images = data.test.at_most(arguments.limit)
    if not len(images):
        raise AedeskError(f"{data.name} has no test images to rank; choose another data set")
    with Stages("image") as bar:
        ranking = rank(detector, images, progress=bar)
    threshold = detector.threshold(arguments.false_alarms)
    flagged = ranking.flagged(threshold)
    table = ranking.table
    if arguments.out is not None:
        _write_sheet(arguments.out, in_rows(ranking.strangest(arguments.top), _PER_ROW))
    output.write_results(
        arguments,
        table,
        lambda: _ranking_chart(arguments, detector, ranking.scores.combined, data.name),
    )
    if arguments.json:
        figures = {"test_images": len(images), "threshold": threshold, "flagged": flagged}
        print_json(arguments, data, {**figures, "strangest": table.records()[: arguments.top]})
        return 0
    print(f"{'rank':>6}  {'image':>6}  {'class':<8}{'combined':>10}{'reconstruction':>16}{'code':>8}")
    for row in table.records()[: arguments.top]:
        print(
            f"{row['rank']:>6}  {row['image']:>6}  {row['class']:<8}"
            f"{row['combined']:>10.3f}{row['reconstruction']:>16.4f}{row['code']:>8.3f}"
        )
    print(
        f"{flagged:,} of {len(images):,} test images of {data.name} are odder than {threshold:.3f}, which "
        f"{arguments.false_alarms:.2%} of the usual training images are"
    )
    return 0


_RUN: dict[str, Callable[[argparse.Namespace], int]] = {
    "pictures": _run_pictures,
    "ranking": _run_ranking,
    "odd": anomaly_protocols.run_odd,
    "hold_out": anomaly_protocols.run_hold_out,
}
_WORDS = {
    "pictures": "picture files",
    "ranking": "a ranking",
    "odd": "--odd",
    "hold_out": "--hold-out",
}
_PER_ROW = 10


def _ranking_chart(arguments: argparse.Namespace, detector: Detector, scores: np.ndarray, name: str) -> Chart:
    from aedesk.gui.charts.anomalies import scores_chart

    rate = arguments.false_alarms
    return scores_chart(
        detector.usual.combined,
        "combined",
        false_alarms=rate,
        threshold=detector.threshold(rate),
        odd=scores,
        odd_name=f"test images of {name}",
    )


def _write_sheet(path: Path, rows: list[np.ndarray]) -> None:
    output.write_picture(path, sheet(rows, output.SHEET_SCALE))


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9 or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to 999,999,999")
    return int(text)


def _seed(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 to 999,999,999")
    return int(text)


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = math.nan
    if not 0 < share < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no share between 0 and 1, such as 0.01")
    return share
