"""How large a window is when it opens, and where."""

from __future__ import annotations

import re

import ttkbootstrap as ttk

_SMALLEST = (1000, 680)  # logical px, as the first size
_FIRST_SIZE = (1280, 800)


def usable_geometry(root: ttk.App, remembered: object) -> str:
    """The remembered size and place, if it is well-formed and still on a screen."""
    match = re.fullmatch(r"(\d+)x(\d+)\+(-?\d+)\+(-?\d+)", str(remembered))
    if match is None:
        return "{}x{}".format(*_within_screen(root, *ttk.scale_size(root, _FIRST_SIZE)))
    width, height, x, y = map(int, match.groups())
    width, height = _within_screen(root, *(map(max, (width, height), smallest(root))))
    on_screen = -width < x < root.winfo_screenwidth() - 40 and 0 <= y < root.winfo_screenheight() - 40
    return f"{width}x{height}" + (f"+{x}+{y}" if on_screen else "")


def smallest(root: ttk.App) -> tuple[int, int]:
    """What the window may not be made smaller than; on a small screen, the screen."""
    return _within_screen(root, *ttk.scale_size(root, _SMALLEST))


def _within_screen(root: ttk.App, width: int, height: int) -> tuple[int, int]:
    return min(width, root.winfo_screenwidth()), min(height, root.winfo_screenheight())
