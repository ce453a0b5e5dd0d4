"""The settings of the selected runs side by side, those that differ first."""

from __future__ import annotations

import re
import tkinter as tk
from collections.abc import Callable

import ttkbootstrap as ttk

from aedesk.app.run_list import RunList
from aedesk.gui.runs.swatches import Swatches
from aedesk.gui.runs.tables import Table
from aedesk.gui.theme import GAP, Look
from aedesk.storage.run_difference import Setting

MOST = 6  # runs side by side
_DATE = re.compile(r"\d{4}-\d\d-\d\d-")  # that names of runs begin with
_NOTHING = "Select runs to see their settings here"
_MARK = "\u2260 "  # not equal
_SETTING, _RUN = 150, 110  # px, before scaling


class Comparison(ttk.Frame):
    """A column for each of the first selected runs, in the colour of its curve; call `refresh` as they change.

    tell: gets a setting that is clicked in full, where the columns are too narrow for it.
    """

    def __init__(self, master: tk.Misc, look: Look, run_list: RunList, tell: Callable[[str], object]) -> None:
        super().__init__(master)
        self._runs = run_list
        bar = ttk.Frame(self)
        bar.pack(fill="x")
        self._title = ttk.Label(bar, text="Settings", style="Heading.TLabel")
        self._title.pack(side="left")
        self._summary = ttk.Label(bar, style="Muted.TLabel")
        self._summary.pack(side="left", padx=(GAP, 0))
        self.table = _SettingsTable(self, look, tell)
        self.table.pack(fill="both", expand=True, pady=(GAP, 0))

    @property
    def summary(self) -> str:
        """What is said above the table."""
        return str(self._summary["text"])

    def refresh(self) -> None:
        runs = self._runs.selected
        differing, agreeing = self._runs.compare(MOST) if runs else ([], [])
        if len(runs) < 2:
            told = ""
        elif not differing:
            told = "All settings agree"
        else:
            told = f"{len(differing)} differ, {len(agreeing)} agree"
        if len(runs) > MOST:
            told += f"; the first {MOST} of {len(runs)} runs"
        self._summary.configure(text=told)
        columns = [(card.name, self._runs.colour_index(card.path)) for card in runs[:MOST]]
        self.table.show(columns, [*differing, *agreeing])


class _SettingsTable(Table):
    def __init__(self, master: tk.Misc, look: Look, tell: Callable[[str], object]) -> None:
        super().__init__(master, look, height=4, selectmode="browse")
        self._swatches = Swatches(self, look)
        self._columns: list[tuple[str, int | None]] = []
        self._settings: list[Setting] = []
        self._told: dict[str, str] = {}
        self._empty = ttk.Label(self.rows, text=_NOTHING, style="CardMuted.TLabel")
        self.rows.column("#0", width=ttk.scale_size(self, _SETTING), stretch=False)
        self.rows.heading("#0", text="Setting", anchor="w")
        self.rows.bind(
            "<<TreeviewSelect>>", lambda _: [tell(self._told[row]) for row in self.rows.selection()]
        )
        self._recolour()
        self._write()

    def show(self, columns: list[tuple[str, int | None]], settings: list[Setting]) -> None:
        """columns: the name of each run, and the index of its colour."""
        if (columns, settings) != (self._columns, self._settings):
            self._columns, self._settings = columns, settings
            self._write()

    def _write(self) -> None:
        self.rows.delete(*self.rows.get_children())
        self._told.clear()
        if self._columns:
            self._empty.place_forget()
        else:
            self._empty.place(relx=0.5, rely=0.5, anchor="center")
        self.rows.configure(
            show="tree headings" if self._columns else "tree",
            columns=[f"run{place}" for place in range(len(self._columns))],
        )
        self._write_headings()
        for setting in self._settings:
            row = self.rows.insert(
                "",
                "end",
                text=(_MARK if setting.differs else "") + setting.label,
                values=list(setting.values),
                tags=("differs" if setting.differs else "agrees",),
            )
            whole = setting.values if setting.differs else setting.values[:1]
            self._told[row] = f"{setting.label}: {'  |  '.join(whole)}"

    def _write_headings(self) -> None:
        titles = _titles([name for name, _ in self._columns])
        for place, (_, colour) in enumerate(self._columns):
            picture = self._swatches.of(colour)
            self.rows.heading(place, text=titles[place], image=picture, anchor="w")
            self.rows.column(place, width=ttk.scale_size(self, _RUN), minwidth=40, stretch=True)

    def _recolour(self) -> None:
        super()._recolour()
        self.rows.tag_configure("differs", foreground=self._look.palette.accent)
        self._write_headings()


def _titles(names: list[str]) -> list[str]:
    """The names without their dates, where they can be told apart without."""
    short = [_DATE.sub("", name, count=1) if _DATE.match(name) else name for name in names]
    return short if len(set(short)) == len(names) else names
