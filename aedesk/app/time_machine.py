"""Back and forth in a run: its kept epochs, and the one on show, with all that can be seen of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from aedesk import sketch
from aedesk.app.ink import Ink
from aedesk.app.jobs import Jobs
from aedesk.app.signal import Signal
from aedesk.app.worker import Link, Worker
from aedesk.errors import AedeskError, Cancelled
from aedesk.storage.runs import Run
from aedesk.storage.sample import Sample

if TYPE_CHECKING:
    from aedesk.models.model import Model

MapKind = Literal["plain", "tsne"]
"""`plain`: the codes themselves where they are two numbers, else their principal components."""

_PICTURES = 10


@dataclass(frozen=True, eq=False)
class EpochView:
    """A run as it was after `epoch` epochs.

    model: the network of then, in use. sample: the validation images it is watched with. points: (n, 2) float32, where
    their codes lay. originals, reconstructions: (10, 28, 28) float32 in [0, 1], a few of them before and after the
    network. row: of the history, empty for epoch 0.
    """

    folder: Path
    epoch: int
    kind: MapKind
    model: Model
    sample: Sample
    points: np.ndarray
    originals: np.ndarray
    reconstructions: np.ndarray
    row: dict[str, float]


@dataclass(frozen=True)
class _Wish:
    folder: Path
    epoch: int
    kind: MapKind


class TimeMachine:
    """One run at a time; its newest epoch, as long as nobody asks for an older one (`is_following`).

    Everything is read from the run's folder, so a run that another window or command trains can be watched too.
    Signals: `kept_changed` (the kept epochs), `shown` (EpochView), `sketch_changed` (the drawing as the network sees it
    and as the epoch on show rebuilds it, or None), `failed`.
    """

    def __init__(self, jobs: Jobs, ink: Ink) -> None:
        self._jobs, self._ink = jobs, ink
        self._wanted: _Wish | None = None
        self._at_work: tuple[Worker[Any], _Wish] | None = None
        self._tsne: dict[tuple[Path, int], np.ndarray] = {}
        self.folder: Path | None = None
        self.kept: list[int] = []
        self.kind: MapKind = "plain"
        self.is_following = True
        self.view: EpochView | None = None
        self.kept_changed: Signal[list[int]] = Signal()
        self.shown: Signal[EpochView] = Signal()
        self.sketch_changed: Signal[tuple[np.ndarray, np.ndarray] | None] = Signal()
        self.failed: Signal[BaseException] = Signal()

    @property
    def bytes(self) -> int:
        """What the kept epochs take on the disk."""
        return Run(self.folder).epochs.bytes() if self.folder is not None else 0

    @property
    def epoch(self) -> int | None:
        """The epoch that was asked for, or the newest."""
        return self._wanted.epoch if self._wanted is not None else self.view.epoch if self.view else None

    def open(self, folder: Path) -> None:
        """Show the newest epoch of another run."""
        if folder != self.folder:
            self.close()
            self.folder = folder
        self.is_following = True
        self.refresh()

    def close(self) -> None:
        """Show no run any more."""
        self.folder, self.kept, self.view, self._wanted = None, [], None, None
        self._tsne.clear()
        if self._at_work is not None:
            self._at_work[0].stop()
        self.kept_changed.emit(self.kept)
        self.sketch_changed.emit(None)

    def refresh(self) -> None:
        """Look at what lies in the folder now: an epoch may have come, others may have been thinned out."""
        if self.folder is None:
            return
        kept = Run(self.folder).epochs.kept()
        if kept != self.kept:
            self.kept = kept
            self.kept_changed.emit(kept)
        if self.is_following and kept:
            self._ask(kept[-1])

    def show(self, epoch: int | None) -> None:
        """Show this epoch, or the nearest that is kept; None follows the newest."""
        self.is_following = epoch is None
        if epoch is None:
            self.refresh()
        elif self.kept:
            self._ask(min(self.kept, key=lambda kept: abs(kept - epoch)))

    def choose_map(self, kind: MapKind) -> None:
        """Show the sample's codes by another map."""
        self.kind = kind
        if self.epoch is not None:
            self._ask(self.epoch)

    def look_at_sketch(self) -> None:
        """The drawing has changed, or another epoch is on show."""
        if self.view is None or self._ink.is_blank:
            self.sketch_changed.emit(None)
            return
        exact = self._ink.exact
        seen = exact if exact is not None else sketch.normalise(self._ink.pixels)
        self.sketch_changed.emit((seen, self.view.model.reconstruct(seen)[0]))

    def _ask(self, epoch: int) -> None:
        """Show this epoch next; while one is being read it waits, so that quick steps do not starve the screen."""
        assert self.folder is not None
        self._wanted = _Wish(self.folder, epoch, self.kind)
        if self._at_work is None:
            self._start()
        elif not self.is_following:
            self._at_work[0].stop()  # a t-SNE map takes its time; the rest does not look at this

    def _start(self) -> None:
        wish, view = self._wanted, self.view
        if wish is None:
            return
        if view is not None and (view.folder, view.epoch, view.kind) == (wish.folder, wish.epoch, wish.kind):
            self._wanted = None
            return
        sample = view.sample if view is not None and view.folder == wish.folder else None
        start = self._tsne_near(wish)
        known = self._tsne.get((wish.folder, wish.epoch))

        def on_item(view: EpochView) -> None:
            if view.kind == "tsne":
                self._tsne[view.folder, view.epoch] = view.points
            if view.folder == self.folder:
                self.view = view
                self.shown.emit(view)
                self.look_at_sketch()

        def on_end(problem: BaseException | None) -> None:
            self._at_work = None
            done = self._wanted == wish
            if done:
                self._wanted = None
            if problem is not None and not isinstance(problem, Cancelled) and wish.folder == self.folder:
                self._on_failed(wish, problem)
            if not done or isinstance(problem, Cancelled):
                self._start()

        make = _Look(wish, sample, start, known)
        self._at_work = self._jobs.start("time machine", make, on_item, on_end), wish

    def _on_failed(self, wish: _Wish, problem: BaseException) -> None:
        gone = not Run(wish.folder).epochs.path(wish.epoch).is_file()
        if not (gone and isinstance(problem, AedeskError)):  # thinned out, or deleted with its run: no news
            self.failed.emit(problem)

    def _tsne_near(self, wish: _Wish) -> np.ndarray | None:
        """The t-SNE map to start from: of the nearest epoch that has one."""
        epochs = [epoch for folder, epoch in self._tsne if folder == wish.folder]
        if not epochs:
            return None
        return self._tsne[wish.folder, min(epochs, key=lambda epoch: abs(epoch - wish.epoch))]


@dataclass(frozen=True, eq=False)
class _Look:
    """Reads an epoch, in the worker's thread. start: of a t-SNE map; known: that map, computed before."""

    wish: _Wish
    sample: Sample | None
    start: np.ndarray | None
    known: np.ndarray | None

    def __call__(self, link: Link[Any]) -> Iterator[EpochView]:
        from aedesk.models.model import Model
        from aedesk.storage import sample as samples

        run = Run(self.wish.folder)
        snapshot = run.epochs.load(self.wish.epoch)
        sample = self.sample or samples.load(run.sample)
        model = Model(run.checkpoint(snapshot))
        few = np.linspace(0, len(sample.images) - 1, min(_PICTURES, len(sample.images))).astype(int)
        originals = sample.images[few].astype(np.float32) / 255
        points = snapshot.points if self.wish.kind == "plain" else self._tsne(model, sample, link)
        yield EpochView(
            self.wish.folder,
            self.wish.epoch,
            self.wish.kind,
            model,
            sample,
            points,
            originals,
            model.reconstruct(originals),
            snapshot.row,
        )

    def _tsne(self, model: Model, sample: Sample, link: Link[Any]) -> np.ndarray:
        from aedesk.latent import tsne

        if self.known is not None:
            return self.known
        return tsne.layout(model.encode(sample.images), start=self.start, cancelled=link.stopped)
