"""The drawer under the map: a row of buttons, and under it the panel whose button is pressed."""

from __future__ import annotations

import tkinter as tk

import ttkbootstrap as ttk

from aedesk.app.signal import Signal
from aedesk.gui.fields import explain
from aedesk.gui.panels.panel import Panel
from aedesk.gui.theme import GAP, Look

_HEIGHT = 176  # px at 96 dpi, of the panel


class Drawer(ttk.Frame):
    """Shows one panel at a time, or none; the open one's button pressed again, or the chevron, closes it.

    `drawer = Drawer(master, look)`, then for each panel in order
    `drawer.add(NeighboursPanel(drawer.body, look, desk, tell, on_problem))`: panels are children of `drawer.body`, and
    are `gui.panels.panel.Panel`s, told by `shown()` and `hidden()` as they come and go. They get the whole width and
    about 176 px of height. `changed` tells the title of the open panel, or None.
    """

    def __init__(self, master: tk.Misc, look: Look) -> None:
        super().__init__(master)
        self.changed: Signal[str | None] = Signal()
        self._panels: dict[str, Panel] = {}
        self._choice = tk.StringVar(self)  # "" while the drawer is closed
        self._last = ""
        self._current: str | None = None
        self.columnconfigure(0, weight=1)
        self._buttons = ttk.Frame(self)
        self._buttons.grid(row=0, column=0, sticky="ew")
        self._chevron = ttk.Button(
            self._buttons, icon="chevron-up", command=self._on_chevron, bootstyle="ghost", padding=5
        )
        self._chevron.pack(side="right")
        explain(self._chevron, "Open or close this drawer.")
        self._rule = tk.Frame(self, height=1, borderwidth=0)
        self._rule.grid(row=1, column=0, sticky="ew")
        self.body = ttk.Frame(self, height=ttk.scale_size(self, _HEIGHT))
        self.body.grid_propagate(False)
        self.body.columnconfigure(0, weight=1)
        self.body.rowconfigure(0, weight=1)
        disconnect = look.changed.connect(lambda palette: self._rule.configure(background=palette.faint))
        self._rule.bind("<Destroy>", lambda _: disconnect())
        self._rule.configure(background=look.palette.faint)

    @property
    def titles(self) -> tuple[str, ...]:
        """Of all panels, in order."""
        return tuple(self._panels)

    @property
    def current(self) -> str | None:
        """The title of the open panel."""
        return self._current

    def add(self, panel: Panel) -> None:
        """One panel more, with a button at the end of the row."""
        self._panels[panel.title] = panel
        button = ttk.Radiobutton(
            self._buttons,
            text=panel.title,
            value=panel.title,
            variable=self._choice,
            command=lambda: self._on_button(panel.title),
            bootstyle="primary ghost toolbutton",
            padding=(GAP, 4),
        )
        button.pack(side="left", padx=(0, 2), pady=(0, 2))
        explain(button, panel.tip)

    def panel(self, title: str) -> Panel:
        """The panel of that title."""
        return self._panels[title]

    def show(self, title: str) -> None:
        """Open the drawer at a panel."""
        if title == self._current:
            return
        self._put_away()
        self._last = self._current = title
        self._choice.set(title)
        self._panels[title].grid(in_=self.body, row=0, column=0, sticky="nsew")
        self.body.grid(row=2, column=0, sticky="ew")
        self._chevron.configure(icon="chevron-down")
        self._panels[title].shown()
        self.changed.emit(title)

    def close(self) -> None:
        """Leave only the row of buttons."""
        if self._current is not None:
            self._put_away()
            self._choice.set("")
            self.body.grid_remove()
            self._chevron.configure(icon="chevron-up")
            self.changed.emit(None)

    def _put_away(self) -> None:
        if self._current is not None:
            panel = self._panels[self._current]
            self._current = None
            panel.grid_remove()
            panel.hidden()

    def _on_button(self, title: str) -> None:
        if title == self._current:
            self.close()
        else:
            self.show(title)

    def _on_chevron(self) -> None:
        if self._current is not None:
            self.close()
        elif self._panels:
            self.show(self._last or next(iter(self._panels)))
