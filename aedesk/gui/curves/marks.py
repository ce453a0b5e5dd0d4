"""Where the words stand that say what was changed in mid-run: above the curves, and never on one another. No Tk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aedesk.gui.curves.losses import Mark

_TOGETHER = 6.0  # px: changes this near are told as one
_APART = 8.0  # px between the words of two


@dataclass(frozen=True)
class Flag:
    """Changes at about one place. x: px. text: empty where there is no room for it; else it begins at `left` px."""

    x: float
    marks: tuple[Mark, ...]
    text: str = ""
    left: float = 0.0
    width: float = 0.0
    row: int = 0

    def is_near(self, x: float, reach: float, *, on_text: bool = False) -> bool:
        """Whether a place in px is on the line, or on the words of the flag."""
        return abs(x - self.x) <= reach or (on_text and self.left <= x <= self.left + self.width)


def arrange(
    marks: Sequence[Mark],
    place: Callable[[float], float],
    width_of: Callable[[str], float],
    left: float,
    right: float,
    rows: int = 2,
) -> list[Flag]:
    """Flags from left to right between two px, their words in `rows` above one another. place: epoch -> px."""
    flags = []
    ends = [left - _APART] * rows
    for group in _groups(sorted(marks, key=lambda mark: mark.epoch), place):
        x = place(group[0].epoch)
        flag = Flag(x, tuple(group))
        for text in _wordings(group):
            width = width_of(text)
            start = x if x + width <= right else max(left, min(x, right) - width)
            row = next((row for row, end in enumerate(ends) if start >= end + _APART), None)
            if row is not None and start + width <= right:
                ends[row] = start + width
                flag = Flag(x, tuple(group), text, start, width, row)
                break
        flags.append(flag)
    return flags


def _groups(marks: Sequence[Mark], place: Callable[[float], float]) -> list[list[Mark]]:
    groups: list[list[Mark]] = []
    for mark in marks:
        if groups and place(mark.epoch) - place(groups[-1][-1].epoch) < _TOGETHER:
            groups[-1].append(mark)
        else:
            groups.append([mark])
    return groups


def _wordings(group: Sequence[Mark]) -> list[str]:
    """What could be said of changes at one place, from much to little."""
    ends: dict[str, tuple[float, float]] = {}
    for mark in group:
        old, _ = ends.get(mark.short_name, (mark.old, mark.new))
        ends[mark.short_name] = (old, mark.new)
    full = ", ".join(f"{name} {old:.4g} \u2192 {new:.4g}" for name, (old, new) in ends.items())
    news = ", ".join(f"{name} {new:.4g}" for name, (_, new) in ends.items())
    return [full, news, ", ".join(ends)]
