import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polling import poll_until

from aedesk import paths
from aedesk.app.jobs import Jobs
from aedesk.app.run_list import COLUMNS, RunList
from aedesk.errors import AedeskError
from aedesk.storage import trash
from aedesk.storage.lock import RunLock
from aedesk.storage.runs import Run


def make_run(folder: Path, name: str, *, losses: list[float] | None = None, **config: object) -> Path:
    """A run that was cut off before its first model was there."""
    path = folder / name
    path.mkdir(parents=True)
    Run(path).write_config({"preset": "dense-32", "data": "digits", "kind": "plain", "epochs": 9, **config})
    rows = [
        {"epoch": n, "train_loss": loss, "validation_loss": loss, "seconds": 1.0}
        for n, loss in enumerate(losses or [], 1)
    ]
    Run(path).write_history(rows)
    return path


class Bench:
    def __init__(self, folder: Path | None = None) -> None:
        self.jobs = Jobs()
        self.runs = RunList(self.jobs, folder)
        self.changes: list[list[str]] = []
        self.selections: list[list[str]] = []
        self.problems: list[str] = []
        self.runs.changed.connect(lambda _: self.changes.append([card.name for card in self.runs.shown]))
        self.runs.selection_changed.connect(
            lambda cards: self.selections.append([card.name for card in cards])
        )
        self.runs.problem.connect(lambda problem: self.problems.append(str(problem)))

    def settle(self) -> None:
        poll_until(self.jobs, lambda: not self.jobs.are_running, lambda: self.problems)

    def look(self) -> None:
        self.runs.refresh()
        self.settle()

    @property
    def names(self) -> list[str]:
        return [card.name for card in self.runs.shown]

    @property
    def selected(self) -> list[str]:
        return [card.name for card in self.runs.selected]


@pytest.fixture
def bench(home: Path) -> Iterator[Bench]:
    for name in ("a", "b", "c"):
        make_run(paths.runs(), name)
    bench = Bench()
    bench.look()
    bench.runs.sort_by("name", descending=False)
    bench.changes.clear()
    yield bench
    assert bench.problems == []


def test_runs_of_another_window_appear_and_nothing_is_told_when_nothing_is_new(bench: Bench) -> None:
    bench.look()
    assert bench.changes == []
    make_run(paths.runs(), "d")
    bench.look()
    assert bench.changes == [["a", "b", "c", "d"]]


def test_progress_of_a_selected_run_is_told(bench: Bench) -> None:
    bench.runs.select([paths.runs() / "b"])
    bench.selections.clear()
    Run(paths.runs() / "a").append_history({"epoch": 1, "train_loss": 0.5, "validation_loss": 0.5})
    bench.look()
    assert (len(bench.changes), bench.selections) == (1, [])
    Run(paths.runs() / "b").append_history({"epoch": 1, "train_loss": 0.5, "validation_loss": 0.5})
    bench.look()
    assert (len(bench.changes), bench.selections) == (2, [["b"]])
    assert bench.runs.selected[0].best_validation == 0.5


def test_every_column_sorts_both_ways_with_the_unknown_last(home: Path) -> None:
    make_run(paths.runs(), "one", losses=[0.3])
    make_run(paths.runs(), "two", losses=[0.1, 0.2], preset="conv")
    make_run(paths.runs(), "none")
    bench = Bench()
    bench.look()
    bench.runs.sort_by("validation")
    assert bench.names == ["two", "one", "none"]
    bench.runs.sort_by("validation")
    assert bench.names == ["one", "two", "none"]
    bench.runs.sort_by("epochs")
    assert bench.names == ["two", "one", "none"]
    for column in COLUMNS:
        for descending in (True, False):
            bench.runs.sort_by(column, descending=descending)
            assert sorted(bench.names) == ["none", "one", "two"]


def test_the_filter_asks_for_every_word_and_lets_go_of_what_it_hides(home: Path) -> None:
    make_run(paths.runs(), "first", kind="sparse")
    make_run(paths.runs(), "second", kind="sparse", data="/home/me/Faces.npz")
    make_run(paths.runs(), "third", preset="conv")
    bench = Bench()
    bench.look()
    bench.runs.select(card.path for card in bench.runs.cards)
    bench.runs.filter("SPARSE faces")
    assert bench.names == bench.selected == ["second"]
    bench.runs.filter("")
    assert sorted(bench.names) == ["first", "second", "third"]
    assert bench.selected == ["second"]
    bench.runs.filter("conv interrupted")
    assert bench.names == ["third"]


def test_a_run_keeps_its_place_and_colour_for_as_long_as_it_is_selected(bench: Bench) -> None:
    a, b, c = (paths.runs() / name for name in "abc")
    bench.runs.select([c])
    bench.runs.select([a, b, c])
    assert bench.selected == ["c", "a", "b"]
    assert [bench.runs.colour_index(path) for path in (c, a, b)] == [0, 1, 2]
    bench.runs.select([b, c])
    bench.runs.select([b, c, a, paths.runs() / "missing"])
    assert [bench.runs.colour_index(path) for path in (c, a, b)] == [0, 1, 2]
    bench.selections.clear()
    bench.runs.select([c, b, a])
    assert bench.selections == []


def test_there_are_eight_colours_and_one_that_is_let_go_of_serves_another(home: Path) -> None:
    made = [make_run(paths.runs(), f"run-{index}") for index in range(10)]
    bench = Bench()
    bench.look()
    bench.runs.select(made)
    assert [bench.runs.colour_index(path) for path in made] == [*range(8), None, None]
    bench.runs.select(made[3:])
    assert [bench.runs.colour_index(path) for path in made[3:]] == [3, 4, 5, 6, 7, 0, 1]


def test_a_renamed_run_stays_selected_and_is_told_by_both_names(bench: Bench) -> None:
    a, b = paths.runs() / "a", paths.runs() / "b"
    told: list[tuple[Path, Path]] = []
    bench.runs.renamed.connect(told.append)
    bench.runs.select([b, a])
    new = bench.runs.rename(b, "z")
    assert told == [(b, new)]
    assert bench.names == ["a", "c", "z"]
    assert bench.selected == ["z", "a"]
    assert bench.runs.colour_index(new) == 0
    bench.look()
    assert bench.names == ["a", "c", "z"]
    with pytest.raises(AedeskError, match="taken"):
        bench.runs.rename(new, "a")


def test_deletes_are_undone_one_after_another_the_last_first(bench: Bench) -> None:
    a, b, c = (paths.runs() / name for name in "abc")
    removed: list[list[Path]] = []
    bench.runs.removed.connect(removed.append)
    bench.runs.select([a, b])
    assert bench.runs.delete([a, b]) == [a, b]
    assert (bench.names, bench.selected, removed) == (["c"], [], [[a, b]])
    bench.runs.delete([c])
    assert bench.runs.last_deleted == ["c"]
    assert bench.runs.undo_delete() == [c]
    assert bench.selected == ["c"]
    assert bench.runs.undo_delete() == [a, b]
    assert (bench.names, bench.selected) == (["a", "b", "c"], ["a", "b"])
    assert bench.runs.undo_delete() == []
    bench.settle()
    assert bench.names == ["a", "b", "c"]


def test_a_run_in_training_stays_while_the_others_go(bench: Bench) -> None:
    with RunLock(paths.runs() / "b").held():
        bench.runs.delete([paths.runs() / name for name in "abc"])
        assert bench.names == ["b"]
        assert len(bench.problems) == 1
        assert "b: this run is being trained" in bench.problems.pop()
        bench.runs.delete([paths.runs() / "b"])
        assert "being trained" in bench.problems.pop()
    assert bench.runs.last_deleted == ["a", "c"]


def test_what_was_seen_before_a_rename_does_not_bring_the_old_name_back(bench: Bench) -> None:
    make_run(paths.runs(), "d")
    bench.runs.refresh()
    while any(thread_is_at_work(bench)):
        pass  # it has looked, and nobody has heard of it yet
    bench.runs.rename(paths.runs() / "a", "z")
    bench.settle()
    assert all("a" not in names for names in bench.changes)
    assert bench.names == ["b", "c", "d", "z"], "and it has looked once more"


def thread_is_at_work(bench: Bench) -> Iterator[bool]:
    return (job.worker.is_alive for job in bench.jobs._jobs)


def test_a_selected_run_that_somebody_removes_is_let_go(bench: Bench) -> None:
    bench.runs.select([paths.runs() / "a", paths.runs() / "b"])
    shutil.rmtree(paths.runs() / "a")
    bench.look()
    assert (bench.names, bench.selected) == (["b", "c"], ["b"])
    assert bench.selections[-1] == ["b"]


def test_a_run_that_cannot_come_back_is_told_and_the_others_do(bench: Bench) -> None:
    bench.runs.delete([paths.runs() / name for name in "ab"])
    kept = next(path for path in (paths.runs() / trash.TRASH).rglob("a"))
    shutil.rmtree(kept)
    assert [path.name for path in bench.runs.undo_delete()] == ["b"]
    assert "deleted for good" in bench.problems.pop()


def test_at_the_end_what_was_deleted_here_is_gone_for_good_and_no_more_than_that(bench: Bench) -> None:
    other = trash.put(make_run(paths.runs(), "of another window"))
    bench.runs.delete([paths.runs() / "a"])
    bench.jobs.stop_all()
    bench.runs.end()
    bench.settle()
    assert [path.name for path in (paths.runs() / trash.TRASH).rglob("config.json")] == ["config.json"]
    assert trash.restore(other).exists()
    assert not (paths.runs() / trash.TRASH).exists()


def test_two_runs_are_compared(bench: Bench) -> None:
    make_run(paths.runs(), "d", seed=5)
    bench.look()
    bench.runs.select([paths.runs() / "a", paths.runs() / "d"])
    differing, agreeing = bench.runs.compare()
    assert [(setting.label, setting.values) for setting in differing] == [("Seed", ("-", "5"))]
    assert "Data" in [setting.label for setting in agreeing]


VERBS: dict[str, Callable[[RunList, int], object]] = {
    "delete": lambda runs, n: runs.delete([card.path for card in runs.selected]),
    "undo": lambda runs, n: runs.undo_delete(),
    "select": lambda runs, n: runs.select([card.path for card in runs.shown[n % 3 : n]]),
    "filter": lambda runs, n: runs.filter("run 1" if n % 2 else ""),
    "sort": lambda runs, n: runs.sort_by(list(COLUMNS)[n % len(COLUMNS)]),
    "refresh": lambda runs, n: runs.refresh(),
    "rename": lambda runs, n: [runs.rename(card.path, f"{card.name}x") for card in runs.selected[:1]],
}


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(VERBS)), st.integers(0, 9)), max_size=20))
def test_in_whatever_order_things_are_done_no_run_is_lost_and_the_list_is_right(
    steps: list[tuple[str, int]],
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for index in range(4):
            make_run(folder, f"run-{index}", seed=index)
        bench = Bench(folder)
        bench.look()
        for verb, number in steps:
            VERBS[verb](bench.runs, number)
            bench.jobs.poll()
            here = {path for path in folder.iterdir() if path.name != trash.TRASH}
            assert {card.path for card in bench.runs.cards} == here
            assert {card.path for card in bench.runs.selected} <= {card.path for card in bench.runs.shown}
            colours = [bench.runs.colour_index(card.path) for card in bench.runs.selected]
            assert len(set(colours)) == len(colours)
        while bench.runs.undo_delete():
            pass
        bench.look()
        assert sorted(card.config["seed"] for card in bench.runs.cards) == [0, 1, 2, 3]
        assert bench.problems == []
