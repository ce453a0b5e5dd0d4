"""The runs on this machine: kept fresh, sorted, filtered, selected, renamed, deleted and had back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from aedesk import paths
from aedesk.app.jobs import Jobs
from aedesk.app.signal import Signal
from aedesk.app.worker import Link
from aedesk.errors import AedeskError
from aedesk.storage import trash
from aedesk.storage.run_card import RunCard
from aedesk.storage.run_cards import list_cards
from aedesk.storage.run_difference import Setting, difference

_Value = str | float | None

MOST_COLOURS = 8
"""So many runs can be told apart side by side."""


@dataclass(frozen=True)
class Column:
    """Something that runs are sorted by. largest_first: which way round is asked for first."""

    label: str
    value: Callable[[RunCard], _Value]
    is_number: bool = True
    largest_first: bool = False


COLUMNS: dict[str, Column] = {
    "name": Column("Name", lambda card: card.name.casefold(), is_number=False),
    "status": Column("Status", lambda card: card.status, is_number=False),
    "preset": Column("Network", lambda card: card.preset.casefold(), is_number=False),
    "kind": Column("Kind", lambda card: card.kind, is_number=False),
    "data": Column("Data", lambda card: card.data.casefold(), is_number=False),
    "code": Column("Code", lambda card: card.code_size),
    "parameters": Column("Parameters", lambda card: card.parameters),
    "epochs": Column("Epochs", lambda card: card.epochs_done, largest_first=True),
    "training": Column("Training", lambda card: card.last_training),
    "validation": Column("Validation", lambda card: card.best_validation),
    "test": Column("Test MSE", lambda card: card.test_mse),
    "seconds": Column("Time", lambda card: card.seconds, largest_first=True),
    "size": Column("On disk", lambda card: card.size, largest_first=True),
    "modified": Column("Last change", lambda card: card.modified, largest_first=True),
}


@dataclass(frozen=True)
class _Deleted:
    """Runs that were deleted at once, and so come back at once."""

    runs: tuple[tuple[trash.Token, RunCard], ...]


class RunList:
    """The runs in `folder`, the user's own if None. Call `refresh` every now and then while somebody looks.

    changed: which runs there are, what their cards say, or how they are sorted and filtered.
    selection_changed: which runs are selected, or what their cards say. removed: runs that were deleted; renamed: a
    run's old path and its new one. problem: what could not be done.
    """

    def __init__(self, jobs: Jobs, folder: Path | None = None) -> None:
        self.changed: Signal[None] = Signal()
        self.selection_changed: Signal[list[RunCard]] = Signal()
        self.renamed: Signal[tuple[Path, Path]] = Signal()
        self.removed: Signal[list[Path]] = Signal()
        self.problem: Signal[BaseException] = Signal()
        self.is_known = False  # whether anybody has looked yet
        self.column, self.descending = "modified", True
        self.words = ""
        self._jobs, self._folder = jobs, folder
        self._cards: dict[Path, RunCard] = {}
        self._selected: dict[
            Path, int | None
        ] = {}  # in the order of selection; the index of each one's colour
        self._deleted: list[_Deleted] = []
        self._state = 0  # one more with everything that is done here
        self._looking_since: int | None = None

    # --- what there is ---

    @property
    def cards(self) -> list[RunCard]:
        """All runs, the last one changed first."""
        return list(self._cards.values())

    @property
    def shown(self) -> list[RunCard]:
        """The runs that match the filter, sorted; those about which nothing is known come last either way."""
        value = COLUMNS[self.column].value
        matching = [card for card in self._cards.values() if self._matches(card)]
        known = [(known, card) for card in matching if (known := value(card)) not in {None, ""}]
        known.sort(key=lambda pair: pair[0], reverse=self.descending)
        return [card for _, card in known] + [card for card in matching if value(card) in {None, ""}]

    @property
    def selected(self) -> list[RunCard]:
        """In the order in which they were selected."""
        return [self._cards[path] for path in self._selected]

    def card(self, path: Path) -> RunCard | None:
        return self._cards.get(path)

    def colour_index(self, path: Path) -> int | None:
        """Which of `MOST_COLOURS` a selected run has for as long as it is selected; None where they are all taken."""
        return self._selected.get(path)

    def compare(self, most: int | None = None) -> tuple[list[Setting], list[Setting]]:
        """The settings in which the (first `most`) selected runs differ, and those in which they agree."""
        return difference(self.selected[:most])

    # --- keeping fresh ---

    def refresh(self) -> None:
        """Look again in the background; another window or the command line may train into the same folder."""
        if self._looking_since is None:
            self._looking_since = self._state
            self._jobs.start("runs", partial(_look, self._folder), self._take, self._on_looked)

    def _take(self, cards: list[RunCard]) -> None:
        self.is_known, was_known = True, self.is_known
        if self._looking_since != self._state:
            return  # what was seen may be from before a run was renamed or deleted
        before, self._cards = self._cards, {card.path: card for card in cards}
        if was_known and list(before.values()) == cards:
            return
        selected = [before.get(path) for path in self._selected]
        self._let_go_of_hidden()
        self.changed.emit(None)
        if selected != self.selected:
            self.selection_changed.emit(self.selected)

    def _on_looked(self, problem: BaseException | None) -> None:
        is_stale = self._looking_since != self._state
        self._looking_since = None
        if problem is not None:
            self.problem.emit(problem)
        elif is_stale:
            self.refresh()

    # --- sorting, filtering, selecting ---

    def sort_by(self, column: str, *, descending: bool | None = None) -> None:
        """Sort by a column; None: as it is asked for first, and the other way round if it was sorted by already."""
        if descending is None:
            descending = COLUMNS[column].largest_first if column != self.column else not self.descending
        self.column, self.descending = column, descending
        self.changed.emit(None)

    def filter(self, words: str) -> None:
        """Show the runs only that have every one of the words; a selected one that is not among them is let go."""
        if words.split() != self.words.split():
            self.words = words
            before = self.selected
            self._let_go_of_hidden()
            self.changed.emit(None)
            if before != self.selected:
                self.selection_changed.emit(self.selected)

    def _is_shown(self, path: Path) -> bool:
        return path in self._cards and self._matches(self._cards[path])

    def _let_go_of_hidden(self) -> None:
        """Nobody must delete what cannot be seen."""
        self._selected = {path: colour for path, colour in self._selected.items() if self._is_shown(path)}

    def _matches(self, card: RunCard) -> bool:
        told = " ".join((card.name, card.preset, card.kind, card.data, card.status)).casefold()
        return all(word in told for word in self.words.casefold().split())

    def select(self, which: Iterable[Path]) -> None:
        """Select these runs, as far as they are shown, and no others.

        Those that were selected keep their order and their colours.
        """
        wanted = dict.fromkeys(path for path in which if self._is_shown(path))
        chosen = {path: colour for path, colour in self._selected.items() if path in wanted}
        for path in wanted:
            chosen.setdefault(path, None)
        free = [index for index in range(MOST_COLOURS) if index not in chosen.values()]
        for path, colour in chosen.items():
            if colour is None and free:
                chosen[path] = free.pop(0)
        if list(chosen) != list(self._selected):
            self._selected = chosen
            self.selection_changed.emit(self.selected)

    # --- verbs ---

    def rename(self, path: Path, name: str) -> Path:
        """The new path. Raises AedeskError in words about the name or the run."""
        new = trash.rename(path, name)
        if new != path:
            self._state += 1
            self._cards = {
                (new if old == path else old): (replace(card, path=new) if old == path else card)
                for old, card in self._cards.items()
            }
            self._selected = {(new if old == path else old): colour for old, colour in self._selected.items()}
            self._let_go_of_hidden()
            self.renamed.emit((path, new))
            self.changed.emit(None)
            self.selection_changed.emit(self.selected)
        return new

    def delete(self, which: Iterable[Path]) -> list[Path]:
        """Delete runs, for now: `undo_delete` brings them back. One that is being trained stays, with a word."""
        gone = []
        problem: AedeskError | None = None
        for path in which:
            card = self._cards.get(path)
            if card is None:
                continue
            try:
                gone.append((trash.put(path), card))
            except AedeskError as this:
                problem = this
        if gone:
            self._state += 1
            self._deleted.append(_Deleted(tuple(gone)))
            for _, card in gone:
                del self._cards[card.path]
            is_other = any(card.path in self._selected for _, card in gone)
            self._let_go_of_hidden()
            self.removed.emit([card.path for _, card in gone])
            self.changed.emit(None)
            if is_other:
                self.selection_changed.emit(self.selected)
        if problem is not None:
            self.problem.emit(problem)
        return [card.path for _, card in gone]

    @property
    def last_deleted(self) -> list[str]:
        """Names of the runs that `undo_delete` would bring back; none if there is nothing to have back."""
        return [card.name for _, card in self._deleted[-1].runs] if self._deleted else []

    def undo_delete(self) -> list[Path]:
        """Have back, and select, what was deleted last; their paths, each another where its name is taken by now."""
        if not self._deleted:
            return []
        back: list[Path] = []
        for token, card in self._deleted.pop().runs:
            try:
                path = trash.restore(token)
            except AedeskError as problem:
                self.problem.emit(problem)
                continue
            self._cards[path] = replace(card, path=path)
            back.append(path)
        self._state += 1
        self._cards = {card.path: card for card in sorted(self._cards.values(), key=_age)}
        self.changed.emit(None)
        self.select(back)
        self.refresh()
        return back

    def end(self) -> None:
        """Delete for good, in the background, what was deleted here, and what a window left that has crashed."""
        tokens = [token for deleted in self._deleted for token, _ in deleted.runs]
        self._deleted.clear()
        self._jobs.start("trash", partial(_clear, self._folder, tokens), _ignore, _ignore)


def _age(card: RunCard) -> tuple[float, str]:
    return -card.modified, card.path.name


def _ignore(_: object) -> None:
    """The window is closing: there is nobody left to tell."""


def _look(folder: Path | None, _: Link[list[RunCard]]) -> Iterator[list[RunCard]]:
    yield list_cards(folder)


def _clear(folder: Path | None, tokens: list[trash.Token], _: Link[None]) -> Iterator[None]:
    """Goes through to the end even though the window is closing: it is a matter of moments."""
    for token in tokens:
        trash.purge(token)
        yield
    trash.empty(folder or paths.runs())
