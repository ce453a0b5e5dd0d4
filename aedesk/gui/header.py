"""The slim header: which model, which tab, which device, light or dark."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

import ttkbootstrap as ttk

from aedesk.app.loading import ActiveModel
from aedesk.app.run_state import State
from aedesk.gui.fields import explain
from aedesk.gui.fitting_label import FittingLabel
from aedesk.gui.platform import accelerator
from aedesk.gui.theme import GAP, Look


class Header(ttk.Frame):
    """Model picker with one line about the model; tabs; device badge; theme switch."""

    def __init__(
        self,
        master: tk.Misc,
        look: Look,
        on_model: Callable[[str], object],
        on_theme: Callable[[], object],
        on_tab: Callable[[str], object],
        on_card: Callable[[], object],
    ) -> None:
        super().__init__(master, padding=(2 * GAP, GAP))
        self.device = "CPU"
        self._on_model = on_model
        self._references: list[str] = []
        self._tab = tk.StringVar(self, value="explore")
        for name, text in (("explore", "Explore"), ("train", "Train"), ("runs", "Runs"), ("apply", "Apply")):
            button = ttk.Radiobutton(
                self,
                text=text,
                value=name,
                variable=self._tab,
                command=lambda name=name: on_tab(name),
                bootstyle="primary ghost toolbutton",
                padding=(14, 5),
            )
            button.pack(side="left", padx=(0, 2))
        ttk.Label(self, text="Model", style="Muted.TLabel").pack(side="left", padx=(3 * GAP, GAP))
        self._picker = ttk.Combobox(self, state="readonly", width=24, postcommand=self.list_models)
        self._picker.pack(side="left")
        self._picker.bind("<<ComboboxSelected>>", lambda _: self._on_picked())
        explain(self._picker, "Shipped models first, then your own runs, newest first.")
        self.card_button = ttk.Button(
            self, icon="clipboard-data", command=on_card, bootstyle="ghost", padding=5, state="disabled"
        )
        self.card_button.pack(side="left", padx=(4, 0))
        explain(
            self.card_button,
            f"Quality card: how good this model is, and how it was made ({accelerator('i')}).",
        )
        theme = ttk.Button(self, icon="circle-half", command=on_theme, bootstyle="ghost", padding=5)
        theme.pack(side="right")
        explain(theme, "Light or dark")
        self._device = ttk.Label(self, text="", style="Muted.TLabel")
        self._device.pack(side="right", padx=(GAP, GAP))
        self._about = FittingLabel(self, keep_end=False)
        self._about.pack(side="left", padx=(GAP, 0), fill="x", expand=True)

    def list_models(self) -> None:
        """Look again which models there are."""
        from aedesk.storage.library import shipped
        from aedesk.storage.runs import list_runs

        self._references = [*shipped(), *(str(run) for run in list_runs())]
        self._picker.configure(values=[title_of(reference) for reference in self._references])

    @property
    def chosen(self) -> str:
        """What the picker shows."""
        return str(self._picker.get())

    def models(self) -> list[str]:
        """The references of all models on offer."""
        return self._references

    def show_model(self, active: ActiveModel) -> None:
        self._picker.set(title_of(active.reference))
        self._about.set(_about(active))
        self.card_button.configure(state="normal")

    def set_device(self, device: str) -> None:
        self.device = device
        self._device.configure(text=device)

    def set_tab(self, name: str) -> None:
        self._tab.set(name)

    def set_training(self, state: State) -> None:
        doing = {
            State.RUNNING: "training",
            State.STEPPING: "training",
            State.PAUSED: "paused",
            State.STOPPING: "stopping",
        }.get(state)
        self._device.configure(text=f"{self.device}, {doing}" if doing else self.device)

    def _on_picked(self) -> None:
        self._picker.selection_clear()
        self._on_model(self._references[self._picker.current()])


def title_of(reference: str) -> str:
    """A shipped name as it is; of a path, the name of the run's folder or of the file."""
    parts = reference.replace("\\", "/").rstrip("/").split("/")
    if len(parts) > 2 and parts[-2] == "epochs":
        return f"Epoch {int(parts[-1].partition('.')[0])} of {parts[-3]}"
    return parts[-2] if parts[-1] == "model.safetensors" and len(parts) > 1 else parts[-1]


def _about(active: ActiveModel) -> str:
    from aedesk.models.presets import PRESETS

    preset = PRESETS.get(active.reference)
    if preset is not None:
        return preset.about
    architecture = active.model.architecture
    return f"{architecture.summary()}, {architecture.parameters:,} parameters"
