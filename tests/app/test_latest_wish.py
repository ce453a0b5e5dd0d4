"""Background work for the latest wish: what is overtaken, and what is kept for later."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from polling import poll_until

from aedesk.app.jobs import Jobs
from aedesk.app.latest_wish import Found, LatestWish
from aedesk.app.worker import Link


class Workshop:
    """Makes words; one in capitals needs the capitals of its key, which are found when `go_on` is set."""

    def __init__(self) -> None:
        self.jobs = Jobs()
        self.go_on = threading.Event()
        self.began: list[str] = []
        self.made: list[str] = []
        self.problems: list[BaseException] = []
        self.work: LatestWish[str, str, str] = LatestWish(
            self.jobs, "words", self._make, lambda _, made: self.made.append(made), self.problems.append
        )

    def ask(self, word: str, key: str = "one") -> None:
        self.work.ask(word, key, needs_help=word.isupper())

    def settle(self) -> None:
        poll_until(self.jobs, lambda: not self.jobs.are_running)

    def _make(self, wish: str, capitals: str | None, link: Link[Any]) -> Iterator[Found[str] | str]:
        self.began.append(wish)
        while not self.go_on.wait(0.001):
            if link.stopped():
                return
        if wish == "bad":
            raise ValueError(wish)
        if wish.isupper() and capitals is None:
            capitals = f"capitals found for {wish}"
            yield Found(capitals)
        yield f"{wish}, {capitals}"


@pytest.fixture
def shop() -> Iterator[Workshop]:
    shop = Workshop()
    yield shop
    shop.jobs.stop_all()
    shop.settle()


def test_the_latest_wish_wins_and_those_between_are_never_begun(shop: Workshop) -> None:
    for word in ("a", "b", "c"):
        shop.ask(word)
    assert shop.work.is_busy
    poll_until(shop.jobs, lambda: shop.began == ["a", "c"])  # the first one ends without being let go on
    shop.go_on.set()
    shop.settle()
    assert shop.made == ["c, None"]
    assert not shop.work.is_busy


def test_help_is_found_once_for_all_wishes_of_a_key_even_by_one_that_is_overtaken(shop: Workshop) -> None:
    shop.ask("A")
    shop.ask("B")
    shop.go_on.set()
    shop.settle()
    shop.ask("C")
    shop.settle()
    shop.ask("D", "another")
    shop.settle()
    helped = "capitals found for A"
    assert shop.made == [f"B, {helped}", f"C, {helped}", "D, capitals found for D"]


def test_a_wish_of_another_key_does_not_wait_for_help_that_it_cannot_use(shop: Workshop) -> None:
    shop.ask("A")
    shop.ask("B", "another")
    poll_until(shop.jobs, lambda: shop.began == ["A", "B"])


def test_what_is_forgotten_is_not_told_but_its_help_is_kept(shop: Workshop) -> None:
    shop.ask("A")
    shop.work.forget()
    assert not shop.work.is_busy
    shop.go_on.set()
    shop.settle()
    assert shop.made == []
    shop.ask("B")
    shop.settle()
    assert shop.made == ["B, capitals found for A"]


def test_what_is_stopped_ends_early(shop: Workshop) -> None:
    shop.ask("A")
    shop.work.stop()
    shop.settle()
    assert not shop.work.is_busy
    assert shop.made == []


def test_a_failure_is_told_unless_something_else_is_wished_for_by_then(shop: Workshop) -> None:
    shop.go_on.set()
    shop.ask("bad")
    shop.settle()
    assert [str(problem) for problem in shop.problems] == ["bad"]
    assert not shop.work.is_busy
    shop.ask("bad")
    shop.ask("good")
    shop.settle()
    assert len(shop.problems) == 1
    assert shop.made == ["good, None"]
