"""What the Explore tab is given by its background thread: models, maps on their way, and all points on them."""

import dataclasses
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from aedesk.app.loading import (
    ActiveModel,
    MapWish,
    News,
    Settling,
    load_active,
    settle,
    with_all_points,
    with_atlas_points,
    with_projection,
)
from aedesk.app.worker import Link
from aedesk.data.imageset import DataSet
from aedesk.errors import AedeskError
from aedesk.latent import atlas as atlases
from aedesk.storage.library import load_model
from aedesk.storage.runs import ATLAS

FEW = 300


class Told:
    """A worker's owner: keeps what it is told, and may ask it to stop."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.news: list[News] = []
        self._stop_after = stop_after

    @property
    def link(self) -> Link[News]:
        return Link(self._stopped, self.news.append)

    def _stopped(self) -> bool:
        return self._stop_after is not None and len(self.news) >= self._stop_after

    def hear(self, make: Callable[[Link[News]], Iterator[News]]) -> "Told":
        for item in make(self.link):
            self.news.append(item)
        return self

    @property
    def lines(self) -> list[str]:
        return [item for item in self.news if isinstance(item, str)]

    @property
    def layouts(self) -> list[Settling]:
        return [item for item in self.news if isinstance(item, Settling)]

    @property
    def active(self) -> ActiveModel:
        last = self.news[-1]
        assert isinstance(last, ActiveModel)
        return last


def hear(make: Callable[[Link[News]], Iterator[News]]) -> Told:
    return Told().hear(make)


@pytest.fixture(scope="module")
def run(run: Path, digits: DataSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with an atlas of a part of the training images."""
    copy = tmp_path_factory.mktemp("runs") / run.name
    shutil.copytree(run, copy)
    few = atlases.build(load_model(copy), digits.train, FEW, source="training images", data="digits")
    atlases.save(few, copy / ATLAS)
    return copy


@pytest.fixture(scope="module")
def active(run: Path) -> ActiveModel:
    return hear(lambda link: load_active(str(run), None, link)).active


def changed(active: ActiveModel, **atlas: object) -> ActiveModel:
    """As if its atlas were another."""
    other = dataclasses.replace(active.atlas, **atlas)  # type: ignore[arg-type]
    return dataclasses.replace(active, atlas=other, shown=other)


def test_a_loaded_model_shows_the_points_of_its_atlas(active: ActiveModel) -> None:
    assert len(active.atlas) == FEW
    assert active.shown is active.atlas
    assert active.projection.points.shape == (FEW, 2)


def test_an_atlas_made_for_the_map_knows_its_images(run: Path, tmp_path: Path, digits: DataSet) -> None:
    (tmp_path / "model.safetensors").write_bytes((run / "model.safetensors").read_bytes())
    told = hear(lambda link: load_active(str(tmp_path), None, link))
    atlas = told.active.atlas
    assert any("Encoding training images of digits" in line for line in told.lines)
    assert atlas.data == "digits"
    assert atlas.can_be_of(digits.train)


def test_a_wish_says_how_the_map_is_laid_out(active: ActiveModel) -> None:
    exact = hear(lambda link: with_projection(active, MapWish("pca", inverse="exact"), link)).active
    place = np.array([[0.3, -0.2]], np.float32)
    np.testing.assert_allclose(exact.projection.to_points(exact.projection.to_codes(place)), place, atol=1e-5)
    axes = hear(lambda link: with_projection(active, MapWish("axes", axes=(3, 7)), link)).active
    np.testing.assert_array_equal(axes.projection.points, active.atlas.codes[:, [3, 7]])
    assert exact.atlas is axes.atlas is active.atlas


def test_a_t_sne_map_can_be_watched_settling(active: ActiveModel) -> None:
    told = hear(lambda link: with_projection(active, MapWish("tsne"), link))
    assert told.active.projection.kind == "tsne"
    assert told.lines == []
    done = [layout.done for layout in told.layouts]
    assert done == sorted(done)
    assert done[-1] == told.layouts[-1].total
    points = [layout.points for layout in told.layouts if layout.points is not None]
    assert len(points) > 10
    assert all(layout.shape == (FEW, 2) and np.isfinite(layout).all() for layout in points)
    # Late layouts are nearer to the last than early ones.
    last = told.active.projection.points
    assert np.abs(points[-2] - last).mean() < np.abs(points[1] - last).mean()


def test_a_code_is_placed_on_a_loaded_map_without_further_preparations(
    active: ActiveModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    flat = hear(lambda link: with_projection(active, MapWish("tsne"), link)).active

    def prepare(_: object) -> None:
        raise AssertionError("half a second for long codes, where the window waits for it")

    monkeypatch.setattr("aedesk.latent.placed.Metric", prepare)
    assert flat.projection.to_points(active.atlas.codes[:3]).shape == (3, 2)


def test_a_t_sne_map_that_is_no_longer_wanted_comes_to_nothing(active: ActiveModel) -> None:
    told = Told(stop_after=3).hear(lambda link: with_projection(active, MapWish("tsne"), link))
    assert len(told.layouts) == 3
    assert len(told.news) == 3


def test_a_code_settles_on_a_t_sne_map_and_only_there(active: ActiveModel) -> None:
    assert not active.can_settle
    code = active.atlas.codes[5]
    link: Link[np.ndarray] = Link(lambda: False, lambda _: None)
    assert list(settle(active, code, np.zeros(2), link)) == []
    flat = hear(lambda link: with_projection(active, MapWish("tsne"), link)).active
    assert flat.can_settle
    (point,) = settle(flat, code, flat.projection.to_points(code)[0], link)
    assert point.shape == (2,)
    extent = np.linalg.norm(np.ptp(flat.projection.points, axis=0))
    assert np.linalg.norm(point - flat.projection.points[5]) < 0.1 * extent


def test_all_training_images_come_onto_the_map_around_those_of_the_atlas(
    active: ActiveModel, digits: DataSet
) -> None:
    told = hear(lambda link: with_all_points(active, link))
    every = told.active
    count = len(digits.train)
    assert told.lines == []
    words = [layout.words for layout in told.layouts]
    assert "Encoding training images: 100%" in words
    assert words[-1] == "Placing the points: 100%"
    assert [layout.points for layout in told.layouts] == [None] * len(words)
    assert len(every.shown) == count
    np.testing.assert_array_equal(every.shown.labels, digits.train.labels)
    np.testing.assert_allclose(
        every.shown.codes[:50], active.model.encode(digits.train.images[:50]), rtol=1e-3
    )
    assert every.projection.points.shape == (count, 2)
    assert active.atlas.images is not None
    np.testing.assert_allclose(
        every.projection.points[active.atlas.images], active.projection.points, atol=1e-4
    )
    assert every.atlas is active.atlas  # guesses, samples and paths stay as they are
    assert every.neighbours is active.neighbours


def test_all_points_stay_on_another_map_and_go_when_asked(active: ActiveModel, digits: DataSet) -> None:
    every = hear(lambda link: with_all_points(active, link)).active
    axes = hear(lambda link: with_projection(every, MapWish("axes", axes=(1, 2)), link)).active
    assert axes.shown is every.shown
    np.testing.assert_allclose(axes.projection.points, every.shown.codes[:, [1, 2]], atol=1e-6)
    few = hear(lambda link: with_atlas_points(axes, link)).active
    assert few.shown is few.atlas
    np.testing.assert_array_equal(few.projection.points, active.atlas.codes[:, [1, 2]])
    assert few.projection.kind == "axes"


def test_all_images_are_encoded_once(active: ActiveModel) -> None:
    every = hear(lambda link: with_all_points(active, link)).active
    few = hear(lambda link: with_atlas_points(every, link)).active
    again = hear(lambda link: with_all_points(few, link))
    assert {layout.what for layout in again.layouts} == {"Placing the points"}
    assert again.active.shown is every.shown


def test_all_points_that_are_no_longer_wanted_come_to_nothing(active: ActiveModel) -> None:
    told = Told(stop_after=1).hear(lambda link: with_all_points(active, link))
    assert told.layouts == told.news
    assert len(told.news) == 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("", "not known which data set"),
        ("mnist", "mnist, which is not on this machine"),
        ("/nowhere/own.npz", "/nowhere/own.npz"),
    ],
)
def test_where_the_data_set_is_not_here_one_line_says_so(
    active: ActiveModel, data: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AEDESK_DATA_DIR", str(tmp_path))
    with pytest.raises(AedeskError, match=words) as problem:
        hear(lambda link: with_all_points(changed(active, data=data), link))
    assert "\n" not in str(problem.value)


def test_a_data_set_that_has_changed_since_is_not_taken(active: ActiveModel) -> None:
    other = changed(active, labels=(active.atlas.labels + 1) % 10)
    with pytest.raises(AedeskError, match="digits is not what it was when the map of dense-32 was made"):
        hear(lambda link: with_all_points(other, link))


def test_trust_is_of_the_map_that_is_shown(active: ActiveModel) -> None:
    assert active.trust is active.trust
    every = hear(lambda link: with_all_points(active, link)).active
    assert f"of {len(every.shown):,} training codes" in every.trust.judge(np.zeros(2)).words
    assert f"of {FEW:,} training codes" in active.trust.judge(np.zeros(2)).words


def test_a_model_is_handed_over_before_its_trust_is_made(run: Path) -> None:
    """The window is used 0.2 s earlier."""
    coming = load_active(str(run), None, Told().link)
    active = next(item for item in coming if isinstance(item, ActiveModel))
    assert "trust" not in vars(active)
    assert list(coming) == []
    assert "trust" in vars(active)


@pytest.mark.parametrize(
    "make",
    [
        lambda active: partial(load_active, active.reference, None),
        lambda active: partial(with_projection, active, MapWish("pca", inverse="exact")),
        lambda active: partial(with_all_points, active),
        lambda active: partial(with_atlas_points, active),
    ],
)
def test_trust_is_made_in_the_background_with_every_map(
    active: ActiveModel, make: Callable[[ActiveModel], Callable[[Link[News]], Iterator[News]]], monkeypatch
) -> None:
    from aedesk.latent import trust

    made = hear(make(active)).active
    monkeypatch.setattr(trust, "Trust", None)
    assert made.trust.judge(np.zeros(2)).words


@pytest.mark.parametrize("make", [with_all_points, with_atlas_points])
def test_other_points_on_the_same_map_keep_its_base(active: ActiveModel, make) -> None:
    assert hear(partial(make, active)).active.base is active.base
