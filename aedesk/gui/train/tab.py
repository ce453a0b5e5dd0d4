"""The Train tab: choose, start, watch, steer, go back, branch, use."""

from __future__ import annotations

import contextlib
import tkinter as tk
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import ttkbootstrap as ttk

from aedesk.app.ink import Ink
from aedesk.app.jobs import Jobs
from aedesk.app.pace import Stride
from aedesk.app.run_state import State
from aedesk.app.time_machine import TimeMachine
from aedesk.app.trainer import Fetching, Trainer, list_devices
from aedesk.data.sources import fetch_size
from aedesk.errors import AedeskError
from aedesk.gui.form.data_preview import DataPreviewWindow
from aedesk.gui.form.form import TrainingForm
from aedesk.gui.platform import open_folder
from aedesk.gui.scrolled import ScrolledColumn
from aedesk.gui.theme import GAP, Look
from aedesk.gui.timers import Timers
from aedesk.gui.train.branch_line import Branch, BranchLine
from aedesk.gui.train.controls import RunControls
from aedesk.gui.train.knobs import Knobs
from aedesk.gui.train.view import RunView
from aedesk.gui.train.watched_run import changes_of
from aedesk.models.architecture import Architecture
from aedesk.models.presets import Recipe
from aedesk.storage.runs import Run
from aedesk.training.config import TrainingConfig
from aedesk.training.events import Changed, Event, Glimpse, Started

_FORM = 296  # px, before scaling
_LOOK_AGAIN = 1000  # ms between two looks at a run that somebody else may train
_MOST_EPOCHS = 10_000
_NO_BOUND: dict[str, Any] = {"minutes": 0.0, "patience": 0, "target": 0.0}


class TrainTab(ttk.Frame):
    """A form on the left, the run on the right.

    `on_use` gets the folder of a run whose model is to be used, or the file of one of its epochs; `on_status` one line
    whenever the run has something to say; `on_problem` what went wrong. Call `build_plots` once Matplotlib and torch
    have been imported; everything else works before.
    """

    def __init__(
        self,
        master: tk.Misc,
        look: Look,
        trainer: Trainer,
        jobs: Jobs,
        ink: Ink,
        *,
        on_use: Callable[[Path], object],
        on_status: Callable[[str], object],
        on_problem: Callable[[BaseException], object],
    ) -> None:
        super().__init__(master, padding=2 * GAP)
        self._look, self._trainer, self._jobs = look, trainer, jobs
        self._on_use, self._on_status, self._on_problem = on_use, on_status, on_problem
        self._folder: Path | None = None
        self._branch: Branch | None = None
        self._drawn: Architecture | None = None  # the network of the form, as it was drawn last
        self._is_filling = False  # the form is filled by the program, not edited by the user
        self._remembered: Path | None = None
        self._recipe: Recipe | None = None
        self._preview: DataPreviewWindow | None = None
        self._timers = Timers(self)
        self.machine = TimeMachine(jobs, ink)
        self.columnconfigure(1, weight=1)
        self.rowconfigure(0, weight=1)
        # The view comes first: the form reports to it as soon as it is filled in.
        self.view = RunView(
            self,
            look,
            self.machine,
            ink,
            on_use=self._use,
            on_open_folder=self._open_folder,
            on_continue=self.continue_run,
            on_branch=self.plan_branch,
            on_use_epoch=self._use_epoch,
            on_status=on_status,
        )
        self.view.grid(row=0, column=1, sticky="nsew")
        self._build_left(look)
        disconnects = [
            trainer.event.connect(self._on_event),
            trainer.state_changed.connect(self._on_state),
            trainer.finished.connect(self._on_finished),
            trainer.failed.connect(self._on_failed),
            self.machine.failed.connect(on_problem),
        ]
        self.bind("<Destroy>", lambda event: self._on_destroy(event, disconnects), add="+")
        self.bind("<Map>", lambda _: self._on_shown(), add="+")

    def _build_left(self, look: Look) -> None:
        left = ttk.Frame(self)
        left.grid(row=0, column=0, sticky="ns", padx=(0, 3 * GAP))
        left.lower()  # the keyboard reaches the form before the view
        # The buttons follow the form; only where the window is too low does the form give way and scroll.
        left.rowconfigure(1, weight=1)
        left.rowconfigure(4, weight=1000)
        width = ttk.scale_size(self, _FORM)
        left.columnconfigure(0, minsize=width + 2 * GAP)
        self.branch_line = BranchLine(left, width, self.give_up_branch)
        self.column = ScrolledColumn(left, look)
        self.column.grid(row=1, column=0, sticky="nsew")
        self.knobs = Knobs(left, self._on_knob)
        self.controls = RunControls(
            left,
            on_start=self.start,
            on_pause=self.toggle_pause,
            on_stop=self.stop,
            on_step=self.step,
            on_delay=self._on_delay,
        )
        self.controls.grid(row=3, column=0, sticky="ew", pady=(2 * GAP, 0), padx=(0, 2 * GAP))
        self.form = TrainingForm(self.column.content, width, self._refresh, self._show_preview)
        self.form.pack(fill="both", expand=True, padx=(0, GAP))
        self.form.recheck()
        self.column.follow()

    def build_plots(self) -> None:
        """Draw the curves, and look for devices in the background: torch, too, has been imported by now."""
        self.view.curves.build()
        if self._remembered is not None and self.view.is_empty:
            self._reopen(self._remembered)
        self._remembered = None
        self._jobs.start(
            "devices", lambda link: list_devices(), self.form.offer_devices, self._on_devices_known
        )

    def _on_devices_known(self, problem: BaseException | None) -> None:
        if problem is not None:
            self._on_status(f"The devices of this machine are not known: {problem}")

    # --- verbs ---

    def start(self, *, step: Stride | None = None) -> None:
        """Begin a run or a branch, unless one is on or a setting makes no sense; ask about data that is missing.

        step: hold after the first batch or epoch.
        """
        if self._trainer.state is not State.IDLE:
            return
        if self.form.chosen is not None and self.form.data.is_missing and not self._ask_for_data():
            return
        config, branch = self.form.chosen, self._branch
        if config is None:
            self.form.focus_problem()
        elif branch is None:
            self._folder = None
            self.view.begin(config)
            self._trainer.start(config, step=step)
        elif not branch.problem(config):
            try:
                history = Run(branch.folder).read_history()
            except AedeskError as problem:
                self._on_problem(problem)
                return
            self._folder = None
            self.view.begin(config, (branch.folder.name, history))
            self._trainer.branch(branch.folder, branch.epoch, config, step=step)
            self.give_up_branch()

    def step(self, stride: Stride) -> None:
        """Go on for one batch or to the end of the epoch; where there is no run yet, begin one so."""
        if self._trainer.state is State.IDLE:
            self.start(step=stride)
        else:
            self._trainer.step(stride)

    def toggle_pause(self) -> None:
        """Hold the run, or let it go on."""
        if self._trainer.state is State.PAUSED:
            self._trainer.resume()
        elif self._can_pause:
            self._trainer.pause()

    def stop(self) -> None:
        """End the run, or the fetch before it; the best model so far is kept."""
        self._trainer.stop()

    def open_run(self, folder: Path) -> None:
        """Show a run from the disk. Raises AedeskError if it cannot be read, or if one is being trained here."""
        if self._trainer.state is not State.IDLE:
            if folder == self._trainer.folder:
                return
            raise AedeskError(
                "A run is being trained here: stop it, or wait for its end, to look at another one."
            )
        self.view.show_run(folder)
        self._folder = folder
        self._timers.later("look", _LOOK_AGAIN, self._look_again)

    def take_settings(self) -> None:
        """Fill the form with the settings of the run on show."""
        if self._folder is not None and self._trainer.state is State.IDLE:
            with self._filling():
                self.form.fill(TrainingConfig.from_json(Run(self._folder).read_config()))

    def continue_run(self) -> None:
        """Go on with the run on show, past the bound that ended it, if one did; a branch is planned no more."""
        folder = self._folder
        if folder is None or self._trainer.state is not State.IDLE:
            return
        run = Run(folder)
        try:
            plain = run.read_config()
            rows = run.read_history()
            past = {bound: none for bound, none in _NO_BOUND.items() if bound == plain.get("reason")}
            self.take_settings()
            self.view.begin(TrainingConfig.from_json(plain | past))
            self.view.resume_history(rows, changes_of(plain))
            self.view.show_parent(folder, plain)
            self._trainer.go_on(folder, **past)
        except AedeskError as problem:
            self._show_again()
            self._on_problem(problem)
        else:
            self.give_up_branch()

    def plan_branch(self, epoch: int) -> None:
        """Fill the form with the settings of the run on show, to begin another from this epoch of it."""
        folder = self.machine.folder
        if folder is None:
            return
        if self._trainer.state is not State.IDLE:
            self._on_status("A branch can be planned once this run has ended")
            return
        try:
            run = Run(folder)
            config = TrainingConfig.from_json(run.config_at(epoch))
        except AedeskError as problem:
            self._on_problem(problem)
            return
        self._branch = Branch(folder, epoch, config)
        epochs = config.recipe.epochs
        if epochs <= epoch:  # the run was trained to its end: as many again
            config = replace(config, recipe=replace(config.recipe, epochs=min(epoch + epochs, _MOST_EPOCHS)))
        with self._filling():
            self.form.fill(config, lock_network=True)
        self.branch_line.grid(row=0, column=0, sticky="ew", pady=(0, GAP), padx=(0, 2 * GAP))
        self._refresh()
        self._on_status(
            f"Change what the branch is to do otherwise, then press Start: it begins at epoch {epoch:,}"
        )

    def give_up_branch(self) -> None:
        """The form is for a new run again."""
        self._branch = None
        self.branch_line.grid_remove()
        self.form.unlock()
        self._refresh()

    def follow(self, old: Path, new: Path) -> None:
        """A run was renamed: what is shown and planned of it goes by its new name."""
        if self._branch is not None and self._branch.folder == old:
            self._branch = replace(self._branch, folder=new)
            self._refresh()
        if self._remembered == old:
            self._remembered = new
        if self._folder == old:
            self._folder = new
            if self._trainer.state is State.IDLE:
                self._show_again()

    def drop(self, gone: Iterable[Path]) -> None:
        """Runs were deleted: nothing is shown or planned of them any more."""
        gone = set(gone)
        if self._branch is not None and self._branch.folder in gone:
            self.give_up_branch()
        if self._folder in gone and self._trainer.state is State.IDLE:
            self._folder = self._drawn = None
            self.view.clear()
            self._refresh()

    def _show_again(self) -> None:
        """The run on show as it lies on the disk by now, at the epoch that is looked at."""
        folder, page = self._folder, self.view.page
        epoch = None if self.machine.is_following else self.machine.epoch
        assert folder is not None
        try:
            self.open_run(folder)
        except AedeskError as problem:
            self._on_status(str(problem))
            self.drop([folder])
            return
        self.view.show_page(page)
        if epoch is not None:
            self.machine.show(epoch)

    def _ask_for_data(self) -> bool:
        """Fetch the set, use the digits that are always there, or do nothing (False)."""
        name = self.form.data.value
        fetch = f"Fetch {fetch_size(name)}"
        dialog = ttk.MessageDialog(
            f"The data set {name} is not on this machine yet.\n"
            f"Fetch it now ({fetch_size(name)}), or train on digits: 1,438 real handwritten digits that are"
            " always there and take less than a second an epoch.",
            title="Data set",
            buttons=["Cancel", "Use digits", f"{fetch}:primary"],
            default=fetch,
            width=56,
            parent=self.winfo_toplevel(),
            icon="cloud-arrow-down",
        )
        dialog.show()
        if dialog.result == "Use digits":
            self.form.data.set("digits")
            self.form.recheck()
        return dialog.result in {"Use digits", fetch}

    def _show_preview(self, data: str) -> None:
        if self._preview is None or not self._preview.winfo_exists():
            self._preview = DataPreviewWindow(self, self._look, self._jobs, self._on_fetched)
        self._preview.look_into(data)

    def _on_fetched(self) -> None:
        self.form.data.refresh()
        self._refresh()

    @property
    def _can_pause(self) -> bool:
        return self._trainer.state in {State.RUNNING, State.STEPPING} and self.view.has_started

    def _use(self) -> None:
        if self._folder is not None:
            self._on_use(self._folder)

    def _use_epoch(self, epoch: int) -> None:
        folder = self.machine.folder
        if folder is not None:
            self._on_use(Run(folder).epochs.path(epoch))

    def _open_folder(self) -> None:
        if self._folder is not None:
            try:
                open_folder(self._folder)
            except AedeskError as problem:
                self._on_status(str(problem))

    def _on_knob(self, name: str, value: float) -> None:
        self._trainer.change(name, value)
        self._on_status(f"{name.replace('_', ' ').capitalize()} is {value:g} from the next step on")

    def _on_delay(self, seconds: float) -> None:
        self._trainer.delay = seconds

    # --- what is kept ---

    def restore(self, settings: Mapping[str, Any]) -> None:
        """Take up what `remember` gave, as far as it still makes sense."""
        with self._filling():
            self.form.restore(settings)
        self.view.curves.set_log(settings.get("log") is True)
        self.view.curves.set_smoothing(str(settings.get("smoothing")))
        run = settings.get("run")
        self._remembered = Path(run) if isinstance(run, str) else None

    def _reopen(self, folder: Path) -> None:
        """Show the run of the last time again, unless it has gone."""
        if Run(folder).config.is_file():
            try:
                self.open_run(folder)
            except AedeskError as problem:
                self._on_status(str(problem))

    def remember(self) -> dict[str, Any]:
        """The form, the run on show and how the curves are drawn, JSON-safe."""
        curves = self.view.curves
        folder = self._folder or self._remembered
        return {
            **self.form.remember(),
            "log": curves.is_log,
            "smoothing": curves.smoothing,
            "run": None if folder is None else str(folder),
        }

    # --- what comes in ---

    def _on_event(self, event: Event | Fetching) -> None:
        self.view.show_event(event)
        if isinstance(event, Started):
            self.form.data.refresh()  # a fetch may have brought it in
            if self._trainer.folder is not None:
                self._folder = self._trainer.folder
                self.view.call(self._folder.name)
                self.machine.open(self._folder)
            self._show_knobs()
            self._refresh()
        elif isinstance(event, Changed):
            self._show_knobs(event)
        elif isinstance(event, Glimpse):
            self.machine.glimpse(event)

    def _show_knobs(self, change: Changed | None = None) -> None:
        """The recipe as it is by now."""
        if change is not None and self._recipe is not None:
            self._recipe = self._recipe.changed(change.name, change.new)
        elif self._trainer.config is not None:
            self._recipe = self._trainer.config.recipe
            for past in self.view.changes:
                self._recipe = self._recipe.changed(past.name, past.new)
        if self._recipe is not None:
            self.knobs.show(self._recipe)

    def _on_state(self, state: State) -> None:
        self.view.show_state(state)
        if state is State.IDLE:
            self._timers.later("look", _LOOK_AGAIN, self._look_again)
            if self._folder is not None and not self.view.has_started:
                self._show_again()  # it was to go on, and did not come to that
        self._refresh()

    def _on_finished(self, folder: Path) -> None:
        self._folder = folder
        self.view.show_finished(folder)

    def _on_failed(self, problem: BaseException) -> None:
        if self._folder is not None and not Run(self._folder).config.is_file():
            self._folder = None  # it came to nothing
        self.view.show_failed(problem, self._folder)

    def _on_shown(self) -> None:
        self.view.curves.refresh()
        self.machine.look_at_sketch()

    def _look_again(self) -> None:
        """Follow the run on show: another window or the command line may train it, rename it or delete it."""
        folder = self._folder
        if folder is None or self._trainer.state is not State.IDLE:
            return
        self._timers.later("look", _LOOK_AGAIN, self._look_again)
        run = Run(folder)
        try:
            if not run.config.is_file():
                self._on_status(f"{folder.name} is not there any more")
                self.drop([folder])
            elif run.is_busy != self.view.is_elsewhere:
                self._show_again()
            elif self.view.is_elsewhere:
                rows = run.read_history()
                if len(rows) > self.view.epochs_shown:
                    self.view.resume_history(rows, changes_of(run.read_config()))
                    self.machine.refresh()
        except AedeskError as problem:  # half written, or just being moved: the next look will tell
            self._on_status(str(problem))

    def _refresh(self) -> None:
        """What can be done and changed, as the form and the state of the run have it."""
        state, config = self._trainer.state, self.form.chosen
        idle, paused = state is State.IDLE, state is State.PAUSED
        refusal = "" if config is None or self._branch is None else self._branch.problem(config)
        if self._branch is not None:
            self.branch_line.say(self._branch.words, refusal)
        can_start = idle and config is not None and not refusal
        self.form.enable(idle)
        if idle or not self.view.has_started:
            self.knobs.grid_remove()
        else:
            self.knobs.grid(row=2, column=0, sticky="ew", pady=(2 * GAP, 0), padx=(0, 2 * GAP))
        self.knobs.enable(not idle and state is not State.STOPPING)
        self.view.slider.allow_branch(idle)
        self.controls.show(
            can_start=can_start,
            can_pause=self._can_pause,
            can_resume=paused,
            can_stop=state in {State.RUNNING, State.STEPPING, State.PAUSED},
            can_step=paused or can_start,
        )
        self._show_plan(config)

    def _show_plan(self, config: TrainingConfig | None) -> None:
        """The network of the form, and what Start would do."""
        if config is None:
            self.view.invite("Start waits for a setting that makes sense", self.form.problem or "")
            return
        if config.architecture != self._drawn and self._trainer.state is State.IDLE:
            self.view.show_network(config.architecture, in_front=not self._is_filling)
            self._drawn = config.architecture
        epochs = "one epoch" if config.recipe.epochs == 1 else f"{config.recipe.epochs:,} epochs"
        self.view.invite(
            "Train a model of your own",
            f"Start trains {config.label} on {Path(config.data).name} for {epochs}; draw on it afterwards.",
        )

    @contextlib.contextmanager
    def _filling(self) -> Iterator[None]:
        """What the form comes to say in here, nobody has typed."""
        self._is_filling = True
        try:
            yield
        finally:
            self._is_filling = False

    def _on_destroy(self, event: tk.Event[Any], disconnects: list[Callable[[], None]]) -> None:
        if event.widget is self:
            for disconnect in disconnects:
                disconnect()
