"""Work beside the generator that waits for it: what it hands on, and that no thread is left behind."""

import threading
import time
from collections.abc import Generator
from typing import TypeVar

import pytest
from polling import PATIENCE

from aedesk.errors import AedeskError, Cancelled
from aedesk.training.background import Ask, Tell, beside
from aedesk.training.controls import Controls
from aedesk.training.events import Preparing

T = TypeVar("T")


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "prepare"]


def wait_for(condition: Ask) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.002)


def returned(work: Generator[Preparing, None, T]) -> T:
    while True:
        try:
            next(work)
        except StopIteration as end:
            value: T = end.value
            return value


def cancellable(progress: Tell, cancelled: Ask) -> str:
    progress("waiting", 1, 2)
    wait_for(cancelled)
    raise Cancelled("The work was cancelled.")


def test_the_result_is_handed_on_and_no_thread_stays() -> None:
    here = threading.get_ident()
    work = beside(lambda progress, cancelled: (threading.get_ident(), cancelled()), Controls())
    there, was_cancelled = returned(work)
    assert there != here
    assert not was_cancelled
    assert threads() == []


def test_progress_is_told_and_only_the_newest_of_what_comes_in_between() -> None:
    is_told = threading.Event()

    def work(progress: Tell, cancelled: Ask) -> None:
        for done in range(1000):
            progress("drawing", done, 1000)
        assert is_told.wait(PATIENCE)
        progress("drawing", 1000, 1000)

    told = []
    for event in beside(work, Controls()):
        told.append(event)
        if event.done == 999:
            is_told.set()
    assert Preparing("drawing", 999, 1000) in told
    assert len(told) <= 5


@pytest.mark.parametrize("problem", [AedeskError("no room"), ValueError("odd"), MemoryError()])
def test_a_problem_is_raised_where_it_is_waited_for(problem: Exception) -> None:
    def work(progress: Tell, cancelled: Ask) -> None:
        raise problem

    with pytest.raises(type(problem)) as caught:
        list(beside(work, Controls()))
    assert caught.value is problem
    assert threads() == []


def test_a_run_that_is_stopped_ends_the_work() -> None:
    controls = Controls()
    work = beside(cancellable, controls)
    assert next(work) == Preparing("waiting", 1, 2)
    controls.stop()
    with pytest.raises(Cancelled):
        list(work)
    assert threads() == []


def test_nobody_waiting_any_more_ends_the_work_and_its_thread() -> None:
    work = beside(cancellable, Controls())
    next(work)
    assert threads() == ["prepare"]
    work.close()
    assert threads() == []
