"""A training run, in progress or of old: what it is doing, its losses, its map, its pictures, and the way back."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ttkbootstrap as ttk

from aedesk.app.time_machine import EpochView, TimeMachine
from aedesk.app.trainer import Fetching, State
from aedesk.gui.curves import Curves
from aedesk.gui.epoch_slider import EpochSlider
from aedesk.gui.live_map import LiveMap
from aedesk.gui.network_picture import NetworkPicture
from aedesk.gui.run_figures import NOTHING, RunFigures, duration_text, loss_text
from aedesk.gui.run_notice import RunNotice
from aedesk.gui.strip import Strip
from aedesk.gui.theme import GAP, Look
from aedesk.models.architecture import Architecture
from aedesk.storage.runs import Run
from aedesk.training.config import TrainingConfig
from aedesk.training.ending import best_epoch
from aedesk.training.events import (
    BatchDone,
    Changed,
    EpochDone,
    Event,
    Finished,
    Finishing,
    HistoryRow,
    Reason,
    Started,
)
from aedesk.training.text_log import REASONS

_STRIP_SHARE = 0.32  # of the height at most
_TITLES = {
    "mse": "Mean squared error per pixel",
    "bce": "Binary cross-entropy per pixel",
    "mae": "Mean absolute error per pixel",
}


@dataclass
class _Watched:
    """What is known of the run on show."""

    config: TrainingConfig
    name: str
    started: bool = False
    paused: bool = False
    epochs_done: float = 0.0
    rows: list[HistoryRow] = field(default_factory=list)
    reason: Reason | None = None
    elsewhere: bool = False  # somebody else trains it


class RunView(ttk.Frame):
    """Shows one run after another: `begin`, then `show_event` and `show_state` as they come, then how it ended; or
    `show_run`, one from the disk. Before the first one, and whenever it is asked for, a picture of the network.

    Each on_... is what a button or a gesture asks for; on_status gets one line whenever the run has something to say.
    """

    def __init__(
        self,
        master: tk.Misc,
        look: Look,
        machine: TimeMachine,
        *,
        on_use: Callable[[], object],
        on_open_folder: Callable[[], object],
        on_continue: Callable[[], object],
        on_branch: Callable[[int], object],
        on_use_epoch: Callable[[int], object],
        on_status: Callable[[str], object],
    ) -> None:
        super().__init__(master)
        self._machine = machine
        self._on_status = on_status
        self._run: _Watched | None = None
        self._page = tk.StringVar(self, "network")
        self.columnconfigure(0, weight=1)
        self.rowconfigure(3, weight=1)
        self.notice = RunNotice(self, on_use, on_open_folder, on_continue)
        self.notice.grid(row=0, column=0, sticky="ew")
        self.bar = ttk.Progressbar(self, maximum=1.0, bootstyle="primary")
        self.bar.grid(row=1, column=0, columnspan=2, sticky="ew", pady=(GAP, 2 * GAP))
        self.figures = RunFigures(self)
        self.figures.grid(row=2, column=0, columnspan=2, sticky="ew", pady=(0, GAP))
        self._build_stage(look)
        self.slider = EpochSlider(self, look, on_epoch=machine.show, on_branch=on_branch, on_use=on_use_epoch)
        self.slider.grid(row=4, column=0, columnspan=2, sticky="ew", pady=(GAP, 0))
        self.strip = Strip(self, look)
        self.strip.grid(row=5, column=0, columnspan=2, sticky="ew", pady=(GAP, 0))
        self._build_switch()
        disconnects = [
            machine.kept_changed.connect(lambda _: self._show_kept()),
            machine.shown.connect(self._show_view),
            machine.sketch_changed.connect(lambda both: self.strip.show_sketch(*(both or (None, None)))),
        ]
        self.bind("<Configure>", self._on_resized, add="+")
        self.bind("<Destroy>", lambda event: self._on_destroy(event, disconnects), add="+")
        self.show_page("network")

    def _build_stage(self, look: Look) -> None:
        """Curves and map side by side, or the network in their place."""
        stage = ttk.Frame(self)
        stage.grid(row=3, column=0, columnspan=2, sticky="nsew")
        stage.columnconfigure(0, weight=1)
        stage.rowconfigure(0, weight=1)
        self._pages = {"run": ttk.Frame(stage), "network": NetworkPicture(stage, look)}
        run = self._pages["run"]
        run.columnconfigure(0, weight=3, uniform="stage")
        run.columnconfigure(1, weight=2, uniform="stage")
        run.rowconfigure(0, weight=1)
        self.curves = Curves(run, look, on_epoch=self._machine.show, on_status=self._on_status)
        self.curves.grid(row=0, column=0, sticky="nsew", padx=(0, 2 * GAP))
        self.map = LiveMap(run, look, on_kind=self._on_map_kind)
        self.map.grid(row=0, column=1, sticky="nsew")
        for page in self._pages.values():
            page.grid(row=0, column=0, sticky="nsew")

    def _build_switch(self) -> None:
        switch = ttk.Frame(self)
        switch.grid(row=0, column=1, sticky="ne", padx=(GAP, 0))
        for name, text in (("network", "Network"), ("run", "Run")):
            ttk.Radiobutton(
                switch,
                text=text,
                value=name,
                variable=self._page,
                command=lambda name=name: self.show_page(name),
                bootstyle="primary ghost toolbutton",
                padding=(8, 4),
            ).pack(side="left")

    @property
    def network(self) -> NetworkPicture:
        picture = self._pages["network"]
        assert isinstance(picture, NetworkPicture)
        return picture

    def show_page(self, name: str) -> None:
        """`network` or `run`."""
        self._page.set(name)
        for other, page in self._pages.items():
            if other == name:
                page.grid()
            else:
                page.grid_remove()  # out of sight it draws nothing
        self.curves.refresh()

    @property
    def page(self) -> str:
        return self._page.get()

    def show_network(self, architecture: Architecture | None) -> None:
        """The network of the form as it is now; where it has been edited, it comes to the front."""
        self.network.show(architecture)

    def _on_resized(self, event: tk.Event[Any]) -> None:
        if event.widget is self:
            self.strip.fit(event.width, round(event.height * _STRIP_SHARE))

    def _on_map_kind(self, kind: str) -> None:
        if kind == "tsne":
            self._on_status("Placing the codes by t-SNE; each epoch's map starts from the last one")
        self._machine.choose_map("tsne" if kind == "tsne" else "plain")

    @property
    def has_started(self) -> bool:
        """Whether the run on show has got its data and taken up training."""
        return self._run is not None and self._run.started

    @property
    def epochs_shown(self) -> int:
        """How many epochs of the run are drawn."""
        return len(self._run.rows) if self._run is not None else 0

    @property
    def is_elsewhere(self) -> bool:
        """Whether somebody else trained the run on show when it was last looked at."""
        return self._run is not None and self._run.elsewhere

    @property
    def is_empty(self) -> bool:
        """Whether no run has been shown yet."""
        return self._run is None

    def invite(self, headline: str, detail: str) -> None:
        """What could be done, as long as nothing has been."""
        if self._run is None:
            self.notice.say(headline, detail)

    # --- a run in progress ---

    def begin(self, config: TrainingConfig, beside: tuple[str, list[HistoryRow]] | None = None) -> None:
        """Clear everything for a run. beside: name and history of the run that it branches from."""
        name = f"{config.label} on {Path(config.data).name}"
        self._watch(_Watched(config, name))
        if beside is not None:
            self.curves.set_others([(*beside, 1)])
        self.notice.say(f"Preparing {name}", "Reading the data and building the network.")

    def _watch(self, run: _Watched) -> None:
        self._run = run
        self._machine.close()
        epochs = run.config.recipe.epochs
        self.bar.configure(value=0)
        self.figures.clear()
        self.figures.show(epoch=f"0 of {epochs:,}")
        self.curves.begin(epochs, _TITLES[run.config.recipe.loss], run.name)
        self.strip.clear()
        own = "native" if run.config.architecture.code_size == 2 else "pca"
        self.map.offer((own, "tsne"), "tsne" if self._machine.kind == "tsne" else own)
        self.map.clear()
        self.network.show(run.config.architecture)
        self.show_page("run")

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
        elif isinstance(event, Changed):
            self.curves.add_change(event)
        elif isinstance(event, Finishing):
            self._on_status(f"Finishing {run.name}: {event.done / event.total:.0%}")
        elif isinstance(event, Finished):
            run.reason = event.reason

    def _show_fetch(self, run: _Watched, event: Fetching) -> None:
        size = f"{event.done / 1e6:,.1f} MB"
        if event.total:
            size = f"{event.done / 1e6:,.1f} of {event.total / 1e6:,.1f} MB"
            self.bar.configure(value=event.done / event.total)
        self.notice.say(f"Getting {Path(run.config.data).name}", f"{event.file}: {size}")
        self._on_status(f"Getting {Path(run.config.data).name}: {event.file}, {size}")

    def _show_start(self, run: _Watched, event: Started) -> None:
        run.started = True
        run.epochs_done = event.epoch
        self.bar.configure(value=event.epoch / event.epochs)
        self.notice.say(
            f"{'Paused:' if run.paused else 'Training'} {run.name}",
            f"{event.training_images:,} images, {event.validation_images:,} more held out for validation;"
            f" {event.device}",
        )

    def _show_batch(self, run: _Watched, event: BatchDone) -> None:
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
        self.curves.add_batch(run.epochs_done, event.loss, event.batch_loss)
        if not run.paused:  # what was under way when the pause began
            self._on_status(f"Training {run.name}: epoch {event.epoch:,} of {epochs:,}, {left} left")

    def _show_epoch(self, run: _Watched, event: EpochDone) -> None:
        row, epoch = event.row, int(event.row["epoch"])
        run.rows.append(row)
        if not event.partial:
            run.epochs_done = epoch
        self._show_row(run, row)
        self.figures.show(left=duration_text(event.seconds_left))
        self.bar.configure(value=run.epochs_done / event.epochs)
        self.curves.add_epoch(row)
        self._machine.refresh()
        if event.partial or epoch == event.epochs:
            self._say_finishing(run)

    def _show_row(self, run: _Watched, row: HistoryRow) -> None:
        self.figures.show(
            epoch=f"{int(row['epoch']):,} of {run.config.recipe.epochs:,}",
            training=loss_text(row["train_loss"]),
            validation=loss_text(row["validation_loss"]),
        )

    def _say_finishing(self, run: _Watched) -> None:
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
            self.notice.say(f"Stopping {run.name}", "The best model so far is kept.")
        elif run.paused:
            self.notice.say(f"Paused: {run.name}", self.notice.detail)
            self._on_status(f"Training {run.name} is paused")
        elif state in {State.RUNNING, State.STEPPING} and run.started:
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
        if run is None:
            return
        how = _ended(run)
        self.bar.configure(value=run.epochs_done / run.config.recipe.epochs)
        self.notice.say(
            how, f"Saved in {folder}", with_model=True, can_continue=run.reason in {"stopped", "minutes"}
        )
        self._on_status(f"{run.name}: {how[0].lower()}{how[1:]}")
        self.curves.end()
        self._machine.refresh()

    def show_failed(self, problem: BaseException) -> None:
        """The run ended with `problem`."""
        if self._run is not None:
            self.notice.say(f"{self._run.name} failed", str(problem) or type(problem).__name__)
            self.figures.show(left=NOTHING)
            self.curves.end()

    # --- a run of the disk ---

    def show_run(self, folder: Path) -> None:
        """Show a run as it lies in its folder. Raises AedeskError if it cannot be read."""
        run = Run(folder)
        plain = run.read_config()
        config = TrainingConfig.from_json(plain)
        rows = run.read_history()
        watched = _Watched(config, folder.name, started=True, rows=rows, reason=plain.get("reason"))
        watched.epochs_done = rows[-1]["epoch"] if rows else 0
        watched.elsewhere = run.is_busy
        self._watch(watched)
        self.resume_history(rows, plain.get("changes") or [])
        busy = watched.elsewhere
        if not busy:
            self.curves.end()
        has_model = run.model.is_file()
        unfinished = not busy and watched.epochs_done < config.recipe.epochs
        headline = f"{folder.name} is being trained elsewhere" if busy else _ended(watched)
        self.notice.say(headline, f"In {folder}", with_model=has_model, can_continue=unfinished)
        self._machine.open(folder)

    def resume_history(self, rows: list[HistoryRow], changes: list[Mapping[str, Any]]) -> None:
        """What the run on show has behind it."""
        run = self._run
        if run is None:
            return
        run.rows = list(rows)
        self.curves.set_history(rows, changes)
        if rows:
            run.epochs_done = rows[-1]["epoch"]
            self.bar.configure(value=run.epochs_done / run.config.recipe.epochs)
            self._show_row(run, rows[-1])

    # --- the time machine ---

    def _show_kept(self) -> None:
        run, kept = self._run, self._machine.kept
        if run is None or not kept:
            self.slider.set_epochs([], 0, 0)
            return
        last = max(kept[-1], int(run.epochs_done))
        self.slider.set_epochs(kept, last, run.config.recipe.epochs)
        total = last - kept[0] + 1  # where a run began is always kept
        self.slider.set_disk(self._machine.bytes, run.config.keep_mb * 1_000_000, len(kept), total)

    def _show_view(self, view: EpochView) -> None:
        following = self._machine.is_following
        self.strip.show(view.originals, view.reconstructions)
        loss = view.row.get("validation_loss")
        caption = f"epoch {view.epoch}" + ("" if loss is None else f", validation loss {loss_text(loss)}")
        self.map.show(
            view.points,
            view.sample.labels,
            view.sample.classes,
            caption,
            pictures=view.sample.images,
            animate=following or self.slider.is_playing,
        )
        self.curves.set_epoch(None if following else view.epoch)
        self.slider.show(view.epoch, following)

    def _on_destroy(self, event: tk.Event[Any], disconnects: list[Callable[[], None]]) -> None:
        if event.widget is self:
            for disconnect in disconnects:
                disconnect()


def _ended(run: _Watched) -> str:
    """How the run ended, in a line that leaves room for buttons in a small window."""
    if not run.rows:
        return "No epoch of this run was completed"
    best = best_epoch(run.rows)
    loss = next(row["validation_loss"] for row in run.rows if row["epoch"] == best)
    what = f"best validation loss {loss_text(loss)} at epoch {best:,}"
    if run.reason == "completed":
        return f"Finished: {what}"
    if run.reason in REASONS and run.reason != "stopped":
        return f"Ended, as {REASONS[run.reason]}: {what}"
    whole = int(run.epochs_done)
    done = (
        "during the first epoch"
        if not whole
        else "after 1 epoch"
        if whole == 1
        else f"after {whole:,} epochs"
    )
    return f"{'Stopped' if run.reason == 'stopped' else 'Cut off'} {done}: {what}"
