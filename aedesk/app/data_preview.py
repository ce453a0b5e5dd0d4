"""What a data set holds: found, and fetched where that is asked for, in the background."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from aedesk.app.jobs import Jobs
from aedesk.app.signal import Signal
from aedesk.app.worker import Link, Worker
from aedesk.data.sources import NAMES, is_present
from aedesk.errors import Cancelled

if TYPE_CHECKING:
    from aedesk.data.imageset import DataSet


class State(enum.Enum):
    EMPTY = "empty"
    MISSING = "missing"
    LOADING = "loading"
    FETCHING = "fetching"
    SHOWN = "shown"
    FAILED = "failed"


@dataclass(frozen=True)
class Progress:
    """Of a fetch, bytes `done` of `total` of one file (None if the server does not say); or of reading a folder."""

    file: str
    done: int
    total: int | None


@dataclass(frozen=True, eq=False)
class Contents:
    """A data set sorted by class.

    counts, test_counts: (K,) of images to train on, and to test with, of each of the K `classes`.
    """

    name: str
    classes: tuple[str, ...]
    counts: np.ndarray
    test_counts: np.ndarray
    _images: np.ndarray
    _order: np.ndarray  # (N,) places of the images, class by class, in a random order within each
    _starts: np.ndarray  # (K,) where each class begins in it

    @classmethod
    def of(cls, data: DataSet) -> Contents:
        """Sorted; the same data always gives the same examples."""
        train, number = data.train, len(data.train.classes)
        shuffled = np.random.default_rng(0).permutation(len(train))
        order = shuffled[np.argsort(train.labels[shuffled], kind="stable")]
        counts = np.bincount(train.labels, minlength=number)
        test_counts = np.bincount(data.test.labels, minlength=number)
        starts = np.cumsum(counts) - counts
        return cls(data.name, train.classes, counts, test_counts, train.images, order, starts)

    def examples(self, label: int, page: int, count: int) -> np.ndarray:
        """(n, 28, 28) uint8: the `count` training images of a class on a page, from its start again after its last.

        Fewer than `count` where the class has no more than that.
        """
        held = int(self.counts[label])
        if held == 0:
            return self._images[:0]
        shown = min(held, count)
        places = (page * count + np.arange(shown)) % held
        examples: np.ndarray = self._images[self._order[self._starts[label] + places]]
        return examples


class DataPreview:
    """What the data that was opened last holds.

    A set of the library that is not on this machine is MISSING until `fetch`. Signals: `changed` (state), `progress`
    (while it fetches, or reads a folder), `fetched` (a set has come in that was missing).
    contents: when SHOWN. problem: when FAILED. data: what was opened.
    """

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._worker: Worker[Progress | Contents] | None = None
        self.state = State.EMPTY
        self.data = ""
        self.contents: Contents | None = None
        self.problem: BaseException | None = None
        self.changed: Signal[State] = Signal()
        self.progress: Signal[Progress] = Signal()
        self.fetched: Signal[str] = Signal()

    def open(self, data: str) -> None:
        """Look into a data set: a name of `data.sources.NAMES` or a path."""
        self.stop()
        self.data = data
        if data in NAMES and not is_present(data):
            self._enter(State.MISSING)
        else:
            self._start(State.LOADING)

    def fetch(self) -> None:
        """Get a set that is missing, or try again after a failure."""
        if self.state in {State.MISSING, State.FAILED}:
            missing = self.data in NAMES and not is_present(self.data)
            self._start(State.FETCHING if missing else State.LOADING)

    def cancel(self) -> None:
        """End a fetch; nothing half-fetched is left."""
        if self.state is State.FETCHING and self._worker is not None:
            self._worker.stop()

    def stop(self) -> None:
        """Nobody looks any more: what is on its way ends, and the memory is given back."""
        if self._worker is not None:
            self._worker.stop()
            self._worker = None
        self.contents = self.problem = None
        self.state = State.EMPTY

    def _start(self, state: State) -> None:
        # Only the messages of the latest worker count: one that was sent away may still have something to say.
        workers: list[Worker[Progress | Contents]] = []

        def on_item(item: Progress | Contents) -> None:
            if workers[0] is self._worker:
                self._on_item(item)

        def on_end(problem: BaseException | None) -> None:
            if workers[0] is self._worker:
                self._on_end(problem)

        self.contents = self.problem = None
        worker = self._jobs.start("data preview", partial(_work, self.data), on_item, on_end)
        workers.append(worker)
        self._worker = worker
        self._enter(state)

    def _on_item(self, item: Progress | Contents) -> None:
        if isinstance(item, Progress):
            self.progress.emit(item)
            return
        self.contents = item
        was_missing = self.state is State.FETCHING
        self._enter(State.SHOWN)
        if was_missing:
            self.fetched.emit(self.data)

    def _on_end(self, problem: BaseException | None) -> None:
        self._worker = None
        if isinstance(problem, Cancelled):
            self._enter(State.MISSING if self.state is State.FETCHING else State.EMPTY)
        elif problem is not None:
            self.problem = problem
            self._enter(State.FAILED)

    def _enter(self, state: State) -> None:
        self.state = state
        self.changed.emit(state)


def _work(data: str, link: Link[Progress | Contents]) -> Iterator[Progress | Contents]:
    """In the worker's thread."""
    from aedesk.data.sources import load

    loaded = load(
        data,
        progress=lambda file, done, total: link.tell(Progress(file, done, total)),
        cancelled=link.stopped,
    )
    yield Contents.of(loaded)
