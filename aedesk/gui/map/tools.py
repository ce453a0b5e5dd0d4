"""What the left mouse button does on the map: the tools, and the column of buttons that chooses one."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass

import ttkbootstrap as ttk

from aedesk.gui.fields import explain
from aedesk.gui.platform import COMMAND_KEY

_MODIFIERS = f"Shift adds, {COMMAND_KEY} takes away."


@dataclass(frozen=True)
class Tool:
    """name: as in code. key: chooses it while the map has the focus. sentence: what it does."""

    name: str
    label: str
    icon: str
    key: str
    cursor: str
    sentence: str


TOOLS = (
    Tool("pick", "Generate", "crosshair", "g", "crosshair", "Click or drag: any place becomes a digit."),
    Tool(
        "pan", "Move", "arrows-move", "m", "fleur", "Drag the map; so does the right button, with any tool."
    ),
    Tool(
        "zoom", "Zoom to a box", "zoom-in", "z", "sizing", "Drag a box to see it large; double-click for all."
    ),
    Tool(
        "lasso",
        "Lasso",
        "hexagon",
        "l",
        "pencil",
        f"Select the points inside a loop. {_MODIFIERS}",
    ),
    Tool(
        "box",
        "Box",
        "bounding-box",
        "b",
        "tcross",
        f"Select the points inside a box. {_MODIFIERS}",
    ),
    Tool(
        "path", "Path", "bezier2", "f", "pencil", "Draw a path: the digits along it become a film in Morph."
    ),
)


class ToolColumn(ttk.Frame):
    """One button for each tool, and below them buttons for the view."""

    def __init__(self, master: tk.Misc, on_tool: Callable[[str], object]) -> None:
        super().__init__(master)
        self._chosen = tk.StringVar(self, TOOLS[0].name)
        for tool in TOOLS:
            button = ttk.Radiobutton(
                self,
                icon=tool.icon,
                value=tool.name,
                variable=self._chosen,
                command=lambda name=tool.name: on_tool(name),
                bootstyle="primary ghost toolbutton",
                padding=6,
            )
            button.pack(fill="x", pady=(0, 2))
            explain(button, f"{tool.label} ({tool.key.upper()}). {tool.sentence}")

    def show(self, name: str) -> None:
        """Mark the tool that is in use."""
        self._chosen.set(name)

    def add(self, icon: str, sentence: str, command: Callable[[], object]) -> ttk.Button:
        """A button below the tools."""
        button = ttk.Button(self, icon=icon, command=command, bootstyle="ghost", padding=6)
        button.pack(fill="x", pady=(0, 2))
        explain(button, sentence)
        return button
