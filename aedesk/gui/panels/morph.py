"""The panel that turns one digit into another, frame by frame."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import Any

import ttkbootstrap as ttk

from aedesk.app.desk import Desk
from aedesk.app.morpher import Strip
from aedesk.app.signal import Signal
from aedesk.errors import AedeskError
from aedesk.gui.fields import explain
from aedesk.gui.fitting_label import FittingLabel
from aedesk.gui.panels.buttons import allow
from aedesk.gui.panels.morph_bar import MorphBar
from aedesk.gui.panels.morph_ends import Ends
from aedesk.gui.panels.panel import Panel, save_as
from aedesk.gui.panels.picture_row import PictureRow
from aedesk.gui.panels.ticker import Ticker
from aedesk.gui.theme import GAP, Look
from aedesk.gui.tiles import ImageTile

_PACE = 90  # ms for a frame
_CAPTION = 22  # px, height of the words above the large frame
_LARGEST, _SMALLEST = 112, 88  # px, of the large frame
_SHARE = 1 / 6  # of the panel's width, for the large frame
_NO_ENDS = "Give A and B a code: draw and press Sketch, or click on the map and press Place."
_NO_PATH = "Choose the path tool (F) at the map's left, and draw a path over the map."
_SEARCHING = "Finding roads through the codes ..."
_DECODING = "Decoding the frames ..."
_WHY_ADD = "Take B's code from A's, add C's, and show the digit on the map."
_WHY_NOT_ADD = "Give A, B and C a code first: then A \u2212 B + C can be decoded."


class MorphPanel(Panel):
    """Ends, way and frames at the left and above; the film strip; one frame large.

    `frame_changed` tells the frame that is shown large, None when there is none any more.
    """

    title = "Morph"
    tip = "Turn one digit into another along a way through the codes, and reckon with codes: A - B + C."

    def __init__(
        self,
        master: tk.Misc,
        look: Look,
        desk: Desk,
        tell: Callable[[str], object],
        on_problem: Callable[[BaseException], object],
    ) -> None:
        super().__init__(master)
        self._morpher, self._explorer = desk.morpher, desk.explorer
        self._tell, self._on_problem = tell, on_problem
        self.frame_changed: Signal[int | None] = Signal()
        self._strip: Strip | None = None
        self._frame: int | None = None
        self._forwards = True
        self._ticker = Ticker(self, _PACE, self._play_on)
        self.columnconfigure(1, weight=1)
        self.rowconfigure(1, weight=1)
        self.bar = MorphBar(
            self,
            on_how=self._morpher.set_how,
            on_frames=self._morpher.set_frames,
            on_play=self.play,
            on_save_gif=self.save_gif,
            on_save_strip=self.save_strip,
        )
        self.bar.grid(row=0, column=0, columnspan=3, sticky="ew", pady=(0, 4))
        self.ends = Ends(self, look, self._take, self.swap)
        self.ends.grid(row=1, column=0, sticky="nw")
        self._build_middle(look).grid(row=1, column=1, sticky="nsew", padx=(GAP, 0))
        self._large = ImageTile(self, look, "Frame", _SMALLEST)
        self._large.grid(row=1, column=2, sticky="n", padx=(GAP, 0))
        self.bind("<Configure>", self._on_configure, add="+")
        disconnect = self._morpher.failed.connect(on_problem)
        self.row.canvas.bind("<Destroy>", lambda _: disconnect(), add="+")
        explorer = self._explorer
        self.watch(self._morpher.changed, explorer.reading_changed, explorer.picked, explorer.model_changed)

    def _build_middle(self, look: Look) -> ttk.Frame:
        middle = self._middle = ttk.Frame(self)
        middle.columnconfigure(0, weight=1)
        middle.rowconfigure(0, weight=1)
        self.row = PictureRow(
            middle,
            look,
            captions=False,
            on_click=self.choose,
            on_hover=self._on_hover,
            on_current=self.look_at,
            edge=56,
        )
        self.row.grid(row=0, column=0, sticky="nsew")
        explain(
            self.row.canvas, "Click on a frame to pick its code on the map; arrow keys go through the frames."
        )
        self._words = FittingLabel(middle, keep_end=False)
        self._words.grid(row=1, column=0, sticky="ew", pady=(4, 0))
        self.add = ttk.Button(
            middle,
            text="A \u2212 B + C",
            command=self.add_up,
            bootstyle="neutral outline",
            padding=(GAP, 2),
            state="disabled",
        )
        self.add.grid(row=2, column=0, sticky="w", pady=(4, 0))
        self._add_tip = explain(self.add, _WHY_NOT_ADD)
        return middle

    # --- what is shown ---

    @property
    def words(self) -> str:
        """What the panel says about the morph, or about what it lacks."""
        return self._invitation() if self._strip is None else self._words.words

    @property
    def frame(self) -> int | None:
        """The frame that is shown large."""
        return self._frame

    @property
    def is_playing(self) -> bool:
        return self._ticker.is_running

    def shown(self) -> None:
        super().shown()
        self.frame_changed.emit(self._frame)

    def hidden(self) -> None:
        self.pause()
        super().hidden()
        self.frame_changed.emit(None)  # its place on the map goes with the panel

    def refresh(self) -> None:
        """Ends, way, strip and words as the morpher has them."""
        morpher = self._morpher
        sources = {"sketch": self._explorer.reading is not None, "pick": self._explorer.pick is not None}
        for name, row in self.ends.rows.items():
            row.show(morpher.ends[name])
            for source, there in sources.items():
                row.enable(source, there)
        a, b, c = (morpher.ends[name] is not None for name in "abc")
        allow(self.ends.swap, a or b)
        if allow(self.add, a and b and c):
            self._add_tip.configure(text=_WHY_ADD if a and b and c else _WHY_NOT_ADD)
        self.bar.show(morpher.how, morpher.frames, has_strip=morpher.strip is not None)
        if morpher.strip is not self._strip:
            self._show_strip(morpher.strip)
        self.row.set_empty(self._invitation())
        self._words.set(self._sentence())

    def _show_strip(self, strip: Strip | None) -> None:
        self._strip = strip
        # Words for no strip need more height than a strip in a narrow window.
        self._middle.rowconfigure(0, weight=1 if strip is None else 0)
        if strip is None:
            self.pause()
            self.row.clear()
            self._show_frame(None)
        else:
            frame = min(self._frame or 0, len(strip.images) - 1)
            self.row.show(strip.images, current=frame)
            self._show_frame(frame)

    def _show_frame(self, frame: int | None) -> None:
        strip = self._strip
        there = strip is not None and frame is not None
        self._large.show(strip.images[frame] if strip is not None and frame is not None else None)
        self.row.set_current(frame if there else None)
        if frame != self._frame or there:
            self._frame = frame
            self.frame_changed.emit(frame)
            self._words.set(self._sentence())

    @property
    def _at_work(self) -> str:
        return _SEARCHING if self._morpher.how == "data" else _DECODING

    def _invitation(self) -> str:
        """What is missing for a strip."""
        if self._morpher.is_busy:
            return self._at_work
        return _NO_PATH if self._morpher.how == "path" else _NO_ENDS

    def _sentence(self) -> str:
        strip = self._strip
        if strip is None:
            return ""
        if self._morpher.is_busy:
            return self._at_work
        number = "" if self._frame is None else f"frame {self._frame + 1} of "
        return f"{number}{len(strip.images)}"

    def _on_hover(self, frame: int | None) -> None:
        """The frame under the pointer is shown large while nothing plays."""
        if frame is not None and not self.is_playing:
            self._show_frame(frame)

    # --- the user's wishes ---

    def choose(self, frame: int) -> None:
        """Stop at a frame, and pick its code on the map."""
        self.pause()
        if self._strip is not None:
            self._show_frame(frame)
            self._explorer.pick_code(self._strip.codes[frame], "a frame of the morph")

    def look_at(self, frame: int) -> None:
        """Stop at a frame, and show where its code lies."""
        self.pause()
        self._show_frame(frame)

    def swap(self) -> None:
        """A becomes B and B becomes A."""
        ends = self._morpher.ends
        a, b = ends["a"], ends["b"]
        self._morpher.set_end("a", b)
        self._morpher.set_end("b", a)

    def play(self) -> None:
        """Play back and forth, or pause."""
        if self.is_playing:
            self.pause()
        elif self._strip is not None:
            self._ticker.start()
            self.bar.show_playing(True)

    def pause(self) -> None:
        """Stay at the frame that is shown."""
        if self.is_playing:
            self._ticker.stop()
            self.bar.show_playing(False)

    def _play_on(self) -> None:
        if self._strip is None:
            return
        last = len(self._strip.images) - 1
        frame = 0 if self._frame is None else self._frame
        if frame >= last:
            self._forwards = False
        elif frame <= 0:
            self._forwards = True
        self._show_frame(min(max(frame + (1 if self._forwards else -1), 0), last))

    def save_gif(self) -> None:
        """The frames, back and forth, as a moving picture."""
        save_as(self, "morph.gif", self._morpher.save_gif, self._tell, self._on_problem)

    def save_strip(self) -> None:
        """The frames side by side in one picture."""
        save_as(self, "morph.png", self._morpher.save_strip, self._tell, self._on_problem)

    def add_up(self) -> None:
        """Pick A - B + C on the map."""
        try:
            self._morpher.add_up()
        except AedeskError as problem:
            self._on_problem(problem)

    def _take(self, name: str, source: str) -> None:
        try:
            self._morpher.take(name, source)
        except AedeskError as problem:
            self._on_problem(problem)

    def _on_configure(self, event: tk.Event[Any]) -> None:
        if event.widget is not self:
            return
        least, most, caption = ttk.scale_size(self, [_SMALLEST, _LARGEST, _CAPTION])
        by_height = self.ends.winfo_reqheight() - caption
        self._large.set_edge(int(max(least, min(event.width * _SHARE, most, by_height))))
