"""The numbers of a recipe that may be changed while its run goes on."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import ttkbootstrap as ttk

from aedesk.errors import AedeskError
from aedesk.gui.fields import explain, number
from aedesk.gui.panels.buttons import allow
from aedesk.gui.theme import GAP
from aedesk.models.presets import CHANGEABLE, PENALTIES, Recipe
from aedesk.training.config import change_problem

_WORDS = {
    "learning_rate": ("Learning rate", "How far each step goes downhill; a schedule multiplies it."),
    "noise_level": ("Noise level", "How much of a picture is spoilt before the network sees it."),
    "sparsity": ("Sparsity weight", "How much it costs that the numbers of a code are not 0."),
    "contraction": ("Contraction weight", "How much it costs that a code moves with its picture."),
    "beta": ("Beta", "How much it costs that codes are not spread like a standard normal distribution."),
}
_LABEL = 118  # px, before scaling


class Knobs(ttk.Frame):
    """A row for each number that the recipe's kind has; `on_change(name, value)` gets what makes sense only."""

    def __init__(self, master: tk.Misc, on_change: Callable[[str, float], object]) -> None:
        super().__init__(master)
        self.columnconfigure(0, weight=1)
        self._recipe: Recipe | None = None
        self._on_change = on_change
        self.rows = {name: Knob(self, name, self._judge, self._apply) for name in CHANGEABLE}
        for place, row in enumerate(self.rows.values()):
            row.grid(row=place, column=0, sticky="ew", pady=(GAP // 2, 0))
            row.grid_remove()

    @property
    def shown(self) -> tuple[str, ...]:
        """The names of the numbers that can be seen."""
        return tuple(name for name, row in self.rows.items() if row.grid_info())

    def show(self, recipe: Recipe) -> None:
        """The numbers as they are now; what is being typed and is not yet applied stays."""
        is_other = self._recipe is None or self._recipe.kind != recipe.kind
        self._recipe = recipe
        for name, row in self.rows.items():
            if not _has(recipe, name):
                row.grid_remove()
                continue
            row.grid()
            row.show(getattr(recipe, name), keep_edit=not is_other)

    def enable(self, on: bool) -> None:
        """Let the numbers be changed, or hold them; what was not applied by then is forgotten."""
        for row in self.rows.values():
            row.enable(on)

    def _judge(self, name: str, value: float) -> str | None:
        return None if self._recipe is None else change_problem(self._recipe, name, value)

    def _apply(self, name: str, value: float) -> None:
        if self._recipe is not None:
            self._recipe = replace(self._recipe, **{name: value})  # type: ignore[arg-type]
            self._on_change(name, value)


class Knob(ttk.Frame):
    """A label, an entry and two buttons that halve and double; below them, while need be, a line of words.

    judge(name, value) says in a sentence what is wrong with a value; apply(name, value) takes a new one.
    """

    def __init__(
        self,
        master: tk.Misc,
        name: str,
        judge: Callable[[str, float], str | None],
        apply: Callable[[str, float], object],
    ) -> None:
        super().__init__(master)
        self._number, self._judge, self._apply = name, judge, apply
        self._label, sentence = _WORDS[name]
        self._value = 0.0
        self._text = tk.StringVar(self)
        self.columnconfigure(0, minsize=ttk.scale_size(self, _LABEL))
        self.columnconfigure(1, weight=1)
        caption = ttk.Label(self, text=self._label, style="Muted.TLabel")
        caption.grid(row=0, column=0, sticky="w")
        self.entry = ttk.Entry(self, textvariable=self._text, width=1)
        self.entry.grid(row=0, column=1, sticky="ew")
        self.halve = self._add_button(2, "\u00f72", "Half as much, at once.", 0.5)
        self.double = self._add_button(3, "\u00d72", "Twice as much, at once.", 2.0)
        # One character wide: the column says where the words wrap, not the words how wide the column is.
        self._words = ttk.Label(self, width=1)
        self._words.grid(row=1, column=0, columnspan=4, sticky="ew")
        self._words.grid_remove()
        self._words.bind("<Configure>", lambda event: self._words.configure(wraplength=event.width))
        for widget in (caption, self.entry):
            explain(widget, f"{sentence} Return applies a new value, Escape puts the present one back.")
        self._text.trace_add("write", lambda *_: self._refresh())
        for key in ("<Return>", "<KP_Enter>"):
            self.entry.bind(key, lambda _: self.commit())
        self.entry.bind("<Escape>", self._on_escape)

    def _add_button(self, column: int, text: str, tip: str, factor: float) -> ttk.Button:
        button = ttk.Button(
            self, text=text, bootstyle="neutral", width=3, padding=(2, 3), command=lambda: self._scale(factor)
        )
        button.grid(row=0, column=column, padx=(GAP // 2, 0))
        explain(button, tip)
        return button

    # --- what is shown ---

    @property
    def text(self) -> str:
        """What the entry says."""
        return self._text.get()

    @property
    def words(self) -> str:
        """What is said below it; nothing as long as the entry says the present value."""
        return str(self._words.cget("text")) if self._words.grid_info() else ""

    @property
    def is_changed(self) -> bool:
        """Whether the entry says something else than the present value."""
        try:
            return self.text.strip() != _told(self._value) and number(self._label, self.text) != self._value
        except AedeskError:
            return True

    def show(self, value: float, *, keep_edit: bool) -> None:
        """The present value; keep_edit: leave what is being typed."""
        keep_edit = keep_edit and self.is_changed
        self._value = value
        if keep_edit:
            self._refresh()
        else:
            self._text.set(_told(value))

    def enable(self, on: bool) -> None:
        self.entry.configure(state="normal" if on else "disabled")
        allow(self.halve, on)
        allow(self.double, on)
        if not on:
            self._text.set(_told(self._value))

    # --- the user's hands ---

    def commit(self) -> None:
        """Take what the entry says, if it is new and makes sense."""
        if self.is_changed and self._problem is None:
            self._take(number(self._label, self.text))

    def _scale(self, factor: float) -> None:
        """Take half or twice the present value; what was being typed is forgotten."""
        value = self._value * factor
        if self._judge(self._number, value) is None:
            self._take(value)
        else:
            self._text.set(_told(value))  # for the line below to say why not

    def _take(self, value: float) -> None:
        is_new, self._value = value != self._value, value
        self._text.set(_told(value))
        if is_new:
            self._apply(self._number, value)

    def _on_escape(self, _: tk.Event[Any]) -> str | None:
        if not self.is_changed:
            return None  # for whoever else listens
        self._text.set(_told(self._value))
        return "break"

    @property
    def _problem(self) -> str | None:
        try:
            return self._judge(self._number, number(self._label, self.text))
        except AedeskError as problem:
            return str(problem)

    def _refresh(self) -> None:
        """Mark what is not the present value, and say what is wrong with it or how it is applied."""
        problem = self._problem if self.is_changed else None
        self.entry.state(["invalid" if problem else "!invalid"])
        if not self.is_changed:
            self._words.grid_remove()
            return
        present = f"Not yet applied: Return applies it, Escape goes back to {_told(self._value)}."
        self._words.configure(text=problem or present, bootstyle="danger" if problem else "primary")
        self._words.grid()


def _has(recipe: Recipe, name: str) -> bool:
    """Whether a number plays a part in a recipe of this kind."""
    if name == "noise_level":
        return recipe.kind == "denoising"
    return name == "learning_rate" or PENALTIES.get(recipe.kind) == name


def _told(value: float) -> str:
    return f"{value:.6g}"
