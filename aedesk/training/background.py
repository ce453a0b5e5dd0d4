"""A long piece of work beside the generator that waits for it and tells how far it is."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator
from typing import TypeVar

from aedesk.training.controls import Controls
from aedesk.training.events import Preparing

Result = TypeVar("Result")
Tell = Callable[[str, int, int], None]
Ask = Callable[[], bool]

_REPORT_EVERY = 0.2  # seconds


def beside(work: Callable[[Tell, Ask], Result], controls: Controls) -> Generator[Preparing, None, Result]:
    """What `work(progress, cancelled)` returns, or raises; meanwhile its progress, a few times a second.

    progress(what, done, total) may be called as often as it likes. cancelled() -> bool: that the run was stopped, or
    that nobody waits any more.
    """
    left = threading.Event()
    news: queue.SimpleQueue[Preparing] = queue.SimpleQueue()
    results: list[Result] = []
    problems: list[BaseException] = []

    def run() -> None:
        try:
            results.append(
                work(lambda *told: news.put(Preparing(*told)), lambda: left.is_set() or controls.is_stopped)
            )
        except BaseException as problem:  # told where it is waited for
            problems.append(problem)

    thread = threading.Thread(target=run, name="prepare", daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(_REPORT_EVERY)
            last = None
            while not news.empty():
                last = news.get()
            if last is not None:
                yield last
    finally:
        left.set()
        thread.join()
    if problems:
        raise problems[0]
    return results[0]
