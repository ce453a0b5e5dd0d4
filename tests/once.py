"""Long work done once in a process of the tests, for all that only look at what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any


def once(work: Callable[..., Any], key: Callable[..., Hashable]) -> Callable[..., Any]:
    """`work` that does nothing twice: what the same `key` of its arguments came to before is handed out again."""
    done: dict[Hashable, Any] = {}

    def remembering(*arguments: Any, **options: Any) -> Any:
        which = key(*arguments, **options)
        if which not in done:
            done[which] = work(*arguments, **options)
        return done[which]

    return remembering
