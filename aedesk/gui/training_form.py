"""The settings of a training run as a form that refuses nonsense beside the field, in words."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ttkbootstrap as ttk

from aedesk.errors import AedeskError
from aedesk.gui.data_picker import DataPicker
from aedesk.gui.fields import Field, explain, number, whole_number
from aedesk.gui.theme import GAP
from aedesk.models.presets import PRESETS
from aedesk.training.config import TrainingConfig

if TYPE_CHECKING:
    from aedesk.training.device import Device

_AUTOMATIC = {"Automatic": "auto"}


@dataclass(frozen=True)
class _Setting:
    """name: the field of TrainingConfig or Recipe. parse: from what was typed, where it is not a choice."""

    name: str
    label: str
    sentence: str
    choices: Mapping[str, str] | None = None
    parse: Callable[[str, str], float] | None = None


_RECIPE = (
    _Setting("epochs", "Epochs", "How many times training goes through all the images.", parse=whole_number),
    _Setting(
        "batch_size",
        "Batch size",
        "How many images each step learns from: more are faster and smoother, fewer step more often.",
        parse=whole_number,
    ),
    _Setting(
        "learning_rate",
        "Learning rate",
        "How far each step goes: too small learns slowly, too large overshoots and never settles.",
        parse=number,
    ),
    _Setting(
        "optimiser",
        "Optimiser",
        "How a step is taken: Adam adapts it for each weight, SGD goes straight down the slope.",
        {"Adam": "adam", "SGD": "sgd"},
    ),
    _Setting(
        "loss",
        "Loss",
        "What training makes small: MSE, the mean squared error of the pixels, or BCE, their binary cross-entropy.",
        {"MSE": "mse", "BCE": "bce"},
    ),
    _Setting(
        "engine",
        "Engine",
        "What computes: PyTorch, or this program's own NumPy code, which runs dense networks only.",
        {"PyTorch": "torch", "NumPy": "numpy"},
    ),
)
_DEVICE = _Setting("device", "Device", "Where it computes: Automatic takes a GPU if there is one.", _AUTOMATIC)
_ADVANCED = (
    _Setting(
        "validation_fraction",
        "Validation share",
        "The part of the training images, up to 0.5, that is held out to see how the model does on new ones.",
        parse=number,
    ),
    _Setting(
        "seed",
        "Seed",
        "Where the random numbers start: the same seed on the same device gives the same run.",
        parse=whole_number,
    ),
    _Setting(
        "precision",
        "Precision",
        "How exactly numbers are held: bfloat16 is faster on some hardware, and Automatic knows where it pays.",
        {"Automatic": "auto", "float32": "float32", "bfloat16": "bfloat16"},
    ),
)
_SETTINGS = (*_RECIPE, _DEVICE, *_ADVANCED)
_ON_TORCH_ONLY = ("device", "precision")


class TrainingForm(ttk.Frame):
    """Preset, data and hyper-parameters; `config` is None, and `problem` says why, while something makes no sense."""

    def __init__(self, master: tk.Misc, width: int, on_change: Callable[[], object]) -> None:
        """width: px that the form will have."""
        super().__init__(master)
        self._on_change = on_change
        self._width = width
        self._quiet = True  # while several fields change at once
        self._enabled = True
        self._wished_device = "auto"
        self.config: TrainingConfig | None = None
        self.problem: str | None = None
        self.fields: dict[str, Field] = {}
        self.problems: dict[str, ttk.Label] = {}
        self.columnconfigure((0, 1), weight=1, uniform="halves")
        self._build_network()
        self.data = DataPicker(self, width, self._check)
        self.data.grid(row=1, column=0, columnspan=2, sticky="ew", pady=(2 * GAP, 0))
        self._build_heading()
        for place, setting in enumerate(_RECIPE):
            self._add(self, setting, row=3 + place // 2 * 2, column=place % 2)
        self._add(self, _DEVICE, row=9, column=0, columnspan=2)
        self._build_advanced()
        self.preset.set(next(iter(PRESETS)))
        self.reset()

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

    def _build_heading(self) -> None:
        bar = ttk.Frame(self)
        bar.grid(row=2, column=0, columnspan=2, sticky="ew", pady=(2 * GAP, 0))
        ttk.Label(bar, text="Recipe", style="Heading.TLabel").pack(side="left")
        self.reset_button = ttk.Button(
            bar, text="Recipe defaults", icon="arrow-counterclockwise", bootstyle="ghost", command=self.reset
        )
        self.reset_button.pack(side="right")
        explain(self.reset_button, "Put back every setting that the preset's recipe has; data and device stay.")

    def _build_advanced(self) -> None:
        self._disclose = ttk.Button(self, bootstyle="ghost", command=self.toggle_advanced)
        self._disclose.grid(row=11, column=0, columnspan=2, sticky="w", pady=(GAP, 0))
        explain(self._disclose, "Settings that rarely need a change: validation share, seed and precision.")
        self.advanced = ttk.Frame(self)
        self.advanced.columnconfigure((0, 1), weight=1, uniform="halves")
        for place, setting in enumerate(_ADVANCED):
            self._add(self.advanced, setting, row=place // 2 * 2, column=place % 2)
        self._show_advanced(False)

    def _add(self, box: ttk.Frame, setting: _Setting, *, row: int, column: int, columnspan: int = 1) -> None:
        """The field, and a line for its problem, as wide as the form, below its row."""
        field = Field(box, setting.label, setting.sentence, self._check, setting.choices)
        inside = (0, GAP // 2) if column == 0 and columnspan == 1 else (GAP // 2 * column, 0)
        field.grid(row=row, column=column, columnspan=columnspan, sticky="ew", padx=inside, pady=(GAP, 0))
        lines = box.grid_slaves(row=row + 1)
        problem = lines[0] if lines else ttk.Label(box, bootstyle="danger", wraplength=self._width)
        problem.grid(row=row + 1, column=0, columnspan=2, sticky="w")
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
            self.advanced.grid(row=12, column=0, columnspan=2, sticky="ew")
        else:
            self.advanced.grid_remove()

    def reset(self) -> None:
        """Every hyper-parameter as the preset's recipe has it."""
        self._fill({name: value for name, value in self._usual().items() if name != "device"})

    def _usual(self) -> dict[str, str]:
        plain = TrainingConfig.of(self.preset.text).to_json()
        return {setting.name: _shown(plain[setting.name]) for setting in _SETTINGS}

    def _fill(self, texts: Mapping[str, str]) -> None:
        self._quiet = True
        for name, text in texts.items():
            self.fields[name].set(text)
        self._quiet = False
        self._check()

    def _on_preset(self) -> None:
        preset = PRESETS[self.preset.text]
        architecture = preset.architecture
        self._about.configure(text=preset.about)
        self._network.configure(
            text=f"{architecture.summary()}\n"
            f"Code of {architecture.code_size:,} numbers, {architecture.parameters:,} parameters"
        )
        recipe = {setting.name for setting in _RECIPE} - {"engine"}
        self._fill({name: value for name, value in self._usual().items() if name in recipe})

    def _check(self) -> None:
        """Judge every field by itself, then all of them together."""
        if self._quiet:
            return
        preset = self.preset.text
        values: dict[str, Any] = {}
        wrong: dict[str, str] = {}
        for setting in _SETTINGS:
            text = self.fields[setting.name].text
            try:
                value = setting.parse(setting.label, text) if setting.parse else text
                TrainingConfig.of(preset, **{setting.name: value})
                values[setting.name] = value
            except AedeskError as problem:
                wrong[setting.name] = str(problem)
        self.problem = next(iter(wrong.values()), None)
        self.config = None if wrong else TrainingConfig.of(preset, data=self.data.value, **values)
        self._tell(wrong)
        self._on_change()

    def _tell(self, wrong: Mapping[str, str]) -> None:
        lines: dict[ttk.Label, list[str]] = {label: [] for label in self.problems.values()}
        for name, text in wrong.items():
            lines[self.problems[name]].append(text)
        for label, texts in lines.items():
            label.configure(text="\n".join(texts))
            label.grid() if texts else label.grid_remove()
        for name, field in self.fields.items():
            field.mark(wrong=name in wrong)
        if any(setting.name in wrong for setting in _ADVANCED):
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
            field.enable(self._enabled and (on_torch or name not in _ON_TORCH_ONLY))
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
        self.fields["device"].offer({**_AUTOMATIC, **{device.label: device.name for device in devices}})
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
