"""The page of the Apply tab: Denoise."""

from __future__ import annotations

import tkinter as tk
from typing import Any, ClassVar

import ttkbootstrap as ttk

from aedesk.analysis.denoising import KIND_WORDS
from aedesk.app.denoiser import Damage, Denoiser, Mending, is_shipped
from aedesk.app.explorer import Reading
from aedesk.app.holes import Holes
from aedesk.app.loading import ActiveModel
from aedesk.data.corruption import Corruption, Mixture
from aedesk.gui.apply.denoise_bench import DenoiseBench
from aedesk.gui.apply.denoise_tiles import MendedTiles
from aedesk.gui.apply.page import Page
from aedesk.gui.choice_row import ChoiceRow
from aedesk.gui.fields import explain
from aedesk.gui.scrolled import ScrolledColumn
from aedesk.gui.theme import GAP

_KINDS = {words: kind for kind, words in KIND_WORDS.items()}
_MODES = {
    "add": ("Damage my drawing", "Your drawing is the clean one: it is damaged as you choose, and mended."),
    "drawn": (
        "My drawing is the damaged one",
        "Nothing is added: what you draw is mended. Knock holes into it with the eraser (E).",
    ),
}
_LEAST = 272  # px, before scaling, of the height of the comparison
_SLIDER = 150  # px, before scaling
_DRAW = "Draw a digit at the left, or take a random one by the dice: it is damaged here, and mended by every method."
_TUNED = (
    "PSNR and SSIM say how near a picture comes to the clean one: higher is better, SSIM 1 is perfect. "
    "Both filters have the setting that is best for this very picture, which no filter could know."
)
_UNKNOWN = (
    "Nobody knows how this drawing is meant, so no PSNR can tell who is right. Take the eraser (E) and knock holes "
    "into it: then the drawing before is the clean one."
)
_HOLES = (
    "The drawing as it was before you erased is the clean one. Higher is better; networks that know digits can fill "
    "a hole, filters can only smooth what is left."
)


class DenoisePage(Page):
    name: ClassVar[str] = "denoise"
    about: ClassVar[str] = "A network that knows what digits look like can mend damaged ones."

    def build(self) -> None:
        self._draws = 0
        self._strength_told = ""
        self.denoiser = Denoiser(self.jobs)
        self.denoiser.changed.connect(self._show)
        self.denoiser.failed.connect(self.around.on_problem)
        self._holes = Holes()
        self._column = ScrolledColumn(self, self.look)
        self._column.pack(fill="both", expand=True)
        content = self._column.content
        self.mode = ChoiceRow(content, _MODES, self._on_mode)
        self.mode.pack(fill="x")
        self._build_controls(content).pack(fill="x", pady=(GAP // 2, GAP))
        self.tiles = MendedTiles(content, self.look, has_denoiser=is_shipped())
        self.tiles.pack(fill="x")
        self.note = ttk.Label(content, style="Muted.TLabel", text=_DRAW)
        self.note.pack(fill="x", pady=(GAP // 2, GAP))
        self.note.bind("<Configure>", lambda event: self.note.configure(wraplength=event.width), add="+")
        self.bench = DenoiseBench(content, self.around, lambda: self.damage)
        self.bench.grid_propagate(False)
        self.bench.pack(fill="x")
        for widget in (self._column, content):
            widget.bind("<Configure>", lambda _: self._fill(), add="+")
        self._column.follow()

    def _build_controls(self, master: tk.Misc) -> ttk.Frame:
        row = ttk.Frame(master)
        self.kind = ttk.Combobox(row, values=list(_KINDS), state="readonly", width=15)
        self.kind.set(next(iter(_KINDS)))
        self.kind.pack(side="left")
        self.kind.bind("<<ComboboxSelected>>", lambda _: self._on_damage(), add="+")
        explain(self.kind, "What befalls the drawing.")
        ttk.Label(row, text="Strength", style="Muted.TLabel").pack(side="left", padx=(2 * GAP, GAP // 2))
        self.strength = tk.DoubleVar(self, 0.5)
        self.slider = ttk.Scale(
            row,
            from_=0,
            to=1,
            variable=self.strength,
            length=ttk.scale_size(self, _SLIDER),
            command=lambda _: self._on_damage(),
        )
        self.slider.pack(side="left")
        explain(
            self.slider, "From nothing to hardly anything left; of Gaussian noise, its standard deviation."
        )
        self._strength_words = ttk.Label(row, text="0.50", width=4)
        self._strength_words.pack(side="left", padx=(GAP // 2, GAP))
        self.again = ttk.Button(
            row, text="Another draw", icon="dice-5", bootstyle="ghost", padding=(6, 3), command=self._on_again
        )
        self.again.pack(side="left")
        explain(self.again, "Draw the same damage anew: it falls elsewhere.")
        return row

    @property
    def damage(self) -> Damage:
        """What is chosen to befall pictures."""
        return Damage(_KINDS[self.kind.get()], round(self.strength.get(), 2), self._draws)

    def choose(self, kind: Corruption | Mixture, strength: float) -> None:
        """Choose other damage; a kind that is not offered changes nothing."""
        label = next((label for label, meaning in _KINDS.items() if meaning == kind), None)
        if label is not None:
            self.kind.set(label)
            self.strength.set(min(max(strength, 0.0), 1.0))
            self._on_damage()

    def set_mode(self, mode: str) -> None:
        """`add`: the drawing is damaged; `drawn`: it is the damaged one."""
        self.mode.set(mode)
        self._on_mode()

    # --- news ---

    def on_model(self, active: ActiveModel) -> None:
        self.bench.follow(active)
        self._mend()

    def on_reading(self, reading: Reading | None) -> None:
        self._mend()

    def remember(self) -> dict[str, Any]:
        damage = self.damage
        told = {"mode": self.mode.get(), "kind": damage.kind, "strength": damage.strength}
        return {**told, "bench": self.bench.remember()}

    def restore(self, remembered: dict[str, Any]) -> None:
        kind, strength = remembered.get("kind"), remembered.get("strength")
        if (
            isinstance(kind, str)
            and kind in KIND_WORDS
            and isinstance(strength, int | float)
            and 0 <= strength <= 1
        ):
            self.choose(kind, float(strength))
        if remembered.get("mode") in _MODES:
            self.set_mode(remembered["mode"])
        bench = remembered.get("bench")
        if isinstance(bench, dict):
            self.bench.restore(bench)

    def give_up(self) -> None:
        self.bench.run_bar.give_up()

    def _fill(self) -> None:
        """The figure takes the height that is left, but never too little: then the page scrolls."""
        given = self.bench.winfo_reqheight()
        others = self._column.content.winfo_reqheight() - given
        height = max(ttk.scale_size(self, _LEAST), self._column.winfo_height() - others)
        if height != given:
            self.bench.configure(height=height)

    # --- hands ---

    def _on_mode(self) -> None:
        self._holes = Holes()
        self._mend()

    def _on_damage(self) -> None:
        """Whoever chooses damage wants to see it."""
        self.mode.set("add")
        self.kind.selection_clear()
        words = f"{self.strength.get():.2f}"
        if words != self._strength_told:
            self._strength_told = words
            self._strength_words.configure(text=words)
        self._mend()

    def _on_again(self) -> None:
        self._draws += 1
        self._on_damage()

    # --- work ---

    def _mend(self) -> None:
        active, reading = self.explorer.active, self.explorer.reading
        if active is None or reading is None:
            self.denoiser.clear()
        elif self.mode.get() == "add":
            self.denoiser.damage(reading.image, self.damage, active.model)
        else:
            damaged, clean = self._holes.look(self.ink)
            self.denoiser.mend(damaged, clean, active.model)

    def _show(self, mending: Mending | None) -> None:
        self.tiles.show(mending)
        if mending is None:
            words = _DRAW
        elif self.mode.get() == "add":
            words = _TUNED
        else:
            words = _UNKNOWN if mending.clean is None else _HOLES
        if self.note.cget("text") != words:
            self.note.configure(text=words)
