"""The window of one model's quality card: its figures, and a button that measures them anew."""

from __future__ import annotations

import math
import tkinter as tk
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import ttkbootstrap as ttk

from aedesk.app.jobs import Jobs
from aedesk.app.loading import ActiveModel
from aedesk.app.quality import Quality
from aedesk.data.sources import fetch_size
from aedesk.errors import AedeskError
from aedesk.gui.apply.run_bar import RunBar
from aedesk.gui.card.lines import table
from aedesk.gui.card.making import as_text, heading
from aedesk.gui.card.sheet import CardSheet
from aedesk.gui.charts.card import card_chart
from aedesk.gui.charts.file_buttons import FileButtons
from aedesk.gui.fields import explain
from aedesk.gui.fitting_label import FittingLabel
from aedesk.gui.form.data_preview import DataPreviewWindow
from aedesk.gui.header import title_of
from aedesk.gui.theme import GAP, Look

if TYPE_CHECKING:
    from aedesk.gui.charts.chart import Chart

_SIZE = (960, 780)  # px, before scaling
_LEAST = (820, 420)
_AROUND = 48  # px of the screen that are left to the window's frame
_ASIDE = 24  # px, before scaling: from one card to the next
_TURNS = {"<Up>": -0.1, "<Down>": 0.1, "<Prior>": -0.9, "<Next>": 0.9, "<Home>": -math.inf, "<End>": math.inf}
"""How far a key scrolls, as a share of what is on show."""
_EMPTY = (
    "Nobody has measured this model yet.\n\n"
    "A card tells how well it rebuilds digits, what its codes know of classes, how clear the digits are\n"
    "that it makes up, and how it copes with sketches, beside PCA and what others have published."
)
_MEASURING = "Measuring \u2026\n\nYou can go on working meanwhile."


class CardWindow(ttk.Toplevel):
    """Shows the card of `active`, and measures it where there is none. Escape closes, and gives up measuring."""

    def __init__(
        self,
        master: tk.Misc,
        look: Look,
        jobs: Jobs,
        active: ActiveModel,
        tell: Callable[[str], object],
        on_problem: Callable[[BaseException], object],
    ) -> None:
        super().__init__(master=master)
        self.withdraw()
        self.transient(master.winfo_toplevel())
        self._over = master.winfo_toplevel()
        self._look, self._jobs, self._tell, self._on_problem = look, jobs, tell, on_problem
        self.quality = Quality(jobs, active)
        page = ttk.Frame(self, padding=2 * GAP)
        page.pack(fill="both", expand=True)
        self._build_head(page, active).pack(fill="x", pady=(0, GAP))
        # Made in the order in which the Tab key goes through them; the foot keeps its place where there is little.
        self._middle = ttk.Frame(page)
        self._build_foot(page).pack(side="bottom", fill="x", pady=(GAP, 0))
        self._middle.pack(fill="both", expand=True)
        self.sheet = CardSheet(self._middle, look, self._copy)
        self._waiting = ttk.Frame(self._middle)
        self.message = ttk.Label(self._waiting, justify="center", style="Muted.TLabel")
        self.message.pack()
        self.fetch_button = ttk.Button(self._waiting, bootstyle="primary", command=self._look_into_data)
        self._shown: object = None  # the Found that the sheet shows
        disconnects = [  # after the run bar's own, which knows one name for its button
            self.quality.changed.connect(lambda _: self._refresh()),
            self.quality.failed.connect(self._on_failed),
            self.quality.measuring.changed.connect(lambda _: self._refresh()),
        ]
        self.bind("<Escape>", lambda _: self.destroy())
        for key, share in _TURNS.items():
            self.bind(key, partial(self._on_turn, share))
        self.bind("<Destroy>", lambda event: self._on_destroy(event, disconnects), add="+")
        self._refresh()
        self.quality.look()

    # --- building ---

    def _build_head(self, page: ttk.Frame, active: ActiveModel) -> ttk.Frame:
        head = ttk.Frame(page)
        self._title = ttk.Label(head, style="Figure.TLabel")
        self._title.pack(side="left")
        tools = ttk.Frame(head)
        tools.pack(side="right")
        self.copy_buttons = [
            self._build_copy(tools, words, sentence, make)
            for words, sentence, make in (
                ("Text", "Copy the whole card as text.", self.text),
                ("CSV", "Copy the figures as a table, for a spreadsheet.", self.csv),
            )
        ]
        self.files = FileButtons(tools, self.chart, self._tell, self._on_problem)
        self.files.pack(side="left")
        self.line = FittingLabel(head, keep_end=False)
        self.line.set(active.model.architecture.summary())
        self.line.pack(side="left", fill="x", expand=True, padx=(2 * GAP, GAP))
        self.rename(active.reference)
        return head

    def _build_copy(self, tools: ttk.Frame, words: str, sentence: str, make: Callable[[], str]) -> ttk.Button:
        button = ttk.Button(
            tools,
            icon="clipboard",
            text=words,
            command=lambda: self._copy(make()),
            bootstyle="ghost",
            padding=5,
        )
        button.pack(side="left", padx=(0, 2))
        explain(button, sentence)
        return button

    def _build_foot(self, page: ttk.Frame) -> ttk.Frame:
        foot = ttk.Frame(page)
        self.run_bar = RunBar(
            foot,
            self.quality.measuring,
            "Measure",
            "Take every figure of the card on test images, in the background; it takes a minute or two.",
            self._on_measure,
        )
        self.run_bar.pack(side="left")
        ttk.Button(foot, text="Close", command=self.destroy).pack(side="right")
        self.note = FittingLabel(foot, keep_end=False)
        self.note.pack(side="left", fill="x", expand=True, padx=2 * GAP)
        return foot

    # --- what it is asked for ---

    def appear(self, place: int = 0) -> None:
        """Come up in the middle of the main window, or to the front. place: a little beside so many others."""
        if self.state() != "withdrawn":
            self.lift()
            self.focus_set()
            return
        width, height = ttk.scale_size(self, _SIZE)
        width = min(width, self.winfo_screenwidth() - _AROUND)
        height = min(height, self.winfo_screenheight() - 2 * _AROUND)
        aside = ttk.scale_size(self, place * _ASIDE)
        x = max(0, self._over.winfo_rootx() + (self._over.winfo_width() - width) // 2) + aside
        y = max(0, self._over.winfo_rooty() + (self._over.winfo_height() - height) // 2) + aside
        # On a small screen rather over another card than over the edge.
        x = min(x, self.winfo_screenwidth() - width)
        y = min(y, self.winfo_screenheight() - _AROUND - height)
        least_width, least_height = ttk.scale_size(self, _LEAST)
        self.minsize(min(width, least_width), min(height, least_height))
        self.geometry(f"{width}x{height}+{max(0, x)}+{max(0, y)}")
        self.deiconify()
        self.focus_set()

    def rename(self, reference: str) -> None:
        """The model goes by this reference now."""
        self.quality.reference = reference
        name = title_of(reference)
        self.title(f"Quality card: {name}")
        self._title.configure(text=name)

    def chart(self) -> Chart | None:
        """The card as a figure; None where there is no card."""
        found = self.quality.found
        if found is None or found.card is None:
            return None
        return card_chart(found.card, found.published)

    def text(self) -> str:
        """The card as text; empty where there is none."""
        found = self.quality.found
        if found is None or found.card is None:
            return ""
        return as_text(found.card, found.published, self.quality.reference)

    def csv(self) -> str:
        """The figures as a table; empty where there are none."""
        found = self.quality.found
        return "" if found is None or found.card is None else table(found.card, found.published).to_csv()

    # --- news ---

    def _refresh(self) -> None:
        """As the state of the card has it."""
        found, running = self.quality.found, self.quality.measuring.is_running
        card = None if found is None else found.card
        missing = self.quality.missing
        if not running:
            self.run_bar.button.configure(
                text="Measure" if card is None else "Measure again",
                state="disabled" if missing or found is None else "normal",
            )
        for button in self.copy_buttons:
            button.configure(state="disabled" if card is None else "normal")
        self.files.enable(card is not None)
        self.note.set("" if found is None or running else found.note or (missing if card is not None else ""))
        if card is None or found is None:
            self._show_waiting(running)
        elif self._shown is not found:
            self._shown = found
            self._waiting.place_forget()
            self.line.set(heading(card))
            self.sheet.show(card, found.published, self.quality.reference)
            self.sheet.pack(fill="both", expand=True)

    def _show_waiting(self, running: bool) -> None:
        """What stands in the place of a card that is not there."""
        missing = self.quality.missing
        looking = self.quality.found is None
        words = "Looking for its card \u2026" if looking else _EMPTY + (f"\n\n{missing}" if missing else "")
        self.message.configure(text=_MEASURING if running else words)
        self._waiting.place(relx=0.5, rely=0.45, anchor="center")
        self.fetch_button.pack_forget()
        if self.quality.can_be_fetched and not looking:
            data = self.quality.data
            self.fetch_button.configure(text=f"Get {data} ({fetch_size(data)}) ...")
            self.fetch_button.pack(pady=(2 * GAP, 0))

    def _on_failed(self, problem: BaseException) -> None:
        if isinstance(problem, AedeskError):
            self.note.set(str(problem))
        else:
            self._on_problem(problem)

    def _on_destroy(self, event: tk.Event[Any], disconnects: list[Callable[[], None]]) -> None:
        if event.widget is self:
            for disconnect in disconnects:
                disconnect()
            self.quality.end()

    # --- the user's hands ---

    def _on_turn(self, share: float, _: tk.Event[Any]) -> None:
        self.sheet.turn(share)

    def _on_measure(self) -> None:
        self.quality.measure()

    def _look_into_data(self) -> None:
        window = DataPreviewWindow(self, self._look, self._jobs, self._refresh)
        window.look_into(self.quality.data)

    def _copy(self, words: str) -> None:
        self.clipboard_clear()
        self.clipboard_append(words)
        self.note.set("Copied.")
