"""What a detector says of pictures, and that it says it by what it claims to go by."""

from __future__ import annotations

import numpy as np
import pytest

from aedesk.analysis.anomaly import KINDS, Detector, Scores
from aedesk.analysis.bending import apart
from aedesk.data.imageset import DataSet, ImageSet
from aedesk.errors import AedeskError, Cancelled
from aedesk.latent.metric import Metric
from aedesk.models.checkpoint import Checkpoint
from aedesk.models.initialisation import initial_weights
from aedesk.models.model import Model
from aedesk.models.presets import PRESETS
from aedesk.sketch.scribbles import scribbles


def untrained(preset: str = "dense-32") -> Model:
    """Its codes are a random projection, which keeps what is near, near."""
    architecture = PRESETS[preset].architecture
    return Model(Checkpoint(preset, architecture, initial_weights(architecture, 0)))


@pytest.fixture(scope="module")
def detector(digits: DataSet) -> Detector:
    return Detector.fit(untrained(), digits.train)


def test_each_score_is_what_it_is_said_to_be(digits: DataSet) -> None:
    model, known = untrained(), digits.train[:200]
    references, usual = known.split(0.2, 0)
    detector = Detector.fit(model, known)
    pictures = digits.test.pixels(slice(0, 6))
    scores = detector.score(pictures)
    assert scores.reconstruction == pytest.approx(
        ((model.reconstruct(pictures) - pictures) ** 2).mean(axis=(1, 2)), rel=1e-5
    )
    codes = model.encode(references.pixels())
    metric = Metric(codes)
    distances = np.linalg.norm(metric(model.encode(pictures))[:, None] - metric(codes), axis=2)
    assert scores.code == pytest.approx(np.sort(distances, axis=1)[:, :3].mean(axis=1), rel=1e-4)
    for picture, row, combined in zip(pictures, distances, scores.combined, strict=True):
        unlike = np.sort(apart(picture, references.pixels(np.argsort(row)[:40])).unlike)[:3].mean()
        assert combined == pytest.approx((unlike + 0.2 * np.sort(row)[:3].mean()) / 1.4, rel=1e-4)
    assert len(detector.usual) == len(usual) == 40
    assert detector.usual.combined == pytest.approx(detector.score(usual.images).combined)


def test_no_label_is_looked_at(digits: DataSet) -> None:
    known = digits.train[:100]
    nameless = ImageSet(known.images, np.zeros(100, np.int64), ("any",))
    one, other = (Detector.fit(untrained(), images).usual for images in (known, nameless))
    for kind in KINDS:
        assert np.array_equal(one.of(kind), other.of(kind))


def test_uint8_and_floats_and_one_picture_alone_are_scored_alike(detector: Detector, digits: DataSet) -> None:
    whole = detector.score(digits.test.images[:3])
    floats = detector.score(digits.test.pixels(slice(0, 3)))
    alone = detector.score(digits.test.pixels(slice(1, 2))[0])
    for kind in KINDS:
        assert whole.of(kind) == pytest.approx(floats.of(kind))
        assert alone.of(kind) == pytest.approx(whole.of(kind)[1:2], rel=1e-5)
    assert len(detector.score(np.empty((0, 28, 28), np.float32))) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_threshold_flags_the_share_that_was_chosen(detector: Detector, kind: str) -> None:
    usual = detector.usual.of(kind)
    for rate in (0.01, 0.05, 0.2):
        threshold = detector.threshold(rate, kind)
        assert (usual > threshold).mean() == pytest.approx(rate, abs=1.01 / len(usual))
        assert detector.share_below(threshold, kind) == pytest.approx(1 - rate, abs=1.01 / len(usual))


def test_scribbles_are_odder_than_digits_that_were_not_seen(detector: Detector, digits: DataSet) -> None:
    odd = detector.score(scribbles(28, 0)).combined
    assert np.median(odd) > detector.threshold(0.01)
    usual = detector.score(digits.test.images).combined
    assert (usual > detector.threshold(0.1)).mean() < 0.25


def test_the_nearest_is_a_known_picture_that_is_alike(digits: DataSet) -> None:
    known = digits.train[:300]
    references, _ = known.split(0.2, 0)
    detector = Detector.fit(untrained(), known)
    moved = np.roll(references.pixels(slice(17, 18))[0], 1, axis=1)
    found = detector.nearest(moved)
    assert any(np.array_equal(found, one) for one in references.pixels())
    assert apart(moved, found[None]).unlike[0] < 0.05


def test_heat_is_where_the_odd_stroke_is(detector: Detector, digits: DataSet) -> None:
    picture = detector.nearest(digits.test.pixels(slice(0, 1))[0]).copy()
    cold = detector.heat(picture)
    picture[1:4, 2:26] = 1
    hot = detector.heat(picture)
    assert cold.shape == hot.shape == (28, 28)
    assert cold.max() < 0.1
    assert hot.max() <= 1
    assert hot[:6].mean() > 5 * hot[12:].mean()


def test_a_verdict_says_how_odd_and_for_what(detector: Detector, digits: DataSet) -> None:
    known = detector.nearest(digits.test.pixels(slice(0, 1))[0])
    plain = detector.verdict(known)
    assert plain.share < 0.9
    assert plain.words == f"Usual: odder than {plain.share:.1%} of known pictures."
    odd = detector.verdict(scribbles(8, 0)[7])
    assert odd.share == detector.share_below(odd.scores.combined[0])
    assert odd.words.startswith(("Odd: odder than", "Somewhat odd: odder than"))
    assert odd.scores.combined == pytest.approx(detector.score(scribbles(8, 0)[7]).combined)


def test_a_picture_judged_after_another_is_judged_anew(detector: Detector, digits: DataSet) -> None:
    first, second = digits.test.pixels(slice(0, 2))
    before = detector.verdict(first).scores.combined[0]
    assert detector.verdict(second).scores.combined[0] != before
    assert detector.verdict(first).scores.combined[0] == before


def test_a_blank_sheet_has_a_score_like_any_picture(detector: Detector) -> None:
    blank = np.zeros((28, 28), np.float32)
    verdict = detector.verdict(blank)
    assert all(np.isfinite(verdict.scores.of(kind)).all() for kind in KINDS)
    assert verdict.share > 0.99
    assert np.isfinite(detector.heat(blank)).all()


def test_scores_are_sliced_together() -> None:
    scores = Scores(np.arange(3.0), np.arange(3.0, 6.0), np.arange(6.0, 9.0))
    part = scores[np.array([2, 0])]
    assert [part.of(kind).tolist() for kind in KINDS] == [[8, 6], [2, 0], [5, 3]]


def test_too_few_known_pictures_are_refused(digits: DataSet) -> None:
    with pytest.raises(AedeskError, match="from 9 known pictures"):
        Detector.fit(untrained(), digits.train[:9])
    assert len(Detector.fit(untrained(), digits.train[:10]).usual) == 2


def test_work_is_told_of_and_cancelled_between_two_pieces(digits: DataSet) -> None:
    told: list[tuple[str, int, int]] = []
    known = digits.train[:600]
    Detector.fit(untrained(), known, progress=lambda *step: told.append(step))
    assert told[-1] == ("scoring known pictures", 120, 120)
    with pytest.raises(Cancelled):
        Detector.fit(untrained(), known, cancelled=lambda: len(told) > 0)
