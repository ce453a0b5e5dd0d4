"""The track of the time machine: a knob over the epochs of a run that are kept."""

from __future__ import annotations

import tkinter as tk
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import Any

import ttkbootstrap as ttk

from aedesk.gui.panels.latest import Latest
from aedesk.gui.platform import bind_wheel
from aedesk.gui.theme import Look, Palette

_MARGIN, _TRACK, _KNOB, _TICK = 9, 4, 7, 4  # px: at the sides; height of the track; radius; length of a tick
_LEAST_SPACING = 5  # px between two ticks; where they would be closer there are none
_PAGES = 10  # presses of Page Down from the first kept epoch to the last


class EpochTrack(tk.Canvas):
    """`on_move(epoch)` is told which kept epoch the user goes to, at most once while Tk has nothing better to do.

    The line is as long as the run is planned; what has been trained is darker, what lies before the knob coloured.
    """

    def __init__(self, master: tk.Misc, look: Look, on_move: Callable[[int], object]) -> None:
        margin, self._track_height, self._radius, self._tick = ttk.scale_size(
            master, [_MARGIN, _TRACK, _KNOB, _TICK]
        )
        super().__init__(
            master,
            width=1,
            height=2 * margin + 2 + self._tick,
            highlightthickness=0,
            borderwidth=0,
            takefocus=1,
        )
        self._margin = margin
        self._middle = margin + 1
        self._latest: Latest[int] = Latest(self, on_move)
        self._kept: list[int] = []
        self._ends = (1, 1)
        self._last = 0
        self._epoch: int | None = None
        self._bars = [self.create_rectangle(0, 0, 0, 0, width=0) for _ in range(3)]
        self._ticks: list[int] = []
        self._knob = self.create_oval(0, 0, 0, 0, width=2, state="hidden")
        self._listen()
        disconnect = look.changed.connect(self._recolour)
        self.bind("<Destroy>", lambda _: disconnect(), add="+")
        self._palette = look.palette
        self._recolour(look.palette)

    def _listen(self) -> None:
        self.bind("<Configure>", lambda _: self._place())
        self.bind("<ButtonPress-1>", self._on_press)
        self.bind("<B1-Motion>", lambda event: self._go(self.stop_at(event.x)))
        self.bind("<ButtonRelease-1>", lambda _: self._latest.grant())
        for key, go in {
            "Left": lambda: self.neighbour(-1),
            "Right": lambda: self.neighbour(1),
            "Prior": lambda: self.neighbour(-self._page),
            "Next": lambda: self.neighbour(self._page),
            "Home": lambda: self.neighbour(-len(self._kept)),
            "End": lambda: self.neighbour(len(self._kept)),
        }.items():
            self.bind(f"<{key}>", lambda _, go=go: self._go(go()))  # type: ignore[misc]
        self.bind("<FocusIn>", lambda _: self._ring(True))
        self.bind("<FocusOut>", lambda _: self._ring(False))
        bind_wheel(self, lambda _, notches: self._go(self.neighbour(1 if notches > 0 else -1)))

    @property
    def epoch(self) -> int | None:
        """Where the knob is."""
        return self._epoch

    @property
    def ticks(self) -> tuple[int, ...]:
        """The epochs that have a tick: all that are kept, or none where that would be a grey smear."""
        return tuple(self._kept) if self._has_ticks else ()

    def set_epochs(self, kept: Sequence[int], last: int, planned: int) -> None:
        """The stops, ascending; the last epoch that was trained; and how many are to be."""
        first = min(1, *kept) if kept else 1
        ends = (first, max(planned, last, first + 1))
        if (list(kept), last, ends) != (self._kept, self._last, self._ends):
            self._kept, self._last, self._ends = list(kept), last, ends
            self._place()

    def show(self, epoch: int | None) -> None:
        """Put the knob at an epoch, or take it away."""
        if epoch != self._epoch:
            self._epoch = epoch
            self._place_knob()

    def neighbour(self, steps: int) -> int | None:
        """The kept epoch so many stops after the knob, or before it; the outermost one beyond the ends."""
        if not self._kept:
            return None
        aim = self._latest.wish if self._latest.wish is not None else self._epoch
        if aim is None:
            aim = self._kept[-1]
        # From between two stops, the first step goes to the next one.
        place = bisect_left(self._kept, aim) if steps < 0 else bisect_right(self._kept, aim) - 1
        return self._kept[min(max(place + steps, 0), len(self._kept) - 1)]

    def x_of(self, epoch: int) -> float:
        """Where an epoch lies, in px."""
        first, end = self._ends
        room = self.winfo_width() - 2 * self._margin
        return float(self._margin + room * (epoch - first) / (end - first))

    def stop_at(self, x: float) -> int | None:
        """The kept epoch nearest to `x` px."""
        return min(self._kept, key=lambda epoch: abs(self.x_of(epoch) - x), default=None)

    @property
    def _page(self) -> int:
        return max(2, len(self._kept) // _PAGES)

    @property
    def _has_ticks(self) -> bool:
        room = self.winfo_width() - 2 * self._margin
        return len(self._kept) < 2 or room / (len(self._kept) - 1) >= _LEAST_SPACING

    def _place(self) -> None:
        half, right = self._track_height / 2, self.winfo_width() - self._margin
        top, bottom = self._middle - half, self._middle + half
        trained = self.x_of(self._last) if self._last else self._margin
        for bar, end in zip(self._bars, (right, trained), strict=False):
            self.coords(bar, self._margin, top, end, bottom)
        ticks = self.ticks
        while len(self._ticks) < len(ticks):
            self._ticks.append(self.create_line(0, 0, 0, 0, fill=self._palette.muted))
        self.tag_raise(self._knob)
        below = self._middle + self._radius
        for tick, epoch in zip(self._ticks, ticks, strict=False):
            self.coords(tick, self.x_of(epoch), below, self.x_of(epoch), below + self._tick)
        for tick in self._ticks[len(ticks) :]:
            self.coords(tick, -9, 0, -9, 0)
        self._place_knob()

    def _place_knob(self) -> None:
        half, radius, middle = self._track_height / 2, self._radius, self._middle
        x = self._margin if self._epoch is None else self.x_of(self._epoch)
        self.coords(self._bars[2], self._margin, middle - half, x, middle + half)
        self.coords(self._knob, x - radius, middle - radius, x + radius, middle + radius)
        for item in (self._bars[2], self._knob):
            self.itemconfigure(item, state="hidden" if self._epoch is None else "normal")

    def _ring(self, has_focus: bool) -> None:
        self.itemconfigure(self._knob, outline=self._palette.text if has_focus else self._palette.accent)

    def _recolour(self, palette: Palette) -> None:
        self._palette = palette
        self.configure(background=palette.background)
        for bar, colour in zip(self._bars, (palette.faint, palette.focused, palette.accent), strict=True):
            self.itemconfigure(bar, fill=colour)
        self.itemconfigure(self._knob, fill=palette.surface)
        self._ring(self.focus_get() is self)
        for tick in self._ticks:
            self.itemconfigure(tick, fill=palette.muted)

    # --- the user's hands ---

    def _on_press(self, event: tk.Event[Any]) -> None:
        self.focus_set()
        self._go(self.stop_at(event.x))

    def _go(self, epoch: int | None) -> str:
        if epoch is not None:
            self._latest.ask(epoch)
        return "break"
