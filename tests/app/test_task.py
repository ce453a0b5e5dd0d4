"""Long work that a user waits for."""

import threading
import time

import pytest
from polling import poll_until

from aedesk.app.jobs import Jobs
from aedesk.app.task import Stage, Task
from aedesk.errors import AedeskError, Cancelled


class Bench:
    def __init__(self):
        self.jobs = Jobs()
        self.task = Task(self.jobs, "a test")
        self.done, self.failed, self.stages = [], [], []
        self.task.done.connect(self.done.append)
        self.task.failed.connect(self.failed.append)
        self.task.changed.connect(lambda _: self.stages.append(self.task.stage))

    def wait(self, until=None):
        poll_until(self.jobs, until or (lambda: not self.jobs.are_running))


@pytest.fixture
def bench():
    bench = Bench()
    yield bench
    bench.jobs.stop_all()
    bench.wait()


def patient(progress, cancelled):
    while not cancelled():
        progress("waiting", 1, 2)
        time.sleep(0.002)
    raise Cancelled("not wanted")


def test_its_stages_and_its_result_are_told(bench):
    def work(progress, cancelled):
        progress("counting", 0, 4)
        progress("adding", 3, 4)
        return 42

    bench.task.start(work)
    assert bench.task.is_running
    bench.wait()
    assert bench.done == [42]
    assert bench.failed == []
    assert not bench.task.is_running
    assert [stage for stage in bench.stages if stage] == [Stage("counting", 0, 4), Stage("adding", 3, 4)]
    assert bench.stages[-1] is None
    assert Stage("adding", 3, 4).share == 0.75


def test_a_failure_is_told_and_the_task_can_be_started_again(bench):
    def work(progress, cancelled):
        raise AedeskError("no such thing")

    bench.task.start(work)
    bench.wait()
    assert [str(problem) for problem in bench.failed] == ["no such thing"]
    bench.task.start(lambda progress, cancelled: "well")
    bench.wait()
    assert bench.done == ["well"]


def test_after_cancelling_nothing_more_is_heard(bench):
    bench.task.start(patient)
    bench.wait(lambda: bench.task.stage is not None)
    bench.task.cancel()
    assert not bench.task.is_running
    bench.wait()
    assert bench.done == bench.failed == []


def test_starting_again_cancels_the_work_before(bench):
    ended = threading.Event()

    def first(progress, cancelled):
        try:
            return patient(progress, cancelled)
        finally:
            ended.set()

    bench.task.start(first)
    bench.wait(lambda: bench.task.stage is not None)
    bench.task.start(lambda progress, cancelled: "second")
    bench.wait()
    assert ended.is_set()
    assert bench.done == ["second"]
    assert bench.failed == []


def test_progress_told_too_often_is_thinned_but_every_stage_is_heard(bench):
    def work(progress, cancelled):
        for stage in ("one", "two"):
            for place in range(10_000):
                progress(stage, place, 10_000)

    bench.task.start(work)
    bench.wait()
    whats = [stage.what for stage in bench.stages if stage]
    assert {*whats} == {"one", "two"}
    assert len(whats) < 100
