"""A run that is to begin from an epoch of another one, and the line that says so above the form."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import ttkbootstrap as ttk

from aedesk.gui.fields import explain
from aedesk.gui.theme import GAP
from aedesk.training.config import TrainingConfig


@dataclass(frozen=True)
class Branch:
    """What is planned. config: of the run in `folder`."""

    folder: Path
    epoch: int
    config: TrainingConfig

    @property
    def words(self) -> str:
        when = f"epoch {self.epoch:,}" if self.epoch else "the untrained network"
        return f"Branch from {when} of {self.folder.name}"

    def problem(self, config: TrainingConfig) -> str:
        """Why it cannot begin with these settings, in a sentence; empty if it can."""
        if config.recipe.epochs <= self.epoch:
            return (
                f"Epochs count from the first of the run: a branch from {self.epoch:,} needs more than that."
            )
        held_out_by = {"data": "data", "seed": "seed", "validation_fraction": "validation share"}
        changed = [
            words
            for name, words in held_out_by.items()
            if getattr(self.config, name) != getattr(config, name)
        ]
        if changed:
            return f"The {' and '.join(changed)} must stay as the run has it, or images held out would be learnt from."
        return ""


class BranchLine(ttk.Frame):
    """One sentence, and a button that makes the form one for a new run again; under it what is wrong, if anything."""

    def __init__(self, master: tk.Misc, width: int, on_give_up: Callable[[], object]) -> None:
        """width: px that the line will have."""
        super().__init__(master)
        self.columnconfigure(0, weight=1)
        self._words = ttk.Label(self, style="Heading.TLabel", wraplength=width - 5 * GAP)
        self._words.grid(row=0, column=0, sticky="w")
        self.give_up = ttk.Button(self, icon="x-lg", bootstyle="ghost", padding=4, command=on_give_up)
        self.give_up.grid(row=0, column=1, sticky="ne")
        explain(self.give_up, "No branch: make the form one for a new run again.")
        self._problem = ttk.Label(self, bootstyle="danger", wraplength=width)
        self._problem.grid(row=1, column=0, columnspan=2, sticky="w", pady=(GAP // 2, 0))

    @property
    def words(self) -> str:
        return str(self._words.cget("text"))

    @property
    def problem(self) -> str:
        """What is said to be wrong; nothing if it is empty."""
        return str(self._problem.cget("text"))

    def say(self, words: str, problem: str = "") -> None:
        self._words.configure(text=words)
        self._problem.configure(text=problem)
        if problem:
            self._problem.grid()
        else:
            self._problem.grid_remove()
