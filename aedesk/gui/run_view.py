"""A training run as it goes: what it is doing, how far it is, its losses and its pictures."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ttkbootstrap as ttk

from aedesk.app.trainer import Fetching, State
from aedesk.gui.curves import Curves
from aedesk.gui.run_figures import NOTHING, RunFigures, duration_text, loss_text
from aedesk.gui.run_notice import RunNotice
from aedesk.gui.strip import Strip
from aedesk.gui.theme import GAP, Look
from aedesk.training.config import TrainingConfig
from aedesk.training.events import BatchDone, EpochDone, Event, Finished, Finishing, HistoryRow, Started

_STRIP_SHARE = 0.4  # of the height at most
_TITLES = {"mse": "Mean squared error per pixel", "bce": "Binary cross-entropy per pixel"}


@dataclass
class _Run:
    """What is known of the run in progress, or of the last one."""

    config: TrainingConfig
    started: bool = False
    paused: bool = False
    epochs_done: float = 0.0
    row: HistoryRow | None = None
    completed: bool = False

    @property
    def name(self) -> str:
        return f"{self.config.preset} on {Path(self.config.data).name}"


class RunView(ttk.Frame):
    """Shows one run after another: `begin`, then `show_event` and `show_state` as they come, then how it ended.

    on_status gets one line whenever the run has something to say.
    """

    def __init__(
        self,
        master: tk.Misc,
        look: Look,
        *,
        on_use: Callable[[], object],
        on_open_folder: Callable[[], object],
        on_status: Callable[[str], object],
    ) -> None:
        super().__init__(master)
        self._on_status = on_status
        self._run: _Run | None = None
        self.columnconfigure(0, weight=1)
        self.rowconfigure(3, weight=1)
        self.notice = RunNotice(self, on_use, on_open_folder)
        self.notice.grid(row=0, column=0, sticky="ew")
        self.bar = ttk.Progressbar(self, maximum=1.0, bootstyle="primary")
        self.bar.grid(row=1, column=0, sticky="ew", pady=(GAP, 2 * GAP))
        self.figures = RunFigures(self)
        self.figures.grid(row=2, column=0, sticky="ew", pady=(0, 2 * GAP))
        self.curves = Curves(self, look)
        self.curves.grid(row=3, column=0, sticky="nsew")
        self.strip = Strip(self, look)
        self.strip.grid(row=4, column=0, sticky="ew", pady=(GAP, 0))
        self.bind("<Configure>", self._on_resized, add="+")

    def _on_resized(self, event: tk.Event[Any]) -> None:
        self.strip.fit(event.width, round(event.height * _STRIP_SHARE))

    @property
    def has_started(self) -> bool:
        """Whether the run on show has got its data and taken up training."""
        return self._run is not None and self._run.started

    def invite(self, headline: str, detail: str) -> None:
        """What could be done, as long as nothing has been."""
        if self._run is None:
            self.notice.say(headline, detail)

    def begin(self, config: TrainingConfig) -> None:
        """Clear everything for a new run."""
        self._run = _Run(config)
        self.bar.configure(value=0)
        self.figures.clear()
        self.figures.show(epoch=f"0 of {config.recipe.epochs:,}")
        self.curves.begin(config.recipe.epochs, _TITLES[config.recipe.loss])
        self.strip.clear()
        self.notice.say(f"Preparing {self._run.name}", "Reading the data and building the network.")

    def show_event(self, event: Event | Fetching) -> None:
        """What the run tells; it takes a few milliseconds at most."""
        run = self._run
        if run is None:
            return
        if isinstance(event, Fetching):
            self._show_fetch(run, event)
        elif isinstance(event, Started):
            self._show_start(run, event)
        elif isinstance(event, BatchDone):
            self._show_batch(run, event)
        elif isinstance(event, EpochDone):
            self._show_epoch(run, event)
        elif isinstance(event, Finishing):
            self._on_status(f"Finishing {run.name}: {event.done / event.total:.0%}")
        elif isinstance(event, Finished):
            run.completed = event.reason == "completed"

    def _show_fetch(self, run: _Run, event: Fetching) -> None:
        size = f"{event.done / 1e6:,.1f} MB"
        if event.total:
            size = f"{event.done / 1e6:,.1f} of {event.total / 1e6:,.1f} MB"
            self.bar.configure(value=event.done / event.total)
        self.notice.say(f"Getting {Path(run.config.data).name}", f"{event.file}: {size}")
        self._on_status(f"Getting {Path(run.config.data).name}: {event.file}, {size}")

    def _show_start(self, run: _Run, event: Started) -> None:
        run.started = True
        self.bar.configure(value=0)
        self.notice.say(
            f"Training {run.name}",
            f"{event.training_images:,} images, {event.validation_images:,} more held out for validation;"
            f" {event.device}",
        )

    def _show_batch(self, run: _Run, event: BatchDone) -> None:
        run.epochs_done = event.epoch - 1 + event.step / event.steps
        epochs = run.config.recipe.epochs
        left = duration_text(event.seconds_left)
        self.bar.configure(value=run.epochs_done / epochs)
        self.figures.show(
            epoch=f"{event.epoch:,} of {epochs:,}",
            training=loss_text(event.loss),
            pace=f"{event.images_per_second:,.0f}",
            left=left,
        )
        self.curves.add_batch(run.epochs_done, event.loss)
        if not run.paused:  # what was under way when the pause began
            self._on_status(f"Training {run.name}: epoch {event.epoch:,} of {epochs:,}, {left} left")

    def _show_epoch(self, run: _Run, event: EpochDone) -> None:
        row = run.row = event.row
        epoch = int(row["epoch"])
        if not event.partial:
            run.epochs_done = epoch
        self.figures.show(
            epoch=f"{epoch:,} of {event.epochs:,}",
            training=loss_text(row["train_loss"]),
            validation=loss_text(row["validation_loss"]),
            left=duration_text(event.seconds_left),
        )
        self.bar.configure(value=run.epochs_done / event.epochs)
        self.curves.add_epoch(run.epochs_done, row["train_loss"], row["validation_loss"])
        self.strip.show(event.originals, event.reconstructions)
        if event.partial or epoch == event.epochs:
            self.figures.show(left=NOTHING)
            self.notice.say(
                f"Finishing {run.name}", "Mapping its codes, and measuring what was trained to the end."
            )

    def show_state(self, state: State) -> None:
        """That the run goes on, pauses, stops or has ended; how it ended is told by what comes after that."""
        run = self._run
        if run is None:
            return
        run.paused = state is State.PAUSED
        if state is State.STOPPING:
            self.notice.say(f"Stopping {run.name}", "The model as it is now is kept.")
        elif run.paused:
            self.notice.say(f"Paused: {run.name}", self.notice.detail)
            self._on_status(f"Training {run.name} is paused")
        elif state is State.RUNNING and run.started:
            self.notice.say(f"Training {run.name}", self.notice.detail)
        elif state is State.IDLE:
            # `show_finished` or `show_failed` come next and say more; after a cancelled fetch, neither does.
            self.notice.say("Cancelled", f"{run.name} was not begun.")
            self._on_status(f"Training {run.name} was cancelled")
            self.figures.show(left=NOTHING)
            self.bar.configure(value=0)

    def show_finished(self, folder: Path) -> None:
        """The run's model is in `folder`, and can be used."""
        run = self._run
        if run is None or run.row is None:
            return
        loss = loss_text(run.row["validation_loss"])
        # Shorter after a stop: beside the buttons there is little room in a small window.
        how = (
            f"Finished: validation loss {loss}"
            if run.completed
            else f"{_stopped(run.epochs_done)}: loss {loss}"
        )
        self.bar.configure(value=run.epochs_done / run.config.recipe.epochs)
        self.notice.say(how, f"Saved in {folder}", with_model=True)
        self._on_status(f"{run.name}: {how[0].lower()}{how[1:]}")
        self.curves.end()

    def show_failed(self, problem: BaseException) -> None:
        """The run ended with `problem`."""
        if self._run is not None:
            self.notice.say(f"{self._run.name} failed", str(problem) or type(problem).__name__)
            self.curves.end()


def _stopped(epochs_done: float) -> str:
    whole = int(epochs_done)
    if not whole:
        return "Stopped during the first epoch"
    return "Stopped after 1 epoch" if whole == 1 else f"Stopped after {whole:,} epochs"
