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
from aedesk.app.explorer import Pick, Reading
from aedesk.app.jobs import Jobs
from aedesk.app.loading import ActiveModel, Settling
from aedesk.app.viewport import Viewport
from aedesk.gui.generated import GeneratedCard
from aedesk.gui.hands import Hands
from aedesk.gui.map.controls import COLOURINGS, MapControls
from aedesk.gui.map.find import FindBar, matching
from aedesk.gui.map.ground import paint_ground
from aedesk.gui.map.latent_map import How, LatentMap, Pointed
from aedesk.gui.map.painter import Groups
from aedesk.gui.map.picture import map_picture
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
from aedesk.storage.pictures import write_png

if TYPE_CHECKING:
    from aedesk.latent.clusters import Clusters

_REST = 150  # ms without a further pick before the place is judged
_HOVER_REST = 40  # ms that the pointer stays on a point before its card comes
_HOLE_REST = 250  # ms, where there is no point
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
        self._timers: dict[str, str] = {}
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
        self.find = FindBar(place, self._on_find, on_problem)
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
        self.trail_panel = TrailPanel(body, look, desk, tell, on_problem)
        self.morph_panel = MorphPanel(body, look, desk, tell, on_problem)
        for panel in (
            NeighboursPanel(body, look, desk, tell, on_problem),
            SelectionPanel(body, look, desk, tell, on_problem),
            self.trail_panel,
            self.morph_panel,
            SamplesPanel(body, look, desk, tell, on_problem),
            CodePanel(body, look, desk, tell, on_problem),
        ):
            self.drawer.add(panel)

    def _connect(self) -> None:
        explorer, desk, latent_map = self._explorer, self._desk, self.map
        explorer.model_changed.connect(self._show_model)
        explorer.reading_changed.connect(self._show_reading)
        explorer.settled.connect(self._show_reading)
        explorer.picked.connect(self._show_pick)
        explorer.settling.connect(self._show_settling)
        desk.selection.changed.connect(self._show_selection)
        desk.trail.changed.connect(lambda _: self._show_trail())
        desk.morpher.changed.connect(lambda _: self._show_path())
        desk.pictures.changed.connect(lambda _: latent_map.request())
        self.trail_panel.visible.connect(lambda _: self._show_trail())
        self.morph_panel.frame_changed.connect(self._show_frame)
        self.drawer.changed.connect(lambda _: self._show_path())
        self.drawer.changed.connect(lambda _: self._show_trail())
        self.backdrop.changed.connect(lambda _: latent_map.request())
        self.backdrop.failed.connect(self._on_backdrop_failed)
        self.clustering.changed.connect(self._show_clusters)
        self.clustering.status.connect(self._tell)
        self.clustering.failed.connect(self._on_clustering_failed)
        latent_map.viewed.connect(lambda _: self._make_way())
        latent_map.hovered.connect(self._on_hover)
        latent_map.selected.connect(self._on_selected)
        latent_map.path_drawn.connect(self._on_path)
        latent_map.tool_changed.connect(self.tools.show)
        latent_map.legend_clicked.connect(self._on_legend)
        latent_map.escaped.connect(lambda _: self._on_escape())
        latent_map.painter.pictures = self._pictures_of
        latent_map.painter.backdrop = self._ground
        self.bind("<Destroy>", self._on_destroy, add="+")

    # --- the explorer's news ---

    def _show_model(self, active: ActiveModel) -> None:
        self._settling.hide()
        self.show_layout(active)
        self.map.painter.source = active.shown.source or "images"
        self.map.mark_pick(None)
        self.map.mark_ghost(None)
        self.card.hide()
        self.map.show(active.projection.points, self._groups(active))
        self._show_selection(self._desk.selection.indices)
        self._show_trail()
        self._show_path()

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

    def _show_reading(self, reading: Reading | None) -> None:
        self.map.mark_sketch(reading.point if reading else None)
        self._make_way()

    def _make_way(self) -> None:
        """The card hides neither a marker nor the legend."""
        if self.card.winfo_ismapped():
            self.card.make_way(self.map.covers_marker)

    def _show_pick(self, pick: Pick) -> None:
        active = self._explorer.active
        if active is None:
            return
        self.map.mark_pick(pick.point)
        self.card.show(pick, active.atlas.classes)
        self.card.make_way(self.map.covers_marker)
        self._later("judge", _REST, self._judge_pick)

    def _judge_pick(self) -> None:
        """Say whether the place can be trusted, once the pointer rests."""
        active, pick = self._explorer.active, self._explorer.pick
        if active is not None and pick is not None:
            score = float(active.trust.at(pick.point[None]).score[0])
            why = active.trust.explain(pick.point)
            self.card.judge(score)
            self._tell(why)

    def _show_settling(self, settling: Settling | None) -> None:
        active = self._explorer.active
        if active is None:
            return
        if settling is None:
            self._settling.hide()
            self._show_model(active)
            return
        self._settling.show(settling.words)
        if settling.points is not None and len(settling.points) == len(self.map.painter.points):
            self.map.show_settling(settling.points)
            self.card.hide()

    # --- the desk's news ---

    def _show_selection(self, indices: np.ndarray) -> None:
        self.map.painter.set_selected(indices)
        self.map.request()

    def _show_trail(self) -> None:
        trail = self._desk.trail
        if self.trail_panel.is_visible and self.drawer.current != self.morph_panel.title:
            self.map.draw_trail(trail.points, trail.strokes)
        else:
            self.map.draw_trail(np.zeros((0, 2)), np.zeros(0, int))
        if self.drawer.current == self.trail_panel.title:
            position = trail.position
            self.map.mark_ghost(trail.points[position] if position is not None else None)

    def _show_path(self) -> None:
        strip = self._desk.morpher.strip
        is_open = self.drawer.current == self.morph_panel.title
        self.map.draw_path(strip.points if strip is not None and is_open else np.zeros((0, 2)))
        if not is_open:
            self.map.mark_ghost(None)

    def _show_frame(self, frame: int | None) -> None:
        strip = self._desk.morpher.strip
        inside = strip is not None and frame is not None and frame < len(strip.points)
        self.map.mark_ghost(strip.points[frame] if strip is not None and inside else None)

    def _show_clusters(self, found: Clusters | None) -> None:
        active = self._explorer.active
        if active is None:
            return
        self.map.painter.set_groups(self._groups(active))
        self.map.painter.set_selected(self._desk.selection.indices)
        self.map.request()
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
            self._later("pictures", _PICTURES_PAUSE, self.map.request)
        return there, pictures.of(active.shown, indices[there])

    # --- the user's wishes ---

    def choose_tool(self, name: str) -> None:
        """Use the left button for something else, and give the map the keyboard."""
        self.map.tool = name
        self.map.focus_set()

    def toggle_all_points(self) -> None:
        """Every training image on the map, or the atlas's own."""
        active = self._explorer.active
        if active is not None:
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

        self.controls.show_layout(kinds(active.model.code_size), active.wish, active.model.code_size)

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
        self._desk.selection.choose(found[self.map.painter.visible[found]], how)
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

    def _on_escape(self) -> None:
        if self._settling.winfo_ismapped():
            self._explorer.cancel_map()
        elif len(self._desk.selection.indices):
            self._desk.selection.clear()
        else:
            self.card.hide()
            self.map.mark_pick(None)

    # --- hover ---

    def _on_hover(self, pointed: Pointed | None) -> None:
        self._cancel("hover")
        self.map.card.hide()
        if pointed is not None:
            rest = _HOVER_REST if pointed.index is not None else _HOLE_REST
            self._later("hover", rest, lambda: self._show_hover(pointed))

    def _show_hover(self, pointed: Pointed) -> None:
        """The point under the pointer; where there is none, what the decoder makes of the place."""
        active = self._explorer.active
        if active is None:
            return
        if pointed.index is None:
            code = active.projection.to_codes(self.map.place_at(pointed.x, pointed.y))
            self.map.card.show(
                pointed.x, pointed.y, active.model.decode(code)[0], "decoded here:\nno code is near"
            )
        else:
            x, y = self.map.view.to_pixels(active.projection.points[pointed.index]).tolist()
            self.map.card.show(x, y, *self._describe(active, pointed.index))

    def _describe(self, active: ActiveModel, index: int) -> tuple[np.ndarray, str]:
        """The picture of a point, and a few lines about it."""
        shown, pictures, chosen = active.shown, self._desk.pictures, np.array([index])
        image = pictures.of(shown, chosen)[0]
        lines = [f"class {shown.classes[shown.labels[index]]}"]
        if shown.images is not None:
            lines.append(f"training image #{shown.images[index]}")
        errors = pictures.errors(shown, chosen)
        lines.append("decoded from its code" if errors is None else f"error {errors[0]:.4f}")
        return image, "\n".join(lines)

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

    # --- timers ---

    def _later(self, name: str, delay: int, action: Callable[[], object]) -> None:
        """Run `action` after `delay` ms, unless it is asked for again before."""
        self._cancel(name)

        def run() -> None:
            self._timers.pop(name, None)
            action()

        self._timers[name] = self.after(delay, run)

    def _cancel(self, name: str) -> None:
        timer = self._timers.pop(name, None)
        if timer is not None:
            self.after_cancel(timer)

    def _on_destroy(self, event: tk.Event[Any]) -> None:
        if event.widget is self:
            for name in tuple(self._timers):
                self._cancel(name)
