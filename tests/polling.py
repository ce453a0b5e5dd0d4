"""Waiting for the background without a window."""

from __future__ import annotations

import time
from collections.abc import Callable

from aedesk.app.jobs import Jobs

PATIENCE = 300.0
"""Seconds after which something hangs: far more than anything takes on a slow machine with other work."""


def poll_until(jobs: Jobs, condition: Callable[[], bool], said: Callable[[], object] = str) -> None:
    """Poll as a window's tick would. said: what is worth knowing if nothing comes of it."""
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until, f"nothing has happened; {said()}"
        jobs.poll()
        time.sleep(0.001)
