"""The Runs tab: find a run, see its curves beside those of others, compare settings, use it, or go on with it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ttkbootstrap as ttk

from aedesk import paths
from aedesk.app.run_list import RunList
from aedesk.errors import AedeskError
from aedesk.gui.curves.curves import Curves
from aedesk.gui.fitting_label import FittingLabel
from aedesk.gui.platform import IS_MAC, open_folder
from aedesk.gui.runs import words
from aedesk.gui.runs.comparison import Comparison
from aedesk.gui.runs.filter_field import FilterField
from aedesk.gui.runs.rename import RenameField
from aedesk.gui.runs.run_table import RunTable
from aedesk.gui.runs.undo_bar import UndoBar
from aedesk.gui.runs.verbs import Verbs, can
from aedesk.gui.theme import GAP, Look
from aedesk.gui.timers import Timers
from aedesk.storage.run_card import RunCard

_LOOK_AGAIN = 2000  # ms, while the tab is on show
_NO_RUNS = "Runs that you train appear here"
_NO_RUNS_DETAIL = (
    "Each with its losses, its settings and every epoch that was kept. Select two or more to compare them,\n"
    "continue one that was cut off, or begin a new one from any of its epochs. Train one in the Train tab first."
)
_NO_MATCH = "No run has all of these words"
_NO_MATCH_DETAIL = "Escape in the filter shows all runs again."


class RunsTab(ttk.Frame):
    """What `run_list` holds. Each on_... gets the folder of the one run that is selected: on_open shows it in the Train
    tab, on_use takes its model into use, on_continue trains it further, on_branch begins another from it.

    on_status gets one line about what was done, on_problem what could not be done. Call `build_plots` once Matplotlib
    has been imported.
    """

    def __init__(
        self,
        master: tk.Misc,
        look: Look,
        run_list: RunList,
        *,
        on_use: Callable[[Path], object],
        on_open: Callable[[Path], object],
        on_continue: Callable[[Path], object],
        on_branch: Callable[[Path], object],
        on_status: Callable[[str], object],
        on_problem: Callable[[BaseException], object],
    ) -> None:
        super().__init__(master, padding=2 * GAP)
        self.runs = run_list
        self._on_status = on_status
        self._timers = Timers(self)
        self._rename_field: RenameField | None = None
        self._actions = {
            "open": self._with_one("open", on_open),
            "use": self._with_one("use", on_use),
            "go_on": self._with_one("go_on", on_continue),
            "branch": self._with_one("branch", on_branch),
            "rename": self.rename,
            "folder": self._with_one("folder", self._open_folder),
            "delete": self.delete,
        }
        self.columnconfigure(0, weight=1)
        self.rowconfigure(0, weight=1)
        self._build(look)
        self._build_empty()
        self._bind_keys()
        self._disconnects = [
            run_list.changed.connect(lambda _: self._on_changed()),
            run_list.selection_changed.connect(self._on_selection),
            run_list.problem.connect(on_problem),
        ]
        self.bind("<Destroy>", self._on_destroy, add="+")
        self.bind("<Map>", lambda _: self._on_shown(), add="+")
        self._on_changed()
        self._on_selection([])

    def build_plots(self) -> None:
        """Draw curves from now on."""
        self.curves.build()

    def focus_set(self) -> None:
        """The keyboard goes to the list."""
        self.table.rows.focus_set()

    # --- building ---

    def _build(self, look: Look) -> None:
        self._content = ttk.Panedwindow(self, orient="vertical")
        self._content.grid(row=0, column=0, sticky="nsew")
        top = ttk.Frame(self._content)
        top.columnconfigure(0, weight=1)
        top.rowconfigure(1, weight=1)
        bar = ttk.Frame(top)
        bar.grid(row=0, column=0, sticky="ew", pady=(0, GAP))
        self.filter = FilterField(bar, look, self.runs.filter, self.focus_set)
        self.filter.pack(side="left")
        self._count = ttk.Label(bar, style="Muted.TLabel")
        self._count.pack(side="left", padx=GAP)
        self.table = RunTable(top, look, self.runs, on_open=self._actions["open"])
        self.table.grid(row=1, column=0, sticky="nsew")
        self.bar = UndoBar(top, 2, self.undo)
        self._about = FittingLabel(top, keep_end=False)
        self._about.grid(row=3, column=0, sticky="ew", pady=(GAP // 2, 0))
        self.verbs = Verbs(top, self._actions)
        self.verbs.grid(row=4, column=0, sticky="ew", pady=(GAP // 2, GAP))
        self._content.add(top, weight=3)
        bottom = ttk.Frame(self._content, padding=(0, GAP, 0, 0))
        bottom.rowconfigure(0, weight=1)
        for column in (0, 1):
            bottom.columnconfigure(column, weight=1, uniform="halves")
        self.curves = Curves(bottom, look)
        self.curves.grid(row=0, column=0, sticky="nsew", padx=(0, 2 * GAP))
        self.comparison = Comparison(bottom, look, self.runs, self._about.set)
        self.comparison.grid(row=0, column=1, sticky="nsew")
        self._content.add(bottom, weight=2)

    def _build_empty(self) -> None:
        """What is said where there is nothing to list: of all runs, and of those that match."""
        self._empty = ttk.Frame(self)
        ttk.Label(self._empty, text=_NO_RUNS, style="Figure.TLabel").pack()
        ttk.Label(self._empty, text=_NO_RUNS_DETAIL, style="Muted.TLabel", justify="center").pack(pady=GAP)
        place = words.place(paths.runs())
        ttk.Label(self._empty, text=place, style="Muted.TLabel", justify="center").pack()
        self._no_match = ttk.Label(
            self.table.rows,
            text=f"{_NO_MATCH}\n{_NO_MATCH_DETAIL}",
            style="CardMuted.TLabel",
            justify="center",
        )

    def _bind_keys(self) -> None:
        """Shortcuts of the tab, which go before those of the window wherever in the tab the keyboard is."""
        modifier = "Command" if IS_MAC else "Control"
        rows = self.table.rows
        for key, action in (("F2", self.rename), ("Return", self._actions["open"]), ("Delete", self.delete)):
            rows.bind(f"<{key}>", _then_break(action))
        rows.bind("<KP_Enter>", _then_break(self._actions["open"]))
        if IS_MAC:
            rows.bind("<BackSpace>", _then_break(self.delete))
        # By tags of their own: a widget that is bound to a key itself is one that the Tab key stops at.
        everywhere, outside_fields = f"within {self}", f"within {self}, but no field"
        for tag, keys, action in (
            (everywhere, "fF", self.filter.focus_set),
            (outside_fields, "aA", self._select_all),
            (outside_fields, "zZ", self.undo),
        ):
            for key in keys:
                self.bind_class(tag, f"<{modifier}-{key}>", _then_break(action))
        waiting: list[tk.Misc] = [self]
        while waiting:
            widget = waiting.pop()
            waiting += [child for child in widget.winfo_children() if not isinstance(child, tk.Toplevel)]
            tags = (everywhere,) if widget is self.filter else (everywhere, outside_fields)
            widget.bindtags((*tags, *widget.bindtags()))

    # --- verbs ---

    def rename(self) -> None:
        """Type another name over the one that is selected."""
        selected = self.runs.selected
        if self._rename_field is not None or not can("rename", selected):
            return
        row = self.table.row(selected[0].path)
        self.table.rows.see(row)
        self.update_idletasks()
        self._rename_field = RenameField(
            self.table,
            row,
            selected[0].path.name,
            rename=lambda name: self.runs.rename(selected[0].path, name),
            tell=self._tell_about_name,
            on_end=self._on_renamed,
        )

    def delete(self) -> None:
        """Delete what is selected; a bar offers to undo it."""
        if self.runs.delete([card.path for card in self.runs.selected]):
            self._offer_undo()

    def undo(self) -> None:
        """Have back what was deleted last."""
        back = self.runs.undo_delete()
        if back:
            self._on_status(f"Restored {back[0].name}" if len(back) == 1 else f"Restored {len(back)} runs")
        self._offer_undo()

    def _offer_undo(self) -> None:
        names = self.runs.last_deleted
        if names:
            self.bar.say(words.deleted(names), undo=True)
        else:
            self.bar.hide()

    def _tell_about_name(self, refusal: str) -> None:
        if refusal:
            self.bar.say(refusal)
        else:
            self._offer_undo()

    def _on_renamed(self) -> None:
        self._rename_field = None

    def _select_all(self) -> None:
        self.runs.select(card.path for card in self.runs.shown)

    def _with_one(self, verb: str, action: Callable[[Path], object]) -> Callable[[], object]:
        def act() -> None:
            if can(verb, self.runs.selected):
                action(self.runs.selected[0].path)

        return act

    def _open_folder(self, folder: Path) -> None:
        try:
            open_folder(folder)
        except AedeskError as problem:
            self._on_status(str(problem))

    # --- news ---

    def _on_shown(self) -> None:
        self.curves.refresh()
        self._look_again()

    def _look_again(self) -> None:
        if self.winfo_viewable():
            self.runs.refresh()
            self._timers.later("look", _LOOK_AGAIN, self._look_again)

    def _on_changed(self) -> None:
        shown, everything = len(self.runs.shown), len(self.runs.cards)
        self.table.refresh()
        self._count.configure(text=words.count(shown, everything))
        if everything or not self.runs.is_known or self.runs.last_deleted:
            self._empty.place_forget()
            self._content.grid()
        else:
            self._content.grid_remove()
            self._empty.place(relx=0.5, rely=0.4, anchor="center")
        if everything and not shown:
            self._no_match.place(relx=0.5, rely=0.5, anchor="center")
        else:
            self._no_match.place_forget()

    def _on_selection(self, selected: list[RunCard]) -> None:
        self.table.show_selection()
        self.verbs.show(selected)
        self._about.set(words.about(selected))
        self.comparison.refresh()
        self.curves.set_others(
            [
                (card.name, card.history, colour)
                for card in selected
                if (colour := self.runs.colour_index(card.path)) is not None
            ]
        )

    def _on_destroy(self, event: tk.Event[Any]) -> None:
        if event.widget is self:
            for disconnect in self._disconnects:
                disconnect()


def _then_break(action: Callable[[], object]) -> Callable[[tk.Event[Any]], str]:
    def act(_: tk.Event[Any]) -> str:
        action()
        return "break"

    return act
