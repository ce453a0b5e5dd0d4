"""The preview of a data set: its classes, some of its pictures, and fetching what is not there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from panel_bench import WindowBench

from aedesk.app.data_preview import Contents, State
from aedesk.data import sources
from aedesk.data.imageset import DataSet, ImageSet
from aedesk.errors import AedeskError, Cancelled
from aedesk.gui.form.data_preview import DataPreviewWindow


class Bench(WindowBench):
    def __init__(self) -> None:
        super().__init__("900x700")
        self.fetched = 0
        self.window = DataPreviewWindow(self.root, self.look, self.jobs, self._on_fetched)

    def _on_fetched(self) -> None:
        self.fetched += 1

    def look_into(self, data: str, state: State) -> None:
        self.window.look_into(data)
        self.until(state)

    def until(self, state: State) -> None:
        self.pump_until(lambda: self.window.preview.state is state)
        self.pump(0.1)

    @property
    def message(self) -> str:
        return str(self.window.message.cget("text"))


@pytest.fixture
def bench(screen: None) -> Iterator[Bench]:
    bench = Bench()
    yield bench
    errors = bench.errors
    bench.close()
    assert errors == []


def a_set(labels: list[int], classes: tuple[str, ...]) -> ImageSet:
    images = np.zeros((len(labels), 28, 28), np.uint8)
    images[:, 0, 0] = np.arange(len(labels)) % 256
    return ImageSet(images, np.array(labels, np.int64), classes)


def a_file(folder: Path, labels: list[Any]) -> str:
    path = folder / "own.npz"
    images = np.random.default_rng(0).integers(0, 255, (len(labels), 28, 28), np.uint8)
    np.savez(path, images=images, labels=np.array(labels))
    return str(path)


def test_the_counts_of_each_class_and_examples_are_shown(bench: Bench) -> None:
    bench.look_into("digits", State.SHOWN)
    texts = bench.window.table.texts
    assert bench.window.table.winfo_ismapped()
    assert bench.window.line.words == "1,438 pictures to train on, 359 to test with, 10 classes"
    place = texts.index("0", 4)
    assert texts[place : place + 6] == ["0", "142", "36", "1", "146", "36"]
    assert bench.window.table.per_row >= 8
    assert bench.window.title_label.cget("text") == "digits"


def test_own_data_is_shown_with_its_own_classes(bench: Bench, tmp_path: Path) -> None:
    bench.look_into(a_file(tmp_path, ["cat"] * 12 + ["dog"] * 6), State.SHOWN)
    assert {"cat", "dog", "10", "5", "2", "1"} <= set(bench.window.table.texts)
    assert bench.window.title_label.cget("text") == "own.npz"
    assert "2 classes" in bench.window.line.words


def test_other_examples_come_with_the_next_page(bench: Bench) -> None:
    bench.look_into("digits", State.SHOWN)
    assert bench.window.back.instate(["disabled"])
    bench.window.more.invoke()
    assert bench.window.table.page == 1
    bench.window.back.invoke()
    assert bench.window.table.page == 0
    assert bench.window.back.instate(["disabled"])


def test_many_classes_scroll(bench: Bench, tmp_path: Path) -> None:
    names = [f"class {place:03d}" for place in range(120) for _ in range(3)]
    bench.look_into(a_file(tmp_path, names), State.SHOWN)
    table = bench.window.table
    assert table._bar.winfo_ismapped()
    assert "class 000" in table.texts
    assert "class 119" not in table.texts
    table._paper.focus_force()
    bench.key(table._paper, "<End>")
    assert "class 119" in table.texts
    assert "class 000" not in table.texts
    for _ in range(2):
        table._paper.event_generate("<Button-4>")
    bench.pump()
    assert "class 119" not in table.texts
    table._on_bar("moveto", "0")
    bench.pump()
    assert "class 000" in table.texts


def test_data_that_cannot_be_read_is_told_in_the_window(bench: Bench, tmp_path: Path) -> None:
    broken = tmp_path / "broken.npz"
    broken.write_bytes(b"PK\3\4 and no more")
    bench.look_into(str(broken), State.FAILED)
    assert "broken.npz" in bench.message
    assert "\n" not in bench.message
    assert bench.window.action.cget("text") == "Try again"
    np.savez(broken, images=np.zeros((4, 28, 28), np.uint8), labels=np.arange(4))
    bench.window.action.invoke()
    bench.until(State.SHOWN)
    assert not bench.window.message.winfo_ismapped()


def test_a_missing_set_is_fetched_with_progress(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on: list[int] = []

    def slow_load(name: str, *, progress: Callable[..., None], cancelled: Callable[[], bool]) -> DataSet:
        progress("train-images-idx3-ubyte.gz", 2_500_000, 10_000_000)
        while not go_on:
            time.sleep(0.01)
        some = a_set([0, 1, 1], ("a", "b"))
        return DataSet(name, some, some)

    monkeypatch.setenv("AEDESK_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(sources, "load", slow_load)
    bench.look_into("fashion-mnist", State.MISSING)
    assert bench.window.action.cget("text") == "Fetch 31 MB"
    assert not bench.jobs.are_running, "nothing is fetched unasked"
    bench.window.action.invoke()
    bench.pump_until(lambda: "2.5 of 10.0 MB" in bench.message)
    assert bench.window.bar["value"] == pytest.approx(0.25)
    assert bench.window.action.cget("text") == "Cancel"
    assert bench.fetched == 0
    go_on.append(1)
    bench.until(State.SHOWN)
    assert bench.fetched == 1
    assert {"a", "b"} <= set(bench.window.table.texts)


def endless(name: str, *, progress: Callable[..., None], cancelled: Callable[[], bool]) -> DataSet:
    while not cancelled():
        progress("train-images-idx3-ubyte.gz", 1, None)
        time.sleep(0.01)
    raise Cancelled("the fetch was cancelled")


def test_a_fetch_can_be_cancelled_and_asked_for_again(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AEDESK_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(sources, "load", endless)
    bench.look_into("kmnist", State.MISSING)
    for _ in range(2):
        bench.window.action.invoke()
        bench.pump_until(lambda: "MB" in bench.message and bench.window.preview.state is State.FETCHING)
        bench.window.action.invoke()
        bench.until(State.MISSING)
        assert bench.window.action.cget("text") == "Fetch 21 MB"
        assert not bench.window.bar.winfo_ismapped()
    assert bench.fetched == 0


def test_a_fetch_that_fails_is_told_and_can_be_tried_again(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(name: str, **_: Any) -> DataSet:
        raise AedeskError("train-images could not be fetched: nobody answers. Check the network")

    monkeypatch.setenv("AEDESK_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(sources, "load", fail)
    bench.look_into("kmnist", State.MISSING)
    bench.window.action.invoke()
    bench.until(State.FAILED)
    assert "nobody answers" in bench.message
    bench.window.action.invoke()
    bench.until(State.FAILED)


def test_escape_closes_and_ends_the_fetch(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AEDESK_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(sources, "load", endless)
    bench.look_into("kmnist", State.MISSING)
    bench.window.action.invoke()
    bench.pump_until(lambda: "MB" in bench.message)
    bench.key(bench.window.close_button, "<Escape>")
    assert not bench.window.winfo_exists()
    bench.pump_until(lambda: not bench.jobs.are_running)


def test_only_the_data_that_was_asked_for_last_is_shown(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = a_file(tmp_path, ["x"] * 4)
    true_load = sources.load
    slow: list[int] = [1]

    def load(name: str, **options: Any) -> DataSet:
        while name == "digits" and slow:
            time.sleep(0.01)
        return true_load(name, **options)

    monkeypatch.setattr(sources, "load", load)
    bench.window.look_into("digits")
    bench.look_into(own, State.SHOWN)
    slow.clear()
    bench.pump_until(lambda: not bench.jobs.are_running)
    assert bench.window.preview.data == own
    assert "x" in bench.window.table.texts
    assert "one class" in bench.window.line.words


@given(labels=st.lists(st.integers(0, 4), min_size=1, max_size=60), count=st.integers(1, 12))
def test_the_pages_of_a_class_go_through_all_of_it_and_nothing_else(labels: list[int], count: int) -> None:
    data = a_set(labels, tuple("abcde"))
    contents = Contents.of(DataSet("some", data, data))
    assert contents.counts.tolist() == [labels.count(label) for label in range(5)]
    for label in range(5):
        held = [place for place, other in enumerate(labels) if other == label]
        pages = -(-len(held) // count) or 1
        shown = [contents.examples(label, page, count) for page in range(pages)]
        assert all(len(page) == min(count, len(held)) for page in shown)
        assert {int(image[0, 0]) for page in shown for image in page} == set(held)
