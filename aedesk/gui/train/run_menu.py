"""The menu Run: what the Train tab's buttons do, from anywhere and by keys, and what can be kept of the run on show."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from aedesk.app.pace import Stride
from aedesk.app.trainer import State, Trainer
from aedesk.errors import AedeskError
from aedesk.gui.commands import Command
from aedesk.gui.train.keeper import RunKeeper
from aedesk.gui.train.tab import TrainTab

NOTHING_KEPT = "No epoch of this run is kept, so nothing can branch from it."

_MENU = "Run"
_NO_RUN = "No run is on show: train one, or open one of the Runs tab."
_BUSY = "A run is being trained: stop it, or wait for its end."
_IDLE = "No run is being trained."


class RunMenu:
    """Each verb shows the Train tab, or says in one line, to `on_status`, why there is nothing to do."""

    def __init__(
        self,
        trainer: Trainer,
        train: TrainTab,
        keeper: RunKeeper,
        *,
        on_show: Callable[[], object],
        on_status: Callable[[str], object],
        on_problem: Callable[[BaseException], object],
    ) -> None:
        self._trainer, self._train, self._keeper = trainer, train, keeper
        self._on_show, self._on_status, self._on_problem = on_show, on_status, on_problem

    def commands(self) -> list[Command]:
        """The menu's entries, in order."""
        keeper = self._keeper
        return [
            Command(_MENU, "Start or pause training", self.start_or_pause, "p"),
            Command(_MENU, "Step one batch", partial(self.step, "batch"), "b", shift=True),
            Command(_MENU, "Step one epoch", partial(self.step, "epoch"), "e", shift=True),
            Command(_MENU, "Stop training", self.stop, "p", shift=True),
            Command(_MENU, "Continue the run on show", self.go_on),
            Command(_MENU, "Branch from the epoch on show", self.branch),
            Command(_MENU, "Save animation of the map ...", keeper.save_map_animation),
            Command(_MENU, "Save animation of reconstructions ...", keeper.save_reconstruction_animation),
            Command(_MENU, "Save loss plot ...", keeper.save_loss_plot),
            Command(_MENU, "Save history ...", keeper.save_history),
            Command(_MENU, "Save training log ...", keeper.save_log),
            Command(_MENU, "Save TensorBoard files ...", keeper.save_tensorboard),
            Command(_MENU, "Open run's folder", keeper.open_run_folder),
        ]

    def start_or_pause(self) -> None:
        self._on_show()
        if self._trainer.state is State.IDLE:
            self._train.start()
        else:
            self._train.toggle_pause()

    def step(self, stride: Stride) -> None:
        """For one batch or epoch; where there is no run yet, begin one so."""
        self._on_show()
        self._train.step(stride)

    def stop(self) -> None:
        if self._trainer.state is State.IDLE:
            self._on_status(_IDLE)
            return
        self._on_show()
        self._train.stop()

    def go_on(self) -> None:
        if self._is_free_with_run():
            self._on_show()
            self._train.continue_run()

    def branch(self) -> None:
        """Fill the form for a run that begins at the epoch on show."""
        if not self._is_free_with_run():
            return
        epoch = self._train.machine.epoch
        if epoch is None:
            self._on_status(NOTHING_KEPT)
            return
        self._on_show()
        try:
            self._train.plan_branch(epoch)
        except AedeskError as problem:
            self._on_problem(problem)

    def _is_free_with_run(self) -> bool:
        """Whether a run is on show and none is being trained; otherwise the reason has been said."""
        idle = self._trainer.state is State.IDLE
        if idle and self._train.machine.folder is not None:
            return True
        self._on_status(_NO_RUN if idle else _BUSY)
        return False
