"""What `aedesk train` shows on stderr: lines, one per epoch, and a bar where there is a terminal."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any

from tqdm import tqdm

from aedesk.cli.progress import Stages, say
from aedesk.training.config import TrainingConfig
from aedesk.training.events import (
    BatchDone,
    Changed,
    EpochDone,
    Event,
    Finished,
    Finishing,
    Preparing,
    Started,
)
from aedesk.training.text_log import line


class TrainingLog:
    """Shows the events of one run."""

    def __init__(self, config: TrainingConfig, data: str) -> None:
        self._config = config
        self._data = data
        self._bar: Any = None
        self._preparing, self._finishing = Stages("step", lines=True), Stages("image")

    def __enter__(self) -> TrainingLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close_bar()
        self._preparing.close()
        self._finishing.close()

    def show(self, event: Event) -> None:
        if isinstance(event, Preparing):
            self._preparing(event.what, event.done, event.total)
        elif isinstance(event, Started):
            self._preparing.close()
            self._begin(event)
        elif isinstance(event, BatchDone) and self._bar is not None:
            self._bar.update((event.epoch - 1) * event.steps + event.step - self._bar.n)
            self._bar.set_postfix_str(f"loss {event.loss:.4f}, {event.images_per_second:,.0f} images/s")
        elif isinstance(event, EpochDone | Changed) or (
            isinstance(event, Finished) and event.reason not in {"completed", "stopped"}
        ):
            say(line(event) or "")
        elif isinstance(event, Finishing):
            self._close_bar()
            self._finishing("finishing", event.done, event.total)

    def _close_bar(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _begin(self, event: Started) -> None:
        say(f"training {self._config.label} on {self._data}: {line(event)}")
        if sys.stderr.isatty():
            steps = event.steps_per_epoch
            self._bar = tqdm(
                total=event.epochs * steps,
                initial=event.epoch * steps,
                unit="step",
                leave=False,
                file=sys.stderr,
                dynamic_ncols=True,
            )
