"""The points that were chosen on the map: how many of what, their mean, their pictures, and files of them."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import ttkbootstrap as ttk

from aedesk.gui.fields import explain
from aedesk.gui.fitting_label import FittingLabel
from aedesk.gui.panels.class_list import ClassList
from aedesk.gui.panels.panel import Panel, save_as
from aedesk.gui.panels.picture_row import PictureRow
from aedesk.gui.panels.points import PointsInView
from aedesk.gui.platform import IS_MAC
from aedesk.gui.theme import GAP, Look
from aedesk.gui.tiles import ImageTile
from aedesk.gui.timers import Timers

if TYPE_CHECKING:
    from aedesk.app.desk import Desk

_TILE = 84  # px at 96 dpi, three screen pixels for each of the mean picture
_MORE = "more"  # the delay before what has been decoded since is shown
_PATIENCE = 200  # ms between two looks at what has been decoded meanwhile
_INVITATION = (
    "Choose the lasso (L) or the box (B) at the map's left\n"
    f"and draw around some points.\nShift adds, {'Command' if IS_MAC else 'Ctrl'} takes away."
)


class SelectionPanel(Panel):
    """The mean picture and the counts at the left, the pictures themselves at the right."""

    title = "Selection"
    tip = "The points that lasso or box have chosen on the map: their pictures, their classes, and files of them."

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
        self.columnconfigure(1, weight=1)
        self.rowconfigure(1, weight=1)
        self._build_controls().grid(row=0, column=0, columnspan=2, sticky="ew", pady=(0, GAP // 2))
        self._summary = self._build_summary()
        self.row = PictureRow(
            self,
            look,
            edge=36,
            largest=64,
            captions=False,
            wrap=True,
            on_click=self._on_click,
            on_hover=self._on_hover,
            empty=_INVITATION,
        )
        self.row.grid(row=1, column=1, sticky="nsew")
        self._timers = Timers(self)
        self.until_destroyed(
            desk.selection.summary_changed.connect(self._on_more_known),
            desk.selection.saved.connect(tell),
            desk.selection.failed.connect(on_problem),
        )
        self.watch(desk.selection.changed, desk.pictures.changed, desk.explorer.model_changed, look.changed)

    def _build_controls(self) -> ttk.Frame:
        controls, selection = ttk.Frame(self), self._desk.selection
        self._headline = ttk.Label(controls, style="Heading.TLabel")
        self._headline.pack(side="left")
        self._needing: list[ttk.Button] = []  # what can be done with points only
        for text, tip, name, save in (
            ("NPZ", "Save codes, places and classes as NumPy arrays.", "selection.npz", selection.save_npz),
            ("CSV", "Save a table, a line for each of these points.", "selection.csv", selection.save_csv),
            ("Sheet", "Save their pictures on one sheet, as a PNG.", "selection.png", selection.save_sheet),
        ):
            self._needing.append(
                self._button(
                    controls,
                    "download",
                    text,
                    tip,
                    partial(save_as, self, name, save, self._tell, self._on_problem),
                )
            )
        self._needing.append(
            self._button(controls, "x-lg", "Clear", "Choose nothing; Undo brings it back.", selection.clear)
        )
        self._undo = self._button(
            controls, "arrow-counterclockwise", "Undo", "Back to the selection before.", selection.undo
        )
        self._note = FittingLabel(controls, keep_end=False)
        self._note.pack(side="left", fill="x", expand=True, padx=(2 * GAP, GAP))
        return controls

    def _button(
        self, master: tk.Misc, icon: str, text: str, tip: str, command: Callable[[], object]
    ) -> ttk.Button:
        button = ttk.Button(master, icon=icon, text=text, command=command, bootstyle="ghost", padding=(4, 2))
        button.pack(side="right", padx=(2, 0))
        explain(button, tip)
        return button

    def _build_summary(self) -> ttk.Frame:
        frame = ttk.Frame(self)
        frame.rowconfigure(2, weight=1)
        self._mean = ImageTile(frame, self._look, "Mean", ttk.scale_size(self, _TILE))
        self._mean.grid(row=0, column=0, sticky="n", padx=(0, GAP))
        explain(self._mean, "The mean of the chosen pictures: what is sharp in it, they have in common.")
        self._list = ClassList(frame, self._look)
        self._list.grid(row=0, column=1, rowspan=3, sticky="ns")
        self._error = ttk.Label(frame, style="Muted.TLabel")
        self._error.grid(row=1, column=0, sticky="w")
        explain(
            self._error,
            "How far off the model rebuilds them: the mean squared error per pixel, and the mean of it.",
        )
        return frame

    # --- showing ---

    def refresh(self) -> None:
        active, indices = self._desk.explorer.active, self._desk.selection.indices
        possible = [(button, len(indices) > 0) for button in self._needing]
        for button, can in (*possible, (self._undo, self._desk.selection.can_undo)):
            state = "normal" if can else "disabled"
            if str(button["state"]) != state:
                button.configure(state=state)
        self._note.set("")
        if active is None or not len(indices):
            self._headline.configure(text="Nothing is chosen")
            self._summary.grid_remove()
            self.row.clear()
            return
        self._headline.configure(text=f"{len(indices):,} point{'s' if len(indices) > 1 else ''}")
        self._show_summary(active.shown.classes)
        colours = self._look.palette.class_colours(len(active.shown.classes))
        labels = active.shown.labels[indices]
        self.row.show(
            PointsInView(self._desk.pictures, active.shown, indices, prepare=False),  # the summary does
            colours=[colours[label] for label in labels.tolist()],
        )

    def _show_summary(self, classes: tuple[str, ...]) -> None:
        summary = self._desk.selection.summary()
        self._mean.show(summary.mean_image)
        self._list.show(summary.counts, classes, self._look.palette.class_colours(len(classes)))
        error = summary.mean_error
        self._error.configure(text="" if error is None else f"MSE {error:.4f}")
        self._summary.grid(row=1, column=0, sticky="nsw", padx=(0, 2 * GAP))

    def _on_more_known(self, _: None) -> None:
        """More has been decoded: show it soon, and not each time."""
        if self.is_shown and not self._timers.is_waiting(_MORE):
            self._timers.later(_MORE, _PATIENCE, self._show_more)

    def _show_more(self) -> None:
        active = self._desk.explorer.active
        if self.is_shown and active is not None and len(self._desk.selection.indices):
            self._show_summary(active.shown.classes)
            self.row.repaint()

    # --- the user's hands ---

    def _on_click(self, position: int) -> None:
        active, indices = self._desk.explorer.active, self._desk.selection.indices
        if active is not None and position < len(indices):
            index = int(indices[position])
            self._desk.explorer.pick_code(active.shown.codes[index], self._training_image(index))

    def _on_hover(self, position: int | None) -> None:
        """Say which training image the pointer is on."""
        active, indices = self._desk.explorer.active, self._desk.selection.indices
        if active is None or position is None or position >= len(indices):
            self._note.set("")
            return
        index = int(indices[position])
        kind = active.shown.classes[active.shown.labels[index]]
        self._note.set(f"{self._training_image(index).capitalize()}: {kind}")

    def _training_image(self, index: int) -> str:
        """Which training image a point is of: its number in the data set, if that is known."""
        active = self._desk.explorer.active
        images = active.shown.images if active is not None else None
        return f"training image {index if images is None else int(images[index]):,}"
