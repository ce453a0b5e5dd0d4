"""One setting of a form: its label, its control, and a sentence that explains it."""

from __future__ import annotations

import re
import tkinter as tk
from collections.abc import Callable, Mapping

import ttkbootstrap as ttk

from aedesk.errors import AedeskError

YES, NO = "yes", "no"
"""What the text of a Switch is."""

_TOOLTIP_DELAY = 600  # ms


def explain(widget: tk.Misc, sentence: str) -> ttk.ToolTip:
    """Show `sentence` while the pointer rests on `widget`."""
    return ttk.ToolTip(widget, text=sentence, delay=_TOOLTIP_DELAY, padding=8)


def whole_number(label: str, text: str) -> int:
    """The whole number that `text` says; else AedeskError naming the field."""
    try:
        return int(text)
    except ValueError:
        raise AedeskError(f"{label}: {_said(text)} a whole number, such as 10.") from None


def number(label: str, text: str) -> float:
    """The number that `text` says; else AedeskError naming the field."""
    try:
        return float(text)
    except ValueError:
        raise AedeskError(f"{label}: {_said(text)} a number, such as 0.001.") from None


def whole_numbers(label: str, text: str) -> tuple[int, ...]:
    """The whole numbers that `text` lists, none if it is empty; else AedeskError naming the field."""
    words = re.split(r"[,;\s]+", text.strip(" ,;\t"))
    try:
        return tuple(int(word) for word in words if word)
    except ValueError:
        raise AedeskError(f"{label}: {_said(text)} a list of whole numbers, such as 128, 64.") from None


def _said(text: str) -> str:
    short = text.strip()[:20]
    return f'"{short}" is not' if short else "the field is empty; it needs"


class Field(ttk.Frame):
    """A label over an entry or a list of choices. `on_change` runs after every change, whoever made it."""

    def __init__(
        self,
        master: tk.Misc,
        label: str,
        sentence: str,
        on_change: Callable[[], object],
        choices: Mapping[str, str] | None = None,
    ) -> None:
        """choices: what people read -> what it stands for; without them the field is typed into."""
        super().__init__(master)
        self.label = label
        self._choices = dict(choices) if choices is not None else None
        self._alias: tuple[str, str] | None = None  # what a choice is shown as just now; what it stands for
        self._variable = tk.StringVar(self)
        name = ttk.Label(self, text=label, style="Muted.TLabel")
        name.pack(anchor="w")
        self.control: ttk.Entry | ttk.Combobox
        if self._choices is None:
            # One character wide: the grid that the field is in says how wide it really is.
            self.control = ttk.Entry(self, textvariable=self._variable, width=1)
        else:
            self.control = ttk.Combobox(
                self, textvariable=self._variable, values=list(self._choices), state="readonly", width=1
            )
            # Without this the chosen text stays selected, and looks as if it were to be typed over.
            self.control.bind("<<ComboboxSelected>>", lambda _: self.control.selection_clear(), add="+")
        self.control.pack(fill="x")
        for widget in (name, self.control):
            explain(widget, sentence)
        self._variable.trace_add("write", lambda *_: on_change())

    @property
    def text(self) -> str:
        """What was typed, or what the choice that is shown stands for."""
        shown = self._variable.get()
        if self._alias is not None and shown == self._alias[0]:
            return self._alias[1]
        return shown if self._choices is None else self._choices.get(shown, "")

    def call(self, label: str | None) -> None:
        """Show the present choice under a name that is not in the list; None for its own name."""
        meaning = self.text
        self._alias = None if label is None else (label, meaning)
        if label is None:
            self.set(meaning)
        elif label != self._variable.get():
            self._variable.set(label)

    def set(self, text: str) -> None:
        """Show `text`, or the choice that stands for it; one that does not exist changes nothing."""
        if self._choices is not None:
            shown = next((label for label, meaning in self._choices.items() if meaning == text), None)
            if shown is None:
                return
            text = shown
        if text != self._variable.get():
            self._variable.set(text)

    def offer(self, choices: Mapping[str, str]) -> None:
        """Offer other choices; the present one stays if it is among them, else the first is taken."""
        present = self.text
        self._choices = dict(choices)
        self.control["values"] = list(choices)
        labels = [label for label, meaning in choices.items() if meaning == present]
        self._variable.set(labels[0] if labels else next(iter(choices)))

    def mark(self, *, wrong: bool) -> None:
        """A red edge around what makes no sense."""
        self.control.state(["invalid" if wrong else "!invalid"])

    def enable(self, on: bool) -> None:
        ready = "normal" if self._choices is None else "readonly"
        self.control.configure(state=ready if on else "disabled")


class Switch(ttk.Frame):
    """A setting that is on or off, with its label beside it; otherwise like a Field."""

    def __init__(self, master: tk.Misc, label: str, sentence: str, on_change: Callable[[], object]) -> None:
        super().__init__(master)
        self.label = label
        self._variable = tk.BooleanVar(self, value=False)
        self.control = ttk.Checkbutton(self, text=label, variable=self._variable, bootstyle="round-toggle")
        self.control.pack(anchor="w")
        explain(self.control, sentence)
        self._variable.trace_add("write", lambda *_: on_change())

    @property
    def text(self) -> str:
        """`YES` or `NO`."""
        return YES if self._variable.get() else NO

    def set(self, text: str) -> None:
        """Turn it on by `YES`, off by `NO`; anything else changes nothing."""
        if text in {YES, NO} and text != self.text:
            self._variable.set(text == YES)

    def mark(self, *, wrong: bool) -> None:
        """A red edge around what makes no sense."""
        self.control.state(["invalid" if wrong else "!invalid"])

    def enable(self, on: bool) -> None:
        self.control.configure(state="normal" if on else "disabled")
