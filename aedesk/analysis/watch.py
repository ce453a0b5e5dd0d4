"""Long work in pieces: how far it is told, and whether it is still wanted asked, between any two of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from aedesk.errors import Cancelled

T = TypeVar("T")

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and of how much."""
IsCancelled = Callable[[], bool]

_CHUNK = 1000  # images at a time: bounds the memory, and is how often cancelling is looked at


class Watch:
    """Cuts work into pieces, for a `progress` that is told and a `cancelled` that is asked between two of them.

    Each method raises Cancelled where the work is not wanted any more.
    """

    def __init__(self, progress: Progress | None = None, cancelled: IsCancelled | None = None) -> None:
        self._progress = progress or _ignore
        self._cancelled = cancelled or _never

    def tell(self, what: str, done: int, total: int) -> None:
        """`done` of `total` pieces of `what` are done."""
        if self._cancelled():
            raise Cancelled("The work was cancelled.")
        self._progress(what, done, total)

    def chunks(self, what: str, count: int, size: int = _CHUNK) -> Iterator[slice]:
        """`count` images in slices of `size`."""
        for start in range(0, count, size):
            self.tell(what, start, count)
            yield slice(start, start + size)
        self._progress(what, count, count)

    def each(self, what: str, items: Sequence[T]) -> Iterator[T]:
        """The items, one after the other."""
        for done, item in enumerate(items):
            self.tell(what, done, len(items))
            yield item
        self._progress(what, len(items), len(items))

    def cancelled(self) -> bool:
        """Whether the work is not wanted any more: for a function that asks on its own."""
        return self._cancelled()


def _ignore(what: str, done: int, total: int) -> None:
    pass


def _never() -> bool:
    return False
