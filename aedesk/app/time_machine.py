"""Back and forth in a run: its kept epochs, and the one on show, with all that can be seen of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from aedesk.app.ink import Ink
from aedesk.app.jobs import Jobs
from aedesk.app.signal import Signal
from aedesk.app.worker import Link, Worker
from aedesk.errors import AedeskError, Cancelled
from aedesk.storage.runs import Run
from aedesk.storage.sample import Sample

if TYPE_CHECKING:
    from aedesk.models.model import Model
    from aedesk.training.events import Glimpse

MapKind = Literal["plain", "tsne"]
"""`plain`: the codes themselves where they are two numbers, else their principal components."""

_PICTURES = 10
_NO_EPOCH = -1


@dataclass(frozen=True, eq=False)
class EpochView:
    """A run as it was after `epoch` epochs.

    model: the network of then, in use. sample: the validation images it is watched with. points: (n, 2) float32, where
    their codes lay. originals, reconstructions: (10, 28, 28) float32 in [0, 1], a few of them before and after the
    network. row: of the history, empty for epoch 0. map_is_coming: the points are only those of a map like the one
    that was asked for, which is being computed; the same view with that one follows. step: 0, or how many steps of the
    next epoch have been taken since.
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
    map_is_coming: bool = False
    step: int = 0

    def answers(self, wish: _Wish) -> bool:
        return not self.map_is_coming and not self.step and _Wish(self.folder, self.epoch, self.kind) == wish


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
        self._in_hand: _InHand | None = None
        self._tsne: dict[int, np.ndarray] = {}  # epoch -> its map
        self._sizes: dict[int, int] = {}  # epoch -> bytes of its file, which nobody changes
        self.folder: Path | None = None
        self.kept: list[int] = []
        self.kind: MapKind = "plain"
        self.is_following = True
        self.view: EpochView | None = None
        self._glimpse: Glimpse | None = None
        self.kept_changed: Signal[list[int]] = Signal()
        self.shown: Signal[EpochView] = Signal()
        self.sketch_changed: Signal[tuple[np.ndarray, np.ndarray] | None] = Signal()
        self.failed: Signal[BaseException] = Signal()

    @property
    def bytes(self) -> int:
        """What the kept epochs take on the disk."""
        return sum(self._sizes.values())

    @property
    def epoch(self) -> int | None:
        """The epoch that was asked for, or the newest."""
        return self._wanted.epoch if self._wanted is not None else self.view.epoch if self.view else None

    def open(self, folder: Path) -> None:
        """Show the newest epoch of another run."""
        if folder != self.folder:
            self.close()
            self.folder = folder
        self.show(None)

    def close(self) -> None:
        """Show no run any more."""
        self.folder, self.kept, self.view, self._wanted, self._glimpse = None, [], None, None, None
        self._tsne.clear()
        self._sizes.clear()
        if self._in_hand is not None:
            self._in_hand.worker.stop()
            self._in_hand = None  # what it still says is not listened to
        self.kept_changed.emit(self.kept)
        self.sketch_changed.emit(None)

    def refresh(self) -> None:
        """Look at what lies in the folder now: an epoch may have come, others may have been thinned out."""
        self._list_kept()
        if self.is_following and self.folder is not None and self.kept:
            self._want(_Wish(self.folder, self.kept[-1], self.kind))

    def show(self, epoch: int | None) -> None:
        """Show this epoch, or the nearest that is kept; None follows the newest."""
        if epoch is None:
            self.is_following = True
            self._list_kept()
        if self.folder is not None and self.kept:
            self.is_following = epoch is None
            nearest = self.kept[-1] if epoch is None else min(self.kept, key=lambda kept: abs(kept - epoch))
            self._want(_Wish(self.folder, nearest, self.kind), at_once=True)

    def glimpse(self, glimpse: Glimpse) -> None:
        """Show the run in the middle of an epoch, where the newest is followed; what is on its way comes first."""
        self._glimpse = glimpse
        self._glance()

    def _glance(self) -> None:
        glimpse, view = self._glimpse, self.view
        if view is None or not self.is_following or self._in_hand is not None or self._wanted is not None:
            return
        self._glimpse = None
        if glimpse is not None and glimpse.epoch > view.epoch:
            self._take(_Glance(view, glimpse), _Wish(view.folder, _NO_EPOCH, view.kind))

    def choose_map(self, kind: MapKind) -> None:
        """Show the sample's codes by another map."""
        self.kind = kind
        if self.folder is not None and self.epoch is not None:
            self._want(_Wish(self.folder, self.epoch, kind), at_once=True)

    def look_at_sketch(self) -> None:
        """The drawing has changed, or another epoch is on show."""
        if self.view is None or self._ink.is_blank:
            self.sketch_changed.emit(None)
            return
        seen = self._ink.seen
        self.sketch_changed.emit((seen, self.view.model.reconstruct(seen)[0]))

    def _list_kept(self) -> None:
        epochs = Run(self.folder).epochs if self.folder is not None else None
        kept = epochs.kept() if epochs is not None else []
        if epochs is not None and kept != self.kept:
            self.kept = kept
            # Only those that are new: a look at a thousand files takes 7 ms, and this comes after every epoch.
            self._sizes = {
                epoch: self._sizes[epoch] if epoch in self._sizes else _size(epochs.path(epoch))
                for epoch in kept
            }
            self.kept_changed.emit(kept)

    def _want(self, wish: _Wish, *, at_once: bool = False) -> None:
        """Show this next. What is being read comes first, so that quick steps do not starve the screen.

        at_once: but a t-SNE map that is being computed is given up, which takes its time.
        """
        self._wanted = wish
        if self._in_hand is None:
            self._start()
        elif at_once and self._in_hand.wish != wish:
            self._in_hand.give_up()

    def _start(self) -> None:
        wish, view = self._wanted, self.view
        if wish is None:
            return
        if view is not None and view.answers(wish):
            self._wanted = None
            return
        look = _Look(
            wish,
            sample=view.sample if view is not None and view.folder == wish.folder else None,
            known=self._tsne.get(wish.epoch),
            start=self._tsne_near(wish.epoch),
        )
        self._take(look, wish)

    def _take(self, look: _Look | _Glance, wish: _Wish) -> None:
        """Have a look in the background, and show what it sees."""

        def on_item(view: EpochView) -> None:
            if self._in_hand is in_hand:
                self._show(view)

        def on_end(problem: BaseException | None) -> None:
            if self._in_hand is in_hand:
                self._in_hand = None
                self._on_end(in_hand, problem)

        in_hand = self._in_hand = _InHand(self._jobs.start("time machine", look, on_item, on_end), wish)

    def _show(self, view: EpochView) -> None:
        if view.kind == "tsne" and not view.map_is_coming and not view.step:
            self._tsne[view.epoch] = view.points
        self.view = view
        self.shown.emit(view)
        self.look_at_sketch()

    def _on_end(self, look: _InHand, problem: BaseException | None) -> None:
        # A wish that was given up may have come back since; one that somebody else ended will not.
        given_up = look.is_given_up and isinstance(problem, Cancelled)
        if self._wanted == look.wish and not given_up:
            self._wanted = None
        if problem is not None and not isinstance(problem, Cancelled):
            self._on_failed(look.wish, problem)
        elif self._in_hand is None:
            self._start()
            self._glance()

    def _on_failed(self, wish: _Wish, problem: BaseException) -> None:
        self._list_kept()
        if wish.epoch in self.kept or not isinstance(problem, AedeskError):
            self.failed.emit(problem)
        elif self._wanted is None:  # thinned out a moment ago: the nearest will do
            self.show(None if self.is_following else wish.epoch)
        if self._in_hand is None:
            self._start()

    def _tsne_near(self, epoch: int) -> np.ndarray | None:
        """The t-SNE map to start from: of the nearest epoch that has one."""
        nearest = min(self._tsne, key=lambda other: abs(other - epoch), default=None)
        return None if nearest is None else self._tsne[nearest]


@dataclass(frozen=True, eq=False)
class _Glance:
    """Makes a view of weights in memory, in the worker's thread. view: of the same run, at its last epoch."""

    view: EpochView
    glimpse: Glimpse

    def __call__(self, link: Link[Any]) -> Iterator[EpochView]:
        from aedesk.models.model import Model

        glimpse, view = self.glimpse, self.view
        model = Model(replace(view.model.checkpoint, weights=glimpse.weights))
        yield replace(
            view,
            epoch=glimpse.epoch - 1,
            step=glimpse.step,
            model=model,
            points=glimpse.points if view.kind == "plain" else view.points,
            reconstructions=model.reconstruct(view.originals),
            map_is_coming=False,
        )


@dataclass(eq=False)
class _InHand:
    """The look that is being taken."""

    worker: Worker[Any]
    wish: _Wish
    is_given_up: bool = False

    def give_up(self) -> None:
        self.is_given_up = True
        self.worker.stop()


@dataclass(frozen=True, eq=False)
class _Look:
    """Reads an epoch, in the worker's thread. known: its t-SNE map, computed before; start: where one begins."""

    wish: _Wish
    sample: Sample | None
    known: np.ndarray | None
    start: np.ndarray | None

    def __call__(self, link: Link[Any]) -> Iterator[EpochView]:
        from aedesk.models.model import Model
        from aedesk.storage import sample as samples

        run = Run(self.wish.folder)
        snapshot = run.epochs.load(self.wish.epoch)
        sample = self.sample or samples.load(run.sample)
        model = Model(run.checkpoint(snapshot))
        few = np.linspace(0, len(sample.images) - 1, min(_PICTURES, len(sample.images))).astype(int)
        originals = sample.images[few].astype(np.float32) / 255
        view = EpochView(
            self.wish.folder,
            self.wish.epoch,
            self.wish.kind,
            model,
            sample,
            snapshot.points,
            originals,
            model.reconstruct(originals),
            snapshot.row,
        )
        if self.wish.kind == "plain":
            yield view
        elif self.known is not None:
            yield replace(view, points=self.known)
        else:
            meanwhile = snapshot.points if self.start is None else self.start
            yield replace(view, points=meanwhile, map_is_coming=True)
            yield replace(view, points=self._tsne(model.encode(sample.images), snapshot.points, link))

    def _tsne(self, codes: np.ndarray, plain: np.ndarray, link: Link[Any]) -> np.ndarray:
        from aedesk.latent import tsne

        try:
            return tsne.layout(codes, start=self.start, cancelled=link.stopped)
        except Cancelled:
            raise
        except AedeskError:  # too few images for t-SNE: of those, the plain map shows all
            return plain


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # thinned out a moment ago
        return 0
