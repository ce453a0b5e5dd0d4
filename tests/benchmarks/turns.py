"""Processes that stay warm and compute in turns, so that a machine whose speed changes does so for all of them.

A contender is a script that calls `serve`: it says in a line of JSON what it is, then answers every line that it is
sent with one of its own. Nothing but the standard library in here: a peer's environment has no other package of ours.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Answer = dict[str, Any]

_PAUSE = 0.25  # seconds between two turns: teams of threads spin for a while before they sleep
_FOLDER = Path(__file__).resolve().parent


class Skip(Exception):  # noqa: N818 - no error
    """What is asked for cannot be measured on this machine; the message says why."""


class Broken(Exception):  # noqa: N818 - as its sibling
    """What measures has failed; the message has its last words."""


def serve(about: Answer, turn: Callable[[], Answer]) -> None:
    """A contender's side: what it is, then an answer for every line that comes in, until there is no more."""
    print(json.dumps(about), flush=True)
    for _ in sys.stdin:
        print(json.dumps(turn()), flush=True)


def environment() -> dict[str, str]:
    """That of a process that is measured: threads as it chooses itself, and modules compiled once, as they are for
    whoever uses it."""
    bound = {"OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "PYTHONDONTWRITEBYTECODE"}
    return {name: value for name, value in os.environ.items() if name not in bound}


class Contender:
    """A script of this folder in a process of its own.

    epochs: how many it trains in a turn, where they are short. about: what it said of itself.
    Raises Broken where it ends too early.
    """

    def __init__(self, python: str | Path, script: str, *words: object, epochs: int = 1) -> None:
        self.epochs = epochs
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed with the process
        self._process = subprocess.Popen(
            [str(python), str(_FOLDER / script), *map(str, words)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env=environment(),
        )
        self.about = self._answer()

    def epoch(self) -> Answer:
        """One more epoch."""
        assert self._process.stdin is not None
        self._process.stdin.write("epoch\n")
        self._process.stdin.flush()
        return self._answer()

    def turn(self) -> Answer:
        """The median of each number of some epochs."""
        answers = [self.epoch() for _ in range(self.epochs)]
        return {name: statistics.median(answer[name] for answer in answers) for name in answers[0]}

    def __enter__(self) -> Contender:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()  # there is no more to do, and it ends
        self._errors.close()

    def _answer(self) -> Answer:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):  # some libraries greet
                found: Answer = json.loads(line)
                return found
        self._process.wait()
        self._errors.seek(0)
        words = self._errors.read().strip().splitlines() or ["it ended without a word"]
        raise Broken(words[-1])


@dataclass(frozen=True)
class Outcome:
    """about: what each contender said of itself. answers: one from each of the rounds."""

    about: dict[str, Answer]
    answers: dict[str, list[Answer]]

    def median(self, name: str, number: str = "seconds") -> float:
        return statistics.median(answer[number] for answer in self.answers[name])

    def ratio(self, above: str, below: str) -> float:
        """The median, over the rounds, of how many times as long `above` took as `below`."""
        pairs = zip(self.answers[above], self.answers[below], strict=True)
        return statistics.median(a["seconds"] / b["seconds"] for a, b in pairs)


def compete(contenders: Mapping[str, Callable[[], Contender]], rounds: int) -> Outcome:
    """Begin all of them, and let them take turns: only one computes at a time, each round another one first.

    The first epoch of each, which is slower, counts for nothing.
    """
    names = list(contenders)
    answers: dict[str, list[Answer]] = {name: [] for name in names}
    with ExitStack() as open_ones:
        running = {}
        for name, begin in contenders.items():
            running[name] = open_ones.enter_context(begin())
            running[name].epoch()
        for number in range(rounds):
            at = number % len(names)
            for name in (*names[at:], *names[:at]):
                time.sleep(_PAUSE)
                answers[name].append(running[name].turn())
        return Outcome({name: contender.about for name, contender in running.items()}, answers)
