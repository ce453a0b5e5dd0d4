"""Points chosen on the map: choosing, taking back, what they are on the whole, and files of them."""

import csv
import dataclasses
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from aedesk.app import decoded as decoding
from aedesk.app import selection as selections
from aedesk.app import selection_files
from aedesk.app.jobs import Jobs
from aedesk.app.loading import ActiveModel
from aedesk.app.point_pictures import PointPictures
from aedesk.app.selection import How, Selection
from aedesk.errors import AedeskError
from aedesk.latent import pca
from aedesk.storage import files


class Desk:
    """A bench, its points' pictures and the chosen ones."""

    def __init__(self, bench: Any) -> None:
        self.bench, self.explorer = bench, bench.explorer
        self.pictures = PointPictures(bench.explorer, bench.jobs)
        self.selection = Selection(bench.explorer, self.pictures, bench.jobs)
        self.changes: list[list[int]] = []
        self.selection.changed.connect(lambda indices: self.changes.append(indices.tolist()))
        self.summaries = 0
        self.selection.summary_changed.connect(self._count)
        self.said: list[str] = []
        self.problems: list[BaseException] = []
        self.selection.saved.connect(self.said.append)
        self.selection.failed.connect(self.problems.append)

    def _count(self, _: None) -> None:
        self.summaries += 1

    def save(self, kind: str, path: Path) -> str:
        """What is said at last of the file."""
        begun = getattr(self.selection, f"save_{kind}")(path)
        assert begun == f"Saving {len(self.chosen):,} points to {path} ..."
        self.bench.settle()
        assert self.problems == []
        return self.said.pop()

    @property
    def active(self) -> ActiveModel:
        active: ActiveModel | None = self.explorer.active
        assert active is not None
        return active

    def use(self, active: ActiveModel) -> None:
        """As when the explorer has laid out another map."""
        self.explorer.active = active
        self.explorer.model_changed.emit(active)
        self.bench.settle()

    @property
    def chosen(self) -> list[int]:
        indices: list[int] = self.selection.indices.tolist()
        return indices


@pytest.fixture
def desk(bench: Any) -> Desk:
    return Desk(bench)


@pytest.fixture
def loaded(desk: Desk, run: Path) -> Desk:
    desk.bench.load(run)
    assert desk.pictures.are_originals
    return desk


@pytest.fixture
def decoded(desk: Desk, without_data: Path) -> Desk:
    """With a model whose atlas does not say of what its codes are."""
    desk.bench.load(without_data)
    return desk


def test_without_a_model_nothing_can_be_chosen(desk: Desk, tmp_path: Path) -> None:
    desk.selection.choose(np.array([1]))
    desk.selection.undo()
    assert desk.chosen == []
    assert desk.changes == []
    assert desk.selection.summary().count == 0
    with pytest.raises(AedeskError, match="Nothing is chosen; draw a lasso"):
        desk.selection.save_csv(tmp_path / "none.csv")
    assert list(tmp_path.iterdir()) == []


def test_points_are_chosen_added_and_taken_out(loaded: Desk) -> None:
    loaded.selection.choose(np.array([7, 3, 3]))
    loaded.selection.choose(np.array([5, 7]), "add")
    loaded.selection.choose(np.array([3, 900]), "remove")
    loaded.selection.choose(np.array([1]))
    assert loaded.changes == [[3, 7], [3, 5, 7], [5, 7], [1]]
    assert loaded.selection.indices.dtype == np.int64
    loaded.selection.clear()
    assert loaded.chosen == []


def test_undo_returns_to_the_selection_before(loaded: Desk) -> None:
    loaded.selection.choose(np.array([1, 2]))
    loaded.selection.choose(np.array([1, 2]))  # nothing new, and nothing to take back
    loaded.selection.clear()
    loaded.selection.undo()
    assert loaded.chosen == [1, 2]
    loaded.selection.undo()
    assert loaded.chosen == []
    assert not loaded.selection.can_undo
    loaded.selection.undo()
    assert loaded.changes == [[1, 2], [], [1, 2], []]


def test_points_that_are_not_on_the_map_are_refused(loaded: Desk) -> None:
    for wrong in ([-1], [len(loaded.active.shown)]):
        with pytest.raises(ValueError, match="of a map of"):
            loaded.selection.choose(np.array(wrong))
    assert loaded.changes == []


class _Fixed:
    """As much of an explorer as a selection looks at, with a map of twenty points."""

    def __init__(self) -> None:
        from types import SimpleNamespace

        from aedesk.app.signal import Signal

        self.active = SimpleNamespace(shown=range(20))
        self.model_changed: Signal[object] = Signal()


STEPS = st.lists(
    st.tuples(st.sampled_from(["replace", "add", "remove"]), st.frozensets(st.integers(0, 19), max_size=8)),
    max_size=12,
)


@settings(max_examples=80, deadline=None)
@given(steps=STEPS)
def test_whatever_is_chosen_can_be_taken_back_step_by_step(steps: list[tuple[How, frozenset[int]]]) -> None:
    explorer = _Fixed()
    pictures = PointPictures(explorer, Jobs())  # type: ignore[arg-type]
    selection = Selection(explorer, pictures, Jobs())  # type: ignore[arg-type]
    expected: list[set[int]] = [set()]
    for how, points in steps:
        selection.choose(np.array(sorted(points), np.int64), how)
        last = expected[-1]
        now = {"replace": set(points), "add": last | points, "remove": last - points}[how]
        if now != last:
            expected.append(now)
        assert selection.indices.tolist() == sorted(now)
    for before in reversed(expected[:-1]):
        selection.undo()
        assert selection.indices.tolist() == sorted(before)
    assert not selection.can_undo


def test_the_selection_stays_on_another_map_of_the_same_points(loaded: Desk) -> None:
    loaded.selection.choose(np.array([1, 2]))
    loaded.use(dataclasses.replace(loaded.active, projection=pca.fit(loaded.active.atlas.codes, "exact")))
    assert loaded.chosen == [1, 2]
    assert loaded.selection.can_undo


@pytest.mark.parametrize("how", ["model", "points"])
def test_the_selection_goes_with_its_points(loaded: Desk, run: Path, how: str) -> None:
    loaded.selection.choose(np.array([1, 2]))
    if how == "model":
        loaded.bench.load(run)
    else:
        shown = dataclasses.replace(loaded.active.shown)
        loaded.use(dataclasses.replace(loaded.active, shown=shown))
    assert loaded.chosen == []
    assert loaded.changes == [[1, 2], []]
    assert not loaded.selection.can_undo


def test_a_summary_asked_for_as_the_model_changes_is_of_one_model(loaded: Desk, flat: Path) -> None:
    loaded.selection.choose(np.arange(len(loaded.active.shown)))
    loaded.selection.summary()
    told = []
    loaded.pictures.changed.connect(lambda _: told.append(loaded.selection.summary()))
    loaded.selection.changed.connect(lambda _: told.append(loaded.selection.summary()))
    loaded.bench.load(flat)
    assert [summary.count for summary in told] == [0, 0]
    assert told[0].mean_image is None


def test_a_summary_counts_classes_and_means_pictures_and_errors(loaded: Desk) -> None:
    atlas = loaded.active.shown
    chosen = np.flatnonzero(atlas.labels == 4)[:30]
    chosen = np.append(chosen, np.flatnonzero(atlas.labels == 9)[:2])
    loaded.selection.choose(chosen)
    loaded.selection.summary()
    loaded.bench.settle()
    summary = loaded.selection.summary()
    assert summary.counts.tolist() == [0, 0, 0, 0, 30, 0, 0, 0, 0, 2]
    originals = loaded.pictures.of(atlas, chosen)
    assert summary.mean_image is not None
    np.testing.assert_allclose(summary.mean_image, originals.mean(axis=0), atol=1e-6)
    errors = ((loaded.active.model.reconstruct(originals) - originals) ** 2).mean(axis=(1, 2))
    assert summary.mean_error == pytest.approx(errors.mean(), rel=0.01)
    assert (summary.count, summary.pictures, summary.measured) == (32, 32, 32)


def test_without_originals_the_mean_is_of_decoded_codes_and_there_is_no_error(decoded: Desk) -> None:
    decoded.selection.choose(np.arange(5))
    decoded.selection.summary()
    decoded.bench.settle()
    summary = decoded.selection.summary()
    assert (summary.pictures, summary.mean_error, summary.measured) == (5, None, 0)
    expected = decoded.active.model.decode(decoded.active.atlas.codes[:5]).mean(axis=0)
    assert summary.mean_image is not None
    np.testing.assert_allclose(summary.mean_image, expected, atol=0.51 / 255)


def test_a_mean_picture_is_of_the_points_that_are_chosen_now(loaded: Desk) -> None:
    for chosen in (np.array([1, 2]), np.array([3, 4])):
        loaded.selection.choose(chosen)
        mean = loaded.selection.summary().mean_image
        assert mean is not None
        expected = loaded.pictures.of(loaded.active.shown, chosen).mean(axis=0)
        np.testing.assert_allclose(mean, expected, atol=1e-6)


def test_what_takes_long_is_found_out_in_the_background_and_told(
    loaded: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selections, "_BUDGET", 1e-9)
    monkeypatch.setattr(decoding, "_LARGEST_PART", 50)
    loaded.selection.choose(np.arange(400))
    first = loaded.selection.summary()
    assert (first.count, first.pictures, first.measured) == (400, 400, 1)
    while loaded.bench.jobs.are_running:
        before = loaded.summaries
        loaded.bench.poll_until(
            lambda before=before: loaded.summaries > before or not loaded.bench.jobs.are_running
        )  # type: ignore[misc]
        assert first.measured <= loaded.selection.summary().measured
    assert loaded.selection.summary().measured == 400
    assert loaded.summaries > 1


def test_a_sheet_shows_every_picture(loaded: Desk, tmp_path: Path) -> None:
    loaded.selection.choose(np.array([2, 9, 11, 30, 31]))
    path = tmp_path / "sheet.png"
    assert loaded.save("sheet", path) == f"5 pictures, in {path}"
    sheet = np.asarray(Image.open(path))
    assert sheet.shape == (2 * 2 * 28, 3 * 2 * 28)
    expected = loaded.pictures.of(loaded.active.shown, np.array([2, 9, 11, 30, 31]))
    for place, picture in enumerate(expected):
        row, column = divmod(place, 3)
        tile = sheet[row * 56 : row * 56 + 56, column * 56 : column * 56 + 56]
        np.testing.assert_array_equal(tile[::2, ::2], np.rint(picture * 255))
    assert not sheet[56:, 112:].any()


def test_a_sheet_says_what_it_leaves_out(
    decoded: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selection_files, "MOST_ON_SHEET", 4)
    decoded.selection.choose(np.arange(1000))
    words = decoded.save("sheet", tmp_path / "sheet.png")
    assert words.startswith("The first 4 of 1,000 pictures decoded from their codes, in ")
    assert Image.open(tmp_path / "sheet.png").size == (112, 112)


def test_a_table_has_a_line_for_each_point(loaded: Desk, tmp_path: Path) -> None:
    chosen = np.array([4, 8, 15])
    loaded.selection.choose(chosen)
    errors = loaded.pictures.errors(loaded.active.shown, chosen)
    assert errors is not None
    assert loaded.save("csv", tmp_path / "points.csv").startswith("3 points, in ")
    with (tmp_path / "points.csv").open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    atlas, points = loaded.active.shown, loaded.active.projection.points
    assert atlas.images is not None
    assert list(lines[0]) == [
        "image",
        "label",
        "class",
        "x",
        "y",
        "error",
        *(f"code_{i}" for i in range(1, 33)),
    ]
    for index, error, line in zip(chosen, errors, lines, strict=True):
        assert int(line["image"]) == atlas.images[index]
        assert line["class"] == atlas.classes[int(line["label"])]
        assert int(line["label"]) == atlas.labels[index]
        np.testing.assert_allclose([float(line["x"]), float(line["y"])], points[index], rtol=1e-6)
        assert float(line["error"]) == pytest.approx(error, rel=1e-4)
        codes = [float(line[f"code_{number}"]) for number in range(1, 33)]
        np.testing.assert_allclose(codes, atlas.codes[index], rtol=1e-6)


def test_a_table_has_errors_that_nobody_has_measured_before(loaded: Desk, tmp_path: Path) -> None:
    chosen = np.array([4, 8])
    loaded.selection.choose(chosen)
    assert np.isnan(loaded.pictures.errors(loaded.active.shown, chosen, 0)).all()  # type: ignore[arg-type]
    loaded.save("csv", tmp_path / "points.csv")
    with (tmp_path / "points.csv").open(newline="", encoding="utf-8") as file:
        errors = [float(line["error"]) for line in csv.DictReader(file)]
    expected = loaded.pictures.errors(loaded.active.shown, chosen)
    assert expected is not None
    np.testing.assert_allclose(errors, expected, rtol=1e-4)


def test_a_table_without_originals_has_no_errors(decoded: Desk, tmp_path: Path) -> None:
    decoded.selection.choose(np.array([4, 8]))
    decoded.save("csv", tmp_path / "points.csv")
    with (tmp_path / "points.csv").open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert "error" not in lines[0]
    assert [line["image"] for line in lines] == ["", ""]


def test_arrays_hold_the_points_as_they_are(loaded: Desk, tmp_path: Path) -> None:
    chosen = np.array([4, 8, 15])
    loaded.selection.choose(chosen)
    words = loaded.save("npz", tmp_path / "points.npz")
    assert words.startswith("3 codes with their places and labels, in ")
    active = loaded.active
    assert active.shown.images is not None
    with np.load(tmp_path / "points.npz") as arrays:
        np.testing.assert_array_equal(arrays["codes"], active.shown.codes[chosen])
        np.testing.assert_array_equal(arrays["labels"], active.shown.labels[chosen])
        np.testing.assert_array_equal(arrays["images"], active.shown.images[chosen])
        np.testing.assert_array_equal(arrays["points"], active.projection.points[chosen])
        assert tuple(arrays["classes"]) == active.shown.classes
        assert (str(arrays["data"]), str(arrays["model"])) == ("digits", active.model.name)


KINDS = pytest.mark.parametrize("kind", ["sheet", "csv", "npz"])


@KINDS
def test_a_file_that_cannot_be_written_is_told_in_one_line_and_leaves_nothing(
    loaded: Desk, tmp_path: Path, kind: str
) -> None:
    loaded.selection.choose(np.array([4, 8]))
    path = tmp_path / "nowhere" / "file"
    getattr(loaded.selection, f"save_{kind}")(path)
    loaded.bench.settle()
    (problem,) = loaded.problems
    assert isinstance(problem, AedeskError)
    assert str(problem).startswith(f"{path}: cannot be written")
    assert loaded.said == []
    assert list(tmp_path.iterdir()) == []


@KINDS
def test_what_is_saved_is_what_was_chosen_then(loaded: Desk, tmp_path: Path, flat: Path, kind: str) -> None:
    loaded.selection.choose(np.arange(4))
    loaded.save(kind, tmp_path / "first")
    getattr(loaded.selection, f"save_{kind}")(tmp_path / "second")
    loaded.selection.clear()
    loaded.bench.load(flat)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()
    assert loaded.problems == []


@KINDS
def test_a_window_that_closes_leaves_no_part_of_a_file(decoded: Desk, tmp_path: Path, kind: str) -> None:
    decoded.selection.choose(np.arange(len(decoded.active.shown)))
    decoded.bench.jobs.stop_all()
    folder = tmp_path / "files"
    folder.mkdir()
    getattr(decoded.selection, f"save_{kind}")(folder / "late")
    decoded.bench.settle()
    assert list(folder.iterdir()) == []
    assert decoded.said == decoded.problems == []


@KINDS
def test_files_are_not_written_on_the_windows_thread(
    loaded: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    threads: list[threading.Thread] = []
    write = files.write_whole

    def noting(*arguments: Any) -> None:
        threads.append(threading.current_thread())
        write(*arguments)

    monkeypatch.setattr(files, "write_whole", noting)
    monkeypatch.setattr(selection_files, "write_whole", noting)
    loaded.selection.choose(np.arange(4))
    loaded.save(kind, tmp_path / "file")
    assert len(threads) == 1
    assert threads[0] is not threading.main_thread()
