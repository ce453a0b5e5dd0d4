"""What the C library does with memory that is freed."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other C libraries keep memory as they like")

BEGINNING = """
import resource
import numpy as np
from aedesk import heap

LARGE = 50 * 2**20  # bytes

def pages_asked_for():
    "Pages of memory that the system has to find for an array that is used and freed three times."
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(3):
        np.full(LARGE, 1, np.uint8)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()

pages = LARGE / resource.getpagesize()
before = resident()
"""


def holds(script: str) -> None:
    """Run it in a process of its own, where nothing else is kept."""
    subprocess.run([sys.executable, "-c", BEGINNING + script], check=True)


def test_a_step_gets_the_memory_that_the_one_before_has_freed() -> None:
    holds("""
with heap.kept():
    pages_asked_for()
    assert pages_asked_for() < pages / 10
assert pages_asked_for() > 2 * pages / 512  # large pages, at the most
""")


def test_afterwards_it_is_given_back() -> None:
    holds("""
with heap.kept():
    pages_asked_for()
    assert resident() > before + LARGE / 2
assert resident() < before + LARGE / 2
""")


def test_what_one_training_keeps_is_not_taken_by_the_end_of_another() -> None:
    holds("""
with heap.kept():
    with heap.kept():
        pages_asked_for()
    assert pages_asked_for() < pages / 10
assert resident() < before + LARGE / 2
""")
