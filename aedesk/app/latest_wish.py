"""Background work for the latest wish, one at a time, that keeps what took long to find on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from aedesk.app.jobs import Jobs
from aedesk.app.worker import Link, Worker

Wish = TypeVar("Wish")
Help = TypeVar("Help")
Made = TypeVar("Made")


@dataclass(frozen=True, eq=False)
class Found(Generic[Help]):
    """Something on the way that helps with every wish of the same key."""

    help: Help


@dataclass(frozen=True, eq=False)
class _Asked(Generic[Wish]):
    wish: Wish
    key: str
    needs_help: bool


class LatestWish(Generic[Wish, Help, Made]):
    """Makes what was asked for last.

    make(wish, help, link) runs in the background and yields first, where it needs help that is not there yet, what it
    has `Found`, and then what it has made. on_made(wish, made) and on_failed(problem) hear of the latest wish only.
    """

    def __init__(
        self,
        jobs: Jobs,
        name: str,
        make: Callable[[Wish, Help | None, Link[Any]], Iterator[Found[Help] | Made]],
        on_made: Callable[[Wish, Made], object],
        on_failed: Callable[[BaseException], object],
    ) -> None:
        self._jobs, self._name, self._make = jobs, name, make
        self._on_made, self._on_failed = on_made, on_failed
        self._asked: _Asked[Wish] | None = None
        self._at_work: tuple[Worker[Any], _Asked[Wish]] | None = None
        self._help: dict[str, Help] = {}

    @property
    def is_busy(self) -> bool:
        """Whether something that was asked for is still to come."""
        return self._asked is not None

    def ask(self, wish: Wish, key: str, *, needs_help: bool) -> None:
        """Make this instead of what was asked for before.

        What is at work ends early, unless it looks for help for wishes of the same key: that is wanted sooner or later.
        """
        self._asked = _Asked(wish, key, needs_help)
        if self._at_work is None:
            self._start(self._asked)
            return
        worker, before = self._at_work
        if before.key != key or not before.needs_help or key in self._help:
            worker.stop()

    def forget(self) -> None:
        """Nothing is asked for any more; help that is being looked for is kept all the same."""
        self._asked = None

    def stop(self) -> None:
        """Nothing is asked for any more, and what is at work ends early."""
        self.forget()
        if self._at_work is not None:
            self._at_work[0].stop()

    def _start(self, asked: _Asked[Wish]) -> None:
        def on_item(item: Found[Help] | Made) -> None:
            if isinstance(item, Found):
                self._help[asked.key] = item.help
            elif asked is self._asked:
                self._asked = None
                self._on_made(asked.wish, item)

        def on_end(problem: BaseException | None) -> None:
            self._at_work = None
            if asked is not self._asked:
                if self._asked is not None:
                    self._start(self._asked)
            elif problem is not None:
                self._asked = None
                self._on_failed(problem)

        make = partial(self._make, asked.wish, self._help.get(asked.key))
        self._at_work = self._jobs.start(self._name, make, on_item, on_end), asked
