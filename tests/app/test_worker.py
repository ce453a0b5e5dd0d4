"""A generator in a thread: what it yields arrives in order, and it stops and pauses where it yields."""

import gc
import os
import sys
import threading
import time
import traceback
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from polling import PATIENCE

from aedesk.app.worker import Ended, Link, Worker


def wait_until(condition: Callable[[], bool]) -> None:
    """Give the other thread time; fail when it never comes."""
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until, "nothing has happened"
        time.sleep(0.001)


def drained(worker: Worker[Any]) -> list[Any]:
    """Everything up to the end of the worker."""
    messages: list[Any] = []

    def over() -> bool:
        messages.extend(worker.drain(budget=1))
        return bool(messages) and isinstance(messages[-1], Ended)

    wait_until(over)
    wait_until(lambda: not worker.is_alive)
    return messages


Start = Callable[[str, Callable[[Link[Any]], Iterator[Any]]], Worker[Any]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start workers that a failing test cannot leave behind: they would keep the process alive."""
    workers: list[Worker[Any]] = []

    def start(name: str, make: Callable[[Link[Any]], Iterator[Any]]) -> Worker[Any]:
        workers.append(Worker(name, make).start())
        return workers[-1]

    yield start
    for worker in workers:
        worker.stop()
        worker.resume()


def counting(link: Link[Any]) -> Iterator[int]:
    number = 0
    while not link.stopped():
        yield number
        number += 1


def test_items_arrive_in_order_and_then_the_end(start: Start) -> None:
    worker = start("count", lambda link: iter(range(1000)))
    assert drained(worker) == [*range(1000), Ended(None)]


def test_what_is_told_and_what_is_yielded_keep_their_order(start: Start) -> None:
    def work(link: Link[str]) -> Iterator[str]:
        link.tell("a")
        yield "b"
        link.tell("c")
        link.tell("d")
        yield "e"

    assert drained(start("tell", work)) == [*"abcde", Ended(None)]


def test_the_work_is_done_in_a_thread_of_that_name_that_keeps_the_process_alive(start: Start) -> None:
    def work(link: Link[Any]) -> Iterator[Any]:
        yield threading.current_thread().name, threading.current_thread().daemon

    assert drained(start("some work", work))[0] == ("some work", False)
    assert "some work" not in {thread.name for thread in threading.enumerate()}


def test_a_stop_is_seen_and_last_words_are_heard(start: Start) -> None:
    def work(link: Link[str]) -> Iterator[str]:
        while not link.stopped():
            yield "working"
        yield "last words"

    worker = start("stop", work)
    worker.stop()
    messages = drained(worker)
    assert messages[-2:] == ["last words", Ended(None)]


def test_a_pause_holds_the_generator_at_its_next_yield(start: Start) -> None:
    progress: list[int] = []

    def work(link: Link[Any]) -> Iterator[int]:
        for number in counting(link):
            progress.append(number)
            yield number

    worker = start("pause", work)
    wait_until(lambda: len(progress) > 3)
    worker.pause()
    assert worker.is_paused
    held: list[int] = []

    def still() -> bool:
        held.append(len(progress))
        time.sleep(0.02)
        return len(held) > 2 and held[-1] == held[-2] == held[-3]

    wait_until(still)
    assert worker.is_alive
    worker.resume()
    assert not worker.is_paused
    wait_until(lambda: len(progress) > held[-1] + 3)
    worker.stop()
    numbers = drained(worker)[:-1]
    assert numbers == list(range(len(numbers)))  # nothing was lost over the pause


def test_a_stop_ends_a_pause(start: Start) -> None:
    worker = start("paused", counting)
    worker.pause()
    worker.stop()
    assert drained(worker)[-1] == Ended(None)


def test_a_pause_after_the_stop_comes_too_late_to_hold_anything(start: Start) -> None:
    worker = start("late", counting)
    worker.stop()
    worker.pause()
    assert drained(worker)[-1] == Ended(None)


def test_a_generator_may_hold_itself_until_it_is_told_to_go_on(start: Start) -> None:
    done: list[int] = []

    def work(link: Link[Any]) -> Iterator[int]:
        for number in range(4):
            if number % 2:
                link.hold()
            yield number
            done.append(number)

    worker = start("hold", work)
    wait_until(lambda: worker.is_paused)
    seen: list[Any] = []

    def arrived() -> bool:
        seen.extend(worker.drain())
        return len(seen) == 2

    wait_until(arrived)
    time.sleep(0.02)
    assert done == [0]
    worker.resume()
    wait_until(lambda: len(done) == 3 and worker.is_paused)
    worker.resume()
    assert drained(worker) == [2, 3, Ended(None)]


def test_a_hold_never_outlasts_a_stop() -> None:
    """Whatever the other thread is doing when the stop comes, there is nobody left to end the hold."""

    def work(link: Link[Any]) -> Iterator[int]:
        while not link.stopped():
            link.hold()
            yield 0

    class Slow(threading.Event):
        """Time for a stop to come between the look and what follows from it."""

        def is_set(self) -> bool:
            found = super().is_set()
            time.sleep(0.005)
            return found

    for _ in range(5):
        worker: Worker[int] = Worker("hold", work)
        worker._stop = Slow()
        worker.start()
        time.sleep(0.006)
        worker.stop()
        try:
            assert drained(worker)[-1] == Ended(None)
        finally:
            worker.resume()


def test_a_wait_ends_with_the_stop(start: Start) -> None:
    def work(link: Link[Any]) -> Iterator[str]:
        yield "begun"
        link.wait(PATIENCE * 10)
        yield "over"

    worker = start("wait", work)
    worker.stop()
    assert drained(worker) == ["begun", "over", Ended(None)]


@pytest.mark.parametrize(
    "problem", [ValueError("no"), MemoryError(), KeyboardInterrupt(), SystemExit(3)], ids=repr
)
@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_whatever_is_raised_arrives_after_what_was_yielded(start: Start, problem: BaseException) -> None:
    def work(link: Link[str]) -> Iterator[str]:
        yield "so far"
        raise problem

    messages = drained(start("raise", work))
    assert messages == ["so far", Ended(problem)]
    assert messages[-1].problem is problem


def test_a_generator_that_cannot_even_begin_is_a_problem_too(start: Start) -> None:
    def make(link: Link[Any]) -> Iterator[Any]:
        raise OSError("no such thing")

    (end,) = drained(start("make", make))
    assert isinstance(end.problem, OSError)


def test_an_error_keeps_its_lines_but_not_the_arrays_of_the_work(start: Start) -> None:
    alive: list[weakref.ref[np.ndarray]] = []

    def work(link: Link[Any]) -> Iterator[Any]:
        images = np.zeros(1000)
        alive.append(weakref.ref(images))
        yield images[:1].copy()
        try:
            deeper(images)
        except ZeroDivisionError as problem:
            raise ValueError("in words") from problem

    def deeper(images: np.ndarray) -> float:
        more = images.copy()
        alive.append(weakref.ref(more))
        return 1 // int(more.sum())

    end = drained(start("arrays", work))[-1]
    gc.collect()
    assert len(alive) == 2
    assert all(reference() is None for reference in alive)
    assert traceback.extract_tb(end.problem.__traceback__)[-1].name == "work"
    assert traceback.extract_tb(end.problem.__cause__.__traceback__)[-1].name == "deeper"


def test_a_drain_hands_out_about_as_much_as_its_budget_allows(start: Start) -> None:
    worker = start("many", lambda link: iter(range(50)))
    wait_until(lambda: not worker.is_alive)
    assert list(worker.drain(budget=-1)) == [0]  # one message at least, however late it is
    seen = []
    for number in worker.drain(budget=0.02):
        seen.append(number)
        time.sleep(0.03)
    assert seen == [1]
    assert list(worker.drain(budget=PATIENCE)) == [*range(2, 50), Ended(None)]
    assert list(worker.drain()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a thread has no priority of its own")
def test_work_in_the_background_gives_way_to_the_window(start: Start) -> None:
    def niceness() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    before = niceness()
    worker = start("polite", lambda _: iter([niceness()]))
    # Asked for in the thread, where the generator is made.
    assert drained(worker)[0] == max(before, 10)
    assert niceness() == before
