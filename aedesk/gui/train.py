"""The Train tab: choose, start, watch, use."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import ttkbootstrap as ttk

from aedesk.app.jobs import Jobs
from aedesk.app.trainer import Fetching, State, Trainer, list_devices
from aedesk.data.sources import fetch_size
from aedesk.errors import AedeskError
from aedesk.gui.platform import open_folder
from aedesk.gui.run_controls import RunControls
from aedesk.gui.run_view import RunView
from aedesk.gui.scrolled import ScrolledColumn
from aedesk.gui.theme import GAP, Look
from aedesk.gui.training_form import TrainingForm
from aedesk.training.events import Event, Started

_FORM = 296  # px, before scaling


class TrainTab(ttk.Frame):
    """A form on the left, the run on the right. `on_use` gets the folder of a run whose model is to be used.

    `on_status` gets one line whenever the run has something to say. Call `build_plots` once Matplotlib and
    torch have been imported; everything else works before.
    """

    def __init__(
        self,
        master: tk.Misc,
        look: Look,
        trainer: Trainer,
        jobs: Jobs,
        *,
        on_use: Callable[[Path], object],
        on_status: Callable[[str], object],
    ) -> None:
        super().__init__(master, padding=2 * GAP)
        self._trainer = trainer
        self._jobs = jobs
        self._on_use = on_use
        self._on_status = on_status
        self._folder: Path | None = None
        self.columnconfigure(1, weight=1)
        self.rowconfigure(0, weight=1)
        # The view comes first: the form reports to it as soon as it is filled in.
        self.view = RunView(
            self, look, on_use=self._use, on_open_folder=self._open_folder, on_status=on_status
        )
        self.view.grid(row=0, column=1, sticky="nsew")
        self._build_left(look)
        disconnects = [
            trainer.event.connect(self._on_event),
            trainer.state_changed.connect(self._on_state),
            trainer.finished.connect(self._on_finished),
            trainer.failed.connect(self.view.show_failed),
        ]
        self.bind("<Destroy>", lambda event: self._on_destroy(event, disconnects), add="+")
        self.bind("<Map>", lambda _: self.view.curves.refresh(), add="+")

    def _build_left(self, look: Look) -> None:
        left = ttk.Frame(self)
        left.grid(row=0, column=0, sticky="ns", padx=(0, 3 * GAP))
        left.lower()  # the keyboard reaches the form before the view
        # The buttons follow the form; only where the window is too low does the form give way and scroll.
        left.rowconfigure(0, weight=1)
        left.rowconfigure(2, weight=1000)
        width = ttk.scale_size(self, _FORM)
        left.columnconfigure(0, minsize=width + 2 * GAP)
        self.column = ScrolledColumn(left, look)
        self.column.grid(row=0, column=0, sticky="nsew")
        self.controls = RunControls(left, on_start=self.start, on_pause=self.toggle_pause, on_stop=self.stop)
        self.controls.grid(row=1, column=0, sticky="ew", pady=(2 * GAP, 0), padx=(0, 2 * GAP))
        self.form = TrainingForm(self.column.content, width, self._refresh)
        self.form.pack(fill="both", expand=True, padx=(0, GAP))
        self.form.recheck()
        self.column.follow()

    def build_plots(self) -> None:
        """Draw the curves, and look for devices in the background: torch, too, has been imported by now."""
        self.view.curves.build()
        self._jobs.start(
            "devices", lambda link: list_devices(), self.form.offer_devices, self._on_devices_known
        )

    def _on_devices_known(self, problem: BaseException | None) -> None:
        if problem is not None:
            self._on_status(f"The devices of this machine are not known: {problem}")

    def start(self) -> None:
        """Begin a run, unless one is on or a setting makes no sense; ask about data that is missing."""
        if self._trainer.state is not State.IDLE:
            return
        if self.form.chosen is not None and self.form.data.is_missing and not self._ask_for_data():
            return
        config = self.form.chosen
        if config is None:
            self.form.focus_problem()
            return
        self._folder = None
        self.view.begin(config)
        self._trainer.start(config)

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

    def toggle_pause(self) -> None:
        """Hold the run, or let it go on."""
        if self._trainer.state is State.PAUSED:
            self._trainer.resume()
        elif self._can_pause:
            self._trainer.pause()

    @property
    def _can_pause(self) -> bool:
        return self._trainer.state is State.RUNNING and self.view.has_started

    def stop(self) -> None:
        """End the run, or the fetch before it; the model so far is kept."""
        self._trainer.stop()

    def _use(self) -> None:
        if self._folder is not None:
            self._on_use(self._folder)

    def _open_folder(self) -> None:
        if self._folder is not None:
            try:
                open_folder(self._folder)
            except AedeskError as problem:
                self._on_status(str(problem))

    def restore(self, settings: Mapping[str, Any]) -> None:
        """Take up what `remember` gave, as far as it still makes sense."""
        self.form.restore(settings)
        self.view.curves.set_log(settings.get("log") is True)

    def remember(self) -> dict[str, Any]:
        """The form and how the curves are drawn, JSON-safe."""
        return {**self.form.remember(), "log": self.view.curves.is_log}

    def _on_event(self, event: Event | Fetching) -> None:
        self.view.show_event(event)
        if isinstance(event, Started):
            self.form.data.refresh()  # a fetch may have brought it in
            self._refresh()

    def _on_state(self, state: State) -> None:
        self.view.show_state(state)
        self._refresh()

    def _on_finished(self, folder: Path) -> None:
        self._folder = folder
        self.view.show_finished(folder)

    def _refresh(self) -> None:
        """What can be done and changed, as the form and the state of the run have it."""
        state, config = self._trainer.state, self.form.chosen
        self.form.enable(state is State.IDLE)
        self.controls.show(
            can_start=state is State.IDLE and config is not None,
            can_pause=self._can_pause,
            can_resume=state is State.PAUSED,
            can_stop=state in {State.RUNNING, State.PAUSED},
        )
        if config is None:
            self.view.invite("Start waits for a setting that makes sense", self.form.problem or "")
        else:
            epochs = "one epoch" if config.recipe.epochs == 1 else f"{config.recipe.epochs:,} epochs"
            self.view.invite(
                "Train a model of your own",
                f"Start trains {config.preset} on {Path(config.data).name} for {epochs}; draw on it afterwards.",
            )

    def _on_destroy(self, event: tk.Event[Any], disconnects: list[Callable[[], None]]) -> None:
        if event.widget is self:
            for disconnect in disconnects:
                disconnect()
