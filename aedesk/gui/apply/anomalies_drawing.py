"""How odd the drawing is: what is odd about it, the most similar known picture, and its place among known scores."""

from __future__ import annotations

import tkinter as tk
from typing import Any

import numpy as np
import ttkbootstrap as ttk

from aedesk.app.odd_one import Judgement, OddOne
from aedesk.gui.apply.anomalies_controls import KINDS, JudgingControls, percent
from aedesk.gui.apply.anomalies_heat import HeatTile
from aedesk.gui.apply.anomalies_histogram import Histogram
from aedesk.gui.apply.page import Surroundings
from aedesk.gui.charts import anomalies as charts
from aedesk.gui.charts.chart import Chart
from aedesk.gui.charts.file_buttons import FileButtons
from aedesk.gui.fields import explain
from aedesk.gui.fitting_label import FittingLabel
from aedesk.gui.theme import GAP
from aedesk.gui.tiles import ImageTile

_SMALLEST, _LARGEST = 96, 224  # px, of a tile
_CAPTION = 22  # px, above a tile
_SHARE = 0.3  # of the width, for the tiles
_WORDS = {
    "combined": "Unlike strokes",
    "reconstruction": "Reconstruction error",
    "code": "Distance of the code",
}


class DrawingView(ttk.Frame):
    """Shows what `odd_one` says of the drawing."""

    def __init__(
        self, master: tk.Misc, around: Surroundings, odd_one: OddOne, controls: JudgingControls
    ) -> None:
        super().__init__(master)
        self._odd_one, self._controls = odd_one, controls
        self._nearest = np.zeros((28, 28), np.float32)  # as the tile shows it
        self.columnconfigure(1, weight=1)
        self.rowconfigure(0, weight=1)
        tiles = ttk.Frame(self)
        tiles.grid(row=0, column=0, sticky="n", padx=(0, 2 * GAP))
        self.heat = HeatTile(tiles, around.look, "What is odd")
        self.nearest = ImageTile(tiles, around.look, "Nearest known")
        self.heat.pack()
        self.nearest.pack(pady=(GAP, 0))
        explain(
            self.heat,
            "Your drawing beside the nearest known picture: red is where ink is too much or lacking.",
        )
        explain(
            self.nearest,
            "Of the known pictures with the nearest codes, the one that is most like yours.",
        )
        right = ttk.Frame(self)
        right.grid(row=0, column=1, sticky="nsew")
        bar = ttk.Frame(right)
        bar.pack(fill="x")
        heading = ttk.Label(bar, text="Among known pictures", style="Heading.TLabel")
        heading.pack(side="left")
        self.files = FileButtons(bar, self.chart, around.tell, around.on_problem)
        self.files.pack(side="right")
        self._axis = FittingLabel(bar, keep_end=False)
        self._axis.pack(side="left", fill="x", expand=True, padx=(GAP, GAP))
        lines = ttk.Frame(right)
        lines.pack(side="bottom", fill="x", pady=(GAP, 0))
        self.lines: dict[str, FittingLabel] = {}
        for kind, (_, sentence) in KINDS.items():
            self.lines[kind] = FittingLabel(lines, keep_end=False)
            self.lines[kind].pack(fill="x")
            explain(self.lines[kind], sentence)
        self.histogram = Histogram(right, around.look, self._on_threshold)
        self.histogram.pack(fill="both", expand=True)
        explain(
            heading,
            "Each bar counts known pictures that the model was not compared with; red ones are called odd by"
            " mistake. Drag to say from where on something is odd.",
        )
        self.bind("<Configure>", self._on_configure)

    def show_known(self) -> None:
        """Another model, another kind of score, or another threshold."""
        known, kind, rate = self._odd_one.known, self._controls.kind, self._controls.false_alarms
        self.files.enable(known is not None)
        if known is None:
            self.histogram.show(None)
            self._axis.set("")
        else:
            detector = known.detector
            usual = detector.usual.of(kind)
            self.histogram.show(usual, detector.threshold(rate, kind), "odd from here")
            self._axis.set(f"{len(usual):,} of {known.data}; right is odder")
        self.show_judgement(self._odd_one.judgement)

    def show_judgement(self, judgement: Judgement | None) -> None:
        """What is said of the drawing now."""
        known = self._odd_one.known
        if judgement is None or known is None:
            self.heat.show(None)
            self.nearest.show(None)
            self._nearest = np.zeros((28, 28), np.float32)
            self.histogram.mark(None)
            for line in self.lines.values():
                line.set("")
            return
        self.heat.show_heat(judgement.image, judgement.heat)
        if not np.array_equal(self._nearest, judgement.nearest):
            self.nearest.show(judgement.nearest)
        self._nearest = judgement.nearest
        for kind in KINDS:
            score = score_of(judgement, kind)
            share = known.detector.share_below(score, kind)  # type: ignore[arg-type]
            self.lines[kind].set(
                f"{_WORDS[kind]}: {score:.3g}, odder than {percent(share)} of known pictures"
            )
        self.histogram.mark(score_of(judgement, self._controls.kind), "your drawing")

    def chart(self) -> Chart | None:
        """The histogram, for a file."""
        known, kind, rate = self._odd_one.known, self._controls.kind, self._controls.false_alarms
        if known is None:
            return None
        judgement = self._odd_one.judgement
        return charts.scores_chart(
            known.detector.usual.of(kind),
            kind,
            false_alarms=rate,
            threshold=known.detector.threshold(rate, kind),
            sketch=score_of(judgement, kind) if judgement is not None else None,
            known_name=f"known pictures of {known.data}",
        )

    def _on_threshold(self, score: float) -> None:
        known = self._odd_one.known
        if known is not None:
            kind = self._controls.kind
            self._controls.set_false_alarms(1 - known.detector.share_below(score, kind))

    def _on_configure(self, event: tk.Event[Any]) -> None:
        if event.widget is not self:
            return
        smallest, largest, caption = ttk.scale_size(self, [_SMALLEST, _LARGEST, _CAPTION])
        by_height = (event.height - 2 * caption - GAP) // 2
        edge = int(max(smallest, min(by_height, event.width * _SHARE, largest)))
        self.heat.set_edge(edge)
        self.nearest.set_edge(edge)


def score_of(judgement: Judgement, kind: str) -> float:
    """The score of the one picture that was judged."""
    return float(judgement.verdict.scores.of(kind)[0])  # type: ignore[arg-type]
