"""What a window can be told to do: its menus, and the keys that stand for them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from aedesk.gui import dialogs
from aedesk.gui.apply.pages import PAGES
from aedesk.gui.commands import Command
from aedesk.gui.map.tools import TOOLS
from aedesk.gui.platform import IS_MAC
from aedesk.gui.train.run_menu import RunMenu

if TYPE_CHECKING:
    from aedesk.gui.window import Window

_NOTCH = 6  # raster px by which a key makes the brush thicker or thinner


def commands_of(window: Window) -> list[Command]:
    """Every command, in the order of the menus."""
    hands, brush, pane = window.hands, window.brush, window.explore.pane
    tools = [
        Command("Map", tool.label, partial(pane.choose_tool, tool.name), on_map=tool.key) for tool in TOOLS
    ]
    return [
        Command("File", "Open picture ...", hands.open_picture, "o"),
        Command("File", "Save drawing ...", hands.save_drawing, "s"),
        Command("File", "Save comparison ...", hands.save_comparison, "s", shift=True),
        Command("File", "Save generated digit ...", hands.save_digit, "g"),
        Command("File", "Save map ...", pane.save_map, "m", shift=True),
        Command("File", "Open model ...", window.open_model, "m"),
        Command("File", "Quit" if IS_MAC else "Close", window.close, "q"),
        Command("Edit", "Undo", hands.undo, "z"),
        Command("Edit", "Redo", hands.redo, "z", shift=True),
        Command("", "Redo", hands.redo, "y"),
        Command("Edit", "Copy drawing", hands.copy, "c"),
        Command("Edit", "Paste picture", hands.paste, "v"),
        Command("Edit", "Clear canvas", hands.clear, bare="Delete BackSpace"),
        Command("Edit", "Random test digit", window.random_digit, "r"),
        Command("Draw", "Pen", lambda: setattr(brush, "erasing", False), bare="p"),
        Command("Draw", "Eraser", lambda: setattr(brush, "erasing", True), bare="e"),
        Command("Draw", "Thinner", lambda: brush.widen(-_NOTCH), bare="bracketleft"),
        Command("Draw", "Thicker", lambda: brush.widen(_NOTCH), bare="bracketright"),
        *tools,
        Command("Map", "Whole map", _on_map(window, pane.map.fit), "0"),
        Command("Map", "Larger", lambda: pane.map.zoom(1.25), on_map="plus equal KP_Add"),
        Command("Map", "Smaller", lambda: pane.map.zoom(0.8), on_map="minus KP_Subtract"),
        Command("Map", "Find points ...", _on_map(window, pane.find.open), "f"),
        Command("Map", "Select all points shown", _on_map(window, pane.select_all), "a"),
        Command("Map", "Surprise me", _on_map(window, pane.surprise), "u"),
        Command("Map", "Decoded digits behind the points", pane.toggle_digits, on_map="d"),
        Command("Map", "Where to trust the decoder", pane.toggle_trust, on_map="t"),
        Command("Map", "Every training image or fewer", pane.toggle_all_points, on_map="a"),
        *RunMenu(window).commands(),
        *(Command("Apply", page.title, partial(window.show_use, page.name)) for page in PAGES),
        Command("View", "Explore", lambda: window.show_tab("explore"), "1"),
        Command("View", "Train", lambda: window.show_tab("train"), "2"),
        Command("View", "Runs", lambda: window.show_tab("runs"), "3"),
        Command("View", "Apply", lambda: window.show_tab("apply"), "4"),
        Command("View", "Quality card of the model", window.show_card, "i"),
        Command("View", "Light or dark", window.toggle_theme, "d"),
        Command("Help", "Keyboard and mouse", window.show_shortcuts, "F1"),
        Command("Help", "About aedesk", lambda: dialogs.show_about(window.root, window.header.device)),
    ]


def _on_map(window: Window, act: Callable[[], object]) -> Callable[[], object]:
    """What is done to the map, only where the map can be seen: keys come from every tab."""
    return lambda: act() if window.explore.winfo_ismapped() else window.show_tab("explore")
