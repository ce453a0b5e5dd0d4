"""How the window looks: two palettes, one accent and a grid of 8 px."""

from __future__ import annotations

import tkinter as tk
from dataclasses import dataclass

import numpy as np
import ttkbootstrap as ttk
from PIL import ImageColor

from aedesk import paths
from aedesk.app.signal import Signal
from aedesk.palette import class_colours

_TOOL = "primary.Ghost.Toolbutton"  # what the theme calls our tabs and tools
GAP = 8  # px: every distance is a multiple of it


@dataclass(frozen=True)
class Palette:
    """Colours of one theme. A pixel without ink has the colour of `surface`, a full one that of `ink`."""

    name: str
    background: str
    surface: str
    text: str
    muted: str
    faint: str
    accent: str
    focused: str
    ink: str
    too_much: str
    too_little: str

    def shade(self, image: np.ndarray) -> np.ndarray:
        """(...) in [0, 1], ink = 1 -> (..., 3) uint8."""
        paper, ink = _rgb(self.surface), _rgb(self.ink)
        shaded: np.ndarray = paper + image[..., None] * (ink - paper)
        return shaded.clip(0, 255).astype(np.uint8)

    def signed_error(self, error: np.ndarray) -> np.ndarray:
        """(H, W) in [-1, 1] -> (H, W, 3) uint8: paper at 0, red for too much ink, blue for too little."""
        return self._signed(error, self.too_much, self.too_little)

    def signed_code(self, code: np.ndarray) -> np.ndarray:
        """(H, W) in [-1, 1] -> (H, W, 3) uint8: paper at 0, the accent above it, grey below."""
        return self._signed(code, self.accent, self.muted)

    def class_colours(self, count: int) -> list[str]:
        """`palette.class_colours`, in the dark a fifth of the way to white: else some could hardly be seen."""
        colours = class_colours(count)
        if self.name == "light":
            return colours
        lighter = [(0.8 * _rgb(colour) + 0.2 * 255).astype(int) for colour in colours]
        return ["#{:02x}{:02x}{:02x}".format(*colour) for colour in lighter]

    def _signed(self, values: np.ndarray, over: str, under: str) -> np.ndarray:
        paper, above, below = _rgb(self.surface), _rgb(over), _rgb(under)
        weight = np.abs(values)[..., None] ** 0.7  # small values stay visible
        towards = np.where(values[..., None] > 0, above, below)
        shaded: np.ndarray = paper + weight * (towards - paper)
        return shaded.clip(0, 255).astype(np.uint8)


LIGHT = Palette(
    name="light",
    background="#f4f5f8",
    surface="#ffffff",
    text="#1b2130",
    muted="#5c667a",
    faint="#d9dde6",
    accent="#3f51d9",
    focused="#bcc4f0",
    ink="#141824",
    too_much="#d6401f",
    too_little="#2563c9",
)
DARK = Palette(
    name="dark",
    background="#14171d",
    surface="#1d2129",
    text="#e8ebf2",
    muted="#9aa4b8",
    faint="#333a47",
    accent="#8c9bff",
    focused="#3a4580",
    ink="#f4f6fb",
    too_much="#ff8a65",
    too_little="#64a5ff",
)

_FAMILY = ttk.Theme(
    name="aedesk",
    primary="#4c5fe0",
    success="#1f9d6b",
    info="#3f90da",
    warning="#e0930f",
    danger="#d6401f",
    neutral="#7b859a",
    light={"background": LIGHT.background, "foreground": LIGHT.text},
    dark={"background": DARK.background, "foreground": DARK.text},
)


class Look:
    """The theme of one window; `changed` tells those who paint pixels of their own."""

    def __init__(self, name: str) -> None:
        self.palette = DARK if name == "dark" else LIGHT
        self.changed: Signal[Palette] = Signal()

    def open_root(self) -> ttk.App:
        """The root window, in this theme, hidden until it is laid out."""
        _FAMILY.register()
        icon = paths.assets() / "icon.png"
        root = ttk.App(
            title="aedesk",
            theme=f"aedesk-{self.palette.name}",
            iconphoto=str(icon) if icon.is_file() else "",
        )
        root.withdraw()
        self._style(root)
        return root

    def toggle(self, root: ttk.App) -> None:
        """Light to dark or back."""
        self.palette = LIGHT if self.palette is DARK else DARK
        ttk.Style.get_instance().theme_use(f"aedesk-{self.palette.name}")
        self._style(root)
        self.changed.emit(self.palette)

    def _style(self, root: tk.Misc) -> None:
        """Our few styles beyond the theme's own; a theme switch forgets them."""
        style, palette = ttk.Style.get_instance(), self.palette
        style.configure("Muted.TLabel", foreground=palette.muted, background=palette.background)
        style.configure("Heading.TLabel", font=("TkDefaultFont", 10, "bold"), foreground=palette.text)
        style.configure("Guess.TLabel", font=("TkDefaultFont", 30, "bold"))
        style.configure("Card.TFrame", background=palette.surface)
        style.configure("CardMuted.TLabel", background=palette.surface, foreground=palette.muted)
        style.configure(
            "Figure.TLabel",
            font=("TkDefaultFont", 14, "bold"),
            foreground=palette.text,
            bordercolor=palette.faint,
        )
        # The theme's own grey for disabled fields can hardly be read while a run shows its settings.
        for field in ("TEntry", "TCombobox"):
            style.map(field, foreground=[("disabled", palette.muted)])
        style.configure("tooltip.TLabel", background=palette.surface, foreground=palette.text)
        # The theme shows by nothing which of these has the keyboard; it makes their style with the first of them.
        ttk.Radiobutton(root, bootstyle="primary ghost toolbutton").destroy()
        known = style.map(_TOOL, "background")
        focused = [("focus", "selected", palette.focused), *known, ("focus", palette.faint)]
        style.map(_TOOL, background=focused, lightcolor=focused, darkcolor=focused)
        root.option_add("*tearOff", False)


def _rgb(colour: str) -> np.ndarray:
    """(3,) float32 in [0, 255]."""
    return np.array(ImageColor.getrgb(colour)[:3], np.float32)
