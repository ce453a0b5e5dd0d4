"""The right side of the Explore tab: the map, its tools and choices, and the drawer under it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import ttkbootstrap as ttk

from aedesk.app.backdrop import KINDS, Backdrop, Kind
from aedesk.app.clustering import Clustering
from aedesk.app.desk import Desk
from aedesk.app.explorer import Pick
from aedesk.app.jobs import Jobs
from aedesk.app.loading import ActiveModel, Settling
from aedesk.app.selection import How
from aedesk.app.viewport import Viewport
from aedesk.gui.generated import GeneratedCard
from aedesk.gui.hands import Hands
from aedesk.gui.map.controls import COLOURINGS, MapControls
from aedesk.gui.map.courses import Courses
from aedesk.gui.map.find import FindBar, matching
from aedesk.gui.map.ground import paint_ground
from aedesk.gui.map.latent_map import LatentMap
from aedesk.gui.map.painter import Groups
from aedesk.gui.map.picture import map_picture
from aedesk.gui.map.pointing import Pointing
from aedesk.gui.map.settling import SettlingBar
from aedesk.gui.map.tools import ToolColumn
from aedesk.gui.panels.code import CodePanel
from aedesk.gui.panels.drawer import Drawer
from aedesk.gui.panels.morph import MorphPanel
from aedesk.gui.panels.neighbours import NeighboursPanel
from aedesk.gui.panels.panel import save_as
from aedesk.gui.panels.samples import SamplesPanel
from aedesk.gui.panels.selection import SelectionPanel
from aedesk.gui.panels.trail import TrailPanel
from aedesk.gui.theme import GAP, Look
from aedesk.gui.timers import Timers
from aedesk.storage.pictures import write_png

if TYPE_CHECKING:
    from aedesk.latent.clusters import Clusters
    from aedesk.latent.projection import Projection

_REST = 150  # ms without a further pick before the place is judged
_PICTURES_PAUSE = 30  # ms between two frames while pictures are being decoded
_PICTURES_BUDGET = 0.006  # seconds of decoding per frame


class MapPane(ttk.Frame):
    """Wires the map and the drawer's panels to the desk."""

    def __init__(
        self,
        master: tk.Misc,
        look: Look,
        desk: Desk,
        jobs: Jobs,
        hands: Hands,
        tell: Callable[[str], object],
        on_problem: Callable[[BaseException], object],
    ) -> None:
        super().__init__(master)
        self._look, self._desk, self._explorer = look, desk, desk.explorer
        self._tell, self._on_problem = tell, on_problem
        self._timers = Timers(self)
        self._shown_map: Projection | None = None
        self.backdrop = Backdrop(desk.explorer, jobs)
        self.clustering = Clustering(desk.explorer, jobs)
        self.controls = MapControls(
            self, desk.explorer.set_projection, self._set_colouring, self._set_backdrop, on_problem
        )
        self.controls.pack(fill="x", pady=(0, GAP))
        self.drawer = Drawer(self, look)
        self.drawer.pack(side="bottom", fill="x", pady=(GAP, 0))
        middle = ttk.Frame(self)
        middle.pack(fill="both", expand=True)
        self.tools = ToolColumn(middle, self.choose_tool)
        self.tools.pack(side="left", fill="y", padx=(0, GAP // 2))
        place = ttk.Frame(middle, style="Card.TFrame")
        place.pack(side="left", fill="both", expand=True)
        self.map = LatentMap(place, look, desk.explorer.pick_at)
        self.map.pack(fill="both", expand=True)
        self.find = FindBar(place, self._on_find)
        self.card = GeneratedCard(place, look, on_use=hands.use_generated, on_save=hands.save_digit)
        self._settling = SettlingBar(place, desk.explorer.cancel_map)
        self._build_buttons()
        self._build_panels(tell, on_problem)
        self._connect()

    # --- building ---

    def _build_buttons(self) -> None:
        self.tools.add("arrows-fullscreen", "Show the whole map again (double click; 0).", self.map.fit)
        self.tools.add("search", "Find points by class or number (Ctrl+F).", self.find.open)
        self.tools.add(
            "stack",
            "Every training image on the map, or back to the map's own points.",
            self.toggle_all_points,
        )

    def _build_panels(
        self, tell: Callable[[str], object], on_problem: Callable[[BaseException], object]
    ) -> None:
        body, look, desk = self.drawer.body, self._look, self._desk
        trail = TrailPanel(body, look, desk, tell, on_problem)
        morph = MorphPanel(body, look, desk, tell, on_problem)
        for panel in (
            NeighboursPanel(body, look, desk, tell, on_problem),
            SelectionPanel(body, look, desk, tell, on_problem),
            trail,
            morph,
            SamplesPanel(body, look, desk, tell, on_problem),
            CodePanel(body, look, desk, tell, on_problem),
        ):
            self.drawer.add(panel)
        self.courses = Courses(self.map, desk, self.drawer, trail, morph)
        self.pointing = Pointing(self.map, desk, self._timers)

    def _connect(self) -> None:
        explorer, desk, latent_map = self._explorer, self._desk, self.map
        explorer.model_changed.connect(self._show_model)
        explorer.reading_changed.connect(lambda _: self._make_way())
        explorer.picked.connect(self._show_pick)
        explorer.settling.connect(self._show_settling)
        desk.selection.changed.connect(self._show_selection)
        desk.pictures.changed.connect(lambda _: latent_map.request())
        self.backdrop.changed.connect(lambda _: latent_map.request())
        self.backdrop.failed.connect(self._on_backdrop_failed)
        self.clustering.changed.connect(self._show_clusters)
        self.clustering.status.connect(self._tell)
        self.clustering.failed.connect(self._on_clustering_failed)
        latent_map.viewed.connect(lambda _: self._make_way())
        latent_map.selected.connect(self._on_selected)
        latent_map.path_drawn.connect(self._on_path)
        latent_map.tool_changed.connect(self.tools.show)
        latent_map.legend_clicked.connect(self._on_legend)
        latent_map.painter.pictures = self._pictures_of
        latent_map.painter.backdrop = self._ground

    # --- the explorer's news ---

    def _show_model(self, active: ActiveModel) -> None:
        self._settling.hide()
        self.show_layout(active)
        self.map.painter.source = active.shown.source or "images"
        self.map.mark_pick(None)
        self.card.hide()
        shown, self._shown_map = self._shown_map, active.base
        # More points of the same map need no other view of it.
        self.map.show(
            active.projection.points,
            self._groups(active),
            fit=shown is not active.base or self.map.is_settling,
        )
        self._show_selection(self._desk.selection.indices)
        self.courses.show()

    def _groups(self, active: ActiveModel) -> Groups:
        """Classes, or the clusters that were found among the codes shown."""
        found = self.clustering.result
        if found is None or len(found.assignments) != len(active.shown):
            return Groups(active.shown.labels, active.shown.classes)
        descriptions = found.describe(active.shown.labels)
        names = tuple(
            f"{active.shown.classes[cluster.label]} {cluster.share:.0%}" for cluster in descriptions
        )
        return Groups(found.assignments, names, "Clusters: most frequent class")

    def _make_way(self) -> None:
        """The card hides neither a marker nor the legend."""
        if self.card.winfo_ismapped():
            self.card.make_way(self.map.covered)

    def _show_pick(self, pick: Pick) -> None:
        active = self._explorer.active
        if active is None:
            return
        self.map.mark_pick(pick.point)
        self.card.show(pick, active.atlas.classes)
        self.card.make_way(self.map.covered)
        self._timers.later("judge", _REST, self._judge_pick)

    def _judge_pick(self) -> None:
        """Say whether the place can be trusted, once the pointer rests."""
        active, pick = self._explorer.active, self._explorer.pick
        if active is not None and pick is not None:
            verdict = active.trust.judge(pick.point)
            self.card.judge(verdict)
            self._tell(verdict.words)

    def _show_settling(self, settling: Settling | None) -> None:
        active = self._explorer.active
        if active is None:
            return
        if settling is not None:
            self._settling.show(settling.words)
            if settling.points is not None:
                self.card.hide()
                self.map.show_settling(settling.points, Groups(active.atlas.labels, active.atlas.classes))
        elif self.map.is_settling:
            self._show_model(active)  # it came to nothing: back to the map in use
        else:
            self._settling.hide()

    # --- the desk's news ---

    def _show_selection(self, indices: np.ndarray) -> None:
        self.map.painter.set_selected(indices)
        self.map.request()

    def _show_clusters(self, found: Clusters | None) -> None:
        active = self._explorer.active
        if active is None:
            return
        self.map.painter.set_groups(self._groups(active))
        self.map.painter.set_selected(self._desk.selection.indices)
        self.map.request()
        self.controls.show_purity("")
        if found is not None:
            from aedesk.latent.clusters import purity

            share = purity(found.assignments, active.shown.labels)
            self.controls.show_purity(f"purity {share:.1%}")
            self._tell(f"{found.k} clusters found; {share:.1%} of the codes are of their cluster's class.")

    def _on_clustering_failed(self, problem: BaseException) -> None:
        self.controls.set_colouring("classes")
        self._on_problem(problem)

    def _on_backdrop_failed(self, problem: BaseException) -> None:
        self.controls.show_backdrop("none")
        self._on_problem(problem)

    # --- what the map asks for ---

    def _ground(self, view: Viewport) -> np.ndarray | None:
        mosaic = self.backdrop.mosaic(view)
        return (
            paint_ground(mosaic, self.backdrop.kind, view, self._look.palette) if mosaic is not None else None
        )

    def _pictures_of(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        active = self._explorer.active
        if active is None:
            return np.zeros(len(indices), bool), np.zeros((0, 28, 28), np.float32)
        pictures = self._desk.pictures
        there = pictures.ready(active.shown, indices, _PICTURES_BUDGET)
        if not there.all():
            self._timers.later("pictures", _PICTURES_PAUSE, self.map.request)
        return there, pictures.of(active.shown, indices[there])

    # --- the user's wishes ---

    def choose_tool(self, name: str) -> None:
        """Use the left button for something else, and give the map the keyboard."""
        self.map.tool = name
        self.map.focus_set()

    def toggle_all_points(self) -> None:
        """Every training image on the map, or the atlas's own."""
        active = self._explorer.active
        if self._settling.winfo_ismapped():  # it is on its way: once more means no
            self._explorer.cancel_map()
        elif active is not None:
            self._explorer.show_all_points(active.shown is active.atlas)

    def toggle_digits(self) -> None:
        """Decoded digits behind the points, or nothing."""
        self.controls.set_backdrop("none" if self.backdrop.kind == "digits" else "digits")

    def toggle_trust(self) -> None:
        """A veil over places that are not to be trusted, or nothing."""
        self.controls.set_backdrop("none" if self.backdrop.kind == "trust" else "trust")

    def select_all(self) -> None:
        """Select every point that is not hidden."""
        self._desk.selection.choose(np.flatnonzero(self.map.painter.visible))
        self.drawer.show(SelectionPanel.title)

    def save_map(self) -> None:
        """What is in view, with its legend, as a PNG."""

        def save(path: str) -> None:
            picture = map_picture(
                self.map.painter, self.map.view, self._look.palette, self.map.scale_of_screen
            )
            write_png(path, picture)

        save_as(self, "map.png", save, self._tell, self._on_problem)

    def surprise(self) -> None:
        """Draw new digits at random, and show them."""
        self.drawer.show(SamplesPanel.title)
        self._desk.samples.surprise()

    def show_layout(self, active: ActiveModel) -> None:
        """Name the layout that is shown."""
        from aedesk.latent.projection import kinds

        self.controls.show_layout(kinds(active.model.code_size), active.wish, active.atlas.codes.var(axis=0))

    def _set_colouring(self, name: str, clusters: int) -> None:
        self.map.painter.as_density = name == "density"
        if name in {"kmeans", "mixture"}:
            self.clustering.find("kmeans" if name == "kmeans" else "mixture", clusters)
        else:
            self.clustering.forget()
        self.map.request()

    def _set_backdrop(self, kind: Kind) -> None:
        self.backdrop.show(kind)
        if kind == "trust":
            self._tell("Veiled places are holes: few codes lie there, or their digits encode elsewhere.")

    def _on_selected(self, wish: tuple[np.ndarray, How]) -> None:
        from aedesk.latent.selection import inside

        polygon, how = wish
        found = inside(self.map.painter.points, polygon)
        found = found[self.map.painter.visible[found]]
        self._desk.selection.choose(found, how)
        if not len(found):
            self._tell("No point that is shown lies inside.")
        self.drawer.show(SelectionPanel.title)

    def _on_path(self, places: np.ndarray) -> None:
        self._desk.morpher.set_path(places)
        self._desk.morpher.set_how("path")
        self.drawer.show(MorphPanel.title)

    def _on_find(self, words: str) -> None:
        active = self._explorer.active
        if active is None:
            return
        found = matching(words, active.shown)
        found = found[self.map.painter.visible[found]]
        self._desk.selection.choose(found)
        self.drawer.show(SelectionPanel.title)
        self._tell(f"{len(found):,} points found.")

    def _on_legend(self, click: tuple[int, bool]) -> None:
        group, alone = click
        painter = self.map.painter
        everyone = frozenset(range(len(painter.groups.names)))
        if alone:
            others = everyone - {group}
            painter.set_hidden(frozenset() if painter.hidden == others else others)
        else:
            painter.set_hidden(painter.hidden ^ {group})
        self.map.request()

    def give_up(self) -> None:
        """Escape: stop what is on its way, else let go of the selection, else put the generated digit away."""
        if self.map.give_up():
            return
        if self._settling.winfo_ismapped():
            self._explorer.cancel_map()
        elif len(self._desk.selection.indices):
            self._desk.selection.clear()
        else:
            self.card.hide()
            self.map.mark_pick(None)

    # --- what comes back with the next start ---

    def remember(self) -> dict[str, Any]:
        """What is to come back with the next start."""
        return {
            "drawer": self.drawer.current,
            "colouring": self.controls.colouring,
            "backdrop": self.backdrop.kind,
        }

    def restore(self, remembered: dict[str, Any]) -> None:
        """Take up what `remember` gave; what makes no sense is passed over."""
        if remembered.get("drawer") in self.drawer.titles:
            self.drawer.show(str(remembered["drawer"]))
        if remembered.get("colouring") in COLOURINGS:
            self.controls.set_colouring(str(remembered["colouring"]))
        if remembered.get("backdrop") in KINDS:
            self.controls.set_backdrop(remembered["backdrop"])
