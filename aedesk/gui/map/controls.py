"""The row above the map: how codes are laid out, what colours mean, what lies behind the points."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import ttkbootstrap as ttk

from aedesk.app.backdrop import KINDS, Kind
from aedesk.app.loading import MapWish
from aedesk.errors import AedeskError
from aedesk.gui.fields import explain, whole_number
from aedesk.gui.theme import GAP

if TYPE_CHECKING:
    from aedesk.latent.pca import Inverse

LAYOUTS = {"native": "Code axes", "pca": "PCA", "tsne": "t-SNE", "umap": "UMAP", "axes": "Two axes"}
_INVERSES: dict[Inverse, str] = {"local": "nearest codes", "exact": "plane"}
COLOURINGS = {"classes": "Classes", "density": "Density", "kmeans": "k-means", "mixture": "Mixture"}
_BACKDROPS: dict[Kind, str] = {"none": "Nothing", "digits": "Digits", "trust": "Trust"}
_WIDTH = 9  # characters of a list of choices


class MapControls(ttk.Frame):
    """Three lists of choices, and below them what the chosen ones leave open.

    `on_layout` gets a MapWish, `on_colouring` the name and the number of clusters, `on_backdrop` its kind;
    `on_problem` what cannot be done.
    """

    def __init__(
        self,
        master: tk.Misc,
        on_layout: Callable[[MapWish], object],
        on_colouring: Callable[[str, int], object],
        on_backdrop: Callable[[Kind], object],
        on_problem: Callable[[BaseException], object],
    ) -> None:
        super().__init__(master)
        self._on_layout, self._on_colouring = on_layout, on_colouring
        self._on_backdrop, self._on_problem = on_backdrop, on_problem
        self._kinds: tuple[str, ...] = ()
        self._code_size = 0
        row = ttk.Frame(self)
        row.pack(fill="x")
        self._heading = ttk.Label(row, text="Latent map", style="Heading.TLabel")
        self._heading.pack(side="left", padx=(0, GAP))
        self._layout = self._choice(row, "Layout", (), self._on_layout_chosen)
        self._colouring = self._choice(row, "Colour", list(COLOURINGS.values()), self._on_colouring_chosen)
        self._backdrop = self._choice(row, "Behind", list(_BACKDROPS.values()), self._on_backdrop_chosen)
        explain(self._layout, "How codes of many numbers are laid out on the plane.")
        explain(
            self._colouring,
            "What the points' colours mean: classes, their density, or clusters of the codes.",
        )
        explain(
            self._backdrop,
            "Behind the points: the digits decoded everywhere, or where the decoder can be trusted.",
        )
        self._colouring.current(0)
        self._backdrop.current(0)
        row.bind("<Configure>", self._on_configure)
        self._details = ttk.Frame(self)
        self._inverse = self._build_inverse()
        self._axes, self._axis_fields = self._build_axes()
        self._clusters, self._count, self._purity = self._build_clusters()

    # --- building ---

    def _choice(
        self, row: ttk.Frame, name: str, values: Sequence[str], on_chosen: Callable[[], object]
    ) -> ttk.Combobox:
        label = ttk.Label(row, text=name, style="Muted.TLabel")
        label.pack(side="left", padx=(GAP, 4))
        choice = ttk.Combobox(row, state="readonly", width=_WIDTH, values=list(values))
        choice.pack(side="left")

        def chosen(_: tk.Event[Any]) -> None:
            choice.selection_clear()
            on_chosen()

        choice.bind("<<ComboboxSelected>>", chosen)
        return choice

    def _build_inverse(self) -> ttk.Frame:
        frame = ttk.Frame(self._details)
        self._inverse_choice = self._choice(frame, "A click decodes", list(_INVERSES.values()), self._wish)
        self._inverse_choice.configure(width=14)
        self._inverse_choice.current(0)
        explain(
            self._inverse_choice,
            "Nearest codes: between the codes around the place, so that digits look like their neighbours. "
            "Plane: the one code in the plane of the two components.",
        )
        return frame

    def _build_axes(self) -> tuple[ttk.Frame, tuple[ttk.Entry, ttk.Entry]]:
        frame = ttk.Frame(self._details)
        fields = []
        for words in ("To the right: number", "of the code; upwards: number"):
            ttk.Label(frame, text=words, style="Muted.TLabel").pack(side="left", padx=(GAP, 4))
            field = ttk.Entry(frame, width=5)
            field.pack(side="left")
            field.bind("<Return>", lambda _: self._wish())
            explain(field, "Which number of the code, from 1; Return lays the map out.")
            fields.append(field)
        return frame, (fields[0], fields[1])

    def _build_clusters(self) -> tuple[ttk.Frame, ttk.Entry, ttk.Label]:
        frame = ttk.Frame(self._details)
        ttk.Label(frame, text="Clusters", style="Muted.TLabel").pack(side="left", padx=(GAP, 4))
        count = ttk.Entry(frame, width=4)
        count.insert(0, "10")
        count.pack(side="left")
        count.bind("<Return>", lambda _: self._on_colouring_chosen())
        explain(count, "How many clusters to look for, 2 to 62; Return starts.")
        purity = ttk.Label(frame, text="", style="Muted.TLabel")
        purity.pack(side="left", padx=(2 * GAP, 0))
        explain(purity, "The share of codes that are of their cluster's most frequent class.")
        return frame, count, purity

    # --- what is shown ---

    def show_layout(self, kinds: tuple[str, ...], wish: MapWish, variances: np.ndarray) -> None:
        """Offer the layouts of a model's codes, and name the one that is shown.

        variances: (D,) of the code's numbers; the two that vary most are proposed as axes.
        """
        self._kinds = kinds
        if len(variances) != self._code_size:
            self._code_size = len(variances)
            self._propose_axes((-variances).argsort(kind="stable")[:2].tolist())
        self._layout.configure(values=[LAYOUTS[kind] for kind in kinds])
        self._layout.set(LAYOUTS[wish.kind])
        self._inverse_choice.set(_INVERSES[wish.inverse])
        if wish.kind == "axes":
            self._propose_axes(wish.axes)
        self._arrange()

    def _propose_axes(self, axes: Sequence[int]) -> None:
        """Fill the fields with numbers of the code, counted from 0 here and from 1 there."""
        for field, axis in zip(self._axis_fields, axes, strict=True):
            field.delete(0, "end")
            field.insert(0, str(axis + 1))

    def show_purity(self, words: str) -> None:
        """What the clusters have to do with the classes."""
        self._purity.configure(text=words)

    @property
    def colouring(self) -> str:
        return list(COLOURINGS)[self._colouring.current()]

    def set_colouring(self, name: str) -> None:
        """Choose a colouring as a click would."""
        self._colouring.set(COLOURINGS[name])
        self._on_colouring_chosen()

    def set_backdrop(self, kind: Kind) -> None:
        """Choose a backdrop as a click would."""
        self._backdrop.set(_BACKDROPS[kind])
        self._on_backdrop_chosen()

    def show_backdrop(self, kind: Kind) -> None:
        """Name the backdrop that is shown."""
        self._backdrop.set(_BACKDROPS[kind])

    def _on_configure(self, event: tk.Event[Any]) -> None:
        """Where there is little room, what can be chosen matters more than what it is called."""
        row, room = event.widget, self._heading.winfo_reqwidth() + 2 * GAP
        if self._heading.winfo_manager():
            if event.width < row.winfo_reqwidth():
                self._heading.pack_forget()
        elif event.width > row.winfo_reqwidth() + room:
            self._heading.pack(side="left", padx=(0, GAP), before=row.winfo_children()[1])

    def _arrange(self) -> None:
        """Only the options that the choices leave open are there."""
        chosen = self._kinds[self._layout.current()] if self._kinds and self._layout.current() >= 0 else ""
        wanted = {
            self._inverse: chosen == "pca",
            self._axes: chosen == "axes",
            self._clusters: self.colouring in {"kmeans", "mixture"},
        }
        for frame, is_wanted in wanted.items():
            frame.pack_forget()
            if is_wanted:
                frame.pack(side="left")
        if any(wanted.values()):
            self._details.pack(fill="x", pady=(GAP // 2, 0))
        else:
            self._details.pack_forget()

    # --- the user's wishes ---

    def _on_layout_chosen(self) -> None:
        self._arrange()
        self._wish()

    def _wish(self) -> None:
        kind = self._kinds[self._layout.current()]
        inverse = list(_INVERSES)[max(0, self._inverse_choice.current())]
        try:
            axes = self._chosen_axes() if kind == "axes" else (0, 1)
        except AedeskError as problem:
            self._on_problem(problem)
            return
        self._on_layout(MapWish(kind, inverse if kind == "pca" else "local", axes))

    def _chosen_axes(self) -> tuple[int, int]:
        right, up = (whole_number("Number of the code", field.get()) for field in self._axis_fields)
        if right == up or not all(1 <= axis <= self._code_size for axis in (right, up)):
            raise AedeskError(
                f"Choose two different numbers of the code, each from 1 to {self._code_size:,}; not {right} and {up}."
            )
        return right - 1, up - 1

    def _on_colouring_chosen(self) -> None:
        self._arrange()
        self.show_purity("")
        count = 0
        if self.colouring in {"kmeans", "mixture"}:
            try:
                count = whole_number("Clusters", self._count.get())
            except AedeskError as problem:
                self._on_problem(problem)
                return
        self._on_colouring(self.colouring, count)

    def _on_backdrop_chosen(self) -> None:
        self._on_backdrop(KINDS[self._backdrop.current()])
