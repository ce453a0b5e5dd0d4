"""The settings of several runs side by side: those that differ, and those that agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aedesk.models.presets import PENALTIES
from aedesk.storage.run_card import RunCard
from aedesk.storage.tensors import one_line

ABSENT = "-"

_NO_SETTINGS = {
    *("code", "device_used", "command", "changes", "branched_from", "status", "reason"),
    "data_sha256",  # nothing that anybody chose
}
_OF_DENOISING = {"noise", "noise_level"}
_LABELS = {
    "preset": "Preset",
    "kind": "Kind",
    "widths": "Widths",
    "filters": "Filters",
    "seed": "Seed",
    "data": "Data",
    "noise_level": "Noise level",
    "beta": "Beta",
    "minutes": "Minutes at most",
    "patience": "Patience in epochs",
    "target": "Target loss",
    "validation_fraction": "Validation share",
    "tied": "Tied weights",
    "keep_mb": "Megabytes for kept epochs",
    "warm_up": "Warm-up in epochs",
    "dropout": "Dropout rate",
}


@dataclass(frozen=True)
class Setting:
    """One setting of several runs, in words for people; `values` in the order of the runs."""

    label: str
    values: tuple[str, ...]

    @property
    def differs(self) -> bool:
        return len(set(self.values)) > 1


def difference(cards: Sequence[RunCard]) -> tuple[list[Setting], list[Setting]]:
    """The settings that differ between runs, then those that agree, each in the order of the form.

    A weight that none of the runs uses, such as beta where none is variational, is left out.
    """
    settings = [
        Setting("Network", tuple(card.network or ABSENT for card in cards)),
        Setting("Code size", tuple(_shown(card.code_size) for card in cards)),
        Setting("Parameters", tuple(_shown(card.parameters) for card in cards)),
    ]
    plain = [_flat(card.config) for card in cards]
    idle = _idle({card.kind for card in cards})
    for name in dict.fromkeys(name for config in plain for name in config):
        if name not in _NO_SETTINGS and name not in idle:
            values = tuple(_shown(config.get(name)) for config in plain)
            settings.append(Setting(_label(name), values))
    settings += [
        Setting("Device used", tuple(card.device_used or ABSENT for card in cards)),
        Setting("Changed on the way", tuple(_changes(card.changes) for card in cards)),
        Setting("Branched from", tuple(_branch(card) for card in cards)),
    ]
    told = [setting for setting in settings if any(value != ABSENT for value in setting.values)]
    return [s for s in told if s.differs], [s for s in told if not s.differs]


def _flat(config: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Settings within a setting, such as those of an own network, by names of their own."""
    flat: dict[str, Any] = {}
    for name, value in config.items():
        if isinstance(value, Mapping) and name not in _NO_SETTINGS:
            flat |= _flat(value, f"{above}{name}.")
        else:
            flat[above + name] = value
    return flat


def _idle(kinds: set[str]) -> set[str]:
    """Numbers that none of these kinds uses."""
    idle = {name for kind, name in PENALTIES.items() if kind not in kinds}
    if "variational" not in kinds:
        idle.add("warm_up")
    return idle | (_OF_DENOISING if "denoising" not in kinds else set())


def _label(name: str) -> str:
    known = _LABELS.get(name)
    if known is None:
        last = one_line(name).rpartition(".")[2].replace("_", " ").strip() or ABSENT
        known = last[:1].upper() + last[1:]
    return known


def _shown(value: object) -> str:
    if value is None or value == "":
        return ABSENT
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) < 10**18 else "very large"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple):
        return one_line(", ".join(_shown(each) for each in value[:40])) or "none"
    return one_line(value) or ABSENT


def _changes(changes: Sequence[Mapping[str, Any]]) -> str:
    """`Learning rate 0.001 to 0.0005 after 3.25 epochs`."""
    told = [
        f"{_label(str(change.get('name', '')))} {_shown(change.get('old'))} to {_shown(change.get('new'))}"
        f" after {_shown(change.get('epoch'))} epochs"
        for change in changes
    ]
    return one_line("; ".join(told)) or ABSENT


def _branch(card: RunCard) -> str:
    if card.branched_from is None:
        return ABSENT
    run, epoch = card.branched_from
    return f"{run}, epoch {epoch:g}"
