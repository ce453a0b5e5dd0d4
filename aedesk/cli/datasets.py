"""`aedesk fetch`, and the data set that other commands work on."""

from __future__ import annotations

import argparse
from typing import Any

from aedesk.cli.arguments import user_path
from aedesk.cli.progress import Stages, say
from aedesk.data.imageset import DataSet
from aedesk.models.checkpoint import Checkpoint

_FETCH = """\
Fetch a data set, checked against its known hash; files that are there and sound stay as they are.
The data sets: {names}.
"""
_FETCH_EXAMPLE = """\
example:
  aedesk fetch mnist --data-dir ~/data
"""


def add_to(commands: Any) -> None:
    from aedesk.data import sources

    names = [name for name in sources.NAMES if name != "digits"]
    parser = commands.add_parser(
        "fetch",
        help="fetch a data set from the internet",
        description=_FETCH.format(names=", ".join(names)),
        epilog=_FETCH_EXAMPLE,
    )
    parser.add_argument("dataset", metavar="DATASET", help="its name")
    _add_data_dir(parser)
    parser.set_defaults(run=run_fetch)


def add_data(parser: argparse.ArgumentParser, default: str | None, otherwise: str = "") -> None:
    """The options that `load` reads. otherwise: what stands in for a default that only the model knows."""
    parser.add_argument(
        "--data",
        metavar="DATA",
        default=default,
        help="a data set's name, or your own: an IDX images file, an .npz file, or a folder of pictures in"
        f" class folders (default: {default or otherwise})",
    )
    _add_data_dir(parser)
    parser.add_argument("--offline", action="store_true", help="never fetch a data set that is not here")


def of(arguments: argparse.Namespace, checkpoint: Checkpoint) -> str:
    """The data set to use with a model, by name or path: the one asked for, else what it was trained on."""
    return arguments.data or str(checkpoint.config.get("data") or "mnist")


def load(arguments: argparse.Namespace, name: str) -> DataSet:
    """The data set, fetched first if it is not here and may be, which is said."""
    from aedesk import paths
    from aedesk.data import sources

    absent = name in sources.NAMES and not sources.is_present(name, arguments.data_dir)
    if absent and not arguments.offline:
        say(f"{name} is not in {paths.data(arguments.data_dir)} yet: fetching it (--offline forbids that)")
    with Stages("B", lines=True) as bar:
        return sources.load(name, data_dir=arguments.data_dir, offline=arguments.offline, progress=bar)


def run_fetch(arguments: argparse.Namespace) -> int:
    from aedesk.data import fetch

    with Stages("B", lines=True) as bar:
        folder = fetch.fetch(arguments.dataset, arguments.data_dir, progress=bar)
    print(f"{arguments.dataset} is complete in {folder}")
    return 0


def _add_data_dir(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data-dir",
        type=user_path,
        metavar="DIR",
        help="where data sets are, in torchvision's layout (default: AEDESK_DATA_DIR, or your data folder)",
    )
