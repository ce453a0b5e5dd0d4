"""`aedesk runs export`: something of a run as a file that others open."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aedesk.cli import output
from aedesk.cli.arguments import user_path
from aedesk.cli.progress import Stages
from aedesk.cli.run_names import RUN, find_all
from aedesk.errors import AedeskError

if TYPE_CHECKING:
    from aedesk.analysis.animation import Animation
    from aedesk.storage.runs import Run

_ABOUT = """\
Write one thing of a run to a file whose name says its form: history .csv; log .txt; loss plot .png, .svg or .pdf;
animations .gif, or .mp4 where the ffmpeg program is installed; an epoch .safetensors, a model for every command.
"""
_EXAMPLE = """\
examples:
  aedesk runs export my-run --history --out losses.csv
  aedesk runs export my-run --loss-plot --out losses.svg
  aedesk runs export run-1 run-2 --loss-plot --log-scale --out both.png
  aedesk runs export my-run --map-animation --dark --out map.gif
  aedesk runs export my-run --reconstruction-animation --out digits.mp4
  aedesk runs export my-run --epoch 3 --out third.safetensors
  aedesk runs export my-run --tensorboard logs/my-run
"""
_FEWEST, _MOST = 2, 500  # frames


def add_to(verbs: Any) -> None:
    parser = verbs.add_parser(
        "export", help="something of a run as a file", description=_ABOUT, epilog=_EXAMPLE
    )
    parser.add_argument(
        "names", metavar="RUN", nargs="+", help=f"{RUN}; several for one loss plot of them all"
    )
    kinds = parser.add_mutually_exclusive_group(required=True)
    for kind, words in (
        ("history", "losses and learning rate, a row for each epoch"),
        ("log", "what the training told"),
        ("loss-plot", "the curves of the losses"),
        ("map-animation", "the latent map over the epochs that were kept"),
        ("reconstruction-animation", "ten images, and what each epoch made of them"),
    ):
        kinds.add_argument(f"--{kind}", dest="kind", action="store_const", const=kind, help=words)
    kinds.add_argument(
        "--epoch", type=int, metavar="N", help="the model of a kept epoch; 0 is before training"
    )
    kinds.add_argument(
        "--tensorboard", type=user_path, metavar="DIR", help="event files, and an embedding for its projector"
    )
    parser.add_argument(
        "--out", type=user_path, metavar="PATH", help="the file to write (not with --tensorboard)"
    )
    parser.add_argument(
        "--log-scale", action="store_true", help="of a loss plot: equal ratios, equal distances"
    )
    parser.add_argument("--dark", action="store_true", help="of an animation: on a dark ground")
    parser.add_argument(
        "--frames",
        type=int,
        default=100,
        metavar="N",
        help="of an animation of the map (default: %(default)s)",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from aedesk.storage.runs import Run

    runs = [Run(folder) for folder in find_all(arguments.names)]
    if arguments.kind == "loss-plot":
        print(_loss_plot(runs, arguments))
        return 0
    if len(runs) > 1:
        raise AedeskError("only a --loss-plot takes several runs; name one")
    folder = runs[0]
    if arguments.tensorboard is not None:
        written = _tensorboard(folder, arguments)
    elif arguments.epoch is not None:
        written = _epoch(folder, arguments)
    else:
        written = _WRITERS[arguments.kind](folder, arguments)
    print(written)
    return 0


def _history(run: Run, arguments: argparse.Namespace) -> str:
    from aedesk.storage import copies

    out = _destination(run, arguments, [".csv"])
    table = copies.history(run)
    _write(out, table)
    epochs = max(0, len(table.splitlines()) - 1)
    return f"{epochs:,} {'epoch' if epochs == 1 else 'epochs'} in {out}"


def _log(run: Run, arguments: argparse.Namespace) -> str:
    from aedesk.storage import copies

    out = _destination(run, arguments, [".txt", ".log"])
    _write(out, copies.log(run))
    return f"the log is in {out}"


def _loss_plot(runs: list[Run], arguments: argparse.Namespace) -> str:
    for run in runs:
        out = _destination(run, arguments, list(output.DRAWN))
    histories = [(run.name, run.read_history()) for run in runs]
    for run, (_, history) in zip(runs, histories, strict=True):
        if not history:
            raise AedeskError(
                f"{run.path}: no epoch of this run has been completed, so there is nothing to draw"
            )
    from aedesk.cli import figures

    figures.write_losses(histories, out, log=arguments.log_scale)
    return f"the losses of {' and '.join(name for name, _ in histories)} are in {out}"


def _map_animation(run: Run, arguments: argparse.Namespace) -> str:
    from aedesk.analysis import animation

    if not _FEWEST <= arguments.frames <= _MOST:
        raise AedeskError(f"--frames must be between {_FEWEST} and {_MOST}, not {arguments.frames}")
    out = _film(run, arguments)
    with Stages("frame") as bar:
        film = animation.of_map(run, dark=arguments.dark, frames=arguments.frames, progress=bar)
        return _filmed(out, film)


def _reconstruction_animation(run: Run, arguments: argparse.Namespace) -> str:
    from aedesk.analysis import animation

    out = _film(run, arguments)
    with Stages("frame") as bar:
        return _filmed(out, animation.of_reconstructions(run, dark=arguments.dark, progress=bar))


def _film(run: Run, arguments: argparse.Namespace) -> Path:
    from aedesk.storage import movie

    out = _destination(run, arguments, list(movie.SUFFIXES))
    movie.check(out)
    return out


def _filmed(out: Path, film: Animation) -> str:
    from aedesk.storage import files, movie

    files.make_folder(out.parent)
    movie.write(out, film.frames, film.colours, film.per_second)
    return f"{film.count} frames in {out}"


def _epoch(run: Run, arguments: argparse.Namespace) -> str:
    from aedesk.storage import checkpoint, files

    out = _destination(run, arguments, [".safetensors"])
    model = run.checkpoint(run.epochs.load(arguments.epoch))
    files.make_folder(out.parent)
    checkpoint.save(model, out)
    return f"the model after epoch {arguments.epoch} is in {out}"


def _tensorboard(run: Run, arguments: argparse.Namespace) -> str:
    from aedesk.storage import copies
    from aedesk.training import tensorboard

    if arguments.out is not None:
        raise AedeskError("--tensorboard names a folder of its own; leave out --out")
    folder = output.destination(arguments.tensorboard, [], or_folder=True)
    copies.check_outside(run, folder)
    tensorboard.check()
    with Stages("epoch") as bar:
        tensorboard.export(run, folder, progress=bar)
    return f"{run.name} is in {folder}; look at it by: tensorboard --logdir {folder}"


def _destination(run: Run, arguments: argparse.Namespace, suffixes: list[str]) -> Path:
    from aedesk.storage import copies

    if arguments.out is None:
        raise AedeskError(f"name the file to write: --out NAME{suffixes[0]}")
    out = output.destination(arguments.out, suffixes)
    copies.check_outside(run, out)
    return out


def _write(out: Path, content: bytes) -> None:
    from aedesk.storage import files

    files.make_folder(out.parent)
    files.write_whole(out, content)


_WRITERS = {
    "history": _history,
    "log": _log,
    "map-animation": _map_animation,
    "reconstruction-animation": _reconstruction_animation,
}
