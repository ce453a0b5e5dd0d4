"""The training images whose codes are nearest to the drawing's code, or to the place that was picked."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import ttkbootstrap as ttk

from aedesk.app.explorer import Pick, Reading
from aedesk.app.loading import ActiveModel
from aedesk.gui.fields import explain
from aedesk.gui.fitting_label import FittingLabel
from aedesk.gui.panels.class_bar import ClassBar
from aedesk.gui.panels.panel import Panel
from aedesk.gui.panels.picture_row import PictureRow
from aedesk.gui.panels.points import PointsInView
from aedesk.gui.theme import GAP, Look

if TYPE_CHECKING:
    from aedesk.app.desk import Desk

ORIGIN = "a neighbour"
_COUNTS = (5, 12, 24)
_SHORT = 2  # characters of a class name that has room in large letters
_SUBJECTS = {
    "latest": (
        "Latest",
        "Follow what was touched last, the drawing or the map; a click on a neighbour is no touch.",
    ),
    "sketch": ("Sketch", "Neighbours of the drawing's code."),
    "place": ("Place", "Neighbours of what was picked last; click from one neighbour to the next to wander."),
}
_INVITATIONS = {
    "latest": "Draw a digit, or click on the map:\nthe training images nearest to it appear here.",
    "sketch": "Draw a digit: the training images whose codes are nearest to its code appear here.",
    "place": "Click on the map: the training images whose codes are nearest to that place appear here.",
}


class NeighboursPanel(Panel):
    """The nearest pictures with class and distance; beside them what they say about the class."""

    title = "Neighbours"
    tip = (
        "The training images nearest to the drawing or to the place that was picked, and the guess they make."
    )

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
        self._touched = "sketch"
        self._pick: Pick | None = None  # the last one that did not come from here
        self._picking = False
        self._indices = np.zeros(0, np.int64)
        self._distances = np.zeros(0, np.float32)
        self.columnconfigure(1, weight=1)
        self.rowconfigure(1, weight=1)
        self._build_controls().grid(row=0, column=0, columnspan=2, sticky="ew", pady=(0, GAP // 2))
        self._build_guess().grid(row=1, column=0, sticky="nsw", padx=(0, 2 * GAP))
        self.row = PictureRow(
            self, look, edge=40, largest=84, wrap=True, on_click=self._on_click, on_hover=self._on_hover
        )
        self.row.grid(row=1, column=1, sticky="nsew")
        explorer = desk.explorer
        self.until_destroyed(
            explorer.reading_changed.connect(self._on_reading),
            explorer.picked.connect(self._on_pick),
            explorer.model_changed.connect(self._on_model),
            desk.pictures.decoded.connect(lambda _: self.row.repaint()),
        )
        self.watch(desk.pictures.changed, look.changed)

    def _build_controls(self) -> ttk.Frame:
        controls = ttk.Frame(self)
        self._subject = tk.StringVar(self, "latest")
        for value, (text, tip) in _SUBJECTS.items():
            explain(self._choice(controls, text, value, self._subject), tip)
        ttk.Label(controls, text="Nearest", style="Muted.TLabel").pack(side="left", padx=(2 * GAP, 4))
        self._count = tk.StringVar(self, str(_COUNTS[1]))
        for count in _COUNTS:
            explain(
                self._choice(controls, str(count), str(count), self._count),
                f"Show the {count} nearest, and let them vote on the class.",
            )
        self._note = FittingLabel(controls, keep_end=False, anchor="e")
        self._note.pack(side="left", fill="x", expand=True, padx=(2 * GAP, 0))
        return controls

    def _choice(self, master: tk.Misc, text: str, value: str, variable: tk.StringVar) -> ttk.Radiobutton:
        button = ttk.Radiobutton(
            master,
            text=text,
            value=value,
            variable=variable,
            command=self.refresh,
            bootstyle="primary ghost toolbutton",
            padding=(6, 2),
        )
        button.pack(side="left", padx=(0, 2))
        return button

    def _build_guess(self) -> ttk.Frame:
        frame = ttk.Frame(self, width=ttk.scale_size(self, 128))
        frame.pack_propagate(False)
        # Labels that ask for the room of their words would lay out the panel anew at every pen stroke.
        self._class = ttk.Label(frame, style="Guess.TLabel", width=1)
        self._class.pack(fill="x")
        self._votes = ttk.Label(frame, width=1)
        self._votes.pack(fill="x")
        self._bar = ClassBar(frame, self._look)
        self._bar.pack(fill="x", pady=(5, 3))
        self._others = FittingLabel(frame, keep_end=False)
        self._others.pack(fill="x")
        explain(
            self._bar, "The classes of these neighbours, each in its colour: the longer, the more of them."
        )
        return frame

    # --- what it is about ---

    def _on_reading(self, reading: Reading | None) -> None:
        self._touched = "sketch" if reading is not None or self._pick is None else "place"
        self._on_news(reading)

    def _on_pick(self, pick: Pick) -> None:
        if not self._picking:
            self._pick, self._touched = pick, "place"
        if not self._picking or self._subject.get() == "place":
            self._on_news(pick)

    def _on_model(self, active: ActiveModel) -> None:
        longest = max(map(len, active.atlas.classes))
        self._class.configure(style="Guess.TLabel" if longest <= _SHORT else "Figure.TLabel")
        self._pick, self._touched = self._desk.explorer.pick, "sketch"
        self._on_news(None)

    @property
    def _code(self) -> np.ndarray | None:
        """The code (D,) whose neighbours are shown."""
        explorer, subject = self._desk.explorer, self._subject.get()
        if subject == "place":
            return explorer.pick.code if explorer.pick is not None else None
        if subject == "latest" and self._touched == "place" and self._pick is not None:
            return self._pick.code
        return explorer.reading.code if explorer.reading is not None else None

    # --- showing ---

    def refresh(self) -> None:
        active, code = self._desk.explorer.active, self._code
        if active is None or code is None:
            self._show_nothing()
            return
        atlas = active.atlas
        indices, distances = active.neighbours.nearest(code, int(self._count.get()))
        self._indices, self._distances = indices[0], distances[0]
        labels = atlas.labels[self._indices]
        colours = self._look.palette.class_colours(len(atlas.classes))
        self.row.show(
            PointsInView(self._desk.pictures, atlas, self._indices, prepare=True),
            [
                f"{atlas.classes[label]} · {_short(distance)}"
                for label, distance in zip(labels.tolist(), self._distances.tolist(), strict=True)
            ],
            [colours[label] for label in labels],
        )
        self._show_votes(labels, atlas.classes, colours)
        self._show_source()

    def _show_nothing(self) -> None:
        self._indices = self._indices[:0]
        self.row.set_empty(_INVITATIONS[self._subject.get()])
        self.row.clear()
        self._class.configure(text="?", foreground=self._look.palette.faint)
        self._votes.configure(text="No neighbours yet")
        self._others.set("")
        self._bar.show(np.zeros(0, np.int64), ())
        self._note.set("")

    def _show_votes(self, labels: np.ndarray, classes: tuple[str, ...], colours: list[str]) -> None:
        """labels: (k,) of the neighbours, nearest first; a tie goes to the nearest one's class."""
        counts = np.bincount(labels, minlength=len(classes))
        first, second = _most_voted(labels)
        share = counts[first] / len(labels)
        colour = colours[first] if share > 0.5 else self._look.palette.muted
        self._class.configure(text=classes[first], foreground=colour)
        self._votes.configure(text=f"{counts[first]} of {len(labels)} nearest")
        rival = ""
        if second is not None:
            rival = f", {'then' if share > 0.5 else 'or'} {classes[second]} ({counts[second]})"
        self._others.set(f"{share:.0%}{rival}")
        self._bar.show(counts, colours)

    def _show_source(self) -> None:
        self._note.set(
            "The data set's pictures"
            if self._desk.pictures.are_originals
            else "Decoded from their codes: the data set is not on this machine"
        )

    # --- the user's hands ---

    def _on_click(self, index: int) -> None:
        active = self._desk.explorer.active
        if active is None or index >= len(self._indices):
            return
        self._picking = True
        try:
            self._desk.explorer.pick_code(active.atlas.codes[self._indices[index]], ORIGIN)
        finally:
            self._picking = False

    def _on_hover(self, index: int | None) -> None:
        """Say which training image the pointer is on."""
        active = self._desk.explorer.active
        if index is None or active is None or index >= len(self._indices):
            self._show_source() if len(self._indices) else self._note.set("")
            return
        atlas, which = active.atlas, self._indices[index]
        number = int(which if atlas.images is None else atlas.images[which])
        self._note.set(
            f"Training image {number:,}: {atlas.classes[atlas.labels[which]]}, "
            f"{self._distances[index]:.3f} away"
        )


def _most_voted(labels: np.ndarray) -> tuple[int, int | None]:
    """The class most of `labels` have and the one that follows, if any; of equals, the one that comes first."""
    found, first, counts = np.unique(labels, return_index=True, return_counts=True)
    order = np.lexsort((first, -counts))
    return int(found[order[0]]), int(found[order[1]]) if len(order) > 1 else None


def _short(distance: float) -> str:
    """In three digits."""
    return f"{distance:.{2 if distance < 9.995 else 1 if distance < 99.95 else 0}f}"
