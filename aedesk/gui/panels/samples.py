"""New codes drawn at random, and the digits they decode to."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import ttkbootstrap as ttk

from aedesk.errors import AedeskError
from aedesk.gui.fields import explain, whole_number
from aedesk.gui.panels.panel import Panel, save_as
from aedesk.gui.panels.picture_row import PictureRow
from aedesk.gui.theme import GAP, Look, Palette
from aedesk.gui.timers import Timers
from aedesk.latent.temperature import HOTTEST

if TYPE_CHECKING:
    from aedesk.app.desk import Desk

ORIGIN = "a sample"
_NAMES = {"gaussian": "Gaussian", "mixture": "Gaussian mixture", "prior": "Prior"}
_SAMPLER_TIP = (
    "What codes are drawn from. Prior: the normal distribution that a variational model learned to decode."
    " Gaussian mixture: as many small ones as the training images' codes have heaps. Gaussian: a single one."
)
_COUNTS = (12, 24, 48, 96, 200)
_LARGEST_SEED = 2**32 - 1
_DRAW = "draw"  # the delay before what the controls say is drawn
_PATIENCE = 200  # ms without a change of the controls before a sheet is drawn
_INVITATION = (
    "Surprise me turns codes that nobody\nhas drawn into digits. A click shows\nwhere one lies on the map."
)


class SamplesPanel(Panel):
    """How to draw them at the left, the sheet at the right."""

    title = "Samples"
    tip = "New digits: codes drawn at random, like those of the training images, and decoded."

    def __init__(
        self,
        master: tk.Misc,
        look: Look,
        desk: Desk,
        tell: Callable[[str], object],
        on_problem: Callable[[BaseException], object],
    ) -> None:
        super().__init__(master)
        self._look, self._desk = look, desk
        self._tell, self._on_problem = tell, on_problem
        self._kinds: tuple[str, ...] = ()
        self._shown: object = None  # the sheet in the row
        self._timers = Timers(self)
        self.columnconfigure(1, weight=1)
        self.rowconfigure(0, weight=1)
        self._build_controls().grid(row=0, column=0, sticky="nsw", padx=(0, 2 * GAP))
        self.row = PictureRow(
            self,
            look,
            edge=40,
            largest=88,
            captions=False,
            wrap=True,
            on_click=self._on_click,
            empty=_INVITATION,
        )
        self.row.grid(row=0, column=1, sticky="nsew")
        self.watch(desk.samples.changed, desk.explorer.model_changed)
        self.until_destroyed(desk.samples.failed.connect(on_problem), look.changed.connect(self._recolour))

    def _build_controls(self) -> ttk.Frame:
        frame = ttk.Frame(self)
        frame.columnconfigure(1, weight=1)
        buttons = ttk.Frame(frame)
        buttons.grid(row=0, column=0, columnspan=2, sticky="ew")
        self.surprise = ttk.Button(
            buttons,
            text="Surprise me",
            icon="dice-5",
            bootstyle="primary",
            padding=(GAP, 4),
            command=self._on_surprise,
        )
        self.surprise.pack(side="left", fill="x", expand=True)
        explain(self.surprise, "Draw a new sheet, with a seed of its own.")
        self._save = ttk.Button(
            buttons, icon="download", bootstyle="ghost", padding=5, command=self._on_save, state="disabled"
        )
        self._save.pack(side="left", padx=(4, 0))
        explain(self._save, "Save this sheet as a PNG.")
        self._kind = ttk.Combobox(frame, state="readonly", width=15)
        self._kind.bind("<<ComboboxSelected>>", self._on_choice)
        self._place(frame, 1, "Sampler", self._kind, _SAMPLER_TIP)
        self._heat = tk.DoubleVar(self, 1.0)
        heat = ttk.Frame(frame)
        self._scale = ttk.Scale(
            heat, from_=0.0, to=HOTTEST, variable=self._heat, length=80, command=self._on_heat
        )
        self._scale.pack(side="left", fill="x", expand=True)
        self._heat_words = ttk.Label(heat, width=4, anchor="e")
        self._heat_words.pack(side="left")
        tip = "0 gives the means alone, 1 what the training images are like, more what is stranger."
        self._place(frame, 2, "Temperature", heat, tip)
        explain(self._scale, tip)
        numbers = ttk.Frame(frame)
        self._seed_text = tk.StringVar(self)
        self.seed = ttk.Entry(numbers, textvariable=self._seed_text, width=8)
        self.seed.pack(side="left", fill="x", expand=True)
        self.seed.bind("<Return>", lambda _: self._draw())
        self._seed_text.trace_add("write", lambda *_: self._on_seed())
        explain(self.seed, "The whole number that fixes what is drawn: the same seed, the same sheet.")
        self._count = ttk.Combobox(
            numbers, state="readonly", width=4, values=[str(count) for count in _COUNTS]
        )
        self._count.pack(side="left", padx=(4, 0))
        self._count.bind("<<ComboboxSelected>>", self._on_choice)
        explain(self._count, "How many digits a sheet has.")
        self._place(frame, 3, "Seed", numbers, "The number that fixes what is drawn, and how many to draw.")
        return frame

    def _place(self, master: tk.Misc, row: int, text: str, control: tk.Widget, tip: str) -> None:
        label = ttk.Label(master, text=text, style="Muted.TLabel")
        label.grid(row=row, column=0, sticky="w", padx=(0, GAP), pady=(GAP // 2, 0))
        control.grid(row=row, column=1, sticky="ew", pady=(GAP // 2, 0))
        explain(label, tip)
        if isinstance(control, ttk.Combobox):
            explain(control, tip)

    # --- showing ---

    def refresh(self) -> None:
        samples = self._desk.samples
        self._kinds = tuple(samples.kinds)
        self._kind.configure(values=[_NAMES.get(kind, kind) for kind in self._kinds])
        self._kind.set(_NAMES.get(samples.kind, samples.kind))
        if not self._timers.is_waiting(_DRAW):  # else the user is at the controls
            self._heat.set(samples.temperature)
            self._heat_words.configure(text=f"{samples.temperature:.2f}")
            self._count.set(str(samples.count))
            if self._seed_text.get() != str(samples.seed) and self.focus_get() is not self.seed:
                self._seed_text.set(str(samples.seed))
                self._timers.cancel(_DRAW)
        sheet = samples.sheet
        self._save.configure(state="normal" if sheet is not None else "disabled")
        if sheet is None:
            self._shown = None
            self.row.set_empty("Drawing ..." if samples.is_busy else _INVITATION)
            self.row.clear()
        elif sheet is not self._shown:
            self._shown = sheet
            self.row.show(sheet.images, colours=self._colours(sheet.codes))

    def _recolour(self, _: Palette) -> None:
        self._shown = None
        self._on_news(None)

    def _colours(self, codes: np.ndarray) -> list[str]:
        """The colour of the class that each code's neighbours say."""
        active = self._desk.explorer.active
        if active is None:
            return []
        colours = self._look.palette.class_colours(len(active.atlas.classes))
        return [colours[label] for label in active.neighbours.predict(codes).tolist()]

    # --- the user's hands ---

    def _on_surprise(self) -> None:
        self._timers.cancel(_DRAW)
        self._desk.samples.surprise()

    def _on_heat(self, _: str) -> None:
        self._heat_words.configure(text=f"{self._heat.get():.2f}")
        self._draw_soon()

    def _on_choice(self, event: tk.Event[Any]) -> None:
        event.widget.selection_clear()
        self._draw()

    def _on_seed(self) -> None:
        seed = self._seed()
        self.seed.state(["invalid" if seed is None else "!invalid"])
        if seed is None:
            self._timers.cancel(_DRAW)
        else:
            self._draw_soon()

    def _seed(self) -> int | None:
        """The seed that is typed, or None where it makes no sense."""
        try:
            seed = whole_number("Seed", self._seed_text.get())
        except AedeskError:
            return None
        return seed if 0 <= seed <= _LARGEST_SEED else None

    def _draw_soon(self) -> None:
        self._timers.later(_DRAW, _PATIENCE, self._draw)

    def _draw(self) -> None:
        """Draw what the controls say."""
        self._timers.cancel(_DRAW)
        seed = self._seed()
        if seed is None or self._kind.current() < 0:
            return
        self._desk.samples.draw(
            kind=self._kinds[self._kind.current()],
            temperature=round(self._heat.get(), 2),
            seed=seed,
            count=int(self._count.get()),
        )

    def _on_click(self, index: int) -> None:
        sheet = self._desk.samples.sheet
        if sheet is not None and index < len(sheet.codes):
            self._desk.explorer.pick_code(sheet.codes[index], ORIGIN)

    def _on_save(self) -> None:
        save_as(self, "samples.png", self._desk.samples.save, self._tell, self._on_problem)
