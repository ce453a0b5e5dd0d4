"""A slim slider over the steps of a drawing, with a tick where each stroke begins."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from typing import Any

import ttkbootstrap as ttk

from aedesk.gui.panels.latest import Latest
from aedesk.gui.platform import bind_wheel
from aedesk.gui.theme import Look, Palette

_MARGIN, _TRACK, _KNOB, _TICK = (
    9,
    4,
    7,
    8,
)  # px: at the sides; height of the track; radius; half a tick's height
_PAGE = 10  # steps


class StepSlider(tk.Canvas):
    """`on_move(step)` is told where the user goes, at most once while Tk has nothing better to do.

    Unlike the theme's slider it is drawn anew in a fraction of a millisecond, at every motion of the pen.
    """

    def __init__(self, master: tk.Misc, look: Look, on_move: Callable[[int], object]) -> None:
        margin, self._track_height, self._radius, self._tick = ttk.scale_size(
            master, [_MARGIN, _TRACK, _KNOB, _TICK]
        )
        super().__init__(
            master, width=1, height=2 * margin + 4, highlightthickness=0, borderwidth=0, takefocus=1
        )
        self._margin = margin
        self._latest: Latest[int] = Latest(self, on_move)
        self._count, self._step = 0, 0
        self._starts: Sequence[int] = ()
        self._track = self.create_rectangle(0, 0, 0, 0, width=0)
        self._done = self.create_rectangle(0, 0, 0, 0, width=0)
        self._ticks: list[int] = []
        self._knob = self.create_oval(0, 0, 0, 0, width=2, state="hidden")
        self.bind("<Configure>", lambda _: self._place())
        self.bind("<ButtonPress-1>", self._on_press)
        self.bind("<B1-Motion>", lambda event: self._move(self.step_at(event.x)))
        self.bind("<ButtonRelease-1>", lambda _: self._latest.grant())
        self.bind("<Left>", lambda _: self._move(self._aim - 1))
        self.bind("<Right>", lambda _: self._move(self._aim + 1))
        self.bind("<Prior>", lambda _: self._move(self._aim - _PAGE))
        self.bind("<Next>", lambda _: self._move(self._aim + _PAGE))
        self.bind("<Home>", lambda _: self._move(0))
        self.bind("<End>", lambda _: self._move(self._count - 1))
        self.bind("<FocusIn>", lambda _: self._ring(look.palette, True))
        self.bind("<FocusOut>", lambda _: self._ring(look.palette, False))
        bind_wheel(self, lambda _, notches: self._move(self._aim + (1 if notches > 0 else -1)))
        disconnect = look.changed.connect(self._recolour)
        self.bind("<Destroy>", lambda _: disconnect(), add="+")
        self._palette = look.palette
        self._recolour(look.palette)

    @property
    def step(self) -> int:
        """Where the knob is."""
        return self._step

    @property
    def ticks(self) -> tuple[int, ...]:
        """The steps that have a tick: where a stroke begins, but the first."""
        return tuple(self._starts)

    def show(self, count: int, step: int, starts: Sequence[int]) -> None:
        """`count` steps, the knob at `step`, a tick at each of `starts`."""
        self._count, self._step, self._starts = count, step, starts
        while len(self._ticks) < len(starts):
            tick = self.create_line(0, 0, 0, 0, width=2, fill=self._palette.muted)
            self._ticks.append(tick)
            self.tag_raise(self._knob)
        self._place()

    def x_of(self, step: int) -> float:
        """Where a step lies, in px."""
        room = self.winfo_width() - 2 * self._margin
        return float(self._margin + room * step / max(1, self._count - 1))

    def step_at(self, x: float) -> int:
        """The step nearest to `x` px."""
        room = max(1, self.winfo_width() - 2 * self._margin)
        step: int = round((x - self._margin) / room * (self._count - 1))
        return step

    def _place(self) -> None:
        middle, half = self.winfo_height() / 2, self._track_height / 2
        right = self.winfo_width() - self._margin
        x = self.x_of(self._step)
        self.coords(self._track, self._margin, middle - half, right, middle + half)
        self.coords(
            self._done, self._margin, middle - half, x if self._count else self._margin, middle + half
        )
        for tick, start in zip(self._ticks, self._starts, strict=False):
            place = self.x_of(start)
            self.coords(tick, place, middle - self._tick, place, middle + self._tick)
        for tick in self._ticks[len(self._starts) :]:
            self.coords(tick, -9, 0, -9, 0)
        radius = self._radius
        self.coords(self._knob, x - radius, middle - radius, x + radius, middle + radius)
        self.itemconfigure(self._knob, state="normal" if self._count else "hidden")

    def _ring(self, palette: Palette, has_focus: bool) -> None:
        self.itemconfigure(self._knob, outline=palette.text if has_focus else palette.accent)

    def _recolour(self, palette: Palette) -> None:
        self._palette = palette
        self.configure(background=palette.background)
        self.itemconfigure(self._track, fill=palette.faint)
        self.itemconfigure(self._done, fill=palette.accent)
        self.itemconfigure(self._knob, fill=palette.surface, outline=palette.accent)
        for tick in self._ticks:
            self.itemconfigure(tick, fill=palette.muted)

    # --- the user's hands ---

    @property
    def _aim(self) -> int:
        """Where the knob will be."""
        return self._step if self._latest.wish is None else self._latest.wish

    def _on_press(self, event: tk.Event[Any]) -> None:
        self.focus_set()
        self._move(self.step_at(event.x))

    def _move(self, step: int) -> str:
        if self._count:
            self._latest.ask(min(max(step, 0), self._count - 1))
        return "break"
