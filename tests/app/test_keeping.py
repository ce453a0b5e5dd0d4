"""Things of a run as the user's own files: whole or not at all, one at a time, and never over the run itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from kept_run import make_run
from PIL import Image
from polling import poll_until

from aedesk.analysis import animation
from aedesk.app.jobs import Jobs
from aedesk.app.keeping import Keeper, Kept, Progress, Thing
from aedesk.data.imageset import DataSet
from aedesk.errors import AedeskError, Cancelled
from aedesk.storage.runs import Run


class Desk:
    """A keeper with its jobs, and what it has told."""

    def __init__(self) -> None:
        self.jobs = Jobs()
        self.keeper = Keeper(self.jobs)
        self.progress: list[Progress] = []
        self.kept: list[Kept] = []
        self.problems: list[BaseException] = []
        self.keeper.progress.connect(self.progress.append)
        self.keeper.kept.connect(self.kept.append)
        self.keeper.failed.connect(self.problems.append)

    def until(self, condition: Callable[[], object]) -> None:
        poll_until(self.jobs, lambda: bool(condition()), lambda: self.problems)

    def settle(self) -> None:
        self.until(lambda: not self.jobs.are_running)

    def keep(self, thing: Thing, run: Run, out: Path, *, dark: bool = False) -> None:
        self.keeper.keep(thing, run.path, out, dark=dark)
        self.settle()


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    desk.jobs.stop_all()
    desk.settle()


@pytest.fixture(scope="module")
def run(digits: DataSet, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return make_run(tmp_path_factory.mktemp("runs") / "tiny", digits)


def test_an_animation_of_the_map_is_a_film_and_it_is_said_how_it_comes_along(
    desk: Desk, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(animation, "of_map", partial(animation.of_map, frames=7))
    out = tmp_path / "map.gif"
    desk.keep("map animation", run, out)
    assert desk.problems == []
    with Image.open(out) as film:
        assert film.n_frames == 7
    assert desk.kept == [Kept(f"7 frames in {out}", out)]
    stages = list(dict.fromkeys(each.stage for each in desk.progress))
    assert stages == ["Reading epochs", "Drawing frames", "Writing the file"]
    assert {each.thing for each in desk.progress} == {"map animation"}
    assert not desk.keeper.is_busy


def test_an_animation_of_reconstructions_has_a_frame_for_each_epoch_and_may_be_dark(
    desk: Desk, run: Run, tmp_path: Path
) -> None:
    corners = {}
    for dark in (False, True):
        out = tmp_path / f"digits-{dark}.gif"
        desk.keep("reconstruction animation", run, out, dark=dark)
        with Image.open(out) as film:
            assert film.n_frames == 4
            corners[dark] = film.convert("L").getpixel((0, 0))
    assert corners[False] > 200
    assert corners[True] < 50


def test_one_thing_at_a_time(desk: Desk, run: Run, tmp_path: Path) -> None:
    desk.keeper.keep("reconstruction animation", run.path, tmp_path / "digits.gif")
    with pytest.raises(AedeskError, match="Still writing the reconstruction animation"):
        desk.keeper.keep("log", run.path, tmp_path / "log.txt")
    desk.settle()
    desk.keep("log", run, tmp_path / "log.txt")
    assert [each.path.name for each in desk.kept] == ["digits.gif", "log.txt"]


def test_whoever_hears_that_a_thing_is_kept_may_ask_for_the_next(
    desk: Desk, run: Run, tmp_path: Path
) -> None:
    table = tmp_path / "history.csv"
    ask = desk.keeper.kept.connect(lambda _: (ask(), desk.keeper.keep("history", run.path, table)))
    desk.keep("log", run, tmp_path / "log.txt")
    desk.until(lambda: len(desk.kept) == 2)
    assert table.is_file()


@pytest.mark.parametrize("ending", [".gif", ".mp4"])
def test_a_film_that_is_cancelled_leaves_what_was_there(
    desk: Desk, run: Run, tmp_path: Path, ending: str
) -> None:
    if ending == ".mp4":
        from aedesk.storage import movie

        if not movie.has_ffmpeg():
            pytest.skip("ffmpeg is not on this machine")
    out = tmp_path / f"map{ending}"
    out.write_bytes(b"an older film")
    desk.keeper.keep("map animation", run.path, out)
    desk.until(lambda: any(each.stage == "Drawing frames" for each in desk.progress))
    desk.keeper.cancel()
    desk.settle()
    assert [type(problem) for problem in desk.problems] == [Cancelled]
    assert desk.kept == []
    assert [path.name for path in tmp_path.iterdir()] == [out.name]
    assert out.read_bytes() == b"an older film"
    assert not desk.keeper.is_busy


def test_a_film_that_is_cancelled_once_all_is_drawn_is_not_written_either(
    desk: Desk, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aedesk.storage import movie

    def write(path: Path, frames: Iterator[object], *_: object) -> None:
        for number, _frame in enumerate(frames):
            if number == 3:  # the last of them
                desk.keeper.cancel()
        path.write_bytes(b"a film")

    monkeypatch.setattr(movie, "write", write)
    desk.keep("reconstruction animation", run, tmp_path / "digits.gif")
    assert [type(problem) for problem in desk.problems] == [Cancelled]
    assert list(tmp_path.iterdir()) == []


def test_the_history_is_the_table_of_the_run_without_a_line_that_is_on_its_way(
    desk: Desk, digits: DataSet, tmp_path: Path
) -> None:
    run = make_run(tmp_path / "run", digits)
    whole = run.history.read_bytes()
    with run.history.open("ab") as file:
        file.write(b"5,0.1")
    desk.keep("history", run, tmp_path / "table.csv")
    assert (tmp_path / "table.csv").read_bytes() == whole
    assert desk.kept[0].words == f"4 epochs in {tmp_path / 'table.csv'}"


def test_the_log_is_what_the_run_told(desk: Desk, run: Run, tmp_path: Path) -> None:
    desk.keep("log", run, tmp_path / "log.txt")
    assert (tmp_path / "log.txt").read_bytes() == run.log.read_bytes()


def test_a_run_without_a_log_or_a_history_is_told_so_and_nothing_is_written(
    desk: Desk, digits: DataSet, tmp_path: Path
) -> None:
    run = make_run(tmp_path / "run", digits)
    run.log.unlink()
    run.history.unlink()
    for thing in ("log", "history"):
        desk.keep(thing, run, tmp_path / "out.txt")
    assert [str(problem) for problem in desk.problems] == [
        f"{run.path}: this run has no log (log.txt is missing)",
        f"{run.path}: no epoch of this run has been completed, so it has no history yet (history.csv is missing)",
    ]
    assert not (tmp_path / "out.txt").exists()


def test_tensorboard_gets_a_folder_and_it_is_said_how_to_look_at_it(
    desk: Desk, run: Run, tmp_path: Path
) -> None:
    pytest.importorskip("tensorboard")
    out = tmp_path / "logs" / run.name
    desk.keep("TensorBoard files", run, out)
    assert desk.problems == []
    assert any("tfevents" in path.name for path in out.iterdir())
    assert desk.kept[0].words == f"Look at it by: tensorboard --logdir {tmp_path / 'logs'}"
    assert desk.progress


@pytest.mark.parametrize(
    ("thing", "name"),
    [("history", "history.csv"), ("map animation", "epochs/map.gif"), ("TensorBoard files", "")],
)
def test_nothing_is_written_into_the_run_itself(desk: Desk, run: Run, thing: Thing, name: str) -> None:
    with pytest.raises(AedeskError, match="within the run itself"):
        desk.keeper.keep(thing, run.path, run.path / name)
    assert not desk.keeper.is_busy


def test_a_film_must_have_a_name_that_says_its_kind(desk: Desk, run: Run, tmp_path: Path) -> None:
    with pytest.raises(AedeskError, match=r"must end in \.gif or \.mp4"):
        desk.keeper.keep("map animation", run.path, tmp_path / "map.avi")
    assert not desk.keeper.is_busy


def test_a_run_that_was_deleted_is_told_so(desk: Desk, tmp_path: Path) -> None:
    desk.keep("map animation", Run(tmp_path / "gone"), tmp_path / "map.gif")
    assert str(desk.problems[0]) == f"{tmp_path / 'gone'}: this run is no longer there"
