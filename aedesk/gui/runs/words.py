"""What the list of runs says of each of them, in words and figures. No Tk in here."""

from __future__ import annotations

import time
from pathlib import Path

from aedesk.app.run_list import MOST_COLOURS
from aedesk.gui.train.figures import NOTHING, duration_text, loss_text
from aedesk.storage.run_card import RunCard

_STATUS = {
    "running": "training",
    "completed": "completed",
    "stopped": "stopped",
    "interrupted": "interrupted",
    "damaged": "damaged",
}


def cells(card: RunCard) -> dict[str, str]:
    """The name of a column -> what it shows of this run."""
    planned = "" if card.epochs_planned is None else f" / {card.epochs_planned:,}"
    return {
        "name": card.name,
        "status": _STATUS[card.status],
        "preset": card.preset or NOTHING,
        "kind": card.kind or NOTHING,
        "data": card.data or NOTHING,
        "code": NOTHING if card.code_size is None else f"{card.code_size:,}",
        "parameters": NOTHING if card.parameters is None else f"{card.parameters:,}",
        "epochs": f"{card.epochs_done:,}{planned}",
        "training": _loss(card.last_training),
        "validation": _loss(card.best_validation),
        "test": _loss(card.test_mse),
        "seconds": duration_text(card.seconds) if card.seconds else NOTHING,
        "size": size_text(card.size),
        "modified": _moment(card.modified),
    }


def size_text(size: int) -> str:
    """`900 kB`, `12.3 MB`."""
    if size < 1e6:
        return f"{size / 1e3:,.0f} kB"
    return f"{size / 1e6:,.1f} MB" if size < 1e9 else f"{size / 1e9:,.1f} GB"


def about(cards: list[RunCard]) -> str:
    """A sentence about the runs that are selected."""
    if not cards:
        return "Select a run to see its curves and settings; Ctrl or Shift adds others to compare it with."
    if len(cards) > 1:
        losses = sorted({card.loss for card in cards if card.loss})
        if len(losses) > 1:
            return f"{len(cards)} runs. Their losses are not the same measure ({', '.join(losses)}): compare shapes."
        told = f"{len(cards)} runs, {size_text(sum(card.size for card in cards))} on the disk"
        return told if len(cards) <= MOST_COLOURS else f"{told}; the curves of the first {MOST_COLOURS}"
    return _about_one(cards[0])


def _about_one(card: RunCard) -> str:
    if card.status == "damaged":
        return f"Damaged: {card.reason}"
    told = [card.network, card.device_used]
    if card.best_epoch is not None:
        told.append(f"best after epoch {card.best_epoch:,}")
    if card.branched_from is not None:
        told.append(f"branched from {card.branched_from[0]} at epoch {card.branched_from[1]:g}")
    if card.status == "running":
        told.append("being trained now")
    elif card.status == "interrupted":
        told.append("it was cut off in the middle: Continue takes it up again")
    return "; ".join(part for part in told if part)


def deleted(names: list[str]) -> str:
    """What was deleted, for the bar that offers to undo it."""
    return f"Deleted {names[0]}." if len(names) == 1 else f"Deleted {len(names)} runs."


def count(shown: int, everything: int) -> str:
    """How many runs there are, and how many of them match."""
    if shown == everything:
        return "1 run" if everything == 1 else f"{everything:,} runs"
    return f"{shown:,} of {everything:,} runs"


def place(folder: Path) -> str:
    """Where the runs are."""
    return f"They are kept in {folder}"


def _loss(loss: float | None) -> str:
    return NOTHING if loss is None else loss_text(loss)


def _moment(seconds: float) -> str:
    """`today 14:30`, `11-21 14:30`, `2025-11-21`: what is not said is as now."""
    if not seconds:
        return NOTHING
    then, now = time.localtime(seconds), time.localtime()
    if then[:3] == now[:3]:
        return time.strftime("today %H:%M", then)
    return time.strftime("%m-%d %H:%M" if then.tm_year == now.tm_year else "%Y-%m-%d", then)
