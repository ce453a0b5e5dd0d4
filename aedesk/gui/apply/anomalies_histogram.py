"""How the scores of known pictures lie, with the drawing's own among them: drawn anew at every motion of the pen."""

from __future__ import annotations

import math
import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass
from tkinter.font import nametofont
from typing import Any, Literal

import numpy as np
import ttkbootstrap as ttk

from aedesk.gui.theme import Look, Palette

_BINS = 48
_BEYOND = 0.6  # of the way from the middle to the oddest known picture: room for odder ones
_LEAST_TICK = 70  # px between two numbers
_MARGIN = 12  # px at the sides
_LABELS = 20  # px for a line of words
_BESIDE = 4  # px between a line and its words
_LEAST_BAR = 2  # px: so that a single odd picture among 5,000 usual ones can be seen


@dataclass(frozen=True)
class _Scale:
    """From scores to [0, 1] along the axis, even in their logarithm where all of them are above 0."""

    least: float
    most: float
    logarithmic: bool

    @classmethod
    def of(cls, usual: np.ndarray) -> _Scale:
        logarithmic = bool(usual.min() > 0)
        steps = np.log(usual) if logarithmic else usual
        least, middle, most = float(steps.min()), float(np.median(steps)), float(steps.max())
        return cls(least, most + max(1e-9, _BEYOND * (most - middle)), logarithmic)

    def share(self, scores: np.ndarray | float) -> np.ndarray:
        """Below 0 or above 1 for what lies off the axis."""
        values = np.asarray(scores, np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            steps = np.log(values) if self.logarithmic else values
        shares: np.ndarray = np.nan_to_num((steps - self.least) / (self.most - self.least), nan=0.0)
        return shares

    def round_scores(self, most: int) -> list[float]:
        """At most so many round numbers along the axis, for its ticks."""
        low, high = self.score(0), self.score(1)
        for digits in ((1, 2, 3, 5), (1, 2, 5), (1, 3), (1,)) if self.logarithmic else ():
            powers = range(math.floor(math.log10(low)), math.floor(math.log10(high)) + 1)
            scores = [float(f"{digit}e{power}") for power in powers for digit in digits]
            inside = [score for score in scores if low <= score <= high]
            if 2 <= len(inside) <= most:
                return inside
        for times in (0.1, 0.2, 0.5, 1, 2, 5, 10):
            step = times * 10.0 ** math.floor(math.log10(high - low))
            first, last = math.ceil(low / step), math.floor(high / step)
            if last - first < most:
                return [float(f"{at * step:.6g}") for at in range(first, last + 1)]
        return []

    def score(self, share: float) -> float:
        step = self.least + share * (self.most - self.least)
        return math.exp(step) if self.logarithmic else step


class Histogram(tk.Canvas):
    """Bars of known scores, red from the threshold on; a line for the drawing. A drag moves the threshold.

    Matplotlib takes 50 ms for it, too long while somebody draws; a file is made of it by `charts.anomalies`.
    """

    def __init__(self, master: tk.Misc, look: Look, on_threshold: Callable[[float], object]) -> None:
        """on_threshold gets the score that the pointer asks to begin oddness at."""
        super().__init__(
            master, width=1, height=1, highlightthickness=0, borderwidth=0, cursor="sb_h_double_arrow"
        )
        self._look = look
        self._font = nametofont("TkDefaultFont", root=self)
        self._on_threshold = on_threshold
        self._usual: np.ndarray | None = None
        self._scale = _Scale(0.0, 1.0, False)
        self._counts = np.zeros(_BINS, np.int64)
        self._threshold = 0.0
        self._threshold_words = ""
        self._sketch: float | None = None
        self._sketch_words = ""
        self.bind("<Configure>", lambda _: self._draw())
        self.bind("<ButtonPress-1>", self._on_drag)
        self.bind("<B1-Motion>", self._on_drag)
        disconnect = look.changed.connect(lambda _: self._draw())
        self.bind("<Destroy>", lambda _: disconnect(), add="+")
        self._draw()

    def show(self, usual: np.ndarray | None, threshold: float = 0.0, words: str = "") -> None:
        """usual: (N,) scores of known pictures, None for none. words: at the threshold."""
        if usual is not self._usual:
            self._usual = usual
            if usual is not None and len(usual):
                self._scale = _Scale.of(usual)
                self._counts = np.histogram(self._scale.share(usual), _BINS, (0, 1))[0]
        self._threshold, self._threshold_words = threshold, words
        self._draw()

    def mark(self, score: float | None, words: str = "") -> None:
        """Where the drawing lies; None for no drawing."""
        self._sketch, self._sketch_words = score, words
        self._draw_mark()

    # --- drawing ---

    @property
    def _room(self) -> tuple[int, int, int, int]:
        """left, right, top, bottom of the bars in px."""
        margin, words = ttk.scale_size(self, [_MARGIN, _LABELS])
        return (
            margin,
            max(margin + 1, self.winfo_width() - margin),
            2 * words + 4,
            self.winfo_height() - words,
        )

    def _x(self, score: float) -> float:
        left, right, _, _ = self._room
        return left + float(np.clip(self._scale.share(score), 0, 1)) * (right - left)

    def _draw(self) -> None:
        palette = self._look.palette
        self.configure(background=palette.background)
        self.delete("all")
        if self._usual is None or not len(self._usual) or self.winfo_width() < 2:
            return
        left, right, top, bottom = self._room
        at = self._x(self._threshold)
        width = (right - left) / _BINS
        heights = self._counts / max(1, self._counts.max()) * max(1, bottom - top)
        for place, height in enumerate(heights.tolist()):
            if height:
                x = left + place * width
                # The bar in which oddness begins is cut in two.
                for start, end, colour in (
                    (x, min(x + width - 1, at), palette.accent),
                    (max(x, at), x + width - 1, palette.too_much),
                ):
                    if start < end:
                        self.create_rectangle(
                            start, bottom - max(_LEAST_BAR, height), end, bottom, width=0, fill=colour
                        )
        self.create_line(left, bottom, right, bottom, fill=palette.faint)
        self._draw_ticks(palette)
        line = ttk.scale_size(self, _LABELS)
        self.create_line(at, line + 4, at, bottom, fill=palette.muted, dash=(4, 3))
        self._words(at, 2 * line, self._threshold_words, palette.muted)
        self._draw_mark()

    def _draw_ticks(self, palette: Palette) -> None:
        left, right, _, bottom = self._room
        count = max(1, (right - left) // ttk.scale_size(self, _LEAST_TICK))
        for score in self._scale.round_scores(count):
            x = left + float(self._scale.share(score)) * (right - left)
            self.create_text(x, bottom + 3, anchor="n", text=f"{score:g}", fill=palette.muted)

    def _draw_mark(self) -> None:
        self.delete("mark")
        if self._sketch is None or self._usual is None or not len(self._usual) or self.winfo_width() < 2:
            return
        palette = self._look.palette
        bottom = self._room[-1]
        x = self._x(self._sketch)
        self.create_line(x, 4, x, bottom, fill=palette.text, width=2, tags="mark")
        self.create_polygon(
            x - 5, bottom - 1, x + 5, bottom - 1, x, bottom - 9, fill=palette.text, width=0, tags="mark"
        )
        beyond = float(self._scale.share(self._sketch)) > 1
        words = f"{self._sketch_words} \u25b8" if beyond else self._sketch_words
        self._words(x, ttk.scale_size(self, _LABELS), words, palette.text, "mark")

    def _words(self, x: float, y: float, words: str, colour: str, tag: str = "") -> None:
        """Words beside the upright line at `x`, down to `y`, on the side of it that has the room."""
        fits = x + self._font.measure(words) + 2 * _BESIDE < self.winfo_width()
        anchor: Literal["se", "sw"] = "sw" if fits else "se"
        shift = _BESIDE if fits else -_BESIDE
        self.create_text(x + shift, y, anchor=anchor, text=words, fill=colour, tags=tag)

    # --- the user's hands ---

    def _on_drag(self, event: tk.Event[Any]) -> None:
        if self._usual is not None and len(self._usual):
            left, right, _, _ = self._room
            self._on_threshold(self._scale.score(min(1.0, max(0.0, (event.x - left) / (right - left)))))
