"""The settings of a training run as a form that refuses nonsense beside the field, in words."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import ttkbootstrap as ttk

from aedesk.errors import AedeskError
from aedesk.gui.fields import Field, Switch, explain
from aedesk.gui.form.data_picker import DataPicker
from aedesk.gui.form.disclosure import Disclosure
from aedesk.gui.form.grid import SettingsGrid
from aedesk.gui.form.network_section import NetworkSection
from aedesk.gui.form.settings import (
    ADVANCED,
    AUTOMATIC,
    LESSONS,
    OF_NETWORK,
    OF_PRESET,
    ON_TORCH_ONLY,
    RECIPE,
    SETTINGS,
    STOPS,
    UNSEEN,
    Setting,
)
from aedesk.gui.theme import GAP
from aedesk.training.config import TrainingConfig, problems, usual_design

if TYPE_CHECKING:
    from aedesk.training.device import Device


class TrainingForm(ttk.Frame):
    """Network, data and recipe; `chosen` is None while something makes no sense, and `problem` says what.

    A network field that differs from the preset's makes the network the user's own.
    """

    def __init__(
        self,
        master: tk.Misc,
        width: int,
        on_change: Callable[[], object],
        on_preview: Callable[[str], object] | None = None,
    ) -> None:
        """width: px that the form will have. on_preview gets the data whose preview is wanted."""
        super().__init__(master)
        self._on_change = on_change
        self._width = width - GAP
        self._quiet = True  # while several fields change at once
        self._enabled = True
        self._unseen: dict[str, Any] = {}
        self._wished_device = "auto"
        self._knows_devices = False
        self._grids: list[SettingsGrid] = []
        self.chosen: TrainingConfig | None = None
        self.problem: str | None = None
        self.fields: dict[str, Field | Switch] = {}
        self.problems: dict[str, ttk.Label] = {}
        self._section = NetworkSection(
            self,
            self._width,
            on_preset=self._on_preset,
            on_change=self.recheck,
            on_reset=self.reset_network,
        )
        self._section.pack(fill="x")
        for grid in self._section.grids:
            self._take(grid)
        self.preset, self.network = self._section.preset, self._section.own
        self.network_button = self._section.reset_button
        self.data = DataPicker(self, self._width, self.recheck, on_preview)
        self.data.pack(fill="x", pady=(2 * GAP, 0))
        self.reset_button = self._heading(
            "Recipe",
            "Recipe defaults",
            "Put back every setting that the preset's recipe has; network, data and device stay.",
            self.reset,
        )
        self._add(self, RECIPE)
        self.stops = Disclosure(
            self, "Stop early", "End the run before its last epoch, when one of these holds."
        )
        self.advanced = Disclosure(
            self,
            "Advanced",
            "Settings that rarely need a change: validation share, seed, precision, kept epochs.",
        )
        self.lessons = Disclosure(
            self,
            "More to learn from",
            "What else is learnt from: sketches, pictures a little moved, a map that leads the codes.",
        )
        folded = ((self.lessons, LESSONS), (self.stops, STOPS), (self.advanced, ADVANCED))
        for part, settings in folded:
            part.pack(fill="x", pady=(GAP, 0))
            self._add(part.content, settings)
        self._fill({**self._usual(), "device": "auto"}, quiet=True)
        self._quiet = False

    # --- building ---

    def _heading(self, title: str, action: str, sentence: str, command: Callable[[], object]) -> ttk.Button:
        bar = ttk.Frame(self)
        bar.pack(fill="x", pady=(2 * GAP, 0))
        ttk.Label(bar, text=title, style="Heading.TLabel").pack(side="left")
        button = ttk.Button(
            bar,
            text=action,
            icon="arrow-counterclockwise",
            bootstyle="ghost",
            padding=(2, 4),
            command=command,
        )
        button.pack(side="right")
        explain(button, sentence)
        return button

    def _add(self, box: ttk.Frame, settings: tuple[Setting, ...]) -> None:
        grid = SettingsGrid(box, self._width, settings, self.recheck)
        grid.pack(fill="x")
        self._take(grid)

    def _take(self, grid: SettingsGrid) -> None:
        self._grids.append(grid)
        self.fields |= grid.fields
        self.problems |= grid.problems

    # --- what is folded away ---

    def toggle_advanced(self) -> None:
        self.advanced.toggle()

    @property
    def is_advanced(self) -> bool:
        """Whether the settings that rarely need a change are shown."""
        return self.advanced.is_open

    @property
    def _folded(self) -> dict[str, Disclosure]:
        return {
            "own_network": self.network,
            "lessons": self.lessons,
            "stop_early": self.stops,
            "advanced": self.advanced,
        }

    # --- filling in ---

    def reset(self) -> None:
        """Every hyper-parameter as the preset's recipe has it."""
        self._unseen = {}
        kept = {*OF_NETWORK, "device"}
        self._fill({name: text for name, text in self._usual().items() if name not in kept})

    def reset_network(self) -> None:
        """The network as the preset has it."""
        usual = self._usual()
        self._fill({name: usual[name] for name in OF_NETWORK})

    def fill(self, config: TrainingConfig, *, lock_network: bool = False) -> None:
        """Put in the settings of a run; `lock_network` for a branch, which goes on with the run's weights."""
        self._quiet = True
        self.preset.set(config.preset)
        self.data.set(config.data)
        usual = TrainingConfig.of(config.preset).to_json()
        plain = config.to_json()
        self._unseen = {name: plain[name] for name in UNSEEN if plain[name] != usual[name]}
        self._wished_device = config.device
        self._section.lock(False)
        self.fields["kind"].set(config.recipe.kind)
        self._section.lock(lock_network)
        self._fill(_texts(config))

    def unlock(self) -> None:
        """Let the network be changed again; everything stays as it is filled in."""
        if self._section.is_locked:
            self._quiet = True
            self._section.lock(False)
            self._quiet = False
            self.recheck()

    def _usual(self) -> Mapping[str, str]:
        return _usual_texts(self.preset.text)

    def _fill(self, texts: Mapping[str, str], *, quiet: bool = False) -> None:
        self._quiet = True
        for name, text in texts.items():
            self.fields[name].set(text)
        self._quiet = quiet
        self.recheck()

    def _on_preset(self) -> None:
        if not self._quiet:
            self._unseen = {}
            kept = {"engine", "device"}
            usual = self._usual()
            self._fill({name: usual[name] for name in OF_PRESET if name not in kept})

    # --- judging ---

    def recheck(self) -> None:
        """Judge every field by itself, then all of them together."""
        if self._quiet:
            return
        self._quiet = True  # the preset may get another name
        self._section.arrange()
        wrong: dict[str, str] = {}
        changes = {**self._unseen, "data": self.data.value, **self._read(wrong)}
        preset = self.preset.text
        for name, sentence in problems(preset, changes).items():
            wrong.setdefault(name, sentence)
        seen = ["preset", *self._seen]
        first = next((name for name in seen if name in wrong), next(iter(wrong), None))
        self.problem = None if first is None else wrong[first]
        self.chosen = None if wrong else TrainingConfig.of(preset, **changes)
        self._tell({name if name in seen else "preset": sentence for name, sentence in wrong.items()})
        self._quiet = False
        self._on_change()

    @property
    def has_own_network(self) -> bool:
        """Whether the network differs from the preset's."""
        return self._section.is_own(self._usual())

    @property
    def _seen(self) -> Iterator[str]:
        """The settings that the form asks for just now."""
        for grid in self._grids:
            yield from grid.shown

    def _read(self, wrong: dict[str, str]) -> dict[str, Any]:
        """What the fields say, those of a network of one's own included; what cannot be read goes into `wrong`."""
        values = {}
        left_out = set() if self.has_own_network else set(OF_NETWORK)
        for name in self._seen:
            if name not in left_out:
                try:
                    values[name] = SETTINGS[name].read(self.fields[name].text)
                except AedeskError as problem:
                    wrong[name] = str(problem)
        return values

    def _tell(self, wrong: Mapping[str, str]) -> None:
        for grid in self._grids:
            if grid.tell(wrong):
                for part in self._folded.values():
                    if grid.master is part.content:
                        part.open(True)
        architecture = None if self.chosen is None else self.chosen.architecture
        self._section.tell(architecture, wrong.get("preset", ""), is_own=self.has_own_network)
        self._note_folded()
        self._enable_parts()

    def _note_folded(self) -> None:
        """What differs from the usual is told although it is folded away."""
        usual = self._usual()
        bounds = {"minutes": "{} min", "patience": "{} epochs without gain", "target": "loss {}"}
        told = [
            words.format(text) for name, words in bounds.items() if (text := self.fields[name].text.strip())
        ]
        self.stops.note(_first(told))
        changed = [s.label.lower() for s in ADVANCED if self.fields[s.name].text != usual[s.name]]
        self.advanced.note(_first(changed))
        self.lessons.note(_first([s.label.lower() for s in LESSONS if self.fields[s.name].text != "0"]))

    # --- being used ---

    def enable(self, on: bool) -> None:
        """Let the settings be changed, or hold them while a run has them."""
        self._enabled = on
        self.data.enable(on)
        self._enable_parts()

    def _enable_parts(self) -> None:
        held = set(OF_NETWORK) if self._section.is_locked else set()
        if self.fields["engine"].text != "torch":
            held.update(ON_TORCH_ONLY)
        if self.fields["kind"].text == "variational":
            held.add("code_activation")
        for name, field in self.fields.items():
            field.enable(self._enabled and name not in held)
        self.preset.enable(self._enabled and not self._section.is_locked)
        usual = self._usual()
        kept = {*OF_NETWORK, "device"}
        differs = any(field.text != usual[name] for name, field in self.fields.items() if name not in kept)
        for button, can in (
            (self.reset_button, differs),
            (self.network_button, self.has_own_network and not self._section.is_locked),
        ):
            button.configure(state="normal" if self._enabled and can else "disabled")

    def focus_problem(self) -> None:
        """Put the cursor into the first field that makes no sense."""
        for name in self._seen:
            if self.problems[name].grid_info():
                self.fields[name].control.focus_set()
                return

    def offer_devices(self, devices: list[Device]) -> None:
        """What this machine has, once that is known."""
        field = self.fields["device"]
        assert isinstance(field, Field)
        field.offer({**AUTOMATIC, **{device.label: device.name for device in devices}})
        field.set(self._wished_device)
        self._knows_devices = True

    def restore(self, settings: Mapping[str, Any]) -> None:
        """Take up what `remember` gave, as far as it still makes sense."""
        texts = {name: text for name, text in settings.items() if isinstance(text, str)}
        self.preset.set(texts.get("preset", ""))
        self.data.set(texts.get("data") or self.data.value)
        self._wished_device = texts.get("device", "auto")
        for name, part in self._folded.items():
            part.open(settings.get(name) is True)
        self._fill({name: texts[name] for name in self.fields if name in texts})

    def remember(self) -> dict[str, Any]:
        """The form as it stands, JSON-safe."""
        texts = {name: field.text for name, field in self.fields.items()}
        if not self._knows_devices:
            texts["device"] = self._wished_device
        folded = {name: part.is_open for name, part in self._folded.items()}
        return {**texts, "preset": self.preset.text, "data": self.data.value, **folded}


@cache
def _usual_texts(preset: str) -> Mapping[str, str]:
    return _texts(TrainingConfig.of(preset))


def _texts(config: TrainingConfig) -> dict[str, str]:
    """Every setting of the form as its field shows it."""
    design = config.design or usual_design(config.preset)
    plain = {**design.to_json(), **config.to_json()}
    return {name: setting.show(plain[name]) for name, setting in SETTINGS.items()}


def _first(words: list[str]) -> str:
    """The first of some words, and that there are more."""
    return words[0] + (" ..." if len(words) > 1 else "") if words else ""
