"""What `aedesk train` shows on stderr: lines, one per epoch, and a bar where there is a terminal."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any

from tqdm import tqdm

from aedesk.cli.progress import Stages, say
from aedesk.training.config import TrainingConfig
from aedesk.training.events import BatchDone, EpochDone, Event, Finishing, Started


class TrainingLog:
    """Shows the events of one run."""

    def __init__(self, config: TrainingConfig, data: str) -> None:
        self._config = config
        self._data = data
        self._bar: Any = None
        self._finishing = Stages("image")

    def __enter__(self) -> TrainingLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close_bar()
        self._finishing.__exit__(kind, problem, trace)

    def show(self, event: Event) -> None:
        if isinstance(event, Started):
            self._begin(event)
        elif isinstance(event, BatchDone) and self._bar is not None:
            self._bar.update((event.epoch - 1) * event.steps + event.step - self._bar.n)
            self._bar.set_postfix_str(f"loss {event.loss:.4f}, {event.images_per_second:,.0f} images/s")
        elif isinstance(event, EpochDone):
            self._tell(event)
        elif isinstance(event, Finishing):
            self._close_bar()
            self._finishing("finishing", event.done, event.total)

    def _close_bar(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _begin(self, event: Started) -> None:
        say(
            f"training {self._config.preset} on {self._data}: {event.training_images:,} images, "
            f"{event.validation_images:,} held out for validation; {event.device}"
        )
        if sys.stderr.isatty():
            total = event.epochs * event.steps_per_epoch
            self._bar = tqdm(total=total, unit="step", leave=False, file=sys.stderr, dynamic_ncols=True)

    def _tell(self, event: EpochDone) -> None:
        row = event.row
        width = len(str(event.epochs))
        say(
            f"epoch {row['epoch']:{width}.0f}/{event.epochs}  training loss {row['train_loss']:.4f}  "
            f"validation loss {row['validation_loss']:.4f}  {row['seconds']:.1f} s"
            + ("  (stopped within)" if event.partial else "")
        )
