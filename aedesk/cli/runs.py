"""`aedesk runs`: the runs on this machine, listed, compared, exported, renamed, deleted and had back."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aedesk.cli import run_export
from aedesk.cli.run_names import RUN, deleted_runs, find, find_all
from aedesk.cli.run_tables import (
    COLUMNS,
    WORDS,
    as_json,
    comparison,
    comparison_json,
    description,
    in_columns,
    row_of,
)
from aedesk.errors import AedeskError

if TYPE_CHECKING:
    from aedesk.storage.run_card import RunCard

_ABOUT = """\
What has been trained: runs are folders, each with its settings, its history, its best model and the epochs that
were kept of it. RUN is the name of one in your runs folder (`aedesk runs path`), or the path of any other.
"""
_EXAMPLE = """\
examples:
  aedesk runs list --sort validation                       the best one first
  aedesk runs list --filter "dense digits" --json
  aedesk runs compare 2026-11-20-dense-2d-1 2026-11-20-dense-2d-2
  aedesk runs export my-run --map-animation --out map.gif  how the latent map came to be
  aedesk runs export my-run --tensorboard logs/my-run      then: tensorboard --logdir logs
  aedesk runs export my-run --epoch 3 --out third.safetensors
  aedesk runs delete my-run                                `aedesk runs undelete` brings it back
"""
_LIST = """\
List your runs, the one that changed last first. Losses are per pixel, as each run's own loss measures them, and so
compare among runs of one loss; test MSE, the squared error on test images, compares among all of one data set.
"""
_SORTS = (
    "name, status, preset, kind, data, code, parameters, epochs, training, validation, test, seconds, size, or"
    " modified (the default)"
)


def add_to(commands: Any) -> None:
    parser = commands.add_parser(
        "runs", help="list, compare, export and tidy your runs", description=_ABOUT, epilog=_EXAMPLE
    )
    verbs = parser.add_subparsers(title="what to do", metavar="VERB", required=True)
    verb = _verb(verbs, "list", "a table of all runs", list_runs, _LIST)
    verb.add_argument("--json", action="store_true", help="one JSON document instead of a table")
    verb.add_argument("--sort", metavar="METRIC", default="modified", help=_SORTS)
    verb.add_argument("--reverse", action="store_true", help="the other way round")
    verb.add_argument(
        "--filter",
        metavar="TEXT",
        default="",
        help="only runs with all these words in name, network, kind, data, status",
    )
    verb = _verb(verbs, "show", "all about one run", show)
    verb.add_argument("name", metavar="RUN", help=RUN)
    verb.add_argument("--json", action="store_true", help="one JSON document, with settings and history")
    verb = _verb(verbs, "compare", "what runs differ in, and how they did", compare)
    verb.add_argument("names", metavar="RUN", nargs="+", help=f"two or more; {RUN}")
    verb.add_argument("--json", action="store_true", help="one JSON document instead of a table")
    run_export.add_to(verbs)
    verb = _verb(verbs, "delete", "move runs to the trash, for a day", delete)
    verb.add_argument("names", metavar="RUN", nargs="+", help=RUN)
    verb = _verb(verbs, "undelete", "bring deleted runs back", undelete)
    verb.add_argument(
        "names", metavar="RUN", nargs="*", help="what it was called (default: the one deleted last)"
    )
    verb = _verb(verbs, "rename", "give a run another name", rename)
    verb.add_argument("name", metavar="RUN", help=RUN)
    verb.add_argument("new_name", metavar="NAME", help="its new name")
    verb = _verb(verbs, "path", "where a run is, or all of them", path)
    verb.add_argument("name", metavar="RUN", nargs="?", help=f"{RUN} (default: the runs folder itself)")


def _verb(
    verbs: Any, name: str, purpose: str, run: Callable[[argparse.Namespace], int], about: str = ""
) -> argparse.ArgumentParser:
    description = about or f"{purpose[0].upper()}{purpose[1:]}."
    parser: argparse.ArgumentParser = verbs.add_parser(name, help=purpose, description=description)
    parser.set_defaults(run=run)
    return parser


def list_runs(arguments: argparse.Namespace) -> int:
    from aedesk import paths
    from aedesk.storage.run_cards import list_cards

    every = list_cards()
    cards = _sorted(_matching(every, arguments.filter), arguments.sort, arguments.reverse)
    if arguments.json:
        print(json.dumps([as_json(card) for card in cards], indent=2))
    elif cards:
        print("\n".join(in_columns([COLUMNS, *map(row_of, cards)], WORDS)))
    elif every:
        print(f"None of {len(every)} runs has all of these words: {arguments.filter}")
    else:
        print(f"There are no runs in {paths.runs()} yet; `aedesk train` makes one.")
    return 0


def _matching(cards: list[RunCard], text: str) -> list[RunCard]:
    words = text.casefold().split()
    told = [" ".join((c.name, c.preset, c.kind, c.data, c.status)).casefold() for c in cards]
    return [card for card, line in zip(cards, told, strict=True) if all(word in line for word in words)]


def _sorted(cards: list[RunCard], metric: str, reverse: bool) -> list[RunCard]:
    """By a metric, the best or the newest first; those of which it is not known come last either way."""
    from aedesk.app.run_list import COLUMNS as METRICS

    if metric not in METRICS:
        raise AedeskError(f"There is no metric {metric!r} to sort by; choose one of: {', '.join(METRICS)}.")
    column = METRICS[metric]
    known = [(value, card) for card in cards if (value := column.value(card)) not in {None, ""}]
    known.sort(key=lambda pair: pair[0], reverse=column.largest_first != reverse)
    return [card for _, card in known] + [card for card in cards if column.value(card) in {None, ""}]


def show(arguments: argparse.Namespace) -> int:
    from aedesk.storage.run_card import as_of_now, read_card

    card = as_of_now(read_card(find(arguments.name)))
    if arguments.json:
        print(json.dumps(as_json(card, whole=True), indent=2))
    else:
        print("\n".join(description(card)))
    return 0


def compare(arguments: argparse.Namespace) -> int:
    from aedesk.storage.run_card import as_of_now, read_card

    folders = find_all(arguments.names)
    if len(folders) < 2:
        raise AedeskError("name two different runs or more to compare")
    cards = [as_of_now(read_card(folder)) for folder in folders]
    if arguments.json:
        print(json.dumps(comparison_json(cards), indent=2))
    else:
        print("\n".join(comparison(cards)))
    return 0


def delete(arguments: argparse.Namespace) -> int:
    from aedesk import paths
    from aedesk.storage import trash

    folders = find_all(arguments.names)
    for folder in folders:
        trash.put(folder)
        trash.empty(folder.parent)
        name = folder.name if folder.parent == paths.runs() else str(folder)
        print(f"{folder.name} is in the trash for a day; `aedesk runs undelete {name}` brings it back")
    return 0


def undelete(arguments: argparse.Namespace) -> int:
    from aedesk.storage import trash

    tokens = [deleted_runs(name)[-1] for name in dict.fromkeys(arguments.names or [""])]
    for token in tokens:
        print(f"{token.original.name} is back in {trash.restore(token)}")
    return 0


def rename(arguments: argparse.Namespace) -> int:
    from aedesk.storage import trash

    print(f"now in {trash.rename(find(arguments.name), arguments.new_name)}")
    return 0


def path(arguments: argparse.Namespace) -> int:
    from aedesk import paths

    print(paths.runs() if arguments.name is None else find(arguments.name))
    return 0
