"""All background work of a window: callbacks on the polling thread, and an end that can be waited for."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from polling import poll_until

from aedesk.app.jobs import Jobs
from aedesk.app.worker import Link, Worker


def ticking(link: Link[Any]) -> Iterator[int]:
    while not link.stopped():
        yield 1


def ignore(_: object) -> None:
    """Nobody cares."""


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    jobs = Jobs()
    yield jobs
    jobs.stop_all()
    poll_until(jobs, lambda: not jobs.are_running)


def test_items_and_the_end_are_delivered_while_polling_on_the_polling_thread(jobs: Jobs) -> None:
    got: list[tuple[Any, str]] = []

    def keep(item: Any) -> None:
        got.append((item, threading.current_thread().name))

    worker = jobs.start("letters", lambda link: iter("abc"), keep, keep)
    while worker.is_alive:
        time.sleep(0.001)
    assert got == []
    poll_until(jobs, lambda: len(got) == 4)
    assert got == [(item, threading.current_thread().name) for item in (*"abc", None)]


def test_a_problem_is_told_once_at_the_end(jobs: Jobs) -> None:
    def work(link: Link[str]) -> Iterator[str]:
        yield "a"
        raise ValueError("no")

    ends: list[BaseException | None] = []
    jobs.start("broken", work, ignore, ends.append)
    poll_until(jobs, lambda: bool(ends))
    for _ in range(5):
        jobs.poll()
    (end,) = ends
    assert isinstance(end, ValueError)


def test_several_jobs_go_on_side_by_side(jobs: Jobs) -> None:
    seen = dict.fromkeys("abc", 0)

    def count(name: str) -> Callable[[Any], None]:
        def on_item(_: Any) -> None:
            seen[name] += 1

        return on_item

    for name in seen:
        jobs.start(name, ticking, count(name), ignore)
    poll_until(jobs, lambda: min(seen.values()) > 10)


def test_a_tick_is_short_however_fast_the_worker_is(jobs: Jobs) -> None:
    seen: list[int] = []
    jobs.start("fast", ticking, seen.append, ignore)
    poll_until(jobs, lambda: len(seen) > 100)  # every poll returned although the worker never paused


def test_running_means_a_thread_is_alive_and_the_end_of_all_can_be_waited_for(jobs: Jobs) -> None:
    assert not jobs.are_running
    before = threading.active_count()
    ends: list[Any] = []
    workers = [jobs.start("tick", ticking, ignore, ends.append) for _ in range(3)]
    workers[0].pause()
    assert jobs.are_running
    jobs.stop_all()
    poll_until(jobs, lambda: not jobs.are_running)
    assert not any(worker.is_alive for worker in workers)
    assert threading.active_count() == before
    assert ends == [None] * 3


def test_a_job_whose_end_was_told_runs_until_its_thread_has_gone(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends: list[Any] = []
    jobs.start("lingering", lambda link: iter(()), ignore, ends.append)
    with monkeypatch.context() as patch:
        patch.setattr(Worker, "is_alive", property(lambda worker: True))
        poll_until(jobs, lambda: bool(ends))
        jobs.poll()
        assert jobs.are_running
    poll_until(jobs, lambda: not jobs.are_running)
    assert ends == [None]


def test_a_job_runs_until_its_end_was_told(jobs: Jobs) -> None:
    worker = jobs.start("short", lambda link: iter(()), ignore, ignore)
    while worker.is_alive:
        time.sleep(0.001)
    assert jobs.are_running
    jobs.poll()
    assert not jobs.are_running


def test_a_callback_may_start_another_job(jobs: Jobs) -> None:
    got: list[str] = []

    def chain(_: BaseException | None) -> None:
        jobs.start("second", lambda link: iter(["second"]), got.append, ignore)

    jobs.start("first", lambda link: iter(["first"]), got.append, chain)
    poll_until(jobs, lambda: got == ["first", "second"])


def test_a_callback_may_poll_itself_as_a_dialog_does(jobs: Jobs) -> None:
    got: list[Any] = []

    def on_item(item: Any) -> None:
        got.append(item)
        jobs.poll()

    jobs.start("nested", lambda link: iter(range(5)), on_item, got.append)
    poll_until(jobs, lambda: len(got) == 6)
    assert got == [0, 1, 2, 3, 4, None]


def test_a_callbacks_mistake_is_not_swallowed_and_loses_nothing_that_follows(jobs: Jobs) -> None:
    got: list[Any] = []

    def on_item(item: int) -> None:
        got.append(item)
        if item == 1:
            raise RuntimeError("a widget has gone")

    jobs.start("clumsy", lambda link: iter(range(4)), on_item, got.append)
    with pytest.raises(RuntimeError, match="widget"):
        poll_until(jobs, lambda: False)
    poll_until(jobs, lambda: len(got) == 5)
    assert got == [0, 1, 2, 3, None]
