"""The settings of a training run as a form that refuses nonsense beside the field, in words."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import ttkbootstrap as ttk

from aedesk.errors import AedeskError
from aedesk.gui.data_picker import DataPicker
from aedesk.gui.fields import Field, explain
from aedesk.gui.theme import GAP
from aedesk.gui.training_settings import ADVANCED, AUTOMATIC, DEVICE, ON_TORCH_ONLY, RECIPE, SETTINGS, Setting
from aedesk.models.presets import PRESETS
from aedesk.training.config import TrainingConfig

if TYPE_CHECKING:
    from aedesk.training.device import Device


class TrainingForm(ttk.Frame):
    """Preset, data and hyper-parameters; `chosen` is None while something makes no sense,
    and `problem` says what."""

    def __init__(self, master: tk.Misc, width: int, on_change: Callable[[], object]) -> None:
        """width: px that the form will have."""
        super().__init__(master)
        self._on_change = on_change
        self._width = width - GAP
        self._quiet = True  # while several fields change at once
        self._enabled = True
        self._wished_device = "auto"
        self.chosen: TrainingConfig | None = None
        self.problem: str | None = None
        self.fields: dict[str, Field] = {}
        self.problems: dict[str, ttk.Label] = {}
        self.columnconfigure((0, 1), weight=1, uniform="halves")
        self._build_network()
        self.data = DataPicker(self, self._width, self.recheck)
        self.data.grid(row=1, column=0, columnspan=2, sticky="ew", pady=(2 * GAP, 0))
        self._build_heading()
        for place, setting in enumerate(RECIPE):
            self._add(self, setting, row=3 + place // 2 * 3, column=place % 2)
        self._add(self, DEVICE, row=12, column=0, columnspan=2)
        self._build_advanced()
        self._quiet = False

    def _build_network(self) -> None:
        box = ttk.Frame(self)
        box.grid(row=0, column=0, columnspan=2, sticky="ew")
        self.preset = Field(
            box,
            "Preset",
            "The network to train, with the recipe that trains it well.",
            self._on_preset,
            {name: name for name in PRESETS},
        )
        self.preset.pack(fill="x")
        self._about = ttk.Label(box, wraplength=self._width)
        self._about.pack(anchor="w", pady=(4, 0))
        self._network = ttk.Label(box, style="Muted.TLabel", wraplength=self._width)
        self._network.pack(anchor="w", pady=(2, 0))
        self.preset.set(next(iter(PRESETS)))

    def _build_heading(self) -> None:
        bar = ttk.Frame(self)
        bar.grid(row=2, column=0, columnspan=2, sticky="ew", pady=(2 * GAP, 0))
        ttk.Label(bar, text="Recipe", style="Heading.TLabel").pack(side="left")
        self.reset_button = ttk.Button(
            bar,
            text="Recipe defaults",
            icon="arrow-counterclockwise",
            bootstyle="ghost",
            padding=(2, 4),
            command=self.reset,
        )
        self.reset_button.pack(side="right")
        explain(
            self.reset_button, "Put back every setting that the preset's recipe has; data and device stay."
        )

    def _build_advanced(self) -> None:
        self._disclose = ttk.Button(self, bootstyle="ghost", padding=(2, 4), command=self.toggle_advanced)
        self._disclose.grid(row=14, column=0, columnspan=2, sticky="w", pady=(GAP, 0))
        explain(self._disclose, "Settings that rarely need a change: validation share, seed and precision.")
        self.advanced = ttk.Frame(self)
        self.advanced.columnconfigure((0, 1), weight=1, uniform="halves")
        for place, setting in enumerate(ADVANCED):
            self._add(self.advanced, setting, row=place // 2 * 3, column=place % 2)
        self._show_advanced(False)

    def _add(self, box: ttk.Frame, setting: Setting, *, row: int, column: int, columnspan: int = 1) -> None:
        """The field, and a line for its problem, as wide as the form, below its row."""
        field = Field(box, setting.label, setting.sentence, self.recheck, setting.choices)
        inside = (0, GAP // 2) if column == 0 and columnspan == 1 else (GAP // 2 * column, 0)
        field.grid(row=row, column=column, columnspan=columnspan, sticky="ew", padx=inside, pady=(GAP, 0))
        field.set(self._usual()[setting.name])
        problem = ttk.Label(box, bootstyle="danger", wraplength=self._width)
        problem.grid(row=row + 1 + column, column=0, columnspan=2, sticky="w")
        problem.grid_remove()
        self.fields[setting.name] = field
        self.problems[setting.name] = problem

    def toggle_advanced(self) -> None:
        self._show_advanced(not self.is_advanced)

    @property
    def is_advanced(self) -> bool:
        """Whether the settings that rarely need a change are shown."""
        return bool(self.advanced.grid_info())

    def _show_advanced(self, on: bool) -> None:
        self._disclose.configure(text="Advanced", icon="chevron-down" if on else "chevron-right")
        if on:
            self.advanced.grid(row=15, column=0, columnspan=2, sticky="ew")
        else:
            self.advanced.grid_remove()

    def reset(self) -> None:
        """Every hyper-parameter as the preset's recipe has it."""
        self._fill({name: value for name, value in self._usual().items() if name != "device"})

    def _usual(self) -> dict[str, str]:
        plain = TrainingConfig.of(self.preset.text).to_json()
        return {setting.name: _shown(plain[setting.name]) for setting in SETTINGS}

    def _fill(self, texts: Mapping[str, str]) -> None:
        self._quiet = True
        for name, text in texts.items():
            self.fields[name].set(text)
        self._quiet = False
        self.recheck()

    def _on_preset(self) -> None:
        preset = PRESETS[self.preset.text]
        architecture = preset.architecture
        self._about.configure(text=preset.about)
        self._network.configure(
            text=f"{architecture.summary()}\n"
            f"Code of {architecture.code_size:,} numbers, {architecture.parameters:,} parameters"
        )
        if not self._quiet:
            recipe = {setting.name for setting in RECIPE} - {"engine"}
            self._fill({name: value for name, value in self._usual().items() if name in recipe})

    def recheck(self) -> None:
        """Judge every field by itself, then all of them together."""
        if self._quiet:
            return
        preset = self.preset.text
        values: dict[str, Any] = {}
        wrong: dict[str, str] = {}
        for setting in SETTINGS:
            text = self.fields[setting.name].text
            try:
                value = setting.parse(setting.label, text) if setting.parse else text
                TrainingConfig.of(preset, **{setting.name: value})
                values[setting.name] = value
            except AedeskError as problem:
                wrong[setting.name] = str(problem)
        self.problem = next(iter(wrong.values()), None)
        self.chosen = None if wrong else TrainingConfig.of(preset, data=self.data.value, **values)
        self._tell(wrong)
        self._on_change()

    def _tell(self, wrong: Mapping[str, str]) -> None:
        for name, field in self.fields.items():
            field.mark(wrong=name in wrong)
            line = self.problems[name]
            line.configure(text=wrong.get(name, ""))
            if name in wrong:
                line.grid()
            else:
                line.grid_remove()
        if any(setting.name in wrong for setting in ADVANCED):
            self._show_advanced(True)
        self._enable_parts()

    def enable(self, on: bool) -> None:
        """Let the settings be changed, or hold them while a run has them."""
        self._enabled = on
        self.preset.enable(on)
        self.data.enable(on)
        self._enable_parts()

    def _enable_parts(self) -> None:
        on_torch = self.fields["engine"].text == "torch"
        for name, field in self.fields.items():
            field.enable(self._enabled and (on_torch or name not in ON_TORCH_ONLY))
        usual = self._usual()
        differs = any(field.text != usual[name] for name, field in self.fields.items() if name != "device")
        self.reset_button.configure(state="normal" if self._enabled and differs else "disabled")

    def focus_problem(self) -> None:
        """Put the cursor into the first field that makes no sense."""
        for name, field in self.fields.items():
            if self.problems[name].grid_info():
                field.control.focus_set()
                return

    def offer_devices(self, devices: list[Device]) -> None:
        """What this machine has, once that is known."""
        self.fields["device"].offer({**AUTOMATIC, **{device.label: device.name for device in devices}})
        self.fields["device"].set(self._wished_device)

    def restore(self, settings: Mapping[str, Any]) -> None:
        """Take up what `remember` gave, as far as it still makes sense."""
        texts = {name: text for name, text in settings.items() if isinstance(text, str)}
        self.preset.set(texts.get("preset", ""))
        self.data.set(texts.get("data") or self.data.value)
        self._wished_device = texts.get("device", "auto")
        self._show_advanced(settings.get("advanced") is True)
        self._fill({name: texts[name] for name in self.fields if name in texts})

    def remember(self) -> dict[str, Any]:
        """The form as it stands, JSON-safe."""
        texts = {name: field.text for name, field in self.fields.items()}
        return {**texts, "preset": self.preset.text, "data": self.data.value, "advanced": self.is_advanced}


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
