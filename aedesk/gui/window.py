"""The main window: header, four tabs, menus and shortcuts, one tick, and an orderly end."""

from __future__ import annotations

import gc
import logging
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tkinter import filedialog
from typing import TYPE_CHECKING, Any

import ttkbootstrap as ttk

from aedesk import paths
from aedesk.app import settings
from aedesk.app.desk import Desk
from aedesk.app.ink import SIZE, Ink
from aedesk.app.jobs import Jobs
from aedesk.app.loading import ActiveModel, prepare_torch
from aedesk.app.run_state import State
from aedesk.app.worker import Link
from aedesk.errors import AedeskError
from aedesk.gui import dialogs
from aedesk.gui.brush import Brush
from aedesk.gui.commands import bind_keys, build_menus
from aedesk.gui.explore import ExploreTab
from aedesk.gui.fitting_label import FittingLabel
from aedesk.gui.geometry import smallest, usable_geometry
from aedesk.gui.hands import Hands
from aedesk.gui.header import Header
from aedesk.gui.menus import commands_of
from aedesk.gui.platform import IS_MAC
from aedesk.gui.theme import GAP, Look
from aedesk.gui.train.run_menu import NOTHING_KEPT
from aedesk.heap import share_arenas

if TYPE_CHECKING:
    from aedesk.gui.apply.tab import ApplyTab

logger = logging.getLogger(__name__)

POLL = 30  # ms between two looks at what the workers have sent
_DEFAULT_MODEL = "conv-2d"


class Window:
    """Everything in `root`. `start` brings torch and the last model in; `close` ends it all."""

    def __init__(self, root: ttk.App, look: Look, remembered: dict[str, Any]) -> None:
        share_arenas()
        gc.disable()  # until torch is there: collecting among the thousands of things that it makes takes 0.2 s
        self.root, self.look = root, look
        self.jobs = Jobs()
        self.ink = Ink()
        self.brush = Brush()
        self.desk = Desk(self.jobs, self.ink)
        self.explorer = self.desk.explorer
        self._remembered = remembered
        self._shown = "explore"
        self._is_torch_awaited = self._is_model_awaited = self._are_plots_missing = True
        self._closing = False
        self._end_requested = False
        self._telling = False
        self._tick: str | None = None
        self._foot = ttk.Frame(root)
        self._foot.pack(side="bottom", fill="x")
        self._status = FittingLabel(self._foot, padding=(2 * GAP, 4, 2 * GAP, 6))
        self._status.pack(side="left", fill="x", expand=True)
        self._status.set("Getting ready: you can draw already ...")
        self.hands = Hands(root, self.ink, self.explorer, self.tell, self.tell_problem)
        root.minsize(*smallest(root))
        root.geometry(usable_geometry(root, remembered.get("geometry")))
        root.protocol("WM_DELETE_WINDOW", self.request_end)
        self._build_front()
        self.commands = commands_of(self)
        build_menus(root, self.commands)
        self._restore_front()
        root.update_idletasks()
        root.deiconify()
        root.update()  # onto the screen: the tabs behind Explore take as long again
        self._build_behind()
        canvases = (self.explore.sketchpad, self.apply.sketchpad)
        bind_keys(root, canvases, self.explore.pane.map, self.commands)
        root.bind("<Escape>", lambda _: self._give_up())
        if IS_MAC:  # the application menu and the Dock have their own way to quit
            root.createcommand("::tk::mac::Quit", self.close)
            root.createcommand("::tk::mac::ShowHelp", self.show_shortcuts)
        self._connect()
        root.protocol("WM_DELETE_WINDOW", self.close)

    # --- building ---

    def _build_front(self) -> None:
        """What is seen first: the header and the Explore tab."""
        root = self.root
        self.header = Header(
            root,
            self.look,
            on_model=self.load_model,
            on_theme=self.toggle_theme,
            on_tab=self.show_tab,
            on_card=self.show_card,
        )
        self.header.pack(fill="x")
        self._place = ttk.Frame(root)
        self._place.pack(fill="both", expand=True)
        self.explore = ExploreTab(
            self._place,
            self.look,
            self.desk,
            self.jobs,
            self.hands,
            self.brush,
            self.random_digit,
            self.tell,
            self.tell_problem,
        )
        self._pages: dict[str, ttk.Frame] = {"explore": self.explore}
        self.show_tab("explore")

    def _build_behind(self) -> None:
        """The other tabs, and what belongs to them; what they need is imported here, once the window is seen."""
        from aedesk.app.run_list import RunList
        from aedesk.app.trainer import Trainer
        from aedesk.gui.apply.page import Surroundings
        from aedesk.gui.apply.tab import ApplyTab
        from aedesk.gui.card.cards import Cards
        from aedesk.gui.runs.tab import RunsTab
        from aedesk.gui.train.keeper import RunKeeper
        from aedesk.gui.train.tab import TrainTab

        self.trainer = Trainer(self.jobs)
        self.train = TrainTab(
            self._place,
            self.look,
            self.trainer,
            self.jobs,
            self.ink,
            on_use=self.use_run,
            on_status=self.tell,
            on_problem=self.tell_problem,
        )
        self.run_list = RunList(self.jobs)
        self.runs = RunsTab(
            self._place,
            self.look,
            self.run_list,
            on_use=self.use_run,
            on_open=self.open_run,
            on_continue=self.continue_run,
            on_branch=self.branch_run,
            on_status=self.tell,
            on_problem=self.tell_problem,
        )
        around = Surroundings(self.look, self.desk, self.jobs, self.tell, self.tell_problem, self.hands)
        self.apply = ApplyTab(self._place, around, self.brush, self.random_digit)
        self.keeper = RunKeeper(
            self._foot,
            self.look,
            self.jobs,
            self.train.machine,
            self.train.view.curves,
            on_status=self.tell,
            on_problem=self.tell_problem,
        )
        self.cards = Cards(self.root, self.look, self.jobs, self.tell, self.tell_problem)
        self._pages |= {"train": self.train, "runs": self.runs, "apply": self.apply}
        self.train.restore(self._remembered_of("train"))
        self.apply.restore(self._remembered_of("apply"))

    def _connect(self) -> None:
        self.hands.changed.connect(self._on_hands)
        self.explorer.status.connect(self.tell)
        self.explorer.failed.connect(self._on_load_failed)
        self.explorer.drawing_changed.connect(self._on_drawing)
        self.explorer.model_changed.connect(self._on_model)
        self.trainer.failed.connect(self.tell_problem)
        self.trainer.state_changed.connect(self._on_training)
        self.run_list.renamed.connect(self._on_run_renamed)
        self.run_list.removed.connect(self.train.drop)

    # --- the start ---

    def start(self) -> None:
        """Bring in torch and the model, in the background, while the window is already used."""
        self.header.list_models()
        self.jobs.start("torch", _import_torch, lambda _: None, self._on_torch)
        self._poll()

    def _on_torch(self, problem: BaseException | None) -> None:
        gc.enable()
        if self._closing:
            return
        self._is_torch_awaited = False
        if problem is not None:
            self.tell_problem(problem)
            return
        # From here on the collector passes over torch: looking at it all would hold up the pen for 60 ms and more.
        gc.collect()
        gc.freeze()
        reference = self._remembered.get("model")
        self.explorer.load(reference if isinstance(reference, str) else _DEFAULT_MODEL, _DEFAULT_MODEL)
        self.explore.sketchpad.focus_set()

    def _on_first_model(self) -> None:
        """The model is in use, or cannot be: now all that can wait."""
        if self._is_model_awaited:
            self._is_model_awaited = False
            self.jobs.start("device", _name_device, self.header.set_device, self._on_prepared)
            self._prepare_plots()

    def _prepare_plots(self) -> None:
        """Bring in what plots need at the first look at them: meanwhile a pen would stutter."""
        if self._are_plots_missing and not self._is_model_awaited and self._shown in {"train", "runs"}:
            self._are_plots_missing = False
            self.jobs.start("plots", _import_matplotlib, self._build_plots, self._on_prepared)

    def _build_plots(self, _: None) -> None:
        if not self._closing:
            self.train.build_plots()
            self.runs.build_plots()

    def _on_prepared(self, problem: BaseException | None) -> None:
        if problem is not None and not self._closing:
            self.tell_problem(problem)

    def _restore_front(self) -> None:
        self.explore.pane.restore(self._remembered_of("map"))
        brush = self._remembered.get("brush")
        if isinstance(brush, int | float) and math.isfinite(brush):
            self.brush.width = float(brush)
        raster = settings.load_sketch()
        if raster is not None and raster.shape == (SIZE, SIZE) and raster.any():
            self.ink.replace(raster, settings.load_exact())
            self.explore.ink_changed()

    def _remembered_of(self, part: str) -> dict[str, Any]:
        found = self._remembered.get(part)
        return found if isinstance(found, dict) else {}

    def _poll(self) -> None:
        """The one tick that hands on what background threads have sent."""
        # First of all the next tick: a dialog that opens below must not stop what comes from the threads.
        self._tick = self.root.after(POLL, self._poll)
        if self._end_requested:
            self.close(ask=False)
        self.jobs.poll()
        if self._closing and not self.jobs.are_running:
            self._destroy()

    # --- verbs ---

    def tell(self, line: str) -> None:
        """One line for the status bar."""
        self._status.set(line)

    def load_model(self, reference: str) -> None:
        if self._is_torch_awaited:  # this one then comes first
            self._remembered = self._remembered | {"model": reference}
        else:
            self.explorer.load(reference)

    def use_run(self, folder: Path) -> None:
        """Take a finished run into use, and show it."""
        self.header.list_models()
        self.load_model(str(folder))
        self.show_tab("explore")

    def open_run(self, folder: Path) -> bool:
        """Show a run of the list in the Train tab; False if that cannot be done now."""
        try:
            self.train.open_run(folder)
        except AedeskError as problem:
            self.tell_problem(problem)
            return False
        self.show_tab("train")
        return True

    def continue_run(self, folder: Path) -> None:
        """Train a run of the list on from where it was left."""
        if self.open_run(folder):
            self.train.continue_run()

    def branch_run(self, folder: Path) -> None:
        """Plan a run that begins at the newest epoch of one of the list; the Train tab has the others."""
        if self.open_run(folder):
            kept = self.train.machine.kept
            if kept:
                self.train.plan_branch(kept[-1])
            else:
                self.tell(NOTHING_KEPT)

    def open_model(self) -> None:
        from aedesk.storage.runs import MODEL

        path = filedialog.askopenfilename(
            parent=self.root,
            title="Open a model",
            initialdir=paths.runs() if paths.runs().is_dir() else None,
            filetypes=(("Models", "*.safetensors"), ("All files", "*")),
        )
        if path:
            # A run's model goes by its folder, as in the list of models.
            self.explorer.load(str(Path(path).parent) if Path(path).name == MODEL else path)

    def show_tab(self, name: str) -> None:
        """`explore`, `train`, `runs` or `apply`."""
        if name not in self._pages:  # still being built
            self.header.set_tab(self._shown)
            return
        for other, page in self._pages.items():
            if other == name:
                page.place(relwidth=1, relheight=1)
            else:
                page.place_forget()  # out of sight, it neither draws nor takes the Tab key
        self._shown = name
        self.header.set_tab(name)
        # The keyboard goes with the tab: what is typed must not land in a field that is out of sight.
        (self.explore.sketchpad if name == "explore" else self._pages[name]).focus_set()
        self._prepare_plots()

    def show_use(self, name: str) -> None:
        """Show a page of the Apply tab."""
        if "apply" not in self._pages:  # still being built
            return
        self.show_tab("apply")
        self.apply.show_page(name)

    def show_card(self) -> None:
        """Open the quality card of the model in use."""
        if self.explorer.active is not None:
            self.cards.show(self.explorer.active)

    def toggle_theme(self) -> None:
        self.look.toggle(self.root)

    def random_digit(self) -> None:
        self._show_canvas()
        self.explorer.draw_test_digit(self.ink, self._data_for_digits())

    def show_shortcuts(self) -> None:
        """Every shortcut and gesture, in a small window."""
        keys = [
            (command.label, command.shown + (" on the map" if command.on_map else ""))
            for command in self.commands
            if command.shown and command.menu
        ]
        dialogs.show_shortcuts(self.root, keys)

    def request_end(self) -> None:
        """Close without a question at the next tick: for Ctrl-C in the terminal and the end of the session."""
        self._end_requested = True

    def close(self, *, ask: bool = True) -> None:
        """Ask if a training run would end, let every worker finish, then destroy: never while torch works."""
        if self._closing:
            return
        if "train" not in self._pages:  # still being built
            self.request_end()
            return
        ask = ask and self.trainer.state is not State.IDLE
        if ask and not dialogs.ask_to_stop_training(self.root):
            return
        self._closing = True
        self._remember()
        self.run_list.end()
        self._status.set("Closing: waiting for the work in the background to end ...")
        self.jobs.stop_all()

    # --- helpers ---

    @property
    def canvas_tab(self) -> ExploreTab | ApplyTab:
        """The tab whose canvas is on show; Explore's where none is."""
        return self.apply if self._shown == "apply" else self.explore

    def _show_canvas(self) -> None:
        """Show a tab with a canvas, unless one is on show."""
        if self._shown not in {"explore", "apply"}:
            self.show_tab("explore")

    def _give_up(self) -> None:
        """Escape: cancel what takes long in the tab on show."""
        if self._shown == "apply":
            self.apply.give_up()
        else:
            self.explore.pane.give_up()

    def _data_for_digits(self) -> str:
        """The data set the model in use was trained on where it is here, else the one that always is."""
        from aedesk.data.sources import NAMES, is_present

        active = self.explorer.active
        trained_on = active.model.checkpoint.config.get("data") if active is not None else "mnist"
        return trained_on if trained_on in NAMES and is_present(trained_on) else "digits"

    def tell_problem(self, problem: BaseException) -> None:
        """Say what went wrong, in the status line and in a dialog; one dialog at a time, more go to the log."""
        expected = isinstance(problem, AedeskError)
        if not expected:
            logger.error("unexpected", exc_info=problem)
        self._status.set(str(problem))
        if self._closing or self._telling:
            logger.warning("not shown in a dialog: %s", problem)
            return
        self._telling = True
        try:
            dialogs.show_problem(self.root, problem)
        finally:
            self._telling = False

    def _on_load_failed(self, problem: BaseException) -> None:
        if self.explorer.active is not None:  # the pickers go back to what is in use
            self.header.show_model(self.explorer.active)
            self.explore.pane.show_layout(self.explorer.active)
        self._on_first_model()
        self.tell_problem(problem)

    def _on_drawing(self, what: str) -> None:
        self.canvas_tab.ink_changed()
        self._status.set(what)

    def _on_hands(self, _: None) -> None:
        """The drawing was changed by something other than the pen."""
        self._show_canvas()
        self.canvas_tab.ink_changed()

    def _on_model(self, active: ActiveModel) -> None:
        self.header.show_model(active)
        self._status.set("Ready. Draw on the canvas, or click on the map.")
        self._on_first_model()

    def _on_run_renamed(self, names: tuple[Path, Path]) -> None:
        """What is shown and used of a run goes by its new name."""
        old, new = names
        self.train.follow(old, new)
        self.cards.follow(old, new)
        active = self.explorer.active
        if active is not None and Path(active.reference).is_relative_to(old):
            reference = str(new / Path(active.reference).relative_to(old))
            self.explorer.active = replace(active, reference=reference)
            self.header.show_model(self.explorer.active)

    def _on_training(self, state: State) -> None:
        self.header.set_training(state)

    def _remember(self) -> None:
        active = self.explorer.active
        settings.save(
            {
                "geometry": self.root.geometry(),
                "theme": self.look.palette.name,
                "model": active.reference if active is not None else self._remembered.get("model"),
                "brush": self.brush.width,
                "train": self.train.remember(),
                "map": self.explore.pane.remember(),
                "apply": self.apply.remember(),
            }
        )
        settings.save_sketch(self.ink.image, self.ink.exact)

    def _destroy(self) -> None:
        if self._tick is None:
            return  # done already, from within a dialog
        self.root.after_cancel(self._tick)
        self._tick = None
        gc.unfreeze()  # or libraries report at the exit what was never collected
        self.root.update_idletasks()  # a Matplotlib draw that is due would not find its canvas any more
        self.root.destroy()


def _import_torch(link: Link[None]) -> Iterator[None]:
    """In a thread: torch."""
    prepare_torch()
    yield


def _name_device(link: Link[str]) -> Iterator[str]:
    """In a thread, as asking CUDA takes a while: the device that "auto" takes, in words."""
    from aedesk.training.device import devices

    found = devices()
    yield found[min(1, len(found) - 1)].label


def _import_matplotlib(link: Link[None]) -> Iterator[None]:
    """In a thread: Matplotlib."""
    import matplotlib.backends.backend_tkagg  # noqa: F401

    yield
