"""A quality card on the screen: its figures on their scales, how it was made, and what others have published."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import ttkbootstrap as ttk

from aedesk.gui.card.lines import KEY, Group, Line, capital, groups
from aedesk.gui.card.making import HEADS, Fact, facts, published_texts, remark
from aedesk.gui.card.strip import Sign, Strip
from aedesk.gui.fields import explain
from aedesk.gui.fitting_label import FittingLabel
from aedesk.gui.scrolled import ScrolledColumn
from aedesk.gui.theme import GAP, Look

if TYPE_CHECKING:
    from aedesk.analysis.card import Card
    from aedesk.analysis.published import Published

_LABELS, _VALUES, _BESIDE, _STRIP = 190, 88, 230, 160  # px, before scaling: of the columns
_FACTS = 120


class CardSheet(ScrolledColumn):
    """Show a card by `show`. on_copy: the words of a command are to be copied."""

    def __init__(self, master: tk.Misc, look: Look, on_copy: Callable[[str], object]) -> None:
        super().__init__(master, look)
        self._look, self._on_copy = look, on_copy
        self._page: ttk.Frame | None = None
        self.texts: dict[str, str] = {}
        """What is written of each figure, by its field of the card."""

    def show(self, card: Card, published: Sequence[Published], reference: str) -> None:
        """Show another card. reference: what its model is loaded by."""
        if self._page is not None:
            self._page.destroy()
        self._page = page = ttk.Frame(self.content, padding=(0, 0, GAP, GAP))
        page.pack(fill="x")
        shown = groups(card, published)
        self.texts = {line.key: line.text for group in shown for line in group.lines}
        if remark(card):
            ttk.Label(page, text=remark(card)).pack(anchor="w", pady=(0, GAP))
        self._build_key(page, shown).pack(fill="x", pady=(0, GAP))
        self._build_figures(page, shown).pack(fill="x")
        self._build_making(page, tuple(facts(card, reference))).pack(fill="x", pady=(2 * GAP, 0))
        if published:
            self._build_published(page, card, published).pack(fill="x", pady=(2 * GAP, 0))
        self.follow()

    def _build_key(self, page: ttk.Frame, shown: Sequence[Group]) -> ttk.Frame:
        key = ttk.Frame(page)
        used = {mark.kind for group in shown for line in group.lines for mark in line.marks}
        for kind, words in KEY.items():
            if kind is None or kind in used:
                Sign(key, self._look, kind).pack(side="left")
                ttk.Label(key, text=words, style="Muted.TLabel").pack(side="left", padx=(4, 2 * GAP))
        return key

    def _build_figures(self, page: ttk.Frame, shown: Sequence[Group]) -> ttk.Frame:
        grid = ttk.Frame(page)
        for column, (width, weight) in enumerate(((_LABELS, 0), (_VALUES, 0), (_STRIP, 3), (_BESIDE, 2))):
            grid.columnconfigure(column, minsize=ttk.scale_size(self, width), weight=weight)
        better = ttk.Label(grid, text="better \u2192", style="Muted.TLabel")
        better.grid(row=0, column=2, sticky="e", padx=2 * GAP)
        row = 0
        for group in shown:
            head = ttk.Frame(grid)
            head.grid(
                row=row, column=0, columnspan=4 if row else 2, sticky="ew", pady=(2 * GAP if row else 0, 2)
            )
            ttk.Label(head, text=group.title, style="Heading.TLabel").pack(side="left")
            note = FittingLabel(head, keep_end=False)
            note.set(group.note)
            note.pack(side="left", fill="x", expand=True, padx=(2 * GAP, 0))
            for line in group.lines:
                row += 1
                self._build_line(grid, row, line)
            row += 1
        return grid

    def _build_line(self, grid: ttk.Frame, row: int, line: Line) -> None:
        label = ttk.Label(grid, text=line.label)
        value = ttk.Label(grid, text=line.text, style="Heading.TLabel", anchor="e")
        strip = Strip(grid, self._look, line)
        beside = ttk.Label(grid, text=line.beside, style="Muted.TLabel")
        label.grid(row=row, column=0, sticky="w", pady=1)
        value.grid(row=row, column=1, sticky="e")
        strip.grid(row=row, column=2, sticky="ew", padx=2 * GAP)
        beside.grid(row=row, column=3, sticky="w")
        for widget in (label, value, strip, beside):
            explain(widget, line.explanation)

    def _build_making(self, page: ttk.Frame, told: Sequence[Fact]) -> ttk.Frame:
        grid = ttk.Frame(page)
        grid.columnconfigure(0, minsize=ttk.scale_size(self, _FACTS))
        grid.columnconfigure(1, weight=1)
        ttk.Label(grid, text="Making of", style="Heading.TLabel").grid(
            row=0, column=0, columnspan=2, sticky="w"
        )
        for row, fact in enumerate(told, start=1):
            name = ttk.Label(grid, text=fact.label, style="Muted.TLabel")
            name.grid(row=row, column=0, sticky="w", pady=1)
            words = FittingLabel(grid, keep_end=False)
            words.set(fact.text)
            words.grid(row=row, column=1, sticky="ew")
            explain(name, fact.sentence)
            if fact.is_command:
                self._build_copy(grid, row, fact)
        return grid

    def _build_copy(self, grid: ttk.Frame, row: int, fact: Fact) -> None:
        button = ttk.Button(
            grid,
            icon="clipboard",
            command=lambda: self._on_copy(fact.text),
            bootstyle="ghost",
            padding=(4, 1),
        )
        button.grid(row=row, column=2, sticky="e")
        explain(button, f"Copy this command. {fact.sentence}")

    def _build_published(self, page: ttk.Frame, card: Card, published: Sequence[Published]) -> ttk.Frame:
        grid = ttk.Frame(page)
        grid.columnconfigure(0, minsize=ttk.scale_size(self, _LABELS))
        grid.columnconfigure(len(HEADS) + 1, weight=1)
        for column, words in enumerate(("Beside published figures", *HEADS, "Source")):
            style = "Heading.TLabel" if column == 0 else "Muted.TLabel"
            ttk.Label(grid, text=words, style=style).grid(row=0, column=column, sticky="w", padx=(0, 2 * GAP))
        sources = list(dict.fromkeys(one.source for one in published))
        whose = [(card.model, *published_texts(card), "this card")]
        whose += [
            (_name(one, card), *published_texts(one), f"[{sources.index(one.source) + 1}]")
            for one in published
        ]
        for row, texts in enumerate(whose, start=1):
            style = "Heading.TLabel" if row == 1 else "TLabel"
            for column, text in enumerate(texts):
                cell = ttk.Label(grid, text=text, style=style)
                cell.grid(row=row, column=column, sticky="w", padx=(0, 2 * GAP))
        cited = "\n".join(f"[{number}] {source}" for number, source in enumerate(sources, start=1))
        notes = ttk.Label(grid, text=cited, style="Muted.TLabel", justify="left")
        notes.grid(row=len(whose) + 1, column=0, columnspan=len(HEADS) + 2, sticky="w", pady=(GAP, 0))
        grid.bind("<Configure>", lambda event: notes.configure(wraplength=event.width), add="+")
        return grid


def _name(one: Published, card: Card) -> str:
    """Whose the figures are, and of how many numbers a code has where that is not the card's."""
    size = "" if one.code_size == card.code_size else f", {one.code_size:,} numbers"
    return capital(one.name) + size
