"""The panel that plays back how a drawing came about, and what the model made of it on the way."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import Any

import numpy as np
import ttkbootstrap as ttk

from aedesk.app.desk import Desk
from aedesk.app.explorer import Reading
from aedesk.app.signal import Signal
from aedesk.gui.fields import explain
from aedesk.gui.panels.buttons import allow, icon_button
from aedesk.gui.panels.panel import Panel
from aedesk.gui.panels.step_slider import StepSlider
from aedesk.gui.panels.ticker import Ticker
from aedesk.gui.theme import GAP, Look, Palette
from aedesk.gui.tiles import ImageTile

_PACE = 50  # ms for a step of the replay
_CAPTION = 22  # px, height of the words above a tile
_LARGEST, _SMALLEST = 140, 88  # px, of a tile's edge
_SHARE = 1 / 6  # of the panel's width, for a tile
_INVITATION = (
    "Draw a digit: every step of the pen is kept, with what the model made of it at that moment. "
    "Then go back and forth in it here, and see its code travel over the map."
)


class TrailPanel(Panel):
    """A slider over the steps, buttons to play them, and the drawing, its reconstruction and the guess at the step.

    `visible` tells whether the trail is wanted on the map; `is_visible` says it.
    """

    title = "Trail"
    tip = "Replay your drawing step by step, and see how its code travelled over the map."

    def __init__(
        self,
        master: tk.Misc,
        look: Look,
        desk: Desk,
        tell: Callable[[str], object],
        on_problem: Callable[[BaseException], object],
    ) -> None:
        super().__init__(master)
        self._look, self._trail, self._explorer = look, desk.trail, desk.explorer
        self._ticker = Ticker(self, _PACE, self._play_on)
        self._state: object = None  # what is shown
        self.visible: Signal[bool] = Signal()
        self._wanted = tk.BooleanVar(self, True)
        self.columnconfigure(0, weight=1)
        self.rowconfigure(2, weight=1)
        self._build_buttons().grid(row=0, column=0, sticky="ew")
        self.slider = StepSlider(self, look, self.go)
        self.slider.grid(row=1, column=0, sticky="ew", pady=(GAP, 0))
        explain(self.slider, "Every step of the pen; a tick where a stroke begins. Arrow keys go by one.")
        # Text of a canvas is changed in microseconds, at every motion of the pen; a label takes a millisecond.
        self._page = tk.Canvas(self, width=1, height=1, highlightthickness=0, borderwidth=0)
        self._page.grid(row=2, column=0, sticky="nsew")
        self._text = self._page.create_text(2, 4, anchor="nw")
        self._guess = self._page.create_text(2, 0, anchor="nw", font=("TkDefaultFont", 14, "bold"))
        self._drawing = ImageTile(self, look, "Drawing", _SMALLEST)
        self._rebuilt = ImageTile(self, look, "Rebuilt", _SMALLEST)
        for column, tile in ((1, self._drawing), (2, self._rebuilt)):
            tile.grid(row=0, column=column, rowspan=3, sticky="n", padx=(GAP, 0))
        explain(self._drawing, "The drawing as it was at this step, as the model saw it.")
        explain(self._rebuilt, "What the model rebuilt of it at this step.")
        self._page.bind("<Configure>", lambda _: self._arrange_words())
        self.bind("<Configure>", self._on_configure, add="+")
        self.watch(self._trail.changed, self._explorer.reading_changed, look.changed)

    def _build_buttons(self) -> ttk.Frame:
        row = ttk.Frame(self)
        self._back = icon_button(row, "skip-start", "One step back.", lambda: self.step(-1))
        self._play = icon_button(
            row, "play-fill", "Play the drawing, or pause (20 steps a second).", self.play
        )
        self._forward = icon_button(row, "skip-end", "One step forward.", lambda: self.step(1))
        self._now = ttk.Button(row, text="Now", command=self.leave, bootstyle="ghost", padding=(GAP, 3))
        self._now.pack(side="left")
        explain(self._now, "Leave the replay: back to the drawing as it is now.")
        self._clear = icon_button(row, "trash3", "Forget the trail; the drawing stays.", self.clear)
        self._clear.pack_configure(side="right")
        self.on_map = ttk.Checkbutton(
            row, text="Show on map", variable=self._wanted, command=lambda: self.visible.emit(self.is_visible)
        )
        self.on_map.pack(side="right", padx=(0, GAP))
        explain(self.on_map, "Draw the way of the code over the map, stroke by stroke.")
        return row

    # --- what is shown ---

    @property
    def is_visible(self) -> bool:
        """Whether the trail is wanted on the map."""
        return self._wanted.get()

    @property
    def is_playing(self) -> bool:
        return self._ticker.is_running

    @property
    def words(self) -> str:
        """What is said of the step."""
        return str(self._page.itemcget(self._text, "text"))

    @property
    def guess(self) -> str:
        """What is said of the guess at the step."""
        return str(self._page.itemcget(self._guess, "text"))

    def hidden(self) -> None:
        self.pause()
        super().hidden()

    def refresh(self) -> None:
        """Slider, tiles and words for the step that is shown, or for now."""
        trail, palette = self._trail, self._look.palette
        count = len(trail)
        reading = self._explorer.reading if trail.position is None else trail.shown
        state = (count, trail.coming, trail.position, reading, palette)
        if state == self._state:  # two signals may tell of one motion of the pen
            return
        self._state = state
        step = count - 1 if trail.position is None else trail.position
        starts = (np.flatnonzero(np.diff(trail.strokes)) + 1).tolist() if count > 1 else []
        self.slider.show(count, max(0, step), starts)
        self._show_reading(reading)
        self._page.itemconfigure(self._text, text=self._sentence(count, step))
        self._arrange_words()
        for button, possible in (
            (self._back, step > 0),
            (self._play, count > 1),
            (self._forward, trail.position is not None and step < count - 1),
            (self._now, trail.position is not None),
            (self._clear, count + trail.coming > 0),
        ):
            allow(button, possible)

    def _sentence(self, count: int, step: int) -> str:
        if self._trail.coming:
            return f"reading {count + self._trail.coming:,} steps anew: {count:,} done"
        if not count:
            return _INVITATION
        strokes = self._trail.strokes
        if self._trail.position is None:
            number = strokes[-1] + 1
            steps = "1 step" if count == 1 else f"{count:,} steps"
            return f"now: {steps}, {number} {'stroke' if number == 1 else 'strokes'}"
        return f"step {step + 1:,} of {count:,}, stroke {strokes[step] + 1}"

    def _show_reading(self, reading: Reading | None) -> None:
        self._drawing.show(reading.image if reading else None)
        self._rebuilt.show(reading.reconstruction if reading else None)
        palette = self._look.palette
        active = self._explorer.active
        text, colour = "", palette.text
        if reading is not None and active is not None and len(self._trail):
            classes, guess = active.atlas.classes, reading.guess
            votes = len(guess.neighbours)
            text = f"{classes[guess.label]}  ({round(guess.share * votes)} of {votes})"
            sure = guess.share > 0.5
            colour = palette.class_colours(len(classes))[guess.label] if sure else palette.muted
        self._page.itemconfigure(self._guess, text=text, fill=colour)
        self._recolour(palette)

    def _recolour(self, palette: Palette) -> None:
        if str(self._page["background"]) != palette.background:
            self._page.configure(background=palette.background)
        self._page.itemconfigure(self._text, fill=palette.muted)

    def _arrange_words(self) -> None:
        """The guess under the sentence, which may need several lines."""
        self._page.itemconfigure(self._text, width=max(1, self._page.winfo_width() - 4))
        box = self._page.bbox(self._text)
        self._page.coords(self._guess, 2, (box[3] if box else 0) + 4)

    # --- the user's wishes ---

    def go(self, step: int) -> None:
        """Show a step; a replay ends where the user takes the slider."""
        self.pause()
        self._trail.show(step)

    def step(self, by: int) -> None:
        """Go some steps on, or back."""
        self.pause()
        count = len(self._trail)
        if count:
            present = count - 1 if self._trail.position is None else self._trail.position
            self._trail.show(min(max(present + by, 0), count - 1))

    def play(self) -> None:
        """Go on from the step that is shown, from the beginning if that is the last one; pause if it plays."""
        if self.is_playing:
            self.pause()
            return
        count, position = len(self._trail), self._trail.position
        if count < 2:
            return
        if position is None or position >= count - 1:
            self._trail.show(0)
        self._ticker.start()
        self._play.configure(icon="pause-fill")

    def pause(self) -> None:
        """Stay at the step that is shown."""
        if self.is_playing:
            self._ticker.stop()
            self._play.configure(icon="play-fill")

    def leave(self) -> None:
        """Back to the drawing as it is now."""
        self.pause()
        self._trail.show(None)

    def clear(self) -> None:
        """Forget the steps."""
        self.pause()
        self._trail.clear()

    def _play_on(self) -> None:
        position, count = self._trail.position, len(self._trail)
        if position is None or position >= count - 1:  # somebody has drawn on, or it is over
            self.pause()
        else:
            self._trail.show(position + 1)

    def _on_configure(self, event: tk.Event[Any]) -> None:
        if event.widget is not self:
            return
        least, most, caption = ttk.scale_size(self, [_SMALLEST, _LARGEST, _CAPTION])
        edge = int(max(least, min(event.width * _SHARE, most, event.height - caption - GAP)))
        for tile in (self._drawing, self._rebuilt):
            tile.set_edge(edge)
