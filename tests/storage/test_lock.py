import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from aedesk.errors import AedeskError
from aedesk.storage import lock
from aedesk.storage.lock import RunLock, is_locked

OWNER = """
import sys, time
from aedesk.storage.lock import RunLock
lock = RunLock(sys.argv[1])
print(lock.acquire(), flush=True)
time.sleep(600)
"""


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock of `tmp_path`."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "True\n"
    yield process
    process.kill()
    process.communicate()


def test_a_run_that_another_process_trains_is_locked_until_that_is_killed(
    tmp_path: Path, owner: subprocess.Popen[str]
) -> None:
    assert is_locked(tmp_path)
    assert not RunLock(tmp_path).acquire()
    with pytest.raises(AedeskError, match="being trained by another window"), RunLock(tmp_path).held():
        pytest.fail("it was let in")
    os.kill(owner.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    owner.wait()
    assert not is_locked(tmp_path)
    with RunLock(tmp_path).held():
        assert is_locked(tmp_path)


def test_a_lock_is_seen_and_respected_within_the_same_process(tmp_path: Path) -> None:
    mine = RunLock(tmp_path)
    assert mine.acquire()
    assert mine.acquire(), "who has it may ask again"
    assert mine.is_held
    assert is_locked(tmp_path)
    assert not RunLock(tmp_path).acquire()
    mine.release()
    mine.release()
    assert not mine.is_held
    assert not is_locked(tmp_path)


def test_the_lock_is_given_back_when_the_work_in_it_fails(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), RunLock(tmp_path).held():
        raise ZeroDivisionError
    with pytest.raises(ZeroDivisionError), RunLock(tmp_path):
        raise ZeroDivisionError
    assert not is_locked(tmp_path)


def test_who_looks_does_not_get_in_the_way_of_who_wants_to_train(tmp_path: Path) -> None:
    script = f"from aedesk.storage.lock import is_locked\nwhile True: is_locked({str(tmp_path)!r})"
    watchers = [subprocess.Popen([sys.executable, "-c", script]) for _ in range(2)]
    try:
        mine = RunLock(tmp_path)
        assert mine.acquire()
        mine.release()
        time.sleep(0.5)  # until both are looking
        for _ in range(200):
            assert mine.acquire()
            mine.release()
    finally:
        for watcher in watchers:
            watcher.kill()
            watcher.wait()


def test_looking_leaves_nothing_behind(tmp_path: Path) -> None:
    assert not is_locked(tmp_path)
    assert not is_locked(tmp_path / "missing")
    assert not is_locked("no\0system")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(AedeskError, match="cannot be locked: no such file or folder"):
        RunLock(tmp_path / "missing").acquire()
    (tmp_path / "file").touch()
    with pytest.raises(AedeskError, match="cannot be locked"):
        RunLock(tmp_path / "file").acquire()


def test_a_folder_that_was_moved_away_in_between_is_not_locked_by_its_old_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    run.mkdir()
    take, calls = lock._take, []

    def move_first(handle: int, *, alone: bool) -> bool:
        if not calls:
            calls.append(run.rename(tmp_path / "moved"))
            run.mkdir()
        return take(handle, alone=alone)

    monkeypatch.setattr(lock, "_take", move_first)
    with RunLock(run).held():
        assert is_locked(run)
        assert not is_locked(tmp_path / "moved")
