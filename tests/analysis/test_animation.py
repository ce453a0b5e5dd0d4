"""Films of a run: what their frames show, and when they are refused."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from kept_run import IMAGES, make_run

from aedesk.analysis import animation
from aedesk.analysis.animation_look import look_of
from aedesk.errors import AedeskError, Cancelled
from aedesk.models.model import Model
from aedesk.storage import sample as samples
from aedesk.storage.epochs import Snapshot
from aedesk.storage.rewind import one_of_each, spread
from aedesk.storage.runs import Run


@pytest.fixture
def run(tmp_path: Path, digits) -> Run:
    return make_run(tmp_path / "a-run", digits)


def middle_of_dots(frame: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """The mean place (x, y) of the pixels in one of these colours, left of the legend and below the words."""
    area = frame[60:440, 16:560].astype(int)
    hit = (area[:, :, None] == colours.astype(int)).all(axis=-1).any(axis=-1)
    assert hit.any()
    y, x = np.nonzero(hit)
    return np.array([x.mean(), y.mean()])


def move_points(run: Run, epoch: int, points: np.ndarray) -> None:
    old = run.epochs.load(epoch)
    run.epochs.save(Snapshot(epoch, old.architecture, old.weights, old.optimiser, points, old.row))


@pytest.mark.parametrize("dark", [False, True])
def test_the_map_flows_from_the_first_kept_epoch_to_the_last(run: Run, dark: bool) -> None:
    film = animation.of_map(run, frames=25, dark=dark)
    frames = list(film.frames)
    assert len(frames) == film.count == 25
    assert all(frame.shape == (480, 640, 3) and frame.dtype == np.uint8 for frame in frames)
    classes = np.array(look_of(dark, 10).classes)
    places = np.array([middle_of_dots(frame, classes) for frame in frames])
    steps = np.diff(places, axis=0)
    assert (steps[:, 0] > 0).all()  # every point goes right and up, by 3 to 1
    assert (steps[:, 1] < 0.5).all()
    way = places[-1] - places[0]
    assert way[0] / -way[1] == pytest.approx(3, rel=0.1)
    assert np.abs(steps).max() < 0.15 * np.linalg.norm(way)  # no jump, though an epoch is missing


def test_all_epochs_are_in_view_on_one_scale(run: Run) -> None:
    film = animation.of_map(run, frames=9)
    classes = np.array(look_of(False, 10).classes)
    counts = [int((frame[58:444, 16:560, None] == classes).all(-1).any(-1).sum()) for frame in film.frames]
    assert min(counts) > 0.5 * max(counts) > 100
    move_points(run, 4, np.full((IMAGES, 2), 1000, np.float32))
    small = next(iter(animation.of_map(run, frames=2).frames))
    assert int((small[58:444, 16:560, None] == classes).all(-1).any(-1).sum()) < 0.3 * counts[0]


def test_one_point_far_from_all_others_leaves_the_others_room(tmp_path: Path, digits) -> None:
    run = make_run(tmp_path / "a-run", digits, kept=(0, 1))
    sample = samples.load(run.sample)
    many = samples.Sample(np.repeat(sample.images, 10, 0), np.repeat(sample.labels, 10), sample.classes)
    samples.save(many, run.sample)
    points = np.random.default_rng(1).normal(size=(10 * IMAGES, 2)).astype(np.float32)
    points[3] = 500
    for epoch in (0, 1):
        move_points(run, epoch, points)
    classes = np.array(look_of(False, 10).classes)
    frame = next(iter(animation.of_map(run, frames=2).frames))
    assert int((frame[58:444, 16:560, None] == classes).all(-1).any(-1).sum()) > 5000


def test_the_strip_shows_the_originals_over_what_each_kept_epoch_makes_of_them(run: Run) -> None:
    film = animation.of_reconstructions(run)
    frames = list(film.frames)
    assert len(frames) == film.count == 4
    assert frames[0].shape[:2] == film.size[::-1]
    sample = samples.load(run.sample)
    chosen = one_of_each(sample.labels, 10)
    assert sorted(sample.labels[chosen]) == list(range(10))
    originals = sample.images[chosen].astype(np.float32) / 255
    for epoch, frame in zip((0, 1, 2, 4), frames, strict=True):
        rebuilt = Model(run.checkpoint(run.epochs.load(epoch))).reconstruct(originals)
        for top, expected in ((80, originals), (164, rebuilt)):
            row = frame[top : top + 56 : 2, 16 : 16 + 10 * 64, 0].astype(float).reshape(28, 10, 64)
            ink = (255 - row[:, :, :56:2].transpose(1, 0, 2)) / (255 - 20)
            assert np.abs(ink - expected).max() < 0.03


def test_words_tell_the_epoch_and_its_loss(run: Run) -> None:
    frames = list(animation.of_reconstructions(run).frames)
    words = [frame[30:56] for frame in frames]
    assert all((a != b).any() for a, b in pairwise(words))
    assert (words[0][:, 180:] == words[0][0, 0]).all()  # before training there is no loss
    assert (words[1][:, 180:] != words[1][0, 0]).any()


@pytest.mark.parametrize("dark", [False, True])
def test_few_colours_do_for_every_frame(run: Run, dark: bool) -> None:
    for film in (animation.of_map(run, frames=5, dark=dark), animation.of_reconstructions(run, dark=dark)):
        assert len(film.colours) <= 64
        for frame in film.frames:
            one_number = np.unique(frame.astype(int) @ (1 << 16, 1 << 8, 1))  # many times as quick as rows
            pixels = one_number[:, None] >> (16, 8, 0) & 255
            nearest = np.abs(pixels[:, None] - film.colours.astype(int)).max(-1).min(1)
            share = np.isin(nearest, range(24)).mean()
            assert share > 0.6  # the rest is where two dots meet


@pytest.mark.parametrize("count", [1, 2, 26, 62, 200])
def test_any_number_of_classes_has_colours_and_a_legend(tmp_path: Path, digits, count: int) -> None:
    run = make_run(tmp_path / "a-run", digits, kept=(1,))
    sample = samples.load(run.sample)
    names = tuple(f"a class with a long name {number}" for number in range(count))
    samples.save(samples.Sample(sample.images, np.arange(IMAGES) % count, names), run.sample)
    film = animation.of_map(run)
    (frame,) = film.frames
    assert len(film.colours) <= 255
    legend = frame[58:440, 400:]
    assert (len(np.unique(legend.reshape(-1, 3), axis=0)) > 8) == (count > 1)


def test_a_run_of_one_kept_epoch_is_one_frame(tmp_path: Path, digits) -> None:
    run = make_run(tmp_path / "a-run", digits, kept=(3,))
    for film in (animation.of_map(run), animation.of_reconstructions(run)):
        assert film.count == len(list(film.frames)) == 1


def test_progress_is_told_to_the_end(run: Run) -> None:
    told: list[tuple[str, int, int | None]] = []
    list(animation.of_map(run, frames=6, progress=lambda *words: told.append(words)).frames)
    stages = list(dict.fromkeys(stage for stage, *_ in told))
    assert len(stages) == 2
    for stage in stages:
        done = [(done, total) for name, done, total in told if name == stage]
        assert done == sorted(done)
        assert done[-1][0] == done[-1][1]


def test_a_film_that_is_no_longer_wanted_ends_at_once(run: Run) -> None:
    wanted = [True]
    for make in (animation.of_map, animation.of_reconstructions):
        wanted[0] = True
        film = make(run, cancelled=lambda: not wanted[0])
        next(film.frames)
        wanted[0] = False
        with pytest.raises(Cancelled):
            next(film.frames)
    with pytest.raises(Cancelled):
        animation.of_map(run, cancelled=lambda: True)


def test_an_epoch_that_is_thinned_away_meanwhile_is_passed_over(run: Run) -> None:
    film = animation.of_reconstructions(run)
    next(film.frames)
    run.epochs.path(1).unlink()
    assert len(list(film.frames)) == 2


def test_a_run_without_kept_epochs_is_refused_in_words(run: Run) -> None:
    for epoch in run.epochs.kept():
        run.epochs.path(epoch).unlink()
    for make in (animation.of_map, animation.of_reconstructions):
        with pytest.raises(AedeskError, match=r"no epoch.* kept"):
            make(run)


def test_a_damaged_epoch_is_named(run: Run) -> None:
    run.epochs.path(2).write_bytes(b"nothing")
    with pytest.raises(AedeskError, match="00002"):
        animation.of_map(run)
    with pytest.raises(AedeskError, match="00002"):
        list(animation.of_reconstructions(run).frames)


def test_a_choice_of_epochs_keeps_the_first_and_the_last() -> None:
    assert spread([0, 1, 2, 5], 10) == [0, 1, 2, 5]
    chosen = spread(list(range(0, 1000, 3)), 20)
    assert len(set(chosen)) == 20
    assert (chosen[0], chosen[-1]) == (0, 999)
