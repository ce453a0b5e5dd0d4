"""Curves of losses for paper: a figure in the light theme's colours on white. No Tk in here."""

from __future__ import annotations

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from aedesk.gui.charts.paper import PAPER
from aedesk.gui.curves.frame import Frame
from aedesk.gui.curves.losses import Scene

_SIZE = (7.0, 4.2)  # inches
_TITLE = 22  # px


def loss_figure(scene: Scene) -> Figure:
    """The scene as it is, with its title and what its axes mean."""
    figure = Figure(figsize=_SIZE, dpi=96)
    renderer = FigureCanvasAgg(figure).get_renderer()
    title = scene.run if not scene.others else ""
    frame = Frame(figure, 1.0, above=_TITLE if title else 0)
    strokes = scene.strokes()
    frame.set_lines(scene, strokes)
    frame.set_lines(scene, scene.running_strokes(), running=True)
    frame.set(scene, PAPER, renderer)
    frame.choose_corner(
        np.concatenate([np.empty((0, 2)), *(np.stack([stroke.x, stroke.y], axis=1) for stroke in strokes)])
    )
    if title:
        figure.text(0.02, 0.98, title, va="top", fontsize=10, fontweight="bold", color=PAPER.text)
    part = "" if scene.part == "loss" else f" ({scene.part} only)"
    frame.axes.set_ylabel(scene.title + part, fontsize=9, color=PAPER.muted)
    return figure
