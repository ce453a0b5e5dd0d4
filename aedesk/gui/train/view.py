"""A training run, in progress or of old: what it is doing, its losses, its map, its pictures, and the way back."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, get_args

import numpy as np
import ttkbootstrap as ttk

from aedesk.app.ink import Ink
from aedesk.app.run_state import State
from aedesk.app.time_machine import EpochView, TimeMachine
from aedesk.app.trainer import Fetching
from aedesk.gui.curves.curves import Curves
from aedesk.gui.network.picture import NetworkPicture
from aedesk.gui.theme import GAP, Look
from aedesk.gui.train.epoch_slider import EpochSlider
from aedesk.gui.train.figures import NOTHING, RunFigures, duration_text, loss_text
from aedesk.gui.train.live_map import LiveMap
from aedesk.gui.train.notice import RunNotice
from aedesk.gui.train.strip import Strip
from aedesk.gui.train.watched_run import WatchedRun, changes_of, joined, lowered
from aedesk.models.architecture import Architecture
from aedesk.storage.runs import Run
from aedesk.training.config import TrainingConfig
from aedesk.training.events import (
    BatchDone,
    Changed,
    EpochDone,
    Event,
    Finished,
    Finishing,
    HistoryRow,
    Preparing,
    Reason,
    Started,
)

_STRIP_SHARE = 0.32  # of the height at most
_TITLES = {
    "mse": "MSE per pixel",
    "bce": "BCE per pixel",
    "mae": "MAE per pixel",
}


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
        ink: Ink,
        *,
        on_use: Callable[[], object],
        on_open_folder: Callable[[], object],
        on_continue: Callable[[], object],
        on_branch: Callable[[int], object],
        on_use_epoch: Callable[[int], object],
        on_status: Callable[[str], object],
    ) -> None:
        super().__init__(master)
        self._machine, self._ink = machine, ink
        self._on_status = on_status
        self._run: WatchedRun | None = None
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
        self.slider = EpochSlider(self, look, on_epoch=self._go_to, on_branch=on_branch, on_use=on_use_epoch)
        self.slider.grid(row=4, column=0, columnspan=2, sticky="ew", pady=(GAP, 0))
        self.strip = Strip(self, look)
        self.strip.grid(row=5, column=0, columnspan=2, sticky="ew", pady=(GAP, 0))
        self._build_switch()
        disconnects = [
            machine.kept_changed.connect(lambda _: self._show_kept()),
            machine.shown.connect(self._show_view),
            machine.sketch_changed.connect(self._show_sketch),
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
        self.curves = Curves(run, look, on_epoch=self._go_to, on_status=self._on_status)
        self.curves.grid(row=0, column=0, sticky="nsew", padx=(0, 2 * GAP))
        self.map = LiveMap(run, look, on_kind=self._on_map_kind)
        self.map.grid(row=0, column=1, sticky="nsew")
        for page in self._pages.values():
            page.grid(row=0, column=0, sticky="nsew")

    def _build_switch(self) -> None:
        switch = ttk.Frame(self)
        switch.grid(row=0, column=1, sticky="e", padx=(2 * GAP, 0))
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

    def show_network(self, architecture: Architecture, *, in_front: bool = False) -> None:
        """Draw another network; in_front: and look at it."""
        self.network.show(architecture)
        if in_front and self.page != "network":
            self.show_page("network")

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
    def changes(self) -> list[Changed]:
        """What was changed in the run on show on its way."""
        return self._run.changes if self._run is not None else []

    @property
    def is_elsewhere(self) -> bool:
        """Whether somebody else trained the run on show when it was last looked at."""
        return self._run is not None and self._run.elsewhere

    @property
    def is_empty(self) -> bool:
        """Whether no run is on show."""
        return self._run is None

    def invite(self, headline: str, detail: str) -> None:
        """What could be done, as long as nothing has been."""
        if self._run is None:
            self.notice.say(headline, detail)

    def clear(self) -> None:
        """Show no run any more."""
        self._run = None
        self._clear_pictures()
        self.bar.configure(value=0)
        self.figures.clear()
        self.curves.begin(1, "")
        self.show_page("network")

    def _clear_pictures(self) -> None:
        self._machine.close()
        self.strip.clear()
        self.map.clear()

    # --- a run in progress ---

    def begin(self, config: TrainingConfig, beside: tuple[str, list[HistoryRow]] | None = None) -> None:
        """Clear everything for a run. beside: name and history of the run that it branches from."""
        name = f"{config.label} on {Path(config.data).name}"
        self._watch(WatchedRun(config, name))
        if beside is not None:
            self.curves.set_others([(*beside, 1)])
        self.notice.say(f"Preparing {name}", "Reading the data and building the network.")

    def call(self, name: str) -> None:
        """The name that a run that has just begun has among others."""
        run = self._run
        if run is not None and not run.rows:
            self.curves.set_history([], run=name)

    def _watch(self, run: WatchedRun) -> None:
        self._run = run
        self._clear_pictures()
        epochs = run.config.recipe.epochs
        self.bar.configure(value=0)
        self.figures.clear()
        self.figures.show(epoch=f"0 of {epochs:,}")
        self.curves.begin(epochs, _TITLES[run.config.recipe.loss], run.name)
        own = "native" if run.config.architecture.code_size == 2 else "pca"
        self.map.offer((own, "tsne"), "tsne" if self._machine.kind == "tsne" else own)
        self.network.show(run.config.architecture)
        self.show_page("run")

    def show_event(self, event: Event | Fetching) -> None:
        """What the run tells; it takes a few milliseconds at most."""
        run = self._run
        if run is None:
            return
        if isinstance(event, Fetching):
            self._show_fetch(run, event)
        elif isinstance(event, Preparing):
            self._show_preparing(run, event)
        elif isinstance(event, Started):
            self._show_start(run, event)
        elif isinstance(event, BatchDone):
            self._show_batch(run, event)
        elif isinstance(event, EpochDone):
            self._show_epoch(run, event)
        elif isinstance(event, Changed):
            if (
                event not in run.changes
            ):  # a run that goes on makes a change of the epoch that was cut off again
                run.changes.append(event)
                self.curves.add_change(event)
        elif isinstance(event, Finishing):
            self._show_finishing(run, event)
        elif isinstance(event, Finished):
            run.reason = event.reason

    def _show_fetch(self, run: WatchedRun, event: Fetching) -> None:
        size = f"{event.done / 1e6:,.1f} MB"
        if event.total:
            size = f"{event.done / 1e6:,.1f} of {event.total / 1e6:,.1f} MB"
            self.bar.configure(value=event.done / event.total)
        if run.is_going_on:
            self.notice.say(f"Getting {Path(run.config.data).name}", f"{event.file}: {size}")
            self._on_status(f"Getting {Path(run.config.data).name}: {event.file}, {size}")

    def _show_preparing(self, run: WatchedRun, event: Preparing) -> None:
        share = event.done / event.total if event.total else 0.0
        self.bar.configure(value=share)
        if run.is_going_on:
            what = f"{event.what[:1].upper()}{event.what[1:]}: {share:.0%}"
            self.notice.say(f"Preparing {run.name}", f"{what}; kept for the next time.")
            self._on_status(f"Preparing {run.name}: {lowered(what)}")

    def _show_start(self, run: WatchedRun, event: Started) -> None:
        run.started = True
        run.epochs_done = event.epoch
        self.bar.configure(value=event.epoch / event.epochs)
        self.notice.say(
            run.doing,
            f"{event.training_images:,} images, {event.validation_images:,} more held out for validation;"
            f" {event.device}",
        )

    def _show_batch(self, run: WatchedRun, event: BatchDone) -> None:
        run.epochs_done = event.epoch - 1 + event.step / event.steps
        epochs = run.config.recipe.epochs
        left = duration_text(event.seconds_left)
        self.bar.configure(value=run.share_done)
        self.figures.show(
            epoch=f"{event.epoch:,} of {epochs:,}",
            training=loss_text(event.loss),
            pace=f"{event.images_per_second:,.0f}",
            left=left,
        )
        self.curves.add_batch(run.epochs_done, event.loss, event.batch_loss)
        run.where = f"epoch {event.epoch:,} of {epochs:,}, batch {event.step:,} of {event.steps:,}"
        if run.is_going_on:  # else it was under way when the pause or the stop came
            self._on_status(f"Training {run.name}: {run.where}, {left} left")

    def _show_epoch(self, run: WatchedRun, event: EpochDone) -> None:
        row, epoch = event.row, int(event.row["epoch"])
        run.rows.append(row)
        if not event.partial:
            run.epochs_done = epoch
        run.where = f"epoch {epoch:,} of {event.epochs:,}"
        self._show_row(run, row)
        self.figures.show(left=duration_text(event.seconds_left))
        self.bar.configure(value=run.share_done)
        self.curves.add_epoch(row)
        self._machine.refresh()
        if run.is_going_on and (event.partial or epoch == event.epochs):
            self._say_finishing(run)

    def _show_row(self, run: WatchedRun, row: HistoryRow) -> None:
        self.figures.show(
            epoch=f"{int(row['epoch']):,} of {run.config.recipe.epochs:,}",
            training=loss_text(row["train_loss"]),
            validation=loss_text(row["validation_loss"]),
        )

    def _show_finishing(self, run: WatchedRun, event: Finishing) -> None:
        if run.is_going_on:  # else it was under way when the pause or the stop came
            self._say_finishing(run)
            self._on_status(f"Finishing {run.name}: {event.done / event.total:.0%}")

    def _say_finishing(self, run: WatchedRun) -> None:
        self.figures.show(left=NOTHING)
        self.notice.say(
            f"Finishing {run.name}", "Mapping its codes, and measuring what was trained to the end."
        )

    def show_state(self, state: State) -> None:
        """That the run goes on, pauses, stops or has ended; how it ended is told by what comes after that."""
        run = self._run
        if run is None:
            return
        run.state = state
        if state is not State.IDLE:
            if run.started or not run.is_going_on:
                stopping = state is State.STOPPING
                self.notice.say(
                    run.doing, "The best model so far is kept." if stopping else self.notice.detail
                )
            if state is State.PAUSED:
                self._on_status(": ".join(filter(None, [f"Training {run.name} is paused", run.where])))
        else:
            # `show_finished` or `show_failed` come next and say more; after a cancelled fetch, neither does.
            self.notice.say("Cancelled", f"{run.name} was not {'gone on with' if run.rows else 'begun'}.")
            self._on_status(f"Training {run.name} was cancelled")
            self.figures.show(left=NOTHING)
            self.bar.configure(value=0)

    def show_finished(self, folder: Path) -> None:
        """The run's model is in `folder`, and can be used."""
        run = self._run
        if run is None:
            return
        if run.rows:
            self._show_row(run, run.rows[-1])  # an epoch that was stopped counts for nothing
        self.bar.configure(value=run.share_done)
        self.notice.say(
            run.end,
            joined(run.best, f"Saved as {folder.name} in {folder.parent}"),
            with_folder=True,
            with_model=True,
            can_continue=run.can_go_on,
        )
        self._on_status(f"{run.name}: {lowered(joined(run.end, run.best))}")
        self.curves.end()
        self._machine.refresh()

    def show_failed(self, problem: BaseException, folder: Path | None = None) -> None:
        """The run ended with `problem`. folder: where what it had done by then lies, if it came to anything."""
        run = self._run
        if run is None:
            return
        kept = folder is not None and Run(folder).model.is_file()
        self.notice.say(
            f"{run.name} failed",
            str(problem) or type(problem).__name__,
            with_folder=folder is not None,
            with_model=kept,
            can_continue=folder is not None and run.can_go_on,
        )
        self.figures.show(left=NOTHING)
        self.curves.end()
        if folder is None:
            self._clear_pictures()
        else:
            self._machine.refresh()

    # --- a run of the disk ---

    def show_run(self, folder: Path) -> None:
        """Show a run as it lies in its folder. Raises AedeskError if it cannot be read."""
        run = Run(folder)
        plain = run.read_config()
        config = TrainingConfig.from_json(plain)
        rows = run.read_history()
        reason = next((known for known in get_args(Reason) if known == plain.get("reason")), None)
        watched = WatchedRun(config, folder.name, started=True, reason=reason, elsewhere=run.is_busy)
        kept = run.epochs.kept()
        self._watch(watched)
        self.resume_history(rows, changes_of(plain))
        self.show_parent(folder, plain)
        if kept:  # a first epoch that was stopped has a row, but training goes on from its beginning
            watched.epochs_done = min(watched.epochs_done, kept[-1])
            self.bar.configure(value=watched.share_done)
        how, best = watched.end, watched.best
        if watched.elsewhere:
            how, best = f"{folder.name} is being trained", "Another window or command does that"
        else:
            self.curves.end()
        self.notice.say(
            how,
            joined(best, f"Run {folder.name} in {folder.parent}"),
            with_folder=True,
            with_model=run.model.is_file(),
            can_continue=watched.can_go_on and bool(kept),
        )
        self._machine.open(folder)

    def resume_history(self, rows: list[HistoryRow], changes: list[Mapping[str, Any]]) -> None:
        """What the run on show has behind it."""
        run = self._run
        if run is None:
            return
        run.take_history(rows, changes)
        self.curves.set_history(rows, changes)
        self.bar.configure(value=run.share_done)
        if rows:
            self._show_row(run, rows[-1])

    def show_parent(self, folder: Path, plain: Mapping[str, Any]) -> None:
        """Beside a branch, the run that it began from, if that is still there. plain: the branch's settings."""
        origin = plain.get("branched_from")
        name = origin.get("run") if isinstance(origin, dict) else None
        if isinstance(name, str) and (history := Run(folder.parent / name).read_history()):
            self.curves.set_others([(name, history, 1)])

    # --- the time machine ---

    def _go_to(self, epoch: int | None) -> None:
        self._machine.show(epoch)
        view = self._machine.view
        if view is not None and view.epoch == self._machine.epoch:  # there already: nothing else will tell
            self._show_view(view)

    def _show_kept(self) -> None:
        run, kept = self._run, self._machine.kept
        if run is None or not kept:
            self.slider.set_epochs([], 0, 0)
            return
        last = max(kept[-1], int(run.epochs_done))
        self.slider.set_epochs(kept, last, run.config.recipe.epochs)
        # Where a run began is always kept, and is no epoch of its own.
        self.slider.set_disk(
            self._machine.bytes, run.config.keep_mb * 1_000_000, len(kept) - 1, last - kept[0]
        )

    def _show_view(self, view: EpochView) -> None:
        following = self._machine.is_following
        self.strip.show(view.originals, view.reconstructions)
        loss = view.row.get("validation_loss")
        about = "" if loss is None else f", validation loss {loss_text(loss)}"
        if view.map_is_coming:
            about = ", its t-SNE map is on its way"
        self.map.show(
            view.points,
            view.sample.labels,
            view.sample.classes,
            f"epoch {view.epoch + 1:,}, batch {view.step:,}" if view.step else f"epoch {view.epoch:,}{about}",
            pictures=view.sample.images,
            animate=following or self.slider.is_playing,
        )
        self.curves.set_epoch(None if following else view.epoch)
        if following or not view.map_is_coming:  # what plays the epochs waits for each map
            self.slider.show(view.epoch, following)

    def _show_sketch(self, both: tuple[np.ndarray, np.ndarray] | None) -> None:
        """The user's drawing and what the epoch makes of it; on a map of the codes themselves, its place too."""
        if both is None:
            self.strip.show_sketch(None if self._ink.is_blank else self._ink.seen, None)
            self.map.show_sketch(None)
            return
        self.strip.show_sketch(*both)
        view, point = self._machine.view, None
        if view is not None and view.kind == "plain" and view.model.code_size == 2:
            point = view.model.encode(both[0])[0]
        self.map.show_sketch(point)

    def _on_destroy(self, event: tk.Event[Any], disconnects: list[Callable[[], None]]) -> None:
        if event.widget is self:
            for disconnect in disconnects:
                disconnect()
