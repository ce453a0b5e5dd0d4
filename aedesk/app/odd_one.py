"""How odd the drawing is to the model in use: what is usual is found out once for each model, in the background."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from aedesk.app.jobs import Jobs
from aedesk.app.signal import Signal
from aedesk.app.task import Task
from aedesk.app.worker import Link
from aedesk.data.sources import NAMES, is_present, load
from aedesk.errors import AedeskError

if TYPE_CHECKING:
    from aedesk.analysis.anomaly import Detector, Verdict
    from aedesk.analysis.watch import IsCancelled, Progress
    from aedesk.app.loading import ActiveModel
    from aedesk.data.imageset import DataSet
    from aedesk.models.model import Model

ALWAYS_THERE = "digits"

_HANDWRITTEN = {"mnist", "emnist-digits"}  # for these the built-in digits can stand
_PAUSE = 0.04  # s between two judgements: what is shown of them takes the pen's time
_KEPT = 3  # detectors: each holds up to 15,000 codes and pictures


@dataclass(frozen=True, eq=False)
class Known:
    """What is usual to a model. data: the set whose training images it was found out from.

    note: what to know about that choice, "" where it is the model's own data.
    """

    detector: Detector
    data: str
    note: str = ""


@dataclass(frozen=True, eq=False)
class Judgement:
    """What is odd about one picture: image, heat and nearest are (28, 28) in [0, 1]; nearest is a known picture."""

    image: np.ndarray
    verdict: Verdict
    heat: np.ndarray
    nearest: np.ndarray


class OddOne:
    """Gets to know what is usual to each model it is told to `watch`, and judges pictures by it, in the background.

    known: of the model that is watched, None until it is there. problem: why it will not come. judgement: of the latest
    picture that is done. Signals: `changed` (known or problem), `judged` (the judgement, None for no picture).
    """

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._kept: dict[str, Known] = {}
        self._active: ActiveModel | None = None
        self._wanted: np.ndarray | None = None
        self._is_judging = False
        self.fitting: Task[tuple[str, Known]] = Task(jobs, "get to know what is usual")
        self.fitting.done.connect(self._on_fitted)
        self.fitting.failed.connect(self._on_failed)
        self.problem: BaseException | None = None
        self.judgement: Judgement | None = None
        self.changed: Signal[None] = Signal()
        self.judged: Signal[Judgement | None] = Signal()

    @property
    def known(self) -> Known | None:
        return self._kept.get(self._active.atlas.fingerprint) if self._active is not None else None

    def watch(self, active: ActiveModel) -> None:
        """Judge by this model from now on; what is usual to it is found out unless that is known."""
        self._active = active
        self.problem = None
        self.judgement = None
        self.fitting.cancel()
        known = self.known
        if known is None or (known.note and _is_here(_data_of(active.model))):
            self.fitting.start(partial(_get_to_know, active.model, active.atlas.fingerprint))
        self.changed.emit(None)
        self._judge_next()

    def retry(self) -> None:
        """Look for the data again, if it was not here before."""
        if (
            self._active is not None
            and not self.fitting.is_running
            and (self.problem is not None or (self.known is not None and self.known.note))
        ):
            self.watch(self._active)

    def judge(self, image: np.ndarray | None) -> None:
        """Judge a picture (28, 28), as soon as the one at work is done; None for a blank canvas."""
        self._wanted = image
        if image is None:
            self.judgement = None
            self.judged.emit(None)
        self._judge_next()

    def _judge_next(self) -> None:
        known, image = self.known, self._wanted
        if known is None or image is None or self._is_judging:
            return
        if self.judgement is not None and self.judgement.image is image:
            return

        def on_item(judgement: Judgement) -> None:
            # Shown even if the pen is further on: while it moves, a late judgement is better than none.
            if self._wanted is not None and self.known is known:
                self.judgement = judgement
                self.judged.emit(judgement)

        def on_end(problem: BaseException | None) -> None:
            self._is_judging = False
            if problem is not None:
                self._on_failed(problem)
            else:
                self._judge_next()

        self._is_judging = True
        self._jobs.start("judge the drawing", partial(_judge, known.detector, image), on_item, on_end)

    def _on_fitted(self, fitted: tuple[str, Known]) -> None:
        fingerprint, known = fitted
        self._kept.pop(fingerprint, None)
        self._kept[fingerprint] = known
        while len(self._kept) > _KEPT:
            del self._kept[next(iter(self._kept))]
        self.judgement = None
        self.changed.emit(None)
        self._judge_next()

    def _on_failed(self, problem: BaseException) -> None:
        self.problem = problem
        self.changed.emit(None)


def data_for(model: Model) -> tuple[str, str]:
    """The data set that says what is usual to a model, and what to know about that choice.

    Raises AedeskError where the model's own is not here and nothing can stand for it.
    """
    own = _data_of(model)
    if not own:
        other = "mnist" if is_present("mnist") else ALWAYS_THERE
        return other, f"It is not known what {model.name} was trained on: it is judged by {other}."
    if _is_here(own):
        return own, ""
    if own in _HANDWRITTEN:
        return (
            ALWAYS_THERE,
            f"{own} is not on this machine (Preview under Strangest fetches it): the coarser built-in digits say what"
            " is usual.",
        )
    raise AedeskError(
        f"{model.name} was trained on {own}, which is not on this machine: Preview under Strangest fetches it."
    )


def images_of(data: str) -> DataSet:
    """A data set that is on this machine. Raises AedeskError."""
    if data in NAMES and not is_present(data):
        raise AedeskError(f"{data} is not on this machine: Preview fetches it, or choose another set.")
    return load(data, offline=True)


def _get_to_know(
    model: Model, fingerprint: str, progress: Progress, cancelled: IsCancelled
) -> tuple[str, Known]:
    from aedesk.analysis.anomaly import Detector

    progress("reading pictures", 0, 1)
    data, note = data_for(model)
    images = images_of(data).train
    detector = Detector.fit(model, images, progress=progress, cancelled=cancelled)
    detector.heat(images.pixels(slice(0, 1))[0])  # imports what it needs now, not while somebody draws
    return fingerprint, Known(detector, data, note)


def _judge(detector: Detector, image: np.ndarray, link: Link[Judgement]) -> Iterator[Judgement]:
    if not link.stopped():
        yield Judgement(image, detector.verdict(image), detector.heat(image), detector.nearest(image))
        link.wait(_PAUSE)


def _data_of(model: Model) -> str:
    """What a model was trained on, as `data.sources.load` takes it; "" if it does not say."""
    return str(model.checkpoint.config.get("data") or "")


def _is_here(data: str) -> bool:
    return bool(data) and (data not in NAMES or is_present(data))
