"""Keeps things of the run on show in the Train tab: asks where, has it written, and says where it is."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from tkinter import filedialog

from aedesk.app.jobs import Jobs
from aedesk.app.keeping import Keeper, Kept, Thing
from aedesk.app.time_machine import TimeMachine
from aedesk.errors import AedeskError, Cancelled
from aedesk.gui.curves.curves import Curves
from aedesk.gui.platform import open_folder
from aedesk.gui.theme import Look
from aedesk.gui.train.keeping_bar import KeepingBar
from aedesk.storage import files, movie
from aedesk.storage.copies import check_outside
from aedesk.storage.runs import Run

_NOTHING = "No run is on show: train one, or open one of the Runs tab, and it can be saved from here."


class RunKeeper:
    """`bar` lies in `foot` while it has something to say; `on_status` gets one line, `on_problem` what went wrong."""

    def __init__(
        self,
        foot: tk.Misc,
        look: Look,
        jobs: Jobs,
        machine: TimeMachine,
        curves: Curves,
        *,
        on_status: Callable[[str], object],
        on_problem: Callable[[BaseException], object],
    ) -> None:
        self._look, self._machine, self._curves = look, machine, curves
        self._on_status, self._on_problem = on_status, on_problem
        self._kept: Kept | None = None
        self.keeper = Keeper(jobs)
        self.bar = KeepingBar(foot, self.keeper.cancel, self._open_kept)
        self.keeper.progress.connect(self.bar.show_progress)
        self.keeper.kept.connect(self._on_kept)
        self.keeper.failed.connect(self._on_failed)

    # --- what can be kept ---

    def save_map_animation(self) -> None:
        self._keep("map animation", "-map", movie.SUFFIXES)

    def save_reconstruction_animation(self) -> None:
        self._keep("reconstruction animation", "-digits", movie.SUFFIXES)

    def save_history(self) -> None:
        self._keep("history", "-history", (".csv",))

    def save_log(self) -> None:
        self._keep("log", "-log", (".txt", ".log"))

    def save_loss_plot(self) -> None:
        """The curves as they are drawn, with the runs beside."""
        run = self._run_on_show()
        if run is None:
            return
        from aedesk.gui.charts.paper import ENDINGS

        try:
            self.keeper.check_free()  # else the bar would have two things to tell
            out = self._ask(f"{run.name}-losses", ENDINGS, "loss plot")
            if out is not None:
                check_outside(run, out)
                self._curves.save(out)
                self._on_kept(Kept(f"The loss plot is in {out}", out))
        except AedeskError as problem:
            self._on_problem(problem)

    def save_tensorboard(self) -> None:
        """A folder of the run's name, in the one that is asked for: TensorBoard shows each folder as a run."""
        run = self._run_on_show()
        if run is None:
            return
        try:
            self.keeper.check_free()
            if find_spec("tensorboard") is None:  # to import it just to see takes too long here
                from aedesk.training import tensorboard

                tensorboard.check()
            folder = filedialog.askdirectory(
                parent=self.bar.winfo_toplevel(), title=f"Folder in which to make {run.name} for TensorBoard"
            )
            if folder:
                self._start("TensorBoard files", run, Path(folder) / run.name)
        except AedeskError as problem:
            self._on_problem(problem)

    def open_run_folder(self) -> None:
        run = self._run_on_show()
        if run is not None:
            self._open(run.path)

    # --- helpers ---

    def _keep(self, thing: Thing, ending: str, suffixes: Sequence[str]) -> None:
        run = self._run_on_show()
        if run is None:
            return
        try:
            self.keeper.check_free()
            out = self._ask(run.name + ending, suffixes, thing)
            if out is not None:
                self._start(thing, run, out)
        except AedeskError as problem:
            self._on_problem(problem)

    def _start(self, thing: Thing, run: Run, out: Path) -> None:
        self.keeper.keep(thing, run.path, out, dark=self._look.palette.name == "dark")
        self.bar.hide()  # what was kept before

    def _run_on_show(self) -> Run | None:
        """None, which has been said, if there is none."""
        if self._machine.folder is None:
            self._on_status(_NOTHING)
            return None
        return Run(self._machine.folder)

    def _ask(self, name: str, suffixes: Sequence[str], what: str) -> Path | None:
        """The file to write, whose name ends in one of `suffixes`; None if nobody wants it any more."""
        offered = [suffix for suffix in suffixes if suffix != ".mp4" or movie.has_ffmpeg()]
        path = filedialog.asksaveasfilename(
            parent=self.bar.winfo_toplevel(),
            title=f"Save {what}",
            initialfile=name + offered[0],
            defaultextension=offered[0],
            filetypes=[(suffix[1:].upper(), f"*{suffix}") for suffix in offered],
        )
        if not path:
            return None
        out = Path(path)
        if out.suffix.lower() in suffixes:
            return out
        out = out.with_name(out.name + offered[0])  # what is in a file is what its name says
        if files.is_file(out):  # the dialog has asked about the name without it
            raise AedeskError(f"{out}: this file is there already; choose it by its whole name to replace it")
        return out

    def _open_kept(self) -> None:
        if self._kept is not None:
            path = self._kept.path
            self._open(path if files.is_folder(path) else path.parent)

    def _open(self, folder: Path) -> None:
        if not files.is_folder(folder):
            self._on_status(f"{folder} is no longer there.")
            return
        try:
            open_folder(folder)
        except AedeskError as problem:
            self._on_status(str(problem))

    def _on_kept(self, kept: Kept) -> None:
        self._kept = kept
        self.bar.show_kept(kept)

    def _on_failed(self, problem: BaseException) -> None:
        self.bar.hide()
        if isinstance(problem, Cancelled):
            self._on_status(str(problem))
        else:
            self._on_problem(problem)
