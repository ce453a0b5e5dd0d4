"""`aedesk train`: a run folder from a preset and a data set."""

from __future__ import annotations

import argparse
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, get_args

from aedesk.cli import datasets
from aedesk.cli.arguments import user_path
from aedesk.cli.progress import say

if TYPE_CHECKING:
    from aedesk.data.imageset import DataSet
    from aedesk.storage.runs import Run
    from aedesk.training.config import TrainingConfig

_ABOUT = """\
Train a network and keep it in the folder RUN_DIR: model.safetensors (the model), config.json (its settings)
and history.csv (a row per epoch). Whatever you do not set is as the preset's own recipe has it.
Ctrl-C ends the run early and keeps the model so far.
"""
_EXAMPLE = """\
examples:
  aedesk train --preset dense-2d --out my-run
  aedesk train --preset vanilla-64 --data digits --epochs 5 --out quick       (needs no network)
  aedesk train --preset mlp-128 --engine numpy --data my-pictures/ --out own
"""


def add_to(commands: Any) -> None:
    from aedesk.models.presets import PRESETS

    parser = commands.add_parser(
        "train", help="train a model of your own", description=_ABOUT, epilog=_EXAMPLE
    )
    parser.add_argument("--preset", required=True, metavar="NAME", help=f"the network: {', '.join(PRESETS)}")
    parser.add_argument(
        "--out",
        type=user_path,
        required=True,
        metavar="RUN_DIR",
        help="the folder for the run; made if need be",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace a run that is in RUN_DIR already")
    datasets.add_data(parser, "mnist")
    _add_recipe(parser)
    _add_machine(parser)
    parser.set_defaults(run=run)


def _add_recipe(parser: argparse.ArgumentParser) -> None:
    from aedesk.models.initialisation import Initialisation
    from aedesk.models.presets import Loss, Optimiser, Reduction, Schedule

    recipe = parser.add_argument_group("how to train (default: as the preset has it)")
    recipe.add_argument("--epochs", type=int, metavar="N", help="passes over the training images")
    recipe.add_argument("--batch-size", type=int, metavar="B", help="images for each step")
    recipe.add_argument("--learning-rate", type=float, metavar="R", help="size of a step")
    recipe.add_argument(
        "--schedule",
        choices=get_args(Schedule),
        help="the learning rate stays, or falls to 0 late or all along",
    )
    recipe.add_argument("--loss", choices=get_args(Loss), help="squared error or binary cross-entropy")
    recipe.add_argument("--optimiser", "--optimizer", choices=get_args(Optimiser), help="the rule of a step")
    recipe.add_argument(
        "--initialisation", "--initialization", choices=get_args(Initialisation), help="the first weights"
    )
    recipe.add_argument(
        "--output-bias", type=float, metavar="B", help="where the biases of the last layer begin, as logits"
    )
    recipe.add_argument(
        "--reduction", choices=get_args(Reduction), help="loss averaged or summed over pixels"
    )
    recipe.add_argument(
        "--validation-fraction",
        type=float,
        metavar="F",
        help="share of the training images that is only validated on (0.05)",
    )
    recipe.add_argument("--seed", type=int, metavar="S", help="the same seed gives the same run (0)")


def _add_machine(parser: argparse.ArgumentParser) -> None:
    from aedesk.training.config import EngineName, Precision

    machine = parser.add_argument_group("where to train")
    machine.add_argument(
        "--engine", choices=get_args(EngineName), help="PyTorch, or NumPy alone for dense networks (torch)"
    )
    machine.add_argument(
        "--device", metavar="DEVICE", help="auto, cpu, cuda or cuda:N (auto: a GPU if there is one)"
    )
    machine.add_argument(
        "--precision", choices=get_args(Precision), help="of the network's arithmetic (auto)"
    )
    machine.add_argument("--threads", type=int, metavar="T", help="of the CPU (0: as many as torch takes)")


def run(arguments: argparse.Namespace) -> int:
    config = config_of(arguments)
    data = datasets.load(arguments, config.data)

    from aedesk.storage import files
    from aedesk.storage.runs import Run

    fresh = not files.is_folder(arguments.out)
    folder = Run.create(arguments.out, overwrite=arguments.overwrite)
    try:
        with _signals() as received:
            reason = _train(config, data, folder, lambda: bool(received))
    finally:
        if fresh:  # a run that could not begin leaves nothing; rmdir spares whatever is not empty
            with suppress(OSError):
                folder.path.rmdir()
    if reason == "stopped":
        say(f"aedesk: stopped; {_result(folder)}")
        return 128 + received[0]
    print(_result(folder))
    return 0


def config_of(arguments: argparse.Namespace) -> TrainingConfig:
    """The settings of the run; what was not given is left to the preset. AedeskError for nonsense."""
    from dataclasses import fields

    from aedesk.models.presets import Recipe
    from aedesk.training.config import TrainingConfig

    names = {field.name for kind in (Recipe, TrainingConfig) for field in fields(kind)} - {"preset", "recipe"}
    changes = {name: getattr(arguments, name) for name in names}
    return TrainingConfig.of(arguments.preset, **changes)


def _train(config: TrainingConfig, data: DataSet, folder: Run, stopped: Callable[[], bool]) -> str:
    """Train into `folder` and return the reason of the end."""
    from aedesk.cli.training_log import TrainingLog
    from aedesk.training.events import Finished
    from aedesk.training.session import run_training

    reason = ""
    with TrainingLog(config, data.name) as log:
        for event in run_training(config, data, folder, stopped):
            log.show(event)
            if isinstance(event, Finished):
                reason = event.reason
    return reason


def _result(folder: Run) -> str:
    """Where the model is and what it is worth, in a line."""
    from aedesk.storage.checkpoint import read_card

    error = read_card(folder.model).metrics.get("test_mse")
    return f"the model is in {folder.path}" + ("" if error is None else f", test MSE {error:.4f}")


@contextmanager
def _signals() -> Iterator[list[int]]:
    """The signals that have asked for an end, Ctrl-C and `kill` alike; the second one ends at once."""
    received: list[int] = []

    def on_signal(number: int, frame: object) -> None:
        received.append(number)
        if len(received) > 1:
            raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():  # only there Python lets signals be handled
        yield received
        return
    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
