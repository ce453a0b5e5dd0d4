"""Which places of a map can be believed: those among training codes whose digits lead back to them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.spatial import cKDTree

from aedesk.latent import atlas as atlases
from aedesk.latent import projection as projections
from aedesk.latent.atlas import Atlas
from aedesk.latent.projection import Native
from aedesk.latent.trust import Trust
from aedesk.models.model import Model
from aedesk.storage.library import load_model, resolve


@pytest.fixture(scope="module", params=["dense-32 tsne", "dense-32 pca", "dense-2d native", "mlp-128 tsne"])
def shipped(request: pytest.FixtureRequest) -> tuple[Trust, np.ndarray]:
    """A judge of the map of a shipped model, and the map's points."""
    name, kind = request.param.split()
    model = load_model(name)
    atlas = atlases.atlas_for(resolve(name))
    assert atlas is not None
    projection = projections.project(kind, atlas)
    return Trust(projection, atlas, model.encode, model.decode), projection.points


def flat(points: np.ndarray, labels: np.ndarray | None = None) -> tuple[Native, Atlas]:
    """A native map of codes that are `points`."""
    codes = points.astype(np.float32)
    labels = np.zeros(len(points), np.int64) if labels is None else labels
    return Native(codes), Atlas(codes, labels, ("ones", "twos"), "made up")


def faithful(codes: np.ndarray) -> np.ndarray:
    """A decoder and an encoder in one: what is decoded is encoded to where it came from."""
    return codes


def astray(codes: np.ndarray) -> np.ndarray:
    """The same, but everything is encoded to one place."""
    return np.zeros_like(codes)


def two_clusters() -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.vstack([rng.normal((-10, 0), 1, (500, 2)), rng.normal((10, 0), 1, (500, 2))])


def test_the_codes_of_a_good_model_lie_on_solid_ground(shipped: tuple[Trust, np.ndarray]) -> None:
    trust, points = shipped
    report = trust.at(points[::50])
    assert np.median(report.score) > 0.8
    assert np.mean(report.score > 0.25) > 0.9
    assert np.median(report.density) > 0.5


def test_places_far_from_all_codes_are_holes(shipped: tuple[Trust, np.ndarray]) -> None:
    trust, points = shipped
    low, high = points.min(axis=0), points.max(axis=0)
    corners = np.array([low, high, (low[0], high[1]), (high[0], low[1])])
    outside = corners + 0.1 * (corners - (low + high) / 2)
    assert (trust.at(outside).score < 0.1).all()


def test_the_widest_gap_inside_a_map_is_a_hole() -> None:
    model = load_model("dense-32")
    atlas = atlases.atlas_for(resolve("dense-32"))
    assert atlas is not None
    projection = projections.project("tsne", atlas)
    points = projection.points
    centre, half = points.mean(axis=0), np.ptp(points, axis=0) / 4
    places = np.random.default_rng(0).uniform(centre - half, centre + half, (2000, 2))
    gap = places[cKDTree(points).query(places)[0].argmax()]
    trust = Trust(projection, atlas, model.encode, model.decode)
    assert trust.at(gap).score[0] < 0.3
    assert trust.at(gap).score[0] < trust.at(points[:200]).score.min()
    assert trust.judge(gap).ground != "solid"


def test_between_two_clusters_there_is_no_ground_even_if_every_digit_leads_back() -> None:
    projection, atlas = flat(two_clusters())
    trust = Trust(projection, atlas, faithful, faithful)
    report = trust.at(np.array([[-10, 0], [0, 0]]))
    assert report.score[0] > 0.9
    assert report.score[1] < 0.01
    assert report.density[1] < 0.01
    np.testing.assert_allclose(report.drift, 0, atol=1e-6)
    assert trust.judge(np.array([0, 0])).words.startswith(
        "Thin ground: the 10 nearest of 1,000 training codes"
    )


def test_where_digits_do_not_lead_back_there_is_no_trust_however_dense_the_codes() -> None:
    projection, atlas = flat(two_clusters())
    trust = Trust(projection, atlas, astray, faithful)
    report = trust.at(np.array([10.0, 0]))
    extent = np.linalg.norm(np.ptp(projection.points, axis=0))
    assert report.share[0] == pytest.approx(10 / extent)
    assert report.density[0] > 0.5
    assert report.score[0] < 0.1
    words = trust.judge(np.array([10.0, 0])).words
    assert words.startswith("Shaky ground:")
    assert f"re-encodes {10 / extent:.0%} of the map away" in words


def test_an_explanation_names_both_reasons_with_their_figures() -> None:
    projection, atlas = flat(two_clusters())
    trust = Trust(projection, atlas, astray, faithful)
    place = np.array([0.0, 15.0])
    report = trust.at(place)
    assert trust.judge(place).words == (
        f"A hole: the 10 nearest of 1,000 training codes lie up to {report.distance[0]:.1f} times as far away as is"
        f" usual, and the digit decoded at this place re-encodes {report.share[0]:.0%} of the map away."
    )


_BEGINNINGS = {
    "solid": "Solid ground: ",
    "thin": "Thin ground: ",
    "shaky": "Shaky ground: ",
    "hole": "A hole: ",
}


@settings(max_examples=60, deadline=None)
@given(x=st.floats(-30, 30), y=st.floats(-15, 15), leads_back=st.floats(0, 1))
def test_ground_score_and_words_of_a_place_agree(x: float, y: float, leads_back: float) -> None:
    def encode(images: np.ndarray) -> np.ndarray:
        return images * leads_back

    trust = Trust(*flat(two_clusters()), encode, faithful)
    place = np.array([x, y])
    verdict, report = trust.judge(place), trust.at(place)
    assert verdict.score == report.score[0]
    assert verdict.words.startswith(_BEGINNINGS[verdict.ground])
    # Where either reason passes its limit, the score has lost half; where both do, three quarters.
    if verdict.ground == "solid":
        assert verdict.score >= 0.25
    else:
        assert verdict.score <= (0.25 if verdict.ground == "hole" else 0.5)


def test_every_ground_is_found_somewhere() -> None:
    points = flat(two_clusters())
    solid, thin = (Trust(*points, faithful, faithful).judge(np.array([x, 0.0])) for x in (10, 0))
    shaky, hole = (Trust(*points, astray, faithful).judge(np.array([10.0, y])) for y in (0, 15))
    assert [each.ground for each in (solid, thin, shaky, hole)] == ["solid", "thin", "shaky", "hole"]
    assert solid.score > max(thin.score, shaky.score)
    assert min(thin.score, shaky.score) > hole.score


def test_where_classes_meet_the_explanation_says_so() -> None:
    points = two_clusters()
    halves = (np.arange(1000) % 2).astype(np.int64)
    trust = Trust(*flat(points, halves), faithful, faithful)
    assert "Classes meet here" in trust.judge(np.array([10.0, 0])).words
    assert "of class ones" in trust.judge(np.array([10.0, 0])).words
    alone = Trust(*flat(points, (points[:, 0] > 0).astype(np.int64)), faithful, faithful)
    assert alone.judge(np.array([10.0, 0])).words.startswith("Solid ground")
    assert "Classes" not in alone.judge(np.array([10.0, 0])).words


def test_a_map_of_other_codes_is_refused() -> None:
    projection, atlas = flat(two_clusters())
    with pytest.raises(ValueError, match="1000 points, but 5 codes"):
        Trust(projection, Atlas(atlas.codes[:5], atlas.labels[:5], atlas.classes, ""), faithful, faithful)


def test_many_places_are_judged_as_each_alone() -> None:
    model: Model = load_model("dense-2d")
    atlas = atlases.atlas_for(resolve("dense-2d"))
    assert atlas is not None
    trust = Trust(Native(atlas.codes), atlas, model.encode, model.decode)
    places = atlas.codes[:20] + 0.3
    together = trust.at(places)
    for index, place in enumerate(places):
        assert trust.at(place).score[0] == pytest.approx(together.score[index], rel=1e-3)


@settings(max_examples=60, deadline=None)
@given(
    points=hnp.arrays(
        np.float32,
        st.tuples(st.integers(1, 30), st.just(2)),
        elements=st.floats(-100, 100, width=32),
    ),
    place=hnp.arrays(np.float32, 2, elements=st.floats(-1000, 1000, width=32)),
)
def test_any_map_however_small_or_flat_gives_finite_numbers_in_range(
    points: np.ndarray, place: np.ndarray
) -> None:
    trust = Trust(*flat(points), faithful, faithful)
    report = trust.at(place)
    for share in (report.density, report.score):
        assert ((share >= 0) & (share <= 1)).all()
    assert np.isfinite([report.distance, report.drift, report.share]).all()
    assert trust.judge(place).words.endswith(".")
