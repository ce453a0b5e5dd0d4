"""Runs as lines of text and as JSON."""

from __future__ import annotations

import datetime
import math
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aedesk.storage.run_card import RunCard

COLUMNS = (
    "name",
    "status",
    "network",
    "data",
    "code",
    "epochs",
    "validation",
    "test MSE",
    "time",
    "size",
    "changed",
)
WORDS = (0, 1, 2, 3)
"""Which columns are words and begin at the left; the others are numbers and end at the right."""

_NONE = "-"
_RESULTS = ("best validation", "in epoch", "last training", "test MSE", "epochs", "time")


def in_columns(rows: Sequence[Sequence[str]], words: Collection[int]) -> list[str]:
    """Lines in which columns are as wide as their widest cell; those of `words` begin at the left."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if place in words else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def row_of(card: RunCard) -> tuple[str, ...]:
    """The cells of a run under `COLUMNS`."""
    return (
        card.name,
        card.status,
        card.preset or _NONE,
        card.data or _NONE,
        _whole(card.code_size),
        _epochs(card),
        _loss(card.best_validation),
        _loss(card.test_mse),
        _duration(card.seconds),
        _size(card.size),
        _date(card.modified),
    )


def description(card: RunCard) -> list[str]:
    """All about a run: what became of it, then its settings."""
    from aedesk.storage.epochs import in_words
    from aedesk.storage.run_difference import difference
    from aedesk.storage.runs import Run

    kept = Run(card.path).epochs.kept()
    told = [
        ("name", card.name),
        ("folder", str(card.path)),
        (
            "status",
            f"{card.status}: {card.reason}" if card.reason and card.reason != card.status else card.status,
        ),
        ("epochs", _epochs(card)),
        ("epochs kept", in_words(kept) or "none"),
        ("best validation", _best(card)),
        ("last training", _loss(card.last_training)),
        ("test MSE", _loss(card.test_mse)),
        ("time", _duration(card.seconds)),
        ("size", _size(card.size)),
        ("changed", _date(card.modified)),
    ]
    _, settings = difference([card])
    lines = [(label, text) for label, text in told if text != _NONE]
    below = [(setting.label, setting.values[0]) for setting in settings]
    return (
        [*in_columns(lines, (0, 1)), "", *in_columns(below, (0, 1))] if below else in_columns(lines, (0, 1))
    )


def comparison(cards: Sequence[RunCard]) -> list[str]:
    """The settings in which runs differ, a column for each run, then what became of them."""
    from aedesk.storage.run_difference import difference

    differing, agreeing = difference(cards)
    heads = ("", *(card.name for card in cards))
    every = range(len(heads))
    results = [(label, *cells) for label, *cells in zip(_RESULTS, *map(_results, cards), strict=True)]
    settings = [(setting.label, *setting.values) for setting in differing]
    rows = in_columns([heads, *settings, *results], every)
    lines = [*rows[: 1 + len(settings)], "", *rows[1 + len(settings) :]]
    same = f"{len(agreeing)} other settings are the same" if differing else "All settings are the same"
    return [*lines, "", f"{same}; `aedesk runs show RUN` tells them."]


def comparison_json(cards: Sequence[RunCard]) -> dict[str, Any]:
    """What `comparison` tells, and the settings that agree, as one JSON-safe document."""
    from aedesk.storage.run_difference import difference

    differing, agreeing = difference(cards)
    return {
        "differing": {setting.label: list(setting.values) for setting in differing},
        "same": {setting.label: setting.values[0] for setting in agreeing},
        "runs": [as_json(card) for card in cards],
    }


def as_json(card: RunCard, *, whole: bool = False) -> dict[str, Any]:
    """A run as JSON-safe values, where what is not known is null. whole: with settings, history and kept epochs."""
    from aedesk.storage.runs import Run

    branch = card.branched_from
    plain: dict[str, Any] = {
        "name": card.name,
        "path": str(card.path),
        "status": card.status,
        "reason": card.reason or None,
        "preset": card.preset or None,
        "kind": card.kind or None,
        "network": card.network or None,
        "data": card.data or None,
        "loss": card.loss or None,
        "engine": card.engine or None,
        "device": card.device_used or None,
        "code_size": card.code_size,
        "parameters": card.parameters,
        "epochs": card.epochs_done,
        "epochs_planned": card.epochs_planned,
        "validation_loss": card.best_validation,
        "best_epoch": card.best_epoch,
        "train_loss": card.last_training,
        "test_mse": card.test_mse,
        "seconds": card.seconds,
        "bytes": card.size,
        "changed": _date(card.modified, "T") if card.modified else None,
        "branched_from": None if branch is None else {"run": branch[0], "epoch": branch[1]},
    }
    if whole:
        plain |= {"kept": Run(card.path).epochs.kept(), "config": card.config, "history": card.history}
    safe: dict[str, Any] = _safe(plain)
    return safe


def _safe(value: Any) -> Any:
    """JSON knows no NaN and no infinity: both become null."""
    if isinstance(value, dict):
        return {name: _safe(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_safe(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _results(card: RunCard) -> tuple[str, ...]:
    return (
        _loss(card.best_validation),
        _whole(card.best_epoch),
        _loss(card.last_training),
        _loss(card.test_mse),
        _epochs(card),
        _duration(card.seconds),
    )


def _best(card: RunCard) -> str:
    return (
        _NONE if card.best_validation is None else f"{_loss(card.best_validation)} in epoch {card.best_epoch}"
    )


def _epochs(card: RunCard) -> str:
    planned = card.epochs_planned
    return (
        f"{card.epochs_done}" if planned in {None, card.epochs_done} else f"{card.epochs_done} of {planned}"
    )


def _loss(loss: float | None) -> str:
    if loss is None:
        return _NONE
    return f"{loss:.4f}" if 0.001 <= abs(loss) < 1000 or loss == 0 else f"{loss:.3g}"


def _whole(number: int | None) -> str:
    return _NONE if number is None else f"{number:,}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _size(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"


def _date(moment: float, between: str = " ") -> str:
    if not moment:
        return _NONE
    return datetime.datetime.fromtimestamp(moment).isoformat(between, "minutes")
