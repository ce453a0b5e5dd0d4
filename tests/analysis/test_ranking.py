"""The strangest pictures of a data set, first."""

from __future__ import annotations

import numpy as np
import pytest

from aedesk.analysis.anomaly import Detector
from aedesk.analysis.ranking import rank
from aedesk.data.imageset import DataSet, ImageSet
from aedesk.errors import Cancelled
from aedesk.models.checkpoint import Checkpoint
from aedesk.models.initialisation import initial_weights
from aedesk.models.model import Model
from aedesk.models.presets import PRESETS
from aedesk.sketch.scribbles import scribbles


@pytest.fixture(scope="module")
def detector(digits: DataSet) -> Detector:
    architecture = PRESETS["dense-32"].architecture
    model = Model(Checkpoint("untrained", architecture, initial_weights(architecture, 0)))
    return Detector.fit(model, digits.train[:500])


@pytest.fixture(scope="module")
def mixed(digits: DataSet) -> ImageSet:
    """Thirty digits, and a grid among them."""
    images = digits.test.images[:31].copy()
    images[12] = np.rint(scribbles(5, 0)[4] * 255)
    return ImageSet(images, digits.test.labels[:31], digits.test.classes)


def test_the_oddest_comes_first(detector: Detector, mixed: ImageSet) -> None:
    ranking = rank(detector, mixed)
    assert ranking.order[0] == 12
    assert sorted(ranking.order) == list(range(31))
    assert (np.diff(ranking.scores.combined[ranking.order]) <= 0).all()
    assert np.array_equal(ranking.strangest(2), mixed.pixels(ranking.order[:2]))


def test_another_score_ranks_by_itself(detector: Detector, mixed: ImageSet) -> None:
    ranking = rank(detector, mixed, kind="reconstruction")
    assert (np.diff(ranking.scores.reconstruction[ranking.order]) <= 0).all()


def test_what_is_beyond_the_threshold_is_flagged(detector: Detector, mixed: ImageSet) -> None:
    ranking = rank(detector, mixed)
    threshold = ranking.scores.combined[ranking.order[3]]
    assert ranking.flagged(threshold) == 3


def test_the_table_has_a_row_for_each_image_in_that_order(detector: Detector, mixed: ImageSet) -> None:
    ranking = rank(detector, mixed)
    rows = ranking.table.records()
    assert [row["image"] for row in rows] == ranking.order.tolist()
    assert [row["rank"] for row in rows] == list(range(1, 32))
    assert rows[0]["class"] == mixed.classes[mixed.labels[12]]
    assert rows[0]["share_below"] == detector.share_below(rows[0]["combined"])


def test_a_ranking_can_be_cancelled(detector: Detector, mixed: ImageSet) -> None:
    with pytest.raises(Cancelled):
        rank(detector, mixed, cancelled=lambda: True)
