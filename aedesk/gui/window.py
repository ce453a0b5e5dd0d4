"""The main window: header, two tabs, menus and shortcuts, one tick, and an orderly end."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path
from tkinter import Menu, StringVar, filedialog
from typing import Any

import numpy as np
import ttkbootstrap as ttk

from aedesk import paths, sketch
from aedesk.app import settings
from aedesk.app.explorer import Explorer
from aedesk.app.ink import SIZE, Ink
from aedesk.app.jobs import Jobs
from aedesk.app.loading import ActiveModel, prepare_torch
from aedesk.app.trainer import State, Trainer
from aedesk.app.worker import Link
from aedesk.errors import AedeskError
from aedesk.gui import dialogs, pictures
from aedesk.gui.explore import ExploreTab
from aedesk.gui.header import Header
from aedesk.gui.platform import IS_MAC, accelerator, bind_shortcut
from aedesk.gui.theme import GAP, Look
from aedesk.gui.train import TrainTab

logger = logging.getLogger(__name__)

POLL = 30  # ms between two looks at what the workers have sent
_DEFAULT_MODEL = "dense-32"
_SMALLEST = (1000, 680)
_FIRST_SIZE = "1280x800"


class Window:
    """Everything in `root`. `start` brings torch and the last model in; `close` ends it all."""

    def __init__(self, root: ttk.App, look: Look, remembered: dict[str, Any]) -> None:
        self.root, self.look = root, look
        self.jobs = Jobs()
        self.ink = Ink()
        self.explorer = Explorer(self.jobs)
        self.trainer = Trainer(self.jobs)
        self._remembered = remembered
        self._closing = False
        self._tick: str | None = None
        self.verbs = {
            "undo": lambda: self._on_ink(self.ink.undo),
            "redo": lambda: self._on_ink(self.ink.redo),
            "clear": lambda: self._on_ink(self.ink.clear),
            "open_picture": self.open_picture,
            "paste": self.paste,
            "copy": self.copy,
            "save_drawing": self.save_drawing,
            "save_digit": self.save_digit,
            "random_digit": self.random_digit,
        }
        root.minsize(*_SMALLEST)
        root.geometry(_usable_geometry(root, remembered.get("geometry")))
        root.protocol("WM_DELETE_WINDOW", self.close)
        self._build()
        self._build_menus()
        self._connect()
        self._restore_sketch()
        root.update_idletasks()
        root.deiconify()

    # --- building ---

    def _build(self) -> None:
        root = self.root
        self.header = Header(root, self.look, on_model=self.load_model, on_theme=self.toggle_theme, on_tab=self.show_tab)
        self.header.pack(fill="x")
        self._status = StringVar(value="Getting ready: you can draw already ...")
        status = ttk.Label(root, textvariable=self._status, style="Muted.TLabel", padding=(2 * GAP, 4, 2 * GAP, 6))
        status.pack(side="bottom", fill="x")
        pages = ttk.Frame(root)
        pages.pack(fill="both", expand=True)
        self.explore = ExploreTab(pages, self.look, self.explorer, self.ink, self.verbs)
        self.train = TrainTab(
            pages, self.look, self.trainer, self.jobs, on_use=self.use_run, on_status=self._status.set
        )
        self._pages = {"explore": self.explore, "train": self.train}
        for page in self._pages.values():
            page.place(relwidth=1, relheight=1)
        self.show_tab("explore")

    def _build_menus(self) -> None:
        bar = Menu(self.root)
        for title, entries in self._menu_entries().items():
            menu = Menu(bar)
            bar.add_cascade(label=title, menu=menu)
            for entry in entries:
                if entry is None:
                    menu.add_separator()
                    continue
                label, shown, action = entry
                menu.add_command(label=label, accelerator=shown, command=action)
        self.root.configure(menu=bar)
        self._bind_keys()

    def _menu_entries(self) -> dict[str, list[tuple[str, str, Any] | None]]:
        verbs = self.verbs
        return {
            "File": [
                ("Open picture ...", accelerator("o"), verbs["open_picture"]),
                ("Save drawing ...", accelerator("s"), verbs["save_drawing"]),
                ("Save generated digit ...", "", verbs["save_digit"]),
                None,
                ("Open model ...", accelerator("m"), self.open_model),
                None,
                ("Quit" if IS_MAC else "Close", accelerator("q"), self.close),
            ],
            "Edit": [
                ("Undo", accelerator("z"), verbs["undo"]),
                ("Redo", accelerator("z", shift=True), verbs["redo"]),
                None,
                ("Copy drawing", accelerator("c"), verbs["copy"]),
                ("Paste picture", accelerator("v"), verbs["paste"]),
                ("Clear canvas", "Del", verbs["clear"]),
                None,
                ("Random test digit", accelerator("r"), verbs["random_digit"]),
            ],
            "View": [
                ("Explore", accelerator("1"), lambda: self.show_tab("explore")),
                ("Train", accelerator("2"), lambda: self.show_tab("train")),
                None,
                ("Fit map", accelerator("0"), self.fit_map),
                ("Light or dark", accelerator("d"), self.toggle_theme),
            ],
            "Help": [
                ("Keyboard and mouse", "F1", lambda: dialogs.show_shortcuts(self.root)),
                ("About aedesk", "", lambda: dialogs.show_about(self.root, self.header.device)),
            ],
        }

    def _bind_keys(self) -> None:
        root, verbs = self.root, self.verbs
        for key, action in {
            "o": verbs["open_picture"],
            "s": verbs["save_drawing"],
            "m": self.open_model,
            "q": self.close,
            "w": self.close,
            "z": verbs["undo"],
            "y": verbs["redo"],
            "c": verbs["copy"],
            "v": verbs["paste"],
            "r": verbs["random_digit"],
            "1": lambda: self.show_tab("explore"),
            "2": lambda: self.show_tab("train"),
            "0": self.fit_map,
            "d": self.toggle_theme,
            "p": self.start_or_pause,
        }.items():
            bind_shortcut(root, key, action)
        bind_shortcut(root, "z", verbs["redo"], shift=True)
        root.bind_all("<F1>", lambda _: dialogs.show_shortcuts(root))
        # Plain letters act on the canvas only while it has the focus: elsewhere they are typed.
        pad = self.explore.sketchpad
        for key, tool in (("p", "pen"), ("e", "eraser")):
            pad.bind(f"<{key}>", lambda _, tool=tool: self.explore.set_tool(tool))
        pad.bind("<Delete>", lambda _: verbs["clear"]())
        pad.bind("<BackSpace>", lambda _: verbs["clear"]())
        pad.bind("<bracketleft>", lambda _: self._change_brush(-6))
        pad.bind("<bracketright>", lambda _: self._change_brush(6))

    def _connect(self) -> None:
        self.explorer.status.connect(self._status.set)
        self.explorer.failed.connect(self._on_problem)
        self.explorer.model_changed.connect(self._on_model)
        self.trainer.failed.connect(self._on_problem)
        self.trainer.state_changed.connect(self._on_training)

    # --- the start ---

    def start(self) -> None:
        """Bring in what is heavy, in one background thread, while the window is already used."""
        self.header.list_models()
        self.jobs.start("imports", _import_heavy, self._on_imported, self._on_started)
        self._poll()

    def _on_imported(self, device: str) -> None:
        self.header.set_device(device)
        self.explore.build_map()
        self.train.build_plots()
        self.train.restore(self._remembered.get("train", {}))

    def _on_started(self, problem: BaseException | None) -> None:
        if problem is not None:
            self._on_problem(problem)
            return
        reference = self._remembered.get("model")
        known = isinstance(reference, str) and reference in self.header.models()
        self.load_model(str(reference) if known else _DEFAULT_MODEL)
        self.explore.sketchpad.focus_set()

    def _restore_sketch(self) -> None:
        brush = self._remembered.get("brush")
        if isinstance(brush, int | float):
            self.explore.brush = float(brush)
        raster = settings.load_sketch()
        if raster is not None and raster.shape == (SIZE, SIZE) and raster.any():
            self.ink.replace(raster)
            self.explore.ink_changed()

    def _poll(self) -> None:
        """The one tick that hands on what background threads have sent."""
        self._tick = None
        try:
            self.jobs.poll()
        finally:
            if self._closing and not self.jobs.are_running:
                self._destroy()
            else:
                self._tick = self.root.after(POLL, self._poll)

    # --- verbs ---

    def load_model(self, reference: str) -> None:
        self.explorer.load(reference)

    def use_run(self, folder: Path) -> None:
        """Take a finished run into use, and show it."""
        self.header.list_models()
        self.explorer.load(str(folder))
        self.show_tab("explore")

    def open_model(self) -> None:
        path = filedialog.askopenfilename(
            parent=self.root,
            title="Open a model",
            initialdir=paths.runs() if paths.runs().is_dir() else None,
            filetypes=(("Models", "*.safetensors"), ("All files", "*")),
        )
        if path:
            self.explorer.load(path)

    def show_tab(self, name: str) -> None:
        """`explore` or `train`."""
        self._pages[name].tkraise()
        self.header.set_tab(name)

    def toggle_theme(self) -> None:
        self.look.toggle(self.root)

    def fit_map(self) -> None:
        if self.explore.map is not None:
            self.explore.map.fit()

    def start_or_pause(self) -> None:
        self.show_tab("train")
        if self.trainer.state is State.IDLE:
            self.train.start()
        else:
            self.train.toggle_pause()

    def open_picture(self) -> None:
        path = filedialog.askopenfilename(
            parent=self.root, title="Open a picture", filetypes=pictures.PICTURE_TYPES
        )
        if path:
            with self._telling():
                self._take_picture(sketch.open_picture(path), Path(path).name)

    def paste(self) -> None:
        with self._telling():
            self._take_picture(pictures.from_clipboard(), "the clipboard")

    def copy(self) -> None:
        with self._telling():
            pictures.to_clipboard(self.ink.image)
            self._status.set("Drawing copied.")

    def save_drawing(self) -> None:
        """The drawing, what the model sees and what it rebuilds, side by side in one PNG."""
        if self.ink.is_blank:
            self._status.set("There is nothing to save yet: draw a digit first.")
            return
        sheet = [self.ink.image.resize((280, 280))]
        if self.explorer.reading is not None:
            reading = self.explorer.reading
            sheet += [pictures.enlarged(image) for image in (reading.image, reading.reconstruction)]
        self._save(pictures.side_by_side(sheet), "sketch.png")

    def save_digit(self) -> None:
        if self.explorer.pick is None:
            self._status.set("Click on the map first: the digit that appears can be saved.")
            return
        self._save(pictures.enlarged(self.explorer.pick.image), "generated.png")

    def random_digit(self) -> None:
        self.show_tab("explore")
        self.explorer.draw_test_digit(self.ink, self._data_for_digits())

    def close(self) -> None:
        """Ask if a training run would end, let every worker finish, then destroy: never while torch works."""
        if self._closing:
            return
        if self.trainer.state is not State.IDLE and not dialogs.ask_to_stop_training(self.root):
            return
        self._closing = True
        self._remember()
        self._status.set("Closing: waiting for the work in the background to end ...")
        self.jobs.stop_all()

    # --- helpers ---

    def _on_ink(self, change: Any) -> None:
        change()
        self.explore.ink_changed()

    def _change_brush(self, by: float) -> None:
        self.explore.brush += by

    def _take_picture(self, picture: Any, origin: str) -> None:
        """Put a picture on the canvas; one of exactly 28x28 is seen by the model as it is."""
        exact = sketch.from_picture(picture) if picture.size == (28, 28) else None
        if exact is not None:
            self.ink.show_picture(exact)
        else:
            ink = sketch.ink_of_picture(picture, SIZE)
            if not np.any(ink):
                raise AedeskError(f"No ink was found in {origin}: it looks all of one shade")
            self.ink.replace(ink)
        self.show_tab("explore")
        self.explore.ink_changed()
        self._status.set(f"Picture from {origin}.")

    def _save(self, picture: Any, name: str) -> None:
        path = filedialog.asksaveasfilename(
            parent=self.root, initialfile=name, defaultextension=".png", filetypes=(("PNG", "*.png"),)
        )
        if path:
            with self._telling():
                pictures.save_png(picture, path)
                self._status.set(f"Saved {path}")

    def _data_for_digits(self) -> str:
        """The data set the model in use was trained on where it is here, else the one that always is."""
        from aedesk.data.sources import NAMES, is_present

        active = self.explorer.active
        trained_on = active.model.checkpoint.config.get("data") if active is not None else "mnist"
        return trained_on if trained_on in NAMES and is_present(trained_on) else "digits"

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        """An expected problem becomes a dialog."""
        try:
            yield
        except AedeskError as problem:
            self._on_problem(problem)

    def _on_problem(self, problem: BaseException) -> None:
        if not isinstance(problem, AedeskError):
            logger.error("unexpected", exc_info=problem)
        self._status.set(str(problem))
        if not self._closing:
            dialogs.show_problem(self.root, problem)

    def _on_model(self, active: ActiveModel) -> None:
        self.header.show_model(active)
        self._status.set("Ready. Draw on the canvas, or click on the map.")

    def _on_training(self, state: State) -> None:
        self.header.set_training(state)

    def _remember(self) -> None:
        active = self.explorer.active
        settings.save(
            {
                "geometry": self.root.geometry(),
                "theme": self.look.palette.name,
                "model": active.reference if active is not None else self._remembered.get("model"),
                "brush": self.explore.brush,
                "train": self.train.remember(),
            }
        )
        settings.save_sketch(self.ink.image)

    def _destroy(self) -> None:
        if self._tick is not None:
            self.root.after_cancel(self._tick)
        self.root.destroy()


def _import_heavy(link: Link[str]) -> Iterator[str]:
    """In the loader's thread: torch and Matplotlib, then the device in words."""
    prepare_torch()
    import matplotlib.backends.backend_tkagg  # noqa: F401
    from aedesk.training.device import devices

    yield devices()[-1].label


def _usable_geometry(root: ttk.App, remembered: object) -> str:
    """The remembered size and place, if it is well-formed and still on a screen."""
    import re

    match = re.fullmatch(r"(\d+)x(\d+)\+(-?\d+)\+(-?\d+)", str(remembered))
    if match is None:
        return _FIRST_SIZE
    width, height, x, y = map(int, match.groups())
    width = min(max(width, _SMALLEST[0]), root.winfo_screenwidth())
    height = min(max(height, _SMALLEST[1]), root.winfo_screenheight())
    on_screen = -width < x < root.winfo_screenwidth() - 40 and 0 <= y < root.winfo_screenheight() - 40
    return f"{width}x{height}" + (f"+{x}+{y}" if on_screen else "")
