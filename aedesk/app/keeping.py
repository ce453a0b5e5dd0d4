"""Things of a run as files of the user's own: films, its history, its log, TensorBoard's files; in the background."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from aedesk.app.jobs import Jobs
from aedesk.app.signal import Signal
from aedesk.app.worker import Link, Worker
from aedesk.errors import AedeskError
from aedesk.storage import copies, files, movie
from aedesk.storage.runs import Run

if TYPE_CHECKING:
    import numpy as np

Thing = Literal["map animation", "reconstruction animation", "history", "log", "TensorBoard files"]

_FILMS = ("map animation", "reconstruction animation")


@dataclass(frozen=True)
class Progress:
    """How far the writing of `thing` has come: `done` of `total`, which is None where nobody knows, in this stage."""

    thing: Thing
    stage: str
    done: int
    total: int | None


@dataclass(frozen=True)
class Kept:
    """What has been written, in words that name the place too, and the file or folder where it is."""

    words: str
    path: Path


class Keeper:
    """Writes one thing at a time.

    Signals: `progress` (Progress), `kept` (Kept), `failed` (what went wrong; Cancelled, too: nothing was written then).
    """

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._worker: Worker[Any] | None = None
        self.thing: Thing | None = None
        self.progress: Signal[Progress] = Signal()
        self.kept: Signal[Kept] = Signal()
        self.failed: Signal[BaseException] = Signal()

    @property
    def is_busy(self) -> bool:
        return self._worker is not None

    def check_free(self) -> None:
        """Raise AedeskError while something is being written."""
        if self.is_busy:
            raise AedeskError(f"Still writing the {self.thing}: wait for the end of it, or cancel it")

    def keep(self, thing: Thing, folder: Path, out: Path, *, dark: bool = False) -> None:
        """Write a thing of the run in `folder` to the file `out`; TensorBoard's files into the folder `out`.

        dark: films on a dark ground. Raises AedeskError if something is being written already, or if `out` is within
        the run itself or has a name that says no kind of film.
        """
        self.check_free()
        copies.check_outside(Run(folder), out)
        if thing in _FILMS:
            movie.check(out)
        self.thing = thing
        self._worker = self._jobs.start(
            "keeping", _Work(thing, folder, out, dark), self._on_item, self._on_end
        )

    def cancel(self) -> None:
        """Ask the writing to end; `failed` tells when it has."""
        if self._worker is not None:
            self._worker.stop()

    def _on_item(self, item: Progress | Kept) -> None:
        if isinstance(item, Progress):
            self.progress.emit(item)
            return
        self._worker = self.thing = None  # whoever hears of it may ask for the next thing
        self.kept.emit(item)

    def _on_end(self, problem: BaseException | None) -> None:
        if problem is not None:
            self._worker = self.thing = None
            self.failed.emit(problem)


@dataclass(frozen=True)
class _Work:
    """Writes, in the worker's thread."""

    thing: Thing
    folder: Path
    out: Path
    dark: bool

    def __call__(self, link: Link[Progress | Kept]) -> Iterator[Kept]:
        if not files.is_folder(self.folder):
            raise AedeskError(f"{self.folder}: this run is no longer there")
        if self.thing in _FILMS:
            words = self._film(link)
        elif self.thing == "TensorBoard files":
            words = self._tensorboard(link)
        elif self.thing == "history":
            words = self._history()
        else:
            words = self._log()
        yield Kept(words, self.out)

    def _film(self, link: Link[Progress | Kept]) -> str:
        from aedesk.analysis import animation

        tell = self._teller(link)

        def drawn() -> Iterator[np.ndarray]:
            yield from film.frames
            tell("Writing the file", film.count, film.count)

        make = animation.of_map if self.thing == "map animation" else animation.of_reconstructions
        film = make(Run(self.folder), dark=self.dark, progress=tell, cancelled=link.stopped)
        movie.write(self.out, drawn(), film.colours, film.per_second)
        return f"{film.count} {'frame' if film.count == 1 else 'frames'} in {self.out}"

    def _tensorboard(self, link: Link[Progress | Kept]) -> str:
        from aedesk.training import tensorboard

        tensorboard.export(Run(self.folder), self.out, progress=self._teller(link), cancelled=link.stopped)
        return f"Look at it by: tensorboard --logdir {self.out.parent}"

    def _history(self) -> str:
        table = copies.history(Run(self.folder))
        files.write_whole(self.out, table)
        epochs = max(0, table.count(b"\n") - 1)
        return f"{epochs:,} {'epoch' if epochs == 1 else 'epochs'} in {self.out}"

    def _log(self) -> str:
        files.write_whole(self.out, copies.log(Run(self.folder)))
        return f"The training log is in {self.out}"

    def _teller(self, link: Link[Progress | Kept]) -> Callable[[str, int, int | None], None]:
        return lambda stage, done, total: link.tell(Progress(self.thing, stage, done, total))
