"""Figures for files, drawn with Matplotlib and no window."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from aedesk.latent.atlas import Atlas
from aedesk.latent.projection import Projection
from aedesk.palette import class_colours
from aedesk.storage import files

SUFFIXES = (".png", ".svg", ".pdf")

_INCHES = (9.0, 8.0)
_DPI = 150
_LEGEND_ROWS = 26
_AXES = {
    "native": ("first number of the code", "second number of the code"),
    "pca": ("first principal component", "second principal component"),
    "tsne": ("t-SNE 1", "t-SNE 2"),
}


def write_map(path: Path, projection: Projection, atlas: Atlas, model: str) -> None:
    """Write the map as a figure of the kind that the suffix names: a dot per code, a colour per class."""
    figure = Figure(figsize=_INCHES)
    axes = figure.add_subplot()
    size = float(np.clip(20_000 / len(atlas), 2, 20))
    colours = class_colours(len(atlas.classes))
    # One call for all: drawn class by class, the last would lie on top of the others.
    x, y = projection.points.T
    axes.scatter(x, y, s=size, c=[colours[label] for label in atlas.labels], linewidths=0)
    axes.set_title(f"{model}: {len(atlas):,} {atlas.source or 'images'}")
    axes.set_xlabel(_AXES[projection.kind][0])
    axes.set_ylabel(_AXES[projection.kind][1])
    axes.set_aspect("equal", adjustable="box")
    dots = [Line2D([], [], marker="o", linestyle="", color=colour) for colour in colours]
    columns = -(-len(dots) // _LEGEND_ROWS)
    beside = (1.01, 1.0)
    axes.legend(dots, atlas.classes, loc="upper left", bbox_to_anchor=beside, frameon=False, ncols=columns)
    content = io.BytesIO()
    # A date in the file, or names drawn at random, would make the same map two different files.
    date = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(path.suffix.lower())
    with rc_context({"svg.hashsalt": "aedesk"}):
        figure.savefig(content, format=path.suffix[1:].lower(), dpi=_DPI, bbox_inches="tight", metadata=date)
    files.make_folder(path.parent)
    files.write_whole(path, content.getvalue())
