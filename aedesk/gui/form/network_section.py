"""The part of the training form about the network: a preset, what to change in it, and its kind."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping

import ttkbootstrap as ttk

from aedesk.gui.fields import Field, explain
from aedesk.gui.form.disclosure import Disclosure
from aedesk.gui.form.grid import SettingsGrid
from aedesk.gui.form.settings import ABOUT_KIND, FIELDS_OF_KIND, KIND, KIND_FIELDS, NETWORK, OF_NETWORK
from aedesk.models.architecture import Architecture
from aedesk.models.presets import PRESETS

_LOCKED = "Locked: a branch goes on with the weights of its run, so its network stays as it is."

_FIRST = "dense-2d"
"""The preset that a new form has: trained in a minute on any machine, and its map is there to be looked at."""


class NetworkSection(ttk.Frame):
    """`preset`, the disclosure `own` with the fields of an own network, and the fields of the chosen kind.

    `grids` are all of them. is_locked: the network is that of a run that is branched.
    """

    def __init__(
        self,
        master: tk.Misc,
        width: int,
        *,
        on_preset: Callable[[], object],
        on_change: Callable[[], object],
        on_reset: Callable[[], object],
    ) -> None:
        super().__init__(master)
        self._width = width
        self.is_locked = False
        sentence = "The network to train, with the recipe that trains it well."
        self.preset = Field(self, "Preset", sentence, on_preset, {name: name for name in PRESETS})
        self.preset.set(_FIRST)
        self.preset.pack(fill="x")
        self._problem = ttk.Label(self, bootstyle="danger", wraplength=width)
        self._about = self._line()
        self._summary = self._line()
        self._summary.configure(style="Muted.TLabel")
        self.locked_line = ttk.Label(self, text=_LOCKED, wraplength=width)
        self._build_own(on_change, on_reset)
        of_kind = SettingsGrid(self, width, KIND, on_change)
        of_kind.pack(fill="x")
        self._kind = of_kind.fields["kind"]
        self.about_kind = self._line()
        self._kind_box = ttk.Frame(self, height=1)
        self._kind_box.pack(fill="x")
        self._kind_fields = SettingsGrid(self._kind_box, width, KIND_FIELDS, on_change)
        self.grids = (self.network, of_kind, self._kind_fields)

    def _line(self) -> ttk.Label:
        line = ttk.Label(self, wraplength=self._width)
        line.pack(anchor="w", pady=(4, 0))
        return line

    def _build_own(self, on_change: Callable[[], object], on_reset: Callable[[], object]) -> None:
        self.own = Disclosure(
            self,
            "Own network",
            "Change the preset's network into one of your own: layers, code, activation ...",
        )
        self.own.pack(fill="x", pady=(4, 0))
        self.network = SettingsGrid(self.own.content, self._width, NETWORK, on_change)
        self.network.pack(fill="x")
        self.reset_button = ttk.Button(
            self.own.content,
            text="Preset's network",
            icon="arrow-counterclockwise",
            bootstyle="ghost",
            padding=(2, 4),
            command=on_reset,
        )
        self.reset_button.pack(anchor="e", pady=(4, 0))
        explain(self.reset_button, "Put back the network that the preset has; the recipe stays.")

    def lock(self, on: bool) -> None:
        """Offer the kinds that go with the network: a branch cannot get a variational code, or lose it."""
        self.is_locked = on
        is_variational = self._kind.text == "variational"
        offered = {
            label: name
            for label, name in (KIND[0].choices or {}).items()
            if not on or (name == "variational") == is_variational
        }
        assert isinstance(self._kind, Field)
        self._kind.offer(offered)

    def is_own(self, usual: Mapping[str, str]) -> bool:
        """Whether the network differs from that of the preset, whose texts are `usual`."""
        return any(self.network.fields[name].text != usual[name] for name in self.network.shown)

    def arrange(self) -> None:
        """Show the fields that belong to the layers and to the kind."""
        unused = "widths" if self.network.fields["layers"].text == "conv" else "filters"
        self.network.arrange([name for name in OF_NETWORK if name != unused])
        names = FIELDS_OF_KIND[self._kind.text]
        self._kind_fields.arrange(names)
        if names:
            self._kind_fields.pack(fill="x")
        else:
            self._kind_fields.pack_forget()
            self._kind_box.configure(height=1)  # a frame without content keeps the height it had

    def tell(self, architecture: Architecture | None, problem: str, *, is_own: bool) -> None:
        """Say what is chosen; the figures of the last network that made sense stay. problem: of the preset, or ""."""
        name = self.preset.text
        self.preset.call(f"{name} (changed)" if is_own else None)
        of_code = self.network.fields["code_activation"]
        assert isinstance(of_code, Field)
        of_code.call("Linear (mean)" if self._kind.text == "variational" else None)
        self._about.configure(text=f"A network of your own, from {name}." if is_own else PRESETS[name].about)
        self.about_kind.configure(text=ABOUT_KIND[self._kind.text])
        if architecture is not None:
            self._summary.configure(
                text=f"{architecture.summary()}\n"
                f"Code of {architecture.code_size:,} numbers, {architecture.parameters:,} parameters"
            )
        self._problem.configure(text=problem)
        _show(self._problem, bool(problem), after=self.preset)
        _show(self.locked_line, self.is_locked, after=self._summary)


def _show(line: ttk.Label, on: bool, *, after: tk.Misc) -> None:
    if on:
        line.pack(anchor="w", pady=(4, 0), after=after)
    else:
        line.pack_forget()
