"""A picture of a network, as a textbook would draw it: narrowing to the code, and widening again."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass
from tkinter.font import Font, nametofont
from typing import Any

import ttkbootstrap as ttk
from PIL import ImageTk

from aedesk.gui.fields import explain
from aedesk.gui.network.columns import CODE, Column, caption, columns, totals
from aedesk.gui.network.drawing import BRACKET, draw, lay_out
from aedesk.gui.theme import Look
from aedesk.models.architecture import Architecture

_HEIGHT = 180  # px that it asks for
_LEAST = 40  # px: below it, nothing can be drawn
_LEAST_BLOCKS = 56  # px: below it, words make way
_MOST_BLOCKS = 200  # px
_LEAST_PITCH, _MOST_PITCH = 30, 190  # px from one column to the next
_AIR = 10  # px between the texts of two columns
_SIZES = 3  # of letters


@dataclass(frozen=True)
class _Detail:
    """How much is written: `smaller` by so many points; figures in short; parameters; words."""

    smaller: int = 0
    short: bool = False
    parameters: bool = True
    words: bool = True


_DETAILS = (
    _Detail(),
    _Detail(1),
    _Detail(1, short=True),
    _Detail(2, short=True),
    _Detail(2, short=True, words=False),
    _Detail(2, short=True, words=False, parameters=False),
)


@dataclass(frozen=True)
class _Text:
    """What is written about one column: over it, and in lines below it, of which the first `strong` are the shape."""

    over: str
    below: tuple[str, ...]
    strong: int


@dataclass(frozen=True)
class _Page:
    """The picture from top to bottom, px: blocks from `top`, `tall` high, with `over` for figures above them.

    lines: of words below the blocks. has_parts: there is room to name the encoder and the decoder. brackets: px that
    those over tied pairs are high.
    """

    top: int
    tall: int
    over: int
    lines: int
    has_parts: bool
    brackets: float


class _Pen:
    """A font that remembers how wide its words are: asking Tk takes a while."""

    def __init__(self, font: Font) -> None:
        self.font = font
        self.line: int = font.metrics("linespace")
        self._widths: dict[str, int] = {}

    def measure(self, words: str) -> int:
        if words not in self._widths:
            self._widths[words] = self.font.measure(words)
        return self._widths[words]


class NetworkPicture(tk.Canvas):
    """Shows one architecture at whatever size it is given; `caption` says the same in words."""

    def __init__(self, master: tk.Misc, look: Look) -> None:
        height = ttk.scale_size(master, _HEIGHT)
        super().__init__(master, highlightthickness=0, borderwidth=0, width=1, height=height)
        self._look = look
        self._architecture: Architecture | None = None
        self._columns: list[Column] = []
        self._photo: ImageTk.PhotoImage | None = None
        self._pending: str | None = None
        self._scale = ttk.scale_size(self, 100) / 100
        base = nametofont("TkDefaultFont", root=self).actual()
        sizes = [max(6, int(base["size"]) - 1 - smaller) for smaller in range(_SIZES)]
        self._pens = [_Pen(Font(self, family=base["family"], size=size)) for size in sizes]
        self.caption = ""
        self._tip = explain(self, "")
        disconnect = look.changed.connect(lambda _: self._soon())
        for event in ("<Configure>", "<Map>"):  # drawn while hidden, it would be drawn for no size
            self.bind(event, lambda _: self._soon(), add="+")
        self.bind("<Destroy>", lambda _: self._on_destroy(disconnect), add="+")
        self.configure(background=look.palette.background)

    def show(self, architecture: Architecture | None) -> None:
        """Draw this network; None leaves the paper blank."""
        if architecture == self._architecture:
            return
        self._architecture = architecture
        self._columns = [] if architecture is None else columns(architecture)
        self.caption = "" if architecture is None else caption(architecture)
        self._tip.configure(text=self.caption)
        self._soon()

    def _soon(self) -> None:
        if self._pending is None:
            self._pending = self.after_idle(self._redraw)

    def _on_destroy(self, disconnect: Callable[[], None]) -> None:
        disconnect()
        if self._pending is not None:
            self.after_cancel(self._pending)

    def _redraw(self) -> None:
        self._pending = None
        palette = self._look.palette
        self.configure(background=palette.background)
        self.delete("all")
        width, height = self.winfo_width(), self.winfo_height()
        if self._architecture is None or min(width, height) < _LEAST:
            return
        detail, texts = self._choose(width)
        pen = self._pens[detail.smaller]
        needs = [self._need(text, pen) for text in texts]
        page = self._divide(height, pen, texts, detail)
        centres = _centres(needs, width, _MOST_PITCH * self._scale)
        blocks = lay_out(self._columns, centres, page.top, page.tall, self._scale)
        sheet = draw(
            self._columns, blocks, palette, (width, page.top + page.tall + 2), page.over, self._scale
        )
        self._photo = ImageTk.PhotoImage(sheet)
        self.create_image(0, 0, anchor="nw", image=self._photo)
        for column, text, centre in zip(self._columns, texts, centres, strict=True):
            self._write(column, text, centre, pen, page)
        if page.has_parts:
            self._write_parts(centres, page)
        if page.brackets:
            beside = (blocks[-2].front[2] + blocks[-1].front[0]) / 2 + 6
            y = page.top - page.over - page.brackets
            self._put(beside, y, "w", "tied weights", self._pens[-1], palette.accent)
        self._drop_overlaps()
        self._write_totals(width, height)

    def _choose(self, width: int) -> tuple[_Detail, list[_Text]]:
        """As much detail as fits; at worst, texts that overlap are dropped later."""
        for detail in _DETAILS:
            texts = [_text(column, detail) for column in self._columns]
            if sum(self._need(text, self._pens[detail.smaller]) for text in texts) <= width:
                break
        return detail, texts

    def _need(self, text: _Text, pen: _Pen) -> float:
        """px that a column takes, its share of air included."""
        widest = max(pen.measure(words) for words in (text.over, *text.below))
        least: float = _LEAST_PITCH * self._scale
        return max(widest + _AIR, least)

    def _divide(self, height: int, pen: _Pen, texts: list[_Text], detail: _Detail) -> _Page:
        """Share the height out between brackets, figures, blocks and words."""
        pairs = sum(column.tied_to is not None for column in self._columns)
        brackets = self._scale * BRACKET * pairs
        above = round(brackets + 6 * self._scale) if pairs else 0
        over = pen.line + 4 if detail.parameters else 4
        room = height - self._pens[0].line - 10 - above - over
        lines = max(len(text.below) for text in texts)
        for_words = int((room - _LEAST_BLOCKS * self._scale) // pen.line)
        lines = max(max(text.strong for text in texts), min(lines, for_words))
        tall = max(16, min(room - lines * pen.line, round(_MOST_BLOCKS * self._scale)))
        spare = max(0, room - lines * pen.line - tall)
        top = above + over + spare // 2
        has_parts = not pairs and spare // 2 > pen.line + 4
        return _Page(top, tall, over, lines, has_parts, brackets)

    def _write(self, column: Column, text: _Text, centre: float, pen: _Pen, page: _Page) -> None:
        palette = self._look.palette
        colour = palette.accent if column.role in {"code", "moments"} else palette.text
        bottom = page.top + page.tall + 5
        self._put(centre, page.top - 4, "s", text.over, pen, palette.muted)
        for place, words in enumerate(text.below[: page.lines]):
            is_strong = place < text.strong or words == CODE
            ink = colour if is_strong else palette.muted
            self._put(centre, bottom + place * pen.line, "n", words, pen, ink)

    def _put(self, x: float, y: float, anchor: Any, words: str, pen: _Pen, ink: str) -> None:
        if words:
            self.create_text(x, y, anchor=anchor, text=words, font=pen.font, fill=ink, tags="text")

    def _write_parts(self, centres: list[float], page: _Page) -> None:
        """Which side is the encoder; where there is room."""
        roles = [column.role for column in self._columns]
        first, code = (
            roles.index("moments") if "moments" in roles else roles.index("code"),
            roles.index("code"),
        )
        y = page.top - page.over - 4
        for words, x in (
            ("encoder", (centres[0] + centres[first]) / 2),
            ("decoder", (centres[code] + centres[-1]) / 2),
        ):
            self._put(x, y, "s", words, self._pens[0], self._look.palette.text)

    def _drop_overlaps(self) -> None:
        """Where not even the least detail fits, keep what does: the code first."""
        kept: list[tuple[int, int, int, int]] = []
        accent = self._look.palette.accent
        items = sorted(self.find_withtag("text"), key=lambda item: self.itemcget(item, "fill") != accent)
        for item in items:
            box = self.bbox(item)
            if (
                not any(_overlap(box, other) for other in kept)
                and box[0] >= 0
                and box[2] <= self.winfo_width()
            ):
                kept.append(box)
            else:
                self.delete(item)

    def _write_totals(self, width: int, height: int) -> None:
        assert self._architecture is not None
        pen = self._pens[0]
        lines = totals(self._architecture)
        line = next((line for line in lines if pen.measure(line) <= width - 8), lines[-1])
        muted = self._look.palette.muted
        self.create_text(
            width / 2, height - 3, anchor="s", text=line, font=pen.font, fill=muted, tags="totals"
        )


def _centres(needs: list[float], width: int, most: float) -> list[float]:
    """Where the columns stand: what is over is shared out up to `most` px for one, the whole in the middle."""
    spare = max(0.0, min(width - sum(needs), most * len(needs) - sum(needs))) / len(needs)
    shrink = min(1.0, width / sum(needs))
    widths = [(need + spare) * shrink for need in needs]
    place = (width - sum(widths)) / 2
    centres = []
    for wide in widths:
        centres.append(place + wide / 2)
        place += wide
    return centres


def _overlap(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    """Whether two boxes (left, top, right, bottom) share more than the blank lines round their letters."""
    across = one[0] < other[2] and other[0] < one[2]
    return across and one[1] + 1 < other[3] and other[1] < one[3] - 1


def _text(column: Column, detail: _Detail) -> _Text:
    over = ""
    if detail.parameters and column.parameters:
        over = _short(column.parameters) if detail.short else f"{column.parameters:,}"
    size = column.size
    if detail.short and not column.is_maps:
        size = (_short(column.numbers), *size[1:])
    elif detail.short and column.is_maps and column.role == "hidden":
        size = (str(column.shape[0]), *size[1:])
    words = column.words if detail.words else tuple(word for word in column.words if word == CODE)
    return _Text(over, (*size, *words), len(size))


def _short(number: int) -> str:
    """12,345 as 12k."""
    if number < 10_000:
        return str(number)
    if number < 1_000_000:
        return f"{number / 1000:.0f}k"
    return f"{number / 1e6:.1f}M"
