"""The row above the film strip: which way, how many frames, play, save."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import Any

import ttkbootstrap as ttk

from aedesk.gui.fields import explain
from aedesk.gui.panels.buttons import allow, icon_button
from aedesk.gui.theme import GAP

_FRAMES = (8, 16, 32)
_WAYS = {
    "straight": ("Straight", "Every number of the code changes evenly from A to B."),
    "spherical": (
        "Spherical",
        "Along an arc: the length of the code changes evenly too, as suits codes scattered about a centre.",
    ),
    "data": (
        "Along the data",
        "From neighbour to neighbour through codes of training images, so that every frame is like a digit.",
    ),
    "path": (
        "Drawn path",
        "Along a path of your own: choose the path tool (F) at the map's left and draw over the map.",
    ),
}


class MorphBar(ttk.Frame):
    """`on_how` gets the way, `on_frames` the number of frames."""

    def __init__(
        self,
        master: tk.Misc,
        on_how: Callable[[str], object],
        on_frames: Callable[[int], object],
        on_play: Callable[[], object],
        on_save_gif: Callable[[], object],
        on_save_strip: Callable[[], object],
    ) -> None:
        super().__init__(master)
        self._how = tk.StringVar(self)
        self._on_frames = on_frames
        self.ways: dict[str, ttk.Radiobutton] = {}
        for how, (text, tip) in _WAYS.items():
            choice = ttk.Radiobutton(
                self,
                text=text,
                value=how,
                variable=self._how,
                command=lambda: on_how(self._how.get()),
                bootstyle="primary ghost toolbutton",
                padding=(6, 3),
            )
            choice.pack(side="left", padx=(0, 2))
            explain(choice, tip)
            self.ways[how] = choice
        self.count = ttk.Combobox(self, values=[str(count) for count in _FRAMES], state="readonly", width=3)
        self.count.pack(side="left", padx=(GAP, GAP))
        self.count.bind("<<ComboboxSelected>>", self._on_count)
        explain(self.count, "How many frames, both ends among them.")
        self.play = icon_button(self, "play-fill", "Play the frames back and forth, or pause.", on_play)
        self.save_gif = icon_button(self, "film", "Save as a moving GIF ...", on_save_gif)
        self.save_strip = icon_button(
            self, "download", "Save all frames side by side as a PNG ...", on_save_strip
        )

    def show(self, how: str, frames: int, *, has_strip: bool) -> None:
        """The way and the number of frames as they are; what needs frames only if there are some."""
        if self._how.get() != how:
            self._how.set(how)
        if self.count.get() != str(frames):
            self.count.set(str(frames))
        for button in (self.play, self.save_gif, self.save_strip):
            allow(button, has_strip)

    def show_playing(self, playing: bool) -> None:
        self.play.configure(icon="pause-fill" if playing else "play-fill")

    def _on_count(self, _: tk.Event[Any]) -> None:
        self.count.selection_clear()
        self._on_frames(int(self.count.get()))
