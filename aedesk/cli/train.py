"""`aedesk train`: a run folder from a preset and a data set."""

from __future__ import annotations

import argparse
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from aedesk.cli import datasets
from aedesk.cli.arguments import user_path
from aedesk.cli.progress import say
from aedesk.cli.run_names import find
from aedesk.errors import AedeskError, Cancelled
from aedesk.storage.runs import Run
from aedesk.training.config import DESIGN_FIELDS, TrainingConfig, without_effect
from aedesk.training.controls import Controls

if TYPE_CHECKING:
    from aedesk.data.imageset import DataSet
    from aedesk.training.events import Event

_Begun = tuple[Run, TrainingConfig, "DataSet", Callable[[Controls], "Iterator[Event]"]]

_ABOUT = """\
Train a network and keep it in the folder RUN_DIR: model.safetensors (its best epoch as a model), config.json (its
settings), history.csv (a row per epoch), log.txt, and the epochs themselves to look back at or to branch from.
Whatever you do not set is as the preset's own recipe has it. Ctrl-C ends the run early and keeps the best model so
far; --resume goes on where a run was left, even if the machine was switched off, as if it had never been.
"""
_EXAMPLE = """\
examples:
  aedesk train --preset dense-2d --out my-run
  aedesk train --preset vanilla-64 --data digits --epochs 5 --out quick       (needs no network)
  aedesk train --preset mlp-128 --engine numpy --data my-pictures/ --out own
  aedesk train --preset dense-32 --widths 256,64 --code 16 --kind variational --warm-up 5 --out vae
  aedesk train --resume my-run --epochs 20
  aedesk train --branch my-run --at 5 --learning-rate 1e-4 --out slower
"""


def add_to(commands: Any) -> None:
    from aedesk.cli.train_options import add_settings
    from aedesk.models.presets import PRESETS

    parser = commands.add_parser(
        "train", help="train a model of your own", description=_ABOUT, epilog=_EXAMPLE
    )
    parser.add_argument("--preset", metavar="NAME", help=f"the network: {', '.join(PRESETS)}")
    parser.add_argument("--out", type=user_path, metavar="RUN_DIR", help="the new run's folder")
    parser.add_argument("--overwrite", action="store_true", help="replace a run that is in RUN_DIR already")
    parser.add_argument(
        "--config", type=user_path, metavar="FILE", help="settings in TOML or JSON, as a run's config.json"
    )
    parser.add_argument("--resume", metavar="RUN", help="go on with a run that was stopped or cut off")
    parser.add_argument("--branch", metavar="RUN", help="begin the new run as this one was ...")
    parser.add_argument("--at", type=int, metavar="EPOCH", help="... after this epoch (its last one)")
    parser.add_argument(
        "--tensorboard", action="store_true", help="write event files into RUN_DIR/tensorboard at the end"
    )
    datasets.add_data(parser, None, "mnist")
    add_settings(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from aedesk.cli.train_options import asked_for

    if arguments.tensorboard:
        from aedesk.training import tensorboard

        tensorboard.check()
    settings = asked_for(arguments)
    begin = _resumed if arguments.resume else _branched if arguments.branch else _new
    if arguments.at is not None and not arguments.branch:
        raise AedeskError("--at says where a branch begins; give --branch RUN too")
    folder, config, data, train = begin(arguments, settings)
    with _signals() as received:
        controls = Controls(lambda: bool(received))
        try:
            reason = _follow(config, data.name, train(controls))
        except Cancelled:
            if not received:
                raise
            say("aedesk: stopped while the run was prepared; nothing was trained")
            return 128 + received[0]
    if arguments.tensorboard:
        tensorboard.export(folder, folder.path / "tensorboard")
    if reason == "stopped":
        say(f"aedesk: stopped; {_result(folder)}")
        return 128 + received[0]
    print(_result(folder))
    return 0


def config_of(settings: dict[str, Any]) -> TrainingConfig:
    """The settings of a new run; what was not given is left to the preset. AedeskError for nonsense."""
    if "preset" not in settings and settings.keys() & {*DESIGN_FIELDS}:  # an own network needs no name
        settings = {"preset": "conv" if settings.get("layers") == "conv" else "dense-32", **settings}
    if "preset" not in settings:
        raise AedeskError(
            "say what to train: --preset NAME, --config FILE, --resume RUN or --branch RUN; see `aedesk train --help`"
        )
    return TrainingConfig.of(**settings)


def _new(arguments: argparse.Namespace, settings: dict[str, Any]) -> _Begun:
    config = config_of(settings)
    for name in without_effect(config):
        if getattr(arguments, name) is not None:
            say(f"aedesk: --{name.replace('_', '-')} has no effect on this run")
    data = datasets.load(arguments, config.data)
    folder = _folder(arguments)

    def train(controls: Controls) -> Iterator[Event]:
        from aedesk.training.session import run_training

        return run_training(config, data, folder, controls)

    return folder, config, data, train


def _resumed(arguments: argparse.Namespace, settings: dict[str, Any]) -> _Begun:
    if arguments.out is not None or arguments.branch:
        raise AedeskError("--resume goes on in the run's own folder: leave out --out and --branch")
    from aedesk.data import sources
    from aedesk.storage import library

    folder = Run(find(arguments.resume))
    plain = folder.read_config()
    if "data" in settings:
        settings["data"] = sources.in_full(settings["data"])
    if settings.get("teacher"):
        settings["teacher"] = library.in_full(settings["teacher"])
    config = TrainingConfig.from_json(plain | settings)
    # What is said once more is no change, in whatever form.
    before, after = TrainingConfig.from_json(plain).to_json(), config.to_json()
    changes = {name: value for name, value in settings.items() if after.get(name) != before.get(name)}
    if "data" in changes:
        raise AedeskError("A run goes on with its own data; to train on others, start a new run.")
    data = datasets.load(arguments, config.data)

    def train(controls: Controls) -> Iterator[Event]:
        from aedesk.training.session import go_on

        return go_on(folder, data, controls, **changes)

    return folder, config, data, train


def _branched(arguments: argparse.Namespace, settings: dict[str, Any]) -> _Begun:
    parent = Run(find(arguments.branch))
    kept = parent.epochs.kept()
    if not kept:
        raise AedeskError(f"{parent.path}: this run has kept no epochs to branch from")
    epoch = kept[-1] if arguments.at is None else arguments.at
    config = TrainingConfig.from_json(parent.config_at(epoch) | settings)
    data = datasets.load(arguments, config.data)
    folder = _folder(arguments)

    def train(controls: Controls) -> Iterator[Event]:
        from aedesk.training.session import run_branch

        return run_branch(parent, epoch, config, data, folder, controls)

    return folder, config, data, train


def _folder(arguments: argparse.Namespace) -> Run:
    if arguments.out is None:
        raise AedeskError("the following arguments are required: --out; see `aedesk train --help`")
    return Run.create(arguments.out, overwrite=arguments.overwrite)


def _follow(config: TrainingConfig, data: str, events: Iterator[Event]) -> str:
    """Show a run as it goes, and return the reason of its end."""
    from aedesk.cli.training_log import TrainingLog
    from aedesk.training.events import Finished, Started

    reason = ""
    with TrainingLog(config, data) as log:
        for event in events:
            log.show(event)
            if isinstance(event, Started) and event.epoch >= event.epochs:
                say(f"aedesk: this run has had its {event.epochs} epochs; give --epochs for more")
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
