"""The menu Run: what the Train tab's buttons do, from anywhere and by keys, and what can be kept of the run on show."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from aedesk.app.run_state import State
from aedesk.errors import AedeskError
from aedesk.gui.commands import Command

if TYPE_CHECKING:
    from aedesk.app.pace import Stride
    from aedesk.gui.window import Window

NOTHING_KEPT = "No epoch of this run is kept, so nothing can branch from it."

_MENU = "Run"
_NO_RUN = "No run is on show: train one, or open one of the Runs tab."
_BUSY = "A run is being trained: stop it, or wait for its end."
_IDLE = "No run is being trained."


class RunMenu:
    """Each verb shows the Train tab, or says in the status line why there is nothing to do.

    The menu is there before the tab and its keeper are: they are asked for when a verb is called.
    """

    def __init__(self, window: Window) -> None:
        self._window = window

    def commands(self) -> list[Command]:
        """The menu's entries, in order."""
        window = self._window
        return [
            Command(_MENU, "Start or pause training", self.start_or_pause, "p"),
            Command(_MENU, "Step one batch", partial(self.step, "batch"), "b", shift=True),
            Command(_MENU, "Step one epoch", partial(self.step, "epoch"), "e", shift=True),
            Command(_MENU, "Stop training", self.stop, "p", shift=True),
            Command(_MENU, "Continue the run on show", self.go_on),
            Command(_MENU, "Branch from the epoch on show", self.branch),
            Command(_MENU, "Save animation of the map ...", lambda: window.keeper.save_map_animation()),
            Command(
                _MENU,
                "Save animation of reconstructions ...",
                lambda: window.keeper.save_reconstruction_animation(),
            ),
            Command(_MENU, "Save loss plot ...", lambda: window.keeper.save_loss_plot()),
            Command(_MENU, "Save history ...", lambda: window.keeper.save_history()),
            Command(_MENU, "Save training log ...", lambda: window.keeper.save_log()),
            Command(_MENU, "Save TensorBoard files ...", lambda: window.keeper.save_tensorboard()),
            Command(_MENU, "Open run's folder", lambda: window.keeper.open_run_folder()),
        ]

    def start_or_pause(self) -> None:
        self._window.show_tab("train")
        if self._window.trainer.state is State.IDLE:
            self._window.train.start()
        else:
            self._window.train.toggle_pause()

    def step(self, stride: Stride) -> None:
        """For one batch or epoch; where there is no run yet, begin one so."""
        self._window.show_tab("train")
        self._window.train.step(stride)

    def stop(self) -> None:
        if self._window.trainer.state is State.IDLE:
            self._window.tell(_IDLE)
            return
        self._window.show_tab("train")
        self._window.train.stop()

    def go_on(self) -> None:
        if self._is_free_with_run():
            self._window.show_tab("train")
            self._window.train.continue_run()

    def branch(self) -> None:
        """Fill the form for a run that begins at the epoch on show."""
        if not self._is_free_with_run():
            return
        epoch = self._window.train.machine.epoch
        if epoch is None:
            self._window.tell(NOTHING_KEPT)
            return
        self._window.show_tab("train")
        try:
            self._window.train.plan_branch(epoch)
        except AedeskError as problem:
            self._window.tell_problem(problem)

    def _is_free_with_run(self) -> bool:
        """Whether a run is on show and none is being trained; otherwise the reason has been said."""
        idle = self._window.trainer.state is State.IDLE
        if idle and self._window.train.machine.folder is not None:
            return True
        self._window.tell(_NO_RUN if idle else _BUSY)
        return False
