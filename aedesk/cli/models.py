"""`aedesk models`: what is shipped, and how good it is."""

from __future__ import annotations

import argparse
import json
import math
from typing import Any

from aedesk.cli.run_tables import in_columns
from aedesk.models.checkpoint import Checkpoint

_ABOUT = """\
List the shipped models: the network, how many numbers a code has, how many the network has, the loss it was
trained with, and how good it is on test images that it has never seen: the mean squared error of a pixel between 0
and 1, how often the 5 nearest codes of training images tell the right class, and the trustworthiness of codes.

With MODEL its quality card is shown, every figure in words, beside those of PCA and what others have published.
"""
_EXAMPLE = """\
examples:
  aedesk models
  aedesk models --json > models.json
  aedesk models dense-32
"""


def add_to(commands: Any) -> None:
    parser = commands.add_parser(
        "models",
        help="list the shipped models, or show the quality card of one",
        description=_ABOUT,
        epilog=_EXAMPLE,
    )
    parser.add_argument(
        "model",
        metavar="MODEL",
        nargs="?",
        help="a shipped name, a run folder or a .safetensors file (default: a list of what is shipped)",
    )
    parser.add_argument("--json", action="store_true", help="one JSON document instead of a table")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    if arguments.model is not None:
        return _show(arguments.model, arguments.json)
    from aedesk.storage import library

    rows = [_row(name) for name in library.shipped()]
    if arguments.json:
        print(json.dumps(rows, indent=2))
    elif rows:
        _print_table(rows)
    else:
        print("No models are shipped with this aedesk; `aedesk train` makes one.")
    return 0


def _show(name: str, as_json: bool) -> int:
    """One model's card. Raises AedeskError where it has none."""
    from aedesk.analysis.card import card_of
    from aedesk.analysis.published import published_for
    from aedesk.analysis.quality import caveat
    from aedesk.cli.card_table import print_card
    from aedesk.errors import AedeskError
    from aedesk.storage.checkpoint import read_card
    from aedesk.storage.library import resolve

    path = resolve(name)
    card, architecture = card_of(path), read_card(path).architecture
    if card is None:
        raise AedeskError(f"{name} has not been measured yet; `aedesk evaluate {name} --save` makes its card")
    if as_json:
        published = [vars(each) for each in published_for(architecture, card.data)]
        document = card.to_json() | {"caveat": caveat(card.code_size), "published": published}
        print(json.dumps(document, indent=2))
    else:
        print_card(card, architecture)
    return 0


def _row(name: str) -> dict[str, Any]:
    from aedesk.analysis.card import card_of
    from aedesk.analysis.quality import caveat
    from aedesk.models.presets import PRESETS
    from aedesk.storage.checkpoint import read_card
    from aedesk.storage.library import resolve

    path = resolve(name)
    model: Checkpoint = read_card(path)
    preset, card = PRESETS.get(name), card_of(path)
    size = model.architecture.code_size
    return {
        "name": name,
        "architecture": model.architecture.summary(),
        "code_size": size,
        "parameters": model.architecture.parameters,
        "loss": model.config.get("loss"),
        "data": model.config.get("data"),
        "epochs": len(model.history),
        **{metric: value if math.isfinite(value) else None for metric, value in model.metrics.items()},
        "knn_accuracy": None if card is None else card.knn_accuracy,
        "trustworthiness": None if card is None else card.trustworthiness,
        "about": preset.about if preset else None,
        "caveat": caveat(size),
        "command": model.config.get("command"),
    }


def _print_table(rows: list[dict[str, Any]]) -> None:
    heads = ("name", "code", "parameters", "loss", "test MSE", "5-NN", "trust", "network")
    cells = [
        (
            row["name"],
            f"{row['code_size']:,}",
            f"{row['parameters']:,}",
            str(row["loss"] or "-"),
            "-" if row.get("test_mse") is None else f"{row['test_mse']:.4f}",
            "-" if row["knn_accuracy"] is None else f"{row['knn_accuracy']:.1%}",
            "-" if row["trustworthiness"] is None else f"{row['trustworthiness']:.3f}",
            row["architecture"],
        )
        for row in rows
    ]
    for line in in_columns([heads, *cells], {0, 3, 7}):
        print(line)
    for row in rows:
        if row["caveat"]:
            print(f"\n{row['name']}: {row['caveat']}.")
