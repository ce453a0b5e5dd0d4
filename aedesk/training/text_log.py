"""What a run tells, as lines: on the terminal, in a log, and in the run's own folder."""

from __future__ import annotations

import contextlib
import datetime
from pathlib import Path
from types import TracebackType
from typing import TextIO

from aedesk.training.events import Changed, EpochDone, Event, Finished, Started

REASONS = {
    "completed": "all epochs are done",
    "stopped": "stopped",
    "minutes": "the minutes that it was given are over",
    "patience": "the validation loss has stopped falling",
    "target": "the target loss is reached",
}


def line(event: Event) -> str | None:
    """One line about an event, or None where it is not worth one."""
    if isinstance(event, Started):
        where = f", on from epoch {event.epoch}" if event.epoch else ""
        return (
            f"{event.training_images:,} images, {event.validation_images:,} held out for validation; "
            f"{event.device}{where}"
        )
    if isinstance(event, EpochDone):
        row, width = event.row, len(str(event.epochs))
        return (
            f"epoch {row['epoch']:{width}.0f}/{event.epochs}  training loss {row['train_loss']:.4f}  "
            f"validation loss {row['validation_loss']:.4f}  {row['seconds']:.1f} s"
            + ("  (stopped within)" if event.partial else "")
        )
    if isinstance(event, Changed):
        return f"{event.name.replace('_', ' ')} {event.old:g} -> {event.new:g} after {event.epoch:.2f} epochs"
    if isinstance(event, Finished):
        return f"ended: {REASONS[event.reason]}"
    return None


class TextLog:
    """Appends lines with the time to a file, as they come. A log that cannot be written ends no run."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: TextIO | None = None

    def __enter__(self) -> TextLog:
        with contextlib.suppress(OSError):
            self._file = self._path.open("a", encoding="utf-8")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if problem is not None and kind is not GeneratorExit:
            self._append(f"ended: {problem}")
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()

    def write(self, event: Event) -> None:
        text = line(event)
        if text is not None:
            self._append(text)

    def _append(self, text: str) -> None:
        if self._file is not None:
            now = datetime.datetime.now().isoformat(" ", "seconds")
            with contextlib.suppress(OSError):
                self._file.write(f"{now}  {text}\n")
                self._file.flush()
