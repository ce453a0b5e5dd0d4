"""The quality card of one model: looked for, measured in the background, and kept beside the model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from aedesk.app.jobs import Jobs
from aedesk.app.loading import ActiveModel
from aedesk.app.signal import Signal
from aedesk.app.task import Task
from aedesk.app.worker import Link
from aedesk.data.sources import NAMES, is_present
from aedesk.errors import AedeskError
from aedesk.storage import library
from aedesk.storage.runs import EPOCHS

if TYPE_CHECKING:
    from aedesk.analysis.card import Card
    from aedesk.analysis.published import Published
    from aedesk.latent.atlas import Atlas
    from aedesk.models.checkpoint import Checkpoint
    from aedesk.models.model import Model

Progress = Callable[[str, int, int], None]
IsCancelled = Callable[[], bool]

_USUAL = "mnist"  # what a model is measured on of which nobody knows what it was trained on


@dataclass(frozen=True)
class Found:
    """A card, or none, with what others have published about such codes. note: where the card is from, or is kept."""

    card: Card | None
    published: tuple[Published, ...]
    note: str = ""


class Quality:
    """`look` finds the card that is kept of `model`, `measure` makes it anew and keeps it, if a run is its place.

    reference: what the model was loaded by; set it where that changes. Signals: `changed` (read `found`; None until
    somebody has looked), `failed` (why there is no card).
    """

    def __init__(self, jobs: Jobs, active: ActiveModel) -> None:
        self.reference, self.model = active.reference, active.model
        self._atlas = active.atlas
        self.found: Found | None = None
        self.measuring: Task[Card] = Task(jobs, "measure a card")
        self.changed: Signal[None] = Signal()
        self.failed: Signal[BaseException] = Signal()
        self._jobs = jobs
        self._ended = False
        self.measuring.done.connect(self._on_measured)
        self.measuring.failed.connect(self._on_failed)

    @property
    def data(self) -> str:
        """The name or path of what it is measured on: what it was trained on."""
        return str(self.model.checkpoint.config.get("data") or _USUAL)

    @property
    def can_be_fetched(self) -> bool:
        """Whether the data is not on this machine, but published."""
        return self.data in NAMES and not is_present(self.data)

    @property
    def missing(self) -> str:
        """What to do about data that is not on this machine; empty where it is."""
        data = self.data
        if self.can_be_fetched:
            return f"A card is taken on test images of {data}, which are not on this machine yet."
        if data not in NAMES and not Path(data).exists():
            return f"{self.model.name} was trained on {data}, which is not there any more: put it back to measure."
        return ""

    def look(self) -> None:
        """Find the card that is kept beside the model, in the background."""
        make = partial(_look, self.reference, self.model.checkpoint)
        self._jobs.start("find a card", make, self._on_found, self._on_end)

    def measure(self) -> None:
        """Take all figures anew."""
        self.measuring.start(partial(_measure, self.model, self.reference, self.data, self._atlas))

    def end(self) -> None:
        """Nobody looks any more: give up what is under way."""
        self._ended = True
        self.measuring.cancel()

    def _on_measured(self, card: Card) -> None:
        # Not in the work itself: the run may go by another name by the time that it is done.
        make = partial(_keep, self.reference, self.model.checkpoint, card)
        self._jobs.start("keep a card", make, self._on_found, self._on_end)

    def _on_found(self, found: Found) -> None:
        if not self._ended:
            self.found = found
            self.changed.emit(None)

    def _on_end(self, problem: BaseException | None) -> None:
        if problem is not None:
            self._on_failed(problem)

    def _on_failed(self, problem: BaseException) -> None:
        if not self._ended:
            self.failed.emit(problem)


def _look(reference: str, checkpoint: Checkpoint, _: Link[Found]) -> Iterator[Found]:
    from aedesk.analysis.card import card_of
    from aedesk.storage.checkpoint import fingerprint

    path = library.found(reference)  # the file may be gone; the model that was read from it is still in use
    card = None if path is None else card_of(path)
    if card is not None and card.fingerprint != fingerprint(checkpoint):
        card = None  # the run was trained on since its model was taken into use
    yield Found(card, _published(checkpoint, card))


def _measure(
    model: Model, reference: str, data: str, atlas: Atlas, progress: Progress, cancelled: IsCancelled
) -> Card:
    from aedesk.analysis.card import measure
    from aedesk.data import sources

    progress("reading the data", 0, 1)
    loaded = sources.load(data, offline=True, cancelled=cancelled)
    return measure(model, loaded, atlas, library.found(reference), progress=progress, cancelled=cancelled)


def _keep(reference: str, checkpoint: Checkpoint, card: Card, _: Link[Found]) -> Iterator[Found]:
    """Keep the card where the model is the user's own; the note says what has become of it."""
    from aedesk.analysis.card import keep

    if reference in library.shipped():
        note = "Measured just now; the card that is shipped stays as it is."
    else:
        path = library.found(reference)
        if path is None:
            note = "Measured just now, and not kept: the model's file is not there any more."
        elif path.parent.name == EPOCHS:
            note = "Measured just now, and not kept: an epoch has no card of its own."
        else:
            try:
                card = keep(card, path)
                note = "Measured just now, and kept beside the model."
            except AedeskError as problem:
                note = f"Measured just now, but not kept: {problem}"
    yield Found(card, _published(checkpoint, card), note)


def _published(checkpoint: Checkpoint, card: Card | None) -> tuple[Published, ...]:
    from aedesk.analysis.published import published_for

    return () if card is None else published_for(checkpoint.architecture, card.data)
