"""Figures as files: the kinds there are, and the colours of paper. No Tk in here."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ENDINGS = (".png", ".svg", ".pdf")

_DPI = 200  # of the file; our charts are laid out for 96
_MARGIN = 0.08  # inches


class Colours(Protocol):
    """What a figure needs of a palette."""

    @property
    def name(self) -> str: ...
    @property
    def background(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def muted(self) -> str: ...
    @property
    def faint(self) -> str: ...
    @property
    def accent(self) -> str: ...


@dataclass(frozen=True)
class _Paper:
    name: str = "light"
    background: str = "#ffffff"
    text: str = "#1b2130"
    muted: str = "#5c667a"
    faint: str = "#d9dde6"
    accent: str = "#3f51d9"


PAPER = _Paper()
"""The colours of a file: those of the light theme, on white."""


def figure_bytes(figure: Figure, ending: str, *, dpi: int = _DPI, tight: bool = True) -> bytes:
    """The file of a figure; ending: of `ENDINGS`. The same figure gives the same file.

    tight: without what is empty around it.
    """
    from matplotlib import rc_context

    content = io.BytesIO()
    ending = ending.lower()
    # A date in the file, or names drawn at random, would make the same figure two different files.
    date = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(ending)
    box: dict[str, Any] = {"bbox_inches": "tight", "pad_inches": _MARGIN} if tight else {}
    with rc_context({"svg.hashsalt": "aedesk"}):
        figure.savefig(content, format=ending[1:], dpi=dpi, metadata=date, **box)
    return content.getvalue()
