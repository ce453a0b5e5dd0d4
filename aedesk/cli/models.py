"""`aedesk models`: what is shipped, and how good it is."""

from __future__ import annotations

import argparse
import json
import math
from typing import Any

from aedesk.models.checkpoint import Checkpoint

_ABOUT = """\
List the shipped models: the network, how many numbers a code has, how many the network has, the loss it was
trained with, and its error on test images it has never seen (mean squared error of a pixel between 0 and 1).
"""
_EXAMPLE = """\
examples:
  aedesk models
  aedesk models --json > models.json
"""


def add_to(commands: Any) -> None:
    parser = commands.add_parser(
        "models", help="list the shipped models", description=_ABOUT, epilog=_EXAMPLE
    )
    parser.add_argument("--json", action="store_true", help="one JSON document instead of a table")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from aedesk.storage import library
    from aedesk.storage.checkpoint import read_card

    rows = [_row(name, read_card(library.resolve(name))) for name in library.shipped()]
    if arguments.json:
        print(json.dumps(rows, indent=2))
    elif rows:
        _print_table(rows)
    else:
        print("No models are shipped with this aedesk; `aedesk train` makes one.")
    return 0


def _row(name: str, card: Checkpoint) -> dict[str, Any]:
    from aedesk.analysis.quality import caveat
    from aedesk.models.presets import PRESETS

    preset = PRESETS.get(name)
    size = card.architecture.code_size
    return {
        "name": name,
        "architecture": card.architecture.summary(),
        "code_size": size,
        "parameters": card.architecture.parameters,
        "loss": card.config.get("loss"),
        "data": card.config.get("data"),
        "epochs": len(card.history),
        **{metric: value if math.isfinite(value) else None for metric, value in card.metrics.items()},
        "about": preset.about if preset else None,
        "caveat": caveat(size),
        "command": card.config.get("command"),
    }


def _print_table(rows: list[dict[str, Any]]) -> None:
    heads = ("name", "code", "parameters", "loss", "test MSE", "network")
    cells = [
        (
            row["name"],
            f"{row['code_size']:,}",
            f"{row['parameters']:,}",
            str(row["loss"] or "-"),
            "-" if row.get("test_mse") is None else f"{row['test_mse']:.4f}",
            row["architecture"],
        )
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    for line in (heads, *cells):
        name, *numbers, network = (
            text.ljust(width) if place in (0, 3, 5) else text.rjust(width)
            for place, (text, width) in enumerate(zip(line, widths, strict=True))
        )
        print("  ".join([name, *numbers, network]).rstrip())
    for row in rows:
        if row["caveat"]:
            print(f"\n{row['name']}: {row['caveat']}.")
