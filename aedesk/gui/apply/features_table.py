"""What a comparison of representations has found, as a small table, with what each takes the drawing for."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import ttkbootstrap as ttk

from aedesk.app.feature_bench import Guess
from aedesk.gui.fields import explain
from aedesk.gui.theme import GAP, Look

if TYPE_CHECKING:
    from aedesk.analysis.feature_report import FeatureReport

_ROWS = ("codes", "pca", "pixels")
_PROBE, _NEAREST = "linear probe", "k-NN"
_WIDE = 700  # px, before scaling: from here on there is room for the spread
_LONGEST = 9  # characters of a class name
_SHARE = 6  # characters of the share behind it
_COLUMNS = {  # what is written over each, and the sentence that explains it
    "name": ("", "What the classifiers are given of a picture."),
    "numbers": ("Numbers", "How many numbers a picture becomes."),
    "probe": ("Probe", "Accuracy of a linear probe (logistic regression) on test images; higher is better."),
    "nearest": ("k-NN", "Accuracy of a vote of the nearest labelled images; higher is better."),
    "purity": (
        "Purity",
        "k-means without labels: the share of test images of the class that most in their group have;"
        " higher is better.",
    ),
    "silhouette": (
        "Silhouette",
        "How far apart the groups of k-means are, from -1 to 1; higher is better.",
    ),
    "seconds": ("Time", "For the probe, k-NN and k-means together, with settings that are known."),
    "by_probe": ("Probe", "What the linear probe takes your drawing for, and how surely."),
    "by_nearest": ("k-NN", "What the neighbours take your drawing for, and the share of their votes."),
}
_GROUPS = {"probe": ("Accuracy", 2), "purity": ("Without labels", 2), "by_probe": ("Your drawing", 2)}


class FeaturesTable(ttk.Frame):
    """A row for each representation. on_labels: another number of labels was chosen."""

    def __init__(self, master: tk.Misc, look: Look, on_labels: Callable[[int], object]) -> None:
        super().__init__(master)
        self._look, self._on_labels = look, on_labels
        self._report: FeatureReport | None = None
        self._guesses: Sequence[Guess] = ()
        bar = ttk.Frame(self)
        bar.pack(fill="x", pady=(0, GAP // 2))
        ttk.Label(bar, text="Learnt from", style="Heading.TLabel").pack(side="left")
        self.labels = ttk.Combobox(bar, state="readonly", width=8)
        explain(self.labels, "How many labelled images the classifiers of this table have learnt from.")
        self.labels.bind("<<ComboboxSelected>>", lambda _: self._on_chosen(), add="+")
        self.labels.pack(side="left", padx=GAP)
        ttk.Label(bar, text="labelled images", style="Heading.TLabel").pack(side="left")
        grid = ttk.Frame(self)
        grid.pack(fill="x")
        self._cells: dict[tuple[str, str], ttk.Label] = {}
        for place, (column, (title, sentence)) in enumerate(_COLUMNS.items()):
            grid.columnconfigure(place, weight=0 if column == "name" else 1)
            if column in _GROUPS:
                words, span = _GROUPS[column]
                over = ttk.Label(grid, text=words, style="Heading.TLabel")
                over.grid(row=0, column=place, columnspan=span, sticky="w")
            head = ttk.Label(grid, text=title, style="Muted.TLabel")
            head.grid(row=1, column=place, sticky="w", padx=(0, GAP))
            explain(head, sentence)
            for row, name in enumerate(_ROWS, start=2):
                cell = ttk.Label(grid, style="Heading.TLabel" if place == 0 else "TLabel")
                cell.grid(row=row, column=place, sticky="w", padx=(0, GAP), pady=1)
                self._cells[name, column] = cell
        self.bind("<Configure>", lambda _: self._fill(), add="+")
        disconnect = look.changed.connect(lambda _: self._show_guesses())
        self.bind("<Destroy>", lambda event: disconnect() if event.widget is self else None, add="+")

    def text(self, representation: str, column: str) -> str:
        """What is written in a cell."""
        return str(self._cells[representation, column].cget("text"))

    def show(self, report: FeatureReport) -> None:
        """Show another report, from its largest number of labels on."""
        self._report = report
        self.labels.configure(values=[f"{labels:,}" for labels in report.labels])
        self.labels.current(len(report.labels) - 1)
        # As wide as what can be written, so that nothing moves while somebody draws.
        width = min(_LONGEST, max(map(len, report.classes))) + _SHARE
        for name in _ROWS:
            for column in ("by_probe", "by_nearest"):
                self._cells[name, column].configure(width=width)
        self._fill()

    def show_guesses(self, guesses: Sequence[Guess]) -> None:
        """What the drawing is taken for; none for a blank canvas."""
        self._guesses = guesses
        self._show_guesses()

    def _on_chosen(self) -> None:
        self.labels.selection_clear()
        if self._report is not None:
            self._on_labels(self._report.labels[self.labels.current()])
            self._fill()

    def _fill(self) -> None:
        from aedesk.analysis.feature_report import percent

        report = self._report
        if report is None:
            return
        labels = report.labels[self.labels.current()]
        wide = self.winfo_width() >= ttk.scale_size(self, _WIDE)
        for each in report.representations:
            scores = [report.score(each.name, method, labels) for method in (_PROBE, _NEAREST)]
            groups = next(found for found in report.groups if found.representation == each.name)
            accuracies = [percent(score) if wide else f"{score.accuracy:.1%}" for score in scores]
            seconds = sum(score.seconds for score in scores) + groups.seconds
            texts = {
                "name": each.title,
                "numbers": f"{each.numbers:,}",
                "probe": accuracies[0],
                "nearest": accuracies[1],
                "purity": f"{groups.purity:.1%}",
                "silhouette": "-" if groups.silhouette is None else f"{groups.silhouette:.2f}",
                "seconds": f"{seconds:.1f} s" if seconds >= 1 else f"{1000 * seconds:.0f} ms",
            }
            for column, text in texts.items():
                self._write(each.name, column, text)
        self._show_guesses()

    def _show_guesses(self) -> None:
        report = self._report
        if report is None:
            return
        colours = self._look.palette.class_colours(len(report.classes))
        told = {(guess.representation, guess.method): guess for guess in self._guesses}
        for name in _ROWS:
            for column, method in (("by_probe", _PROBE), ("by_nearest", _NEAREST)):
                guess = told.get((name, method))
                if guess is None:
                    self._write(name, column, "-", self._look.palette.muted)
                else:
                    words = f"{_short(report.classes[guess.label])}  {guess.share:.0%}"
                    self._write(name, column, words, colours[guess.label])

    def _write(self, name: str, column: str, text: str, colour: str = "") -> None:
        cell = self._cells[name, column]
        if str(cell.cget("text")) != text or str(cell.cget("foreground")) != colour:
            cell.configure(text=text, foreground=colour)


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}\u2026"
