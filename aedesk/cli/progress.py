"""How far long work has come: on stderr, a bar on a terminal, plain lines or nothing into a file."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any

from tqdm import tqdm


def say(line: str) -> None:
    """A line about what is going on; stdout is for results."""
    tqdm.write(line, file=sys.stderr)


class Stages:
    """Bars for work in stages: called with (stage, done, total), a new bar for each stage.

    unit: what is counted. lines: whether a stage is told as a line where there is no terminal.
    """

    def __init__(self, unit: str, *, lines: bool = False) -> None:
        self._unit = unit
        self._lines = lines
        self._stage = ""
        self._bar: Any = None

    def __enter__(self) -> Stages:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """No more bars, for now."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def __call__(self, stage: str, done: int, total: int | None) -> None:
        if stage != self._stage:
            self._begin(stage, total)
        if self._bar is not None:
            self._bar.total = total
            self._bar.update(done - self._bar.n)

    def _begin(self, stage: str, total: int | None) -> None:
        self._stage = stage
        if self._bar is not None:
            self._bar.close()
        if sys.stderr.isatty():
            self._bar = tqdm(
                desc=stage,
                total=total,
                unit=self._unit,
                unit_scale=self._unit == "B",
                leave=False,
                file=sys.stderr,
            )
        elif self._lines:
            say(stage)
