"""What the codes of the model in use are worth: compared in the background, then put to the test on the drawing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from aedesk.app.jobs import Jobs
from aedesk.app.latest_wish import LatestWish
from aedesk.app.signal import Signal
from aedesk.app.task import Task
from aedesk.app.worker import Link

if TYPE_CHECKING:
    from aedesk.analysis.feature_report import Classifier, FeatureReport
    from aedesk.models.model import Model

Progress = Callable[[str, int, int], None]
IsCancelled = Callable[[], bool]

_READING = "reading the data"


@dataclass(frozen=True)
class Guess:
    """What a classifier takes the drawing for. label: of the class. share: of likelihood or votes, in (0, 1]."""

    representation: str
    method: str
    label: int
    share: float


@dataclass(frozen=True, eq=False)
class _Wish:
    image: np.ndarray
    classifiers: tuple[Classifier, ...]


class FeatureBench:
    """Holds the latest comparison, of one model, and tells by its classifiers what the drawing is.

    `comparing` and `exporting` are the tasks. Signals: `changed` (the report, or None), `guessed` (the Guesses for the
    drawing; none for a blank canvas), `exported` (a line about the file), `failed`.
    """

    def __init__(self, jobs: Jobs) -> None:
        self.comparing: Task[FeatureReport] = Task(jobs, "compare features")
        self.exporting: Task[str] = Task(jobs, "export codes")
        self.report: FeatureReport | None = None
        self.changed: Signal[FeatureReport | None] = Signal()
        self.guessed: Signal[tuple[Guess, ...]] = Signal()
        self.exported: Signal[str] = Signal()
        self.failed: Signal[BaseException] = Signal()
        self._model: Model | None = None
        self._image: np.ndarray | None = None
        self._labels = 0
        self._wishes: LatestWish[_Wish, None, tuple[Guess, ...]] = LatestWish(
            jobs, "guess by features", _guess, lambda _, guesses: self.guessed.emit(guesses), self.failed.emit
        )
        self.comparing.done.connect(self._on_report)
        self.exporting.done.connect(self.exported.emit)
        for task in (self.comparing, self.exporting):
            task.failed.connect(self.failed.emit)

    def use(self, model: Model) -> None:
        """Another model is in use: what was found about the one before is put away."""
        if model is not self._model:
            self._model = model
            self.comparing.cancel()
            self.exporting.cancel()
            self._on_report(None)

    def compare(self, data: str) -> None:
        """Compare codes, PCA and pixels on a data set that is here, by name or path."""
        if self._model is not None:
            self.comparing.start(partial(_compare, self._model, data))

    def export(self, data: str, part: str, path: str) -> None:
        """Write the codes of a part of a data set to a .csv, .npz or .parquet file."""
        if self._model is not None:
            self.exporting.start(partial(_export, self._model, data, part, path))

    def show(self, image: np.ndarray | None) -> None:
        """What is drawn now, (28, 28) in [0, 1], or None."""
        self._image = image
        self._ask()

    def learn_from(self, labels: int) -> None:
        """Guess by the classifiers that have learnt from so many labels."""
        self._labels = labels
        self._ask()

    def _on_report(self, report: FeatureReport | None) -> None:
        self.report = report
        self._labels = report.labels[-1] if report is not None else 0
        self.changed.emit(report)
        self._ask()

    def _ask(self) -> None:
        if self.report is None or self._image is None:
            self._wishes.forget()
            self.guessed.emit(())
            return
        chosen = tuple(each for each in self.report.classifiers if each.labels == self._labels)
        self._wishes.ask(_Wish(self._image, chosen), "", needs_help=False)


def _guess(wish: _Wish, help: None, link: Link[Any]) -> Iterator[tuple[Guess, ...]]:
    guesses = []
    for classifier in wish.classifiers:
        if link.stopped():
            return
        guesses.append(Guess(classifier.representation, classifier.method, *classifier.guess(wish.image)))
    yield tuple(guesses)


def _compare(model: Model, data: str, progress: Progress, cancelled: IsCancelled) -> FeatureReport:
    from aedesk.analysis.features import compare
    from aedesk.data import sources

    progress(_READING, 0, 1)
    loaded = sources.load(data, offline=True, cancelled=cancelled)
    return compare(model, loaded, progress=progress, cancelled=cancelled)


def _export(model: Model, data: str, part: str, path: str, progress: Progress, cancelled: IsCancelled) -> str:
    from aedesk.analysis.features import codes_of
    from aedesk.data import sources
    from aedesk.storage import code_files

    progress(_READING, 0, 1)
    loaded = sources.load(data, offline=True, cancelled=cancelled)
    codes = codes_of(model, loaded, part, progress=progress, cancelled=cancelled)
    code_files.write(path, codes, progress=progress, cancelled=cancelled)
    return f"{len(codes):,} codes of {codes.code_size:,} numbers, in {path}"
