"""Vertical bars to pull: one for each number of a code."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import Any

import numpy as np
import ttkbootstrap as ttk

from aedesk.gui.panels.latest import Latest
from aedesk.gui.platform import bind_wheel
from aedesk.gui.theme import Look, Palette

_STEPS = 40  # of a key or a notch, for the whole range of a number
_FASTER = 4  # times, with Shift
_SHIFT = 0x1  # in an event's state
_WIDEST = 140  # px, of a bar
_MARGIN = 6  # px
_KNOB = 3  # px, height of the mark at a bar's end


class Equaliser(tk.Canvas):
    """Bars from a common zero line, each on a scale of its own: as far up and down as its number goes.

    `on_set(position, value)` is told what is pulled, at most once while Tk has nothing better to do;
    `on_reset(position)` what was double-clicked. Nothing moves before `show` says so.
    """

    def __init__(
        self,
        master: tk.Misc,
        look: Look,
        on_set: Callable[[int, float], object],
        on_reset: Callable[[int], object],
        empty: str = "",
    ) -> None:
        """empty: shown where there is no code."""
        super().__init__(master, width=1, height=1, highlightthickness=0, borderwidth=0, takefocus=1)
        self._look, self._on_reset = look, on_reset
        self._dims = np.zeros(0, int)
        self._low = self._high = self._values = np.zeros(0)
        self._has_code = False
        self._focused = 0
        self._has_focus = False
        self._pressed: int | None = None
        self._has_dragged = False
        self._hovered: int | None = None
        self._latest: Latest[tuple[int, float]] = Latest(self, lambda wish: on_set(*wish))
        self._tracks: list[int] = []
        self._bars: list[int] = []
        self._knobs: list[int] = []
        self._drawn: list[
            tuple[float, float] | None
        ] = []  # top and bottom of each bar as it is on the screen
        self._zero = self.create_line(0, 0, 0, 0)
        self._ring = self.create_rectangle(0, 0, 0, 0, width=2, state="hidden")
        self._words = self.create_text(0, 0, anchor="sw")
        self._empty = self.create_text(0, 0, text=empty, justify="center")
        self._line = ttk.scale_size(self, 18)  # px, room for the words
        self._bind_hands()
        disconnect = look.changed.connect(self._recolour)
        self.bind("<Destroy>", lambda _: disconnect(), add="+")
        self._recolour(look.palette)

    def _bind_hands(self) -> None:
        self.bind("<Configure>", lambda _: self._lay_out())
        self.bind("<ButtonPress-1>", self._on_press)
        self.bind("<B1-Motion>", self._on_drag)
        self.bind("<ButtonRelease-1>", self._on_release)
        self.bind("<Double-Button-1>", self._on_double)
        self.bind("<Motion>", lambda event: self._hover(self._at(event.x)))
        self.bind("<Leave>", lambda _: self._hover(None))
        self.bind("<FocusIn>", lambda _: self._on_focus(True))
        self.bind("<FocusOut>", lambda _: self._on_focus(False))
        self.bind("<Left>", lambda _: self._choose(self._focused - 1))
        self.bind("<Right>", lambda _: self._choose(self._focused + 1))
        self.bind("<Home>", lambda _: self._choose(0))
        self.bind("<End>", lambda _: self._choose(len(self._dims) - 1))
        self.bind("<Up>", lambda event: self._nudge(1, event))
        self.bind("<Down>", lambda event: self._nudge(-1, event))
        for key in ("Delete", "BackSpace"):
            self.bind(f"<{key}>", lambda _: self._reset(self._focused))
        bind_wheel(self, self._on_wheel)

    # --- what is shown ---

    @property
    def focused(self) -> int:
        """The position that keys change."""
        return self._focused

    @property
    def words(self) -> str:
        """What is said about the bar under the pointer, or the one that has the focus."""
        return str(self.itemcget(self._words, "text"))

    def set_dimensions(self, dims: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
        """dims: (m,) which numbers of the code the bars stand for; low, high: (m,) how far each may be pulled."""
        same = np.array_equal(dims, self._dims)
        if same and np.array_equal(low, self._low) and np.array_equal(high, self._high):
            return
        self._low, self._high = np.asarray(low, float), np.asarray(high, float)
        if not same:
            self._dims = dims
            self._build_bars()
        self._lay_out()

    def _build_bars(self) -> None:
        """Items for other dimensions; from now on they only move."""
        count = len(self._dims)
        self._latest.forget()
        self._pressed = self._hovered = None
        self._values, self._has_code = np.zeros(count), False
        self._focused = min(self._focused, max(0, count - 1))
        for kind in (self._tracks, self._bars, self._knobs):
            self.delete(*kind)
            kind[:] = [self.create_rectangle(0, 0, 0, 0, width=0) for _ in range(count)]
        for item in (self._zero, *self._knobs, self._ring):
            self.tag_raise(item)
        self._show_parts()
        self._recolour(self._look.palette)

    def show(self, values: np.ndarray | None) -> None:
        """values: (m,) the numbers now; None where there is no code yet."""
        if self._has_code != (values is not None):
            self._has_code = values is not None
            self._show_parts()
        self._values = np.zeros(len(self._dims)) if values is None else np.asarray(values, float)
        self._move_bars()
        self._say()

    def _show_parts(self) -> None:
        """Bars where there is a code, the words for none where there is not."""
        for item in (self._zero, *self._tracks, *self._bars, *self._knobs):
            self.itemconfigure(item, state="normal" if self._has_code else "hidden")
        self.itemconfigure(self._empty, state="hidden" if self._has_code else "normal")
        self.tag_raise(self._empty)

    # --- geometry: y grows downwards ---

    def _lay_out(self) -> None:
        """Put everything in its place; needed for other bars or another size only."""
        count, width, height = len(self._dims), self.winfo_width(), self.winfo_height()
        self.coords(self._empty, width // 2, (height - self._line) // 2)
        self.itemconfigure(self._empty, width=max(1, width - 2 * _MARGIN))
        if not count or width <= 1:
            return
        self.coords(self._words, 2, height)
        self._pitch = min((width - 2) / count, _WIDEST)
        self._left = 1.0
        bottom = height - self._line - _MARGIN
        down, up = np.maximum(-self._low, 0), np.maximum(self._high, 0)
        share = float(np.median(down / np.maximum(down + up, 1e-9)))  # of the height, below the zero line
        room = max(1, bottom - _MARGIN)
        self._zero_y = _MARGIN + (1 - share) * room
        # Pixels for each unit, so that neither end of the range leaves its room.
        self._scale = np.minimum(
            (self._zero_y - _MARGIN + 1e-6) / np.maximum(up, 1e-6),
            np.where(down > 0, (share * room + 1e-6) / np.maximum(down, 1e-6), np.inf),
        )
        self.coords(self._zero, 0, self._zero_y, self._left + count * self._pitch, self._zero_y)
        for position, track in enumerate(self._tracks):
            left, right = self.edges(position)
            top, low = self._y(position, self._high[position]), self._y(position, self._low[position])
            self.coords(track, left, top, right, max(low, top + 1))
        self._drawn = [None] * count
        self._move_bars()
        self._show_ring()

    def edges(self, position: int) -> tuple[float, float]:
        """Left and right of a bar; a pixel or more is left between two."""
        gap = max(1.0, 0.12 * self._pitch)
        left = self._left + position * self._pitch
        return left + gap / 2, left + self._pitch - gap / 2

    def end_of(self, position: int) -> float:
        """How high a bar ends now, in px from the top."""
        return self._y(position, self._values[position])

    def _y(self, position: int, value: float) -> float:
        place = self._zero_y - value * self._scale[position]
        return float(min(max(place, 1), self.winfo_height() - self._line - 1))

    def _move_bars(self) -> None:
        """Only those that have moved: 64 of them take a millisecond."""
        if not self._drawn:
            return
        for position, value in enumerate(self._values):
            end = self._y(position, value)
            place = (min(end, self._zero_y), max(end, self._zero_y))
            if place == self._drawn[position]:
                continue
            self._drawn[position] = place
            left, right = self.edges(position)
            self.coords(self._bars[position], left, place[0], right, place[1])
            self.coords(self._knobs[position], left, end - _KNOB / 2, right, end + _KNOB / 2)

    def _show_ring(self) -> None:
        visible = bool(self._drawn) and self._has_focus
        self.itemconfigure(self._ring, state="normal" if visible else "hidden")
        if visible:
            left, right = self.edges(self._focused)
            self.coords(self._ring, left - 1, 2, right + 1, self.winfo_height() - self._line - 1)
        self._say()

    def _say(self) -> None:
        """Name the bar under the pointer, else the one that keys would change."""
        position = self._pressed if self._pressed is not None else self._hovered
        if position is None and self._has_focus:
            position = self._focused
        text = ""
        if position is not None and position < len(self._dims):
            low, high = self._low[position], self._high[position]
            value = f": {self._values[position]:.2f}" if self._has_code else ""
            text = f"number {self._dims[position] + 1} of the code{value} ({low:.1f} to {high:.1f})"
        if text != self.words:
            self.itemconfigure(self._words, text=text)

    def _recolour(self, palette: Palette) -> None:
        self.configure(background=palette.background)
        self.itemconfigure(self._zero, fill=palette.muted)
        self.itemconfigure(self._ring, outline=palette.text)
        for text, colour in ((self._words, palette.muted), (self._empty, palette.text)):
            self.itemconfigure(text, fill=colour)
        for items, colour in (
            (self._tracks, palette.faint),
            (self._bars, palette.accent),
            (self._knobs, palette.text),
        ):
            for item in items:
                self.itemconfigure(item, fill=colour)

    # --- the user's hands ---

    def _at(self, x: float) -> int | None:
        if not self._drawn:
            return None
        position = int((x - self._left) // self._pitch)
        return position if 0 <= position < len(self._dims) else None

    def _on_focus(self, has_focus: bool) -> None:
        self._has_focus = has_focus
        self._show_ring()

    def _hover(self, position: int | None) -> None:
        if position != self._hovered:
            self._hovered = position
            self._say()

    def _choose(self, position: int) -> str:
        self._focused = min(max(position, 0), max(0, len(self._dims) - 1))
        self._show_ring()
        return "break"

    def _on_press(self, event: tk.Event[Any]) -> None:
        self.focus_set()
        self._has_dragged = False
        self._pressed = self._at(event.x) if self._has_code else None
        if self._pressed is not None:
            self._choose(self._pressed)
            self._pull(event.y)

    def _on_drag(self, event: tk.Event[Any]) -> None:
        self._has_dragged = True
        if self._pressed is not None:
            self._pull(event.y)

    def _on_release(self, _: tk.Event[Any]) -> None:
        self._latest.grant()
        self._pressed = None
        self._say()

    def _on_double(self, event: tk.Event[Any]) -> None:
        position = self._at(event.x)
        if self._has_dragged:  # two drags in haste
            self._on_press(event)
        elif position is not None:
            self._pressed = None  # else the second press would be a pull again
            self._reset(position)

    def _on_wheel(self, event: tk.Event[Any], notches: float) -> str:
        position = self._at(event.x)
        if position is not None and self._pressed is None:
            self.focus_set()
            self._choose(position)
            self._nudge(notches, event)
        return "break"

    def _pull(self, y: float) -> None:
        if self._pressed is not None:
            self._wish_for(self._pressed, (self._zero_y - y) / self._scale[self._pressed])

    def _nudge(self, steps: float, event: tk.Event[Any]) -> str:
        """Move the chosen number by fortieths of its range; with Shift, faster."""
        if self._has_code:
            position = self._focused
            step = (self._high[position] - self._low[position]) / _STEPS
            faster = _FASTER if int(event.state) & _SHIFT else 1
            wish = self._latest.wish  # keys may come faster than the bars follow
            present = wish[1] if wish is not None and wish[0] == position else self._values[position]
            self._wish_for(position, present + steps * step * faster)
        return "break"

    def _reset(self, position: int) -> str:
        self._latest.forget()
        if self._has_code and position < len(self._dims):
            self._on_reset(position)
        return "break"

    def _wish_for(self, position: int, value: float) -> None:
        latest = self._latest
        if latest.wish is not None and latest.wish[0] != position:
            latest.grant()
        latest.ask((position, float(np.clip(value, self._low[position], self._high[position]))))
