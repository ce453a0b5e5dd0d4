"""The losses of runs: of the one in progress or on show as it goes, and of others beside it."""

from __future__ import annotations

import math
import tkinter as tk
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tkinter import filedialog
from tkinter.font import Font
from typing import TYPE_CHECKING, Any, get_args

import ttkbootstrap as ttk

from aedesk.errors import AedeskError
from aedesk.gui import dialogs
from aedesk.gui.charts.paper import ENDINGS
from aedesk.gui.curves.losses import Batches, Losses, Mark, Other, Part, Row, Scene, Smoothing, marks_of
from aedesk.gui.fields import explain
from aedesk.gui.fitting_label import shortened
from aedesk.gui.theme import GAP, Look
from aedesk.gui.timers import Timers
from aedesk.storage import files
from aedesk.training.events import Changed

if TYPE_CHECKING:
    from aedesk.gui.curves.plot import LossPlot

_REDRAW = 100  # ms: the least time between two redraws
_POINT = 15  # ms: the same for the cursor alone, which costs little
_EMPTY = "The loss on training and on validation images\nwill be drawn here while the model learns."
_SMOOTHINGS: dict[Smoothing, str] = {"none": "Raw", "light": "Smooth", "strong": "Smoother"}
_PARTS: dict[Part, str] = {"loss": "Loss", "reconstruction": "Reconstruction", "penalty": "Penalty"}


class Curves(ttk.Frame):
    """Losses over epochs, linear or logarithmic. Usable before Matplotlib is there; `build` then draws.

    on_epoch gets the nearest epoch of the run on show where the plot is clicked or dragged in. on_status gets a line
    about a plot that was saved.
    """

    def __init__(
        self,
        master: tk.Misc,
        look: Look,
        *,
        on_epoch: Callable[[int], object] | None = None,
        on_status: Callable[[str], object] | None = None,
    ) -> None:
        super().__init__(master)
        self._look = look
        self._on_epoch = on_epoch
        self._on_status = on_status
        self._scene = Scene()
        self._epoch: int | None = None
        self._is_stale = True  # what is on the screen is not what is to be there
        self._plot: LossPlot | None = None
        self._timers = Timers(self)
        self._build_bar()
        self._place = ttk.Frame(self)
        self._place.pack(fill="both", expand=True, pady=(GAP, 0))
        self._empty = ttk.Label(self._place, text=_EMPTY, style="Muted.TLabel", justify="center")
        self._empty.place(relx=0.5, rely=0.5, anchor="center")
        disconnect = look.changed.connect(lambda _: self._recolour())
        self.bind("<Destroy>", lambda event: disconnect() if event.widget is self else None, add="+")
        self.bind("<Map>", lambda _: self.refresh(), add="+")

    def _build_bar(self) -> None:
        bar = ttk.Frame(self)
        bar.pack(fill="x")
        self.save_button = ttk.Button(
            bar, icon="download", command=self._on_save, bootstyle="ghost", padding=5, state="disabled"
        )
        self.save_button.pack(side="right")
        explain(self.save_button, "Save plot: a PNG, SVG or PDF of these curves.")
        self._log = tk.BooleanVar(self, value=False)
        self.log_switch = ttk.Checkbutton(
            bar, text="Log", variable=self._log, bootstyle="round-toggle", command=self._on_log
        )
        self.log_switch.pack(side="right", padx=(GAP, 0))
        explain(
            self.log_switch, "Log scale: equal ratios of the loss as equal distances, to see late progress."
        )
        self.smooth_choice = self._choice(
            bar, _SMOOTHINGS.values(), "How far the noise is averaged out; it stays visible, faintly, behind."
        )
        self.smooth_choice.pack(side="right", padx=(GAP, 0))
        self.smooth_choice.bind("<<ComboboxSelected>>", self._on_smoothing, add="+")
        self.part_choice = self._choice(
            bar,
            _PARTS.values(),
            "The loss, or one of its parts: how well pictures are rebuilt, and the penalty.",
        )
        self.part_choice.bind("<<ComboboxSelected>>", self._on_part, add="+")
        self._title = ttk.Label(bar, style="Heading.TLabel", width=1)
        self._title.pack(side="left", fill="x", expand=True)
        self._title_font = Font(self, font=("TkDefaultFont", 10, "bold"))
        self._title_tip = explain(self._title, "")
        self._title.bind("<Configure>", lambda _: self._fit_title(), add="+")

    def _choice(self, bar: ttk.Frame, words: Iterable[str], sentence: str) -> ttk.Combobox:
        words = list(words)
        choice = ttk.Combobox(bar, values=words, state="readonly", width=max(map(len, words)) + 1)
        choice.set(words[0])
        choice.bind("<<ComboboxSelected>>", lambda _: choice.selection_clear(), add="+")
        explain(choice, sentence)
        return choice

    def build(self) -> None:
        """Put the axes in place; this imports Matplotlib unless it has been."""
        from aedesk.gui.curves.plot import LossPlot

        if self._plot is None:
            on_place = self._on_place if self._on_epoch is not None else None
            self._plot = LossPlot(self._place, self._look.palette, on_place)
            self._redraw()

    @property
    def is_log(self) -> bool:
        return bool(self._log.get())

    def set_log(self, on: bool) -> None:
        self._log.set(on)
        self._on_log()

    @property
    def smoothing(self) -> Smoothing:
        return self._scene.smoothing

    def set_smoothing(self, smoothing: str) -> None:
        """`none`, `light` or `strong`; another word, which may come from a settings file, changes nothing."""
        known: Smoothing
        for known in get_args(Smoothing):
            if smoothing == known != self.smoothing:
                self.smooth_choice.set(_SMOOTHINGS[known])
                self._change(smoothing=known)

    @property
    def part(self) -> Part:
        """What is drawn: the whole loss, or a part of it."""
        return self._scene.part

    def set_part(self, part: Part) -> None:
        self.part_choice.set(_PARTS[part])
        if part != self.part:
            self._change(part=part)

    def begin(self, epochs: int, title: str, run: str = "") -> None:
        """Clear everything, runs beside too, for a run of `epochs`. title: what the loss is; run: its name."""
        self._scene = Scene(
            epochs=epochs, title=title, run=run, log=self.is_log, smoothing=self.smoothing, live=True
        )
        self.part_choice.set(_PARTS["loss"])
        self.set_epoch(None)
        self._change()

    def add_batch(self, epochs_done: float, loss: float, batch_loss: float) -> None:
        """Within an epoch. epochs_done has a fraction; loss: the mean over the epoch so far."""
        self._scene.batches.add(epochs_done, batch_loss)
        self._change(running=(epochs_done, loss) if math.isfinite(loss) else None)

    def add_epoch(self, row: Row) -> None:
        """The end of an epoch. row: as `events.HistoryRow`; a loss that is not finite is left out."""
        self._scene.own.add(row)
        self._change(running=None)

    def add_change(self, change: Changed) -> None:
        """A number that was changed in mid-run: it is marked."""
        mark = Mark(change.epoch, change.name, change.old, change.new)
        self._change(marks=(*self._scene.marks, mark))

    def end(self) -> None:
        """Show the epochs that were run, not those that were planned."""
        self._change(live=False, running=None, epochs=1)

    def set_history(
        self,
        history: Iterable[Row],
        changes: Iterable[Mapping[str, Any]] = (),
        *,
        title: str | None = None,
        run: str | None = None,
    ) -> None:
        """Show these epochs at once, instead of those so far: a run of old, or the beginning of one that goes on.

        changes: as in the configuration of a run. title, run: as for `begin`; those so far if None.
        """
        scene = self._scene
        self._change(
            own=Losses(history),
            batches=Batches(),
            running=None,
            marks=marks_of(changes),
            title=scene.title if title is None else title,
            run=scene.run if run is None else run,
        )

    def set_others(self, others: Sequence[tuple[str, Iterable[Row], int]]) -> None:
        """Draw other runs beside: (label, history, index of the colour in `run_colours`)."""
        if others or self._scene.others:
            self._change(
                others=tuple(Other(label, Losses(history), colour) for label, history, colour in others)
            )

    @property
    def epoch(self) -> int | None:
        """Where the cursor is."""
        return self._epoch

    def set_epoch(self, epoch: int | None) -> None:
        """Show where an epoch is and what its losses are; None: no epoch."""
        if epoch != self._epoch:
            self._epoch = epoch
            if self._plot is not None and not self._timers.is_waiting("point"):
                self._timers.later("point", _POINT, self._point)

    @property
    def told(self) -> str:
        """What is said in the plot beside the epoch on show, or at a mark under the pointer."""
        return self._plot.told if self._plot else ""

    @property
    def drawn_epochs(self) -> int:
        """How many epochs the validation curve has on the screen."""
        return self._plot.drawn_epochs if self._plot else 0

    @property
    def plot(self) -> LossPlot | None:
        """What draws, once it is built."""
        return self._plot

    def save(self, path: str | Path) -> None:
        """Write the curves as a picture for paper; its kind is told by the suffix. Raises AedeskError."""
        path = Path(path)
        if path.suffix.lower() not in ENDINGS:
            raise AedeskError(f"{path}: the name of a plot must end in {' or '.join(ENDINGS)}")
        if self._scene.is_empty:
            raise AedeskError("there are no losses to draw yet; train a model, or pick a run")
        from aedesk.gui.charts.paper import figure_bytes
        from aedesk.gui.curves.figure import loss_figure

        files.write_whole(path, figure_bytes(loss_figure(self._scene), path.suffix))

    def refresh(self) -> None:
        """Redraw soon, whatever has come in by then; nothing happens if nothing has."""
        if self._plot is not None and self._is_stale and not self._timers.is_waiting("redraw"):
            self._timers.later("redraw", _REDRAW, self._redraw)

    def _change(self, **parts: Any) -> None:
        self._scene = replace(self._scene, **parts)
        self._is_stale = True
        self._offer_parts()
        self.refresh()

    def _offer_parts(self) -> None:
        scene = self._scene
        has_parts = scene.own.has_penalty or any(other.losses.has_penalty for other in scene.others)
        if has_parts != bool(self.part_choice.winfo_manager()):
            if has_parts:
                self.part_choice.pack(side="right", padx=(GAP, 0), after=self.smooth_choice)
            else:
                self.part_choice.pack_forget()
                self._scene = replace(scene, part="loss")
                self.part_choice.set(_PARTS["loss"])

    def _redraw(self) -> None:
        if self._plot is None or not self.winfo_viewable():
            return  # whoever shows the tab again calls `refresh`
        self._is_stale = False
        self._timers.cancel("point")
        self._fit_title()
        is_empty = self._scene.is_empty
        self.save_button.configure(state="disabled" if is_empty else "normal")
        if is_empty:
            self._plot.widget.place_forget()
            self._empty.place(relx=0.5, rely=0.5, anchor="center")
        else:
            self._empty.place_forget()
            self._plot.widget.place(relwidth=1, relheight=1)
        self._plot.show(self._scene, self._epoch)

    def _point(self) -> None:
        if self._plot is None or not self.winfo_viewable():
            self._is_stale = True
        elif not self._is_stale:  # else the redraw that is due shows it
            self._plot.point(self._epoch)

    def _fit_title(self) -> None:
        words = self._scene.title
        fitting = shortened(words, self._title_font, self._title.winfo_width(), 1.0)
        if fitting != self._title.cget("text"):
            self._title.configure(text=fitting)
            self._title_tip.configure(text=words)

    def _on_log(self) -> None:
        if self.is_log != self._scene.log:
            self._change(log=self.is_log)

    def _on_smoothing(self, _: tk.Event[Any]) -> None:
        shown = self.smooth_choice.get()
        self.set_smoothing(next(name for name, words in _SMOOTHINGS.items() if words == shown))

    def _on_part(self, _: tk.Event[Any]) -> None:
        shown = self.part_choice.get()
        self.set_part(next(name for name, words in _PARTS.items() if words == shown))

    def _on_place(self, place: float) -> None:
        epoch = self._scene.own.nearest(place)
        if epoch is not None and epoch != self._epoch and self._on_epoch is not None:
            self.set_epoch(epoch)
            self._on_epoch(epoch)

    def _on_save(self) -> None:
        path = filedialog.asksaveasfilename(
            parent=self,
            initialfile="losses.png",
            defaultextension=".png",
            filetypes=[(ending[1:].upper(), f"*{ending}") for ending in ENDINGS],
        )
        if not path:
            return
        try:
            self.save(path)
        except AedeskError as problem:
            dialogs.show_problem(self, problem)
        else:
            if self._on_status is not None:
                self._on_status(f"Saved {path}")

    def _recolour(self) -> None:
        if self._plot is not None:
            self._plot.recolour(self._look.palette)
            self._is_stale = True
            self.refresh()
