"""`aedesk judge`: how good the judge of made digits is, and how it was made; or make one."""

from __future__ import annotations

import argparse
import json
import shlex
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from aedesk.cli import datasets
from aedesk.cli.arguments import count, user_path
from aedesk.cli.output import destination
from aedesk.cli.progress import Stages, say
from aedesk.cli.run_tables import in_columns
from aedesk.errors import AedeskError
from aedesk.storage import files

if TYPE_CHECKING:
    from aedesk.analysis.judge import Judge
    from aedesk.data.imageset import DataSet

_ABOUT = """\
The judge is a small classifier of digits that has no part in any autoencoder. It decides how many of the pictures
that a model makes are digits: those to which it gives one class with a probability over .9. Printed are
  accuracy            how often it is right on the test images
  calibration_error   how far its confidence and its accuracy are apart in the mean (expected calibration error
                      over 15 bins), as it is asked: with the temperature found on held-out training images
  uncalibrated_error  the same without that temperature
  sure                of how many test images it is sure
With --train, a judge is trained anew on the training images, in about 8 minutes of one core, and measured.
"""
_EXAMPLE = """\
examples:
  aedesk judge
  aedesk judge --json
  OMP_NUM_THREADS=1 aedesk judge --train judge.safetensors
"""


def add_to(commands: Any) -> None:
    parser = commands.add_parser(
        "judge",
        help="the classifier that tells whether a made picture is a digit",
        description=_ABOUT,
        epilog=_EXAMPLE,
    )
    parser.add_argument(
        "--train", type=user_path, metavar="FILE", help="train a judge into this .safetensors file"
    )
    parser.add_argument(
        "--epochs", type=count, metavar="N", help="of --train (default: those of the shipped judge)"
    )
    datasets.add_data(parser, "mnist")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of a table")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from aedesk.analysis.judge import Judge, check_digits

    if arguments.train is not None:
        destination(arguments.train, [".safetensors"])
    elif arguments.epochs is not None:
        raise AedeskError("--epochs is for --train FILE")
    judge = Judge.load() if arguments.train is None else None
    data = datasets.load(arguments, arguments.data)
    check_digits(data.test)
    if judge is None:
        judge = _train(arguments, data)
    report = {"data": data.name, **judge.measure(data.test), "parameters": judge.parameters, **judge.made}
    if arguments.json:
        print(json.dumps(report, indent=2))
    else:
        for line in in_columns([[name, _told(value)] for name, value in report.items()], (0, 1)):
            print(line)
    return 0


def _train(arguments: argparse.Namespace, data: DataSet) -> Judge:
    """Train a judge as the options say, write it, and read it again as it will be asked."""
    from torch import device

    from aedesk.analysis.judge import Judge
    from aedesk.analysis.judge_training import JudgeRecipe, train
    from aedesk.training.device import describe

    recipe = JudgeRecipe() if arguments.epochs is None else JudgeRecipe(epochs=arguments.epochs)
    with Stages("step", lines=True) as bar:
        judge = train(data.train, recipe, progress=bar)
    words = ["aedesk", "judge", "--train", arguments.train.name, "--data", arguments.data]
    words += [] if arguments.epochs is None else ["--epochs", str(arguments.epochs)]
    made = {
        "command": shlex.join(words),
        "trained_on": data.name,
        "date": date.today().isoformat(),
        "device": describe(device("cpu"), "bfloat16"),
        **judge.made,
    }
    files.make_folder(arguments.train.parent)
    replace(judge, made=made).save(arguments.train)
    say(f"The judge is in {arguments.train}.")
    return Judge.load(arguments.train)


def _told(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
