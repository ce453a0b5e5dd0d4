"""Images a few at a time."""

from __future__ import annotations

from collections.abc import Iterator


def chunks(number: int, size: int) -> Iterator[slice]:
    """Slices of `size` images that cover `number`; the last one may be smaller."""
    for start in range(0, number, size):
        yield slice(start, min(start + size, number))
