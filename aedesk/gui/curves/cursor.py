"""What lies over the curves of losses and follows the hand: the epoch on show, and words about it or about a mark."""

from __future__ import annotations

import math
import tkinter as tk

import numpy as np
from matplotlib.axes import Axes
from matplotlib.transforms import Bbox

from aedesk.gui.curves.axes import shortened
from aedesk.gui.curves.losses import Kind, Scene
from aedesk.gui.theme import Palette
from aedesk.gui.train.figures import loss_text

_BESIDE = 7.0  # px between a line and what is said of it
_REACH = 5.0  # px to either side that a dot takes
_MOST_RUNS = 5
_MOST_LABEL = 22
_TAKEN = 1e6  # hiding the legend is worse than hiding any number of points


class Cursor:
    """A vertical line with dots where the curves pass it, and a box of words that is put where it hides least.

    The words are a label of Tk: Matplotlib takes 7 ms to lay out four lines that it has not seen before.
    """

    def __init__(self, axes: Axes, widget: tk.Misc, scale: float) -> None:
        self._axes = axes
        self._scale = scale
        self.x = math.nan  # dots from the left
        (self._line,) = axes.plot([], [], animated=True, linewidth=1.0)
        (self._dots,) = axes.plot([], [], "o", animated=True, clip_on=False, markersize=5)
        self.label = tk.Label(
            widget,
            justify="left",
            borderwidth=0,
            highlightthickness=1,
            padx=6,
            pady=4,
            font="TkSmallCaptionFont",
        )
        self._shown: tuple[str, int, int] | None = None

    def draw_line(self, scene: Scene, epoch: float) -> None:
        """Draw the line at an epoch; words then stand beside it."""
        self.x = float(self._axes.transData.transform((epoch, 1.0))[0])
        self._line.set_data([epoch] * 2, self._axes.get_ylim())
        losses = [loss for _, loss in _losses(scene, epoch) if loss > 0 or not scene.log]
        self._dots.set_data([epoch] * len(losses), losses)
        self._axes.draw_artist(self._line)
        self._axes.draw_artist(self._dots)

    @property
    def strip(self) -> Bbox:
        """Where the line is, in dots of the figure."""
        reach = _REACH * self._scale
        return Bbox.from_extents(self.x - reach, 0, self.x + reach, self._axes.figure.bbox.height)

    def say(self, words: str, x: float, points: np.ndarray, taken: list[Bbox]) -> None:
        """Show words beside `x`; none if they are empty. points: (n, 2) what had better stay visible; taken: what must.

        All in dots of the figure.
        """
        if not words:
            if self._shown is not None:
                self._shown = None
                self.label.place_forget()
            return
        if self.label.cget("text") != words:
            self.label.configure(text=words)
        best = self._best_place(x, points, taken)
        place = (words, round(best.x0), round(self._axes.figure.bbox.height - best.y1))
        if place != self._shown:
            self._shown = place
            self.label.place(x=place[1], y=place[2])

    def _best_place(self, x: float, points: np.ndarray, taken: list[Bbox]) -> Bbox:
        width, height = self.label.winfo_reqwidth(), self.label.winfo_reqheight()
        left, bottom, right, top = self._axes.bbox.extents
        beside = _BESIDE * self._scale
        places = [
            Bbox.from_bounds(across, up, width, height)
            for across in (x + beside, x - beside - width)
            for up in (top - height, (top + bottom - height) / 2, bottom + beside)
            if left <= across and across + width <= right
        ] or [Bbox.from_bounds(max(left, min(x, right - width)), top - height, width, height)]
        return min(places, key=lambda place: _hidden(place, points, taken))

    def recolour(self, palette: Palette) -> None:
        self._line.set_color(palette.text)
        self._dots.set_color(palette.text)
        self.label.configure(
            background=palette.surface, foreground=palette.text, highlightbackground=palette.faint
        )


def readout(scene: Scene, epoch: float | None) -> str:
    """The losses of all runs at an epoch."""
    if epoch is None:
        return ""
    lines = [f"Epoch {epoch:,.0f}"]
    lines += [f"{kind} {loss_text(loss)}" for kind, loss in _losses(scene, epoch)]
    rate = scene.own.at(scene.own.rates, epoch)
    if math.isfinite(rate):
        lines.append(f"rate {rate:.3g}")
    known = [
        (other.label, other.losses.at(other.losses.loss("validation", scene.part), epoch))
        for other in scene.others
    ]
    told = [(label, loss) for label, loss in known if math.isfinite(loss)][:_MOST_RUNS]
    return "\n".join(lines + [f"{shortened(label, _MOST_LABEL)} {loss_text(loss)}" for label, loss in told])


def _losses(scene: Scene, epoch: float) -> list[tuple[Kind, float]]:
    """Those of the run on show that are known."""
    kinds: tuple[Kind, ...] = ("validation", "training")
    losses = [(kind, scene.own.at(scene.own.loss(kind, scene.part), epoch)) for kind in kinds]
    return [(kind, loss) for kind, loss in losses if math.isfinite(loss)]


def _hidden(box: Bbox, points: np.ndarray, taken: list[Bbox]) -> float:
    x, y = points.T
    inside = (x > box.x0) & (x < box.x1) & (y > box.y0) & (y < box.y1)
    return float(np.count_nonzero(inside)) + _TAKEN * sum(box.overlaps(other) for other in taken)
