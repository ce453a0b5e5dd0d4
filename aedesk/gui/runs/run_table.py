"""The table of runs: a row each, sorted by a click on a heading, selected with the mouse or the keyboard."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

import ttkbootstrap as ttk

from aedesk.app.run_list import COLUMNS, RunList
from aedesk.gui.runs.swatches import Swatches
from aedesk.gui.runs.tables import Table
from aedesk.gui.runs.words import cells
from aedesk.gui.theme import Look
from aedesk.storage.run_card import RunCard

_WIDTHS = {  # px, before scaling; the name takes what is left
    "name": 190,
    "status": 84,
    "preset": 92,
    "kind": 88,
    "data": 64,
    "code": 48,
    "parameters": 82,
    "epochs": 84,
    "training": 84,
    "validation": 96,
    "test": 78,
    "seconds": 92,
    "size": 72,
    "modified": 114,
}
_FIRST_TO_GO = ("parameters", "size", "kind", "training", "code")  # where there is not room for all
_ALL = 1_000_000  # more rows than there can be
_UP, _DOWN = " \u25b2", " \u25bc"


class RunTable(Table):
    """Shows `run_list` and tells it what is selected and how to sort. on_open: a run was clicked twice."""

    def __init__(
        self, master: tk.Misc, look: Look, run_list: RunList, *, on_open: Callable[[], object]
    ) -> None:
        super().__init__(master, look, height=5, selectmode="extended")
        self._runs = run_list
        self._swatches = Swatches(self, look)
        self._shown: dict[Path, tuple[str, RunCard, int | None]] = {}  # row, and what it shows
        self._paths: dict[str, Path] = {}
        self._made = 0
        self._anchor: str | None = None
        self.rows.configure(columns=[name for name in COLUMNS if name != "name"])
        for name, column in COLUMNS.items():
            anchor: Literal["e", "w"] = "e" if column.is_number else "w"
            place = _place(name)
            width = ttk.scale_size(self, _WIDTHS[name])
            self.rows.column(place, width=width, minwidth=width // 2, anchor=anchor, stretch=name == "name")
            self.rows.heading(place, anchor=anchor, command=partial(run_list.sort_by, name))
        self._recolour()
        self.rows.bind("<<TreeviewSelect>>", lambda _: self._on_select())
        self.rows.bind("<Double-Button-1>", lambda event: self._on_double(event, on_open))
        self.rows.bind("<Configure>", lambda event: self._fit(event.width), add="+")
        for key, step in (("Up", -1), ("Down", 1)):
            self.rows.bind(f"<Shift-{key}>", partial(self._extend, step))
            self.rows.bind(f"<{key}>", partial(self._go, step))
        self.rows.bind("<Home>", partial(self._go, -_ALL))
        self.rows.bind("<End>", partial(self._go, _ALL))
        self.rows.bind("<Button-1>", lambda event: self._on_press(event), add="+")

    # --- what is shown ---

    @property
    def order(self) -> tuple[str, ...]:
        """The rows from top to bottom."""
        return tuple(self.rows.get_children())

    def path(self, row: str) -> Path:
        return self._paths[row]

    def row(self, path: Path) -> str:
        return self._shown[path][0]

    def refresh(self) -> None:
        """Show how things are now; only what has changed is written."""
        cards = self._runs.shown
        order, focus = self.order, self.rows.focus()
        self._remove_gone()
        for card in cards:
            self._show(card)
        rows = [self._shown[card.path][0] for card in cards]
        if tuple(rows) != self.order:
            self.rows.set_children("", *rows)
        if focus in order and focus not in rows and rows:  # the keyboard stays about where it was
            self.rows.focus(rows[min(order.index(focus), len(rows) - 1)])
        self._show_headings()
        self.moved.emit(None)
        self.show_selection()

    def _remove_gone(self) -> None:
        there = {card.path for card in self._runs.cards}
        for path in [path for path in self._shown if path not in there]:
            row = self._shown.pop(path)[0]
            del self._paths[row]
            self.rows.delete(row)

    def show_selection(self) -> None:
        """Select what is selected, and give each its colour."""
        wanted = [self._shown[card.path][0] for card in self._runs.selected if card.path in self._shown]
        if set(wanted) != set(self.rows.selection()):
            self.rows.selection_set(wanted)
            if wanted and self.rows.focus() not in wanted:
                self.rows.focus(wanted[0])
                self.rows.see(wanted[0])
        for _, card, colour in list(self._shown.values()):
            if colour != self._runs.colour_index(card.path):
                self._show(card)

    def _show(self, card: RunCard) -> None:
        colour = self._runs.colour_index(card.path)
        known = self._shown.get(card.path)
        if known is not None and known[1:] == (card, colour):
            return
        if known is None:
            row = f"run{self._made}"
            self._made += 1
            self.rows.insert("", "end", row)
            self._paths[row] = card.path
        else:
            row = known[0]
        told = cells(card)
        self.rows.item(
            row,
            text=told.pop("name"),
            image=self._swatches.of(colour),
            values=list(told.values()),
            tags=(card.status,),
        )
        self._shown[card.path] = (row, card, colour)

    def _show_headings(self) -> None:
        for name, column in COLUMNS.items():
            arrow = "" if name != self._runs.column else _DOWN if self._runs.descending else _UP
            self.rows.heading(_place(name), text=column.label + arrow)

    def _recolour(self) -> None:
        super()._recolour()
        palette = self._look.palette
        self.rows.tag_configure("running", foreground=palette.accent)
        self.rows.tag_configure("damaged", foreground=palette.too_much)
        for path, (row, card, _) in list(self._shown.items()):
            self._shown[path] = (row, card, -1)  # drawn in the colours of the theme before
            self._show(card)

    def _fit(self, width: int) -> None:
        """Leave out columns that there is no room for."""
        names = [name for name in COLUMNS if name != "name"]
        for name in _FIRST_TO_GO:
            needed = _WIDTHS["name"] + sum(_WIDTHS[other] for other in names)
            if ttk.scale_size(self, needed) <= width:
                break
            names.remove(name)
        if tuple(self.rows["displaycolumns"]) != tuple(names):
            self.rows.configure(displaycolumns=names)

    # --- mouse and keyboard ---

    def _on_select(self) -> None:
        self._runs.select(self._paths[row] for row in self.rows.selection())

    def _on_press(self, event: tk.Event[Any]) -> None:
        row = self.rows.identify_row(event.y)
        if row and not int(event.state) & 0x1:
            self._anchor = row

    def _on_double(self, event: tk.Event[Any], on_open: Callable[[], object]) -> str | None:
        if not self.rows.identify_row(event.y):
            return None  # a second click on a heading is one more click
        self._on_select()  # Tk tells of the first click only after this one, if they are quick
        on_open()
        return "break"

    def _go(self, step: int, _: tk.Event[Any]) -> str:
        row = self._next(step)
        if row is not None:
            self._anchor = row
            self._reach([row], row)
        return "break"

    def _extend(self, step: int, _: tk.Event[Any]) -> str:
        """Select from where Shift was first held to the next row."""
        row = self._next(step)
        if row is not None:
            order = self.order
            start = self._anchor if self._anchor in order else self.rows.focus() or row
            self._anchor = start
            low, high = sorted((order.index(start), order.index(row)))
            self._reach(order[low : high + 1], row)
        return "break"

    def _next(self, step: int) -> str | None:
        order = self.order
        if not order:
            return None
        focus = self.rows.focus()
        if focus not in order:
            return order[0]
        return order[min(max(0, order.index(focus) + step), len(order) - 1)]

    def _reach(self, rows: Sequence[str], row: str) -> None:
        self.rows.selection_set(list(rows))
        self.rows.focus(row)
        self.rows.see(row)


def _place(name: str) -> str:
    """What Tk calls the column: the name is the one before the others."""
    return "#0" if name == "name" else name
