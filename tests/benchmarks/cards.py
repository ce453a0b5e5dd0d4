"""Take every figure of the shipped cards anew and say where one differs: `python tests/benchmarks/cards.py [NAME...]`.

About 20 s of a core for a dense model, minutes for one whose convolutions see 60,000 pictures.
"""

from __future__ import annotations

import dataclasses
import sys
from typing import Any

from aedesk.analysis.card import Card, card_of, measure
from aedesk.data.sources import load
from aedesk.latent.atlas import atlas_for
from aedesk.storage.library import load_model, resolve, shipped

CLOSE = 2e-3  # of a figure: other machines round otherwise, and a picture or two change sides
NOT_MEASURED = {"date", "versions", "tuned"}


def differences(kept: Card, found: Card) -> list[str]:
    """The figures that are not the same, in words."""
    pairs = [
        (each.name, getattr(kept, each.name), getattr(found, each.name)) for each in dataclasses.fields(Card)
    ]
    return [
        f"{name}: the card says {before}, measured is {now}"
        for name, before, now in pairs
        if name not in NOT_MEASURED and not _is_close(before, now)
    ]


def _is_close(before: Any, now: Any) -> bool:
    if isinstance(before, float) and isinstance(now, float):
        return abs(before - now) <= CLOSE * max(abs(before), abs(now))
    return bool(before == now)


def main(names: list[str]) -> int:
    data = load("mnist", offline=True)
    differ = False
    for name in names or shipped():
        kept = card_of(resolve(name))
        if kept is None:
            print(f"{name}: no card")
            differ = True
            continue
        found = differences(kept, measure(load_model(name), data, atlas_for(resolve(name))))
        print(f"{name}: {'; '.join(found) or 'as its card says'}", flush=True)
        differ |= bool(found)
    return int(differ)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
