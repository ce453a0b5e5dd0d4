"""What the C library does with memory that is freed."""

import resource
import sys
from pathlib import Path

import numpy as np
import pytest

from aedesk import heap

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other C libraries keep memory as they like")

LARGE = 50 * 2**20  # bytes


def pages_asked_for() -> int:
    """Pages of memory that the system has to find for an array that is used and freed three times."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(3):
        np.full(LARGE, 1, np.uint8)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def resident() -> int:
    """Bytes of memory that this process has."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def test_a_step_gets_the_memory_that_the_one_before_has_freed() -> None:
    with heap.kept():
        pages_asked_for()
        assert pages_asked_for() < LARGE / resource.getpagesize() / 10
    assert pages_asked_for() > 2 * LARGE / resource.getpagesize() / 512  # large pages, at the most


def test_afterwards_it_is_given_back() -> None:
    before = resident()
    with heap.kept():
        pages_asked_for()
        assert resident() > before + LARGE / 2
    assert resident() < before + LARGE / 2
