"""Groups found in the codes without looking at the labels."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from aedesk.app.explorer import Explorer
from aedesk.app.jobs import Jobs
from aedesk.app.loading import ActiveModel
from aedesk.app.signal import Signal
from aedesk.app.worker import Link, Worker

if TYPE_CHECKING:
    from aedesk.latent.clusters import Clusters, Method


class Clustering:
    """Clusters the codes on the map in the background, once asked to; the latest wish wins.

    `changed` tells that `result` is another: the clusters of the codes that are shown, or None.
    """

    def __init__(self, explorer: Explorer, jobs: Jobs) -> None:
        self._explorer, self._jobs = explorer, jobs
        self._worker: Worker[Clusters] | None = None
        self._wish: tuple[Method, int] | None = None
        self._of: np.ndarray | None = None  # the codes that `result` is of, or will be
        self.result: Clusters | None = None
        self.changed: Signal[Clusters | None] = Signal()
        self.status: Signal[str] = Signal()
        self.failed: Signal[BaseException] = Signal()
        explorer.model_changed.connect(self._on_model)

    def find(self, method: Method, count: int) -> None:
        """Look for `count` clusters among the codes that are shown."""
        self._wish = method, count
        self._start()

    def forget(self) -> None:
        """Clusters are not asked for any more."""
        self._wish = None
        self._drop()

    def _on_model(self, active: ActiveModel) -> None:
        if self._of is not active.shown.codes:
            self._drop()
            self._start()

    def _drop(self) -> None:
        if self._worker is not None:
            self._worker.stop()
        self._worker = self._of = None
        if self.result is not None:
            self.result = None
            self.changed.emit(None)

    def _start(self) -> None:
        active = self._explorer.active
        if self._wish is None or active is None:
            return
        if self._worker is not None:
            self._worker.stop()
        codes = self._of = active.shown.codes
        method, count = self._wish
        self.status.emit(f"Looking for {count} clusters among {len(codes):,} codes ...")

        def on_item(found: Clusters) -> None:
            if self._worker is worker:
                self.result = found
                self.changed.emit(found)

        def on_end(problem: BaseException | None) -> None:
            if self._worker is worker:
                self._worker = None
                if problem is not None:
                    self.failed.emit(problem)

        worker = self._worker = self._jobs.start(
            "clusters", partial(_cluster, codes, method, count), on_item, on_end
        )


def _cluster(codes: np.ndarray, method: Method, count: int, link: Link[Clusters]) -> Iterator[Clusters]:
    from aedesk.errors import Cancelled
    from aedesk.latent.clusters import cluster

    try:
        found = cluster(codes, method, count, cancelled=link.stopped)
    except Cancelled:
        return
    if not link.stopped():
        yield found
