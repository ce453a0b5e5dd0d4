"""Some settings of a form in two columns, each with a line of its own for what is wrong with it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Collection, Iterable, Mapping

import ttkbootstrap as ttk

from aedesk.gui.fields import Field, Switch
from aedesk.gui.form.settings import Setting
from aedesk.gui.theme import GAP


class SettingsGrid(ttk.Frame):
    """`fields` and `problems` go by the names of the settings; `arrange` says which of them are to be seen."""

    def __init__(
        self, master: tk.Misc, width: int, settings: Iterable[Setting], on_change: Callable[[], object]
    ) -> None:
        """width: px that the grid will have."""
        super().__init__(master)
        self.columnconfigure((0, 1), weight=1, uniform="halves")
        self.settings = {setting.name: setting for setting in settings}
        self.fields: dict[str, Field | Switch] = {}
        self.problems: dict[str, ttk.Label] = {}
        self._shown: list[str] | None = None
        for name, setting in self.settings.items():
            if setting.is_switch:
                self.fields[name] = Switch(self, setting.label, setting.explanation, on_change)
            else:
                self.fields[name] = Field(
                    self, setting.label, setting.explanation, on_change, setting.choices
                )
            self.problems[name] = ttk.Label(self, bootstyle="danger", wraplength=width)
        self.arrange(self.settings)

    @property
    def shown(self) -> list[str]:
        """The names of the settings that are to be seen."""
        return list(self._shown or ())

    def arrange(self, names: Collection[str]) -> None:
        """Show these settings, and no gap where the others would be."""
        shown = [name for name in self.settings if name in names]
        if shown == self._shown:
            return
        self._shown = shown
        row, column = 0, 0
        for name, field in self.fields.items():
            self.problems[name].grid_remove()
            if name not in shown:
                field.grid_remove()
                continue
            is_wide = self.settings[name].is_wide
            if is_wide and column:
                row, column = row + 3, 0
            inside = (0, 0) if is_wide else (GAP // 2 * column, GAP // 2 * (1 - column))
            span = 2 if is_wide else 1
            field.grid(row=row, column=column, columnspan=span, sticky="ew", padx=inside, pady=(GAP, 0))
            # Below its row, as wide as the form.
            self.problems[name].grid(row=row + 1 + column, column=0, columnspan=2, sticky="w")
            self.problems[name].grid_remove()
            row, column = (row + 3, 0) if is_wide or column else (row, 1)

    def tell(self, wrong: Mapping[str, str]) -> bool:
        """Say beside each field what is wrong with it; whether something is."""
        for name, field in self.fields.items():
            is_wrong = name in wrong
            field.mark(wrong=is_wrong)
            self.problems[name].configure(text=wrong.get(name, ""))
            if is_wrong and name in self.shown:
                self.problems[name].grid()
            else:
                self.problems[name].grid_remove()
        return any(name in wrong for name in self.shown)
