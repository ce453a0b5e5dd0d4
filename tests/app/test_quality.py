"""The quality card of a model: found, measured in the background, and kept where it belongs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from kept_run import make_run
from made_up_card import made_up_card
from polling import poll_until

from aedesk.analysis import card as cards
from aedesk.app.jobs import Jobs
from aedesk.app.quality import Found, Quality
from aedesk.data import sources
from aedesk.data.imageset import DataSet
from aedesk.errors import AedeskError, Cancelled
from aedesk.storage.library import load_model
from aedesk.storage.runs import Run


class Bench:
    def __init__(self) -> None:
        self.jobs = Jobs()
        self.problems: list[BaseException] = []

    def quality(self, reference: Path | str) -> Quality:
        active: Any = SimpleNamespace(reference=str(reference), model=load_model(reference), atlas=None)
        quality = Quality(self.jobs, active)
        quality.failed.connect(self.problems.append)
        return quality

    def settle(self) -> None:
        poll_until(self.jobs, lambda: not self.jobs.are_running, lambda: self.problems)

    def look(self, quality: Quality) -> Found:
        quality.look()
        self.settle()
        assert quality.found is not None
        return quality.found

    def measure(self, quality: Quality) -> Found:
        quality.measure()
        self.settle()
        assert quality.found is not None, self.problems
        return quality.found


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.jobs.stop_all()
    bench.settle()


@pytest.fixture
def run(digits: DataSet, tmp_path: Path) -> Run:
    return make_run(tmp_path / "run", digits, kept=(0, 1))


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch, digits: DataSet) -> list[str]:
    """The names of the data sets that are asked for; each is the digits, which are here already."""
    asked: list[str] = []

    def load(name: str, **_: Any) -> DataSet:
        asked.append(name)
        return digits

    monkeypatch.setattr(sources, "load", load)
    return asked


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, read: list[str]) -> list[str]:
    """Measuring that takes no time; the names of the data it was asked to be done on."""

    def measure(model: Any, data: DataSet, *_: Any, **__: Any) -> cards.Card:
        return made_up_card(model.checkpoint, data=data.name, mse=0.125)

    monkeypatch.setattr(cards, "measure", measure)
    return read


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch, read: list[str]) -> threading.Event:
    """Measuring that ends when it is cancelled; set once it has begun."""
    begun = threading.Event()

    def measure(*_: Any, progress: Callable[..., Any], cancelled: Callable[[], bool]) -> cards.Card:
        progress("waiting", 1, 4)
        begun.set()
        while not cancelled():
            pass
        raise Cancelled("not wanted")

    monkeypatch.setattr(cards, "measure", measure)
    return begun


def test_the_card_that_is_kept_with_a_run_is_found_with_what_others_have_published(
    bench: Bench, run: Run
) -> None:
    quality = bench.quality(run.path)
    cards.keep(made_up_card(quality.model.checkpoint, mse=0.04), run.model)
    found = bench.look(quality)
    assert found.card is not None
    assert found.card.mse == 0.04
    assert "Parametric UMAP" in {one.name for one in found.published}


def test_a_model_that_nobody_has_measured_has_no_card(bench: Bench, run: Run) -> None:
    assert bench.look(bench.quality(run.path)) == Found(None, ())


def test_the_card_of_a_run_that_was_trained_on_is_not_that_of_the_model_in_use(
    bench: Bench, run: Run, digits: DataSet
) -> None:
    quality = bench.quality(run.path)
    later = make_run(run.path.with_name("later"), digits, kept=(0, 2))
    run.model.write_bytes(later.model.read_bytes())
    cards.keep(made_up_card(load_model(run.path).checkpoint), run.model)
    assert bench.look(quality).card is None


def test_a_measured_card_is_kept_with_the_run(bench: Bench, run: Run, quick: list[str]) -> None:
    found = bench.measure(bench.quality(run.path))
    assert quick == ["digits"]  # what the run was trained on
    assert found.note == "Measured just now, and kept beside the model."
    kept = cards.card_of(run.model)
    assert kept is not None
    assert kept == found.card
    assert bench.look(bench.quality(run.path)).card == kept


def test_a_run_that_is_renamed_while_it_is_measured_keeps_its_card(
    bench: Bench, run: Run, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    renamed = run.path.with_name("renamed")
    quality = bench.quality(run.path)

    def measure(model: Any, *_: Any, **__: Any) -> cards.Card:
        run.path.rename(renamed)
        quality.reference = str(renamed)
        return made_up_card(model.checkpoint)

    monkeypatch.setattr(cards, "measure", measure)
    bench.measure(quality)
    assert cards.card_of(renamed / run.model.name) is not None


def test_where_nothing_can_be_written_the_card_is_shown_all_the_same(
    bench: Bench, run: Run, quick: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise AedeskError("this folder is read-only")

    monkeypatch.setattr(cards, "keep", refuse)
    found = bench.measure(bench.quality(run.path))
    assert found.card is not None
    assert found.note == "Measured just now, but not kept: this folder is read-only"
    assert bench.problems == []


def test_of_a_run_that_is_deleted_meanwhile_the_card_is_shown_and_not_kept(
    bench: Bench, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def measure(model: Any, *_: Any, **__: Any) -> cards.Card:
        run.path.rename(run.path.with_name("out-of-the-way"))
        return made_up_card(model.checkpoint)

    monkeypatch.setattr(cards, "measure", measure)
    found = bench.measure(bench.quality(run.path))
    assert found.card is not None
    assert found.note == "Measured just now, and not kept: the model's file is not there any more."


def test_the_card_that_is_shipped_is_never_written_over(
    bench: Bench, quick: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("the installation was written to")

    monkeypatch.setattr(cards, "keep", refuse)
    quality = bench.quality("dense-2d")
    quality.model.checkpoint.config["data"] = "digits"
    found = bench.measure(quality)
    assert found.card is not None
    assert found.card.mse == 0.125
    assert "shipped stays" in found.note


def test_an_epoch_of_a_run_is_measured_but_has_no_card_of_its_own(
    bench: Bench, run: Run, quick: list[str]
) -> None:
    epoch = next(iter(sorted(run.epochs.folder.glob("*.safetensors"))))
    found = bench.measure(bench.quality(str(epoch)))
    assert found.card is not None
    assert "not kept: an epoch" in found.note
    assert not run.card.exists()


def test_measuring_tells_how_far_it_is_and_leaves_nothing_when_it_is_cancelled(
    bench: Bench, run: Run, endless: threading.Event
) -> None:
    quality = bench.quality(run.path)
    quality.measure()
    poll_until(bench.jobs, lambda: quality.measuring.stage is not None and endless.is_set())
    assert quality.measuring.stage is not None
    quality.measuring.cancel()
    bench.settle()
    assert quality.found is None
    assert bench.problems == []
    assert not run.card.exists()


def test_nothing_is_heard_of_a_card_that_nobody_looks_at_any_more(
    bench: Bench, run: Run, quick: list[str]
) -> None:
    quality = bench.quality(run.path)
    heard: list[None] = []
    quality.changed.connect(heard.append)
    quality.look()
    quality.end()
    bench.settle()
    assert heard == []


def test_data_that_is_not_here_is_named_with_the_way_to_it(
    bench: Bench, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quality = bench.quality(run.path)
    assert not quality.missing
    config = quality.model.checkpoint.config
    monkeypatch.setenv("AEDESK_DATA_DIR", str(tmp_path))
    config["data"] = "mnist"
    assert quality.can_be_fetched
    assert "mnist, which are not on this machine" in quality.missing
    config["data"] = str(tmp_path / "gone.npz")
    assert not quality.can_be_fetched
    assert "gone.npz, which is not there any more" in quality.missing
    del config["data"]
    assert quality.data == "mnist"


def test_data_without_test_images_is_a_problem_in_one_line(
    bench: Bench, run: Run, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def measure(*_: Any, **__: Any) -> cards.Card:
        raise AedeskError("own needs test images")

    monkeypatch.setattr(cards, "measure", measure)
    quality = bench.quality(run.path)
    quality.measure()
    bench.settle()
    assert [str(problem) for problem in bench.problems] == ["own needs test images"]
    assert quality.found is None
