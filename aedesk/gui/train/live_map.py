"""The latent map of a run: which layout, and the dots of a fixed sample that move while the model learns."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

import numpy as np
import ttkbootstrap as ttk

from aedesk.gui.fields import explain
from aedesk.gui.map.controls import LAYOUTS
from aedesk.gui.theme import GAP, Look
from aedesk.gui.train.live_dots import LiveDots

_TIPS = {
    "native": "The two numbers of the code themselves.",
    "pca": "The two directions in which the codes differ most.",
    "tsne": "Neighbours stay neighbours; each epoch's layout starts from the last one's. Takes longer.",
}


class LiveMap(ttk.Frame):
    """`on_kind` gets the layout that is asked for: native, pca or tsne."""

    def __init__(
        self, master: tk.Misc, look: Look, *, on_kind: Callable[[str], object] = lambda _: None
    ) -> None:
        super().__init__(master)
        self._on_kind = on_kind
        self._kind = tk.StringVar(self)
        header = ttk.Frame(self)
        header.pack(fill="x", pady=(0, GAP // 2))
        ttk.Label(header, text="Latent map", style="Heading.TLabel").pack(side="left")
        self._choices = ttk.Frame(header)
        self._choices.pack(side="right")
        self.kinds: dict[str, ttk.Radiobutton] = {}
        self.dots = LiveDots(self, look)
        self.dots.pack(fill="both", expand=True)
        self.offer(("pca", "tsne"), "pca")

    def offer(self, kinds: Sequence[str], chosen: str) -> None:
        """The layouts there are, of native, pca and tsne, and the one that is on show."""
        if tuple(kinds) != tuple(self.kinds):
            for button in self.kinds.values():
                button.destroy()
            self.kinds = {kind: self._add(kind) for kind in kinds}
        self._kind.set(chosen)

    @property
    def kind(self) -> str:
        """The layout that is chosen."""
        return self._kind.get()

    def show(
        self,
        points: np.ndarray,
        labels: np.ndarray,
        classes: Sequence[str],
        caption: str = "",
        *,
        pictures: np.ndarray | None = None,
        animate: bool = True,
    ) -> None:
        """As of `LiveDots.show`."""
        self.dots.show(points, labels, classes, caption, pictures=pictures, animate=animate)

    def show_sketch(self, point: np.ndarray | None) -> None:
        """As of `LiveDots.show_sketch`."""
        self.dots.show_sketch(point)

    def clear(self) -> None:
        """No map: say what one would show."""
        self.dots.clear()

    def _add(self, kind: str) -> ttk.Radiobutton:
        button = ttk.Radiobutton(
            self._choices,
            text=LAYOUTS[kind],
            value=kind,
            variable=self._kind,
            command=lambda: self._on_kind(kind),
            bootstyle="primary ghost toolbutton",
            padding=(6, 3),
        )
        button.pack(side="left", padx=(2, 0))
        explain(button, _TIPS[kind])
        return button
